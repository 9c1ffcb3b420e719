"""Reports of progress: rows are added, never changed, so they need no version and nobody's report is lost.

A report belongs to the period of the day on which it is made. The last one of a period stands for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Unpack

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid
from taskboard.domain.periods import Period, Rhythm, due_day, period_of
from taskboard.domain.reports import Said, says_the_same
from taskboard.domain.workflow import Act
from taskboard.models import Assignment, HistoryEntry, PeriodReport, Plan, ProgressReport, ReportFigure, TaskTarget
from taskboard.services import history
from taskboard.services.attachments import Upload, attach
from taskboard.services.calendar import load_calendar
from taskboard.services.cases import Acting, Case, open_case
from taskboard.services.help_requests import ask_from_report


def report_progress(
    session: Session,
    assignment_id: int,
    *,
    done: str,
    problems: str = "",
    next_step: str = "",
    help_needed: str = "",
    percent: int | None = None,
    why_lower: str = "",
    figures: Mapping[int, float] | None = None,
    uploads: Sequence[Upload] = (),
    plan_limit: int = 0,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Add a report to the assignment; ``done`` must say something, ``percent`` is 0 to 100 or left out.

    ``figures`` are what was reached of the task's targets, by their ids; ``why_lower`` says why ``percent`` fell.
    ``uploads`` are stored files that go with it, as long as the plan's tasks have at most ``plan_limit`` bytes. A
    report that says what the last one said, and brings no files, is recorded as “no change”, and the entry's facts
    say so.
    """
    case = open_case(session, Act.REPORT, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    if not done.strip():
        raise Invalid("done", "required")
    if percent is not None and not 0 <= percent <= 100:
        raise Invalid("percent", "percent_range")
    stood_at = case.assignment.percent
    is_lower = percent is not None and stood_at is not None and percent < stood_at
    if is_lower and not why_lower.strip():
        raise Invalid("percent", "percent_falls", percent=stood_at)
    said = Said(done.strip(), problems.strip(), next_step.strip(), help_needed.strip(), percent, dict(figures or {}))
    _check_figures(case, said.figures)
    if not uploads and (entry := _just_said(case, said)) is not None:
        return entry
    last = _last_said(case)
    if last is not None and not uploads and says_the_same(said, last, percent=stood_at):
        add_report(case, is_unchanged=True)
        return case.finish(facts={"is_unchanged": True, "says_the_same": True})
    report = add_report(
        case,
        done=said.done,
        problems=said.problems,
        next_step=said.next_step,
        help_needed=said.help_needed,
        percent=percent,
        why_lower=why_lower if is_lower else "",
    )
    if uploads:
        attach(case, uploads, assignment_id=assignment_id, report_id=report.id, plan_limit=plan_limit)
    session.add_all(
        ReportFigure(report_id=report.id, target_id=target_id, value=value) for target_id, value in said.figures.items()
    )
    return case.finish(facts={"period": report.period} if report.period else None)


def said_the_same(entry: HistoryEntry) -> bool:
    """Whether this report was recorded as “no change” because it said what the last one had said."""
    return bool((entry.after or {}).get("act", {}).get("says_the_same"))


def _check_figures(case: Case, figures: Mapping[int, float]) -> None:
    if not figures:
        return
    known = case.session.scalars(select(TaskTarget.id).where(TaskTarget.task_id == case.task.id))
    if not set(figures) <= set(known):
        raise Invalid("figures", "unknown")


AGAIN_WITHIN = timedelta(minutes=10)


def _just_said(case: Case, said: Said) -> HistoryEntry | None:
    """The record of the same words by the same person a moment ago: sent again by the browser's way back."""
    query = (
        select(ProgressReport)
        .where(ProgressReport.assignment_id == case.assignment.id)
        .order_by(ProgressReport.id.desc())
        .limit(1)
    )
    last = case.session.scalar(query)
    if last is None or last.author_id != case.actor.person_id or case.now - last.reported_at > AGAIN_WITHIN:
        return None
    if said != _said_in(case.session, last):
        return None
    return history.last_entry(case.session, case.task.id, [Act.REPORT], case.assignment.id)


def _last_said(case: Case) -> Said | None:
    """What was last reported in words."""
    query = (
        select(ProgressReport)
        .where(ProgressReport.assignment_id == case.assignment.id, ~ProgressReport.is_unchanged)
        .order_by(ProgressReport.id.desc())
        .limit(1)
    )
    last = case.session.scalar(query)
    return _said_in(case.session, last) if last else None


def _said_in(session: Session, report: ProgressReport) -> Said:
    figures = session.execute(
        select(ReportFigure.target_id, ReportFigure.value).where(ReportFigure.report_id == report.id)
    )
    words = (report.done, report.problems, report.next_step, report.help_needed)
    return Said(*words, report.percent, {row.target_id: row.value for row in figures})


def report_no_change(session: Session, assignment_id: int, **by: Unpack[Acting]) -> HistoryEntry:
    """Report that nothing changed since the last time (无变化); it counts as feedback."""
    case = open_case(session, Act.REPORT, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    add_report(case, is_unchanged=True)
    return case.finish()


def add_report(
    case: Case,
    *,
    done: str = "",
    problems: str = "",
    next_step: str = "",
    help_needed: str = "",
    percent: int | None = None,
    why_lower: str = "",
    is_unchanged: bool = False,
) -> ProgressReport:
    """Write the report of the case's assignment and let it stand for the period; what it needs help with becomes a
    request."""
    rhythm = Rhythm(
        *case.session.execute(select(Plan.report_rhythm, Plan.report_day).where(Plan.id == case.task.plan_id)).one()
    )
    period = period_of(rhythm, case.today)
    report = ProgressReport(
        assignment_id=case.assignment.id,
        author_id=case.actor.person_id,
        reported_at=case.now,
        period=period.key if period else None,
        is_unchanged=is_unchanged,
        done=done.strip(),
        problems=problems.strip(),
        next_step=next_step.strip(),
        help_needed=help_needed.strip(),
        percent=percent,
        why_lower=why_lower.strip(),
    )
    case.session.add(report)
    case.session.flush()
    ask_from_report(case, report)
    if period is not None:
        _let_stand(case, report, rhythm, period)
    # Past the version counter: a report must not make a colleague's open form stale.
    values: dict[str, Any] = {"last_reported_at": case.now, "reported_until": period.last_on if period else None}
    if percent is not None:
        values["percent"] = percent
    case.session.execute(update(Assignment).where(Assignment.id == case.assignment.id).values(**values))
    return report


def _let_stand(case: Case, report: ProgressReport, rhythm: Rhythm, period: Period) -> None:
    """Make the report the one that stands for its period; the task is locked, so nobody else does it meanwhile."""
    standing = case.session.scalar(
        select(PeriodReport).where(PeriodReport.assignment_id == case.assignment.id, PeriodReport.period == period.key)
    )
    if standing is not None:
        # “No change” since a report of the same period leaves standing what that one said.
        if not report.is_unchanged:
            standing.report_id = report.id
        return
    case.session.add(
        PeriodReport(
            assignment_id=case.assignment.id,
            period=period.key,
            due_on=due_day(rhythm, period, case.assignment.role, load_calendar(case.session)),
            first_reported_at=case.now,
            report_id=report.id,
        )
    )
