"""Notices of instructions: to those who owe a reply, to the leader about a reply, and back about the decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.instructions import Addressee, DutyState
from taskboard.domain.local_time import local_date
from taskboard.domain.roles import Role
from taskboard.models import Department, Instruction, InstructionDuty, InstructionReply, Person, Plan, Task
from taskboard.services.actors import Holder
from taskboard.services.cases import Acting
from taskboard.services.notice_recipients import Recipient, answering, leader_hearing, supervising
from taskboard.services.telling import Telling, tell


class Matter(NamedTuple):
    """What a notice is about: the duty of one department, for which ``department`` stands."""

    instruction: Instruction
    duty: InstructionDuty
    department: str


def given(session: Session, instruction: Instruction, duties: Sequence[InstructionDuty], by: Acting) -> None:
    """Tell everybody who owes a reply what the leader wrote, and by when to reply."""
    facts = {**_facts(session, instruction), "due_on": instruction.reply_due_on.isoformat()}
    people = _owing(session, instruction, duties, by)
    tell(_telling(session, by), people, f"instruction:{instruction.id}", "instruction_given", facts)


def replied(session: Session, matter: Matter, reply: str, by: Acting) -> None:
    """Tell the leader what was replied."""
    author = session.get_one(Person, matter.instruction.author_id)
    if not author.is_active:
        return
    body = _body(session, matter.instruction)
    leader = Holder(author.id, author.name, author.email)
    hearing = leader_hearing(session, leader, body.path, today=local_date(by["now"]))
    people = [Recipient(one, Role.LEADER, body.name) for one in hearing]
    facts = {**_facts(session, matter.instruction), "reply": reply, "department": matter.department}
    subject = f"instruction-reply:{matter.duty.id}:{_round(session, matter.duty)}"
    tell(_telling(session, by), people, subject, "instruction_replied", facts)


def decided(session: Session, matter: Matter, reason: str, by: Acting) -> None:
    """Tell who replied whether the leader is content, and if not, by when to reply again."""
    facts = {
        **_facts(session, matter.instruction),
        "department": matter.department,
        "is_accepted": matter.duty.state is DutyState.ACCEPTED,
        "reason": reason,
        "due_on": matter.duty.due_on.isoformat(),
    }
    people = _owing(session, matter.instruction, [matter.duty], by)
    subject = f"instruction-decision:{matter.duty.id}:{_round(session, matter.duty)}"
    tell(_telling(session, by), people, subject, "instruction_decided", facts)


def withdrawn(session: Session, instruction: Instruction, duties: Sequence[InstructionDuty], by: Acting) -> None:
    """Tell everybody who owed a reply, or waited for word on theirs, that nothing is owed any more."""
    facts = {**_facts(session, instruction), "reason": instruction.withdrawal_reason}
    people = _owing(session, instruction, duties, by)
    tell(_telling(session, by), people, f"instruction-withdrawn:{instruction.id}", "instruction_withdrawn", facts)


def _owing(
    session: Session, instruction: Instruction, duties: Iterable[InstructionDuty], by: Acting
) -> list[Recipient]:
    body, today = _body(session, instruction), local_date(by["now"])
    duties = list(duties)
    leads = [one.department_id for one in duties if one.addressee is Addressee.LEADS]
    rows = session.execute(select(Department.id, Department.name).where(Department.id.in_(leads)))
    people = answering(session, {row.id: row.name for row in rows}, body=body, today=today)
    if any(one.addressee is Addressee.SUPERVISORS for one in duties):
        people += supervising(session, body, today=today)
    return people


def _round(session: Session, duty: InstructionDuty) -> int:
    """The id of the latest reply: each round of reply and decision has notices of its own."""
    query = select(InstructionReply.id).where(InstructionReply.duty_id == duty.id)
    return session.scalar(query.order_by(InstructionReply.id.desc()).limit(1)) or 0


def _body(session: Session, instruction: Instruction) -> Department:
    return session.get_one(Department, session.get_one(Plan, instruction.plan_id).body_id)


def _facts(session: Session, instruction: Instruction) -> dict[str, Any]:
    task = session.get_one(Task, instruction.task_id) if instruction.task_id else None
    return {
        "plan": session.get_one(Plan, instruction.plan_id).title,
        "title": task.title if task else None,
        "author": session.get_one(Person, instruction.author_id).name,
        "text": instruction.text,
        "path": f"/instructions/{instruction.id}",
    }


def _telling(session: Session, by: Acting) -> Telling:
    return Telling(session, by["actor"], by["now"])
