"""Reading what comes back: delivery status notifications (RFC 3464) of servers behind our own.

Only the machine-readable parts count. Which mail it was is told by the Message-ID of the text that is sent along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import default

MOST_BYTES = 1 << 20
"""what is looked at of a message: the report stands before the text that is sent along"""
PERMANENT = re.compile(r"5\.\d{1,3}\.\d{1,3}")
MESSAGE_ID = re.compile(r"<([^<>@\s]+)@[^<>\s]+>")


@dataclass(frozen=True)
class Bounce:
    """One recipient whom one mail will never reach, in the words of the server that said so."""

    message_id: str
    """what stands before the ``@``: the key by which the outbox knows the mail"""
    addresses: tuple[str, ...]
    """the recipient as it was written, and as the last server knew it; in small letters"""
    words: str
    """begins with the status (RFC 3463), such as ``5.1.1``"""


def read_bounces(content: bytes) -> list[Bounce]:
    """The permanent failures that a message reports; none of a delay, an answer of a person, or anything else."""
    message = message_from_bytes(content[:MOST_BYTES], policy=default)
    if message.get_content_type() != "multipart/report":
        return []
    message_id = _returned_message_id(message)
    if message_id is None:
        return []
    return [bounce for fields in _recipients(message) if (bounce := _bounce(message_id, fields)) is not None]


def _recipients(message: Message) -> Iterator[Message]:
    """The groups of fields about one recipient each; the first group is about the message."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            groups = part.get_payload()
            yield from (one for one in groups[1:] if isinstance(one, Message)) if isinstance(groups, list) else ()


def _bounce(message_id: str, fields: Message) -> Bounce | None:
    status = PERMANENT.match(_field(fields, "Status"))
    if _field(fields, "Action").lower() != "failed" or status is None:
        return None
    named = (_field(fields, name).rpartition(";")[2] for name in ("Original-Recipient", "Final-Recipient"))
    addresses = tuple(dict.fromkeys(one.strip().strip("<>").lower() for one in named if one.strip()))
    said = _field(fields, "Diagnostic-Code").partition(";")[2].strip()
    words = said if said.startswith(status[0]) else f"{status[0]} {said}".strip()
    return Bounce(message_id, addresses, words) if addresses else None


def _field(fields: Message, name: str) -> str:
    return " ".join(str(fields.get(name, "")).split())


def _returned_message_id(message: Message) -> str | None:
    """Of the mail that came back, whole or only its headers."""
    for part in message.walk():
        if part.get_content_type() in {"message/rfc822", "message/global"}:
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) and payload else None
            text = str(inner.get("Message-ID", "")) if isinstance(inner, Message) else ""
        elif part.get_content_type() in {"text/rfc822-headers", "message/global-headers"}:
            raw = part.get_payload(decode=True)
            text = str(message_from_bytes(raw).get("Message-ID", "")) if isinstance(raw, bytes) else ""
        else:
            continue
        if found := MESSAGE_ID.search(text):
            return found[1]
    return None
