"""The life of a queued mail, and what a mail server's answers say of it and of its address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class OutboxState(StrEnum):
    QUEUED = "queued"
    CLAIMED = "claimed"
    """a sender has taken it; nothing of it has gone over the wire"""
    SENDING = "sending"
    """it is being handed over: whoever dies now leaves it open whether it arrived"""
    SENT = "sent"
    RETRY = "retry"
    DEAD = "dead"
    EXPIRED = "expired"
    """past its time, replaced by a later one, taken out by a person, or its recipient's account was switched off"""
    UNKNOWN = "unknown"
    """it may have arrived: for a person to decide"""
    INBOX_ONLY = "inbox_only"
    """no mail address of the person is known, or they want no mail of this kind, or they are away: they read it in
    the product"""
    PUT_OFF = "put_off"
    """its recipient wants it with the next morning mail"""
    TOLD = "told"
    """it was put off, and a morning mail carried it"""


class MailKind(StrEnum):
    """Scheduled kinds exist once a day and person; the others follow at once from an act."""

    MORNING = "morning"
    WEEKLY_DIGEST = "weekly_digest"
    NOTICE = "notice"


SCHEDULED = frozenset({MailKind.MORNING, MailKind.WEEKLY_DIGEST})
WAITING = frozenset({OutboxState.QUEUED, OutboxState.RETRY})
"""for a sender to take"""
BEFORE_THE_WIRE = WAITING | {OutboxState.CLAIMED}
"""certain not to have gone out since they last waited"""
UNDELIVERED = BEFORE_THE_WIRE | {OutboxState.DEAD, OutboxState.EXPIRED}
"""what it says has not reached the person"""


CATCH_UP_DAYS = 14
"""how far back it is made up for what was to be said and was not: mails that never arrived, lines that were put off"""


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
LONGEST_PAUSE = max(RETRY_PAUSES) * (1 + MOST_JITTER)


def retry_pause(attempts: int, *, jitter: float) -> timedelta | None:
    """How long to wait after so many failed attempts; ``None`` when it is time to give up.

    ``jitter`` between 0 and 1 spreads mails that failed together over the quarter after the pause.
    """
    if attempts > len(RETRY_PAUSES):
        return None
    return RETRY_PAUSES[attempts - 1] * (1 + MOST_JITTER * jitter)


SERVER_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 300))


def server_pause(failures: int) -> timedelta:
    """How long to leave a mail server alone that could not be talked to so many times in a row."""
    return SERVER_PAUSES[min(failures, len(SERVER_PAUSES)) - 1]


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


# Limits


@dataclass(frozen=True)
class RateLimits:
    """How many mails may be handed to the server within any minute, and within any hour; 0 is no limit."""

    per_minute: int = 0
    per_hour: int = 0

    def allowance(self, *, in_last_minute: int, in_last_hour: int, wanted: int) -> int:
        """How many of the wanted ones may go now."""
        rooms = [wanted]
        if self.per_minute:
            rooms.append(self.per_minute - in_last_minute)
        if self.per_hour:
            rooms.append(self.per_hour - in_last_hour)
        return max(0, min(rooms))


# Addresses

MOST_ADDRESS_FAILURES = 3
"""permanent refusals in a row, of different mails, before an address is switched off"""
ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
ADDRESS_CODES = frozenset({550, 551, 553})


def is_address_refused(reply: str) -> bool:
    """Whether a permanent refusal is about the address itself: no such mailbox, moved, switched off, badly written.

    RFC 3463: 5.1.x is the address, 5.2.1 a mailbox that is switched off. A full mailbox (5.2.2), a policy (5.7.x) or a
    message that is too large are no fault of the address. Without such a code the basic one says it (RFC 5321, 4.2.3).
    """
    if found := ENHANCED.search(reply):
        kind, subject, detail = (int(part) for part in found.groups())
        return kind == 5 and (subject == 1 or (subject, detail) == (2, 1))
    basic = reply[:3]
    return basic.isdecimal() and int(basic) in ADDRESS_CODES
