"""What waits for whom: everything a person must do or decide, by kind, with the time there is for it.

A kind is a member of :class:`Kind`, its words in the template, and a function in ``FINDERS`` that finds what waits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Row, Select, and_, func, literal, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import TimeLimit, time_limit
from taskboard.domain.help_requests import HelpState, answer_due_on
from taskboard.domain.instructions import REPLY_OWED, Addressee
from taskboard.domain.local_time import local_date
from taskboard.domain.orders import OrderState
from taskboard.domain.permissions import DEPARTMENT_WIDE, Actor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OPEN_ASSIGNMENT, UNDER_WAY, Act, AssignmentRole, AssignmentState, TaskState
from taskboard.models import (
    Assignment,
    Department,
    Extension,
    HelpRequest,
    HistoryEntry,
    Instruction,
    InstructionDuty,
    Objection,
    Plan,
    SupervisionOrder,
    Task,
)
from taskboard.models.base import UtcDateTime
from taskboard.services.answerable import Vacancies, find_vacancies
from taskboard.services.help_requests import is_alive
from taskboard.services.orders import limit_until, list_proposals
from taskboard.services.paging import AnyRow, AnySelect, count_rows
from taskboard.services.plans import supervised_bodies
from taskboard.services.visibility import department_ids, supervised_assignments, supervised_tasks

MOST_ROWS = 30


class Kind(StrEnum):
    """What is to be done, in the order of the page."""

    INSTRUCTION = "instruction"
    """a leader's instruction to be replied to"""
    HELP_OWNED = "help_owned"
    """what a meeting decided and the department has to carry out"""
    OBJECTION = "objection"
    EXTENSION = "extension"
    HELP = "help"
    ORDER_REPLY = "order_reply"
    """a department's reply to a formal order, to be settled"""
    REVIEW = "review"
    ORDER = "order"
    """a formal order to be answered"""
    SIGN_OFF = "sign_off"
    PARTNER = "partner"
    ACKNOWLEDGE = "acknowledge"
    ORDER_PROPOSED = "order_proposed"
    ISSUE = "issue"


class WaitingRow(NamedTuple):
    """One thing that waits. A draft has a plan and no department; ``number`` says how many it stands for."""

    plan_id: int
    task_id: int | None
    title: str
    plan: str
    department: str | None
    since: date
    limit: TimeLimit | None
    asked_due_on: date | None = None
    number: int = 1
    instruction_id: int | None = None
    help_request_id: int | None = None


@dataclass(frozen=True)
class WaitingPart:
    """Everything of one kind: the first rows, what presses most on top, and how much there is in all."""

    kind: Kind
    rows: list[WaitingRow]
    total: int


class Asked(NamedTuple):
    """For whom and when."""

    session: Session
    actor: Actor
    today: date
    calendar: WorkingCalendar
    vacancies: Vacancies


SUBMITTED_AT = func.coalesce(Assignment.submitted_at, Task.issued_at)
Finder = Callable[[Asked], WaitingPart | None]


def list_waiting(session: Session, actor: Actor, *, today: date, calendar: WorkingCalendar) -> list[WaitingPart]:
    """What waits for this person, without the kinds of which there is nothing; a fixed number of queries."""
    vacancies = find_vacancies(session, today=today) if actor.is_supervisor else Vacancies()
    asked = Asked(session, actor, today, calendar, vacancies)
    found = (find(asked) for find in FINDERS)
    return [part for part in found if part is not None and part.total]


# Instructions and requests for help


