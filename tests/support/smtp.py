"""A real SMTP server on the loopback address that keeps what it accepts and misbehaves when a test tells it to."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import Enum
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

ACCEPTED = "250 2.0.0 accepted"


class Drop(Enum):
    """When a server that dies in the middle cuts the connection."""

    ON_CONNECT = "before the greeting"
    BEFORE_DATA = "after the recipients, before the text: nothing was accepted"
    AFTER_DATA = "after it accepted the text, before it could say so"


@dataclass(frozen=True)
class ReceivedMail:
    """A message the server accepted, with the envelope it came in."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def text(self, kind: str = "plain") -> str:
        """The ``plain`` or ``html`` part, its lines ending as Python's do; an AssertionError when there is none."""
        part = self.message.get_body((kind,))
        assert part is not None, f"no text/{kind} part"
        return cast(str, part.get_content()).replace("\r\n", "\n")


@dataclass
class SmtpServer:
    """Accepts everything, until told otherwise.

    ``answers`` are used up one per message (one per connection for ``Drop.ON_CONNECT``): a reply to its text such as
    ``"451 4.3.0 try again"``, or a :class:`Drop`. When they run out, ``otherwise`` holds.
    """

    received: list[ReceivedMail] = field(default_factory=list)
    refused_recipients: dict[str, str] = field(default_factory=dict)
    """address → reply, such as ``"550 5.1.1 no such mailbox"``"""
    answers: deque[str | Drop] = field(default_factory=deque)
    otherwise: str | Drop = ACCEPTED
    delay: float = 0.0
    """seconds it takes over the text of a message"""
    password: str | None = None
    """where set, the server wants a sign-in with any user name and this password"""
    connections: int = 0
    host: str = "127.0.0.1"
    port: int = 0
    _loop: asyncio.AbstractEventLoop | None = None
    _server: asyncio.Server | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}"

    def received_by(self, address: str) -> list[ReceivedMail]:
        return [mail for mail in self.received if address in mail.recipients]

    def start(self) -> None:
        """Listen: on a free port the first time, on the same one after a :meth:`stop`."""
        # The loop works in the thread from the start: in the test's own thread a browser's loop may be running.
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp-server", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(timeout=10)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _listen(self) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(self._serve, self.host, self.port)

    def stop(self) -> None:
        """Go down: connections are cut and new ones refused."""
        if self._loop is None or self._server is None or self._thread is None:
            return
        loop, self._loop = self._loop, None
        asyncio.run_coroutine_threadsafe(self._close(self._server), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(timeout=10)
        loop.close()

    @staticmethod
    async def _close(server: asyncio.Server) -> None:
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # One more turn, in which the cut connections close their sockets.
        await asyncio.sleep(0)

    def _serve(self) -> _Connection:
        self.connections += 1
        return _Connection(self)

    def _next_answer(self) -> str | Drop:
        return self.answers.popleft() if self.answers else self.otherwise

    def _drops_on_connect(self) -> bool:
        upcoming = self.answers[0] if self.answers else self.otherwise
        if upcoming is not Drop.ON_CONNECT:
            return False
        self._next_answer()
        return True


class _Connection(SMTP):
    def __init__(self, owner: SmtpServer) -> None:
        options: dict[str, Any] = {}
        if owner.password is not None:
            options = {"authenticator": _authenticator(owner.password), "auth_require_tls": False}
        super().__init__(_Handler(owner), hostname="localhost", enable_SMTPUTF8=True, **options)
        self._owner = owner
        self.answer: str | Drop = ACCEPTED

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._owner._drops_on_connect():
            self._cut()

    async def check_auth_needed(self, caller_method: str) -> bool:
        assert self.session is not None
        if self._owner.password is None or self.session.authenticated:
            return False
        await self.push("530 5.7.0 Authentication required")
        return True

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - SMTP's own name
        self.answer = self._owner._next_answer()
        if self.answer is Drop.BEFORE_DATA:
            self._cut()
            return
        await super().smtp_DATA(arg)

    async def push(self, status: str | bytes) -> None:
        if status == _CUT:
            self._cut()
            return
        await super().push(status)

    def _cut(self) -> None:
        assert self.transport is not None
        cast(asyncio.Transport, self.transport).abort()


_CUT = "cut the connection instead of answering"


class _Handler:
    def __init__(self, owner: SmtpServer) -> None:
        self._owner = owner

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _connection: _Connection, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if (reply := self._owner.refused_recipients.get(address)) is not None:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, connection: _Connection, _session: Session, envelope: Envelope
    ) -> str:
        await asyncio.sleep(self._owner.delay)
        answer = connection.answer
        if isinstance(answer, str) and not answer.startswith("2"):
            return answer
        content = envelope.original_content
        assert content is not None
        self._owner.received.append(
            ReceivedMail(
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                message=message_from_bytes(content, policy=policy.default),
            )
        )
        return _CUT if isinstance(answer, Drop) else answer


def _authenticator(password: str) -> Any:
    def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        # "Handled" would mean that the reply was already sent.
        return AuthResult(success=data.password == password.encode(), handled=False)

    return authenticate


@contextmanager
def running_smtp_server() -> Iterator[SmtpServer]:
    server = SmtpServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
