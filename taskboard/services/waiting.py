"""What waits for whom: everything a person must do or decide, by kind, with the time there is for it.

A kind is a member of :class:`Kind`, its words in the template, and a function in ``FINDERS`` that finds what waits:
those of the supervisors, of the departments, and here of both.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import TimeLimit, decision_limit, limit_until
from taskboard.domain.help_requests import HelpState, answer_due_on
from taskboard.domain.instructions import REPLY_OWED, Addressee, DutyState
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import DEPARTMENT_WIDE, Actor
from taskboard.domain.roles import Role
from taskboard.models import (
    Assignment,
    Department,
    HelpRequest,
    Instruction,
    InstructionDuty,
    InstructionReply,
    Plan,
    Task,
)
from taskboard.services import waiting_departments as departments
from taskboard.services import waiting_supervisors as supervisors
from taskboard.services.answerable import find_vacancies
from taskboard.services.help_requests import is_alive
from taskboard.services.instruction_views import is_leader_in_post
from taskboard.services.paging import AnyRow, AnySelect, count_rows
from taskboard.services.plans import supervised_bodies
from taskboard.services.visibility import department_ids, supervised_tasks
from taskboard.services.waiting_rows import MOST_ROWS, Asked, Finder, Kind, WaitingPart, WaitingRow


def list_waiting(session: Session, actor: Actor, *, today: date, calendar: WorkingCalendar) -> list[WaitingPart]:
    """What waits for this person, without the kinds of which there is nothing; a fixed number of queries."""
    asked = Asked(session, actor, today, calendar, find_vacancies(session, actor, today=today))
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
        _instructions(Instruction.given_at)
        .where(InstructionDuty.state.in_(REPLY_OWED), own)
        .order_by(InstructionDuty.due_on, InstructionDuty.id)
    )
    rows = [
        _instruction_row(row, limit_until(row.due_on, today=asked.today, calendar=asked.calendar))
        for row in asked.session.execute(query.limit(MOST_ROWS))
    ]
    return WaitingPart(Kind.INSTRUCTION, rows, count_rows(asked.session, query))


def find_instruction_replies(asked: Asked) -> WaitingPart | None:
    """The replies on which this leader has to decide; the supervisors decide for an author who leads no more."""
    if not (asked.actor.holds(Role.LEADER) or asked.actor.is_supervisor):
        return None
    leads_still = is_leader_in_post(Instruction.author_id, today=asked.today)
    supervised = Plan.body_id.in_(select(Department.id).where(supervised_bodies(asked.actor)))
    decides = or_(Instruction.author_id == asked.actor.person_id, and_(~leads_still, supervised))
    query = (
        _instructions(InstructionReply.replied_at)
        .join(InstructionReply, InstructionReply.duty_id == InstructionDuty.id)
        .where(InstructionDuty.state == DutyState.REPLIED, InstructionReply.decided_at.is_(None), decides)
        .order_by(InstructionReply.replied_at, InstructionDuty.id)
    )
    rows = [
        _instruction_row(row, decision_limit(local_date(row.since), today=asked.today, calendar=asked.calendar))
        for row in asked.session.execute(query.limit(MOST_ROWS))
    ]
    return WaitingPart(Kind.INSTRUCTION_REPLY, rows, count_rows(asked.session, query))


def _instructions(since: Any) -> AnySelect:
    return (
        select(
            Plan.id.label("plan_id"),
            Plan.title.label("plan"),
            func.coalesce(Task.title, Instruction.text).label("title"),
            Department.name.label("department"),
            Instruction.id,
            since.label("since"),
            InstructionDuty.due_on,
        )
        .select_from(InstructionDuty)
        .join(Instruction, Instruction.id == InstructionDuty.instruction_id)
        .join(Plan, Plan.id == Instruction.plan_id)
        .join(Department, Department.id == InstructionDuty.department_id)
        .outerjoin(Task, Task.id == Instruction.task_id)
    )


def _instruction_row(row: AnyRow, limit: TimeLimit) -> WaitingRow:
    return WaitingRow(
        plan_id=row.plan_id,
        task_id=None,
        title=row.title,
        plan=row.plan,
        department=row.department,
        since=local_date(row.since),
        limit=limit,
        instruction_id=row.id,
    )


def find_help_owned(asked: Asked) -> WaitingPart | None:
    """What was decided and this person's department has to carry out."""
    charged = or_(
        HelpRequest.owner_id.in_(department_ids(asked.actor, DEPARTMENT_WIDE)),
        and_(
            HelpRequest.owner_id.in_(asked.vacancies.unmanned),
            Task.body_id.in_(select(Department.id).where(supervised_bodies(asked.actor))),
        ),
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


FINDERS: tuple[Finder, ...] = (
    find_instructions,
    find_instruction_replies,
    find_help_owned,
    supervisors.find_objections,
    supervisors.find_extensions,
    find_help,
    supervisors.find_order_replies,
    supervisors.find_reviews,
    supervisors.find_review_days,
    departments.find_orders,
    departments.find_returned,
    departments.find_sign_offs,
    departments.find_partners,
    departments.find_acknowledgements,
    departments.find_reports,
    supervisors.find_order_proposals,
    supervisors.find_drafts,
)
"""in the order of the page"""
