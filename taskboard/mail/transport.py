"""How a message leaves: over SMTP to a real server, or onto the demo's mailbox page.

What a transport tells of an attempt decides whether the mail may be tried again, so it keeps the phases apart: until
the server has the last line of the text, nothing was accepted; after that, only its answer says whether it was.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

from taskboard.domain.outbox import Outcome, Result
from taskboard.labels.mail_servers import smtp_reason
from taskboard.labels.mails import SMTP_TROUBLE

CONNECT_SECONDS = 20.0
REPLY_SECONDS = 30.0
"""how long the server may take over an answer before it has the text: nothing is lost by asking again later"""
VERDICT_SECONDS = 300.0
"""how long it may take over the answer to the text: whoever hangs up there does not know whether the mail arrived"""
MESSAGES_PER_CONNECTION = 100
MOST_BREAKS = 3
"""connections in a row that may break before the server counts as down"""
SERVICE_CLOSING = 421
START_OF_TEXT = 354
OUR_OWN_FAULT = frozenset({502, 503, 530, 534, 535, 538})
"""answers about how we speak or sign in: no recipient's fault, so they must not kill a mail"""
DEFAULT_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
ACCEPTED = Outcome(Result.ACCEPTED)


def _nothing() -> None:
    pass


class Transport(Protocol):
    def send(self, message: EmailMessage, *, meanwhile: Callable[[], None] = _nothing) -> Outcome:
        """Try to send to the one recipient that the message names; never raises for what a server does.

        ``meanwhile`` is done while the server has the text and has not answered yet; not at all where it does not come
        to that. It must not raise.
        """

    def close(self) -> None:
        """End the connection, if there is one."""


class MailboxTransport:
    """Delivers to the mailbox page, which shows the outbox: nothing leaves the machine."""

    def send(self, message: EmailMessage, *, meanwhile: Callable[[], None] = _nothing) -> Outcome:
        return ACCEPTED

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class SmtpServer:
    """Where and how to reach the server: ``smtp``, ``smtp+starttls`` or ``smtps``."""

    scheme: str
    host: str
    port: int
    username: str | None = None
    password: str = ""


def parse_smtp_url(url: str) -> SmtpServer:
    """``smtp+starttls://user:password@host:587``; user and password may be percent-encoded."""
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError(parts.scheme)
    return SmtpServer(
        scheme=parts.scheme,
        host=parts.hostname,
        port=parts.port or DEFAULT_PORTS[parts.scheme],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password or ""),
    )


class Refused(Exception):
    """The server answered, and not with a yes."""

    def __init__(self, code: int, reply: bytes) -> None:
        super().__init__(code, reply)
        self.code = code
        self.words = f"{code} {reply.decode('utf-8', 'replace')}"


class SenderRefused(Refused):
    """A matter of our settings, no recipient's fault: the mails wait until it is mended."""


