"""The formal orders that the rules propose to the supervisors: worked out when asked for, nothing is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, time, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Exists, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import days_late
from taskboard.domain.local_time import at_local, local_date
from taskboard.domain.orders import RED_AFTER, YELLOW_AFTER, Given, OrderGround, OrderKind, OrderState, propose
from taskboard.domain.permissions import Actor
from taskboard.domain.workflow import AssignmentRole
from taskboard.models import Assignment, Department, Plan, SupervisionOrder, Task
from taskboard.models.base import UtcDateTime
from taskboard.services.overdue import overdue_assignments
from taskboard.services.paging import PAGE_SIZE, Page, fetch_page
from taskboard.services.visibility import supervised_tasks


class ProposalRow(NamedTuple):
    """One order that the rules suggest to the supervisors."""

    task_id: int
    assignment_id: int
    title: str
    plan: str
    department: str
    role: AssignmentRole
    due_on: date
    days_late: int
    kind: OrderKind
    ground: OrderGround
    since: date


_ISSUED_AT = func.coalesce(Assignment.issued_at, Task.issued_at, type_=UtcDateTime)

_ROWS = (
    select(
        Assignment.task_id,
        Assignment.id,
        Task.title,
        Plan.title.label("plan"),
        Department.name.label("department"),
        Assignment.role,
        Assignment.due_on,
        Assignment.deadline_version,
        _ISSUED_AT.label("issued_at"),
    )
    .join(Task, Task.id == Assignment.task_id)
    .join(Plan, Plan.id == Task.plan_id)
    .join(Department, Department.id == Assignment.department_id)
)


def list_proposals(
    session: Session, actor: Actor, *, today: date, calendar: WorkingCalendar, size: int = PAGE_SIZE
) -> Page[ProposalRow]:
    """What the rules propose to this supervisor today, red before yellow, the longest late first; three queries.

    Of a long list only the first ``size`` rows come, with the number of all.
    """
    if not actor.is_supervisor:
        return Page([], 1, size, 0)
    red = _is_red(today, calendar)
    wanted = and_(
        overdue_assignments(today),
        Task.parent_id.is_(None),
        supervised_tasks(actor),
        ~_given(OrderKind.RED),
        or_(red, and_(_is_late(YELLOW_AFTER, today, calendar), ~_given(OrderKind.YELLOW))),
    )
    query = _ROWS.where(wanted).order_by(case((red, 0), else_=1), Assignment.due_on, Assignment.id)
    page = fetch_page(session, query, number=1, size=size)
    given = _load_given(session, [row.id for row in page.rows])
    rows = []
    for one in page.rows:
        orders = given[one.id, one.deadline_version]
        issued_on = local_date(one.issued_at) if one.issued_at else None
        found = propose(one.due_on, orders, issued_on=issued_on, today=today, calendar=calendar)
        if found is not None:
            late = days_late(one.due_on, None, today)
            about = (one.task_id, one.id, one.title, one.plan, one.department, one.role, one.due_on, late)
            rows.append(ProposalRow(*about, found.kind, found.ground, found.since))
    return page.of(rows)


# The conditions are the SQL twin of ``domain.orders.propose``, which then says what is proposed and why.


def _is_red(today: date, calendar: WorkingCalendar) -> ColumnElement[bool]:
    open_and_past = (SupervisionOrder.state == OrderState.OPEN, SupervisionOrder.due_on < today)
    return or_(_is_late(RED_AFTER, today, calendar), _given(OrderKind.YELLOW, *open_and_past))


def _is_late(working_days: int, today: date, calendar: WorkingCalendar) -> ColumnElement[bool]:
    """Whether so many working days have passed since the deadline, and since the department got the work."""
    latest = calendar.latest_start(working_days, today)
    issued_before = at_local(latest + timedelta(days=1), time())
    return and_(Assignment.due_on <= latest, or_(_ISSUED_AT.is_(None), issued_before > _ISSUED_AT))


def _given(kind: OrderKind, *more: ColumnElement[bool]) -> Exists:
    """Whether the department got such an order for the deadline it now has."""
    return exists().where(
        SupervisionOrder.assignment_id == Assignment.id,
        SupervisionOrder.deadline_version == Assignment.deadline_version,
        SupervisionOrder.kind == kind,
        *more,
    )


def _load_given(session: Session, assignment_ids: Collection[int]) -> defaultdict[tuple[int, int], list[Given]]:
    """The yellow and red orders of these assignments, by assignment and version of the deadline."""
    query = select(
        SupervisionOrder.assignment_id,
        SupervisionOrder.deadline_version,
        SupervisionOrder.kind,
        SupervisionOrder.state,
        SupervisionOrder.due_on,
    ).where(
        SupervisionOrder.assignment_id.in_(assignment_ids),
        SupervisionOrder.kind.in_((OrderKind.YELLOW, OrderKind.RED)),
    )
    found: defaultdict[tuple[int, int], list[Given]] = defaultdict(list)
    for assignment_id, version, kind, state, due_on in session.execute(query):
        found[assignment_id, version].append(Given(kind, state, due_on))
    return found
