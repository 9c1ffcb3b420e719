"""The page of the overdue list."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from taskboard.models import Plan, Task
from tests.support import factories
from tests.support.factories import Usual
from tests.support.visitor import Visitor

TODAY = date(2026, 11, 23)


@pytest.fixture
def plan(session: Session, usual: Usual) -> Plan:
    return factories.make_plan(session, body=usual.body, imported_by=usual.chen)


def late_task(session: Session, plan: Plan, usual: Usual, days: int, **more: Any) -> Task:
    more = {"lead": usual.lead, **more}
    task = factories.make_task(session, plan=plan, due_on=TODAY - timedelta(days=days), **more)
    session.commit()
    return task


def test_the_supervisor_sees_who_is_late_with_what(
    session: Session, plan: Plan, usual: Usual, visitor: Visitor
) -> None:
    task = late_task(session, plan, usual, 12, partners=(usual.partner,))

    page = visitor.enter(usual.chen).get("/overdue").text

    assert page.count(task.title) == 2
    assert "12 天" in page
    assert "李联络" in page
    assert "王配合" in page


def test_what_is_due_today_is_not_late(session: Session, plan: Plan, usual: Usual, visitor: Visitor) -> None:
    task = late_task(session, plan, usual, 0)

    page = visitor.enter(usual.chen).get("/overdue").text

    assert task.title not in page
    assert "没有逾期的任务" in page


def test_the_list_narrows_down_by_department(session: Session, plan: Plan, usual: Usual, visitor: Visitor) -> None:
    ours = late_task(session, plan, usual, 3)
    theirs = late_task(session, plan, usual, 4, lead=usual.partner)

    page = visitor.enter(usual.chen).get("/overdue", department=str(usual.partner.id)).text

    assert theirs.title in page
    assert ours.title not in page
    assert f"{usual.lead.name}（1）" in page


@pytest.mark.parametrize("value", ["abc", "-1", "99999999999999999999", "１", ""])
def test_a_filter_that_is_none_shows_all(
    session: Session, plan: Plan, usual: Usual, visitor: Visitor, value: str
) -> None:
    task = late_task(session, plan, usual, 3)

    page = visitor.enter(usual.chen).get("/overdue", department=value, plan=value, page=value)

    assert page.status_code == 200
    assert task.title in page.text


def test_a_department_nobody_knows_gives_an_empty_list(
    session: Session, plan: Plan, usual: Usual, visitor: Visitor
) -> None:
    late_task(session, plan, usual, 3)

    page = visitor.enter(usual.chen).get("/overdue", department="987654")

    assert page.status_code == 200
    assert "没有逾期的任务" in page.text


@pytest.mark.parametrize("who", ["chen", "liu", "li"])
def test_overseers_and_those_who_work_on_it_see_it(
    session: Session, plan: Plan, usual: Usual, visitor: Visitor, who: str
) -> None:
    task = late_task(session, plan, usual, 3)

    page = visitor.enter(getattr(usual, who)).get("/overdue").text

    assert task.title in page
    assert f"{usual.lead.name}（1）" in page


@pytest.mark.parametrize("who", ["zhao", "sun"])
def test_nobody_else_sees_it_or_can_count_it(
    session: Session, plan: Plan, usual: Usual, visitor: Visitor, who: str
) -> None:
    task = late_task(session, plan, usual, 3)

    page = visitor.enter(getattr(usual, who)).get("/overdue").text

    assert task.title not in page
    assert usual.lead.name not in page


def test_long_lists_come_in_pages_that_keep_the_filter(
    session: Session, plan: Plan, usual: Usual, visitor: Visitor
) -> None:
    for days in range(1, 54):
        factories.make_task(session, plan=plan, lead=usual.lead, due_on=TODAY - timedelta(days=days))
    session.commit()

    first = visitor.enter(usual.chen).get("/overdue", plan=str(plan.id)).text
    second = visitor.get("/overdue", plan=str(plan.id), page="2").text

    assert "第 1 / 2 页" in first
    assert f"plan={plan.id}&amp;page=2" in first or f"page=2&amp;plan={plan.id}" in first
    assert " 53 天" in first
    assert " 3 天" in second
    assert " 53 天" not in second


@pytest.mark.parametrize("path", ["/overdue", "/plans"])
def test_an_administrator_reads_that_tasks_are_not_theirs(
    session: Session, plan: Plan, usual: Usual, visitor: Visitor, path: str
) -> None:
    late_task(session, plan, usual, 3)

    page = visitor.enter(usual.sun).get(path).text

    assert "系统管理员不办理任务" in page
    assert "系统管理员不办理任务" not in visitor.enter(usual.zhao).get(path).text