def find_instructions(asked: Asked) -> WaitingPart | None:
    """The replies that this person owes a leader."""
    supervised = Plan.body_id.in_(select(Department.id).where(supervised_bodies(asked.actor)))
    answered = or_(
        InstructionDuty.department_id.in_(department_ids(asked.actor, DEPARTMENT_WIDE)),
        and_(InstructionDuty.department_id.in_(asked.vacancies.unmanned), supervised),
    )
    own = or_(
        and_(InstructionDuty.addressee == Addressee.LEADS, answered),
        and_(InstructionDuty.addressee == Addressee.SUPERVISORS, supervised),
    )
    query = (
        select(
            Plan.id.label("plan_id"),
            Plan.title.label("plan"),
            func.coalesce(Task.title, Instruction.text).label("title"),
            Department.name.label("department"),
            Instruction.id,
            Instruction.given_at,
            InstructionDuty.due_on,
        )
        .select_from(InstructionDuty)
        .join(Instruction, Instruction.id == InstructionDuty.instruction_id)
        .join(Plan, Plan.id == Instruction.plan_id)
        .join(Department, Department.id == InstructionDuty.department_id)
        .outerjoin(Task, Task.id == Instruction.task_id)
        .where(InstructionDuty.state.in_(REPLY_OWED), own)
        .order_by(InstructionDuty.due_on, InstructionDuty.id)
    )
    rows = [
        WaitingRow(
            plan_id=row.plan_id,
            task_id=None,
            title=row.title,
            plan=row.plan,
            department=row.department,
            since=local_date(row.given_at),
            limit=limit_until(row.due_on, today=asked.today, calendar=asked.calendar),
            instruction_id=row.id,
        )
        for row in asked.session.execute(query.limit(MOST_ROWS))
    ]
    return WaitingPart(Kind.INSTRUCTION, rows, count_rows(asked.session, query))


def find_help_owned(asked: Asked) -> WaitingPart | None:
    """What was decided and this person's department has to carry out."""
    charged = or_(
        HelpRequest.owner_id.in_(department_ids(asked.actor, DEPARTMENT_WIDE)),
        and_(HelpRequest.owner_id.in_(asked.vacancies.unmanned), supervised_tasks(asked.actor)),
    )
    query = _help(HelpRequest.owner_id).where(HelpRequest.state == HelpState.DECIDED, charged)
    rows = [
        _help_row(asked, row, local_date(row.decided_at), row.act_by)
        for row in asked.session.execute(query.order_by(HelpRequest.act_by, HelpRequest.id).limit(MOST_ROWS))
    ]
    return WaitingPart(Kind.HELP_OWNED, rows, count_rows(asked.session, query))


def find_help(asked: Asked) -> WaitingPart | None:
    """The requests that nobody decided yet."""
    if not asked.actor.is_supervisor:
        return None
    query = _help(Assignment.department_id).where(HelpRequest.state == HelpState.OPEN, supervised_tasks(asked.actor))
    rows = [
        _help_row(asked, row, row.asked_on, answer_due_on(row.asked_on, asked.calendar))
        for row in asked.session.execute(query.order_by(HelpRequest.asked_at, HelpRequest.id).limit(MOST_ROWS))
    ]
    return WaitingPart(Kind.HELP, rows, count_rows(asked.session, query))


def _help(department_id: Any) -> AnySelect:
    return (
        select(
            Plan.id.label("plan_id"),
            Plan.title.label("plan"),
            Task.title,
            Department.name.label("department"),
            HelpRequest.id,
            HelpRequest.asked_on,
            HelpRequest.decided_at,
            HelpRequest.act_by,
        )
        .select_from(HelpRequest)
        .join(Task, Task.id == HelpRequest.task_id)
        .join(Assignment, Assignment.id == HelpRequest.assignment_id)
        .join(Plan, Plan.id == Task.plan_id)
        .join(Department, Department.id == department_id)
        .where(is_alive())
    )


def _help_row(asked: Asked, row: AnyRow, since: date, last_on: date) -> WaitingRow:
    return WaitingRow(
        plan_id=row.plan_id,
        task_id=None,
        title=row.title,
        plan=row.plan,
        department=row.department,
        since=since,
        limit=limit_until(last_on, today=asked.today, calendar=asked.calendar),
        help_request_id=row.id,
    )


# What waits for the supervisors


