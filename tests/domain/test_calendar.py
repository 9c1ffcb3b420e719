"""Counting working days: a table of known answers, and agreement with counting day by day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskboard.domain.calendar import WorkingCalendar

# October 2026: the National Day week is off, two weekend days are worked for it.
CALENDAR = WorkingCalendar(
    holidays=[date(2026, 10, day) for day in (1, 2, 5, 6, 7)],
    workdays=[date(2026, 9, 20), date(2026, 10, 10)],
    confirmed_years=[2026],
)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "is_worked"),
    [
        ("2026-09-18", True),
        ("2026-09-19", False),
        ("2026-09-20", True),
        ("2026-10-01", False),
        ("2026-10-04", False),
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),
        ("2026-10-11", False),
    ],
)
def test_holidays_are_off_and_make_up_days_are_worked(text: str, is_worked: bool) -> None:
    assert CALENDAR.is_working_day(day(text)) is is_worked


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-10-03", 1, "2026-10-08"),
        ("2026-10-08", -1, "2026-09-30"),
        ("2026-10-09", 1, "2026-10-10"),
        ("2026-10-10", 1, "2026-10-12"),
        ("2026-10-03", 0, "2026-10-03"),
        ("2026-11-22", -1, "2026-11-20"),
        ("2026-11-23", -3, "2026-11-18"),
    ],
)
def test_adding_working_days(start: str, count: int, end: str) -> None:
    assert CALENDAR.add(day(start), count) == day(end)


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        ("2026-09-30", "2026-10-08", 1),
        ("2026-09-30", "2026-10-12", 4),
        ("2026-10-12", "2026-09-30", -4),
        ("2026-10-03", "2026-10-03", 0),
        ("2026-11-20", "2026-11-23", 1),
    ],
)
def test_counting_working_days_from_one_day_to_another(start: str, end: str, count: int) -> None:
    assert CALENDAR.between(day(start), day(end)) == count


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("2026-10-03", "2026-09-30", "2026-10-08"),
        ("2026-10-10", "2026-10-10", "2026-10-10"),
        ("2026-11-22", "2026-11-20", "2026-11-23"),
    ],
)
def test_the_nearest_working_day(text: str, before: str, after: str) -> None:
    assert CALENDAR.on_or_before(day(text)) == day(before)
    assert CALENDAR.on_or_after(day(text)) == day(after)


@pytest.mark.parametrize(
    ("text", "is_first"),
    [
        ("2026-11-23", True),
        ("2026-11-24", False),
        ("2026-10-05", False),  # a Monday off
        ("2026-10-08", True),  # the Thursday after the National Day week
        ("2026-09-20", False),  # a make-up Sunday at the end of an ordinary week
    ],
)
def test_the_first_working_day_of_a_week(text: str, is_first: bool) -> None:
    assert CALENDAR.is_first_of_week(day(text)) is is_first


def test_a_week_whose_only_working_day_is_a_make_up_sunday_begins_on_it() -> None:
    calendar = WorkingCalendar(
        holidays=[date(2026, 11, 23) + timedelta(days=n) for n in range(5)], workdays=[date(2026, 11, 29)]
    )

    assert calendar.is_first_of_week(date(2026, 11, 29))


def test_a_year_without_an_official_arrangement_is_an_estimate() -> None:
    assert not CALENDAR.is_estimated(date(2026, 12, 31))
    assert CALENDAR.is_estimated(date(2027, 1, 1))


# Days on both sides of the indexed years, so that the look-up and the long way must agree where they meet.
DAYS = st.dates(date(1998, 1, 1), date(2063, 1, 1))


@settings(deadline=None)
@given(start=DAYS, end=DAYS)
def test_counting_agrees_with_looking_at_every_day(start: date, end: date) -> None:
    earlier, later = min(start, end), max(start, end)
    days = [earlier + timedelta(days=n) for n in range(1, (later - earlier).days + 1)]

    assert abs(CALENDAR.between(start, end)) == sum(map(CALENDAR.is_working_day, days))


@settings(deadline=None)
@given(st.dates(date(2023, 1, 1), date(2031, 12, 31)), st.integers(1, 40))
def test_the_latest_start_is_the_last_day_from_which_so_many_days_have_passed(by: date, count: int) -> None:
    latest = CALENDAR.latest_start(count, by)

    assert CALENDAR.add(latest, count) <= by < CALENDAR.add(latest + timedelta(days=1), count)


@given(start=DAYS, count=st.integers(-600, 600))
def test_adding_and_counting_undo_each_other(start: date, count: int) -> None:
    start = CALENDAR.on_or_before(start)

    end = CALENDAR.add(start, count)

    assert CALENDAR.is_working_day(end)
    assert CALENDAR.between(start, end) == count
