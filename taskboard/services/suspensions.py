"""Suspended tasks with the days on which they are to be looked at again: one answer for pages and for mails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, func, select, true
from sqlalchemy.orm import Session, aliased

from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState, TaskState
from taskboard.models import Assignment, HistoryEntry, Person, Plan, Task


class Review(NamedTuple):
    """A suspended task that was given a day of review."""

    task_id: int
    plan_id: int
    title: str
    plan: str
    suspended_at: datetime
    review_on: date


def list_reviews(session: Session, condition: ColumnElement[bool] | None = None) -> Iterator[Review]:
    """The suspended tasks that meet the condition on :class:`Task`.

    A sub-task that rests because its part does, such as under an objection, has no day of its own and is left out.
    """
    last = (
        select(func.max(HistoryEntry.id))
        .where(HistoryEntry.task_id == Task.id, HistoryEntry.act == Act.SUSPEND)
        .correlate(Task)
        .scalar_subquery()
    )
    query = (
        select(Task.id, Task.plan_id, Task.title, Plan.title.label("plan"), HistoryEntry.at, HistoryEntry.after)
        .join(Plan, Plan.id == Task.plan_id)
        .join(HistoryEntry, HistoryEntry.id == last)
        .where(Task.state == TaskState.SUSPENDED, true() if condition is None else condition)
        .order_by(Task.id)
    )
    for row in session.execute(query):
        if day := (row.after or {}).get("act", {}).get("review_on"):
            yield Review(row.id, row.plan_id, row.title, row.plan, row.at, date.fromisoformat(day))


class Suspension(NamedTuple):
    """The rest that a task has now."""

    at: datetime
    actor: str | None
    reason: str | None
    review_on: date | None
    """``None`` for a sub-task that rests because its part does"""


def find_suspension(session: Session, task: Task) -> Suspension | None:
    """Since when the task rests, why, and when it is looked at again; ``None`` for one that does not rest."""
    if task.state is not TaskState.SUSPENDED:
        return None
    query = (
        select(HistoryEntry.at, Person.name, HistoryEntry.reason, HistoryEntry.after)
        .outerjoin(Person, Person.id == HistoryEntry.actor_id)
        .where(HistoryEntry.task_id == task.id, HistoryEntry.act == Act.SUSPEND)
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    day = (found.after or {}).get("act", {}).get("review_on")
    return Suspension(found.at, found.name, found.reason, date.fromisoformat(day) if day else None)


_Lead = aliased(Assignment, name="first_lead")


def first_lead() -> ScalarSelect[int]:
    """The id of the assignment that stands for its whole task where one line is enough; correlates with ``Task``."""
    query = select(func.min(_Lead.id)).where(
        _Lead.task_id == Task.id,
        _Lead.role == AssignmentRole.LEAD,
        _Lead.state != AssignmentState.WITHDRAWN,
    )
    return query.correlate(Task).scalar_subquery()


def load_review_days(session: Session) -> dict[int, date]:
    """The day of review of each suspended task, by the assignment that stands for it."""
    days = {one.task_id: one.review_on for one in list_reviews(session)}
    rows = session.execute(select(Task.id, first_lead()).where(Task.state == TaskState.SUSPENDED))
    return {lead_id: days[task_id] for task_id, lead_id in rows if task_id in days and lead_id is not None}
