"""Requests for help (需协调): made by reports, decided by coordination meetings (联席会议), carried out by an owner.

A request is asked once for its words and stays until somebody decides on it or takes it back; later reports that say
nothing of it do not end it. The department that a decision charges sees the request even where it has no part in the
task. Once a task or the department's work on it has ended, its requests wait for nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Unpack

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import require_future
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.domain.help_requests import UNENDED, HelpState, asks_for_help, is_asked_already, is_unanswered
from taskboard.domain.history import Change, Subject
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import DEPARTMENT_WIDE, Actor, answers_for
from taskboard.domain.workflow import OPEN_ASSIGNMENT, OPEN_TASK
from taskboard.models import (
    Assignment,
    CoordinationMeeting,
    Department,
    HelpRequest,
    HistoryEntry,
    Person,
    Plan,
    ProgressReport,
    Task,
)
from taskboard.services import help_notices as notices
from taskboard.services.calendar import load_calendar
from taskboard.services.cases import Acting, Case, vacant_roles
from taskboard.services.department_names import find_department
from taskboard.services.history import find_repeated, record_change
from taskboard.services.meetings import require_agenda
from taskboard.services.visibility import department_ids, held_assignments, visible_tasks

UNANSWERED_SINCE = (
    select(func.min(HelpRequest.asked_on))
    .where(HelpRequest.assignment_id == Assignment.id, HelpRequest.state == HelpState.OPEN)
    .correlate(Assignment)
    .scalar_subquery()
)
"""of an :class:`Assignment` in a query: the day of its oldest request that nobody decided; the twin of
:func:`unanswered_since`"""


class HelpRow(NamedTuple):
    """A request as lists and its own page show it."""

    id: int
    version: int
    state: HelpState
    text: str
    department: str
    asked_by: str
    asked_at: datetime
    plan: str
    task_id: int | None
    """empty where the task does not exist for this person"""
    title: str
    body_path: str
    is_unanswered: bool
    """longer than it should be"""
    meeting: str | None
    meeting_id: int | None
    decision: str | None
    owner: str | None
    act_by: date | None
    is_late: bool
    """decided, and the owner's day is past"""
    decided_by: str | None
    decided_at: datetime | None
    outcome: str | None
    ended_by: str | None
    ended_at: datetime | None
    may_decide: bool
    may_finish: bool
    may_withdraw: bool


# Asking


def ask_from_report(case: Case, report: ProgressReport) -> None:
    """Make a request of what the report asks for, unless it asks for nothing, or for what is asked already.

    What a sub-task needs is for the department that split its part to give, or to ask for in its own report.
    """
    if case.lineage or not asks_for_help(report.help_needed):
        return
    one, text = case.assignment, report.help_needed.strip()
    standing = select(HelpRequest.text).where(HelpRequest.assignment_id == one.id, HelpRequest.state.in_(UNENDED))
    if is_asked_already(text, case.session.scalars(standing)):
        return
    case.session.flush()
    request = HelpRequest(
        task_id=case.task.id,
        assignment_id=one.id,
        report_id=report.id,
        text=text,
        asked_by_id=case.actor.person_id,
        asked_at=case.now,
        asked_on=case.today,
    )
    case.session.add(request)
    case.session.flush()
    by: Acting = {"actor": case.actor, "now": case.now, "entrance": case.entrance}
    _record(case.session, request, Change.HELP_ASKED, by, reason=text)
    notices.asked(case.session, request, by)


def unanswered_since(session: Session, assignment_ids: Iterable[int]) -> dict[int, date]:
    """Per assignment the day of its oldest request that nobody decided; one query, those without any left out."""
    rows = session.execute(
        select(HelpRequest.assignment_id, func.min(HelpRequest.asked_on))
        .where(HelpRequest.assignment_id.in_(list(assignment_ids)), HelpRequest.state == HelpState.OPEN)
        .group_by(HelpRequest.assignment_id)
    )
    return {row[0]: row[1] for row in rows}


# Deciding and confirming


@dataclass(frozen=True)
class Decision:
    """What was decided, which department carries it out, and by when; ``meeting_id`` where a meeting decided."""

    text: str
    owner: str
    act_by: date
    meeting_id: int | None = None


