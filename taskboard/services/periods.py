"""Report periods of plans: the rhythm as supervisors set it, what is owed of a period, and who reported in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple, Unpack

from sqlalchemy import ColumnElement, Date, and_, case, false, func, literal, or_, select
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
    owed_before,
    period_of,
    report_due,
)
from taskboard.domain.permissions import Actor
from taskboard.domain.report_rhythms import PlanRhythm, RhythmOrigin, is_day_of
from taskboard.domain.workflow import OWING, UNDER_WAY, AssignmentRole
from taskboard.models import (
    Assignment,
    Department,
    PeriodReport,
    Plan,
    ProgressReport,
    Task,
)
from taskboard.models.base import UtcDateTime
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
