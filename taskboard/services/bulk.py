"""Acts on many tasks at once, in one transaction: first shown, then carried out on exactly what was shown.

What cannot be done to a task is left out and named with its reason; all the rest is done, or nothing where the
transaction fails. Raises :class:`NotFound` where one of the tasks does not exist for this person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.bulk import BulkAct, BulkOrder
from taskboard.domain.deadlines import Deadline
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import DomainError, Invalid, NotAllowed, NotNow
from taskboard.domain.history import Change, Subject
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import DEPARTMENT_WIDE, may_urge, permitted_assignment_move, supervises_task
from taskboard.domain.report_rhythms import is_day_of
from taskboard.domain.workflow import OWING, Act
from taskboard.models import Assignment, HistoryEntry, Person
from taskboard.services import bulk_notices, notices
from taskboard.services.assignment_acts import list_officers
from taskboard.services.bulk_notices import Branch, DepartmentNotice, Letter
from taskboard.services.cases import Acting, Case, open_cases
from taskboard.services.history import Writing, record_change
from taskboard.services.issuing import IssueOrder, check_issue, issue_case
from taskboard.services.periods import set_rhythm
from taskboard.services.task_search import MOST_AT_ONCE

LONGEST_REMARK = 500
URGED_LATELY = timedelta(days=1)
"""who was urged about the same thing within this time is named before they are urged again"""


class Doing(NamedTuple):
    """What is done to one task: to which departments' assignments, or to its plan."""

    task_id: int
    title: str
    departments: list[str]


class Skipped(NamedTuple):
    """What is left out, and why."""

    task_id: int
    title: str
    problem: DomainError


class UrgedBefore(NamedTuple):
    """Departments that somebody urged about the same task a short while ago."""

    task_id: int
    title: str
    departments: list[str]
    urged_at: datetime
    by: str


@dataclass(frozen=True)
class BulkPreview:
    """What an act would do: nothing of it is done yet."""

    doing: list[Doing]
    skipped: list[Skipped]
    notices: list[DepartmentNotice]
    urged_before: list[UrgedBefore]
    """a reminder only: what would be urged again within :data:`URGED_LATELY`"""


class BulkResult(NamedTuple):
    """What an act did."""

    done: int
    skipped: list[Skipped]
    told: int
    """people who get a mail"""
    is_repeated: bool = False
    """the same request had been carried out before: nothing was done now"""


@dataclass
class _Work:
    """The act taken apart: cases that it is carried out on with their branches, and what is left out."""

    order: BulkOrder
    branches: list[Branch]
    skipped: list[Skipped]
    deadlines: dict[int, Deadline]

    @property
    def cases(self) -> list[Case]:
        return list({case.task.id: case for case, _ in self.branches}.values())

    def letters(self) -> list[Letter]:
        if self.order.act is BulkAct.SET_RHYTHM:
            return []
        if self.order.act is BulkAct.SET_OFFICER:
            return bulk_notices.officer_letters(self.branches, self.order.officer_id)
        return bulk_notices.letters(self.branches, with_workers=self.order.act is BulkAct.REMIND)


def preview(session: Session, order: BulkOrder, **by: Unpack[Acting]) -> BulkPreview:
    """What the act would do to each task, what it leaves out, and which department gets which mail."""
    work = _take_apart(session, order, by)
    doing: dict[int, Doing] = {}
    for case, one in work.branches:
        row = doing.setdefault(case.task.id, Doing(case.task.id, case.task.title, []))
        row.departments.append(case.departments[one.department_id].name)
    told = bulk_notices.by_department(work.letters(), actor_id=by["actor"].person_id)
    return BulkPreview(list(doing.values()), work.skipped, told, _urged_before(session, work, by["now"]))


