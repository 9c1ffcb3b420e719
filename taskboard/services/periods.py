"""Report periods of plans: the rhythm as supervisors set it, who reported in a period, and what was planned for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple, Unpack

from sqlalchemy import ColumnElement, Date, and_, case, delete, false, func, literal, or_, select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.local_time import at_local, local_date
from taskboard.domain.periods import (
    Period,
    ReportDue,
    Rhythm,
    due_day,
    next_period,
    owed_before,
    period_of,
    report_due,
)
from taskboard.domain.permissions import Actor
from taskboard.domain.report_rhythms import PlanRhythm, RhythmOrigin, is_day_of
from taskboard.domain.workflow import OWING, UNDER_WAY, Act, AssignmentRole, AssignmentState, TaskState
from taskboard.models import (
    Assignment,
    Department,
    HistoryEntry,
    PeriodReport,
    Plan,
    PlannedValue,
    ProgressReport,
    ReportFigure,
    Task,
    TaskLineage,
    TaskTarget,
)
from taskboard.models.base import UtcDateTime
from taskboard.services.cases import Acting, open_case
from taskboard.services.history import Writing, record_change
from taskboard.services.paging import PAGE_SIZE, Page, fetch_page
from taskboard.services.plan_access import supervised_plan

# The rhythm of a plan


def set_rhythm(
    session: Session, plan_id: int, *, rhythm: PlanRhythm, day: int | None, version: int | None, **by: Unpack[Writing]
) -> Plan:
    """Decide how often the departments report on the plan; without a day it is Friday, or the 25th.

    Raises :class:`NotFound` for who does not supervise the plan, :class:`Invalid` for a day that the rhythm has not.
    """
    plan = supervised_plan(session, plan_id, by["actor"], lock=True)
    if version is not None and version != plan.version:
        raise Stale(version=plan.version)
    if day is not None and not is_day_of(rhythm, day):
        raise Invalid("day", "report_day_unfit")
    before = {"report_rhythm": plan.report_rhythm, "report_day": plan.report_day}
    after = {"report_rhythm": rhythm, "report_day": day}
    if before != after:
        plan.report_rhythm, plan.report_day, plan.rhythm_origin = rhythm, day, RhythmOrigin.DECIDED
        record_change(
            session, subject=Subject.PLAN, subject_id=plan.id, act=Change.CHANGED, before=before, after=after, **by
        )
    return plan


def get_rhythm(session: Session, plan_id: int) -> tuple[Rhythm, RhythmOrigin]:
    """How often reports on the plan are due, and how that is known; raises :class:`NotFound`."""
    query = select(Plan.report_rhythm, Plan.report_day, Plan.rhythm_origin).where(Plan.id == plan_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(subject="plan")
    return Rhythm(row.report_rhythm, row.report_day), row.rhythm_origin


# Who reported


class PeriodRow(NamedTuple):
    """One assignment that owes a report of the period."""

    assignment_id: int
    task_id: int
    position: int
    title: str
    department: str
    role: AssignmentRole
    last_reported_at: datetime | None
    is_reported: bool
    is_unchanged: bool
    percent: int | None


class DepartmentCount(NamedTuple):
    """How many reports of the period a department owes, and how many are there."""

    department_id: int
    name: str
    owed: int
    reported: int

    @property
    def missing(self) -> int:
        return self.owed - self.reported


@dataclass(frozen=True)
class PeriodOverview:
    """Who has reported in the period of today, and who has not."""

    plan_id: int
    plan: str
    version: int
    rhythm: Rhythm
    period: Period | None
    """None where the plan has no rhythm"""
    due_on: date | None
    partners_due_on: date | None
    departments: list[DepartmentCount]
    rows: Page[PeriodRow]

    @property
    def owed(self) -> int:
        return sum(one.owed for one in self.departments)

    @property
    def reported(self) -> int:
        return sum(one.reported for one in self.departments)


def get_overview(
    session: Session,
    plan_id: int,
    actor: Actor,
    *,
    today: date,
    calendar: WorkingCalendar,
    department_id: int | None = None,
    only_missing: bool = False,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> PeriodOverview:
    """The state of the current period for a plan's supervisors; :class:`NotFound` for others. Four queries."""
    plan = supervised_plan(session, plan_id, actor)
    rhythm = Rhythm(plan.report_rhythm, plan.report_day)
    period = period_of(rhythm, today)
    if period is None:
        empty: Page[PeriodRow] = Page(rows=[], number=1, size=size, total=0)
        return PeriodOverview(plan.id, plan.title, plan.version, rhythm, None, None, None, [], empty)
    owes = and_(Task.plan_id == plan_id, _owes(rhythm, period, calendar))
    has_reported = _has_reported(period)
    counts = session.execute(
        select(
            Assignment.department_id,
            Department.name,
            func.count(),
            func.sum(case((has_reported, 1), else_=0)),
        )
        .join(Task, Task.id == Assignment.task_id)
        .join(Department, Department.id == Assignment.department_id)
        .where(owes)
        .group_by(Assignment.department_id, Department.name)
    )
    query = (
        select(
            Assignment.id,
            Assignment.task_id,
            Task.position,
            Task.title,
            Department.name,
            Assignment.role,
            Assignment.last_reported_at,
            has_reported,
            func.coalesce(ProgressReport.is_unchanged, False),
            Assignment.percent,
        )
        .join(Task, Task.id == Assignment.task_id)
        .join(Department, Department.id == Assignment.department_id)
        .outerjoin(
            PeriodReport,
            and_(PeriodReport.assignment_id == Assignment.id, PeriodReport.period == period.key),
        )
        .outerjoin(ProgressReport, ProgressReport.id == PeriodReport.report_id)
        .where(owes)
        .order_by(has_reported, Task.position, Assignment.position, Assignment.id)
    )
    if department_id is not None:
        query = query.where(Assignment.department_id == department_id)
    if only_missing:
        query = query.where(~has_reported)
    page = fetch_page(session, query, number=number, size=size)
    departments = [DepartmentCount(*row) for row in counts]
    return PeriodOverview(
        plan_id=plan.id,
        plan=plan.title,
        version=plan.version,
        rhythm=rhythm,
        period=period,
        due_on=due_day(rhythm, period, AssignmentRole.LEAD, calendar),
        partners_due_on=due_day(rhythm, period, AssignmentRole.PARTNER, calendar),
        departments=sorted(departments, key=lambda one: (-one.missing, one.department_id)),
        rows=page.of([PeriodRow(*row) for row in page.rows]),
    )


