"""The page that asks whether a task is to be heard of no more today, and where supervisors see that."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from taskboard.clock import SettableClock
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.models import Assignment, ReminderSnooze, Task
from tests.support.factories import Usual, make_plan, make_task, usual_people
from tests.support.visitor import Visitor


@pytest.fixture
def usual(session: Session) -> Usual:
    usual = usual_people(session)
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    make_task(session, plan=plan, lead=usual.lead, due_on=date(2026, 11, 20), title="压减审批时限")
    session.commit()
    return usual


def page_of(session: Session) -> str:
    session.rollback()
    return f"/assignments/{session.scalars(select(Assignment.id)).one()}/snooze"


def test_the_page_asks_and_the_button_puts_off(client: FlaskClient, session: Session, usual: Usual) -> None:
    visitor, page = Visitor(client).enter(usual.li), page_of(session)

    asked = visitor.get(page)
    count = session.scalar(select(func.count()).select_from(ReminderSnooze))
    answers = [visitor.post(page) for _ in range(2)]

    assert "2026年11月24日 星期二的晨报再提醒您" in asked.text
    assert count == 0
    assert [answer.status_code for answer in answers] == [303, 303]
    session.rollback()
    assert session.scalar(select(func.count()).select_from(ReminderSnooze)) == 1
    assert "再提醒您这项任务" in visitor.get(answers[0].location).text


def test_supervisors_see_it_in_the_overdue_list_and_at_the_task(
    client: FlaskClient, session: Session, usual: Usual
) -> None:
    task = Visitor(client).enter(usual.li).post(page_of(session)).location

    words = f"{usual.li.name}暂不提醒，2026年11月24日起恢复"
    visitor = Visitor(client).enter(usual.chen)
    assert words in visitor.get("/overdue").text
    assert words in visitor.get(task).text


def test_a_fourth_day_in_a_row_is_refused_with_what_to_do_instead(
    client: FlaskClient, session: Session, usual: Usual, clock: SettableClock
) -> None:
    visitor, page = Visitor(client), page_of(session)
    statuses = []
    for day in (23, 24, 25, 26):
        clock.moment = clock.moment.replace(day=day)
        visitor.enter(usual.li)
        statuses.append(visitor.post(page).status_code)

    assert statuses == [303, 303, 303, 422]
    assert "已连续 3 个工作日暂不提醒" in visitor.post(page).text


@pytest.mark.parametrize("who", ["wang", "chen", "zhao"])
def test_the_page_is_there_for_who_works_on_the_task_alone(
    client: FlaskClient, session: Session, usual: Usual, who: str
) -> None:
    visitor, page = Visitor(client).enter(getattr(usual, who)), page_of(session)

    assert visitor.get(page).status_code == 404
    assert visitor.post(page).status_code == 404


@pytest.mark.parametrize(
    ("task_state", "state"),
    [(TaskState.SUBMITTED, AssignmentState.SUBMITTED), (TaskState.CLOSED, AssignmentState.ACCEPTED)],
)
def test_the_link_of_an_old_mail_says_that_nothing_is_left_to_put_off(
    client: FlaskClient, session: Session, usual: Usual, task_state: TaskState, state: AssignmentState
) -> None:
    visitor, page = Visitor(client).enter(usual.li), page_of(session)
    session.execute(update(Task).values(state=task_state))
    session.execute(update(Assignment).values(state=state))
    session.commit()

    answers = [visitor.get(page), visitor.post(page)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert "不会再提醒，不用暂缓" in visitor.get(answers[0].location).text
    assert session.scalar(select(func.count()).select_from(ReminderSnooze)) == 0


def test_where_it_holds_already_it_is_not_offered_again(client: FlaskClient, session: Session, usual: Usual) -> None:
    visitor, page = Visitor(client).enter(usual.li), page_of(session)
    offered = visitor.get("/tasks/1").text
    task = visitor.post(page).location

    assert page in offered
    assert page not in visitor.get(task).text
    assert "已暂缓，2026年11月24日再提醒您" in visitor.get(task).text
    asked = visitor.get(page).text
    assert "已经暂缓：2026年11月24日 星期二的晨报" in asked
    assert 'type="submit">下一个工作日再提醒' not in asked
