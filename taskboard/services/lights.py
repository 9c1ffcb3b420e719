"""What lights are judged by, as rows of a list have it, and the SQL twin of ``domain.lights.assess``.

:class:`LightTwin` gives light, reason and days late as expressions, for lists that are narrowed down by them.
Nothing of a light is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    and_,
    case,
    column,
    false,
    func,
    literal,
    or_,
    select,
    values,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.lights import (
    BEHIND_RED,
    BEHIND_YELLOW,
    MISSED_RED,
    Judgement,
    Light,
    LightFacts,
    LightReason,
    due_soon_until,
    judge,
    reasons_of,
    unacknowledged_before,
    unanswered_before,
)
from taskboard.domain.local_time import at_local, local_date
from taskboard.domain.periods import Rhythm, last_due
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.workflow import OWING, UNDER_WAY, AssignmentRole, AssignmentState, TaskState
from taskboard.models import Assignment, HandLight, Plan, PlannedValue, Task
from taskboard.models.base import UtcDateTime
from taskboard.services.help_requests import UNANSWERED_SINCE
from taskboard.services.overdue import overdue_assignments

# What stands in other tables: looked up for each assignment that is read.
_OF_LEAD = Assignment.role == AssignmentRole.LEAD
PLANNED = case(
    (
        _OF_LEAD,
        select(PlannedValue.value)
        .where(
            PlannedValue.task_id == Assignment.task_id,
            PlannedValue.target_id.is_(None),
            PlannedValue.ends_on <= Assignment.reported_until,
        )
        .order_by(PlannedValue.ends_on.desc())
        .limit(1)
        .correlate(Assignment)
        .scalar_subquery(),
    )
)
"""percent that the trajectory wants at the end of the period reported last, or at its last point before"""


def _of_hand_light(name: str) -> ColumnElement[date]:
    columns = {"set_on": HandLight.set_on, "ends_on": HandLight.ends_on}
    query = select(columns[name]).where(HandLight.assignment_id == Assignment.id).order_by(HandLight.id.desc()).limit(1)
    return query.correlate(Assignment).scalar_subquery()


HAND_SET_ON = _of_hand_light("set_on")
HAND_ENDS_ON = _of_hand_light("ends_on")

PREFIX = "light_"
_COLUMNS: dict[str, Any] = {
    "task_state": Task.state,
    "state": Assignment.state,
    "role": Assignment.role,
    "due_on": Assignment.due_on,
    "issued_at": func.coalesce(Assignment.issued_at, Task.issued_at, type_=UtcDateTime),
    "owing_since": Assignment.owing_since,
    "submitted_at": Assignment.submitted_at,
    "days_late": Assignment.days_late,
    "is_held": Assignment.is_held,
    "rhythm": Plan.report_rhythm,
    "day": Plan.report_day,
    "reported_at": Assignment.last_reported_at,
    "percent": Assignment.percent,
    "planned": PLANNED,
    "hand_set_on": HAND_SET_ON,
    "hand_ends_on": HAND_ENDS_ON,
    "help_asked_on": UNANSWERED_SINCE,
}
LIGHT_COLUMNS = tuple(column.label(PREFIX + name) for name, column in _COLUMNS.items())
"""for a query on :class:`Assignment` with its :class:`Task` and :class:`Plan`; see :func:`light_facts`"""


def light_facts(row: Any) -> LightFacts:
    """What the light of a row with :data:`LIGHT_COLUMNS` is judged by."""
    hand = (row.light_hand_set_on, row.light_hand_ends_on) if row.light_hand_set_on else None
    return LightFacts(
        task_state=row.light_task_state,
        state=row.light_state,
        due_on=row.light_due_on,
        issued_on=_day(row.light_issued_at),
        submitted_on=_day(row.light_submitted_at),
        days_late=row.light_days_late,
        is_held=row.light_is_held,
        role=row.light_role,
        rhythm=Rhythm(row.light_rhythm, row.light_day),
        owing_since=_day(row.light_owing_since),
        reported_on=_day(row.light_reported_at),
        percent=row.light_percent,
        planned=row.light_planned,
        hand_light=hand,
        help_asked_on=row.light_help_asked_on,
    )


def light_of(row: Any, *, today: date, calendar: WorkingCalendar) -> Judgement:
    """The light of a row with :data:`LIGHT_COLUMNS`."""
    return judge(light_facts(row), today=today, calendar=calendar)


def facts_of(session: Session, assignment_ids: Iterable[int]) -> dict[int, LightFacts]:
    """What the lights of these assignments are judged by; one query."""
    query = _joined(select(Assignment.id, *LIGHT_COLUMNS)).where(Assignment.id.in_(list(assignment_ids)))
    return {row.id: light_facts(row) for row in session.execute(query)}


def _joined(query: Select[Any]) -> Select[Any]:
    return query.join(Task, Task.id == Assignment.task_id).join(Plan, Plan.id == Task.plan_id)


def _day(moment: datetime | None) -> date | None:
    return local_date(moment) if moment else None


# The twin


class days_from(FunctionElement[int]):  # noqa: N801 - reads as a function of SQL
    """Calendar days from the second day to the first."""

    inherit_cache = True
    name = "days_from"
    type = Integer()


@compiles(days_from, "sqlite")
def _days_from_sqlite(element: days_from, compiler: SQLCompiler, **more: Any) -> str:
    later, earlier = (compiler.process(one, **more) for one in element.clauses)
    return f"CAST(julianday({later}) - julianday({earlier}) AS INTEGER)"


@compiles(days_from, "postgresql")
def _days_from_postgresql(element: days_from, compiler: SQLCompiler, **more: Any) -> str:
    later, earlier = (compiler.process(one, **more) for one in element.clauses)
    return f"(CAST({later} AS DATE) - CAST({earlier} AS DATE))"


@dataclass(frozen=True)
class LightTwin:
    """``domain.lights.assess`` in SQL, for one day.

    ``rhythms`` are those that plans have, ``submitted_on`` the days whose light a submitted assignment still shows:
    :func:`light_twin` asks the database for both.
    """

    today: date
    calendar: WorkingCalendar
    rhythms: frozenset[Rhythm]
    submitted_on: frozenset[date]

    def ids(self, light: Light, condition: ColumnElement[bool] | None = None) -> Select[int]:
        """Ids of the assignments with this light, of those that fulfil a condition on assignment, task and plan."""
        query = self._from(select(Assignment.id)).where(self.reason.in_([one.value for one in reasons_of(light)]))
        return query if condition is None else query.where(condition)

    def select(self, *columns: Any) -> Select[Any]:
        """A query on assignments in which :attr:`reason` and :attr:`days_late` may stand."""
        return self._from(select(*columns))

    def _from(self, query: Select[Any]) -> Select[Any]:
        query = _joined(query.select_from(Assignment))
        if not self.submitted_on:
            return query
        days = self._days
        within = and_(Assignment.submitted_at >= days.c.begins, Assignment.submitted_at < days.c.ends)
        return query.outerjoin(days, and_(_IS_SUBMITTED, within))

    @cached_property
    def days_late(self) -> ColumnElement[int]:
        """Days late as :class:`~taskboard.domain.lights.Assessment` has them."""
        running = days_from(literal(self.today, Date), Assignment.due_on)
        worst = case((Assignment.days_late > running, Assignment.days_late), else_=running)
        return case((overdue_assignments(self.today), worst), else_=Assignment.days_late)

    @cached_property
    def reason(self) -> ColumnElement[str]:
        """The value of the :class:`LightReason`; each belongs to one light."""
        return case(*((condition, literal(one.value, String)) for condition, one in self._rules()))

    def _rules(self) -> list[tuple[ColumnElement[bool], LightReason]]:
        state, task_state, due_on = Assignment.state, Task.state, Assignment.due_on
        day, soon_until, help_before = self._on_day("day"), self._on_day("soon_until"), self._on_day("help_before")
        behind = PLANNED - func.coalesce(Assignment.percent, 0)
        issued_at = func.coalesce(Assignment.issued_at, Task.issued_at, type_=UtcDateTime)
        unacknowledged = issued_at < _begin(unacknowledged_before(self.today, self.calendar))
        is_ended = or_(task_state == TaskState.CLOSED, state == AssignmentState.ACCEPTED)
        owes = or_(state.in_(OWING), _IS_SUBMITTED)
        return [
            (task_state == TaskState.DRAFT, LightReason.NOT_ISSUED),
            (task_state == TaskState.SUSPENDED, LightReason.SUSPENDED),
            (task_state == TaskState.TERMINATED, LightReason.TERMINATED),
            (state == AssignmentState.OBJECTED, LightReason.OBJECTED),
            (state == AssignmentState.WAIVED, LightReason.FOR_INFORMATION),
            (state == AssignmentState.WITHDRAWN, LightReason.WITHDRAWN),
            (state == AssignmentState.NOT_SUBMITTED, LightReason.NOT_SUBMITTED),
            (and_(is_ended, Assignment.days_late > 0), LightReason.CLOSED_LATE),
            (is_ended, LightReason.CLOSED),
            (and_(owes, due_on < day, ~Assignment.is_held), LightReason.OVERDUE),
            (behind > BEHIND_RED, LightReason.FAR_BEHIND),
            (self._missed(MISSED_RED), LightReason.REPORTS_MISSED),
            (and_(day >= HAND_SET_ON, day < HAND_ENDS_ON), LightReason.SET_BY_HAND),
            (due_on < day, LightReason.EXTENSION_ASKED),
            (due_on <= soon_until, LightReason.DUE_SOON),
            (behind >= BEHIND_YELLOW, LightReason.BEHIND),
            (self._missed(1), LightReason.REPORT_MISSED),
            (and_(state == AssignmentState.PENDING, unacknowledged), LightReason.NOT_ACKNOWLEDGED),
            (help_before > UNANSWERED_SINCE, LightReason.HELP_UNANSWERED),
            (literal(1) == literal(1), LightReason.IN_TIME),
        ]

    def _on_day(self, name: str) -> ColumnElement[Any]:
        """A value of the day that the light is judged for: today, or the day of the submission."""
        now = literal(_values_of(self.today, self.calendar)[name], Date)
        if not self.submitted_on:
            return now
        return case((_IS_SUBMITTED, self._days.c[name]), else_=now)

    @cached_property
    def _days(self) -> CTE:
        """The days of submissions, with what follows from each."""
        table = values(
            column("begins", UtcDateTime),
            column("ends", UtcDateTime),
            *(column(name, Date) for name in _values_of(self.today, self.calendar)),
            name="light_day_values",
        )
        rows = [
            (_begin(day), _begin(day + timedelta(days=1)), *_values_of(day, self.calendar).values())
            for day in sorted(self.submitted_on)
        ]
        return table.data(rows).cte("light_day")

    def _missed(self, count: int) -> ColumnElement[bool]:
        """Whether at least so many periods in a row were missed; to submit is to report."""
        since = func.coalesce(Assignment.owing_since, Assignment.issued_at, Task.issued_at, type_=UtcDateTime)
        reported_at = Assignment.last_reported_at
        parts = []
        for rhythm in sorted(self.rhythms, key=lambda one: (one.kind, one.day or 0)):
            for role in AssignmentRole:
                due = last_due(rhythm, role, self.today, self.calendar, count=count)
                oldest = due[-1]
                parts.append(
                    and_(
                        Plan.report_rhythm == rhythm.kind,
                        Plan.report_day.is_(None) if rhythm.day is None else Plan.report_day == rhythm.day,
                        Assignment.role == role,
                        since < _begin(oldest.owed_before),
                        or_(reported_at.is_(None), reported_at < _begin(oldest.first_on)),
                    )
                )
        return and_(~_IS_SUBMITTED, or_(false(), *parts))


_IS_SUBMITTED = and_(Assignment.state == AssignmentState.SUBMITTED, Assignment.submitted_at.is_not(None))


def _values_of(day: date, calendar: WorkingCalendar) -> dict[str, date]:
    return {
        "day": day,
        "soon_until": due_soon_until(day, calendar),
        "help_before": unanswered_before(day, calendar),
    }


def _begin(day: date) -> datetime:
    return at_local(day, time.min)


def light_twin(session: Session, *, today: date, calendar: WorkingCalendar) -> LightTwin:
    """The twin for what the database holds now; two queries."""
    rhythms = session.execute(
        select(Plan.report_rhythm, Plan.report_day).distinct().where(Plan.report_rhythm != PlanRhythm.NONE)
    )
    moments = session.scalars(
        select(Assignment.submitted_at)
        .distinct()
        .join(Task, Task.id == Assignment.task_id)
        .where(_IS_SUBMITTED, Task.state.in_(UNDER_WAY))
    )
    return LightTwin(
        today=today,
        calendar=calendar,
        rhythms=frozenset(Rhythm(kind, day) for kind, day in rhythms),
        submitted_on=frozenset(local_date(moment) for moment in moments if moment is not None),
    )