class SmtpTransport:
    """One connection for many messages, opened when the first one goes and renewed when it breaks."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        reply_seconds: float = REPLY_SECONDS,
        verdict_seconds: float = VERDICT_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._connect_seconds = connect_seconds
        self._reply_seconds = reply_seconds
        self._verdict_seconds = verdict_seconds
        self._tls = tls
        self._smtp: smtplib.SMTP | None = None
        self._sent_here = 0
        self._breaks = 0

    def send(self, message: EmailMessage, *, meanwhile: Callable[[], None] = _nothing) -> Outcome:
        try:
            smtp = self._connected()
        except (OSError, ValueError, smtplib.SMTPException) as error:
            self._drop()
            return Outcome(Result.LATER, trouble("unreachable", error), is_server_down=True)
        outcome = self._send_over(smtp, message, meanwhile)
        if outcome.result is not Result.ACCEPTED and self._smtp is not None:
            self._reset()
        return outcome

    def _send_over(self, smtp: smtplib.SMTP, message: EmailMessage, meanwhile: Callable[[], None]) -> Outcome:
        is_handed_over = False
        try:
            self._announce(smtp, message)
            _wait_at_most(smtp, self._verdict_seconds)
            smtp.send(_as_lines(message))
            is_handed_over = True
            meanwhile()
            _expect(smtp.getreply(), 250)
            _wait_at_most(smtp, self._reply_seconds)
        except Refused as refusal:
            return self._refused(refusal)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            self._breaks += 1
            is_down = self._breaks >= MOST_BREAKS
            if is_handed_over:
                return Outcome(Result.UNCERTAIN, trouble("no_answer", error), is_server_down=is_down)
            return Outcome(Result.LATER, trouble("broken_off", error), is_server_down=is_down)
        self._sent_here += 1
        self._breaks = 0
        return ACCEPTED

    def _announce(self, smtp: smtplib.SMTP, message: EmailMessage) -> None:
        """Sender, recipient, and the start of the text."""
        sender, recipient = (message[header].addresses[0].addr_spec for header in ("From", "To"))
        smtp.ehlo_or_helo_if_needed()
        code, reply = smtp.mail(sender)
        if code != 250:
            raise SenderRefused(code, reply)
        _expect(smtp.rcpt(recipient), 250, 251)
        _expect(smtp.docmd("DATA"), START_OF_TEXT)

    def _refused(self, refusal: Refused) -> Outcome:
        if refusal.code == SERVICE_CLOSING:
            self._drop()
            return Outcome(Result.LATER, refusal.words, is_server_down=True)
        if isinstance(refusal, SenderRefused) or refusal.code in OUR_OWN_FAULT:
            return Outcome(Result.LATER, refusal.words, is_server_down=True)
        return Outcome(Result.NEVER if refusal.code >= 500 else Result.LATER, refusal.words)

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is not None and self._sent_here >= MESSAGES_PER_CONNECTION:
            self.close()
        if self._smtp is None:
            self._smtp = self._connect()
            self._sent_here = 0
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        smtp = _connect(self._server, self._connect_seconds, self._tls)
        _wait_at_most(smtp, self._reply_seconds)
        return smtp

    def _reset(self) -> None:
        """Leave the refused message behind, so that the next one starts clean."""
        try:
            if self._smtp is not None:
                self._smtp.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()


def try_to_sign_in(server: SmtpServer, *, seconds: float = CONNECT_SECONDS) -> None:
    """Greet the server and sign in, no more; raises ``OSError``, ``ValueError`` or ``SMTPException`` where it fails."""
    smtp = _connect(server, seconds, None)
    try:
        smtp.ehlo_or_helo_if_needed()
        smtp.quit()
    finally:
        smtp.close()


def _connect(server: SmtpServer, seconds: float, tls: ssl.SSLContext | None) -> smtplib.SMTP:
    """A connection over which messages can go."""
    if server.scheme == "smtps":
        context = tls or ssl.create_default_context()
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=seconds, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=seconds)
    try:
        if server.scheme == "smtp+starttls":
            smtp.starttls(context=tls or ssl.create_default_context())
        if server.username is not None:
            smtp.login(server.username, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _wait_at_most(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)


LINE_END = re.compile(rb"\r\n|\r|\n")
LEADING_DOT = re.compile(rb"(?m)^\.")


def _as_lines(message: EmailMessage) -> bytes:
    """The message as SMTP carries it: lines end in CR LF, a leading dot is doubled, a lone dot ends it."""
    content = LINE_END.sub(b"\r\n", message.as_bytes())
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    return LEADING_DOT.sub(b"..", content) + b".\r\n"


def _expect(reply: tuple[int, bytes], *wanted: int) -> None:
    code, words = reply
    if code not in wanted:
        raise Refused(code, words)


def trouble(phase: str, error: BaseException) -> str:
    """What went wrong, for the administrator: where in the talk, and what the system or the server said."""
    return f"{SMTP_TROUBLE[phase]}：{smtp_reason(error)}"
