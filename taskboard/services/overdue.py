"""The overdue list: who is late with what, for how long, and what was last heard of it.

:func:`overdue_assignments` is the SQL twin of ``domain.deadlines.is_overdue``. Nothing about being overdue is stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from taskboard.domain.deadlines import days_late
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OWING, UNDER_WAY, AssignmentRole, AssignmentState
from taskboard.models import Assignment, Department, Plan, ProgressReport, Task
from taskboard.services.answerable import people_answerable
from taskboard.services.assignment_rows import ASSIGNMENT_ROWS
from taskboard.services.paging import PAGE_SIZE, Page, last_page
from taskboard.services.visibility import held_assignments, overseen_assignments

REPORT_HEAD = 60
"""characters of a report that a list shows"""


class ReportHead(NamedTuple):
    """The beginning of an assignment's last report."""

    reported_at: datetime
    is_unchanged: bool
    text: str


class OverdueRow(NamedTuple):
    """One department late with one task; ``holders`` are the officer, or else the liaisons."""

    assignment_id: int
    task_id: int
    title: str
    plan: str
    department_id: int
    department: str
    role: AssignmentRole
    state: AssignmentState
    due_on: date
    days_late: int
    holders: list[str]
    last_report: ReportHead | None


class OverdueGroup(NamedTuple):
    """A department or plan, and how much of it is overdue within the other filter."""

    id: int
    name: str
    total: int


@dataclass(frozen=True)
class OverdueList:
    """A page of the list, and by what it can be narrowed down."""

    page: Page[OverdueRow]
    departments: list[OverdueGroup]
    plans: list[OverdueGroup]


def overdue_assignments(today: date) -> ColumnElement[bool]:
    """Condition on :class:`Assignment` with its :class:`Task`: the deadline is past and nothing was submitted.

    A day for which more time was asked, and not decided yet, is not called past.
    """
    is_past = Assignment.due_on < today
    # The task's state is asked for within a condition on the assignment: of one on the task alone SQLite makes a
    # filter, and reads every task there is for it.
    is_held = Assignment.is_held
    return and_(Assignment.state.in_(OWING), is_past, ~is_held, case((is_past, Task.state)).in_(UNDER_WAY))


def list_overdue(
    session: Session,
    actor: Actor,
    *,
    today: date,
    department_id: int | None = None,
    plan_id: int | None = None,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> OverdueList:
    """What is overdue of what this person watches over or works on, the latest first; five queries."""
    condition = and_(overdue_assignments(today), or_(overseen_assignments(actor), held_assignments(actor)))
    counts = _count(session, condition)
    total = sum(one.total for one in counts if one.fits(department_id, plan_id))
    number = min(max(1, number), last_page(total, size))
    ids = (
        select(Assignment.id)
        .join(Task, Task.id == Assignment.task_id)
        .where(condition)
        .order_by(Assignment.due_on, Assignment.id)
        .limit(size)
        .offset((number - 1) * size)
    )
    if department_id is not None:
        ids = ids.where(Assignment.department_id == department_id)
    if plan_id is not None:
        ids = ids.where(Task.plan_id == plan_id)
    return OverdueList(
        page=Page(rows=_rows(session, list(session.scalars(ids)), today), number=number, size=size, total=total),
        departments=_grouped(
            (one.department_id, one.department, one.total) for one in counts if one.fits(None, plan_id)
        ),
        plans=_grouped((one.plan_id, one.plan, one.total) for one in counts if one.fits(department_id, None)),
    )


class _Count(NamedTuple):
    department_id: int
    department: str
    plan_id: int
    plan: str
    total: int

    def fits(self, department_id: int | None, plan_id: int | None) -> bool:
        return department_id in (None, self.department_id) and plan_id in (None, self.plan_id)


def _count(session: Session, condition: ColumnElement[bool]) -> list[_Count]:
    counted = (
        select(Assignment.department_id, Task.plan_id, func.count().label("total"))
        .join(Task, Task.id == Assignment.task_id)
        .where(condition)
        .group_by(Assignment.department_id, Task.plan_id)
        .subquery()
    )
    query = (
        select(Department.id, Department.name, Plan.id, Plan.title, counted.c.total)
        .join(Department, Department.id == counted.c.department_id)
        .join(Plan, Plan.id == counted.c.plan_id)
    )
    return [_Count(*row) for row in session.execute(query)]


def _grouped(counts: Iterable[tuple[int, str, int]]) -> list[OverdueGroup]:
    totals: dict[tuple[int, str], int] = defaultdict(int)
    for group_id, name, count in counts:
        totals[group_id, name] += count
    groups = [OverdueGroup(group_id, name, count) for (group_id, name), count in totals.items()]
    return sorted(groups, key=lambda group: (-group.total, group.id))


def _rows(session: Session, ids: list[int], today: date) -> list[OverdueRow]:
    found = session.execute(ASSIGNMENT_ROWS, {"assignment_ids": ids}).all()
    reports = last_reports(session, ids)
    liaisons = people_answerable(session, {row.department_id for row in found}, Role.LIAISON, today=today)
    return [
        OverdueRow(
            assignment_id=row.id,
            task_id=row.task_id,
            title=row.title,
            plan=row.plan,
            department_id=row.department_id,
            department=row.department,
            role=row.role,
            state=row.state,
            due_on=row.due_on,
            days_late=days_late(row.due_on, None, today),
            holders=[row.officer] if row.officer else [person.name for person in liaisons[row.department_id]],
            last_report=reports.get(row.id),
        )
        for row in found
    ]


def last_reports(session: Session, assignment_ids: Iterable[int]) -> dict[int, ReportHead]:
    """The last report of each assignment, its text cut to the beginning; one query."""
    last = (
        select(func.max(ProgressReport.id))
        .where(ProgressReport.assignment_id.in_(list(assignment_ids)))
        .group_by(ProgressReport.assignment_id)
    )
    query = select(
        ProgressReport.assignment_id,
        ProgressReport.reported_at,
        ProgressReport.is_unchanged,
        func.substr(ProgressReport.done, 1, REPORT_HEAD),
    ).where(ProgressReport.id.in_(last))
    return {assignment_id: ReportHead(*report) for assignment_id, *report in session.execute(query)}
