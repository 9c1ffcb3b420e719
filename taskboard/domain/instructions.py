"""Instructions (批示): what a leader wants to hear about a task or a plan, by when, and what becomes of each reply."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from taskboard.domain.errors import Invalid

REPLY_WORKING_DAYS = 5
"""what a form proposes for a reply, and for one that has to be improved"""


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


def check_addressees(addressees: frozenset[Addressee]) -> None:
    """Somebody must owe the reply."""
    if not addressees:
        raise Invalid("to", "instruction_to_nobody")
