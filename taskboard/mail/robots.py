"""Handing a text to a group robot: one request over TLS, and what its vendor's answer says of it.

The connection is opened by a function, so that tests put a server of their own behind the vendor's name. Nothing of an
address reaches a log, an error or what is kept: the key in it is all that somebody needs to speak in the group.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from taskboard.domain.history import HIDDEN
from taskboard.domain.outbox import Outcome, Result
from taskboard.domain.robots import RobotKind, Webhook
from taskboard.labels.robots import ROBOT_TROUBLE

Connect = Callable[[str], http.client.HTTPConnection]
"""opens (or prepares) a connection to the host of this name"""

HEADERS = {"Content-Type": "application/json; charset=utf-8"}
TIMEOUT_SECONDS = 15
MOST_OF_AN_ANSWER = 16_384
LONGEST_DETAIL = 300
TOO_MANY_REQUESTS = 429
THROTTLED: Mapping[RobotKind, frozenset[int]] = {
    RobotKind.WECOM: frozenset({45009, 45033}),
    RobotKind.DINGTALK: frozenset({130101, 410100, 90018}),
    RobotKind.FEISHU: frozenset({9499, 11232, 11247}),
}
"""answers that mean: too many within a minute, nothing was taken"""


def connect_securely(host: str) -> http.client.HTTPConnection:
    """A connection to the vendor, whose certificate is checked; redirects are not followed."""
    return http.client.HTTPSConnection(host, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())


@dataclass(frozen=True)
class RobotAccess:
    """All that is needed to speak through a robot."""

    webhook: Webhook
    secret: str | None = None


def speak(access: RobotAccess, text: str, *, now: datetime, connect: Connect) -> Outcome:
    """Hand the text over. Once a byte of the request is on its way, silence means: not known whether it arrived."""
    webhook = access.webhook
    path, body = _request(access, text, now)
    with closing(connect(webhook.host)) as connection:
        try:
            connection.connect()
        except (OSError, http.client.HTTPException):
            return Outcome(Result.LATER, ROBOT_TROUBLE["unreachable"].format(host=webhook.host), is_server_down=True)
        try:
            connection.request(
                "POST",
                path,
                json.dumps(body, ensure_ascii=False).encode(),
                {"Content-Type": "application/json; charset=utf-8"},
            )
            answer = connection.getresponse()
            content = answer.read(MOST_OF_AN_ANSWER)
        except (OSError, http.client.HTTPException):
            return Outcome(Result.UNCERTAIN, ROBOT_TROUBLE["no_answer"])
    return _without_secrets(_judge(webhook.kind, answer.status, content), access)


def _request(access: RobotAccess, text: str, now: datetime) -> tuple[str, dict[str, Any]]:
    path, secret = access.webhook.path, access.secret
    match access.webhook.kind:
        case RobotKind.FEISHU:
            body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
            if secret:
                stamp = str(int(now.timestamp()))
                # The vendor's own way: the key of the hash is what is signed, and what is hashed is empty.
                body |= {"timestamp": stamp, "sign": _signature(f"{stamp}\n{secret}", "")}
            return path, body
        case RobotKind.DINGTALK if secret:
            stamp = str(int(now.timestamp() * 1000))
            signature = quote(_signature(secret, f"{stamp}\n{secret}"), safe="")
            path = f"{path}&timestamp={stamp}&sign={signature}"
    return path, {"msgtype": "text", "text": {"content": text}}


def _signature(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


def _judge(kind: RobotKind, status: int, content: bytes) -> Outcome:
    """All three answer 200 to what they refuse: only the code inside the answer says whether the text was taken."""
    if status == TOO_MANY_REQUESTS:
        return Outcome(Result.LATER, ROBOT_TROUBLE["throttled"])
    if 400 <= status < 500:
        return Outcome(Result.NEVER, ROBOT_TROUBLE["status"].format(status=status))
    code, words = _answer_of(content)
    if status != http.HTTPStatus.OK or code is None:
        return Outcome(Result.UNCERTAIN, ROBOT_TROUBLE["strange_answer"].format(status=status))
    if code == 0:
        return Outcome(Result.ACCEPTED)
    if code in THROTTLED[kind]:
        return Outcome(Result.LATER, ROBOT_TROUBLE["throttled"])
    return Outcome(Result.NEVER, ROBOT_TROUBLE["refused"].format(code=code, words=words))


def _answer_of(content: bytes) -> tuple[int | None, str]:
    """The code and the words of an answer; no code where it is none of the three vendors'."""
    with suppress(ValueError):
        answer = json.loads(content)
        if isinstance(answer, dict):
            codes = [answer[name] for name in ("errcode", "code", "StatusCode") if type(answer.get(name)) is int]
            words = [answer[name] for name in ("errmsg", "msg", "StatusMessage") if isinstance(answer.get(name), str)]
            return (codes or [None])[0], " ".join((words or [""])[0].split())
    return None, ""


def _without_secrets(outcome: Outcome, access: RobotAccess) -> Outcome:
    """What a vendor repeats of the address is not kept."""
    detail = outcome.detail
    for secret in (access.webhook.key, access.secret):
        if secret:
            detail = detail.replace(secret, HIDDEN)
    return Outcome(outcome.result, detail[:LONGEST_DETAIL], outcome.is_server_down)
