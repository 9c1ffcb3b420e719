""" "No more today": it holds for one day, one person and one assignment; the next working day it comes again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.local_time import ZONE
from taskboard.domain.snoozing import Span, next_span
from taskboard.domain.workflow import AssignmentState
from taskboard.models import Assignment, HistoryEntry, ReminderSnooze
from taskboard.services.calendar import load_calendar
from taskboard.services.snoozing import list_snoozes, snooze
from tests.support.factories import Usual, make_plan, make_task, usual_people
from tests.support.mornings import (
    FRIDAY,
    MONDAY,
    NEXT_MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    deliver_all,
    run,
    scheduled,
    told,
)

CALENDAR = WorkingCalendar(confirmed_years=[2026])


class Office:
    """A task that is due on Monday, and a morning whose digest is over."""

    def __init__(self, app: APIFlask, session: Session) -> None:
        self.app, self.session = app, session
        self.usual: Usual = usual_people(session)
        self.plan = make_plan(session, body=self.usual.body, imported_by=self.usual.chen)
        self.task = make_task(
            session, plan=self.plan, lead=self.usual.lead, partners=(self.usual.partner,), due_on=MONDAY
        )
        session.commit()
        self.assignment_id, self.partner_id = session.scalars(select(Assignment.id).order_by(Assignment.position))

    def snooze(self, who: str, day: date, *, of: int | None = None) -> Span:
        self.session.rollback()
        now = datetime(day.year, day.month, day.day, 10, tzinfo=ZONE)
        by: dict[str, Any] = {"actor": self.usual.actor(who), "now": now, "entrance": "test"}
        span = snooze(self.session, of or self.assignment_id, calendar=load_calendar(self.session), **by)
        self.session.commit()
        return span

    def morning(self, day: date) -> dict[str, dict[str, list[Any]]]:
        run(self.app, day)
        deliver_all(self.session)
        return told(self.session, day)


@pytest.fixture
def office(app: APIFlask, session: Session) -> Office:
    office = Office(app, session)
    office.morning(MONDAY)
    return office


def test_what_was_put_off_comes_again_on_the_next_working_day_and_only_then(office: Office) -> None:
    late = {"overdue": [office.task.id]}
    # The partner has no head: what is for the head goes to the supervisors.
    assert office.morning(TUESDAY) == {"li": late, "gao": late, "wang": late, "chen": late}
    office.snooze("li", TUESDAY)

    assert office.morning(WEDNESDAY) == {"li": late}
    assert office.morning(THURSDAY).keys() == {"gao", "liu", "chen"}
    assert office.morning(FRIDAY) == {}


def test_nothing_is_said_of_it_on_the_day_itself_and_nothing_is_lost(office: Office) -> None:
    office.snooze("li", TUESDAY)

    late = {"overdue": [office.task.id]}
    assert office.morning(TUESDAY) == {"gao": late, "wang": late, "chen": late}
    assert office.morning(WEDNESDAY) == {"li": late}


def test_over_a_week_end_it_comes_again_on_monday(office: Office) -> None:
    office.session.execute(update(Assignment).values(due_on=THURSDAY, deadline_version=2))
    office.session.commit()
    office.morning(FRIDAY)

    assert office.snooze("li", FRIDAY) == Span(NEXT_MONDAY, 1)

    assert office.morning(NEXT_MONDAY)["li"] == {"overdue": [office.task.id]}


def test_what_was_done_meanwhile_does_not_come_again(office: Office) -> None:
    office.morning(TUESDAY)
    office.snooze("li", TUESDAY)
    office.session.execute(update(Assignment).values(state=AssignmentState.ACCEPTED))
    office.session.commit()

    assert office.morning(WEDNESDAY) == {}


def test_a_morning_that_broke_off_and_one_that_did_not_run_lose_nothing(office: Office) -> None:
    office.morning(TUESDAY)
    office.snooze("wang", TUESDAY, of=office.partner_id)

    assert office.morning(FRIDAY)["wang"] == {"overdue": [office.task.id]}
    assert office.session.scalars(select(ReminderSnooze.told_again_on)).all() == [FRIDAY]


def test_the_mail_offers_it_to_who_works_on_the_task_alone(office: Office) -> None:
    office.session.execute(update(Assignment).values(state=AssignmentState.SUBMITTED))
    office.session.execute(update(Assignment).values(submitted_at=datetime(2026, 11, 23, 10, tzinfo=ZONE)))
    other = make_task(office.session, plan=office.plan, lead=office.usual.lead, due_on=TUESDAY)
    office.session.commit()
    office.morning(TUESDAY)

    offered = {
        name: {row["task_id"]: row["may_snooze"] for one in mail.facts["sections"] for row in one["rows"]}
        for name, mail in scheduled(office.session, TUESDAY).items()
    }

    assert offered == {
        "li": {other.id: True, office.task.id: False},
        "gao": {other.id: True},
        "chen": {office.task.id: False},
    }


def test_twice_on_a_day_is_once(office: Office) -> None:
    assert office.snooze("li", TUESDAY) == office.snooze("li", TUESDAY) == Span(WEDNESDAY, 1)

    entries = office.session.scalars(select(HistoryEntry).where(HistoryEntry.act == Change.SNOOZED)).all()
    assert [(one.subject, one.task_id, one.actor_id) for one in entries] == [
        (Subject.ACCOUNT, None, office.usual.li.id)
    ]
    assert entries[0].after == {
        "task": office.task.title,
        "department": office.usual.lead.name,
        "until_on": WEDNESDAY.isoformat(),
        "in_a_row": 1,
    }


def test_after_three_days_in_a_row_there_is_no_fourth(office: Office) -> None:
    days = [office.snooze("li", day).in_a_row for day in (TUESDAY, WEDNESDAY, THURSDAY)]
    with pytest.raises(Invalid) as refusal:
        office.snooze("li", FRIDAY)

    assert days == [1, 2, 3]
    assert (refusal.value.problem, refusal.value.facts["most"]) == ("snoozed_too_often", 3)
    assert office.snooze("gao", FRIDAY).in_a_row == 1


@pytest.mark.parametrize("who", ["wang", "zhao", "chen", "liu", "sun"])
def test_nobody_puts_off_what_others_work_on(office: Office, who: str) -> None:
    with pytest.raises(NotFound):
        office.snooze(who, TUESDAY)


def test_supervisors_and_colleagues_see_who_puts_off_what_and_others_do_not(office: Office) -> None:
    office.snooze("li", TUESDAY)
    office.snooze("li", WEDNESDAY)

    seen = {
        who: list_snoozes(office.session, [office.assignment_id], office.usual.actor(who), today=WEDNESDAY).get(
            office.assignment_id, []
        )
        for who in ("chen", "gao", "wang", "zhao")
    }
    names = {who: [(one.person, one.until_on, one.in_a_row) for one in found] for who, found in seen.items()}
    li = [(office.usual.li.name, THURSDAY, 2)]
    assert names == {"chen": li, "gao": li, "wang": [], "zhao": []}
    assert not list_snoozes(office.session, [office.assignment_id], office.usual.actor("chen"), today=THURSDAY)


@pytest.mark.parametrize(
    ("last", "today", "span"),
    [
        (None, TUESDAY, Span(WEDNESDAY, 1)),
        (Span(WEDNESDAY, 1), TUESDAY, Span(WEDNESDAY, 1)),
        (Span(WEDNESDAY, 1), WEDNESDAY, Span(THURSDAY, 2)),
        (Span(WEDNESDAY, 3), THURSDAY, Span(FRIDAY, 1)),
        (Span(FRIDAY, 2), FRIDAY, Span(NEXT_MONDAY, 3)),
        (Span(NEXT_MONDAY, 3), FRIDAY + timedelta(days=1), Span(NEXT_MONDAY, 3)),
    ],
)
def test_days_in_a_row_are_counted_over_week_ends(last: Span | None, today: date, span: Span) -> None:
    assert next_span(last, today=today, calendar=CALENDAR) == span


def test_a_day_off_is_none_of_the_days_in_a_row() -> None:
    saturday, sunday = FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=2)
    first = next_span(None, today=saturday, calendar=CALENDAR)

    assert first == Span(NEXT_MONDAY, 0)
    assert next_span(first, today=sunday, calendar=CALENDAR) == first
    assert next_span(first, today=NEXT_MONDAY, calendar=CALENDAR) == Span(NEXT_MONDAY + timedelta(days=1), 1)
