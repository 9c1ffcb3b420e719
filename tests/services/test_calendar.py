"""The working calendar as it is seeded, kept and read back."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from taskboard.models import CalendarDay, CalendarYear
from taskboard.services.calendar import load_calendar, package_calendar, seed_calendar

MAKE_UP_DAYS_2026 = ("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10")


@pytest.mark.parametrize("day", MAKE_UP_DAYS_2026)
def test_a_make_up_day_is_worked(session: Session, day: str) -> None:
    seed_calendar(session)

    assert load_calendar(session).is_working_day(date.fromisoformat(day))


def test_2026_has_248_working_days(session: Session) -> None:
    seed_calendar(session)

    assert load_calendar(session).between(date(2025, 12, 31), date(2026, 12, 31)) == 248


def test_seeding_twice_changes_nothing(session: Session) -> None:
    seed_calendar(session)
    before = session.scalar(select(func.count()).select_from(CalendarDay))

    seed_calendar(session)

    assert session.scalar(select(func.count()).select_from(CalendarDay)) == before


def test_a_database_without_a_calendar_goes_by_the_published_one(session: Session) -> None:
    assert load_calendar(session) is package_calendar()


def test_the_seeded_calendar_is_the_published_one(session: Session) -> None:
    seed_calendar(session)

    seeded, published = load_calendar(session), package_calendar()

    assert seeded.holidays == published.holidays
    assert seeded.workdays == published.workdays
    assert seeded.confirmed_years == published.confirmed_years == frozenset(range(2004, 2027))


def test_what_an_administrator_entered_stays_when_seeding_again(session: Session) -> None:
    seed_calendar(session)
    session.add(CalendarYear(year=2027, source="国务院办公厅通知"))
    session.add(CalendarDay(day=date(2027, 2, 20), is_working_day=True, note="春节调休"))
    session.flush()

    seed_calendar(session)

    calendar = load_calendar(session)
    assert calendar.is_working_day(date(2027, 2, 20))
    assert not calendar.is_estimated(date(2027, 2, 20))


def test_a_changed_year_is_noticed(session: Session) -> None:
    seed_calendar(session)
    saturday = date(2026, 11, 21)
    assert not load_calendar(session).is_working_day(saturday)

    session.add(CalendarDay(day=saturday, is_working_day=True, note="本地调休"))
    session.get_one(CalendarYear, 2026).revision += 1
    session.flush()

    assert load_calendar(session).is_working_day(saturday)


@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        ("2027-02-05", False),  # New Year's Eve of the lunar year, a Friday
        ("2027-02-08", False),  # third day of the Spring Festival
        ("2027-02-09", True),  # a day in lieu is not known before the notice
        ("2027-06-09", False),  # Dragon Boat Festival
        ("2027-09-15", False),  # Mid-Autumn Festival
        ("2027-10-01", False),
        ("2027-10-04", True),
        ("2027-02-06", False),  # a Saturday; make-up days are not known either
    ],
)
def test_an_unpublished_year_has_its_weekends_and_statutory_days_and_says_that_it_is_estimated(
    day: str, is_worked: bool
) -> None:
    calendar = package_calendar()

    assert calendar.is_working_day(date.fromisoformat(day)) is is_worked
    assert calendar.is_estimated(date.fromisoformat(day))


def test_a_year_that_gets_published_replaces_its_estimate(session: Session) -> None:
    seed_calendar(session)
    session.delete(session.get_one(CalendarYear, 2026))
    session.add(CalendarDay(day=date(2026, 3, 3), is_working_day=False, note="估计"))
    session.flush()

    seed_calendar(session)

    calendar = load_calendar(session)
    assert calendar.is_working_day(date(2026, 3, 3))
    assert not calendar.is_estimated(date(2026, 3, 3))
