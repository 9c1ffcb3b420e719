"""The acts of the workflow: one function each, by the tables of ``domain/workflow.py`` and ``domain/permissions.py``.

Each locks the task, checks person, state and version, changes, writes the history and queues the notices, all in the
caller's transaction, and gives the history entry. Called again with the same ``request_key`` it changes nothing and
gives the entry of the first time. All raise :class:`NotFound`, :class:`NotAllowed`, :class:`NotNow`, :class:`Stale`
and :class:`Invalid` as the case may be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Unpack

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from taskboard.domain.deadlines import (
    Deadline,
    days_late,
    deadline_at_issue,
    default_correction_day,
    latest_review_day,
    require_future,
)
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import DomainError, Invalid, NotFound, NotNow, Stale
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import may_sign_off
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    CLOSING_ENDS,
    OWING,
    Act,
    AssignmentRole,
    AssignmentState,
    Closure,
    DeadlineOrigin,
    PastDeadline,
    TaskState,
    Verification,
    carried_state,
    issue_leads_to,
    submission_leads_to,
)
from taskboard.models import HistoryEntry, Person, PersonPost
from taskboard.services import history, notices
from taskboard.services.actors import TODAY, held_on
from taskboard.services.attachments import Upload, attach
from taskboard.services.branches import end_branch, reopen_branch
from taskboard.services.calendar import load_calendar
from taskboard.services.cases import Acting, Case, open_case, open_cases
from taskboard.services.deadlines import postpone, set_deadline, set_own_deadline
from taskboard.services.lateness import days_late_before_submission, days_overdue
from taskboard.services.lineage import count_owing_subtasks
from taskboard.services.notices import Told
from taskboard.services.reports import add_report


@dataclass(frozen=True)
class IssueOrder:
    """How one task is to be issued; whatever is left out stays as the draft has it."""

    task_id: int
    due_on: date | None = None
    is_ongoing: bool = False
    past_deadline: PastDeadline | None = None
    confirms_lead: bool = False
    """the supervisor confirms a lead that was only inferred"""
    version: int | None = None


class BatchRefused(Invalid):
    """Some tasks of a batch cannot be issued, so none was; ``problems`` says what is wrong with which."""

    def __init__(self, problems: Mapping[int, DomainError]) -> None:
        super().__init__("tasks", "batch_refused", count=len(problems))
        self.problems = problems


class IssuedBatch(NamedTuple):
    """What came of issuing drafts together."""

    entries: list[HistoryEntry]
    """one for each order, in their order"""
    issued: int
    """how many were issued now, and not by the same request before"""
    told: Told


# The supervisors' acts on a task


def issue(session: Session, order: IssueOrder, **by: Unpack[Acting]) -> HistoryEntry:
    """Hand one draft to its departments."""
    try:
        batch = issue_tasks(session, [order], **by)
    except BatchRefused as refused:
        raise refused.problems[order.task_id] from None
    return batch.entries[0]


def issue_tasks(
    session: Session,
    orders: Sequence[IssueOrder],
    *,
    plan_id: int | None = None,
    **by: Unpack[Acting],
) -> IssuedBatch:
    """Hand drafts to their departments, all of them or none, with one mail to each person concerned.

    Raises :class:`BatchRefused` where tasks cannot be issued so, :class:`NotFound` where one is not of the plan.
    """
    cases = open_cases(session, Act.ISSUE, [order.task_id for order in orders], **by)
    if plan_id is not None and any(case.task.plan_id != plan_id for case in cases.values()):
        raise NotFound()
    entries: dict[int, HistoryEntry] = {}
    deadlines: dict[int, Deadline] = {}
    problems: dict[int, DomainError] = {}
    for order in orders:
        try:
            earlier = cases[order.task_id].find_earlier()
            if earlier is not None:
                entries[order.task_id] = earlier
            else:
                deadlines[order.task_id] = check_issue(cases[order.task_id], order)
        except (NotNow, Stale, Invalid) as problem:
            problems[order.task_id] = problem
    if problems:
        raise BatchRefused(problems)

    issued = [
        (cases[one.task_id], one.past_deadline, deadlines[one.task_id]) for one in orders if one.task_id in deadlines
    ]
    for case, past_deadline, deadline in issued:
        entries[case.task.id] = issue_case(case, past_deadline, deadline)
    told = notices.issued([case for case, _, _ in issued], entries)
    return IssuedBatch([entries[order.task_id] for order in orders], len(issued), told)


def check_issue(case: Case, order: IssueOrder) -> Deadline:
    """The deadline that the draft would be issued with; raises what keeps it from being issued so."""
    case.check()
    case.check_version(order.version)
    if not case.leads:
        raise Invalid("lead", "lead_missing")
    for one in case.leads:
        department = case.departments[one.department_id]
        if department.kind is DepartmentKind.COLLECTIVE:
            raise Invalid("lead", "lead_collective", name=department.name)
        if not department.is_active:
            raise Invalid("lead", "department_inactive")
        if not (one.is_confirmed or order.confirms_lead):
            raise Invalid("lead", "lead_unconfirmed", name=department.name)
    task = case.task
    return deadline_at_issue(
        Deadline(task.due_on, task.is_ongoing, task.deadline_origin),
        new_day=order.due_on,
        is_ongoing=order.is_ongoing,
        past=order.past_deadline,
        today=case.today,
    )


def issue_case(case: Case, past_deadline: PastDeadline | None, deadline: Deadline) -> HistoryEntry:
    """Hand one draft over after :func:`check_issue`; the notices are left to the batch."""
    task = case.task
    is_past = deadline.due_on is not None and deadline.due_on < case.today
    task.past_deadline = past_deadline if is_past else None
    set_deadline(task, deadline, followed_by=())
    task.original_due_on = task.due_on
    task.state = issue_leads_to(task.past_deadline)
    task.issued_at = case.now
    for one in case.assignments:
        is_collective = case.departments[one.department_id].kind is DepartmentKind.COLLECTIVE
        one.is_confirmed = one.is_confirmed or one.role is AssignmentRole.LEAD
        set_own_deadline(one, task.due_on)
        if is_collective or task.state is TaskState.TERMINATED:
            one.state = AssignmentState.WAIVED
    return case.finish()


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


# The departments' acts on their assignment


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
