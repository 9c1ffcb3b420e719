"""The departments' acts on their assignment, by the tables of ``domain/workflow.py`` and ``domain/permissions.py``.

They work as those of ``task_acts.py``: each in the caller's transaction, and once for each ``request_key``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Unpack

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from taskboard.domain.deadlines import (
    days_late,
    default_correction_day,
    require_future,
)
from taskboard.domain.errors import Invalid
from taskboard.domain.permissions import may_sign_off
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    OWING,
    Act,
    AssignmentRole,
    AssignmentState,
    submission_leads_to,
)
from taskboard.models import HistoryEntry, Person, PersonPost
from taskboard.services import notices
from taskboard.services.actors import TODAY, held_on
from taskboard.services.attachments import Upload, attach
from taskboard.services.branches import end_branch, reopen_branch
from taskboard.services.calendar import load_calendar
from taskboard.services.cases import Acting, Case, open_case
from taskboard.services.deadlines import set_own_deadline
from taskboard.services.lateness import days_late_before_submission
from taskboard.services.lineage import count_owing_subtasks
from taskboard.services.reports import add_report


def acknowledge(
    session: Session,
    assignment_id: int,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Take the assignment on."""
    case = open_case(session, Act.ACKNOWLEDGE, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    case.assignment.state = AssignmentState.IN_PROGRESS
    case.assignment.acknowledged_at = case.now
    return case.finish()


def dispatch(
    session: Session,
    assignment_id: int,
    *,
    officer_id: int | None,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Put the assignment into the hands of an officer of the department, or take it back with ``None``."""
    case = open_case(session, Act.DISPATCH, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    if officer_id is not None and officer_id not in dict(
        list_officers(session, case.assignment.department_id, today=case.today)
    ):
        raise Invalid("officer_id", "not_officer")
    case.assignment.officer_id = officer_id
    entry = case.finish()
    notices.dispatched(case, entry)
    return entry


def list_officers(session: Session, department_id: int, *, today: date) -> list[tuple[int, str]]:
    """Ids and names of the people to whom the department can dispatch, by name."""
    rows = session.execute(_OFFICERS, {"department_id": department_id, "today": today})
    return [(row.id, row.name) for row in rows]


_OFFICERS = (
    select(Person.id, Person.name)
    .distinct()
    .join(PersonPost, PersonPost.person_id == Person.id)
    .where(
        PersonPost.department_id == bindparam("department_id"),
        PersonPost.role == Role.OFFICER,
        Person.is_active,
        held_on(TODAY),
    )
    .order_by(Person.name, Person.id)
)


def submit(
    session: Session,
    assignment_id: int,
    *,
    statement: str = "",
    uploads: Sequence[Upload] = (),
    plan_limit: int = 0,
    why_without_partners: str = "",
    why_without_subtasks: str = "",
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Ask for closure. A ``statement`` of what was achieved is kept as a report, with the files that came with it.

    A lead whose partners still owe theirs says why it does not wait, and so does who split the work into sub-tasks.
    The submission goes to the department's head where sign-off is on and the head does not submit in person.
    """
    case = open_case(session, Act.SUBMIT, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    reasons = [
        _why_without_partners(case, why_without_partners),
        _why_without_subtasks(case, why_without_subtasks),
    ]
    if uploads and not statement.strip():
        raise Invalid("statement", "files_without_words")
    if statement.strip():
        report = add_report(case, done=statement)
        if uploads:
            attach(case, uploads, assignment_id=assignment_id, report_id=report.id, plan_limit=plan_limit)
    department = case.departments[case.assignment.department_id]
    case.assignment.submitted_by_id = case.actor.person_id
    state = submission_leads_to(
        needs_sign_off=department.needs_sign_off,
        by_head=may_sign_off(case.actor, case.situation, case.chosen_situation),
    )
    if state is AssignmentState.SUBMITTED:
        _mark_submitted(case)
    else:
        case.assignment.state = state
    entry = case.finish(reason="；".join(one for one in reasons if one) or None)
    notices.submitted(case, entry)
    return entry


def _why_without_subtasks(case: Case, why: str) -> str | None:
    owing = count_owing_subtasks(case.session, case.assignment.id)
    if not owing:
        return None
    if not why.strip():
        raise Invalid("why_without_subtasks", "subtasks_owe", count=owing)
    return why.strip()


def _why_without_partners(case: Case, why: str) -> str | None:
    if case.assignment.role is not AssignmentRole.LEAD:
        return None
    owing = [case.departments[one.department_id].name for one in case.partners if one.state in OWING]
    if not owing:
        return None
    if not why.strip():
        raise Invalid("why_without_partners", "partners_owe", departments="、".join(owing))
    return why.strip()


def _mark_submitted(case: Case) -> None:
    one = case.assignment
    one.state = AssignmentState.SUBMITTED
    one.submitted_at = case.now
    # The worst of its submissions counts: a correction in time does not undo a first one that was late.
    one.days_late = max(one.days_late, days_late(one.due_on, case.today, case.today))


def sign_off(
    session: Session,
    assignment_id: int,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """The head lets the submission leave the department; only now it counts as submitted."""
    case = open_case(session, Act.SIGN_OFF, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    _mark_submitted(case)
    entry = case.finish()
    notices.submitted(case, entry)
    return entry


def return_inside(
    session: Session,
    assignment_id: int,
    *,
    reason: str,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """The head wants the submission improved before it leaves the department; nobody outside scores that."""
    case = open_case(session, Act.RETURN_INSIDE, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    reason_given = case.reason(reason)
    reopen_branch(case.assignment)
    entry = case.finish(reason=reason_given)
    notices.returned_inside(case, entry)
    return entry


def withdraw(
    session: Session,
    assignment_id: int,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Take back one's own submission while nobody has decided on it; it then never counted, in time or late."""
    case = open_case(session, Act.WITHDRAW, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    if case.assignment.state is AssignmentState.SUBMITTED:
        case.assignment.days_late = days_late_before_submission(session, case.assignment)
    reopen_branch(case.assignment)
    return case.finish()


def accept_submission(
    session: Session,
    assignment_id: int,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """The lead takes over what a partner submitted."""
    case = open_case(session, Act.ACCEPT_SUBMISSION, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    end_branch(case.assignment, AssignmentState.ACCEPTED, case.now)
    entry = case.finish()
    notices.accepted(case, entry)
    return entry


def return_submission(
    session: Session,
    assignment_id: int,
    *,
    reason: str,
    correct_by: date | None = None,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """The lead gives a partner its submission back, with a day for the correction as in :func:`return_task`."""
    case = open_case(session, Act.RETURN_SUBMISSION, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    reason_given = case.reason(reason)
    one = case.assignment
    reopen_branch(one)
    if not case.task.is_ongoing:
        day = correct_by or case.within_part(default_correction_day(one.due_on, case.today, load_calendar(session)))
        require_future("correct_by", day, case.today)
        set_own_deadline(one, day)
    entry = case.finish(reason=reason_given)
    notices.returned(case, entry, [one])
    return entry


def bring_forward(
    session: Session, assignment_id: int, *, due_on: date, reason: str = "", **by: Unpack[Acting]
) -> HistoryEntry:
    """The lead gives a partner an earlier day than the task's, or the task's own again."""
    case = open_case(session, Act.BRING_FORWARD, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    if case.task.due_on is None:
        raise Invalid("due_on", "partner_without_deadline")
    if due_on > case.task.due_on:
        raise Invalid("due_on", "partner_day_later", due_on=case.task.due_on)
    require_future("due_on", due_on, case.today)
    set_own_deadline(case.assignment, due_on)
    entry = case.finish(reason=case.reason(reason))
    notices.brought_forward(case, entry)
    return entry
