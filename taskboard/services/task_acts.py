"""The supervisors' acts on a task, by the tables of ``domain/workflow.py`` and ``domain/permissions.py``.

Each locks the task, checks person, state and version, changes, writes the history and queues the notices, all in the
caller's transaction, and gives the history entry. Called again with the same ``request_key`` it changes nothing and
gives the entry of the first time. All raise :class:`NotFound`, :class:`NotAllowed`, :class:`NotNow`, :class:`Stale`
and :class:`Invalid` as the case may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Unpack

from sqlalchemy.orm import Session

from taskboard.domain.deadlines import (
    Deadline,
    default_correction_day,
    latest_review_day,
    require_future,
)
from taskboard.domain.errors import Invalid
from taskboard.domain.local_time import local_date
from taskboard.domain.workflow import (
    CLOSING_ENDS,
    Act,
    AssignmentState,
    Closure,
    DeadlineOrigin,
    TaskState,
    Verification,
    carried_state,
)
from taskboard.models import HistoryEntry
from taskboard.services import history, notices
from taskboard.services.branches import end_branch, reopen_branch
from taskboard.services.calendar import load_calendar
from taskboard.services.cases import Acting, open_case
from taskboard.services.deadlines import postpone, set_deadline, set_own_deadline
from taskboard.services.lateness import days_overdue


def return_task(
    session: Session,
    task_id: int,
    *,
    reason: str,
    correct_by: date | None = None,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Give the leads their submission back, to be corrected by ``correct_by``.

    Without a day it is the later of the deadline and five working days on; an ongoing task gets none.
    """
    case = open_case(session, Act.RETURN, task_id=task_id, **by)
    if case.earlier:
        return case.earlier
    reason_given = case.reason(reason)
    task = case.task
    returned = [one for one in case.leads if carried_state(Act.RETURN, one.role, one.state) is not one.state]
    task.state = TaskState.IN_PROGRESS
    for one in returned:
        reopen_branch(one)
    if not task.is_ongoing:
        day = correct_by or case.within_part(default_correction_day(task.due_on, case.today, load_calendar(session)))
        require_future("correct_by", day, case.today)
        # Partners keep the day they had: the return is not about them.
        origin = task.deadline_origin if day == task.due_on else DeadlineOrigin.DECIDED
        set_deadline(task, Deadline(day, False, origin), followed_by=())
        for one in returned:
            set_own_deadline(one, day)
    entry = case.finish(reason=reason_given)
    notices.returned(case, entry, returned)
    return entry


