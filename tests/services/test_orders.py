"""Formal orders: proposed by rule, numbered when a person confirms them, answered, settled or withdrawn."""

from __future__ import annotations

import multiprocessing
import random
from datetime import date, datetime, timedelta
from multiprocessing.queues import Queue
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.domain.history import Change
from taskboard.domain.local_time import local_date
from taskboard.domain.orders import Given, OrderAct, OrderGround, OrderKind, OrderState, Proposal, propose
from taskboard.domain.permissions import Actor
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.models import Assignment, HistoryEntry, OrderSeries, OutboxMessage, SupervisionOrder, Task
from taskboard.services import order_proposals, orders
from taskboard.services.calendar import load_calendar
from tests.services.test_concurrency import writing_engine
from tests.support import factories
from tests.support.factories import NOW, Usual
from tests.support.tables import assignment_of

TODAY = date(2026, 11, 23)
LIMIT = date(2026, 11, 30)
TEXT = "请说明逾期原因。"
A_DAY = timedelta(days=1)
PROCESSES = 4
ORDERS_EACH = 8


class Office:
    """A task that is ten calendar days late, with a lead and a partner at work."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.usual: Usual = factories.usual_people(session)
        self.plan = factories.make_plan(session, body=self.usual.body, imported_by=self.usual.chen)
        self.task = self.make_task(TODAY - timedelta(days=10))

    def make_task(self, due_on: date | None, state: TaskState = TaskState.IN_PROGRESS) -> Task:
        return factories.make_task(
            self.session,
            plan=self.plan,
            lead=self.usual.lead,
            partners=(self.usual.partner,),
            due_on=due_on,
            state=state,
        )

    @property
    def lead(self) -> Assignment:
        return assignment_of(self.session, self.task, self.usual.lead)

    def by(self, who: str, **more: Any) -> dict[str, Any]:
        return {"actor": self.usual.actor(who), "now": NOW, "entrance": "test", **more}

    def confirm(self, kind: OrderKind = OrderKind.YELLOW, who: str = "chen", **more: Any) -> SupervisionOrder:
        wanted = {"text": TEXT, "due_on": LIMIT, **more}
        by = {name: wanted.pop(name) for name in ("now", "request_key") if name in wanted}
        order_id = orders.confirm_order(self.session, self.lead.id, kind=kind, **wanted, **self.by(who, **by))
        return self.session.get_one(SupervisionOrder, order_id)

    def proposals(self, today: date = TODAY, who: str = "chen") -> list[tuple[str, OrderKind, OrderGround]]:
        found = order_proposals.list_proposals(
            self.session, self.usual.actor(who), today=today, calendar=load_calendar(self.session)
        )
        return [(one.department, one.kind, one.ground) for one in found.rows]

    def mails(self, template: str) -> set[str]:
        query = select(OutboxMessage.to_address).where(OutboxMessage.template == template)
        return {address.partition("@")[0] for address in self.session.scalars(query)}

    def history(self) -> list[tuple[Any, str | None]]:
        query = select(HistoryEntry.act, HistoryEntry.reason).where(HistoryEntry.task_id == self.task.id)
        return [(row[0], row[1]) for row in self.session.execute(query.order_by(HistoryEntry.id))]


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


# Proposing


def test_who_is_five_working_days_late_gets_a_yellow_order_proposed_and_after_ten_a_red_one(office: Office) -> None:
    days = load_calendar(office.session)
    office.lead.due_on = due = days.add(TODAY, -5)
    assignment_of(office.session, office.task, office.usual.partner).state = AssignmentState.SUBMITTED
    name = office.usual.lead.name

    assert office.proposals(days.add(due, 4)) == []
    assert office.proposals(days.add(due, 5)) == [(name, OrderKind.YELLOW, OrderGround.LATE)]
    assert office.proposals(days.add(due, 9)) == [(name, OrderKind.YELLOW, OrderGround.LATE)]
    assert office.proposals(days.add(due, 10)) == [(name, OrderKind.RED, OrderGround.LONG_LATE)]


def test_a_yellow_order_without_a_reply_leads_to_a_red_one(office: Office) -> None:
    office.task = office.make_task(TODAY - timedelta(days=8))
    first = office.confirm(due_on=TODAY)
    name = office.usual.lead.name

    assert first.ground is OrderGround.LATE
    assert (name, OrderKind.YELLOW, OrderGround.LATE) in office.proposals(TODAY)
    found = office.proposals(TODAY + A_DAY)
    assert (name, OrderKind.RED, OrderGround.YELLOW_PASSED) in found
    orders.reply_to_order(office.session, first.id, text="已派专人", **office.by("li"))
    assert (name, OrderKind.RED, OrderGround.YELLOW_PASSED) not in office.proposals(TODAY + A_DAY)


def test_a_deadline_that_moved_begins_anew(office: Office) -> None:
    office.confirm(OrderKind.RED)
    assert [one for one in office.proposals() if one[0] == office.usual.lead.name] == []

    office.lead.deadline_version += 1

    assert office.proposals()[0][0] == office.usual.lead.name


def test_what_is_found_is_what_the_rule_says_whatever_days_and_orders_there_are(office: Office) -> None:
    dice, days = random.Random(20261122), load_calendar(office.session)
    expected = {}
    for _ in range(150):
        task = office.make_task(TODAY - timedelta(days=dice.randrange(1, 25)))
        assignment_of(office.session, task, office.usual.partner).state = AssignmentState.SUBMITTED
        lead = assignment_of(office.session, task, office.usual.lead)
        lead.deadline_version = 2
        lead.issued_at = dice.choice([None, NOW - timedelta(days=dice.randrange(25), hours=dice.randrange(24))])
        given = [one for one in (random_order(dice, office, lead) for _ in range(dice.randrange(3))) if one]
        issued_on = local_date(lead.issued_at or task.issued_at)
        found = propose(lead.due_on, given, issued_on=issued_on, today=TODAY, calendar=days)
        if found is not None:
            expected[lead.id] = found
    office.task.state = TaskState.CLOSED
    office.session.flush()

    page = order_proposals.list_proposals(
        office.session, office.usual.actor("chen"), today=TODAY, calendar=days, size=1000
    )

    assert {one.assignment_id: Proposal(one.kind, one.ground, one.since) for one in page.rows} == expected
    assert page.total == len(expected)
    assert [(one.kind is not OrderKind.RED, one.due_on) for one in page.rows] == sorted(
        (one.kind is not OrderKind.RED, one.due_on) for one in page.rows
    )
    assert {one.ground for one in expected.values()} == set(OrderGround) - {OrderGround.DECIDED}
    few = order_proposals.list_proposals(office.session, office.usual.actor("chen"), today=TODAY, calendar=days, size=3)
    assert (few.rows, few.total) == (page.rows[:3], page.total)


def random_order(dice: random.Random, office: Office, lead: Assignment) -> Given | None:
    """A formal order of any kind and state, for the deadline as it is now or as it was; what counts of it."""
    kind = dice.choice([OrderKind.YELLOW, *OrderKind])
    state = dice.choice([OrderState.OPEN, *OrderState])
    order = SupervisionOrder(
        body_id=office.usual.body.id,
        kind=kind,
        year=2026,
        number=office.session.scalar(select(func.count()).select_from(SupervisionOrder)) or 0,
        assignment_id=lead.id,
        ground=OrderGround.DECIDED,
        title=office.task.title,
        task_due_on=lead.due_on,
        deadline_version=dice.choice([1, 2]),
        text=TEXT,
        due_on=TODAY + timedelta(days=dice.randrange(-5, 5)),
        confirmed_by_id=office.usual.chen.id,
        confirmed_at=NOW,
        state=state,
    )
    office.session.add(order)
    counts = order.deadline_version == 2 and kind in {OrderKind.YELLOW, OrderKind.RED}
    return Given(kind, state, order.due_on) if counts else None


@pytest.mark.parametrize("who", ["li", "gao", "liu", "sun"])
def test_nothing_is_proposed_to_who_is_no_supervisor(office: Office, who: str) -> None:
    assert office.proposals(who=who) == []


def test_nobody_is_urged_whose_extension_is_not_decided(office: Office) -> None:
    office.lead.is_held = True

    assert office.usual.lead.name not in [one[0] for one in office.proposals()]


# Confirming


def test_an_order_gets_its_number_its_record_and_its_mails(office: Office) -> None:
    order = office.confirm()

    assert (order.year, order.number, order.state) == (2026, 1, OrderState.OPEN)
    assert orders.number_of(order) == "黄督〔2026〕1号"
    assert office.history() == [(Change.ORDERED, f"黄督〔2026〕1号（{office.usual.lead.name}）")]
    assert office.mails("ordered") == {"gao", "li"}


def test_a_red_order_goes_in_copy_to_the_leader(office: Office) -> None:
    office.confirm(OrderKind.RED)

    assert office.mails("ordered") == {"gao", "li", "liu"}


def test_each_kind_and_year_counts_for_itself(office: Office) -> None:
    next_year = datetime(2027, 1, 4, 1, 0, tzinfo=NOW.tzinfo)
    made = [
        office.confirm(OrderKind.YELLOW),
        office.confirm(OrderKind.YELLOW),
        office.confirm(OrderKind.RED),
        office.confirm(OrderKind.YELLOW, now=next_year, due_on=date(2027, 1, 8)),
    ]

    assert [(one.kind, one.year, one.number) for one in made] == [
        (OrderKind.YELLOW, 2026, 1),
        (OrderKind.YELLOW, 2026, 2),
        (OrderKind.RED, 2026, 1),
        (OrderKind.YELLOW, 2027, 1),
    ]


def test_the_year_is_the_one_in_shanghai(office: Office) -> None:
    new_year = datetime(2026, 12, 31, 17, 0, tzinfo=NOW.tzinfo)

    assert office.confirm(now=new_year, due_on=date(2027, 1, 8)).year == 2027


def test_a_click_twice_makes_one_order(office: Office) -> None:
    first = office.confirm(request_key="a")

    assert office.confirm(request_key="a").id == first.id
    assert office.session.scalars(select(OrderSeries.last_number)).all() == [1]


def test_what_is_rolled_back_leaves_no_gap(office: Office) -> None:
    office.session.commit()
    office.confirm()
    office.session.rollback()

    assert office.confirm().number == 1


@pytest.mark.parametrize("who", ["li", "gao", "liu"])
def test_only_supervisors_send_orders(office: Office, who: str) -> None:
    with pytest.raises(NotAllowed):
        office.confirm(who=who)


def test_for_a_stranger_there_is_no_such_assignment(office: Office) -> None:
    with pytest.raises(NotFound):
        office.confirm(who="zhao")


@pytest.mark.parametrize(
    ("more", "problem"),
    [({"text": " "}, "required"), ({"due_on": TODAY - A_DAY}, "order_limit_past")],
)
def test_what_an_order_must_have(office: Office, more: dict[str, Any], problem: str) -> None:
    with pytest.raises(Invalid) as refusal:
        office.confirm(**more)

    assert refusal.value.problem == problem


def test_who_submitted_is_not_urged_but_may_get_the_note_of_the_issue(office: Office) -> None:
    office.lead.state = AssignmentState.SUBMITTED

    with pytest.raises(Invalid) as refusal:
        office.confirm(OrderKind.REMINDER_NOTE)
    assert refusal.value.problem == "order_for_nobody"
    assert office.confirm(OrderKind.ISSUE_NOTE).number == 1


# What becomes of it


def test_a_reply_comes_back_is_given_again_and_settles_the_order(office: Office) -> None:
    order = office.confirm()
    orders.reply_to_order(office.session, order.id, text="正在办", **office.by("li"))
    assert office.mails("order_replied") == {"chen"}

    orders.return_reply(office.session, order.id, reason="没有完成时间", **office.by("chen"))
    assert order.state is OrderState.OPEN
    orders.reply_to_order(office.session, order.id, text="12月5日完成", **office.by("gao"))
    orders.settle_order(office.session, order.id, **office.by("chen"))

    assert order.state is OrderState.SETTLED
    assert [act for act, _ in office.history()] == [
        Change.ORDERED,
        Change.ORDER_REPLIED,
        Change.ORDER_REPLY_RETURNED,
        Change.ORDER_REPLIED,
        Change.ORDER_SETTLED,
    ]
    assert office.mails("order_decided") == {"gao", "li"}


def test_a_withdrawn_order_keeps_its_number_and_the_next_one_gets_the_next(office: Office) -> None:
    order = office.confirm()
    orders.withdraw_order(office.session, order.id, reason="发错单位", **office.by("chen"))

    assert (order.state, order.number) == (OrderState.WITHDRAWN, 1)
    assert office.confirm().number == 2
    with pytest.raises(NotNow):
        orders.reply_to_order(office.session, order.id, text="晚了", **office.by("li"))


@pytest.mark.parametrize("who", ["qian", "chen", "liu"])
def test_only_head_and_liaison_reply(office: Office, who: str) -> None:
    office.lead.officer_id = office.usual.qian.id
    order = office.confirm()

    with pytest.raises(NotAllowed):
        orders.reply_to_order(office.session, order.id, text="好", **office.by(who))


@pytest.mark.parametrize("act", [orders.settle_order, orders.return_reply, orders.withdraw_order])
def test_only_supervisors_decide(office: Office, act: Any) -> None:
    order = office.confirm()
    orders.reply_to_order(office.session, order.id, text="好", **office.by("li"))

    with pytest.raises(NotAllowed):
        act(office.session, order.id, reason="好", **office.by("gao"))


def test_what_another_supervisor_decided_meanwhile_is_not_overwritten(office: Office) -> None:
    order = office.confirm()
    seen = order.version
    orders.reply_to_order(office.session, order.id, text="好", **office.by("li"))

    with pytest.raises(Stale):
        orders.withdraw_order(office.session, order.id, reason="不用了", **office.by("chen", version=seen))


def test_partners_and_strangers_do_not_see_the_order(office: Office) -> None:
    order = office.confirm()
    session, calendar = office.session, load_calendar(office.session)

    def sees(who: str) -> bool:
        actor = office.usual.actor(who)
        listed = orders.list_orders(session, actor, today=TODAY).total
        try:
            orders.get_order(session, order.id, actor, today=TODAY, calendar=calendar)
        except NotFound:
            assert listed == 0
            return False
        assert listed == 1
        return True

    assert {who for who in ("li", "gao", "qian", "wang", "zhao", "chen", "liu", "sun") if sees(who)} == {
        "li",
        "gao",
        "chen",
        "liu",
    }


def test_a_page_says_what_each_may_do(office: Office) -> None:
    order = office.confirm()

    def acts(who: str) -> frozenset[OrderAct]:
        actor = office.usual.actor(who)
        return orders.get_order(
            office.session, order.id, actor, today=TODAY, calendar=load_calendar(office.session)
        ).acts

    assert acts("li") == {OrderAct.REPLY}
    assert acts("chen") == {OrderAct.WITHDRAW_ORDER}
    assert acts("liu") == frozenset()
    office.task.state = TaskState.CLOSED
    assert acts("li") == frozenset()


# Many at once


def confirm_many(told: Queue[str], *, database_url: str, assignment_id: int, actor: Actor, number: int) -> None:
    """What one process does: each order in a transaction of its own, every third of them given up."""
    try:
        engine: Engine = writing_engine(database_url)
        for count in range(ORDERS_EACH):
            with Session(engine) as session:
                session.begin()
                orders.confirm_order(
                    session,
                    assignment_id,
                    kind=OrderKind.YELLOW,
                    text=f"{number}-{count}",
                    due_on=LIMIT,
                    actor=actor,
                    now=NOW,
                    entrance="test",
                )
                if count % 3 == 2:
                    session.rollback()
                else:
                    session.commit()
    except BaseException as error:
        told.put(f"{type(error).__name__}: {error}")
        raise
    told.put("done")


def test_processes_that_confirm_at_once_leave_no_gap_and_no_number_twice(
    database_url: str, session: Session, office: Office
) -> None:
    # One task each: nothing but the number itself makes them wait for one another.
    tasks = [office.task, *(office.make_task(TODAY - A_DAY) for _ in range(PROCESSES - 1))]
    leads = [assignment_of(session, one, office.usual.lead).id for one in tasks]
    actor = office.usual.actor("chen")
    session.commit()
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    processes = [
        context.Process(
            target=confirm_many,
            args=(told,),
            kwargs={"database_url": database_url, "assignment_id": lead, "actor": actor, "number": number},
        )
        for number, lead in enumerate(leads)
    ]

    for process in processes:
        process.start()
    answers = [told.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(timeout=30)

    assert answers == ["done"] * PROCESSES
    numbers = session.scalars(select(SupervisionOrder.number).order_by(SupervisionOrder.number)).all()
    kept = sum(count % 3 != 2 for count in range(ORDERS_EACH)) * PROCESSES
    assert numbers == list(range(1, kept + 1))
