"""The portfolios of leaders: kept by administrators, and what follows from them in lists and mails."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotAllowed, NotFound
from taskboard.domain.permissions import Portfolio
from taskboard.domain.reminders import Recipient, Topic
from taskboard.domain.roles import Role
from taskboard.models import HistoryEntry, Plan, PortfolioItem, Task
from taskboard.services import mail_items, portfolios
from taskboard.services.actors import load_actor
from taskboard.services.overdue import list_overdue
from taskboard.services.postholders import load_postholders
from taskboard.services.visibility import visible_tasks
from tests.support.factories import (
    NOW,
    Usual,
    make_department,
    make_person,
    make_plan,
    make_task,
    writing_by,
)

TODAY = NOW.date()
LATE = date(2026, 11, 1)


@pytest.fixture
def plan(session: Session, usual: Usual) -> Plan:
    """A plan with an overdue task of the lead's and one of the partner's."""
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    make_task(session, plan=plan, lead=usual.lead, due_on=LATE, title="主责的任务")
    make_task(session, plan=plan, lead=usual.partner, due_on=LATE, title="财政的任务")
    return plan


def add(session: Session, usual: Usual, who: str = "sun", **what: int) -> None:
    portfolios.add_to_portfolio(session, usual.liu.id, **what, **writing_by(usual.actor(who)))


def seen(session: Session, usual: Usual) -> set[str]:
    actor = load_actor(session, usual.liu.id, today=TODAY)
    return set(session.scalars(select(Task.title).where(visible_tasks(actor))))


def test_without_a_list_a_leader_sees_what_lies_below_the_post(session: Session, usual: Usual, plan: Plan) -> None:
    assert seen(session, usual) == {"主责的任务", "财政的任务"}


def test_a_list_narrows_it_to_departments_with_what_lies_below(session: Session, usual: Usual, plan: Plan) -> None:
    office = make_department(session, "预算处", parent=usual.partner)
    make_task(session, plan=plan, lead=office, title="预算处的任务")

    add(session, usual, department_id=usual.partner.id)

    assert seen(session, usual) == {"财政的任务", "预算处的任务"}


def test_a_plan_brings_all_its_tasks(session: Session, usual: Usual, plan: Plan) -> None:
    other = make_plan(session, body=usual.body, imported_by=usual.chen, title="另一份计划")
    make_task(session, plan=other, lead=usual.lead, title="另一份计划的任务")

    add(session, usual, plan_id=other.id)

    assert seen(session, usual) == {"另一份计划的任务"}


def test_the_overdue_list_and_the_leaders_mails_keep_to_it(session: Session, usual: Usual, plan: Plan) -> None:
    add(session, usual, department_id=usual.partner.id)

    listed = list_overdue(session, load_actor(session, usual.liu.id, today=TODAY), today=TODAY).page.rows
    people = load_postholders(session, today=TODAY)
    told = {
        item.title
        for item in mail_items.load_items(session, Task.plan_id == plan.id)
        if usual.liu.id in [one.person_id for one in people.find(item, Topic.OVERDUE, [Recipient.LEADER])]
    }

    assert [row.title for row in listed] == ["财政的任务"]
    assert told == {"财政的任务"}


def test_a_plan_in_it_reaches_the_mails_too(session: Session, usual: Usual, plan: Plan) -> None:
    add(session, usual, plan_id=plan.id)
    people = load_postholders(session, today=TODAY)

    items = mail_items.load_items(session, Task.plan_id == plan.id)

    assert len(items) == 2
    assert all(people.find(item, Topic.OVERDUE, [Recipient.LEADER]) for item in items)


def test_taking_out_the_last_one_brings_back_the_place_of_the_post(session: Session, usual: Usual, plan: Plan) -> None:
    add(session, usual, department_id=usual.other.id)
    assert seen(session, usual) == set()
    [row] = portfolios.list_portfolio(session, usual.liu.id, actor=usual.actor("sun"))

    portfolios.remove_from_portfolio(session, usual.liu.id, row.id, **writing_by(usual.actor("sun")))
    portfolios.remove_from_portfolio(session, usual.liu.id, row.id, **writing_by(usual.actor("sun")))

    assert seen(session, usual) == {"主责的任务", "财政的任务"}
    acts = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id)).all()
    assert [(one.act.value, one.subject_id) for one in acts] == [
        ("portfolio_added", usual.liu.id),
        ("portfolio_removed", usual.liu.id),
    ]
    assert acts[0].after == {"department_id": usual.other.id, "department": "市教育局"}


def test_the_list_of_somebody_who_is_no_leader_is_not_loaded(session: Session, usual: Usual) -> None:
    session.add(PortfolioItem(person_id=usual.zhao.id, department_id=usual.body.id))
    session.flush()

    assert load_actor(session, usual.zhao.id, today=TODAY).portfolio is None
    make_person(session, "别人", (Role.LEADER, usual.body))


def test_it_is_loaded_with_places_and_plans(session: Session, usual: Usual, plan: Plan) -> None:
    add(session, usual, department_id=usual.partner.id)
    add(session, usual, plan_id=plan.id)

    assert load_actor(session, usual.liu.id, today=TODAY).portfolio == Portfolio(
        (usual.partner.path,), frozenset({plan.id})
    )


def test_what_cannot_be_added_is_refused(session: Session, usual: Usual, plan: Plan) -> None:
    add(session, usual, department_id=usual.partner.id)

    for what, problem in (
        ({"department_id": usual.partner.id}, "portfolio_has_it"),
        ({"department_id": 999}, "unknown"),
        ({"plan_id": 999}, "unknown"),
        ({}, "portfolio_needs_one"),
        ({"department_id": usual.lead.id, "plan_id": plan.id}, "portfolio_needs_one"),
    ):
        with pytest.raises(Invalid) as refused:
            add(session, usual, **what)
        assert refused.value.problem == problem
    with pytest.raises(NotFound):
        portfolios.add_to_portfolio(session, 999, plan_id=plan.id, **writing_by(usual.actor("sun")))


@pytest.mark.parametrize("who", ["chen", "liu", "li"])
def test_only_administrators_keep_it(session: Session, usual: Usual, who: str) -> None:
    add(session, usual, department_id=usual.lead.id)
    [row] = portfolios.list_portfolio(session, usual.liu.id, actor=usual.actor("chen"))

    with pytest.raises(NotAllowed):
        add(session, usual, who, department_id=usual.partner.id)
    with pytest.raises(NotAllowed):
        portfolios.remove_from_portfolio(session, usual.liu.id, row.id, **writing_by(usual.actor(who)))
    assert len(portfolios.list_portfolio(session, usual.liu.id, actor=usual.actor("sun"))) == 1
