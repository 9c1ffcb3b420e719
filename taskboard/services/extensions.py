"""Extensions (延期): the head asks for another deadline in time, and a supervisor grants, shortens or refuses it.

Acts of the workflow like those in :mod:`taskboard.services.assignment_acts`, checked and recorded in the same way,
with the same errors. A lead asks for the task, a partner for its own branch.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Unpack

from sqlalchemy.orm import Session

from taskboard.domain.deadlines import Deadline
from taskboard.domain.decomposition import check_day
from taskboard.domain.errors import Invalid, NotNow
from taskboard.domain.requests import ExtensionResult, check_asked_day, check_extension, extension_result
from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState, DeadlineOrigin
from taskboard.models import Assignment, Extension, HistoryEntry
from taskboard.services import notices
from taskboard.services.cases import Acting, Case, open_case
from taskboard.services.deadlines import set_deadline, set_own_deadline
from taskboard.services.lateness import judge_submission_anew
from taskboard.services.requests import find_open_extensions


def ask_extension(
    session: Session,
    assignment_id: int,
    *,
    reason: str,
    progress: str,
    asked_due_on: date,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Ask for a later deadline, up to and on the due day. Until it is decided nobody calls the work overdue."""
    case = open_case(session, Act.ASK_EXTENSION, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    cause = case.reason(reason)
    if not progress.strip():
        raise Invalid("progress", "required")
    one = case.assignment
    is_asked = one.id in find_open_extensions(session, [one])
    due_on = check_extension(one.due_on, is_asked=is_asked, today=case.today)
    check_asked_day(asked_due_on, due_on)
    if case.lineage:
        check_day("asked_due_on", asked_due_on, part_due_on=case.lineage[0].due_on, today=case.today)
    session.add(
        Extension(
            assignment_id=one.id,
            asked_by_id=case.actor.person_id,
            asked_at=case.now,
            cause=cause or "",
            progress=progress.strip(),
            due_on=due_on,
            asked_due_on=asked_due_on,
        )
    )
    one.is_held = True
    entry = case.finish(reason=cause, facts={"asked_due_on": asked_due_on.isoformat()})
    notices.extension_asked(case, entry, asked_due_on=asked_due_on, progress=progress.strip())
    return entry


def grant_extension(
    session: Session, assignment_id: int, *, due_on: date, reason: str = "", **by: Unpack[Acting]
) -> HistoryEntry:
    """Grant the day that was asked for, or an earlier one; what was submitted meanwhile is judged by it."""
    case = open_case(session, Act.GRANT_EXTENSION, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    request = _open_request(case)
    result = extension_result(due_on, asked=request.asked_due_on, due_on=request.due_on, today=case.today)
    moved = _move(case, due_on)
    _decide(case, request, result, case.reason(reason))
    request.granted_due_on = due_on
    for one in moved:
        if one.state is AssignmentState.SUBMITTED:
            judge_submission_anew(session, one)
    for one in _accepted_meanwhile(case, request, due_on):
        judge_submission_anew(session, one)
    entry = case.finish(reason=request.decision_reason, facts={"asked_due_on": request.asked_due_on.isoformat()})
    notices.extension_decided(case, entry, request, moved)
    return entry


def refuse_extension(session: Session, assignment_id: int, *, reason: str, **by: Unpack[Acting]) -> HistoryEntry:
    """The deadline stays; what is late counts from it."""
    case = open_case(session, Act.REFUSE_EXTENSION, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    request = _open_request(case)
    _decide(case, request, ExtensionResult.REFUSED, case.reason(reason))
    entry = case.finish(reason=request.decision_reason)
    notices.extension_decided(case, entry, request, [])
    return entry


def _open_request(case: Case) -> Extension:
    request = find_open_extensions(case.session, [case.assignment]).get(case.assignment.id)
    if request is None:
        raise NotNow(act=case.act, state=case.assignment.state)
    return request


def _move(case: Case, due_on: date) -> list[Assignment]:
    """Set the day of the task for a lead, of the branch for a partner; gives the branches whose day moved."""
    days = {one.id: one.due_on for one in case.assignments}
    if case.assignment.role is AssignmentRole.LEAD:
        set_deadline(case.task, Deadline(due_on, False, DeadlineOrigin.DECIDED), followed_by=case.assignments)
    set_own_deadline(case.assignment, due_on)
    return [one for one in case.assignments if one.due_on != days[one.id]]


def _accepted_meanwhile(case: Case, request: Extension, due_on: date) -> list[Assignment]:
    """The partners whose submission was made and accepted while the day that they shared was asked about; they get the
    day that was granted, too: on time is judged by the accepted submission, against the day it had to keep."""
    if case.assignment.role is not AssignmentRole.LEAD:
        return []
    shared = [
        one
        for one in case.partners
        if one.state is AssignmentState.ACCEPTED and one.due_on == request.due_on and _is_later(one, request.asked_at)
    ]
    for one in shared:
        set_own_deadline(one, due_on)
    return shared


def _is_later(one: Assignment, asked_at: datetime) -> bool:
    return one.submitted_at is not None and one.submitted_at >= asked_at


def _decide(case: Case, request: Extension, result: ExtensionResult, reason: str | None) -> None:
    request.result = result
    request.decided_by_id, request.decided_at = case.actor.person_id, case.now
    request.decision_reason = reason
    case.session.flush()