def find_objections(asked: Asked) -> WaitingPart | None:
    if not asked.actor.is_supervisor:
        return None
    rows = _rows(Objection.raised_at).join(Objection, Objection.assignment_id == Assignment.id)
    condition = and_(
        Objection.decided_at.is_(None),
        Assignment.state == AssignmentState.OBJECTED,
        supervised_assignments(asked.actor),
    )
    return _part(asked, Kind.OBJECTION, rows, condition, Act.UPHOLD_OBJECTION)


def find_extensions(asked: Asked) -> WaitingPart | None:
    if not asked.actor.is_supervisor:
        return None
    rows = _rows(Extension.asked_at, Extension.asked_due_on).join(Extension, Extension.assignment_id == Assignment.id)
    condition = and_(Extension.decided_at.is_(None), supervised_assignments(asked.actor))
    return _part(asked, Kind.EXTENSION, rows, condition, Act.GRANT_EXTENSION)


def find_order_proposals(asked: Asked) -> WaitingPart | None:
    """The formal orders that the rules propose; the page of orders has them with the way to make one."""
    proposals = list_proposals(asked.session, asked.actor, today=asked.today, calendar=asked.calendar)
    rows = [
        WaitingRow(0, one.task_id, one.title, one.plan, one.department, one.since, None)
        for one in proposals[:MOST_ROWS]
    ]
    return WaitingPart(Kind.ORDER_PROPOSED, rows, len(proposals))


def find_order_replies(asked: Asked) -> WaitingPart | None:
    if not asked.actor.is_supervisor:
        return None
    rows = _orders(SupervisionOrder.replied_at)
    condition = and_(SupervisionOrder.state == OrderState.REPLIED, supervised_assignments(asked.actor))
    return _part(asked, Kind.ORDER_REPLY, rows, condition)


def find_reviews(asked: Asked) -> WaitingPart | None:
    if not asked.actor.is_supervisor:
        return None
    condition = and_(
        Assignment.state == AssignmentState.SUBMITTED,
        Assignment.role == AssignmentRole.LEAD,
        Task.state == TaskState.SUBMITTED,
        supervised_assignments(asked.actor),
    )
    return _part(asked, Kind.REVIEW, _rows(SUBMITTED_AT), condition)


def find_drafts(asked: Asked) -> WaitingPart | None:
    """The plans with drafts that nobody issued yet."""
    if not asked.actor.is_supervisor:
        return None
    query = (
        select(Plan.id, Plan.title, func.min(Task.created_at), func.count())
        .join(Task, Task.plan_id == Plan.id)
        .where(Task.state == TaskState.DRAFT, supervised_tasks(asked.actor))
        .group_by(Plan.id, Plan.title)
        .order_by(func.min(Task.created_at), Plan.id)
    )
    rows = [
        WaitingRow(plan_id, None, title, title, None, local_date(since), None, None, count)
        for plan_id, title, since, count in asked.session.execute(query)
    ]
    return WaitingPart(Kind.ISSUE, rows[:MOST_ROWS], sum(row.number for row in rows))


# What waits for the departments


def find_orders(asked: Asked) -> WaitingPart | None:
    """The formal orders that this person's departments have not answered."""
    own = department_ids(asked.actor, DEPARTMENT_WIDE)
    if not own:
        return None
    rows = _orders(SupervisionOrder.confirmed_at).add_columns(SupervisionOrder.due_on.label("last_on"))
    condition = and_(SupervisionOrder.state == OrderState.OPEN, Assignment.department_id.in_(own))
    return _part(asked, Kind.ORDER, rows, condition)


def find_sign_offs(asked: Asked) -> WaitingPart | None:
    # Only the history knows when a submission came to the head.
    submitted_at = (
        select(func.max(HistoryEntry.at))
        .where(HistoryEntry.assignment_id == Assignment.id, HistoryEntry.act == Act.SUBMIT)
        .correlate(Assignment)
        .scalar_subquery()
    )
    own = _own(asked.actor, {Role.HEAD}, asked.vacancies.headless)
    condition = and_(Assignment.state == AssignmentState.HEAD_REVIEW, own)
    return _part(asked, Kind.SIGN_OFF, _rows(func.coalesce(submitted_at, Task.issued_at)), condition)


