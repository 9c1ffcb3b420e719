"""Report periods by the calendar: their keys, due days, which are owed, and which were missed."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.periods import (
    Period,
    Rhythm,
    due_day,
    last_due,
    missed_in_a_row,
    missed_periods,
    next_period,
    period_of,
    periods_owed,
    report_due,
)
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.workflow import AssignmentRole

CALENDAR = WorkingCalendar()
WEEKLY = Rhythm(PlanRhythm.WEEKLY)
MONTHLY = Rhythm(PlanRhythm.MONTHLY)
QUARTERLY = Rhythm(PlanRhythm.QUARTERLY)
HALF_YEARLY = Rhythm(PlanRhythm.HALF_YEARLY)
LEAD, PARTNER = AssignmentRole.LEAD, AssignmentRole.PARTNER


def period(rhythm: Rhythm, day: date) -> Period:
    found = period_of(rhythm, day)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("rhythm", "day", "key", "first_on", "last_on"),
    [
        (MONTHLY, date(2026, 11, 23), "2026-11", date(2026, 11, 1), date(2026, 11, 30)),
        (MONTHLY, date(2028, 2, 29), "2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        (WEEKLY, date(2026, 11, 22), "2026-W47", date(2026, 11, 16), date(2026, 11, 22)),
        # The ISO year of a week is not always the year of its days.
        (WEEKLY, date(2027, 1, 3), "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        (WEEKLY, date(2024, 12, 30), "2025-W01", date(2024, 12, 30), date(2025, 1, 5)),
        (QUARTERLY, date(2026, 10, 1), "2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        (QUARTERLY, date(2026, 3, 31), "2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        (HALF_YEARLY, date(2026, 7, 1), "2026-H2", date(2026, 7, 1), date(2026, 12, 31)),
        (HALF_YEARLY, date(2026, 6, 30), "2026-H1", date(2026, 1, 1), date(2026, 6, 30)),
    ],
)
def test_a_day_lies_in_one_period_of_the_calendar(
    rhythm: Rhythm, day: date, key: str, first_on: date, last_on: date
) -> None:
    assert period_of(rhythm, day) == Period(first_on, last_on, key)


def test_a_plan_without_a_rhythm_has_no_periods() -> None:
    assert period_of(Rhythm(PlanRhythm.NONE), date(2026, 11, 23)) is None
    assert periods_owed(Rhythm(PlanRhythm.NONE), date(2026, 1, 1), date(2026, 11, 23), CALENDAR) == []


@pytest.mark.parametrize(
    ("rhythm", "day", "due_on"),
    [
        (WEEKLY, date(2026, 11, 23), date(2026, 11, 27)),
        (MONTHLY, date(2026, 11, 23), date(2026, 11, 25)),
        # 25 October 2026 is a Sunday.
        (MONTHLY, date(2026, 10, 1), date(2026, 10, 23)),
        (QUARTERLY, date(2026, 10, 1), date(2026, 12, 25)),
        (HALF_YEARLY, date(2026, 1, 5), date(2026, 6, 25)),
        (Rhythm(PlanRhythm.WEEKLY, 1), date(2026, 11, 25), date(2026, 11, 23)),
        (Rhythm(PlanRhythm.MONTHLY, 31), date(2027, 2, 1), date(2027, 2, 26)),
        (Rhythm(PlanRhythm.MONTHLY, 5), date(2026, 11, 23), date(2026, 11, 5)),
    ],
)
def test_a_report_is_due_on_the_last_working_day_up_to_the_day_that_is_set(
    rhythm: Rhythm, day: date, due_on: date
) -> None:
    assert due_day(rhythm, period(rhythm, day), LEAD, CALENDAR) == due_on


def test_partners_report_two_working_days_before_the_leads() -> None:
    november = period(MONTHLY, date(2026, 11, 1))
    october = period(MONTHLY, date(2026, 10, 1))

    assert due_day(MONTHLY, november, PARTNER, CALENDAR) == date(2026, 11, 23)
    assert due_day(MONTHLY, october, PARTNER, CALENDAR) == date(2026, 10, 21)


def test_holidays_and_make_up_days_move_the_due_day() -> None:
    calendar = WorkingCalendar(holidays=[date(2026, 11, 24), date(2026, 11, 25)], workdays=[date(2026, 11, 22)])
    november = period(MONTHLY, date(2026, 11, 1))

    assert due_day(MONTHLY, november, LEAD, calendar) == date(2026, 11, 23)
    assert due_day(MONTHLY, november, PARTNER, calendar) == date(2026, 11, 20)


@pytest.mark.parametrize(("since", "is_owed"), [(date(2026, 11, 18), True), (date(2026, 11, 19), False)])
def test_the_first_period_owed_is_due_at_least_five_working_days_after_the_issue(since: date, is_owed: bool) -> None:
    owed = periods_owed(MONTHLY, since, date(2026, 11, 30), CALENDAR)

    assert [one.key for one in owed] == (["2026-11"] if is_owed else [])


def test_periods_are_counted_from_the_calendar_whatever_was_reported() -> None:
    owed = periods_owed(MONTHLY, date(2026, 8, 20), date(2026, 12, 3), CALENDAR)

    assert [one.key for one in owed] == ["2026-09", "2026-10", "2026-11", "2026-12"]


def test_a_period_is_missed_when_nothing_was_reported_in_it_and_its_day_is_past() -> None:
    def missed(today: date, *reported_on: date) -> list[str]:
        found = missed_periods(
            MONTHLY, LEAD, since=date(2026, 9, 1), reported_on=reported_on, today=today, calendar=CALENDAR
        )
        return [one.key for one in found]

    assert missed(date(2026, 11, 25)) == ["2026-09", "2026-10"]
    assert missed(date(2026, 11, 26)) == ["2026-09", "2026-10", "2026-11"]
    # Late within its month is not missed, and a report of the next month does not fill the month before.
    assert missed(date(2026, 11, 26), date(2026, 9, 30), date(2026, 11, 2)) == ["2026-10"]


def test_the_report_owed_next_is_told_with_its_day() -> None:
    def due(today: date, since: date, reported_on: date | None = None) -> tuple[str, date, bool, bool]:
        found = report_due(MONTHLY, LEAD, since=since, reported_on=reported_on, today=today, calendar=CALENDAR)
        assert found is not None
        return found.period.key, found.due_on, found.is_reported, found.is_late

    monday, long_ago = date(2026, 11, 23), date(2026, 9, 1)
    assert due(monday, long_ago) == ("2026-11", date(2026, 11, 25), False, False)
    assert due(monday, long_ago, date(2026, 11, 1)) == ("2026-11", date(2026, 11, 25), True, False)
    assert due(date(2026, 11, 26), long_ago, date(2026, 10, 31)) == ("2026-11", date(2026, 11, 25), False, True)
    assert due(monday, monday) == ("2026-12", date(2026, 12, 25), False, False)


def test_every_day_lies_in_exactly_one_period_and_the_next_one_begins_where_it_ends() -> None:
    for rhythm in (WEEKLY, MONTHLY, QUARTERLY, HALF_YEARLY):
        for number in range(800):
            day = date(2026, 1, 1) + timedelta(days=number)
            found = period(rhythm, day)
            assert found.first_on <= day <= found.last_on
            assert next_period(rhythm, found).first_on == found.last_on + timedelta(days=1)
            assert due_day(rhythm, found, PARTNER, CALENDAR) < due_day(rhythm, found, LEAD, CALENDAR) <= found.last_on


@pytest.mark.parametrize("seed", range(4))
def test_the_row_of_missed_periods_agrees_with_the_list_of_them(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(25):
        rhythm = Rhythm(
            chance.choice([one for one in PlanRhythm if one is not PlanRhythm.NONE]), chance.choice([None, 1, 4, 7])
        )
        role = chance.choice(list(AssignmentRole))
        today = date(2026, 1, 1) + timedelta(days=chance.randrange(700))
        since = today - timedelta(days=chance.randrange(400))
        days = sorted({today - timedelta(days=chance.randrange(400)) for _ in range(chance.randrange(3))})
        missed = missed_periods(rhythm, role, since=since, reported_on=days, today=today, calendar=CALENDAR)
        last = days[-1] if days else None

        row = missed_in_a_row(last_due(rhythm, role, today, CALENDAR, count=70), since, last)

        after_the_last = [one for one in missed if last is None or one.first_on > last]
        assert row == len(after_the_last)
