"""Formal orders (交办单, 催办单, 黄色/红色督办单): proposed, confirmed with a number, answered, settled or withdrawn.

An order exists from the moment in which a person confirms it; what the rules propose is worked out when it is asked
for. All acts raise :class:`NotFound`, :class:`NotAllowed`, :class:`NotNow`, :class:`Stale` and :class:`Invalid` as the
case may be; called again with the same ``request_key`` they change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Unpack

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import TimeLimit, days_late, limit_until
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.orders import (
    USUAL_LIMIT,
    Given,
    OrderAct,
    OrderGround,
    OrderKind,
    OrderState,
    can_be_ordered,
    propose,
)
from taskboard.domain.permissions import Actor, acts_on_order, may_order, permitted_order_move
from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState
from taskboard.labels import label
from taskboard.labels.orders import order_number, suggested_text
from taskboard.models import (
    Assignment,
    Department,
    HistoryEntry,
    OrderSeries,
    Person,
    Plan,
    SupervisionOrder,
    Task,
)
from taskboard.services import notices
from taskboard.services.calendar import load_calendar
from taskboard.services.cases import Acting, Case, describe, open_cases
from taskboard.services.history import find_repeated, record_change
from taskboard.services.overdue import overdue_assignments
from taskboard.services.paging import Page, fetch_page
from taskboard.services.requests import issued_on
from taskboard.services.visibility import held_assignments, overseen_assignments, supervised_assignments

# Making one


@dataclass(frozen=True)
class OrderDraft:
    """What a supervisor begins with; nothing of it is stored."""

    task_id: int
    assignment_id: int
    title: str
    department: str
    role: AssignmentRole
    state: AssignmentState
    task_due_on: date | None
    days_late: int
    kind: OrderKind
    text: str
    due_on: date


def draft_order(
    session: Session, assignment_id: int, kind: OrderKind, actor: Actor, *, today: date, calendar: WorkingCalendar
) -> OrderDraft:
    """The order with its suggested text and limit; raises :class:`NotFound` and :class:`NotAllowed`."""
    query = (
        select(
            Assignment,
            Task,
            Department.name,
            and_(Task.parent_id.is_(None), supervised_assignments(actor)).label("is_supervised"),
        )
        .join(Task, Task.id == Assignment.task_id)
        .join(Department, Department.id == Assignment.department_id)
        .where(Assignment.id == assignment_id, _visible(actor))
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(subject="assignment")
    one, task, department, is_supervised = found
    if not is_supervised:
        raise NotAllowed()
    reply_by = calendar.add(today, USUAL_LIMIT[kind])
    late = days_late(one.due_on, None, today)
    return OrderDraft(
        task_id=task.id,
        assignment_id=one.id,
        title=task.title,
        department=department,
        role=one.role,
        state=one.state,
        task_due_on=one.due_on,
        days_late=late,
        kind=kind,
        text=suggested_text(
            kind, title=task.title, role=label(one.role), due_on=one.due_on, days_late=late, reply_by=reply_by
        ),
        due_on=reply_by,
    )


def confirm_order(
    session: Session, assignment_id: int, *, kind: OrderKind, text: str, due_on: date, **by: Unpack[Acting]
) -> int:
    """Give the order its number and send it; its id.

    The number is the next one of the supervising body, the kind and the year. It is taken in the caller's transaction:
    one that is rolled back leaves no gap.
    """
    case = _open(session, assignment_id, by)
    earlier = _find_earlier(case, Change.ORDERED)
    if earlier is not None:
        return int((earlier.after or {})["order_id"])
    one = case.assignment
    if not may_order(case.actor, case.situation):
        raise NotAllowed()
    if not can_be_ordered(kind, one.state):
        facts = {"department": _department(case), "state": label(one.state), "kind": label(kind)}
        raise Invalid("kind", "order_for_nobody", **facts)
    if not text.strip():
        raise Invalid("text", "required")
    if due_on < case.today:
        raise Invalid("due_on", "order_limit_past", today=case.today)
    year = case.today.year
    order = SupervisionOrder(
        body_id=case.task.body_id,
        kind=kind,
        year=year,
        number=_next_number(session, case.task.body_id, kind, year),
        assignment_id=one.id,
        ground=_ground(session, case, kind),
        title=case.task.title,
        task_due_on=one.due_on,
        deadline_version=one.deadline_version,
        text=text.strip(),
        due_on=due_on,
        confirmed_by_id=case.actor.person_id,
        confirmed_at=case.now,
    )
    session.add(order)
    session.flush()
    entry = _record(case, order, Change.ORDERED, due_on=due_on, text=order.text)
    notices.ordered(case, entry, order)
    return order.id


def _ground(session: Session, case: Case, kind: OrderKind) -> OrderGround:
    """The rule that proposed this order, or that a person decided without one."""
    one = case.assignment
    is_overdue = session.scalar(
        select(Assignment.id).join(Task).where(Assignment.id == one.id, overdue_assignments(case.today))
    )
    if not is_overdue or one.due_on is None:
        return OrderGround.DECIDED
    given = session.execute(
        select(SupervisionOrder.kind, SupervisionOrder.state, SupervisionOrder.due_on).where(
            SupervisionOrder.assignment_id == one.id, SupervisionOrder.deadline_version == one.deadline_version
        )
    )
    found = propose(
        one.due_on,
        [Given(row.kind, row.state, row.due_on) for row in given],
        issued_on=issued_on(case.task, one),
        today=case.today,
        calendar=load_calendar(session),
    )
    return found.ground if found is not None and found.kind is kind else OrderGround.DECIDED


def _next_number(session: Session, body_id: int, kind: OrderKind, year: int) -> int:
    """Raise the series by one; whoever confirms at the same moment waits for the end of this transaction."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    first = insert(OrderSeries).values(body_id=body_id, kind=kind, year=year, last_number=1)
    raised = first.on_conflict_do_update(
        index_elements=[OrderSeries.body_id, OrderSeries.kind, OrderSeries.year],
        set_={"last_number": OrderSeries.last_number + 1},
    )
    return session.execute(raised.returning(OrderSeries.last_number)).scalar_one()


