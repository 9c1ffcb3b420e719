"""Who a reminder reaches: the people in post on the morning of the mail, and the supervisors where nobody is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import update
from sqlalchemy.orm import Session

from taskboard.domain.outbox import OutboxState
from taskboard.domain.roles import Role
from taskboard.models import Assignment, Department, Person, PersonPost, Plan
from tests.support.factories import LONG_AGO, Usual, make_department, make_person, make_plan, make_task
from tests.support.mornings import MONDAY, TUESDAY, WEDNESDAY, add_task, deliver_all, mails, run, scheduled, told


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


def test_people_without_address_are_counted_and_have_it_in_their_inbox_only(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    add_task(session, plan, usual.lead, due_on=WEDNESDAY)
    session.execute(update(Person).where(Person.username == "li").values(email=None))
    session.commit()

    facts = run(app, WEDNESDAY)

    assert facts["without_address"] == 1
    assert set(told(session, WEDNESDAY)) == {"gao", "li"}
    assert [mail.person_id for mail in mails(session, state=OutboxState.INBOX_ONLY)] == [usual.li.id]


@pytest.mark.parametrize("reason", ["switched off", "left the post"])
def test_people_who_left_are_not_mailed(app: APIFlask, session: Session, usual: Usual, plan: Plan, reason: str) -> None:
    add_task(session, plan, usual.lead, due_on=WEDNESDAY)
    if reason == "switched off":
        session.execute(update(Person).where(Person.id == usual.li.id).values(is_active=False))
    else:
        session.execute(update(PersonPost).where(PersonPost.person_id == usual.li.id).values(to_on=TUESDAY))
    session.commit()

    run(app, WEDNESDAY)

    assert list(told(session, WEDNESDAY)) == ["gao"]


def test_what_nobody_in_the_department_is_there_to_hear_goes_to_the_supervisors(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    task = add_task(session, plan, make_department(session, "市审计局", parent=usual.body), due_on=WEDNESDAY)

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY) == {"chen": {"due_today": [task.id]}}


def test_a_vacant_post_falls_to_the_same_post_of_the_parent_department(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    office = make_department(session, "市发展改革委能源处", parent=usual.lead)
    task = add_task(session, plan, office, due_on=WEDNESDAY)

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY) == {"li": {"due_today": [task.id]}, "gao": {"due_today": [task.id]}}
    [mail] = mails(session, person_id=usual.li.id, for_day=WEDNESDAY)
    assert mail.facts["posts"] == [{"department": "市发展改革委能源处", "role": "liaison", "is_stand_in": True}]


def test_an_officer_is_reminded_of_what_is_dispatched_to_them(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    add_task(session, plan, usual.lead, due_on=WEDNESDAY)
    theirs = add_task(session, plan, usual.lead, due_on=WEDNESDAY)
    session.execute(update(Assignment).where(Assignment.task_id == theirs.id).values(officer_id=usual.qian.id))
    session.commit()

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY)["qian"] == {"due_today": [theirs.id]}


def test_a_person_with_two_posts_gets_one_mail_with_each_line_once(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    session.add(PersonPost(person_id=usual.li.id, department_id=usual.lead.id, role=Role.HEAD, from_on=LONG_AGO))
    task = add_task(session, plan, usual.lead, due_on=WEDNESDAY)

    run(app, WEDNESDAY)

    assert told(session, WEDNESDAY)["li"] == {"due_today": [task.id]}
