"""The list of one's own tasks: what one works on, and what waits for one's decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Executable,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.lights import Judgement, Light, due_soon_until
from taskboard.domain.periods import ReportDue, Rhythm
from taskboard.domain.permissions import (
    DEPARTMENT_WIDE,
    Actor,
)
from taskboard.domain.workflow import (
    OPEN_ASSIGNMENT,
    OPEN_TASK,
    OWING,
    UNDER_WAY,
    AssignmentRole,
    AssignmentState,
    TaskState,
)
from taskboard.models import Assignment, Task
from taskboard.services.answerable import find_vacancies
from taskboard.services.assignment_rows import ASSIGNMENT_ROWS, DUE_FIRST
from taskboard.services.lights import LIGHT_COLUMNS, LightTwin, light_of, light_twin
from taskboard.services.overdue import overdue_assignments
from taskboard.services.paging import PAGE_SIZE, Page, last_page
from taskboard.services.periods import owed_report
from taskboard.services.visibility import (
    department_ids,
    held_assignments,
    issued_subtasks,
    supervised_assignments,
    task_value,
)


class Show(StrEnum):
    """Which of one's tasks a list shows."""

    ALL = "all"
    OVERDUE = "overdue"
    DUE_SOON = "due_soon"
    TO_ACKNOWLEDGE = "to_acknowledge"
    ISSUED = "issued"
    """the sub-tasks into which one's departments split their parts: others work on them"""


class TaskRow(NamedTuple):
    """One assignment in a list of tasks, with its light."""

    assignment_id: int
    task_id: int
    title: str
    plan: str
    department_id: int
    department: str
    role: AssignmentRole
    state: AssignmentState
    task_state: TaskState
    due_on: date | None
    is_ongoing: bool
    officer: str | None
    percent: int | None
    last_reported_at: datetime | None
    light: Judgement
    report_due: ReportDue | None
    """the report that is owed next, where the plan has a rhythm"""


@dataclass(frozen=True)
class MyTasks:
    """A page of one's tasks, and how many there are under each heading."""

    page: Page[TaskRow]
    counts: Mapping[Show, int]


