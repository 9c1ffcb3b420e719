"""Replies to instructions that are owed or wait for their leader, and when who is to act is reminded.

The rules stand with all others in :data:`taskboard.domain.reminders.RULES`; what they ask of is no assignment but the
duty of one addressee, which may be about a plan as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.instructions import REPLY_OWED, Addressee, DutyState, is_reply_overdue
from taskboard.domain.reminders import RULES, Anchor, Decision, Recipient, Rule


@dataclass(frozen=True, slots=True)
class OwedReply:
    """The reply of one addressee, with what a mail tells of it."""

    duty_id: int
    instruction_id: int
    text: str
    title: str | None
    """of the task; None where the instruction is about the plan as a whole"""
    plan_id: int
    plan: str
    department_id: int
    """the lead department, or the body whose supervisors are to reply"""
    department: str
    body_path: str
    addressee: Addressee
    author_id: int
    author: str
    state: DutyState
    due_on: date
    replied_on: date | None = None
    """the day of the reply on which the leader has not decided"""

    @property
    def mark(self) -> str:
        """By which a mail says it once."""
        return f"duty:{self.duty_id}"

    @property
    def is_owed(self) -> bool:
        return self.state in REPLY_OWED

    def is_overdue(self, day: date) -> bool:
        return is_reply_overdue(self.state, self.due_on, day)


@dataclass(frozen=True)
class DueReply:
    """One line for some people: the most specific rule, and everything that is decided with it."""

    owed: OwedReply
    rule: Rule
    to: frozenset[Recipient]
    decided: dict[Decision, date]
    """with the day on which each fell due"""


def due_reply(
    owed: OwedReply,
    *,
    decided: Collection[Decision],
    today: date,
    calendar: WorkingCalendar,
    rules: Sequence[Rule] = RULES,
) -> DueReply | None:
    """What is due by ``today``, not among the ``decided``, and still true; milestones missed fold into the last."""
    asked = _asked(owed)
    if asked is None:
        return None
    anchor, anchor_on = asked
    falls_due = {
        rule: rule.milestone(anchor_on, calendar)
        for rule in rules
        if rule.anchor is anchor and Decision(rule.code, 0, anchor_on) not in decided
    }
    due = {rule: day for rule, day in falls_due.items() if day <= today}
    if not due:
        return None
    return DueReply(
        owed=owed,
        rule=list(due)[-1],
        to=frozenset().union(*(rule.to for rule in due)),
        decided={Decision(rule.code, 0, anchor_on): day for rule, day in due.items()},
    )


def _asked(owed: OwedReply) -> tuple[Anchor, date] | None:
    """What is waited for, the reply or the decision on it, and the day that its rules count from."""
    if owed.is_owed:
        return Anchor.REPLY, owed.due_on
    return (Anchor.REPLY_GIVEN, owed.replied_on) if owed.replied_on is not None else None
