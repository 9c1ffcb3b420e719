"""Who a reminder reaches: the people in post on the morning of the mail, and the supervisors where nobody is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import update
from sqlalchemy.orm import Session

from taskboard.domain.roles import Role
from taskboard.models import Department, PersonPost, Plan
from tests.support.factories import Usual, make_department, make_person, make_plan, make_task
from tests.support.mornings import MONDAY, TUESDAY, WEDNESDAY, deliver_all, run, scheduled, told


@pytest.fixture
def plan(app: APIFlask, session: Session, usual: Usual) -> Plan:
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    session.commit()
    run(app, MONDAY)
    deliver_all(session)
    return plan


def due(session: Session, plan: Plan, lead: Department, day: date) -> int:
    task = make_task(session, plan=plan, lead=lead, due_on=day)
    session.commit()
    return task.id


def test_both_liaisons_of_a_department_are_reminded(app: APIFlask, session: Session, usual: Usual, plan: Plan) -> None:
    make_person(session, "孙副职", (Role.LIAISON, usual.lead), username="second")
    task_id = due(session, plan, usual.lead, WEDNESDAY)

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY).keys() == {"li", "second", "gao"}
    assert told(session, WEDNESDAY)["second"] == {"due_today": [task_id]}


def test_a_successor_hears_from_the_first_day_and_who_went_no_more(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    due(session, plan, usual.lead, WEDNESDAY)
    session.execute(update(PersonPost).where(PersonPost.person_id == usual.li.id).values(to_on=TUESDAY))
    successor = make_person(session, "钱接任", username="next")
    session.add(PersonPost(person_id=successor.id, department_id=usual.lead.id, role=Role.LIAISON, from_on=WEDNESDAY))
    session.commit()

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY).keys() == {"next", "gao"}


def test_a_supervisor_reads_that_nobody_of_the_department_is_there_to_hear_it(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    empty = make_department(session, "市审计局", parent=usual.body)
    due(session, plan, empty, WEDNESDAY)
    due(session, plan, usual.lead, WEDNESDAY)

    run(app, WEDNESDAY)

    mails = scheduled(session, WEDNESDAY)
    marks = {
        name: [row["is_vacant"] for one in mail.facts["sections"] for row in one["rows"]]
        for name, mail in mails.items()
    }
    assert marks == {"chen": [True], "li": [False], "gao": [False]}


def test_the_head_who_is_missing_is_the_supervisors_to_know_at_the_milestone_of_heads(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    task_id = due(session, plan, usual.partner, MONDAY - timedelta(days=1))
    run(app, TUESDAY)
    deliver_all(session)

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY) == {"chen": {"overdue": [task_id]}, "liu": {"overdue": [task_id]}}


def test_what_is_for_a_head_too_is_the_supervisors_to_know_where_there_is_no_head(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    session.execute(update(PersonPost).where(PersonPost.person_id == usual.gao.id).values(to_on=MONDAY))
    task_id = due(session, plan, usual.lead, TUESDAY)

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY) == {"li": {"overdue": [task_id]}, "chen": {"overdue": [task_id]}}
    [[row]] = [one["rows"] for one in scheduled(session, WEDNESDAY)["chen"].facts["sections"]]
    assert row["is_vacant"]
