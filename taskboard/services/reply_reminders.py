"""Replies to instructions that are owed or wait: read for the scheduled mails, addressed, and decided once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.instructions import SETTLED
from taskboard.domain.local_time import local_date
from taskboard.domain.reminders import Decision
from taskboard.domain.reply_reminders import DueReply, OwedReply, due_reply
from taskboard.models import (
    Department,
    Instruction,
    InstructionDuty,
    InstructionReply,
    Person,
    Plan,
    ReplyReminder,
    Task,
)
from taskboard.services.inserts import insert_where_free
from taskboard.services.postholders import Holder, Postholders
from taskboard.services.reminders import PlanRules

_Body = aliased(Department, name="plan_body")


def load_replies(session: Session) -> list[OwedReply]:
    """Every reply that somebody owes, or that waits for its leader."""
    query = (
        select(
            InstructionDuty.id.label("duty_id"),
            InstructionDuty.instruction_id,
            Instruction.text,
            Task.title,
            Plan.id.label("plan_id"),
            Plan.title.label("plan"),
            InstructionDuty.department_id,
            Department.name.label("department"),
            _Body.path.label("body_path"),
            InstructionDuty.addressee,
            Instruction.author_id,
            Person.name.label("author"),
            InstructionDuty.state,
            InstructionDuty.due_on,
            InstructionReply.replied_at,
        )
        .join(Instruction, Instruction.id == InstructionDuty.instruction_id)
        .join(Plan, Plan.id == Instruction.plan_id)
        .join(_Body, _Body.id == Plan.body_id)
        .join(Department, Department.id == InstructionDuty.department_id)
        .join(Person, Person.id == Instruction.author_id)
        .outerjoin(Task, Task.id == Instruction.task_id)
        .outerjoin(
            InstructionReply,
            (InstructionReply.duty_id == InstructionDuty.id) & InstructionReply.decided_at.is_(None),
        )
        .where(InstructionDuty.state.not_in(SETTLED))
        .order_by(InstructionDuty.id)
    )
    return [_owed(row._asdict()) for row in session.execute(query)]


def _owed(values: dict[str, Any]) -> OwedReply:
    replied_at = values.pop("replied_at")
    return OwedReply(**values, replied_on=local_date(replied_at) if replied_at else None)


DecidedReplies = Mapping[int, Mapping[Decision, date]]
"""per duty what was decided before, and when"""


def load_decided_replies(session: Session) -> DecidedReplies:
    """What was decided so far of the replies that are open."""
    rows = session.execute(
        select(ReplyReminder.duty_id, ReplyReminder.rule, ReplyReminder.anchor_on, ReplyReminder.decided_on)
        .join(InstructionDuty, InstructionDuty.id == ReplyReminder.duty_id)
        .where(InstructionDuty.state.not_in(SETTLED))
    )
    decided: dict[int, dict[Decision, date]] = defaultdict(dict)
    for duty_id, rule, anchor_on, decided_on in rows:
        decided[duty_id][Decision(rule, 0, anchor_on)] = decided_on
    return decided


def find_due_replies(
    replies: Iterable[OwedReply],
    decided: DecidedReplies,
    *,
    today: date,
    calendar: WorkingCalendar,
    rules: PlanRules,
    made_up_from: date | None = None,
) -> list[DueReply]:
    """Every reminder of a reply that is due and not yet decided; ``made_up_from`` as for those of assignments."""
    found = []
    for owed in replies:
        before = decided.get(owed.duty_id, {})
        settled = [one for one, on in before.items() if made_up_from is None or on < made_up_from]
        due = due_reply(owed, decided=settled, today=today, calendar=calendar, rules=rules.of(owed.plan_id))
        if due is not None:
            found.append(due)
    return found


@dataclass(frozen=True)
class AddressedReply:
    """A reminder for one person, and the post through which it reaches them."""

    reminder: DueReply
    holder: Holder


def address_replies(due: Iterable[DueReply], people: Postholders) -> dict[int, list[AddressedReply]]:
    """The reminders by person, each reply once."""
    found: dict[int, dict[int, AddressedReply]] = defaultdict(dict)
    for one in due:
        for holder in people.find_for_reply(one.owed, one.to):
            found[holder.person_id].setdefault(one.owed.duty_id, AddressedReply(one, holder))
    return {person_id: list(things.values()) for person_id, things in found.items()}


def record_reply_decisions(session: Session, due: Iterable[DueReply], *, today: date) -> int:
    """Write down what was decided today, so that it comes once; how many were new."""
    rows = [
        {
            "rule": decision.rule,
            "duty_id": one.owed.duty_id,
            "anchor_on": decision.anchor_on,
            "due_on": falls_due,
            "decided_on": today,
        }
        for one in due
        for decision, falls_due in one.decided.items()
    ]
    return insert_where_free(session, ReplyReminder, rows)