# What becomes of it


def reply_to_order(session: Session, order_id: int, *, text: str, **by: Unpack[Acting]) -> None:
    """The department says what it does about it."""
    case, order = _open_order(session, order_id, by)
    if _find_earlier(case, Change.ORDER_REPLIED) is not None:
        return
    state = _check(case, order, OrderAct.REPLY, by)
    if not text.strip():
        raise Invalid("text", "required")
    order.state, order.reply = state, text.strip()
    order.replied_by_id, order.replied_at = case.actor.person_id, case.now
    entry = _record(case, order, Change.ORDER_REPLIED, text=order.reply)
    notices.order_replied(case, entry, order)


def settle_order(session: Session, order_id: int, *, reason: str = "", **by: Unpack[Acting]) -> None:
    """The supervisor is content with the reply."""
    _decide(session, order_id, OrderAct.SETTLE, reason, by)


def return_reply(session: Session, order_id: int, *, reason: str, **by: Unpack[Acting]) -> None:
    """The reply is not enough: the department owes another one, by the limit that stands."""
    _decide(session, order_id, OrderAct.RETURN_REPLY, reason, by)


def withdraw_order(session: Session, order_id: int, *, reason: str, **by: Unpack[Acting]) -> None:
    """The order holds no longer. It keeps its number, and its document says that it was withdrawn."""
    _decide(session, order_id, OrderAct.WITHDRAW_ORDER, reason, by)


DECISIONS: Mapping[OrderAct, Change] = {
    OrderAct.SETTLE: Change.ORDER_SETTLED,
    OrderAct.RETURN_REPLY: Change.ORDER_REPLY_RETURNED,
    OrderAct.WITHDRAW_ORDER: Change.ORDER_WITHDRAWN,
}
"""how the trail calls the supervisors' decisions"""


