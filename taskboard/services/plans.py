"""Plans that were imported: the list with its figures, one plan with its measures and tasks, the source document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, false, func, or_, select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import NotFound
from taskboard.domain.lights import Judgement, Light
from taskboard.domain.permissions import Actor
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentRole, AssignmentState, DeadlineOrigin, TaskState
from taskboard.models import (
    Assignment,
    Department,
    ImportDraft,
    Measure,
    Person,
    Plan,
    PlanDefaultDepartment,
    PlanSource,
    Task,
)
from taskboard.services.department_tree import in_subtree
from taskboard.services.lights import LIGHT_COLUMNS, light_of, light_twin
from taskboard.services.overdue import overdue_assignments
from taskboard.services.paging import PAGE_SIZE, AnyRow, AnySelect, Page, fetch_page
from taskboard.services.visibility import held_assignments, overseen_assignments, topmost_tasks, visible_tasks

TASKS_PER_PAGE = 200
"""of one plan; most plans then stand on one page, where drafts can be chosen for issue together"""


class Figures(NamedTuple):
    """How many tasks of a plan stand where, of those that one person may see.

    ``overdue`` counts tasks that a department is late with which this person works in or watches over, ``archived``
    those of ``closed`` that lie in the archive.
    """

    total: int = 0
    drafts: int = 0
    running: int = 0
    closed: int = 0
    overdue: int = 0
    archived: int = 0


class PlanRow(NamedTuple):
    """A plan in the list."""

    id: int
    title: str
    body: str
    dated_on: date | None
    imported_at: datetime
    figures: Figures


class TaskUnit(NamedTuple):
    """A department on a task; ``light`` is its own, for the truth is per department."""

    name: str
    role: AssignmentRole
    state: AssignmentState
    is_confirmed: bool
    light: Judgement


class PlanTask(NamedTuple):
    """A measure of the plan with its task."""

    task_id: int
    version: int
    position: int
    path: str
    title: str
    state: TaskState
    due_on: date | None
    is_ongoing: bool
    deadline_origin: DeadlineOrigin
    leads: list[TaskUnit]
    partners: list[TaskUnit]

    @property
    def is_draft(self) -> bool:
        return self.state is TaskState.DRAFT


class RevisedSource(NamedTuple):
    """A document by which a plan was revised."""

    draft_id: int
    name: str
    applied_at: datetime


@dataclass(frozen=True)
class PlanDetail:
    """One plan as its page shows it."""

    id: int
    title: str
    body: str
    issuer: str | None
    document_number: str | None
    dated_on: date | None
    horizon_on: date | None
    report_rhythm: PlanRhythm
    report_day: int | None
    source_name: str
    imported_at: datetime
    imported_by: str
    revisions: list[RevisedSource]
    """documents by which the plan was revised since, the newest first"""
    defaults: list[str]
    figures: Figures
    tasks: Page[PlanTask]
    may_issue: bool


# Conditions


def supervised_bodies(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Department`: those where this person is supervisor, and all below them."""
    return or_(false(), *(in_subtree(post.path) for post in actor.posts if post.role is Role.SUPERVISOR))


