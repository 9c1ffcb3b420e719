"""Instructions (批示): a leader writes one, each addressee replies, and the leader accepts the reply or returns it.

While somebody still owes a reply the leader may take the instruction back. Pages and lists are read in
``instruction_views``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.instructions import (
    REPLY_OWED,
    Addressee,
    DutyState,
    ReplyResult,
    check_addressees,
    check_reply_day,
)
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import Actor, may_instruct
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OPEN_ASSIGNMENT, OPEN_TASK, Act, AssignmentRole
from taskboard.models import (
    Assignment,
    Department,
    HistoryEntry,
    Instruction,
    InstructionDuty,
    InstructionReply,
    Plan,
    Task,
)
from taskboard.services import instruction_notices as notices
from taskboard.services.cases import Acting, describe, open_cases, vacant_roles
from taskboard.services.history import find_repeated, record_change
from taskboard.services.instruction_notices import Matter
from taskboard.services.instruction_views import decides, get_instruction, is_theirs, leaders_in_post
from taskboard.services.plans import visible_plans

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
    if task.parent_id is not None:
        return False
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
    check_reply_day(wish.reply_due_on, local_date(by["now"]))
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


# Taking one back


def withdraw_instruction(session: Session, instruction_id: int, *, reason: str, **by: Unpack[Acting]) -> HistoryEntry:
    """Nobody owes anything on it any more, and those who did are told why. What was replied stays.

    Raises :class:`NotFound`, :class:`NotAllowed`, :class:`Invalid` without a reason, and :class:`NotNow` where it was
    withdrawn before, or where everybody replied: then the leader decides on the replies.
    """
    act, today = Change.INSTRUCTION_WITHDRAWN, local_date(by["now"])
    get_instruction(session, instruction_id, by["actor"], today=today)
    # Who replies locks the duty: with all of them locked a last reply and the withdrawal cannot pass each other.
    duties = session.scalars(
        select(InstructionDuty)
        .where(InstructionDuty.instruction_id == instruction_id)
        .order_by(InstructionDuty.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    instruction = session.get_one(Instruction, instruction_id, populate_existing=True)
    if earlier := _find_earlier(session, by, act, instruction.task_id):
        return earlier
    present = leaders_in_post(session, [instruction.author_id], today=today)
    if not decides(by["actor"], instruction.author_id, _body(session, instruction).path, present):
        raise NotAllowed(act=act)
    if all(one.state not in REPLY_OWED for one in duties):
        raise NotNow(act=act, state=duties[0].state)
    if not reason.strip():
        raise Invalid("reason", "required")
    instruction.withdrawn_by_id, instruction.withdrawn_at = by["actor"].person_id, by["now"]
    instruction.withdrawal_reason = reason.strip()
    ended = [one for one in duties if one.state is not DutyState.ACCEPTED]
    for one in ended:
        one.state = DutyState.WITHDRAWN
    entry = _record(session, instruction, act, by, reason=instruction.withdrawal_reason, after={"duties": len(ended)})
    notices.withdrawn(session, instruction, ended, by)
    return entry


# Replies


def reply(session: Session, duty_id: int, *, text: str, **by: Unpack[Acting]) -> HistoryEntry:
    """Reply in the name of the addressee; raises :class:`NotFound`, :class:`NotAllowed`, :class:`NotNow`."""
    matter = _open(session, duty_id, by)
    duty = matter.duty
    if earlier := _find_earlier(session, by, Change.INSTRUCTION_REPLIED, matter.instruction.task_id):
        return earlier
    _require(session, matter, Change.INSTRUCTION_REPLIED, by["actor"], today=local_date(by["now"]))
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
    _require(session, matter, act, by["actor"], today=local_date(by["now"]))
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


REPLYING = frozenset({Change.INSTRUCTION_REPLIED})


def check_permission(session: Session, duty_id: int, act: Change, actor: Actor, *, today: date) -> None:
    """Raise :class:`NotFound` or :class:`NotAllowed` where this is not for this person, whatever they would send."""
    duty = session.get(InstructionDuty, duty_id)
    if duty is None:
        raise NotFound(subject="instruction")
    _require(session, _matter(session, duty, actor, today), act, actor, today=today)


def _require(session: Session, matter: Matter, act: Change, actor: Actor, *, today: date) -> None:
    duty, instruction = matter.duty, matter.instruction
    body = _body(session, instruction)
    if act in REPLYING:
        vacant = vacant_roles(session, [duty.department_id], today=today)[duty.department_id]
        may = is_theirs(actor, duty, body.path, vacant)
    else:
        present = leaders_in_post(session, [instruction.author_id], today=today)
        may = decides(actor, instruction.author_id, body.path, present)
    if not may:
        raise NotAllowed(act=act)


def _check(decision: _Decision, today: date) -> None:
    """A reply that is returned needs a reason and another day."""
    if decision.due_on is None:
        return
    if not decision.reason:
        raise Invalid("reason", "required")
    check_reply_day(decision.due_on, today)


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
    return _matter(session, duty, by["actor"], local_date(by["now"]))


def _matter(session: Session, duty: InstructionDuty, actor: Actor, today: date) -> Matter:
    seen = get_instruction(session, duty.instruction_id, actor, today=today)
    return Matter(session.get_one(Instruction, duty.instruction_id), duty, seen.find_duty(duty.id).department)


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
