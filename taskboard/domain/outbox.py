"""The life of a queued mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
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
WAITING = frozenset({OutboxState.QUEUED, OutboxState.RETRY})
UNDELIVERED = WAITING | {OutboxState.DEAD, OutboxState.EXPIRED}
"""what it says has not reached the person"""


class Result(StrEnum):
    ACCEPTED = "accepted"
    LATER = "later"
    """refused for now, or not reached: nothing was accepted"""
    NEVER = "never"
    """refused for good"""
    UNCERTAIN = "uncertain"
    """the whole message was handed over and no answer came"""


@dataclass(frozen=True)
class Outcome:
    """How one attempt to send ended; ``detail`` is the server's answer or what went wrong, for the administrator."""

    result: Result
    detail: str = ""
    is_server_down: bool = False
    """nothing can be sent just now: the other mails are left waiting without an attempt"""


RETRY_PAUSES = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 40, 60, 120, 180, 240, 240, 240, 240, 240)
)
"""pauses after the first, second, … failed attempt: growing, and more than 24 hours in all"""
MOST_JITTER = 0.25


def retry_pause(attempts: int, *, jitter: float) -> timedelta | None:
    """How long to wait after so many failed attempts; ``None`` when it is time to give up.

    ``jitter`` between 0 and 1 spreads mails that failed together over the quarter after the pause.
    """
    if attempts > len(RETRY_PAUSES):
        return None
    return RETRY_PAUSES[attempts - 1] * (1 + MOST_JITTER * jitter)


def state_after(kind: MailKind, result: Result, *, can_retry: bool) -> OutboxState:
    """Where an attempt leads.

    A notice whose fate is not known is sent again under the same Message-ID: rather twice than not at all. A scheduled
    mail is never sent twice: a person decides.
    """
    match result:
        case Result.ACCEPTED:
            return OutboxState.SENT
        case Result.NEVER:
            return OutboxState.DEAD
        case Result.UNCERTAIN if kind in SCHEDULED:
            return OutboxState.UNKNOWN
        case Result.UNCERTAIN | Result.LATER:
            return OutboxState.RETRY if can_retry else OutboxState.DEAD
