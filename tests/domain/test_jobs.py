"""When jobs are due, and what becomes of runs that were missed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.jobs import Catching, Daily, catch_up
from taskboard.domain.local_time import ZONE

# Wednesday 2 December 2026 is off, Saturday 5 December is worked.
CALENDAR = WorkingCalendar(holidays=[date(2026, 12, 2)], workdays=[date(2026, 12, 5)])
MORNING = Daily(time(8, 30), only_working_days=True, until=time(18))
NIGHTLY = Daily(time(3, 10))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-23 07:00", "2026-11-23 08:30"),
        ("2026-11-23 08:30", "2026-11-24 08:30"),
        ("2026-11-27 12:00", "2026-11-30 08:30"),
        ("2026-12-01 12:00", "2026-12-03 08:30"),
        ("2026-12-04 12:00", "2026-12-05 08:30"),
    ],
)
def test_the_next_run_is_on_the_next_working_day(now: str, due: str) -> None:
    assert MORNING.next_after(at(now), CALENDAR) == at(due)


def test_times_are_those_of_shanghai_wherever_the_server_stands() -> None:
    utc = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)

    assert MORNING.next_after(utc, CALENDAR).astimezone(UTC) == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


def test_nothing_is_due_before_its_time() -> None:
    assert catch_up(MORNING, last=None, now=at("2026-11-23 08:29"), calendar=CALENDAR) == Catching(None)


def test_a_new_installation_begins_with_today() -> None:
    assert catch_up(MORNING, last=None, now=at("2026-11-23 10:00"), calendar=CALENDAR) == Catching(
        at("2026-11-23 08:30")
    )


def test_what_is_on_record_is_not_due_again() -> None:
    last = at("2026-11-23 08:30")

    assert catch_up(MORNING, last=last, now=at("2026-11-23 10:00"), calendar=CALENDAR) == Catching(None)


@pytest.mark.parametrize("days", [3, 30])
def test_after_downtime_only_the_latest_is_run_and_the_older_ones_are_skipped(days: int) -> None:
    last = at("2026-10-26 08:30")
    now = last + timedelta(days=days, hours=2)

    caught = catch_up(MORNING, last=last, now=now, calendar=CALENDAR)

    assert caught.run == at(f"{now:%Y-%m-%d} 08:30")
    working_days = [last + timedelta(days=n) for n in range(1, days)]
    assert caught.skip == tuple(day for day in working_days if CALENDAR.is_working_day(day.date()))


@pytest.mark.parametrize("now", ["2026-11-23 18:00", "2026-11-24 07:00", "2026-11-28 12:00"])
def test_a_morning_mail_is_not_made_up_for_in_the_evening_or_on_another_day(now: str) -> None:
    caught = catch_up(MORNING, last=at("2026-11-20 08:30"), now=at(now), calendar=CALENDAR)

    assert caught.run is None
    assert caught.skip[0] == at("2026-11-23 08:30")


def test_other_jobs_are_made_up_for_at_any_time() -> None:
    caught = catch_up(NIGHTLY, last=at("2026-11-20 03:10"), now=at("2026-11-23 01:00"), calendar=CALENDAR)

    assert caught == Catching(at("2026-11-22 03:10"), (at("2026-11-21 03:10"),))
