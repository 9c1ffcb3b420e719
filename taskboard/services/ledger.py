"""The ledger of a plan: every task that a person may see in one table, with its departments and what was last heard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import NotFound
from taskboard.domain.lights import Judgement
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import Actor
from taskboard.domain.terms import Terms
from taskboard.domain.workflow import AssignmentRole, AssignmentState, DeadlineOrigin, TaskState
from taskboard.models import Assignment, Department, Measure, Plan, ProgressReport, Task
from taskboard.services.lights import LIGHT_COLUMNS, light_of
from taskboard.services.paging import AnyRow
from taskboard.services.plans import visible_plans
from taskboard.services.visibility import topmost_tasks


class LastReport(NamedTuple):
    """What a department last reported."""

    reported_at: datetime
    is_unchanged: bool
    done: str


class LedgerUnit(NamedTuple):
    """A department on a task, with its own state and light."""

    department_id: int
    name: str
    role: AssignmentRole
    state: AssignmentState
    light: Judgement
    percent: int | None
    last_report: LastReport | None


class LedgerRow(NamedTuple):
    """One task of the ledger. ``text`` is the measure as the document states it."""

    task_id: int
    version: int
    position: int
    title: str
    text: str
    state: TaskState
    due_on: date | None
    is_ongoing: bool
    deadline_origin: DeadlineOrigin
    is_archived: bool
    units: list[LedgerUnit]

    @property
    def leads(self) -> list[LedgerUnit]:
        return [one for one in self.units if one.role is AssignmentRole.LEAD]

    @property
    def partners(self) -> list[LedgerUnit]:
        return [one for one in self.units if one.role is AssignmentRole.PARTNER]

    @property
    def terms(self) -> Terms:
        """Deadline and departments as they stand."""
        return Terms(
            self.due_on,
            self.is_ongoing,
            frozenset(one.department_id for one in self.leads),
            frozenset(one.department_id for one in self.partners),
        )

    @property
    def last_heard(self) -> LedgerUnit | None:
        """The department that reported last."""
        heard = [(one.last_report.reported_at, one) for one in self.units if one.last_report is not None]
        return max(heard, key=lambda pair: pair[0])[1] if heard else None


@dataclass(frozen=True)
class Ledger:
    """The tasks of one plan that exist for one person, at one moment."""

    plan_id: int
    plan: str
    body: str
    as_of: datetime
    is_whole: bool
    """whether the person supervises the plan and so sees all of it"""
    rows: list[LedgerRow]


def load_ledger(session: Session, plan_id: int, actor: Actor, *, now: datetime, calendar: WorkingCalendar) -> Ledger:
    """The tasks of the plan that this person may see, in the plan's order, without sub-tasks of one that they see, too.

    Four queries, however many there are. Raises :class:`NotFound` where nothing of the plan exists for this person.
    """
    plan = session.execute(
        select(Plan.title, Department.name, Department.path)
        .join(Department, Department.id == Plan.body_id)
        .where(Plan.id == plan_id, visible_plans(actor))
    ).one_or_none()
    if plan is None:
        raise NotFound(subject="plan")
    wanted = select(Task.id).where(Task.plan_id == plan_id, topmost_tasks(actor))
    tasks = _tasks(session, wanted)
    units = _units(session, wanted, tasks, today=local_date(now), calendar=calendar)
    return Ledger(
        plan_id=plan_id,
        plan=plan.title,
        body=plan.name,
        as_of=now,
        is_whole=actor.supervises(plan.path),
        rows=[_ledger_row(row, units[row.id]) for row in tasks.values()],
    )


def _tasks(session: Session, wanted: Select[int]) -> dict[int, AnyRow]:
    query = (
        select(
            Task.id,
            Task.version,
            Task.position,
            Task.title,
            Measure.text,
            Task.state,
            Task.due_on,
            Task.is_ongoing,
            Task.deadline_origin,
            Task.issued_at,
            Task.archived_at,
        )
        .join(Measure, Measure.id == Task.measure_id)
        .where(Task.id.in_(wanted))
        .order_by(Task.position, Task.id)
    )
    return {row.id: row for row in session.execute(query)}


def _ledger_row(row: AnyRow, units: list[LedgerUnit]) -> LedgerRow:
    return LedgerRow(
        task_id=row.id,
        version=row.version,
        position=row.position,
        title=row.title,
        text=row.text,
        state=row.state,
        due_on=row.due_on,
        is_ongoing=row.is_ongoing,
        deadline_origin=row.deadline_origin,
        is_archived=row.archived_at is not None,
        units=units,
    )


def _units(
    session: Session, wanted: Select[int], tasks: Mapping[int, AnyRow], *, today: date, calendar: WorkingCalendar
) -> dict[int, list[LedgerUnit]]:
    query = (
        select(
            Assignment.id,
            Assignment.task_id,
            Assignment.department_id,
            Department.name,
            Assignment.role,
            Assignment.state,
            Assignment.percent,
            *LIGHT_COLUMNS,
        )
        .join(Task, Task.id == Assignment.task_id)
        .join(Plan, Plan.id == Task.plan_id)
        .join(Department, Department.id == Assignment.department_id)
        .where(Assignment.task_id.in_(wanted))
        .order_by(Assignment.position, Assignment.id)
    )
    reports = _last_reports(session, wanted)
    rows: dict[int, list[AnyRow]] = defaultdict(list)
    for row in session.execute(query):
        rows[row.task_id].append(row)
    units: dict[int, list[LedgerUnit]] = defaultdict(list)
    for task_id, ones in rows.items():
        for row in standing(ones):
            light = light_of(row, today=today, calendar=calendar)
            units[task_id].append(
                LedgerUnit(row.department_id, row.name, row.role, row.state, light, row.percent, reports.get(row.id))
            )
    return units


def standing(assignments: Iterable[Any]) -> Sequence[Any]:
    """The assignments that count: without those withdrawn, unless the end of the task withdrew them all."""
    ones = list(assignments)
    return [one for one in ones if one.state is not AssignmentState.WITHDRAWN] or ones


def _last_reports(session: Session, wanted: Select[int]) -> dict[int, LastReport]:
    last = (
        select(func.max(ProgressReport.id))
        .join(Assignment, Assignment.id == ProgressReport.assignment_id)
        .where(Assignment.task_id.in_(wanted))
        .group_by(ProgressReport.assignment_id)
    )
    query = select(
        ProgressReport.assignment_id, ProgressReport.reported_at, ProgressReport.is_unchanged, ProgressReport.done
    ).where(ProgressReport.id.in_(last))
    return {row.assignment_id: LastReport(*row[1:]) for row in session.execute(query)}
