"""What stands beside the form of a report: its period, and what partners and sub-tasks said in it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.periods import (
    Period,
    ReportDue,
    Rhythm,
    period_of,
)
from taskboard.domain.workflow import AssignmentRole, AssignmentState, TaskState
from taskboard.models import (
    Assignment,
    Department,
    PeriodReport,
    Plan,
    ProgressReport,
    Task,
    TaskLineage,
)
from taskboard.services.periods import owed_report


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
