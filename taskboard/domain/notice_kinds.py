"""Which notices are duty and which are a person's own choice, and what follows from what somebody chose.

Duty is what says that something is owed, by when, and that it is late: nobody can switch it off, for the office has to
rely on it. The rest tells of what became of something; it stands in the product all the same, and whoever must decide
on it is reminded by the rules of reminding.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from taskboard.domain.outbox import MailKind, OutboxState


class NoticeWish(StrEnum):
    """How somebody wants the notices that may be chosen."""

    AT_ONCE = "at_once"
    MORNING = "morning"
    """together, in the next morning mail"""
    NONE = "none"
    """not by mail; they stand in the product"""


class NoticeClass(StrEnum):
    DUTY = "duty"
    PERSONAL = "personal"


NOTICES: Mapping[str, NoticeClass] = {
    # what is owed from now on, and by when
    "issued": NoticeClass.DUTY,
    "handed_over": NoticeClass.DUTY,
    "handed": NoticeClass.DUTY,
    "taking_over": NoticeClass.DUTY,
    "succession": NoticeClass.DUTY,
    "dispatched": NoticeClass.DUTY,
    "liaisons": NoticeClass.DUTY,
    "returned": NoticeClass.DUTY,
    "changed": NoticeClass.DUTY,
    "carried": NoticeClass.DUTY,
    "help_decided": NoticeClass.DUTY,
    "instruction_given": NoticeClass.DUTY,
    "instruction_decided": NoticeClass.DUTY,
    # what is late
    "reminded": NoticeClass.DUTY,
    "ordered": NoticeClass.DUTY,
    "order_decided": NoticeClass.DUTY,
    "roundup_sent": NoticeClass.DUTY,
    # accounts and the mail itself
    "invitation": NoticeClass.DUTY,
    "reset": NoticeClass.DUTY,
    "trial": NoticeClass.DUTY,
    # what became of something, and what waits on the list of those who decide
    "submitted": NoticeClass.PERSONAL,
    "accepted": NoticeClass.PERSONAL,
    "closed": NoticeClass.PERSONAL,
    "objected": NoticeClass.PERSONAL,
    "objection_decided": NoticeClass.PERSONAL,
    "extension_asked": NoticeClass.PERSONAL,
    "extension_decided": NoticeClass.PERSONAL,
    "help_asked": NoticeClass.PERSONAL,
    "help_ended": NoticeClass.PERSONAL,
    "order_replied": NoticeClass.PERSONAL,
    "instruction_replied": NoticeClass.PERSONAL,
    "instruction_withdrawn": NoticeClass.PERSONAL,
    "roundup_drafted": NoticeClass.PERSONAL,
}
"""by template; every template of a notice stands here"""


OF_THE_CALENDAR = frozenset({"roundup_drafted"})
"""what no person's act brings about: it comes with the one mail of the morning, where a few would come at once after
days without a server"""


def is_personal(kind: MailKind, template: str) -> bool:
    """Whether its recipient chooses how it comes. What is not known is duty."""
    return kind is MailKind.NOTICE and NOTICES.get(template) is NoticeClass.PERSONAL


def state_by_wish(template: str, wish: NoticeWish) -> OutboxState:
    """How a personal notice begins its life."""
    match wish:
        case NoticeWish.NONE:
            return OutboxState.INBOX_ONLY
        case NoticeWish.AT_ONCE if template not in OF_THE_CALENDAR:
            return OutboxState.QUEUED
        case _:
            return OutboxState.PUT_OFF


# Leaving by one click (RFC 8058)


class Stream(StrEnum):
    """What a link in a mail's header ends."""

    NOTICES = "notices"
    DIGEST = "digest"


def stream_of(kind: MailKind, template: str, facts: Mapping[str, Any]) -> Stream | None:
    """What its recipient may leave by one click: None for what is duty, which no mail offers to end."""
    if is_personal(kind, template):
        return Stream.NOTICES
    return Stream.DIGEST if kind is MailKind.WEEKLY_DIGEST and facts.get("is_optional") else None


def leave_token(secret_key: str, person_id: int, stream: Stream) -> str:
    """What the link carries: whose it is, what it ends, and a signature that nobody else can make."""
    return f"{person_id}.{stream}.{_signature(secret_key, person_id, stream)}"


def read_leave_token(secret_key: str, token: str) -> tuple[int, Stream] | None:
    """Whose link it is and what it ends; None for one that was not made here or was changed on the way."""
    found = LEAVE_TOKEN.fullmatch(token)
    if found is None:
        return None
    person_id, stream = int(found["person"]), Stream(found["stream"])
    is_right = hmac.compare_digest(found["signature"], _signature(secret_key, person_id, stream))
    return (person_id, stream) if is_right else None


def leave_path(token: str) -> str:
    """Where the link leads. The token stands in the query, which no log of the application repeats."""
    return f"/unsubscribe?token={token}"


LEAVE_TOKEN = re.compile(
    rf"(?P<person>[1-9][0-9]{{0,9}})\.(?P<stream>{'|'.join(Stream)})\.(?P<signature>[A-Za-z0-9_-]{{43}})"
)


def _signature(secret_key: str, person_id: int, stream: Stream) -> str:
    made = hmac.digest(secret_key.encode(), f"unsubscribe:{person_id}:{stream}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
