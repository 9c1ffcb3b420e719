"""What one thing that waits is, and how the finders of ``waiting_*`` ask the database for it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Row, Select, and_, func, literal, or_, select, type_coerce
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import TimeLimit, decision_limit, limit_until, time_limit
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import UNDER_WAY, Act
from taskboard.models import Assignment, Department, Plan, SupervisionOrder, Task
from taskboard.models.base import UtcDateTime
from taskboard.services.answerable import Vacancies
from taskboard.services.visibility import department_ids, supervised_assignments

MOST_ROWS = 30


class Kind(StrEnum):
    """What is to be done."""

    INSTRUCTION = "instruction"
    """a leader's instruction to be replied to"""
    HELP_OWNED = "help_owned"
    """what a meeting decided and the department has to carry out"""
    OBJECTION = "objection"
    EXTENSION = "extension"
    HELP = "help"
    ORDER_REPLY = "order_reply"
    """a department's reply to a formal order, to be settled"""
    REVIEW = "review"
    ORDER = "order"
    """a formal order to be answered"""
    SIGN_OFF = "sign_off"
    PARTNER = "partner"
    ACKNOWLEDGE = "acknowledge"
    ORDER_PROPOSED = "order_proposed"
    ISSUE = "issue"
    RETURNED = "returned"
    """a submission that came back to be corrected"""
    REPORT = "report"
    """the report of the period that runs"""
    REVIEW_DAY = "review_day"
    """a suspended task that was to be looked at again"""
    INSTRUCTION_REPLY = "instruction_reply"
    """a reply to a leader's instruction, to be accepted or returned"""


class WaitingRow(NamedTuple):
    """One thing that waits. A draft has a plan and no department; ``number`` says how many it stands for."""

    plan_id: int
    task_id: int | None
    title: str
    plan: str
    department: str | None
    since: date
    limit: TimeLimit | None
    asked_due_on: date | None = None
    number: int = 1
    instruction_id: int | None = None
    help_request_id: int | None = None
    due_on: date | None = None
    """the deadline of the work itself"""


@dataclass(frozen=True)
class WaitingPart:
    """Everything of one kind: the first rows, what presses most on top, and how much there is in all."""

    kind: Kind
    rows: list[WaitingRow]
    total: int


class Asked(NamedTuple):
    """For whom and when."""

    session: Session
    actor: Actor
    today: date
    calendar: WorkingCalendar
    vacancies: Vacancies


Finder = Callable[[Asked], WaitingPart | None]

# The moment from which a submission waits, where it is one.
SUBMITTED_AT = func.coalesce(Assignment.submitted_at, Task.issued_at)


def own_assignments(asked: Asked, roles: Collection[Role], vacant: Collection[int]) -> ColumnElement[bool]:
    """Condition on :class:`Assignment`: departments where this person holds one of the roles, or stands in for it."""
    parts: list[ColumnElement[bool]] = [Assignment.department_id.in_(department_ids(asked.actor, roles))]
    if vacant:
        supervised = supervised_assignments(asked.actor, unmanned=asked.vacancies.unmanned)
        parts.append(and_(Assignment.department_id.in_(vacant), supervised))
    return or_(*parts)


def assignment_rows(since: Any, asked_due_on: Any = None) -> Select[Any]:
    """The assignments with what a row shows; ``since`` is the moment from which the time counts."""
    return (
        select(
            Task.plan_id,
            Task.id,
            Task.title,
            Plan.title.label("plan"),
            Department.name.label("department"),
            type_coerce(since, UtcDateTime).label("since"),
            (literal(None, Date) if asked_due_on is None else asked_due_on).label("asked_due_on"),
            Assignment.due_on,
        )
        .select_from(Assignment)
        .join(Task, Task.id == Assignment.task_id)
        .join(Plan, Plan.id == Task.plan_id)
        .join(Department, Department.id == Assignment.department_id)
    )


def order_rows(since: Any) -> Select[Any]:
    return assignment_rows(since).join(SupervisionOrder, SupervisionOrder.assignment_id == Assignment.id)


def part_of(
    asked: Asked,
    kind: Kind,
    rows: Select[Any],
    condition: ColumnElement[bool],
    act: Act | None = None,
    *,
    is_decision: bool = False,
) -> WaitingPart:
    """What fulfils the condition, of tasks under way.

    The time there is for it is what the workflow's table gives ``act``, the usual time for a decision, or the day that
    the rows carry as ``last_on``. Rows with such a day come in its order, the others by how long they wait.
    """
    wanted = rows.where(condition, Task.state.in_(UNDER_WAY))
    total = asked.session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    first = "last_on" if "last_on" in rows.selected_columns else "since"
    found = asked.session.execute(wanted.order_by(first, Assignment.id).limit(MOST_ROWS)) if total else ()
    return WaitingPart(kind, [_row(asked, row, act, is_decision=is_decision) for row in found], total)


def _row(asked: Asked, row: Row[Any], act: Act | None, *, is_decision: bool) -> WaitingRow:
    since = local_date(row.since)
    last_on = row._mapping.get("last_on")
    limit: TimeLimit | None = None
    if last_on is not None:
        limit = limit_until(last_on, today=asked.today, calendar=asked.calendar)
    elif act is not None:
        limit = time_limit(act, since, today=asked.today, calendar=asked.calendar)
    elif is_decision:
        limit = decision_limit(since, today=asked.today, calendar=asked.calendar)
    return WaitingRow(
        plan_id=row.plan_id,
        task_id=row.id,
        title=row.title,
        plan=row.plan,
        department=row.department,
        since=since,
        limit=limit,
        asked_due_on=row.asked_due_on,
        due_on=row.due_on,
    )
