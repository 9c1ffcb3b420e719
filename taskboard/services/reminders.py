"""Which reminders are due and for whom, and the record that each was decided once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.digests import Item
from taskboard.domain.local_time import local_date
from taskboard.domain.outbox import SCHEDULED, UNDELIVERED
from taskboard.domain.reminders import (
    LONGEST_WARNING,
    RULES,
    Anchor,
    Decision,
    DueReminder,
    Recipient,
    ReminderSubject,
    due_reminders,
)
from taskboard.domain.workflow import OWING, UNDER_WAY, Act, AssignmentRole, AssignmentState, TaskState
from taskboard.models import Assignment, Department, Extension, HistoryEntry, OutboxMessage, Plan, Reminder, Task
from taskboard.services.inserts import insert_where_free
from taskboard.services.postholders import Holder, Postholders

AWAITING_DECISION = frozenset({AssignmentState.HEAD_REVIEW, AssignmentState.SUBMITTED, AssignmentState.OBJECTED})
LEFT_OUT = frozenset({AssignmentState.WITHDRAWN, AssignmentState.WAIVED})
CATCH_UP_DAYS = 14
"""how far back a mail that never arrived is made up for"""

LAST_RULE = {rule.anchor: rule.code for rule in RULES}
"""after which nothing more comes for the same anchor"""

Body = aliased(Department, name="body")

ITEM_COLUMNS: Select[*tuple[Any, ...]] = (
    select(
        Assignment.id.label("assignment_id"),
        Assignment.task_id,
        Task.title,
        Task.plan_id,
        Plan.title.label("plan"),
        Assignment.department_id,
        Department.name.label("department"),
        Department.path.label("department_path"),
        Body.path.label("body_path"),
        Assignment.role,
        Assignment.state,
        Task.state.label("task_state"),
        Task.issued_at,
        Assignment.issued_at.label("own_issued_at"),
        Assignment.is_held,
        Assignment.due_on,
        Assignment.deadline_version,
        Task.deadline_origin.label("origin"),
        Task.is_ongoing,
        Assignment.officer_id,
        Assignment.submitted_at,
        Assignment.accepted_at,
        Task.closed_at,
    )
    .join(Task, Task.id == Assignment.task_id)
    .join(Plan, Plan.id == Task.plan_id)
    .join(Department, Department.id == Assignment.department_id)
    .join(Body, Body.id == Task.body_id)
)


def load_items(session: Session, condition: ColumnElement[bool]) -> list[Item]:
    """Assignments of issued tasks as mails know them, by a condition on :class:`Assignment` and :class:`Task`."""
    waiting, asked = _waiting_since(session), _extension_asked(session)
    rows = session.execute(ITEM_COLUMNS.where(Task.issued_at.is_not(None), condition).order_by(Assignment.id))
    return [_item(row, waiting, asked) for row in rows]


def _item(row: Row[*tuple[Any, ...]], waiting: Mapping[int, date], asked: Mapping[int, date]) -> Item:
    submitted_on = _day_of(row.submitted_at)
    return Item(
        assignment_id=row.assignment_id,
        task_id=row.task_id,
        title=row.title,
        plan=row.plan,
        department_id=row.department_id,
        department=row.department,
        department_path=row.department_path,
        body_path=row.body_path,
        role=row.role,
        state=row.state,
        task_state=row.task_state,
        issued_on=local_date(row.own_issued_at or row.issued_at),
        due_on=row.due_on,
        deadline_version=row.deadline_version,
        origin=row.origin,
        is_ongoing=row.is_ongoing,
        officer_id=row.officer_id,
        submitted_on=submitted_on,
        ended_on=_day_of(row.accepted_at or row.closed_at),
        waiting_since=waiting.get(row.assignment_id, submitted_on),
        is_held=row.is_held,
        extension_asked_on=asked.get(row.assignment_id),
        plan_id=row.plan_id,
    )


def _day_of(moment: datetime | None) -> date | None:
    return local_date(moment) if moment is not None else None


def _waiting_since(session: Session) -> dict[int, date]:
    """The day on which head reviews and objections began; only their history knows it."""
    query = (
        select(HistoryEntry.assignment_id, func.max(HistoryEntry.at))
        .join(Assignment, Assignment.id == HistoryEntry.assignment_id)
        .where(Assignment.state.in_((AssignmentState.HEAD_REVIEW, AssignmentState.OBJECTED)))
        .where(HistoryEntry.act.in_((Act.SUBMIT, Act.OBJECT)))
        .group_by(HistoryEntry.assignment_id)
    )
    rows = session.execute(query)
    return {assignment_id: local_date(at) for assignment_id, at in rows if assignment_id is not None}


def _extension_asked(session: Session) -> dict[int, date]:
    """The day on which each request for more time that is not decided was made."""
    query = select(Extension.assignment_id, Extension.asked_at).where(Extension.decided_at.is_(None))
    return {assignment_id: local_date(asked_at) for assignment_id, asked_at in session.execute(query)}


def may_be_due(today: date, *, made_up_from: date | None = None) -> ColumnElement[bool]:
    """Condition for the assignments that some rule could speak of today: what the daily scan reads.

    With ``made_up_from`` also those whose last reminder was decided on that day or later.
    """
    undecided_from = made_up_from or today + timedelta(days=1)
    is_past_its_last = _was_decided(LAST_RULE[Anchor.DEADLINE], Assignment.deadline_version, undecided_from)
    is_receipt_settled = _was_decided(LAST_RULE[Anchor.ISSUE], 0, undecided_from)
    owes = Assignment.state.in_(OWING)
    return and_(
        Task.state.in_(UNDER_WAY),
        or_(
            and_(owes, Assignment.due_on.between(today, today + LONGEST_WARNING)),
            and_(owes, Assignment.due_on < today, ~is_past_its_last),
            and_(Assignment.state == AssignmentState.PENDING, ~is_receipt_settled),
            Assignment.state.in_(AWAITING_DECISION),
            Assignment.is_held,
        ),
    )


def _was_decided(rule: str, version: ColumnElement[int] | int | Any, before: date) -> ColumnElement[bool]:
    return exists().where(
        Reminder.rule == rule,
        Reminder.assignment_id == Assignment.id,
        Reminder.deadline_version == version,
        Reminder.decided_on < before,
    )


def open_or_left_since(since: datetime) -> ColumnElement[bool]:
    """Condition for what a weekly digest speaks of: everything under way, and what was submitted or ended lately."""
    return or_(
        and_(Task.state.in_(UNDER_WAY), Assignment.state.in_(OWING | AWAITING_DECISION)),
        and_(
            Task.state.not_in((TaskState.DRAFT, TaskState.TERMINATED)),
            or_(
                Assignment.submitted_at >= since,
                Assignment.accepted_at >= since,
                and_(Task.closed_at >= since, Assignment.state.not_in(LEFT_OUT)),
            ),
        ),
    )


def subject_of(item: Item) -> ReminderSubject:
    return ReminderSubject(
        assignment_id=item.assignment_id,
        task_state=item.task_state,
        state=item.state,
        role=item.role,
        issued_on=item.issued_on,
        due_on=item.due_on,
        deadline_version=item.deadline_version,
        waiting_since=item.waiting_since,
        is_held=item.is_held,
        extension_asked_on=item.extension_asked_on,
    )


Decided = Mapping[int, Mapping[Decision, date]]
"""per assignment what was decided before, and when"""


def load_decided(session: Session, condition: ColumnElement[bool]) -> Decided:
    """What was decided so far for the assignments that meet the condition."""
    concerned = select(Assignment.id).join(Task, Task.id == Assignment.task_id).where(condition)
    rows = session.execute(
        select(
            Reminder.assignment_id,
            Reminder.rule,
            Reminder.deadline_version,
            Reminder.anchor_on,
            Reminder.decided_on,
        ).where(Reminder.assignment_id.in_(concerned))
    )
    decided: dict[int, dict[Decision, date]] = defaultdict(dict)
    for assignment_id, rule, version, anchor_on, decided_on in rows:
        decided[assignment_id][Decision(rule, version, anchor_on)] = decided_on
    return decided


def find_due(
    items: Iterable[Item],
    decided: Decided,
    *,
    today: date,
    calendar: WorkingCalendar,
    made_up_from: date | None = None,
) -> list[tuple[Item, DueReminder]]:
    """Every reminder that is due and not yet decided.

    What was decided on ``made_up_from`` or later counts as not decided.
    """
    found = []
    for item in items:
        before = decided.get(item.assignment_id, {})
        settled = [one for one, on in before.items() if made_up_from is None or on < made_up_from]
        for reminder in due_reminders(subject_of(item), decided=settled, today=today, calendar=calendar):
            found.append((item, reminder))
    return found


@dataclass(frozen=True)
class Addressed:
    """A reminder for one person, and the post through which it reaches them."""

    item: Item
    reminder: DueReminder
    holder: Holder


def address(
    reminders: Iterable[tuple[Item, DueReminder]], people: Postholders, leads: Mapping[int, Sequence[int]]
) -> dict[int, list[Addressed]]:
    """The reminders by person, each assignment once a thing asked, whatever number of posts it comes through.

    ``leads`` are the lead departments by task.
    """
    found: dict[int, dict[tuple[int, Anchor], Addressed]] = defaultdict(dict)
    for item, reminder in reminders:
        for holder in people.find(item, reminder.to, lead_ids=leads.get(item.task_id, ())):
            thing = (item.assignment_id, reminder.rule.anchor)
            found[holder.person_id].setdefault(thing, Addressed(item, reminder, holder))
    return {person_id: list(things.values()) for person_id, things in found.items()}


def load_leads(session: Session, reminders: Iterable[tuple[Item, DueReminder]]) -> dict[int, list[int]]:
    """The lead departments of the tasks whose leads are asked to decide."""
    task_ids = {item.task_id for item, reminder in reminders if Recipient.LEAD_LIAISON in reminder.to}
    leads: dict[int, list[int]] = defaultdict(list)
    query = select(Assignment.task_id, Assignment.department_id).where(
        Assignment.task_id.in_(task_ids),
        Assignment.role == AssignmentRole.LEAD,
        Assignment.state != AssignmentState.WITHDRAWN,
    )
    for task_id, department_id in session.execute(query):
        leads[task_id].append(department_id)
    return leads


def record_decisions(session: Session, reminders: Iterable[DueReminder], *, today: date) -> int:
    """Write down what was decided today, so that it comes once; how many were new."""
    rows = [
        {
            "rule": decision.rule,
            "assignment_id": reminder.assignment_id,
            "deadline_version": decision.deadline_version,
            "anchor_on": decision.anchor_on,
            "due_on": falls_due,
            "decided_on": today,
        }
        for reminder in reminders
        for decision, falls_due in reminder.decided.items()
    ]
    return insert_where_free(session, Reminder, rows)


def find_unreached(session: Session, *, today: date) -> dict[int, date]:
    """People whose last scheduled mails did not arrive, with the day of the first of those.

    What those mails said is said again in the next one.
    """
    query = (
        select(OutboxMessage.person_id, OutboxMessage.for_day, OutboxMessage.state)
        .where(OutboxMessage.kind.in_(SCHEDULED))
        .where(OutboxMessage.for_day.between(today - timedelta(days=CATCH_UP_DAYS), today - timedelta(days=1)))
        .order_by(OutboxMessage.for_day, OutboxMessage.id)
    )
    unreached: dict[int, date] = {}
    for person_id, for_day, state in session.execute(query):
        if state not in UNDELIVERED:
            unreached.pop(person_id, None)
        elif for_day is not None:
            unreached.setdefault(person_id, for_day)
    return unreached
