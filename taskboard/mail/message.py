"""From a rendered mail to the message that goes over the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime, parseaddr

from taskboard.domain.local_time import local_moment
from taskboard.domain.outbox import SCHEDULED, MailKind
from taskboard.mail.rendering import RenderedMail

SENDER_NAME = "督办台账"


LEAVE = "List-Unsubscribe"


class _Verbatim(UnstructuredHeader):
    """A header in one line: the library would encode a long address, and mail programs look for it as it is."""

    max_count = 1

    def fold(self, *, policy: Policy) -> str:
        return f"{LEAVE}: {self}{policy.linesep}"


def _policy() -> EmailPolicy[EmailMessage]:
    registry = HeaderRegistry()
    registry.map_to_type(LEAVE.lower(), _Verbatim)  # type: ignore[arg-type] # the library mixes its own class in
    return SMTP.clone(header_factory=registry)


POLICY = _policy()


class UnusableAddress(ValueError):
    """No mail can go to, or come from, what stands there."""


@dataclass(frozen=True)
class Sender:
    """Whom mails come from; ``domain`` stands in their Message-IDs."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def parse_sender(text: str) -> Sender:
    """``taskboard@example.org`` or ``督办台账 <taskboard@example.org>``; raises :class:`UnusableAddress`."""
    name, address = parseaddr(text)
    return Sender(name or SENDER_NAME, checked_address(address))


def checked_address(address: str) -> str:
    """The address when a mail can go there; raises :class:`UnusableAddress`.

    Only visible ASCII characters, so that no address can carry a line of its own into the protocol or the headers.
    """
    local, _, domain = address.rpartition("@")
    if not local or not domain or not address.isascii() or not address.isprintable() or set(address) & set(' <>",;:\\'):
        raise UnusableAddress(address)
    return address


def build_message(
    rendered: RenderedMail,
    *,
    to_address: str,
    sender: Sender,
    message_id: str,
    created_at: datetime,
    kind: MailKind,
    leave_link: str | None = None,
) -> EmailMessage:
    """A message with a text and an HTML part to one recipient; raises :class:`UnusableAddress`.

    Message-ID and date are the same over all attempts, so that a copy is recognised as one. ``leave_link`` ends mails
    of this kind by one click (RFC 8058); a mail that is duty has none.
    """
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = Address(addr_spec=checked_address(to_address))
    message["Subject"] = rendered.subject
    message["Date"] = format_datetime(local_moment(created_at))
    message["Message-ID"] = f"<{message_id}@{sender.domain}>"
    message["Content-Language"] = "zh-CN"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if kind in SCHEDULED:
        message["Precedence"] = "bulk"
    if leave_link is not None:
        message[LEAVE] = f"<{leave_link}>"
        if leave_link.startswith("https:"):
            # RFC 8058, 3.1: one click is only for addresses that nobody on the way can read.
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(rendered.text, cte="base64")
    message.add_alternative(rendered.html, subtype="html", cte="base64")
    return message