def _decide(session: Session, order_id: int, act: OrderAct, reason: str, by: Acting) -> None:
    change = DECISIONS[act]
    case, order = _open_order(session, order_id, by)
    if _find_earlier(case, change) is not None:
        return
    state = _check(case, order, act, by)
    if act is not OrderAct.SETTLE and not reason.strip():
        raise Invalid("reason", "required")
    order.state, order.decision = state, reason.strip() or None
    order.decided_by_id, order.decided_at = case.actor.person_id, case.now
    entry = _record(case, order, change, text=order.decision)
    notices.order_decided(case, entry, order, act)


def _open(session: Session, assignment_id: int, by: Acting) -> Case:
    task_id = session.scalar(select(Assignment.task_id).where(Assignment.id == assignment_id))
    if task_id is None:
        raise NotFound(subject="assignment")
    # The act only names the case; whether it is allowed is asked of the order's own table.
    case = open_cases(session, Act.CORRECT, [task_id], **by)[task_id]
    case.chosen = next(one for one in case.assignments if one.id == assignment_id)
    case.request_key = by.get("request_key")
    return case


def _open_order(session: Session, order_id: int, by: Acting) -> tuple[Case, SupervisionOrder]:
    """The order under the lock of its task; raises :class:`NotFound` where it does not exist for this person."""
    query = (
        select(SupervisionOrder.assignment_id)
        .join(Assignment, Assignment.id == SupervisionOrder.assignment_id)
        .join(Task, Task.id == Assignment.task_id)
        .where(SupervisionOrder.id == order_id, _visible(by["actor"]))
    )
    assignment_id = session.scalar(query)
    if assignment_id is None:
        raise NotFound(subject="order")
    case = _open(session, assignment_id, by)
    return case, session.get_one(SupervisionOrder, order_id, populate_existing=True)


def _check(case: Case, order: SupervisionOrder, act: OrderAct, by: Acting) -> OrderState:
    state = permitted_order_move(case.actor, case.situation, case.chosen_situation, order.state, act)
    version = by.get("version")
    if version is not None and version != order.version:
        raise Stale(version=order.version)
    return state


def _find_earlier(case: Case, change: Change) -> HistoryEntry | None:
    return find_repeated(case.session, case.request_key, act=change, task_id=case.task.id, actor=case.actor)


def _record(
    case: Case, order: SupervisionOrder, change: Change, *, text: str | None, due_on: date | None = None
) -> HistoryEntry:
    """Keep it in the trail. The task's history is read by others, too: there it says which order, and not its words."""
    case.session.flush()
    after: dict[str, Any] = {
        "order_id": order.id,
        "order": number_of(order),
        "department": _department(case),
        "order_state": order.state,
        "text": text,
    }
    if due_on is not None:
        after["due_on"] = due_on
    return record_change(
        case.session,
        subject=Subject.TASK,
        subject_id=case.task.id,
        act=change,
        actor=case.actor,
        now=case.now,
        entrance=case.entrance,
        after=after,
        reason=f"{number_of(order)}（{_department(case)}）",
        request_key=case.request_key,
    )


def _department(case: Case) -> str:
    return case.departments[case.assignment.department_id].name


def number_of(order: SupervisionOrder) -> str:
    """Its number as people write it."""
    return order_number(order.kind, order.year, order.number)


# Reading


class OrderRow(NamedTuple):
    """An order in a list."""

    id: int
    kind: OrderKind
    year: int
    number: int
    state: OrderState
    task_id: int
    assignment_id: int
    title: str
    department: str
    due_on: date
    confirmed_at: datetime
    is_late: bool
    """no reply, and the limit is past"""

    @property
    def words(self) -> str:
        return order_number(self.kind, self.year, self.number)


_Confirmer, _Replier, _Decider = aliased(Person), aliased(Person), aliased(Person)
_Body = aliased(Department)