def find_acknowledgements(asked: Asked) -> WaitingPart | None:
    issued_at = func.coalesce(Assignment.issued_at, Task.issued_at)
    own = _own(asked.actor, DEPARTMENT_WIDE, asked.vacancies.unmanned)
    condition = and_(Assignment.state == AssignmentState.PENDING, own)
    return _part(asked, Kind.ACKNOWLEDGE, _rows(issued_at), condition, Act.ACKNOWLEDGE)


def find_partners(asked: Asked) -> WaitingPart | None:
    spoken_for = department_ids(asked.actor, DEPARTMENT_WIDE)
    if not spoken_for:
        return None
    lead = aliased(Assignment)
    led = select(lead.task_id).where(
        lead.department_id.in_(spoken_for), lead.role == AssignmentRole.LEAD, lead.state.in_(OPEN_ASSIGNMENT)
    )
    condition = and_(
        Assignment.state == AssignmentState.SUBMITTED,
        Assignment.role == AssignmentRole.PARTNER,
        Assignment.task_id.in_(led),
    )
    return _part(asked, Kind.PARTNER, _rows(SUBMITTED_AT), condition)


FINDERS: tuple[Finder, ...] = (
    find_instructions,
    find_help_owned,
    find_objections,
    find_extensions,
    find_help,
    find_order_replies,
    find_reviews,
    find_orders,
    find_sign_offs,
    find_partners,
    find_acknowledgements,
    find_order_proposals,
    find_drafts,
)
"""in the order of the page"""


def _own(actor: Actor, roles: Collection[Role], vacant: Collection[int]) -> ColumnElement[bool]:
    """Assignments of departments where this person holds one of the roles, or stands in as a supervisor."""
    parts: list[ColumnElement[bool]] = [Assignment.department_id.in_(department_ids(actor, roles))]
    if vacant:
        parts.append(and_(Assignment.department_id.in_(vacant), supervised_assignments(actor)))
    return or_(*parts)


def _rows(since: Any, asked_due_on: Any = None) -> Select[Any]:
    """The assignments with what a row shows; ``since`` is the moment from which the time counts."""
    return (
        select(
            Task.plan_id,
            Task.id,
            Task.title,
            Plan.title.label("plan"),
            Department.name.label("department"),
            type_coerce(since, UtcDateTime).label("since"),
            (literal(None, Date) if asked_due_on is None else asked_due_on).label("asked_due_on"),
        )
        .select_from(Assignment)
        .join(Task, Task.id == Assignment.task_id)
        .join(Plan, Plan.id == Task.plan_id)
        .join(Department, Department.id == Assignment.department_id)
    )


def _orders(since: Any) -> Select[Any]:
    return _rows(since).join(SupervisionOrder, SupervisionOrder.assignment_id == Assignment.id)


def _part(
    asked: Asked, kind: Kind, rows: Select[Any], condition: ColumnElement[bool], act: Act | None = None
) -> WaitingPart:
    wanted = rows.where(condition, Task.state.in_(UNDER_WAY))
    total = asked.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    found = asked.session.execute(wanted.order_by("since", Assignment.id).limit(MOST_ROWS)) if total else ()
    return WaitingPart(kind, [_row(asked, act, row) for row in found], total)


def _limit(asked: Asked, act: Act | None, row: Row[Any], since: date) -> TimeLimit | None:
    """The time the workflow's table gives for the act, or the day that was set for this very thing."""
    last_on = row._mapping.get("last_on")
    if last_on is not None:
        return limit_until(last_on, today=asked.today, calendar=asked.calendar)
    return time_limit(act, since, today=asked.today, calendar=asked.calendar) if act else None


def _row(asked: Asked, act: Act | None, row: Row[Any]) -> WaitingRow:
    since = local_date(row.since)
    return WaitingRow(
        plan_id=row.plan_id,
        task_id=row.id,
        title=row.title,
        plan=row.plan,
        department=row.department,
        since=since,
        limit=_limit(asked, act, row, since),
        asked_due_on=row.asked_due_on,
    )
