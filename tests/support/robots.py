"""The three vendors of group robots behind one real HTTP server on the loopback address."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

KEYS = {
    "wecom": "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa",
    "dingtalk": "566cc69da782ec33e42541b09b08551f09fbe864eb8008112e994b43887",
    "feishu": "caf8f37b-96b9-11ea-a5cc-acde48001122",
}
ADDRESSES = {
    "wecom": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEYS['wecom']}",
    "dingtalk": f"https://oapi.dingtalk.com/robot/send?access_token={KEYS['dingtalk']}",
    "feishu": f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEYS['feishu']}",
}
WELL: Mapping[str, Mapping[str, Any]] = {
    "qyapi.weixin.qq.com": {"errcode": 0, "errmsg": "ok"},
    "oapi.dingtalk.com": {"errcode": 0, "errmsg": "ok"},
    "open.feishu.cn": {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"},
}
MOST_BYTES_OF_WECOM = 2048
MOST_BYTES_OF_A_REQUEST = 20 * 1024


class Silence(Enum):
    """What a vendor does instead of answering."""

    AFTER_THE_REQUEST = "takes the request and cuts the connection"


@dataclass(frozen=True)
class Said:
    """One request as the vendor got it."""

    host: str
    path: str
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        content = self.body.get("text") or self.body["content"]
        return str(content.get("content") or content["text"])


@dataclass
class Vendors:
    """Takes everything, until told otherwise: ``answers`` are used up one per request, each a status, an answer with
    status 200, bytes as they are, or a :class:`Silence`."""

    port: int = 0
    said: list[Said] = field(default_factory=list)
    answers: deque[int | bytes | Mapping[str, Any] | Silence] = field(default_factory=deque)
    is_reachable: bool = True

    def connect(self, host: str) -> HTTPConnection:
        """The way to a vendor: the name stays, the place is here."""
        assert host in WELL, f"nobody may speak to {host}"
        connection = HTTPConnection("127.0.0.1", self.port if self.is_reachable else closed_port(), timeout=5)
        request = connection.request

        def request_of(method: str, path: str, body: Any = None, headers: Any = None) -> None:
            request(method, path, body, {**(headers or {}), "Host": host})

        connection.request = request_of  # type: ignore[method-assign,assignment]
        return connection


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def unreachable(_host: str) -> HTTPConnection:
    """For applications whose tests are about other things."""
    return HTTPConnection("127.0.0.1", closed_port(), timeout=1)


@contextmanager
def running_vendors() -> Iterator[Vendors]:
    vendors = Vendors()

    class Handler(BaseHTTPRequestHandler):
        protocol_version: ClassVar[str] = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            host = self.headers["Host"]
            said = Said(host, self.path, json.loads(raw))
            vendors.said.append(said)
            answer = vendors.answers.popleft() if vendors.answers else WELL[host]
            if len(raw) > MOST_BYTES_OF_A_REQUEST or (
                host == "qyapi.weixin.qq.com" and len(said.text.encode()) > MOST_BYTES_OF_WECOM
            ):
                answer = {"errcode": 45002, "code": 11246, "errmsg": "content size out of limit"}
            self._answer(answer)

        def _answer(self, answer: int | bytes | Mapping[str, Any] | Silence) -> None:
            if isinstance(answer, Silence):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            content = answer if isinstance(answer, bytes) else json.dumps({} if isinstance(answer, int) else answer)
            content = content if isinstance(content, bytes) else content.encode()
            self.send_response(answer if isinstance(answer, int) else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    vendors.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield vendors
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