_ROWS: Select[*tuple[Any, ...]] = (
    select(
        SupervisionOrder.id,
        SupervisionOrder.kind,
        SupervisionOrder.year,
        SupervisionOrder.number,
        SupervisionOrder.state,
        Assignment.task_id,
        Assignment.id,
        SupervisionOrder.title,
        Department.name,
        SupervisionOrder.due_on,
        SupervisionOrder.confirmed_at,
    )
    .join(Assignment, Assignment.id == SupervisionOrder.assignment_id)
    .join(Task, Task.id == Assignment.task_id)
    .join(Department, Department.id == Assignment.department_id)
    .order_by(SupervisionOrder.id.desc())
)


def list_orders(
    session: Session,
    actor: Actor,
    *,
    today: date,
    kind: OrderKind | None = None,
    state: OrderState | None = None,
    number: int = 1,
) -> Page[OrderRow]:
    """The orders to what this person watches over or works on, the latest first; two queries."""
    query = _ROWS.where(_visible(actor))
    if kind is not None:
        query = query.where(SupervisionOrder.kind == kind)
    if state is not None:
        query = query.where(SupervisionOrder.state == state)
    page = fetch_page(session, query, number=number)
    return page.of(_order_rows(page.rows, today))


def list_task_orders(session: Session, task_id: int, actor: Actor, *, today: date) -> list[OrderRow]:
    """The orders about one task that this person may see, the latest first; one query."""
    return _order_rows(session.execute(_ROWS.where(Assignment.task_id == task_id, _visible(actor))), today)


def _order_rows(rows: Iterable[Any], today: date) -> list[OrderRow]:
    return [OrderRow._make((*row, row.state is OrderState.OPEN and row.due_on < today)) for row in rows]


@dataclass(frozen=True)
class OrderDetail:
    """An order as its page and its document show it."""

    order: SupervisionOrder
    task_id: int
    plan: str
    body: str
    department: str
    role: AssignmentRole
    confirmed_by: str
    replied_by: str | None
    decided_by: str | None
    acts: frozenset[OrderAct]
    limit: TimeLimit

    @property
    def number(self) -> str:
        return number_of(self.order)


def get_order(session: Session, order_id: int, actor: Actor, *, today: date, calendar: WorkingCalendar) -> OrderDetail:
    """One order with what this person may do about it; raises :class:`NotFound`."""
    query = (
        select(
            SupervisionOrder,
            Assignment,
            Task,
            Plan.title,
            Department,
            _Body,
            _Confirmer.name,
            _Replier.name,
            _Decider.name,
        )
        .join(Assignment, Assignment.id == SupervisionOrder.assignment_id)
        .join(Task, Task.id == Assignment.task_id)
        .join(Plan, Plan.id == Task.plan_id)
        .join(Department, Department.id == Assignment.department_id)
        .join(_Body, _Body.id == SupervisionOrder.body_id)
        .join(_Confirmer, _Confirmer.id == SupervisionOrder.confirmed_by_id)
        .outerjoin(_Replier, _Replier.id == SupervisionOrder.replied_by_id)
        .outerjoin(_Decider, _Decider.id == SupervisionOrder.decided_by_id)
        .where(SupervisionOrder.id == order_id, _visible(actor))
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(subject="order")
    order, one, task, plan, department, body, confirmed_by, replied_by, decided_by = found
    # Nobody stands in for a missing department to answer the supervisors' own order: vacancies do not matter here.
    names = {department.id: department, task.body_id: session.get_one(Department, task.body_id)}
    situation = describe(task, [one], names, dict.fromkeys(names, frozenset()), ())
    return OrderDetail(
        order=order,
        task_id=task.id,
        plan=plan,
        body=body.name,
        department=department.name,
        role=one.role,
        confirmed_by=confirmed_by,
        replied_by=replied_by,
        decided_by=decided_by,
        acts=acts_on_order(actor, situation, situation.assignments[0], order.state),
        limit=limit_until(order.due_on, today=today, calendar=calendar),
    )


def _visible(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Assignment` with its :class:`Task`: orders are for their department and the overseers."""
    return or_(overseen_assignments(actor), held_assignments(actor))
