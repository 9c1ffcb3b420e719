"""What a department that others follow is charged with besides tasks: replies to leaders, help it was to give, leaders.

An instruction's reply follows the task it is about; what is about no single task follows the first successor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Unpack

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.domain.help_requests import HelpState
from taskboard.domain.history import Change, Subject
from taskboard.domain.instructions import SETTLED, DutyState
from taskboard.models import (
    CoordinationMeeting,
    Department,
    HelpRequest,
    Instruction,
    InstructionDuty,
    InstructionReply,
    Objection,
    Person,
    PortfolioItem,
)
from taskboard.services.history import Writing, record_change


class DutyLine(NamedTuple):
    """A reply that the department owes a leader."""

    id: int
    author: str
    text: str
    task_id: int | None
    state: DutyState


class HelpLine(NamedTuple):
    """Help that the department was charged to give."""

    id: int
    task_id: int
    decision: str


class PortfolioLine(NamedTuple):
    """A leader in whose portfolio the department stands."""

    id: int
    person_id: int
    leader: str


def list_duties(session: Session, department: Department) -> list[DutyLine]:
    query = (
        select(InstructionDuty.id, Person.name, Instruction.text, Instruction.task_id, InstructionDuty.state)
        .join(Instruction, Instruction.id == InstructionDuty.instruction_id)
        .join(Person, Person.id == Instruction.author_id)
        .where(InstructionDuty.department_id == department.id, InstructionDuty.state.not_in(SETTLED))
        .order_by(InstructionDuty.id)
    )
    return [DutyLine(*row) for row in session.execute(query)]


def list_owned_help(session: Session, department: Department) -> list[HelpLine]:
    query = (
        select(HelpRequest.id, HelpRequest.task_id, HelpRequest.decision)
        .where(HelpRequest.owner_id == department.id, HelpRequest.state == HelpState.DECIDED)
        .order_by(HelpRequest.id)
    )
    return [HelpLine(row.id, row.task_id, row.decision or "") for row in session.execute(query)]


def list_portfolios_of(session: Session, department: Department) -> list[PortfolioLine]:
    query = (
        select(PortfolioItem.id, Person.id, Person.name)
        .join(Person, Person.id == PortfolioItem.person_id)
        .where(PortfolioItem.department_id == department.id)
        .order_by(PortfolioItem.id)
    )
    return [PortfolioLine(*row) for row in session.execute(query)]


def move_duties(
    session: Session, department: Department, by_task: Mapping[int, Department], *, otherwise: Department | None
) -> None:
    """Let the successor of each task owe the reply about it, and ``otherwise`` the rest; without it the rest stays."""
    for line in list_duties(session, department):
        successor = by_task.get(line.task_id, otherwise) if line.task_id is not None else otherwise
        if successor is not None:
            _move_duty(session, session.get_one(InstructionDuty, line.id), successor)
    session.flush()


def _move_duty(session: Session, duty: InstructionDuty, successor: Department) -> None:
    """One department owes one reply to an instruction: where it owes it already, or gave it, the two become one."""
    own = session.scalar(
        select(InstructionDuty).where(
            InstructionDuty.instruction_id == duty.instruction_id,
            InstructionDuty.addressee == duty.addressee,
            InstructionDuty.department_id == successor.id,
        )
    )
    if own is None:
        duty.department_id = successor.id
        return
    if own.state in SETTLED:
        session.execute(
            update(InstructionReply)
            .where(InstructionReply.duty_id == duty.id)
            .values(duty_id=own.id)
            .execution_options(synchronize_session=False)
        )
        own.state, own.due_on = duty.state, duty.due_on
    duty.state = DutyState.WITHDRAWN


def move_owned_help(session: Session, department: Department, successor: Department) -> None:
    """The successor gives the help; whom an objection proposed is now the successor, too."""
    for line in list_owned_help(session, department):
        session.get_one(HelpRequest, line.id).owner_id = successor.id
    session.execute(
        update(Objection)
        .where(Objection.proposed_department_id == department.id, Objection.decided_at.is_(None))
        .values(proposed_department_id=successor.id)
        .execution_options(synchronize_session=False)
    )
    session.flush()


def move_meetings(session: Session, department: Department, successor: Department) -> None:
    """Meetings of the supervising body are the successor's, as the plans are."""
    session.execute(
        update(CoordinationMeeting)
        .where(CoordinationMeeting.body_id == department.id)
        .values(body_id=successor.id)
        .execution_options(synchronize_session=False)
    )


def move_portfolios(
    session: Session, department: Department, successors: Sequence[Department], **by: Unpack[Writing]
) -> None:
    """Leaders who watched over the department watch over all that follow it."""
    for line in list_portfolios_of(session, department):
        own = set(session.scalars(select(PortfolioItem.department_id).where(PortfolioItem.person_id == line.person_id)))
        for one in successors:
            if one.id not in own:
                session.add(PortfolioItem(person_id=line.person_id, department_id=one.id))
                _record(session, line, Change.PORTFOLIO_ADDED, one, **by)
        session.delete(session.get_one(PortfolioItem, line.id))
        session.flush()
        _record(session, line, Change.PORTFOLIO_REMOVED, department, **by)


def _record(session: Session, line: PortfolioLine, act: Change, department: Department, **by: Unpack[Writing]) -> None:
    told = {"department_id": department.id, "department": department.name}
    before, after = (None, told) if act is Change.PORTFOLIO_ADDED else (told, None)
    record_change(session, subject=Subject.PERSON, subject_id=line.person_id, act=act, before=before, after=after, **by)