def _owes(rhythm: Rhythm, period: Period, calendar: WorkingCalendar) -> ColumnElement[bool]:
    """Condition on assignment and task: a report of the period is owed."""
    since = func.coalesce(Assignment.owing_since, Assignment.issued_at, Task.issued_at)
    limit = at_local(owed_before(rhythm, period, calendar), time.min)
    return and_(Assignment.state.in_(OWING), Task.state.in_(UNDER_WAY), since < limit)


def _has_reported(period: Period) -> ColumnElement[bool]:
    """Condition on the assignment: the report of the period was made, or a later one."""
    return func.coalesce(Assignment.last_reported_at >= at_local(period.first_on, time.min), False)


def _has_rhythm(rhythm: Rhythm) -> ColumnElement[bool]:
    return and_(Plan.report_rhythm == rhythm.kind, Plan.report_day.is_not_distinct_from(rhythm.day))


def misses_report(rhythm: Rhythm, period: Period, calendar: WorkingCalendar) -> ColumnElement[bool]:
    """Condition on assignment, task and plan: the plan has the rhythm, and the period's report is owed and was not
    made yet."""
    return and_(_has_rhythm(rhythm), _owes(rhythm, period, calendar), ~_has_reported(period))


def load_rhythms(session: Session) -> list[Rhythm]:
    """The rhythms that plans have."""
    query = select(Plan.report_rhythm, Plan.report_day).distinct().where(Plan.report_rhythm != PlanRhythm.NONE)
    return [Rhythm(kind, day) for kind, day in session.execute(query)]


class OwedNow(NamedTuple):
    """The reports of the periods that run, as parts of a query on assignment, task and plan."""

    condition: ColumnElement[bool]
    """one is owed and was not made yet"""
    due_on: ColumnElement[date]
    since: ColumnElement[datetime]
    """the beginning of the period"""


def owed_now(session: Session, *, today: date, calendar: WorkingCalendar) -> OwedNow:
    """What is owed of the periods of today, over all rhythms that plans have; one query for these."""
    conditions: list[ColumnElement[bool]] = []
    due_days: list[tuple[ColumnElement[bool], Any]] = []
    begins: list[tuple[ColumnElement[bool], Any]] = []
    for rhythm in load_rhythms(session):
        period = period_of(rhythm, today)
        if period is None:
            continue
        is_rhythm = _has_rhythm(rhythm)
        conditions.append(misses_report(rhythm, period, calendar))
        begins.append((is_rhythm, literal(at_local(period.first_on, time.min), UtcDateTime)))
        due_days += [
            (and_(is_rhythm, Assignment.role == role), literal(due_day(rhythm, period, role, calendar), Date))
            for role in AssignmentRole
        ]
    if not conditions:
        return OwedNow(false(), literal(None, Date), literal(None, UtcDateTime))
    return OwedNow(or_(*conditions), case(*due_days), case(*begins))


# What one department owes