def _urged_before(session: Session, work: _Work, now: datetime) -> list[UrgedBefore]:
    """What of this was urged a short while ago, the latest first; one query."""
    if work.order.act is not BulkAct.REMIND:
        return []
    query = (
        select(HistoryEntry.task_id, HistoryEntry.at, HistoryEntry.after, Person.name)
        .join(Person, Person.id == HistoryEntry.actor_id)
        .where(
            HistoryEntry.task_id.in_([case.task.id for case in work.cases]),
            HistoryEntry.act == Change.REMINDED,
            HistoryEntry.at > now - URGED_LATELY,
        )
        .order_by(HistoryEntry.id.desc())
    )
    urging = {one.id: (case, one) for case, one in work.branches}
    found: list[UrgedBefore] = []
    for task_id, at, after, by in session.execute(query):
        again = [urging.pop(one) for one in after.get("assignments", ()) if one in urging]
        if again:
            names = [case.departments[one.department_id].name for case, one in again]
            found.append(UrgedBefore(task_id, again[0][0].task.title, names, at, by))
    return found


def carry_out(session: Session, order: BulkOrder, **by: Unpack[Acting]) -> BulkResult:
    """Do it. The same request again does nothing, also where it comes while the first is still at work."""
    work = _take_apart(session, order, by)
    if _was_done(session, order, by):
        return BulkResult(0, [], 0, is_repeated=True)
    if not work.branches:
        return BulkResult(0, work.skipped, 0)
    match order.act:
        case BulkAct.ISSUE_DRAFTS:
            told = _issue(work)
        case BulkAct.REMIND:
            told = _remind(work)
        case BulkAct.SET_OFFICER:
            told = _set_officer(work)
        case BulkAct.SET_RHYTHM:
            told = _set_rhythm(session, work, by)
    return BulkResult(len(work.cases), work.skipped, told)


def _was_done(session: Session, order: BulkOrder, by: Acting) -> bool:
    """Whether this request left its mark; asked under the locks of the tasks: a second one waits for the first."""
    key = by.get("request_key")
    if key is None:
        return False
    keys = [f"{key}:{task_id}" for task_id in order.task_ids]
    return session.scalar(select(HistoryEntry.id).where(HistoryEntry.request_key.in_(keys)).limit(1)) is not None


# What can be done


def _take_apart(session: Session, order: BulkOrder, by: Acting) -> _Work:
    if not order.task_ids:
        raise Invalid("task_ids", "bulk_nothing_chosen")
    if len(order.task_ids) > MOST_AT_ONCE:
        raise Invalid("task_ids", "bulk_too_many", most=MOST_AT_ONCE)
    if len(order.remark) > LONGEST_REMARK:
        raise Invalid("remark", "too_long", limit=LONGEST_REMARK)
    if order.act is BulkAct.SET_OFFICER:
        _check_officer(session, order, by)
    if order.rhythm_day is not None and not is_day_of(order.rhythm, order.rhythm_day):
        raise Invalid("rhythm_day", "rhythm_day_wrong")
    acts = {BulkAct.ISSUE_DRAFTS: Act.ISSUE, BulkAct.SET_OFFICER: Act.DISPATCH}
    cases = open_cases(session, acts.get(order.act, Act.CORRECT), order.task_ids, **by)
    work = _Work(order, [], [], {})
    for case in cases.values():
        try:
            work.branches += [(case, one) for one in _branches(case, work)]
        except (NotNow, NotAllowed, Invalid) as problem:
            work.skipped.append(Skipped(case.task.id, case.task.title, problem))
    return work


def _branches(case: Case, work: _Work) -> list[Assignment]:
    """The assignments that the act is on; raises what keeps it from being done to this task."""
    order = work.order
    match order.act:
        case BulkAct.ISSUE_DRAFTS:
            work.deadlines[case.task.id] = check_issue(case, IssueOrder(case.task.id))
            collective = DepartmentKind.COLLECTIVE
            return [one for one in case.assignments if case.departments[one.department_id].kind is not collective]
        case BulkAct.REMIND:
            return _owing(case, order.department_id)
        case BulkAct.SET_OFFICER:
            return _dispatchable(case, order)
        case BulkAct.SET_RHYTHM:
            # The rhythm is one for the whole plan.
            if not case.actor.supervises(case.situation.body_path):
                raise NotAllowed()
            return list(case.leads[:1])


