"""The trajectory of a task: what is planned for the end of each period, and what was reached of its targets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, Unpack

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.local_time import local_date
from taskboard.domain.periods import (
    Period,
    Rhythm,
    next_period,
    period_of,
)
from taskboard.domain.workflow import Act
from taskboard.models import (
    Assignment,
    Department,
    HistoryEntry,
    Plan,
    PlannedValue,
    ProgressReport,
    ReportFigure,
    Task,
    TaskTarget,
)
from taskboard.services.cases import Acting, open_case


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