class ReportToBuildOn(NamedTuple):
    """What a partner, or who has a sub-task of the part, reported in the period."""

    assignment_id: int
    department: str
    text: str
    is_unchanged: bool
    percent: int | None


@dataclass(frozen=True)
class ReportPanel:
    """What stands beside the form of a report: for which period it is, and what others said in it."""

    due: ReportDue | None
    partners: list[ReportToBuildOn]
    subtasks: list[ReportToBuildOn]

    @property
    def draft(self) -> str:
        """The words of partners and of sub-tasks for a form that is still empty."""
        return "\n".join(f"{one.department}：{one.text}" for one in (*self.partners, *self.subtasks) if one.text)


def report_panels(session: Session, task_id: int, *, today: date, calendar: WorkingCalendar) -> dict[int, ReportPanel]:
    """What stands beside each assignment's report form, by assignment; three queries."""
    rows = session.execute(
        select(
            Assignment.id,
            Assignment.role,
            Assignment.last_reported_at,
            func.coalesce(Assignment.owing_since, Assignment.issued_at, Task.issued_at),
            Plan.report_rhythm,
            Plan.report_day,
        )
        .join(Task, Task.id == Assignment.task_id)
        .join(Plan, Plan.id == Task.plan_id)
        .where(Task.id == task_id)
    ).all()
    if not rows:
        return {}
    rhythm = Rhythm(rows[0].report_rhythm, rows[0].report_day)
    period = period_of(rhythm, today)
    partners = _partner_reports(session, task_id, period) if period is not None else []
    subtasks = _subtask_reports(session, task_id, period) if period is not None else {}
    return {
        row.id: ReportPanel(
            owed_report(rhythm, row.role, row[3], row.last_reported_at, today=today, calendar=calendar),
            partners if row.role is AssignmentRole.LEAD else [],
            subtasks.get(row.id, []),
        )
        for row in rows
    }


def owed_report(
    rhythm: Rhythm,
    role: AssignmentRole,
    since: datetime | None,
    reported_at: datetime | None,
    *,
    today: date,
    calendar: WorkingCalendar,
) -> ReportDue | None:
    """The report owed by who has the work since that moment; ``None`` without a rhythm, or for a draft."""
    if since is None:
        return None
    return report_due(
        rhythm,
        role,
        since=local_date(since),
        reported_on=local_date(reported_at) if reported_at else None,
        today=today,
        calendar=calendar,
    )


_REPORTS_OF_PERIOD = (
    select(Assignment.id, Department.name, ProgressReport.done, ProgressReport.is_unchanged, ProgressReport.percent)
    .join(PeriodReport, PeriodReport.assignment_id == Assignment.id)
    .join(ProgressReport, ProgressReport.id == PeriodReport.report_id)
    .join(Department, Department.id == Assignment.department_id)
)


def _partner_reports(session: Session, task_id: int, period: Period) -> list[ReportToBuildOn]:
    query = _REPORTS_OF_PERIOD.where(
        Assignment.task_id == task_id,
        Assignment.role == AssignmentRole.PARTNER,
        PeriodReport.period == period.key,
    ).order_by(Assignment.position, Assignment.id)
    return [ReportToBuildOn(*row) for row in session.execute(query)]


def _subtask_reports(session: Session, task_id: int, period: Period) -> dict[int, list[ReportToBuildOn]]:
    """What was reported on the sub-tasks of each part, by the part."""
    query = (
        _REPORTS_OF_PERIOD.add_columns(TaskLineage.assignment_id)
        .join(Task, Task.id == Assignment.task_id)
        .join(TaskLineage, and_(TaskLineage.task_id == Task.id, TaskLineage.distance == 1))
        .where(
            Task.parent_id == task_id,
            Task.state != TaskState.TERMINATED,
            Assignment.state != AssignmentState.WITHDRAWN,
            PeriodReport.period == period.key,
        )
        .order_by(Task.id, Assignment.position, Assignment.id)
    )
    found: dict[int, list[ReportToBuildOn]] = defaultdict(list)
    for *report, part_id in session.execute(query):
        found[part_id].append(ReportToBuildOn(*report))
    return found


# What was planned


class PlannedPeriod(NamedTuple):
    """A period with what is planned for its end: percent, and each target's figure by its id."""

    period: Period
    percent: float | None
    figures: Mapping[int, float]


FEWEST_PERIODS = 4
MOST_PERIODS = 24
"""periods that a trajectory shows: up to the deadline, but neither fewer nor more"""


def trajectory_periods(rhythm: Rhythm, *, begins: date, due_on: date | None) -> list[Period]:
    """The periods for which progress can be planned: from the issue to the deadline."""
    period = period_of(rhythm, begins)
    found: list[Period] = []
    while period is not None and len(found) < MOST_PERIODS:
        if len(found) >= FEWEST_PERIODS and (due_on is None or period.first_on > due_on):
            break
        found.append(period)
        period = next_period(rhythm, period)
    return found