def decide(session: Session, request_id: int, decision: Decision, **by: Unpack[Acting]) -> HistoryEntry:
    """Charge a department with the request, at a meeting or without one. What was decided may be decided anew.

    Raises :class:`NotFound`, :class:`NotAllowed`, :class:`NotNow`, :class:`Stale` and :class:`Invalid`.
    """
    request, path = _open(session, request_id, by)
    if earlier := _find_earlier(session, request, Change.HELP_DECIDED, by):
        return earlier
    _require(session, request, path, Change.HELP_DECIDED, by["actor"], today=local_date(by["now"]))
    _require_state(session, request, Change.HELP_DECIDED, UNENDED, by)
    today = local_date(by["now"])
    if not decision.text.strip():
        raise Invalid("decision", "required")
    require_future("act_by", decision.act_by, today)
    owner = find_department(session, decision.owner, field="owner")
    if owner.kind is DepartmentKind.COLLECTIVE:
        raise Invalid("owner", "owner_collective", name=owner.name)
    if not owner.is_active:
        raise Invalid("owner", "owner_inactive", name=owner.name)
    if decision.meeting_id is not None:
        require_agenda(session, decision.meeting_id, path, by["actor"], today=today)
    before = _values(request)
    request.state, request.decision = HelpState.DECIDED, decision.text.strip()
    request.owner_id, request.act_by, request.meeting_id = owner.id, decision.act_by, decision.meeting_id
    request.decided_by_id, request.decided_at = by["actor"].person_id, by["now"]
    session.flush()
    entry = _record(session, request, Change.HELP_DECIDED, by, reason=request.decision, before=before)
    notices.decided(session, request, entry, by)
    return entry


def confirm_done(session: Session, request_id: int, *, outcome: str, **by: Unpack[Acting]) -> HistoryEntry:
    """The owner says what was done, and the request ends; raises as :func:`decide` does."""
    request, path = _open(session, request_id, by)
    if earlier := _find_earlier(session, request, Change.HELP_DONE, by):
        return earlier
    _require(session, request, path, Change.HELP_DONE, by["actor"], today=local_date(by["now"]))
    _require_state(session, request, Change.HELP_DONE, frozenset({HelpState.DECIDED}), by)
    return _end(session, request, HelpState.DONE, outcome, by)


def withdraw(session: Session, request_id: int, *, reason: str, **by: Unpack[Acting]) -> HistoryEntry:
    """Ask for it no longer, and say why; who asked may, and the supervisors. Raises as :func:`decide` does."""
    request, path = _open(session, request_id, by)
    if earlier := _find_earlier(session, request, Change.HELP_WITHDRAWN, by):
        return earlier
    _require(session, request, path, Change.HELP_WITHDRAWN, by["actor"], today=local_date(by["now"]))
    _require_state(session, request, Change.HELP_WITHDRAWN, UNENDED, by)
    return _end(session, request, HelpState.WITHDRAWN, reason, by)


def _end(session: Session, request: HelpRequest, state: HelpState, words: str, by: Acting) -> HistoryEntry:
    words = words.strip()
    if not words:
        raise Invalid("outcome" if state is HelpState.DONE else "reason", "required")
    before = _values(request)
    request.state, request.outcome = state, words
    request.ended_by_id, request.ended_at = by["actor"].person_id, by["now"]
    session.flush()
    act = Change.HELP_DONE if state is HelpState.DONE else Change.HELP_WITHDRAWN
    entry = _record(session, request, act, by, reason=words, before=before)
    notices.ended(session, request, by)
    return entry