def list_my_tasks(
    session: Session,
    actor: Actor,
    *,
    today: date,
    calendar: WorkingCalendar,
    show: Show = Show.ALL,
    light: Light | None = None,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> MyTasks:
    """The open assignments this person works on, what is due first on top.

    A fixed number of queries, however many tasks there are.
    """
    desk = _desk(session, actor, today)
    soon = due_soon_until(today, calendar)
    counts = _count(session, desk, today, soon)
    if light is not None:
        twin = light_twin(session, today=today, calendar=calendar)
        return MyTasks(_page_of_light(session, desk, show, twin, light=light, number=number, size=size), counts)
    total = counts[show]
    number = min(max(1, number), last_page(total, size))
    place = {"size": size, "offset": (number - 1) * size}
    ids = session.scalars(_asked_for(desk, show, today, soon), place)
    rows = _task_rows(session, list(ids), today, calendar)
    return MyTasks(page=Page(rows=rows, number=number, size=size, total=total), counts=counts)


def _page_of_light(
    session: Session, desk: _Desk, show: Show, twin: LightTwin, *, light: Light, number: int, size: int
) -> Page[TaskRow]:
    """The page of what the heading shows with this light."""
    soon = due_soon_until(twin.today, twin.calendar)
    ids = twin.ids(light, _is_asked_for(desk, show, twin.today, soon))
    total = session.scalar(select(func.count()).select_from(ids.subquery())) or 0
    number = min(max(1, number), last_page(total, size))
    ordered = ids.order_by(*DUE_FIRST).limit(size).offset((number - 1) * size)
    rows = _task_rows(session, list(session.scalars(ordered)), twin.today, twin.calendar)
    return Page(rows=rows, number=number, size=size, total=total)


COUNTED = (Show.ALL, Show.OVERDUE, Show.DUE_SOON, Show.TO_ACKNOWLEDGE)

# The statements of a list are built from some hundred parts, which takes longer than running them: they are kept for
# whoever opens the same list again. Nothing in them comes from the database but what stands in their arguments.
keep_statement = lru_cache(maxsize=1024)


@keep_statement
def _asked_for(desk: _Desk, show: Show, today: date, soon: date) -> Select[int]:
    """Ids of one page of the list, what is due first on top."""
    return (
        select(Assignment.id)
        .join(Task, Task.id == Assignment.task_id)
        .where(_is_asked_for(desk, show, today, soon))
        .order_by(*DUE_FIRST)
        .limit(bindparam("size", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )


def _is_asked_for(desk: _Desk, show: Show, today: date, soon: date) -> ColumnElement[bool]:
    if show is Show.ISSUED:
        return _issued(desk)
    return and_(_mine(desk), _conditions(today, soon)[show])


def _conditions(today: date, soon: date) -> dict[Show, ColumnElement[bool]]:
    is_owed = and_(Assignment.state.in_(OWING), Task.state.in_(UNDER_WAY))
    return {
        Show.ALL: true(),
        Show.OVERDUE: overdue_assignments(today),
        Show.DUE_SOON: and_(is_owed, Assignment.due_on.between(today, soon)),
        Show.TO_ACKNOWLEDGE: and_(Assignment.state == AssignmentState.PENDING, Task.state.in_(UNDER_WAY)),
    }


class _Desk(NamedTuple):
    """Whose list it is, and for which departments they may have to stand in: nobody there is head or liaison."""

    actor: Actor
    unmanned: tuple[int, ...]


def _desk(session: Session, actor: Actor, today: date) -> _Desk:
    return _Desk(actor, find_vacancies(session, actor, today=today).unmanned)


def _mine(desk: _Desk) -> ColumnElement[bool]:
    """Open assignments this person works on or stands in for."""
    is_mine = held_assignments(desk.actor)
    is_open = Assignment.state.in_(OPEN_ASSIGNMENT)
    if desk.unmanned:
        stands_in = Assignment.department_id.in_(desk.unmanned)
        is_mine = or_(is_mine, and_(stands_in, supervised_assignments(desk.actor, unmanned=desk.unmanned)))
    return and_(is_mine, is_open, task_value(Task.state).in_(OPEN_TASK))


def _issued(desk: _Desk) -> ColumnElement[bool]:
    """What is open of the sub-tasks that this person's departments issued."""
    is_open = Assignment.state.in_(OPEN_ASSIGNMENT)
    return and_(issued_subtasks(desk.actor), is_open, task_value(Task.state).in_(OPEN_TASK))


def _count(session: Session, desk: _Desk, today: date, soon: date) -> dict[Show, int]:
    counted, issued = _counting(desk, today, soon)
    counts = dict(zip(COUNTED, session.execute(counted).one(), strict=True))
    counts[Show.ISSUED] = (session.scalar(issued) or 0) if issued is not None else 0
    return counts


@keep_statement
def _counting(desk: _Desk, today: date, soon: date) -> tuple[Executable, Select[int] | None]:
    """How much there is under each heading, and how much of sub-tasks is open."""
    conditions = _conditions(today, soon)
    counted = (
        select(*(func.count().filter(conditions[show]) for show in COUNTED))
        .select_from(Assignment)
        .join(Task, Task.id == Assignment.task_id)
        .where(_mine(desk))
    )
    may_issue = department_ids(desk.actor, DEPARTMENT_WIDE)
    issued = select(func.count()).select_from(Assignment).where(_issued(desk)) if may_issue else None
    return counted, issued


_TASK_ROWS = ASSIGNMENT_ROWS.add_columns(
    Task.state.label("task_state"),
    Task.is_ongoing,
    Assignment.percent,
    Assignment.last_reported_at,
    *LIGHT_COLUMNS,
)


def _task_rows(session: Session, ids: Sequence[int], today: date, calendar: WorkingCalendar) -> list[TaskRow]:
    return [
        TaskRow(
            assignment_id=row.id,
            task_id=row.task_id,
            title=row.title,
            plan=row.plan,
            department_id=row.department_id,
            department=row.department,
            role=row.role,
            state=row.state,
            task_state=row.task_state,
            due_on=row.due_on,
            is_ongoing=row.is_ongoing,
            officer=row.officer,
            percent=row.percent,
            last_reported_at=row.last_reported_at,
            light=light_of(row, today=today, calendar=calendar),
            report_due=_report_due(row, today, calendar),
        )
        for row in session.execute(_TASK_ROWS, {"assignment_ids": list(ids)})
    ]


def _report_due(row: Any, today: date, calendar: WorkingCalendar) -> ReportDue | None:
    if row.state not in OWING or row.task_state not in UNDER_WAY:
        return None
    since = row.light_owing_since or row.light_issued_at
    rhythm = Rhythm(row.light_rhythm, row.light_day)
    return owed_report(rhythm, row.role, since, row.last_reported_at, today=today, calendar=calendar)