def list_planned(session: Session, task_id: int) -> list[PlannedPeriod]:
    """The task's trajectory: the periods from its issue to its deadline, with what is planned; two queries."""
    row = session.execute(
        select(Plan.report_rhythm, Plan.report_day, Task.issued_at, Task.created_at, Task.due_on)
        .join(Plan, Plan.id == Task.plan_id)
        .where(Task.id == task_id)
    ).one_or_none()
    if row is None:
        raise NotFound(subject="task")
    rhythm = Rhythm(row.report_rhythm, row.report_day)
    periods = trajectory_periods(rhythm, begins=local_date(row.issued_at or row.created_at), due_on=row.due_on)
    planned = session.execute(
        select(PlannedValue.ends_on, PlannedValue.target_id, PlannedValue.value).where(PlannedValue.task_id == task_id)
    ).all()
    return [
        PlannedPeriod(
            period,
            next((one.value for one in planned if one.ends_on == period.last_on and one.target_id is None), None),
            {one.target_id: one.value for one in planned if one.ends_on == period.last_on and one.target_id},
        )
        for period in periods
    ]


def plan_progress(
    session: Session,
    assignment_id: int,
    *,
    planned: Mapping[tuple[str, int | None], float],
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Set the task's trajectory: values by period and target (``None``: percent); what is left out is not planned.

    Percent runs from 0 to 100 and does not fall. Raises :class:`Invalid` with the period's key as the field.
    """
    case_ = open_case(session, Act.PLAN_PROGRESS, assignment_id=assignment_id, **by)
    if case_.earlier:
        return case_.earlier
    task_id = case_.task.id
    periods = {one.period.key: one.period for one in list_planned(session, task_id)}
    targets = set(session.scalars(select(TaskTarget.id).where(TaskTarget.task_id == task_id)))
    if not {key for key, _ in planned} <= set(periods) or not {one for _, one in planned if one} <= targets:
        raise Invalid("period", "unknown")
    _check_percents([(key, planned[key, None]) for key in periods if (key, None) in planned])
    before = _as_facts(session, task_id)
    session.execute(
        delete(PlannedValue).where(
            PlannedValue.task_id == task_id, PlannedValue.ends_on.in_([one.last_on for one in periods.values()])
        )
    )
    session.add_all(
        PlannedValue(
            task_id=task_id,
            target_id=target_id,
            period=key,
            ends_on=periods[key].last_on,
            value=planned[key, target_id],
        )
        for key, target_id in planned
    )
    session.flush()
    return case_.finish(facts={"planned_before": before, "planned": _as_facts(session, task_id)})


def _check_percents(percents: Sequence[tuple[str, float]]) -> None:
    last = 0.0
    for key, value in percents:
        if not 0 <= value <= 100:
            raise Invalid(f"percent-{key}", "percent_range")
        if value < last:
            raise Invalid(f"percent-{key}", "trajectory_falls")
        last = value


def _as_facts(session: Session, task_id: int) -> dict[str, float]:
    rows = session.execute(
        select(PlannedValue.period, PlannedValue.target_id, PlannedValue.value)
        .where(PlannedValue.task_id == task_id)
        .order_by(PlannedValue.ends_on, PlannedValue.target_id)
    )
    return {f"{row.period}:{row.target_id or 'percent'}": row.value for row in rows}


class ReachedFigure(NamedTuple):
    """What a department said last was reached of a target, and when."""

    department: str
    value: float
    reported_at: datetime


def list_reached(session: Session, target_ids: Collection[int]) -> dict[int, list[ReachedFigure]]:
    """The last figure of each department for these targets; one query."""
    last = (
        select(func.max(ReportFigure.report_id))
        .join(ProgressReport, ProgressReport.id == ReportFigure.report_id)
        .where(ReportFigure.target_id.in_(list(target_ids)))
        .group_by(ReportFigure.target_id, ProgressReport.assignment_id)
    )
    query = (
        select(ReportFigure.target_id, Department.name, ReportFigure.value, ProgressReport.reported_at)
        .join(ProgressReport, ProgressReport.id == ReportFigure.report_id)
        .join(Assignment, Assignment.id == ProgressReport.assignment_id)
        .join(Department, Department.id == Assignment.department_id)
        .where(ReportFigure.target_id.in_(list(target_ids)), ReportFigure.report_id.in_(last))
        .order_by(ProgressReport.id.desc())
    )
    reached: dict[int, list[ReachedFigure]] = {one: [] for one in target_ids}
    for target_id, *figure in session.execute(query):
        reached[target_id].append(ReachedFigure._make(figure))
    return reached
