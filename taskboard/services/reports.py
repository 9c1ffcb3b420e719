"""Reports of progress: rows are added, never changed, so they need no version and nobody's report is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple, Unpack

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid
from taskboard.domain.workflow import Act
from taskboard.models import Assignment, HistoryEntry, ProgressReport
from taskboard.services import history
from taskboard.services.cases import Acting, Case, open_case


def report_progress(
    session: Session,
    assignment_id: int,
    *,
    done: str,
    problems: str = "",
    next_step: str = "",
    help_needed: str = "",
    percent: int | None = None,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Add a report to the assignment; ``done`` must say something, ``percent`` is 0 to 100 or left out."""
    case = open_case(session, Act.REPORT, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    if not done.strip():
        raise Invalid("done", "required")
    if percent is not None and not 0 <= percent <= 100:
        raise Invalid("percent", "percent_range")
    said = _Said(done.strip(), problems.strip(), next_step.strip(), help_needed.strip(), percent)
    if (entry := _just_said(case, said)) is not None:
        return entry
    add_report(case, done=done, problems=problems, next_step=next_step, help_needed=help_needed, percent=percent)
    return case.finish()


AGAIN_WITHIN = timedelta(minutes=10)


class _Said(NamedTuple):
    done: str
    problems: str
    next_step: str
    help_needed: str
    percent: int | None


def _just_said(case: Case, said: _Said) -> HistoryEntry | None:
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
    if said != (last.done, last.problems, last.next_step, last.help_needed, last.percent):
        return None
    return history.last_entry(case.session, case.task.id, [Act.REPORT], case.assignment.id)


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
    is_unchanged: bool = False,
) -> None:
    """Write the report of the case's assignment."""
    case.session.add(
        ProgressReport(
            assignment_id=case.assignment.id,
            author_id=case.actor.person_id,
            reported_at=case.now,
            is_unchanged=is_unchanged,
            done=done.strip(),
            problems=problems.strip(),
            next_step=next_step.strip(),
            help_needed=help_needed.strip(),
            percent=percent,
        )
    )
    # Past the version counter: a report must not make a colleague's open form stale.
    values = {"last_reported_at": case.now} | ({} if percent is None else {"percent": percent})
    case.session.execute(update(Assignment).where(Assignment.id == case.assignment.id).values(**values))