def supervised_plans(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Plan`: those of supervised bodies."""
    return Plan.body_id.in_(select(Department.id).where(supervised_bodies(actor)))


def visible_plans(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Plan`: those with a task that exists for this person, and those they supervise."""
    return or_(supervised_plans(actor), exists().where(Task.plan_id == Plan.id, visible_tasks(actor)))


# The list


def list_plans(session: Session, actor: Actor, *, today: date, number: int = 1, size: int = PAGE_SIZE) -> Page[PlanRow]:
    """A page of the plans, the last imported first; three queries, however many there are."""
    query = (
        select(Plan.id, Plan.title, Department.name, Plan.dated_on, Plan.imported_at)
        .join(Department, Department.id == Plan.body_id)
        .where(visible_plans(actor))
        .order_by(Plan.imported_at.desc(), Plan.id.desc())
    )
    page = fetch_page(session, query, number=number, size=size)
    figures = _figures(session, [row.id for row in page.rows], actor, today)
    return page.of([PlanRow._make((*row, figures[row.id])) for row in page.rows])


def _figures(session: Session, plan_ids: Sequence[int], actor: Actor, today: date) -> dict[int, Figures]:
    watched = or_(overseen_assignments(actor), held_assignments(actor))
    is_overdue = exists().where(Assignment.task_id == Task.id, overdue_assignments(today), watched)
    ended = (TaskState.CLOSED, TaskState.TERMINATED)
    query = (
        select(
            Task.plan_id,
            func.count(),
            func.count().filter(Task.state == TaskState.DRAFT),
            func.count().filter(Task.state.not_in((TaskState.DRAFT, *ended))),
            func.count().filter(Task.state.in_(ended)),
            func.count().filter(is_overdue),
            func.count().filter(Task.archived_at.is_not(None)),
        )
        .where(Task.plan_id.in_(plan_ids), topmost_tasks(actor))
        .group_by(Task.plan_id)
    )
    figures = {plan_id: Figures(*counts) for plan_id, *counts in session.execute(query)}
    return {plan_id: figures.get(plan_id, Figures()) for plan_id in plan_ids}


# One plan


def get_plan(
    session: Session,
    plan_id: int,
    actor: Actor,
    *,
    today: date,
    calendar: WorkingCalendar,
    light: Light | None = None,
    archived: bool = False,
    number: int = 1,
) -> PlanDetail:
    """The plan with a page of its measures, or of those on which a department has this light.

    Measures whose tasks lie in the archive are not among them; with ``archived`` there are these and no others.
    Raises ``NotFound`` where nothing of it exists for this person.
    """
    row = session.execute(
        select(Plan, Department.name, Department.path, Person.name)
        .join(Department, Department.id == Plan.body_id)
        .join(Person, Person.id == Plan.imported_by_id)
        .where(Plan.id == plan_id, visible_plans(actor))
    ).one_or_none()
    if row is None:
        raise NotFound(subject="plan")
    plan, body, body_path, imported_by = row
    return PlanDetail(
        id=plan.id,
        title=plan.title,
        body=body,
        issuer=plan.issuer,
        document_number=plan.document_number,
        dated_on=plan.dated_on,
        horizon_on=plan.horizon_on,
        report_rhythm=plan.report_rhythm,
        report_day=plan.report_day,
        source_name=plan.source_name,
        imported_at=plan.imported_at,
        imported_by=imported_by,
        revisions=_revisions(session, plan.id),
        defaults=_defaults(session, plan.id),
        figures=_figures(session, [plan.id], actor, today)[plan.id],
        tasks=_tasks(
            session, plan.id, actor, today=today, calendar=calendar, light=light, archived=archived, number=number
        ),
        may_issue=actor.supervises(body_path),
    )


def _defaults(session: Session, plan_id: int) -> list[str]:
    query = (
        select(Department.name)
        .join(PlanDefaultDepartment, PlanDefaultDepartment.department_id == Department.id)
        .where(PlanDefaultDepartment.plan_id == plan_id)
        .order_by(Department.id)
    )
    return list(session.scalars(query))


def _tasks(
    session: Session,
    plan_id: int,
    actor: Actor,
    *,
    today: date,
    calendar: WorkingCalendar,
    light: Light | None,
    archived: bool,
    number: int,
) -> Page[PlanTask]:
    query = _task_query(plan_id, actor).where(Task.archived_at.is_not(None) if archived else Task.archived_at.is_(None))
    if light is not None:
        twin = light_twin(session, today=today, calendar=calendar)
        of_light = twin.ids(light, Task.plan_id == plan_id).with_only_columns(Assignment.task_id)
        query = query.where(Task.id.in_(of_light))
    page = fetch_page(session, query, number=number, size=TASKS_PER_PAGE)
    units = _units(session, page.rows, today=today, calendar=calendar)
    return page.of([_plan_task(row, units[row.id]) for row in page.rows])


def _task_query(plan_id: int, actor: Actor) -> AnySelect:
    return (
        select(
            Task.id,
            Task.version,
            Task.position,
            Measure.path,
            Task.title,
            Task.state,
            Task.due_on,
            Task.is_ongoing,
            Task.deadline_origin,
            Task.issued_at,
        )
        .join(Measure, Measure.id == Task.measure_id)
        .where(Task.plan_id == plan_id, topmost_tasks(actor))
        .order_by(Task.position, Task.id)
    )


def _plan_task(row: AnyRow, units: list[TaskUnit]) -> PlanTask:
    # Who was taken off is not named any more, unless the task ended for all of them.
    units = [unit for unit in units if unit.state is not AssignmentState.WITHDRAWN] or units
    return PlanTask(
        task_id=row.id,
        version=row.version,
        position=row.position,
        path=" / ".join(row.path),
        title=row.title,
        state=row.state,
        due_on=row.due_on,
        is_ongoing=row.is_ongoing,
        deadline_origin=row.deadline_origin,
        leads=[unit for unit in units if unit.role is AssignmentRole.LEAD],
        partners=[unit for unit in units if unit.role is AssignmentRole.PARTNER],
    )


def _units(
    session: Session, tasks: Sequence[AnyRow], *, today: date, calendar: WorkingCalendar
) -> dict[int, list[TaskUnit]]:

    query = (
        select(
            Assignment.task_id,
            Department.name,
            Assignment.role,
            Assignment.state,
            Assignment.is_confirmed,
            *LIGHT_COLUMNS,
        )
        .join(Task, Task.id == Assignment.task_id)
        .join(Plan, Plan.id == Task.plan_id)
        .join(Department, Department.id == Assignment.department_id)
        .where(Assignment.task_id.in_([task.id for task in tasks]))
        .order_by(Assignment.position, Assignment.id)
    )
    units: dict[int, list[TaskUnit]] = defaultdict(list)
    for row in session.execute(query):
        light = light_of(row, today=today, calendar=calendar)
        units[row.task_id].append(TaskUnit(row.name, row.role, row.state, row.is_confirmed, light))
    return units


def get_source(session: Session, plan_id: int, actor: Actor) -> tuple[str, bytes]:
    """Name and content of the document; raises ``NotFound`` as :func:`get_plan` does."""
    row = session.execute(
        select(Plan.source_name, PlanSource.content)
        .join(PlanSource, PlanSource.plan_id == Plan.id)
        .where(Plan.id == plan_id, visible_plans(actor))
    ).one_or_none()
    if row is None:
        raise NotFound(subject="plan")
    return row.source_name, row.content


def _revisions(session: Session, plan_id: int) -> list[RevisedSource]:
    # The draft of the first import gave its document to the plan and keeps none.
    query = (
        select(ImportDraft.id, ImportDraft.source_name, ImportDraft.updated_at)
        .where(ImportDraft.plan_id == plan_id, func.length(ImportDraft.content) > 0)
        .order_by(ImportDraft.id.desc())
    )
    return [RevisedSource(*row) for row in session.execute(query)]


def get_revised_source(session: Session, plan_id: int, draft_id: int, actor: Actor) -> tuple[str, bytes]:
    """Name and content of a document by which the plan was revised; raises ``NotFound`` as :func:`get_plan` does."""
    row = session.execute(
        select(ImportDraft.source_name, ImportDraft.content)
        .join(Plan, Plan.id == ImportDraft.plan_id)
        .where(Plan.id == plan_id, ImportDraft.id == draft_id, visible_plans(actor))
        .where(func.length(ImportDraft.content) > 0)
    ).one_or_none()
    if row is None:
        raise NotFound(subject="plan")
    return row.source_name, row.content
