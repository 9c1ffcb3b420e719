"""Instructions (批示) as pages show them: who sees which, what is owed on each, and what this person may do.

Who may see the task sees its instructions. An instruction about a whole plan is seen by those who watch over the plan,
and by each department that owes a reply to it, which sees its own reply only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from taskboard.domain.errors import NotFound
from taskboard.domain.instructions import (
    REPLY_OWED,
    SETTLED,
    Addressee,
    DutyState,
    ReplyResult,
    is_reply_overdue,
)
from taskboard.domain.permissions import DEPARTMENT_WIDE, Actor, answers_for
from taskboard.domain.roles import Role
from taskboard.models import (
    Department,
    Instruction,
    InstructionDuty,
    InstructionReply,
    Person,
    PersonPost,
    Plan,
    Task,
)
from taskboard.services.actors import held_on
from taskboard.services.cases import vacant_roles
from taskboard.services.department_tree import in_subtree
from taskboard.services.paging import PAGE_SIZE, Page, fetch_page
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
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    withdrawal_reason: str | None
    may_withdraw: bool

    def find_duty(self, duty_id: int) -> DutyView:
        """The duty with this id; raises :class:`NotFound`."""
        for one in self.duties:
            if one.id == duty_id:
                return one
        raise NotFound(subject="instruction")


# Lists and pages


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

    ``is_unsettled`` leaves those out on which nobody waits for anything any more.
    """
    condition = visible_instructions(actor)
    if actor.holds(Role.LEADER) and not actor.is_supervisor:
        condition = Instruction.author_id == actor.person_id
    if is_unsettled:
        condition = and_(
            condition,
            exists().where(InstructionDuty.instruction_id == Instruction.id, InstructionDuty.state.not_in(SETTLED)),
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
    withdrawer = aliased(Person)
    rows = session.execute(
        select(
            Instruction, Person.name, Plan.title, Task.title, Department.path, withdrawer.name, _watched_plans(actor)
        )
        .join(Person, Person.id == Instruction.author_id)
        .outerjoin(withdrawer, withdrawer.id == Instruction.withdrawn_by_id)
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
    present = leaders_in_post(session, [row[0].author_id for row in rows], today=today)
    seen_tasks = set(
        session.scalars(
            select(Task.id).where(Task.id.in_([row[0].task_id for row in rows if row[0].task_id]), visible_tasks(actor))
        )
    )
    views = []
    for one, author, plan, title, body_path, withdrawn_by, is_watched in rows:
        sees_all = bool(is_watched) or one.author_id == actor.person_id or one.task_id in seen_tasks
        is_decider = decides(actor, one.author_id, body_path, present)
        is_answered = all(duty.state not in REPLY_OWED for duty, _ in duties[one.id])
        shown = []
        for duty, department in duties[one.id]:
            theirs = is_theirs(actor, duty, body_path, vacant[duty.department_id])
            if not (sees_all or theirs):
                continue
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
                    may_reply=theirs and duty.state in REPLY_OWED,
                    may_decide=is_decider and duty.state is DutyState.REPLIED,
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
                withdrawn_by=withdrawn_by,
                withdrawn_at=one.withdrawn_at,
                withdrawal_reason=one.withdrawal_reason,
                may_withdraw=is_decider and not is_answered,
            )
        )
    return views


def is_theirs(actor: Actor, duty: InstructionDuty, body_path: str, vacant: frozenset[Role]) -> bool:
    """Whether this person replies in the name of the addressee."""
    if duty.addressee is Addressee.SUPERVISORS:
        return actor.supervises(body_path)
    return answers_for(actor, duty.department_id, body_path, vacant)


def decides(actor: Actor, author_id: int, body_path: str, present: frozenset[int]) -> bool:
    """The author decides; once they lead no more, the supervisors must not be left waiting."""
    return author_id == actor.person_id or (author_id not in present and actor.supervises(body_path))


def leaders_in_post(session: Session, person_ids: Iterable[int], *, today: date) -> frozenset[int]:
    """Those of these people who are leaders today."""
    query = select(Person.id).where(Person.id.in_(set(person_ids)), is_leader_in_post(Person.id, today=today))
    return frozenset(session.scalars(query))


def is_leader_in_post(person_id: SQLColumnExpression[int], *, today: date) -> ColumnElement[bool]:
    """Condition: this person is leader today."""
    leader = aliased(Person)
    return exists().where(
        leader.id == person_id,
        leader.is_active,
        PersonPost.person_id == leader.id,
        PersonPost.role == Role.LEADER,
        held_on(today),
    )


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
