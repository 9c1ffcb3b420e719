"""All tasks that a person may see, narrowed down by plan, department, state, time and light; what bulk acts begin with.

A task shows the worst light of its branches, as far as they are this person's business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from taskboard.domain.deadlines import days_late
from taskboard.domain.lights import SEVERITY, Judgement, Light, reasons_of
from taskboard.domain.permissions import Actor
from taskboard.domain.workflow import AssignmentRole, AssignmentState, DeadlineOrigin, TaskState
from taskboard.models import Assignment, Department, Plan, Task
from taskboard.services.calendar import load_calendar
from taskboard.services.lights import LIGHT_COLUMNS, LightTwin, light_of, light_twin
from taskboard.services.overdue import overdue_assignments
from taskboard.services.paging import PAGE_SIZE, Page, fetch_page
from taskboard.services.visibility import held_assignments, overseen_assignments, topmost_tasks, visible_tasks

MOST_AT_ONCE = 5000
"""tasks that one bulk act takes"""


@dataclass(frozen=True)
class TaskFilter:
    """What is asked for; what is left out does not narrow down. Days are inclusive."""

    plan_id: int | None = None
    department_id: int | None = None
    state: TaskState | None = None
    is_overdue: bool = False
    due_from: date | None = None
    due_to: date | None = None
    words: str = ""
    light: Light | None = None


class FoundTask(NamedTuple):
    """One task of the list; ``days_late`` is that of its latest branch, 0 where none is overdue."""

    id: int
    title: str
    plan: str
    state: TaskState
    due_on: date | None
    is_ongoing: bool
    deadline_origin: DeadlineOrigin
    leads: list[str]
    partners: list[str]
    days_late: int
    light: Judgement | None
    """the worst of its branches; none where no branch is this person's business"""


class Choice(NamedTuple):
    id: int
    name: str


@dataclass(frozen=True)
class TaskSearch:
    """A page of what was found, and by what it can be narrowed down."""

    page: Page[FoundTask]
    plans: list[Choice]
    departments: list[Choice]