def _open(session: Session, request_id: int, by: Acting) -> tuple[HelpRequest, str]:
    """The request, locked, and the place of its task's body; raises :class:`NotFound`."""
    request = session.scalar(
        select(HelpRequest)
        .where(HelpRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    seen = session.scalar(select(HelpRequest.id).where(HelpRequest.id == request_id, visible_requests(by["actor"])))
    if request is None or seen is None:
        raise NotFound(subject="help_request")
    return request, _body_path(session, request)


def _require_state(
    session: Session, request: HelpRequest, act: Change, states: frozenset[HelpState], by: Acting
) -> None:
    if request.state not in states:
        raise NotNow(act=act, state=request.state)
    task = session.get_one(Task, request.task_id)
    if task.state not in OPEN_TASK:
        raise NotNow(act=act, state=task.state)
    if by.get("version") not in (None, request.version):
        raise Stale(version=request.version)


def check_permission(session: Session, request_id: int, act: Change, actor: Actor, *, today: date) -> None:
    """Raise :class:`NotFound` or :class:`NotAllowed` where this is not for this person, whatever they would send."""
    request = session.scalar(select(HelpRequest).where(HelpRequest.id == request_id, visible_requests(actor)))
    if request is None:
        raise NotFound(subject="help_request")
    _require(session, request, _body_path(session, request), act, actor, today=today)


def _require(session: Session, request: HelpRequest, path: str, act: Change, actor: Actor, *, today: date) -> None:
    may = actor.supervises(path)
    if act is Change.HELP_DONE and request.owner_id is not None:
        vacant = vacant_roles(session, [request.owner_id], today=today)[request.owner_id]
        may = answers_for(actor, request.owner_id, path, vacant)
    elif act is Change.HELP_WITHDRAWN and not may:
        own = select(Assignment.id).where(Assignment.id == request.assignment_id, held_assignments(actor))
        may = session.scalar(own) is not None
    if not may:
        raise NotAllowed(act=act)


def _body_path(session: Session, request: HelpRequest) -> str:
    return session.get_one(Department, session.get_one(Task, request.task_id).body_id).path


def _find_earlier(session: Session, request: HelpRequest, act: Change, by: Acting) -> HistoryEntry | None:
    return find_repeated(session, by.get("request_key"), act=act, task_id=request.task_id, actor=by["actor"])


def _values(request: HelpRequest) -> dict[str, Any]:
    return {
        "state": request.state,
        "owner_id": request.owner_id,
        "act_by": request.act_by,
        "meeting_id": request.meeting_id,
    }


def _record(
    session: Session,
    request: HelpRequest,
    act: Change,
    by: Acting,
    *,
    reason: str,
    before: dict[str, Any] | None = None,
) -> HistoryEntry:
    return record_change(
        session,
        subject=Subject.TASK,
        subject_id=request.task_id,
        act=act,
        actor=by["actor"],
        now=by["now"],
        entrance=by["entrance"],
        before=before,
        after={"help_request": request.id, **_values(request)},
        reason=reason,
        request_key=by.get("request_key"),
    )


# Reading


def visible_requests(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`HelpRequest`: its task exists for this person, or their department is charged."""
    conditions = [_of_visible_tasks(actor)]
    if own := department_ids(actor, DEPARTMENT_WIDE):
        conditions.append(HelpRequest.owner_id.in_(own))
    return or_(*conditions)


def _of_visible_tasks(actor: Actor) -> ColumnElement[bool]:
    # A select of its own: the conditions on tasks look up assignments, which the lists here have joined, too.
    return HelpRequest.task_id.in_(select(Task.id).where(visible_tasks(actor)))


def is_alive() -> ColumnElement[bool]:
    """Condition on :class:`HelpRequest` with :class:`Task` and :class:`Assignment`: the work it is about goes on."""
    return and_(Task.state.in_(OPEN_TASK), Assignment.state.in_(OPEN_ASSIGNMENT))


def get_help_request(session: Session, request_id: int, actor: Actor, *, today: date) -> HelpRow:
    """One request that exists for this person; raises :class:`NotFound`."""
    rows = _help_rows(session, [HelpRequest.id == request_id], actor, today)
    if not rows:
        raise NotFound(subject="help_request")
    return rows[0]


def list_task_requests(session: Session, task_id: int, actor: Actor, *, today: date) -> list[HelpRow]:
    """The requests of a task that exists for this person, the latest first."""
    # Most tasks have none; putting the conditions of sight together costs more than asking that.
    if session.scalar(select(HelpRequest.id).where(HelpRequest.task_id == task_id).limit(1)) is None:
        return []
    return _help_rows(session, [HelpRequest.task_id == task_id, _of_visible_tasks(actor)], actor, today)[::-1]


def list_requests(session: Session, actor: Actor, state: HelpState, *, today: date) -> list[HelpRow]:
    """The requests that wait for a decision, or for their owner; what waits longest comes first."""
    return _help_rows(session, [HelpRequest.state == state, is_alive()], actor, today)


def list_agenda(session: Session, body_path: str, actor: Actor, *, today: date) -> list[HelpRow]:
    """What a meeting of this body has to work through: the open requests of its tasks and of those below it."""
    bodies = select(Department.id).where(Department.path.startswith(body_path))
    conditions = [HelpRequest.state == HelpState.OPEN, is_alive(), Task.body_id.in_(bodies)]
    return _help_rows(session, conditions, actor, today)


def list_decided_at(session: Session, meeting_id: int, actor: Actor, *, today: date) -> list[HelpRow]:
    """What a meeting decided."""
    return _help_rows(session, [HelpRequest.meeting_id == meeting_id], actor, today)


_Owner = aliased(Department)
_Body = aliased(Department)
_Decider = aliased(Person)
_Ender = aliased(Person)
_ROWS: Select[*tuple[Any, ...]] = (
    select(
        HelpRequest,
        Department.name,
        Person.name,
        Plan.title,
        Task,
        _Body.path,
        CoordinationMeeting.title,
        _Owner.name,
        _Decider.name,
        _Ender.name,
    )
    .join(Task, Task.id == HelpRequest.task_id)
    .join(Plan, Plan.id == Task.plan_id)
    .join(_Body, _Body.id == Task.body_id)
    .join(Assignment, Assignment.id == HelpRequest.assignment_id)
    .join(Department, Department.id == Assignment.department_id)
    .join(Person, Person.id == HelpRequest.asked_by_id)
    .outerjoin(CoordinationMeeting, CoordinationMeeting.id == HelpRequest.meeting_id)
    .outerjoin(_Owner, _Owner.id == HelpRequest.owner_id)
    .outerjoin(_Decider, _Decider.id == HelpRequest.decided_by_id)
    .outerjoin(_Ender, _Ender.id == HelpRequest.ended_by_id)
    .order_by(HelpRequest.asked_at, HelpRequest.id)
)


def _help_rows(session: Session, conditions: Sequence[ColumnElement[bool]], actor: Actor, today: date) -> list[HelpRow]:
    """The oldest first; a fixed number of queries."""
    seen = _of_visible_tasks(actor).label("sees_task")
    own = held_assignments(actor).label("is_own")
    rows = session.execute(_ROWS.add_columns(seen, own).where(*conditions, visible_requests(actor))).all()
    owners = {row[0].owner_id for row in rows if row[0].owner_id is not None}
    vacant = vacant_roles(session, owners, today=today) if owners else {}
    calendar = load_calendar(session)
    found = []
    for one, department, asker, plan, task, path, meeting, owner, decider, ender, sees_task, is_own in rows:
        is_open = one.state in UNENDED and task.state in OPEN_TASK
        is_supervised = actor.supervises(path)
        finishes = one.owner_id is not None and answers_for(actor, one.owner_id, path, vacant[one.owner_id])
        found.append(
            HelpRow(
                id=one.id,
                version=one.version,
                state=one.state,
                text=one.text,
                department=department,
                asked_by=asker,
                asked_at=one.asked_at,
                plan=plan,
                task_id=task.id if sees_task else None,
                title=task.title,
                body_path=path,
                is_unanswered=_is_unanswered(one, today, calendar),
                meeting=meeting,
                meeting_id=one.meeting_id,
                decision=one.decision,
                owner=owner,
                act_by=one.act_by,
                is_late=one.state is HelpState.DECIDED and one.act_by < today,
                decided_by=decider,
                decided_at=one.decided_at,
                outcome=one.outcome,
                ended_by=ender,
                ended_at=one.ended_at,
                may_decide=is_open and is_supervised,
                may_finish=is_open and one.state is HelpState.DECIDED and finishes,
                may_withdraw=is_open and (bool(is_own) or is_supervised),
            )
        )
    return found


def _is_unanswered(request: HelpRequest, today: date, calendar: WorkingCalendar) -> bool:
    return request.state is HelpState.OPEN and is_unanswered(request.asked_on, today, calendar)
