"""What waits for the supervisors: decisions on what departments ask and submit, orders, suspended tasks, drafts.

Decisions on sub-tasks wait for who speaks for the department that issued them.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, select

from taskboard.domain.deadlines import limit_until
from taskboard.domain.local_time import local_date
from taskboard.domain.orders import OrderState
from taskboard.domain.suspensions import review_is_near
from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState, TaskState
from taskboard.models import Assignment, Extension, Objection, Plan, SupervisionOrder, Task
from taskboard.services.order_proposals import list_proposals
from taskboard.services.suspensions import list_reviews
from taskboard.services.visibility import decides_somewhere, supervised_assignments, supervised_tasks
from taskboard.services.waiting_rows import (
    MOST_ROWS,
    SUBMITTED_AT,
    Asked,
    Kind,
    WaitingPart,
    WaitingRow,
    assignment_rows,
    order_rows,
    part_of,
)


def _supervised(asked: Asked) -> ColumnElement[bool]:
    """The assignments of tasks about which this person decides."""
    return supervised_assignments(asked.actor, unmanned=asked.vacancies.unmanned)


def find_objections(asked: Asked) -> WaitingPart | None:
    if not decides_somewhere(asked.actor):
        return None
    rows = assignment_rows(Objection.raised_at).join(Objection, Objection.assignment_id == Assignment.id)
    condition = and_(
        Objection.decided_at.is_(None),
        Assignment.state == AssignmentState.OBJECTED,
        _supervised(asked),
    )
    return part_of(asked, Kind.OBJECTION, rows, condition, Act.UPHOLD_OBJECTION)


def find_extensions(asked: Asked) -> WaitingPart | None:
    if not decides_somewhere(asked.actor):
        return None
    rows = assignment_rows(Extension.asked_at, Extension.asked_due_on).join(
        Extension, Extension.assignment_id == Assignment.id
    )
    # As a list of ids: SQLite begins with these few, where it would read every task otherwise.
    undecided = Extension.id.in_(select(Extension.id).where(Extension.decided_at.is_(None)))
    condition = and_(undecided, _supervised(asked))
    return part_of(asked, Kind.EXTENSION, rows, condition, Act.GRANT_EXTENSION)


def find_order_proposals(asked: Asked) -> WaitingPart | None:
    """The formal orders that the rules propose; the page of orders has them with the way to make one."""
    page = list_proposals(asked.session, asked.actor, today=asked.today, calendar=asked.calendar, size=MOST_ROWS)
    rows = [
        WaitingRow(0, one.task_id, one.title, one.plan, one.department, one.since, None, due_on=one.due_on)
        for one in page.rows
    ]
    return WaitingPart(Kind.ORDER_PROPOSED, rows, page.total)


def find_order_replies(asked: Asked) -> WaitingPart | None:
    if not asked.actor.is_supervisor:
        return None
    rows = order_rows(SupervisionOrder.replied_at)
    condition = and_(
        SupervisionOrder.state == OrderState.REPLIED,
        _supervised(asked),
    )
    return part_of(asked, Kind.ORDER_REPLY, rows, condition, is_decision=True)


def find_reviews(asked: Asked) -> WaitingPart | None:
    if not decides_somewhere(asked.actor):
        return None
    condition = and_(
        Assignment.state == AssignmentState.SUBMITTED,
        Assignment.role == AssignmentRole.LEAD,
        Task.state == TaskState.SUBMITTED,
        _supervised(asked),
    )
    return part_of(asked, Kind.REVIEW, assignment_rows(SUBMITTED_AT), condition, is_decision=True)


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


def find_review_days(asked: Asked) -> WaitingPart | None:
    """The suspended tasks whose day of review is near or past, the earliest first; some rest without such a day."""
    if not decides_somewhere(asked.actor):
        return None
    condition = supervised_tasks(asked.actor, unmanned=asked.vacancies.unmanned)
    reviews = list_reviews(asked.session, condition)
    near = [one for one in reviews if review_is_near(one.review_on, asked.today, asked.calendar)]
    due = sorted(near, key=lambda one: (one.review_on, one.task_id))
    rows = [
        WaitingRow(
            plan_id=one.plan_id,
            task_id=one.task_id,
            title=one.title,
            plan=one.plan,
            department=None,
            since=local_date(one.suspended_at),
            limit=limit_until(one.review_on, today=asked.today, calendar=asked.calendar),
        )
        for one in due[:MOST_ROWS]
    ]
    return WaitingPart(Kind.REVIEW_DAY, rows, len(due))