def search_tasks(
    session: Session,
    actor: Actor,
    wanted: TaskFilter,
    *,
    today: date,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> TaskSearch:
    """The tasks that fit, by deadline, those without one last; a fixed number of queries."""
    query = (
        select(
            Task.id,
            Task.title,
            Plan.title.label("plan"),
            Task.state,
            Task.due_on,
            Task.is_ongoing,
            Task.deadline_origin,
        )
        .join(Plan, Plan.id == Task.plan_id)
        .where(*_conditions(session, actor, wanted, today))
        .order_by(Task.due_on.is_(None), Task.due_on, Task.id)
    )
    page = fetch_page(session, query, number=number, size=size)
    units = _units(session, [row.id for row in page.rows])
    late = _latest(session, [row.id for row in page.rows], today)
    lights = _worst_lights(session, actor, [row.id for row in page.rows], today)
    rows = [
        FoundTask(
            id=row.id,
            title=row.title,
            plan=row.plan,
            state=row.state,
            due_on=row.due_on,
            is_ongoing=row.is_ongoing,
            deadline_origin=row.deadline_origin,
            leads=[name for role, name in units[row.id] if role is AssignmentRole.LEAD],
            partners=[name for role, name in units[row.id] if role is AssignmentRole.PARTNER],
            days_late=days_late(late.get(row.id), None, today),
            light=lights.get(row.id),
        )
        for row in page.rows
    ]
    return TaskSearch(page.of(rows), _plans(session, actor), _departments(session, actor))


def find_task_ids(session: Session, actor: Actor, wanted: TaskFilter, *, today: date) -> list[int]:
    """The ids of all that fit, at most :data:`MOST_AT_ONCE`."""
    query = select(Task.id).where(*_conditions(session, actor, wanted, today)).order_by(Task.id).limit(MOST_AT_ONCE)
    return list(session.scalars(query))


def _conditions(session: Session, actor: Actor, wanted: TaskFilter, today: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [topmost_tasks(actor), Task.archived_at.is_(None)]
    if wanted.plan_id is not None:
        found.append(Task.plan_id == wanted.plan_id)
    if wanted.state is not None:
        found.append(Task.state == wanted.state)
    if wanted.due_from is not None:
        found.append(Task.due_on >= wanted.due_from)
    if wanted.due_to is not None:
        found.append(Task.due_on <= wanted.due_to)
    if wanted.words:
        found.append(Task.title.contains(wanted.words, autoescape=True))
    branch = _branch(actor, wanted, today)
    if branch:
        found.append(exists().where(Assignment.task_id == Task.id, *branch))
    if wanted.light is not None:
        twin = light_twin(session, today=today, calendar=load_calendar(session))
        worse = SEVERITY[: SEVERITY.index(wanted.light)]
        found.append(Task.id.in_(_with_light(actor, twin, [wanted.light])))
        if worse:
            found.append(Task.id.not_in(_with_light(actor, twin, worse)))
    return found


def _with_light(actor: Actor, twin: LightTwin, lights: Iterable[Light]) -> Select[int]:
    """Ids of the tasks with a branch of this person's business that shows one of the lights."""
    reasons = [reason.value for light in lights for reason in reasons_of(light)]
    return twin.select(Assignment.task_id).where(_is_own_business(actor), twin.reason.in_(reasons))


def _is_own_business(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Assignment` with its :class:`Task`: branches whose lateness and light this person is told.

    Whose they are, is not everybody's: the others on the task see their own.
    """
    is_standing = Assignment.state != AssignmentState.WITHDRAWN
    return and_(is_standing, or_(overseen_assignments(actor), held_assignments(actor)))


def _worst_lights(session: Session, actor: Actor, task_ids: list[int], today: date) -> dict[int, Judgement]:
    calendar = load_calendar(session)
    query = (
        select(Assignment.task_id, *LIGHT_COLUMNS)
        .join(Task, Task.id == Assignment.task_id)
        .join(Plan, Plan.id == Task.plan_id)
        .where(Assignment.task_id.in_(task_ids), _is_own_business(actor))
        .order_by(Assignment.position, Assignment.id)
    )
    found: dict[int, Judgement] = {}
    for row in session.execute(query):
        light = light_of(row, today=today, calendar=calendar)
        known = found.get(row.task_id)
        if known is None or SEVERITY.index(light.light) < SEVERITY.index(known.light):
            found[row.task_id] = light
    return found


def _branch(actor: Actor, wanted: TaskFilter, today: date) -> list[ColumnElement[bool]]:
    """What one and the same assignment of the task must be like."""
    branch: list[ColumnElement[bool]] = []
    if wanted.department_id is not None:
        branch.append(Assignment.department_id == wanted.department_id)
        branch.append(Assignment.state != AssignmentState.WITHDRAWN)
    if wanted.is_overdue:
        branch.append(overdue_assignments(today))
        branch.append(_is_own_business(actor))
    return branch


def _units(session: Session, task_ids: list[int]) -> dict[int, list[tuple[AssignmentRole, str]]]:
    query = (
        select(Assignment.task_id, Assignment.role, Department.name)
        .join(Department, Department.id == Assignment.department_id)
        .where(Assignment.task_id.in_(task_ids), Assignment.state != AssignmentState.WITHDRAWN)
        .order_by(Assignment.position, Assignment.id)
    )
    found: dict[int, list[tuple[AssignmentRole, str]]] = defaultdict(list)
    for task_id, role, name in session.execute(query):
        found[task_id].append((role, name))
    return found


def _latest(session: Session, task_ids: list[int], today: date) -> dict[int, date | None]:
    query = (
        select(Assignment.task_id, func.min(Assignment.due_on))
        .join(Task, Task.id == Assignment.task_id)
        .where(Assignment.task_id.in_(task_ids), overdue_assignments(today))
        .group_by(Assignment.task_id)
    )
    return dict(session.execute(query).all())


def _plans(session: Session, actor: Actor) -> list[Choice]:
    # One task is enough: each plan is asked by its index, and not all tasks for their plans.
    has_tasks = exists().where(Task.plan_id == Plan.id, visible_tasks(actor)).correlate(Plan)
    query = select(Plan.id, Plan.title).where(has_tasks).order_by(Plan.id.desc())
    return [Choice(*row) for row in session.execute(query)]


def _departments(session: Session, actor: Actor) -> list[Choice]:
    # Under other names: what is visible asks about assignments and departments itself.
    one, named = aliased(Department), aliased(Assignment)
    seen = visible_tasks(actor)
    is_shown: ColumnElement[bool]
    if actor.overseen_paths:
        # Nearly every department has a task that is seen: the first one found is enough.
        is_shown = exists().where(named.department_id == one.id, named.task_id == Task.id, seen).correlate(one)
    else:
        # Few tasks are seen, and they name their departments.
        is_shown = one.id.in_(select(named.department_id).join(Task, Task.id == named.task_id).where(seen))
    query = select(one.id, one.name).where(is_shown).order_by(one.path)
    return [Choice(*row) for row in session.execute(query)]
