"""Whose turn it is with a submission: made, taken back, or returned to be corrected; only the history knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from taskboard.domain.history import RecordedAct
from taskboard.domain.local_time import local_date
from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState
from taskboard.models import Assignment, HistoryEntry, Person
from taskboard.services.among import among

TURNS = (Act.SUBMIT, Act.WITHDRAW, Act.RETURN_INSIDE, Act.RETURN_SUBMISSION)
TURNS_OF_LEADS = (Act.RETURN, Act.REOPEN)
"""acts on the task that give the leads their submission back"""
RETURNS = (Act.RETURN, Act.RETURN_INSIDE, Act.RETURN_SUBMISSION)


def last_turn(column: Any) -> Any:
    """Of the last act by which a submission was made, taken back or returned: who reopens a task returns nothing."""
    on_branch = and_(HistoryEntry.assignment_id == Assignment.id, HistoryEntry.act.in_(TURNS))
    on_leads = and_(Assignment.role == AssignmentRole.LEAD, HistoryEntry.act.in_(TURNS_OF_LEADS))
    return (
        select(column)
        .where(HistoryEntry.task_id == Assignment.task_id, or_(on_branch, on_leads))
        .order_by(HistoryEntry.id.desc())
        .limit(1)
        .correlate(Assignment)
        .scalar_subquery()
    )


class Return(NamedTuple):
    """A submission that came back and was not made again."""

    act: RecordedAct
    at: datetime
    actor: str | None
    reason: str | None


_RETURNED = (
    select(Assignment.id.label("assignment_id"), HistoryEntry.act, HistoryEntry.at, Person.name, HistoryEntry.reason)
    .join(HistoryEntry, HistoryEntry.id == last_turn(HistoryEntry.id))
    .outerjoin(Person, Person.id == HistoryEntry.actor_id)
    .where(
        Assignment.task_id == bindparam("task_id"),
        Assignment.state == AssignmentState.IN_PROGRESS,
        HistoryEntry.act.in_(RETURNS),
    )
)


def days_of_return(session: Session, assignment_ids: Sequence[int]) -> dict[int, date]:
    """Those of these assignments in progress whose submission came back and was not made again, with its day."""
    query = (
        select(Assignment.id, HistoryEntry.at)
        .join(HistoryEntry, HistoryEntry.id == last_turn(HistoryEntry.id))
        .where(among(session, Assignment.id, assignment_ids), HistoryEntry.act.in_(RETURNS))
    )
    return {assignment_id: local_date(at) for assignment_id, at in session.execute(query)}


def load_returns(session: Session, task_id: int) -> dict[int, Return]:
    """What is to be corrected on the task, by assignment."""
    rows = session.execute(_RETURNED, {"task_id": task_id})
    return {row.assignment_id: Return(row.act, row.at, row.name, row.reason) for row in rows}
