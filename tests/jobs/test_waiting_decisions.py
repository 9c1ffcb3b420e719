"""What waits longer than it should is brought to who decides: the review of a suspended task, a reply to a leader."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.domain.instructions import Addressee
from taskboard.domain.local_time import ZONE
from taskboard.domain.plan_reminders import RuleChange, to_plain
from taskboard.models import InstructionDuty, Person, Plan, ReplyReminder, Task
from taskboard.services import instructions, task_acts
from taskboard.services.calendar import load_calendar
from taskboard.services.instructions import Wish
from taskboard.services.waiting import list_waiting
from taskboard.services.waiting_rows import Kind
from tests.support.factories import Usual, make_plan, make_task, usual_people
from tests.support.mornings import (
    FRIDAY,
    MONDAY,
    NEXT_MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    deliver_all,
    parts_of,
    run,
    scheduled,
    told,
)

LAST_WEEK = MONDAY - timedelta(days=6)


class Office:
    """A plan with one task of the lead department, in a morning whose digest is over."""

    def __init__(self, app: APIFlask, session: Session) -> None:
        self.app, self.session = app, session
        self.usual: Usual = usual_people(session)
        self.plan: Plan = make_plan(session, body=self.usual.body, imported_by=self.usual.chen)
        self.task: Task = make_task(session, plan=self.plan, lead=self.usual.lead, due_on=date(2027, 3, 31))
        session.commit()

    def by(self, who: str, day: date = LAST_WEEK) -> dict[str, Any]:
        now = datetime(day.year, day.month, day.day, 10, tzinfo=ZONE)
        return {"actor": self.usual.actor(who), "now": now, "entrance": "test"}

    def suspend(self, review_on: date) -> None:
        task_acts.suspend(self.session, self.task.id, reason="政策未出", review_on=review_on, **self.by("chen"))
        self.session.commit()

    def instruct(self, due_on: date, *to: Addressee) -> InstructionDuty:
        wish = Wish("请说明为何进展缓慢。", due_on, frozenset(to))
        instructions.instruct_on_task(self.session, self.task.id, wish, **self.by("liu"))
        self.session.commit()
        return self.session.scalars(select(InstructionDuty)).one()

    def mornings(self, *days: date) -> dict[date, dict[str, dict[str, list[Any]]]]:
        found = {}
        for day in days:
            run(self.app, day)
            deliver_all(self.session)
            found[day] = told(self.session, day)
        return found


@pytest.fixture
def office(app: APIFlask, session: Session) -> Office:
    office = Office(app, session)
    run(app, MONDAY)
    deliver_all(session)
    return office


def test_the_review_of_a_suspended_task_is_brought_to_the_supervisors_and_then_to_the_leader(office: Office) -> None:
    office.suspend(review_on=TUESDAY)

    found = office.mornings(TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)

    waiting = {"decide": [office.task.id]}
    assert found == {
        TUESDAY: {},
        WEDNESDAY: {"chen": waiting},
        THURSDAY: {"chen": waiting, "liu": waiting},
        FRIDAY: {},
    }
    row = scheduled(office.session, WEDNESDAY)["chen"].facts["sections"][0]["rows"][0]
    assert row["review_on"] == TUESDAY.isoformat()


def test_a_task_that_went_on_in_time_is_no_longer_spoken_of(office: Office) -> None:
    office.suspend(review_on=TUESDAY)
    task_acts.resume(office.session, office.task.id, **office.by("chen", TUESDAY))
    office.session.commit()

    assert office.mornings(WEDNESDAY, THURSDAY) == {WEDNESDAY: {}, THURSDAY: {}}


def test_a_task_that_is_suspended_again_is_spoken_of_on_its_new_day(office: Office) -> None:
    office.suspend(review_on=TUESDAY)
    office.mornings(WEDNESDAY)
    task_acts.resume(office.session, office.task.id, **office.by("chen", WEDNESDAY))
    again = {"reason": "仍未出", "review_on": THURSDAY}
    task_acts.suspend(office.session, office.task.id, **again, **office.by("chen", WEDNESDAY))
    office.session.commit()

    found = office.mornings(THURSDAY, FRIDAY)

    assert found == {THURSDAY: {}, FRIDAY: {"chen": {"decide": [office.task.id]}}}


@pytest.mark.parametrize(("review_on", "is_near"), [(MONDAY + timedelta(days=10), True), (date(2026, 12, 18), False)])
def test_the_digest_and_the_list_of_what_waits_agree_about_reviews(
    office: Office, review_on: date, is_near: bool
) -> None:
    office.suspend(review_on)
    office.mornings(NEXT_MONDAY)

    digest = parts_of(scheduled(office.session, NEXT_MONDAY)["chen"])["supervisor"]
    waiting = list_waiting(
        office.session, office.usual.actor("chen"), today=NEXT_MONDAY, calendar=load_calendar(office.session)
    )

    assert digest.get("to_review", []) == ([office.task.id] if is_near else [])
    listed = [row.task_id for part in waiting if part.kind is Kind.REVIEW_DAY for row in part.rows]
    assert listed == digest.get("to_review", [])


def test_a_reply_that_does_not_come_is_asked_for_and_then_told_to_the_leader(office: Office) -> None:
    duty = office.instruct(TUESDAY, Addressee.LEADS)

    found = office.mornings(TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)

    owed = {"reply": [duty.instruction_id]}
    assert found == {
        TUESDAY: {},
        WEDNESDAY: {"li": owed, "gao": owed},
        THURSDAY: {"li": owed, "gao": owed, "liu": owed},
        FRIDAY: {},
    }


def test_the_supervisors_are_asked_for_the_reply_that_they_owe(office: Office) -> None:
    duty = office.instruct(TUESDAY, Addressee.SUPERVISORS)

    assert office.mornings(WEDNESDAY) == {WEDNESDAY: {"chen": {"reply": [duty.instruction_id]}}}


def test_days_of_downtime_make_one_line_for_everybody_who_was_due_one(office: Office) -> None:
    duty = office.instruct(TUESDAY, Addressee.LEADS)

    found = office.mornings(FRIDAY)

    owed = {"reply": [duty.instruction_id]}
    assert found == {FRIDAY: {"li": owed, "gao": owed, "liu": owed}}
    assert {one.rule for one in office.session.scalars(select(ReplyReminder))} == {"reply_1", "reply_2"}


def test_a_reply_that_was_given_is_asked_for_no_more_and_one_that_came_back_on_its_new_day(office: Office) -> None:
    duty = office.instruct(TUESDAY, Addressee.LEADS)
    office.mornings(WEDNESDAY)
    instructions.reply(office.session, duty.id, text="已约谈。", **office.by("gao", WEDNESDAY))
    office.session.commit()
    assert office.mornings(THURSDAY) == {THURSDAY: {"liu": {"decide": [duty.instruction_id]}}}

    instructions.return_reply(
        office.session, duty.id, reason="不够具体", reply_due_on=FRIDAY, **office.by("liu", THURSDAY)
    )
    office.session.commit()

    found = office.mornings(FRIDAY, NEXT_MONDAY)
    assert found[FRIDAY] == {}
    assert found[NEXT_MONDAY]["gao"] == {"reply": [duty.instruction_id]}


def test_a_reply_that_waits_is_brought_to_its_leader_and_then_to_the_supervisors_too(office: Office) -> None:
    duty = office.instruct(FRIDAY, Addressee.LEADS)
    instructions.reply(office.session, duty.id, text="已约谈。", **office.by("gao", MONDAY))
    office.session.commit()

    found = office.mornings(TUESDAY, WEDNESDAY, THURSDAY)

    waits = {"decide": [duty.instruction_id]}
    assert found == {TUESDAY: {"liu": waits}, WEDNESDAY: {"liu": waits, "chen": waits}, THURSDAY: {}}
    calendar = load_calendar(office.session)
    waiting = list_waiting(office.session, office.usual.actor("liu"), today=WEDNESDAY, calendar=calendar)
    assert [part.kind for part in waiting] == [Kind.INSTRUCTION_REPLY]


def test_a_reply_that_was_decided_on_is_no_longer_spoken_of_and_the_next_one_anew(office: Office) -> None:
    duty = office.instruct(FRIDAY, Addressee.LEADS)
    instructions.reply(office.session, duty.id, text="已约谈。", **office.by("gao", MONDAY))
    office.session.commit()
    office.mornings(TUESDAY)
    instructions.return_reply(
        office.session, duty.id, reason="不够具体", reply_due_on=NEXT_MONDAY, **office.by("liu", TUESDAY)
    )
    office.session.commit()
    assert office.mornings(WEDNESDAY) == {WEDNESDAY: {}}

    instructions.reply(office.session, duty.id, text="已补充。", **office.by("gao", WEDNESDAY))
    office.session.commit()
    assert office.mornings(THURSDAY) == {THURSDAY: {"liu": {"decide": [duty.instruction_id]}}}
    instructions.accept_reply(office.session, duty.id, reason="", **office.by("liu", THURSDAY))
    office.session.commit()

    assert office.mornings(FRIDAY) == {FRIDAY: {}}


def test_a_reply_to_a_leader_who_leads_no_more_is_told_to_the_supervisors(office: Office) -> None:
    duty = office.instruct(TUESDAY, Addressee.LEADS)
    office.session.execute(update(Person).where(Person.username == "liu").values(is_active=False))
    office.session.commit()

    assert office.mornings(THURSDAY)[THURSDAY]["chen"] == {"reply": [duty.instruction_id]}


def test_what_a_mail_that_never_arrived_said_of_a_reply_is_said_again(office: Office) -> None:
    duty = office.instruct(TUESDAY, Addressee.SUPERVISORS)
    run(office.app, WEDNESDAY)

    run(office.app, THURSDAY)

    assert told(office.session, THURSDAY)["chen"] == {"reply": [duty.instruction_id]}


def test_the_digests_name_the_replies_that_concern_each(office: Office) -> None:
    duty = office.instruct(date(2026, 12, 2), Addressee.LEADS)
    first = office.mornings(NEXT_MONDAY)
    parts = {name: parts_of(mail) for name, mail in scheduled(office.session, NEXT_MONDAY).items()}

    assert first[NEXT_MONDAY]["gao"] == {}
    assert parts["gao"]["work"]["replies"] == parts["li"]["work"]["replies"] == [duty.instruction_id]
    assert "replies" not in parts["chen"]["supervisor"]
    assert "liu" not in parts

    instructions.reply(office.session, duty.id, text="已约谈。", **office.by("gao", date(2026, 12, 1)))
    office.session.commit()
    # The two reminders of a reply that waits are over; the digest names what waits still.
    office.mornings(date(2026, 12, 2), date(2026, 12, 3), date(2026, 12, 7))
    parts = {name: parts_of(mail) for name, mail in scheduled(office.session, date(2026, 12, 7)).items()}
    assert parts["liu"]["leader"]["replies"] == [duty.instruction_id]
    assert "gao" not in parts or "replies" not in parts["gao"]["work"]


def test_a_plan_may_ask_later_and_others(office: Office) -> None:
    changes = {"suspension_1": RuleChange(is_on=False), "reply_1": RuleChange(days=3)}
    office.plan.reminder_changes = to_plain(changes)
    office.session.commit()
    office.instruct(TUESDAY, Addressee.SUPERVISORS)
    office.suspend(review_on=TUESDAY)

    found = office.mornings(WEDNESDAY, THURSDAY)

    assert found[WEDNESDAY] == {}
    assert found[THURSDAY].keys() == {"chen", "liu"}
