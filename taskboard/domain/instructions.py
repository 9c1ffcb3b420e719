"""Instructions (批示): what a leader wants to hear about a task or a plan, by when, and what becomes of each reply."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from taskboard.domain.deadlines import require_future
from taskboard.domain.errors import Invalid

REPLY_WORKING_DAYS = 5
"""what a form proposes for a reply, and for one that has to be improved"""
LONGEST_REPLY = timedelta(days=366)
"""A day that is farther away is a slip of the finger: nobody would be reminded of the reply."""


class Addressee(StrEnum):
    """Who owes a leader a reply: the supervisors of the task's body, or a lead department."""

    SUPERVISORS = "supervisors"
    LEADS = "leads"


class DutyState(StrEnum):
    """Where one addressee's reply stands. Whether it is late is never stored."""

    OPEN = "open"
    REPLIED = "replied"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    """the instruction was withdrawn before the leader was content"""


class ReplyResult(StrEnum):
    """What the leader made of a reply."""

    ACCEPTED = "accepted"
    RETURNED = "returned"


REPLY_OWED = frozenset({DutyState.OPEN, DutyState.RETURNED})
SETTLED = frozenset({DutyState.ACCEPTED, DutyState.WITHDRAWN})
"""nobody waits for anything any more"""


def is_reply_overdue(state: DutyState, due_on: date, today: date) -> bool:
    """Whether the day for the reply is past and none was given; a reply that waits for the leader is none of that."""
    return state in REPLY_OWED and due_on < today


def check_reply_day(due_on: date, today: date) -> None:
    """A reply is due today at the earliest, and within a year."""
    require_future("reply_due_on", due_on, today)
    if due_on > today + LONGEST_REPLY:
        raise Invalid("reply_due_on", "reply_too_late", latest=today + LONGEST_REPLY)


def check_addressees(addressees: frozenset[Addressee]) -> None:
    """Somebody must owe the reply."""
    if not addressees:
        raise Invalid("to", "instruction_to_nobody")
