"""Instructions (批示): a leader writes one, each addressee replies, and the leader accepts the reply or returns it.

Who may see the task sees its instructions. An instruction about a whole plan is seen by those who watch over the plan,
and by each department that owes a reply to it, which sees its own reply only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Unpack

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from taskboard.domain.deadlines import require_future
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.instructions import (
    REPLY_OWED,
    Addressee,
    DutyState,
    ReplyResult,
    check_addressees,
    is_reply_overdue,
)
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import DEPARTMENT_WIDE, Actor, answers_for, may_instruct
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OPEN_ASSIGNMENT, OPEN_TASK, Act, AssignmentRole
from taskboard.models import (
    Assignment,
    Department,
    HistoryEntry,
    Instruction,
    InstructionDuty,
    InstructionReply,
    Person,
    PersonPost,
    Plan,
    Task,
)
from taskboard.services import instruction_notices as notices
from taskboard.services.actors import held_on
from taskboard.services.cases import Acting, describe, open_cases, vacant_roles
from taskboard.services.department_tree import in_subtree
from taskboard.services.history import find_repeated, record_change
from taskboard.services.instruction_notices import Matter
from taskboard.services.paging import PAGE_SIZE, Page, fetch_page
from taskboard.services.plans import visible_plans
from taskboard.services.visibility import department_ids, visible_tasks


class ReplyView(NamedTuple):
    """One reply, and what became of it."""

    text: str
    by: str
    at: datetime
    result: ReplyResult | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None


@dataclass(frozen=True)
class DutyView:
    """What one addressee owes, with its replies, the latest first."""

    id: int
    addressee: Addressee
    department: str
    due_on: date
    state: DutyState
    version: int
    days_late: int
    """calendar days past the day while no reply was given, else 0"""
    replies: list[ReplyView]
    may_reply: bool
    may_decide: bool


@dataclass(frozen=True)
class InstructionView:
    """An instruction as pages show it, with the duties that this person may see."""

    id: int
    text: str
    author: str
    given_at: datetime
    reply_due_on: date
    plan_id: int
    plan: str
    task_id: int | None
    title: str | None
    sees_plan: bool
    duties: list[DutyView]

    def find_duty(self, duty_id: int) -> DutyView:
        """The duty with this id; raises :class:`NotFound`."""
        for one in self.duties:
            if one.id == duty_id:
                return one
        raise NotFound(subject="instruction")


# Writing one


@dataclass(frozen=True)
class Wish:
    """What a leader wants to hear, by when, and from whom."""

    text: str
    reply_due_on: date
    to: frozenset[Addressee]


def instruct_on_task(session: Session, task_id: int, wish: Wish, **by: Unpack[Acting]) -> HistoryEntry:
    """Write an instruction about a task; each lead department and the supervisors owe a reply of their own.

    Raises :class:`NotFound`, :class:`NotAllowed`, and :class:`Invalid` for a day before today or nobody to reply.
    """
    case = open_cases(session, Act.REPORT, [task_id], **by)[task_id]
    if earlier := _find_earlier(session, by, Change.INSTRUCTED, task_id):
        return earlier
    if not may_instruct(case.actor, case.situation):
        raise NotAllowed(act=Change.INSTRUCTED)
    standing = [one.department_id for one in case.leads if one.state in OPEN_ASSIGNMENT]
    return _give(session, _About(case.task.plan_id, task_id, case.task.body_id, standing), wish, by)


def instruct_on_plan(session: Session, plan_id: int, wish: Wish, **by: Unpack[Acting]) -> HistoryEntry:
    """Write an instruction about a plan as a whole; the leads are those of its open tasks. Raises as for a task."""
    plan = session.scalar(select(Plan).where(Plan.id == plan_id, visible_plans(by["actor"])))
    if plan is None:
        raise NotFound(subject="plan")
    if earlier := _find_earlier(session, by, Change.INSTRUCTED, None):
        return earlier
    if not may_instruct_on_plan(session, plan_id, by["actor"]):
        raise NotAllowed(act=Change.INSTRUCTED)
    standing = session.scalars(
        select(Assignment.department_id)
        .distinct()
        .join(Task, Task.id == Assignment.task_id)
        .where(
            Task.plan_id == plan_id,
            Task.state.in_(OPEN_TASK),
            Assignment.role == AssignmentRole.LEAD,
            Assignment.state.in_(OPEN_ASSIGNMENT),
        )
        .order_by(Assignment.department_id)
    ).all()
    return _give(session, _About(plan_id, None, plan.body_id, standing), wish, by)


def may_instruct_on_task(session: Session, task_id: int, actor: Actor) -> bool:
    """Whether this person may write an instruction about the task, asked without locking it."""
    if not actor.holds(Role.LEADER):
        return False
    task = session.get_one(Task, task_id)
    assignments = session.scalars(select(Assignment).where(Assignment.task_id == task_id)).all()
    named = {one.department_id for one in assignments} | {task.body_id}
    departments = {one.id: one for one in session.scalars(select(Department).where(Department.id.in_(named)))}
    # Who stands in for whom, and requests for more time, make no difference to a leader.
    situation = describe(task, assignments, departments, dict.fromkeys(named, frozenset()), ())
    return may_instruct(actor, situation)


def may_instruct_on_plan(session: Session, plan_id: int, actor: Actor) -> bool:
    """Whether this person is a leader who watches over the whole plan."""
    path = session.scalar(select(Department.path).join(Plan, Plan.body_id == Department.id).where(Plan.id == plan_id))
    return path is not None and actor.leads_over(path, plan_id)


class _About(NamedTuple):
    """What the instruction is about, and the lead departments that stand on it."""

    plan_id: int
    task_id: int | None
    body_id: int
    leads: Sequence[int]


def _give(session: Session, about: _About, wish: Wish, by: Acting) -> HistoryEntry:
    text = wish.text.strip()
    if not text:
        raise Invalid("text", "required")
    require_future("reply_due_on", wish.reply_due_on, local_date(by["now"]))
    check_addressees(wish.to)
    if Addressee.LEADS in wish.to and not about.leads:
        raise Invalid("to", "instruction_without_leads")
    instruction = Instruction(
        plan_id=about.plan_id,
        task_id=about.task_id,
        author_id=by["actor"].person_id,
        given_at=by["now"],
        text=text,
        reply_due_on=wish.reply_due_on,
    )
    session.add(instruction)
    session.flush()
    owing = [(Addressee.SUPERVISORS, about.body_id)] if Addressee.SUPERVISORS in wish.to else []
    owing += [(Addressee.LEADS, one) for one in about.leads] if Addressee.LEADS in wish.to else []
    duties = [
        InstructionDuty(instruction_id=instruction.id, addressee=kind, department_id=one, due_on=wish.reply_due_on)
        for kind, one in owing
    ]
    session.add_all(duties)
    facts = {"reply_due_on": wish.reply_due_on, "addressees": sorted(wish.to)}
    entry = _record(session, instruction, Change.INSTRUCTED, by, reason=text, after=facts)
    notices.given(session, instruction, duties, by)
    return entry


# Replies


def reply(session: Session, duty_id: int, *, text: str, **by: Unpack[Acting]) -> HistoryEntry:
    """Reply in the name of the addressee; raises :class:`NotFound`, :class:`NotAllowed`, :class:`NotNow`."""
    matter = _open(session, duty_id, by)
    duty = matter.duty
    if earlier := _find_earlier(session, by, Change.INSTRUCTION_REPLIED, matter.instruction.task_id):
        return earlier
    vacant = vacant_roles(session, [duty.department_id], today=local_date(by["now"]))[duty.department_id]
    body = _body(session, matter.instruction)
    if not _is_theirs(by["actor"], duty, body.path, vacant):
        raise NotAllowed(act=Change.INSTRUCTION_REPLIED)
    if duty.state not in REPLY_OWED:
        raise NotNow(act=Change.INSTRUCTION_REPLIED, state=duty.state)
    text = text.strip()
    if not text:
        raise Invalid("text", "required")
    before = _values(matter)
    session.add(InstructionReply(duty_id=duty.id, text=text, replied_by_id=by["actor"].person_id, replied_at=by["now"]))
    duty.state = DutyState.REPLIED
    entry = _record(
        session,
        matter.instruction,
        Change.INSTRUCTION_REPLIED,
        by,
        reason=text,
        before=before,
        after=_values(matter),
    )
    notices.replied(session, matter, text, by)
    return entry


def accept_reply(session: Session, duty_id: int, *, reason: str = "", **by: Unpack[Acting]) -> HistoryEntry:
    """The leader is content with the reply, and the duty ends; raises as :func:`return_reply` does."""
    return _decide(session, duty_id, _Decision(ReplyResult.ACCEPTED, reason.strip(), None), by)


def return_reply(
    session: Session, duty_id: int, *, reason: str, reply_due_on: date, **by: Unpack[Acting]
) -> HistoryEntry:
    """Ask for a better reply by another day, and say why.

    Raises :class:`NotFound`, :class:`NotAllowed`, :class:`NotNow`, :class:`Stale` and :class:`Invalid`.
    """
    return _decide(session, duty_id, _Decision(ReplyResult.RETURNED, reason.strip(), reply_due_on), by)


class _Decision(NamedTuple):
    result: ReplyResult
    reason: str
    due_on: date | None


def _decide(session: Session, duty_id: int, decision: _Decision, by: Acting) -> HistoryEntry:
    is_accepted = decision.result is ReplyResult.ACCEPTED
    act = Change.INSTRUCTION_ACCEPTED if is_accepted else Change.INSTRUCTION_RETURNED
    matter = _open(session, duty_id, by)
    duty, instruction = matter.duty, matter.instruction
    if earlier := _find_earlier(session, by, act, instruction.task_id):
        return earlier
    present = _leaders_in_post(session, [instruction.author_id], today=local_date(by["now"]))
    if not _decides(by["actor"], instruction.author_id, _body(session, instruction).path, present):
        raise NotAllowed(act=act)
    if duty.state is not DutyState.REPLIED:
        raise NotNow(act=act, state=duty.state)
    if by.get("version") not in (None, duty.version):
        raise Stale(version=duty.version)
    _check(decision, local_date(by["now"]))
    last = session.scalars(
        select(InstructionReply).where(InstructionReply.duty_id == duty.id, InstructionReply.decided_at.is_(None))
    ).one()
    last.result, last.decision_reason = decision.result, decision.reason or None
    last.decided_by_id, last.decided_at = by["actor"].person_id, by["now"]
    before = _values(matter)
    duty.state = DutyState.ACCEPTED if is_accepted else DutyState.RETURNED
    duty.due_on = decision.due_on or duty.due_on
    entry = _record(session, instruction, act, by, reason=decision.reason or None, before=before, after=_values(matter))
    notices.decided(session, matter, decision.reason, by)
    return entry


def _check(decision: _Decision, today: date) -> None:
    """A reply that is returned needs a reason and another day."""
    if decision.due_on is None:
        return
    if not decision.reason:
        raise Invalid("reason", "required")
    require_future("reply_due_on", decision.due_on, today)


def _open(session: Session, duty_id: int, by: Acting) -> Matter:
    """The duty, locked; raises :class:`NotFound`, also where this person may not see it."""
    duty = session.scalar(
        select(InstructionDuty)
        .where(InstructionDuty.id == duty_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if duty is None:
        raise NotFound(subject="instruction")
    seen = get_instruction(session, duty.instruction_id, by["actor"], today=local_date(by["now"]))
    return Matter(session.get_one(Instruction, duty.instruction_id), duty, seen.find_duty(duty_id).department)


def _body(session: Session, instruction: Instruction) -> Department:
    return session.get_one(Department, session.get_one(Plan, instruction.plan_id).body_id)


def _find_earlier(session: Session, by: Acting, act: Change, task_id: int | None) -> HistoryEntry | None:
    return find_repeated(session, by.get("request_key"), act=act, task_id=task_id, actor=by["actor"])


def _values(matter: Matter) -> dict[str, object]:
    return {"state": matter.duty.state, "due_on": matter.duty.due_on}


def _record(
    session: Session,
    instruction: Instruction,
    act: Change,
    by: Acting,
    *,
    reason: str | None,
    after: Mapping[str, object],
    before: Mapping[str, object] | None = None,
) -> HistoryEntry:
    session.flush()
    return record_change(
        session,
        subject=Subject.TASK if instruction.task_id else Subject.PLAN,
        subject_id=instruction.task_id or instruction.plan_id,
        act=act,
        actor=by["actor"],
        now=by["now"],
        entrance=by["entrance"],
        before=before,
        after={"instruction": instruction.id, **after},
        reason=reason,
        request_key=by.get("request_key"),
    )


# Reading


def visible_instructions(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Instruction`: those that exist for this person."""
    conditions = [
        Instruction.author_id == actor.person_id,
        Instruction.task_id.in_(select(Task.id).where(visible_tasks(actor))),
        and_(Instruction.task_id.is_(None), _watched_plans(actor)),
    ]
    if own := department_ids(actor, DEPARTMENT_WIDE):
        conditions.append(
            exists().where(InstructionDuty.instruction_id == Instruction.id, InstructionDuty.department_id.in_(own))
        )
    return or_(*conditions)