def _owing(case: Case, department_id: int | None) -> list[Assignment]:
    if not supervises_task(case.actor, case.situation):
        raise NotAllowed(act=Change.REMINDED)
    if not may_urge(case.actor, case.situation):
        raise NotNow(act=Change.REMINDED, state=case.task.state)
    asked = [one for one in case.assignments if department_id in (None, one.department_id)]
    owing = [one for one in asked if one.state in OWING]
    if not owing:
        raise Invalid("task_ids", "bulk_nothing_owed")
    return owing


def _dispatchable(case: Case, order: BulkOrder) -> list[Assignment]:
    found = []
    problem: DomainError = Invalid("task_ids", "bulk_not_of_department")
    for one, situation in zip(case.assignments, case.situation.assignments, strict=True):
        if one.department_id != order.department_id:
            continue
        if one.officer_id == order.officer_id:
            problem = Invalid("officer_id", "bulk_officer_already")
            continue
        try:
            permitted_assignment_move(case.actor, case.situation, situation, Act.DISPATCH)
            found.append(one)
        except (NotNow, NotAllowed) as refused:
            problem = refused
    if not found:
        raise problem
    return found


def _check_officer(session: Session, order: BulkOrder, by: Acting) -> None:
    if order.department_id is None or order.officer_id is None:
        raise Invalid("officer_id", "required")
    if not any(by["actor"].holds(role, order.department_id) for role in DEPARTMENT_WIDE):
        raise NotAllowed(act=Act.DISPATCH)
    today = local_date(by["now"])
    if order.officer_id not in dict(list_officers(session, order.department_id, today=today)):
        raise Invalid("officer_id", "not_officer")


# Doing it


def _issue(work: _Work) -> int:
    entries = {case.task.id: issue_case(case, None, work.deadlines[case.task.id]) for case in work.cases}
    return notices.issued(work.cases, entries).people


def _remind(work: _Work) -> int:
    urged: dict[int, list[Assignment]] = {case.task.id: [] for case in work.cases}
    for case, one in work.branches:
        urged[case.task.id].append(one)
    entries = [_record_reminder(case, urged[case.task.id], work.order.remark) for case in work.cases]
    return bulk_notices.reminded(work.letters(), subject=f"remind:{entries[0].id}", remark=work.order.remark)


def _set_officer(work: _Work) -> int:
    entries = []
    for case, one in work.branches:
        case.chosen = one
        one.officer_id = work.order.officer_id
        entries.append(case.finish())
    return bulk_notices.handed(work.letters(), subject=f"handed:{entries[0].id}")


def _set_rhythm(session: Session, work: _Work, by: Acting) -> int:
    """Set it on the plans of the tasks; a plan's rhythm is one for all its tasks, and setting it again does nothing."""
    writing: Writing = {"actor": by["actor"], "now": by["now"], "entrance": by["entrance"]}
    for plan_id in sorted({case.task.plan_id for case in work.cases}):
        set_rhythm(session, plan_id, rhythm=work.order.rhythm, day=work.order.rhythm_day, version=None, **writing)
    return 0


def _record_reminder(case: Case, urged: Iterable[Assignment], remark: str) -> HistoryEntry:
    urged = list(urged)
    names = [case.departments[one.department_id].name for one in urged]
    return record_change(
        case.session,
        subject=Subject.TASK,
        subject_id=case.task.id,
        act=Change.REMINDED,
        actor=case.actor,
        now=case.now,
        entrance=case.entrance,
        after={"departments": names, "assignments": [one.id for one in urged]},
        reason="、".join(names) + (f"：{remark}" if remark else ""),
        request_key=case.request_key,
    )
