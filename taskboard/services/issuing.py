"""Handing drafts to their departments, one or a batch of them, with one mail to each person concerned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Unpack

from sqlalchemy.orm import Session

from taskboard.domain.deadlines import (
    Deadline,
    deadline_at_issue,
)
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import DomainError, Invalid, NotFound, NotNow, Stale
from taskboard.domain.workflow import (
    Act,
    AssignmentRole,
    AssignmentState,
    PastDeadline,
    TaskState,
    issue_leads_to,
)
from taskboard.models import HistoryEntry
from taskboard.services import notices
from taskboard.services.cases import Acting, Case, open_cases
from taskboard.services.deadlines import set_deadline, set_own_deadline
from taskboard.services.notices import Told


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