def _watched_plans(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Instruction`: its plan is one that this person supervises or watches over as a whole."""
    places = [in_subtree(path) for path in sorted(actor.overseen_paths)]
    plans = [Instruction.plan_id.in_(sorted(actor.overseen_plans))]
    if places:
        bodies = select(Department.id).where(or_(*places))
        plans.append(Instruction.plan_id.in_(select(Plan.id).where(Plan.body_id.in_(bodies))))
    return or_(*plans)


def get_instruction(session: Session, instruction_id: int, actor: Actor, *, today: date) -> InstructionView:
    """One instruction that exists for this person; raises :class:`NotFound`."""
    found = _views(session, [instruction_id], actor, today)
    if not found:
        raise NotFound(subject="instruction")
    return found[0]


def list_instructions(
    session: Session,
    actor: Actor,
    *,
    today: date,
    is_unsettled: bool = False,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> Page[InstructionView]:
    """A page of the instructions that a leader wrote, or that exist for anybody else; the latest first.

    ``is_unsettled`` leaves those out to which every reply was accepted.
    """
    condition = visible_instructions(actor)
    if actor.holds(Role.LEADER) and not actor.is_supervisor:
        condition = Instruction.author_id == actor.person_id
    if is_unsettled:
        condition = and_(
            condition,
            exists().where(
                InstructionDuty.instruction_id == Instruction.id, InstructionDuty.state != DutyState.ACCEPTED
            ),
        )
    page = fetch_page(
        session, select(Instruction.id).where(condition).order_by(Instruction.id.desc()), number=number, size=size
    )
    return page.of(_views(session, [row.id for row in page.rows], actor, today))


def list_task_instructions(session: Session, task_id: int, actor: Actor, *, today: date) -> list[InstructionView]:
    """The instructions about a task, the latest first; none where the task does not exist for this person."""
    ids = session.scalars(select(Instruction.id).where(Instruction.task_id == task_id)).all()
    return _views(session, ids, actor, today) if ids else []


def list_plan_instructions(session: Session, plan_id: int, actor: Actor, *, today: date) -> list[InstructionView]:
    """The instructions about a plan as a whole that exist for this person, the latest first."""
    query = select(Instruction.id).where(Instruction.plan_id == plan_id, Instruction.task_id.is_(None))
    ids = session.scalars(query).all()
    return _views(session, ids, actor, today) if ids else []


def _views(session: Session, ids: Iterable[int], actor: Actor, today: date) -> list[InstructionView]:
    """These instructions, as far as they exist for this person, the latest first; a fixed number of queries."""
    rows = session.execute(
        select(Instruction, Person.name, Plan.title, Task.title, Department.path, _watched_plans(actor))
        .join(Person, Person.id == Instruction.author_id)
        .join(Plan, Plan.id == Instruction.plan_id)
        .join(Department, Department.id == Plan.body_id)
        .outerjoin(Task, Task.id == Instruction.task_id)
        .where(Instruction.id.in_(list(ids)), visible_instructions(actor))
        .order_by(Instruction.id.desc())
    ).all()
    duties = _duties(session, [row[0].id for row in rows])
    replies = _replies(session, [duty.id for ones in duties.values() for duty, _ in ones])
    departments = {duty.department_id for ones in duties.values() for duty, _ in ones}
    vacant = vacant_roles(session, departments, today=today) if departments else {}
    present = _leaders_in_post(session, [row[0].author_id for row in rows], today=today)
    seen_tasks = set(
        session.scalars(
            select(Task.id).where(Task.id.in_([row[0].task_id for row in rows if row[0].task_id]), visible_tasks(actor))
        )
    )
    views = []
    for one, author, plan, title, body_path, is_watched in rows:
        sees_all = bool(is_watched) or one.author_id == actor.person_id or one.task_id in seen_tasks
        shown = []
        for duty, department in duties[one.id]:
            is_theirs = _is_theirs(actor, duty, body_path, vacant[duty.department_id])
            if not (sees_all or is_theirs):
                continue
            decides = _decides(actor, one.author_id, body_path, present)
            is_late = is_reply_overdue(duty.state, duty.due_on, today)
            shown.append(
                DutyView(
                    id=duty.id,
                    addressee=duty.addressee,
                    department=department,
                    due_on=duty.due_on,
                    state=duty.state,
                    version=duty.version,
                    days_late=(today - duty.due_on).days if is_late else 0,
                    replies=replies[duty.id],
                    may_reply=is_theirs and duty.state in REPLY_OWED,
                    may_decide=decides and duty.state is DutyState.REPLIED,
                )
            )
        views.append(
            InstructionView(
                id=one.id,
                text=one.text,
                author=author,
                given_at=one.given_at,
                reply_due_on=one.reply_due_on,
                plan_id=one.plan_id,
                plan=plan,
                task_id=one.task_id if one.task_id in seen_tasks else None,
                title=title,
                sees_plan=sees_all,
                duties=shown,
            )
        )
    return views


def _is_theirs(actor: Actor, duty: InstructionDuty, body_path: str, vacant: frozenset[Role]) -> bool:
    if duty.addressee is Addressee.SUPERVISORS:
        return actor.supervises(body_path)
    return answers_for(actor, duty.department_id, body_path, vacant)


def _decides(actor: Actor, author_id: int, body_path: str, present: frozenset[int]) -> bool:
    """The author decides; once they lead no more, the supervisors must not be left waiting."""
    return author_id == actor.person_id or (author_id not in present and actor.supervises(body_path))


def _leaders_in_post(session: Session, person_ids: Iterable[int], *, today: date) -> frozenset[int]:
    query = select(Person.id).where(
        Person.id.in_(set(person_ids)),
        Person.is_active,
        exists().where(PersonPost.person_id == Person.id, PersonPost.role == Role.LEADER, held_on(today)),
    )
    return frozenset(session.scalars(query))


def _duties(session: Session, instruction_ids: list[int]) -> dict[int, list[tuple[InstructionDuty, str]]]:
    query = (
        select(InstructionDuty, Department.name)
        .join(Department, Department.id == InstructionDuty.department_id)
        .where(InstructionDuty.instruction_id.in_(instruction_ids))
        .order_by(InstructionDuty.id)
    )
    found: dict[int, list[tuple[InstructionDuty, str]]] = defaultdict(list)
    for duty, name in session.execute(query):
        found[duty.instruction_id].append((duty, name))
    return found


def _replies(session: Session, duty_ids: list[int]) -> dict[int, list[ReplyView]]:
    decider = aliased(Person)
    query = (
        select(InstructionReply, Person.name, decider.name)
        .join(Person, Person.id == InstructionReply.replied_by_id)
        .outerjoin(decider, decider.id == InstructionReply.decided_by_id)
        .where(InstructionReply.duty_id.in_(duty_ids))
        .order_by(InstructionReply.id.desc())
    )
    found: dict[int, list[ReplyView]] = defaultdict(list)
    for one, by, decided_by in session.execute(query):
        found[one.duty_id].append(
            ReplyView(one.text, by, one.replied_at, one.result, decided_by, one.decided_at, one.decision_reason)
        )
    return found
