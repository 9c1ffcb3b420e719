"""The life of a queued mail."""

from __future__ import annotations

from enum import StrEnum


class OutboxState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    DEAD = "dead"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """the connection died after the server had the message: for a person to decide"""


class MailKind(StrEnum):
    """Scheduled kinds exist once a day and person; the others follow at once from an act."""

    MORNING = "morning"
    WEEKLY_DIGEST = "weekly_digest"
    NOTICE = "notice"


SCHEDULED = frozenset({MailKind.MORNING, MailKind.WEEKLY_DIGEST})