def close(
    session: Session,
    task_id: int,
    *,
    closure: Closure,
    verification: Verification,
    remark: str = "",
    branch_ends: Mapping[int, AssignmentState] | None = None,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Close the task with its result.

    What the departments submitted is accepted; a branch still open ends as ``branch_ends`` says for its assignment,
    else as not submitted.
    """
    case = open_case(session, Act.CLOSE, task_id=task_id, **by)
    if case.earlier:
        return case.earlier
    ends = dict(branch_ends or {})
    if not set(ends) <= {one.id for one in case.assignments} or not set(ends.values()) <= CLOSING_ENDS:
        raise Invalid("branch_ends", "unknown")
    for one in case.assignments:
        end = ends.get(one.id, AssignmentState.NOT_SUBMITTED)
        end_branch(one, carried_state(Act.CLOSE, one.role, one.state, open_branches_end_as=end), case.now)
    task = case.task
    task.state = TaskState.CLOSED
    task.closure, task.verification, task.closed_at = closure, verification, case.now
    entry = case.finish(reason=case.reason(remark))
    notices.closed(case, entry)
    return entry


def suspend(
    session: Session,
    task_id: int,
    *,
    reason: str,
    review_on: date,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Stop the task's clock until it is resumed; it is to be looked at again by ``review_on``, within three months."""
    case = open_case(session, Act.SUSPEND, task_id=task_id, **by)
    if case.earlier:
        return case.earlier
    reason_given = case.reason(reason)
    require_future("review_on", review_on, case.today)
    latest = latest_review_day(case.today)
    if review_on > latest:
        raise Invalid("review_on", "review_too_late", latest=latest)
    case.task.state = TaskState.SUSPENDED
    entry = case.finish(reason=reason_given, facts={"review_on": review_on.isoformat()})
    notices.changed(case, entry)
    return entry


def resume(
    session: Session,
    task_id: int,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Let the clock run again: the deadlines move by the days of the suspension, and nothing else changes."""
    case = open_case(session, Act.RESUME, task_id=task_id, **by)
    if case.earlier:
        return case.earlier
    suspended = history.last_entry(session, task_id, [Act.SUSPEND])
    days = (case.today - local_date(suspended.at)).days if suspended else 0
    case.task.state = TaskState.IN_PROGRESS
    postpone(case.task, case.assignments, days=days, latest=case.latest_day)
    entry = case.finish(facts={"suspended_days": days})
    notices.changed(case, entry)
    return entry


def terminate(
    session: Session,
    task_id: int,
    *,
    reason: str,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """End the task for good; it counts neither as done nor as late."""
    case = open_case(session, Act.TERMINATE, task_id=task_id, **by)
    if case.earlier:
        return case.earlier
    reason_given = case.reason(reason)
    concerned = [one for one in case.assignments if one.state is not AssignmentState.WAIVED]
    for one in case.assignments:
        end_branch(one, carried_state(Act.TERMINATE, one.role, one.state), case.now)
    case.task.state = TaskState.TERMINATED
    entry = case.finish(reason=reason_given)
    notices.changed(case, entry, concerned)
    return entry


def reopen(
    session: Session,
    task_id: int,
    *,
    reason: str,
    due_on: date,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Take a closed task up again after a recheck, with a new deadline; the old closure stays in the history."""
    case = open_case(session, Act.REOPEN, task_id=task_id, **by)
    if case.earlier:
        return case.earlier
    reason_given = case.reason(reason)
    require_future("due_on", due_on, case.today)
    task = case.task
    taken_up = [one for one in case.leads if carried_state(Act.REOPEN, one.role, one.state) is not one.state]
    task.state = TaskState.IN_PROGRESS
    task.closure = task.verification = task.closed_at = None
    for one in taken_up:
        reopen_branch(one)
    set_deadline(task, Deadline(due_on, False, DeadlineOrigin.DECIDED), followed_by=taken_up)
    for one in taken_up:
        set_own_deadline(one, due_on)
    entry = case.finish(reason=reason_given)
    notices.changed(case, entry, taken_up)
    return entry


def archive(session: Session, task_id: int, **by: Unpack[Acting]) -> HistoryEntry:
    """Put an ended task away: it leaves the lists that people work with and is still found."""
    return _archive(session, Act.ARCHIVE, task_id, **by)


def unarchive(session: Session, task_id: int, **by: Unpack[Acting]) -> HistoryEntry:
    """Take a task out of the archive again."""
    return _archive(session, Act.UNARCHIVE, task_id, **by)


def _archive(session: Session, act: Act, task_id: int, **by: Unpack[Acting]) -> HistoryEntry:
    case = open_case(session, act, task_id=task_id, **by)
    if case.earlier:
        return case.earlier
    case.task.archived_at = case.now if act is Act.ARCHIVE else None
    return case.finish()


def correct_deadline(
    session: Session,
    task_id: int,
    *,
    due_on: date | None,
    is_ongoing: bool = False,
    reason: str = "",
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Set another deadline, or none for an ongoing task. ``original_due_on`` stays what it was at the issue."""
    case = open_case(session, Act.CORRECT, task_id=task_id, **by)
    if case.earlier:
        return case.earlier
    reason_given = case.reason(reason)
    if is_ongoing == (due_on is not None):
        raise Invalid("due_on", "deadline_missing" if due_on is None else "deadline_and_ongoing")
    if due_on is not None:
        require_future("due_on", due_on, case.today)
    origin = DeadlineOrigin.ONGOING if is_ongoing else DeadlineOrigin.DECIDED
    # The new day ends the lateness, and the record keeps that there was one.
    overdue = days_overdue(case.task, case.assignments, case.today)
    set_deadline(case.task, Deadline(due_on, is_ongoing, origin), followed_by=case.assignments)
    entry = case.finish(reason=reason_given, facts={"overdue_days": overdue} if overdue else None)
    if case.situation.state is not TaskState.DRAFT:
        notices.changed(case, entry)
    return entry
