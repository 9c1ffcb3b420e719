"""Which morning's mail is the weekly digest, and who gets it even without a reminder."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.clock import SettableClock
from taskboard.domain.history import Change, Subject
from taskboard.domain.jobs import JobName
from taskboard.domain.local_time import ZONE
from taskboard.domain.outbox import MailKind
from taskboard.domain.roles import Role
from taskboard.jobs.runner import run_by_hand
from taskboard.models import Person, Plan
from taskboard.services.history import record_change
from taskboard.services.trail import find_head
from tests.support.factories import Usual, make_person, make_plan
from tests.support.mornings import LONG_ISSUED, MONDAY, TUESDAY, WEDNESDAY, add_task, mails, run


@pytest.fixture
def plan(session: Session, usual: Usual) -> Plan:
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    session.commit()
    return plan


def test_on_the_first_working_day_of_a_week_the_mail_is_the_digest(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    add_task(session, plan, usual.lead, due_on=MONDAY)

    run(app, MONDAY)

    made = mails(session)
    names = {person.id: person.username for person in session.scalars(select(Person))}
    assert {mail.kind for mail in made} == {MailKind.WEEKLY_DIGEST}
    assert {names[mail.person_id] for mail in made} == {"li", "gao", "chen"}
    assert next(mail for mail in made if names[mail.person_id] == "li").key.endswith(":2026-W48")


def test_a_missed_monday_makes_tuesdays_mail_the_digest(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    run(app, TUESDAY)
    run(app, WEDNESDAY)

    assert [(mail.kind, mail.for_day) for mail in mails(session)] == [(MailKind.WEEKLY_DIGEST, TUESDAY)]


def test_a_supervisor_gets_the_digest_even_when_it_is_empty_with_the_facts_of_the_jobs(
    app: APIFlask, session: Session, usual: Usual
) -> None:
    run(app, MONDAY)

    [mail] = mails(session)
    assert mail.person_id == usual.chen.id
    assert mail.facts["parts"][0]["hat"] == "supervisor"
    heard = {one["job"] for one in mail.facts["jobs"]["runs"]}
    assert heard == {"morning-mail", "deliver-mail", "roundups", "clean-up", "check-trail"}


def test_an_auditor_gets_the_head_of_the_trail_with_the_digest(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    auditor = make_person(session, "吴审计", (Role.AUDITOR, usual.body))
    record_change(
        session,
        subject=Subject.PLAN,
        subject_id=plan.id,
        act=Change.ADDED,
        actor=usual.actor("chen"),
        now=LONG_ISSUED,
        entrance="test",
    )
    session.commit()
    checked = run_by_hand(app, JobName.CHECK_TRAIL, MONDAY)

    run(app, MONDAY)
    run(app, TUESDAY)

    [mail] = mails(session, person_id=auditor.id)
    assert (mail.kind, mail.for_day) == (MailKind.WEEKLY_DIGEST, MONDAY)
    head = find_head(session)
    assert head is not None
    assert checked["findings"] == mail.facts["trail"]["findings"] == 0
    assert (mail.facts["trail"]["position"], mail.facts["trail"]["digest"]) == (head.position, head.digest)
    [supervisors] = mails(session, person_id=usual.chen.id, for_day=MONDAY)
    assert supervisors.facts["trail"] is None


def test_a_leader_gets_the_digest_when_something_changed_for_the_worse(
    app: APIFlask, session: Session, usual: Usual, plan: Plan
) -> None:
    late = add_task(session, plan, usual.lead, due_on=MONDAY - timedelta(days=4))

    run(app, MONDAY)

    [mail] = mails(session, person_id=usual.liu.id)
    [part] = mail.facts["parts"]
    assert part["hat"] == "leader"
    assert [(one["code"], [row["task_id"] for row in one["rows"]]) for one in part["sections"]] == [
        ("new_overdue", [late.id])
    ]


def test_a_digest_is_made_once_a_week_around_the_national_day_and_never_two_scheduled_mails_a_day(
    app: APIFlask, session: Session, usual: Usual, clock: SettableClock
) -> None:
    day = date(2026, 9, 14)
    while day < date(2026, 10, 19):
        clock.moment = datetime(day.year, day.month, day.day, 8, 30, tzinfo=ZONE)
        run(app, day)
        day += timedelta(days=1)

    made = mails(session, person_id=usual.chen.id)
    assert [mail.for_day for mail in made] == [
        date(2026, 9, 14),
        date(2026, 9, 21),
        date(2026, 9, 28),
        date(2026, 10, 8),
        date(2026, 10, 12),
    ]
