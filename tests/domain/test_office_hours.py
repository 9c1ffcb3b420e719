"""The hours in which notices go out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import Invalid
from taskboard.domain.local_time import ZONE, at_local
from taskboard.domain.office_hours import OfficeHours, check_hours, next_office_moment

# National Day of 2026 with the days around it: 9 October is a Friday, 10 October a Saturday that is worked.
CALENDAR = WorkingCalendar(
    holidays=[date(2026, 10, day) for day in (1, 2, 5, 6, 7)],
    workdays=[date(2026, 10, 10)],
    confirmed_years=[2026],
)


@pytest.mark.parametrize(
    ("moment", "goes_out"),
    [
        ("2026-09-29 08:00", "2026-09-29 08:00"),
        ("2026-09-29 17:59", "2026-09-29 17:59"),
        ("2026-09-29 07:59", "2026-09-29 08:00"),
        ("2026-09-29 18:00", "2026-09-30 08:00"),
        ("2026-09-30 18:00", "2026-10-08 08:00"),  # over the holiday
        ("2026-10-03 12:00", "2026-10-08 08:00"),
        ("2026-10-10 12:00", "2026-10-10 12:00"),  # a Saturday worked in exchange
        ("2026-10-11 12:00", "2026-10-12 08:00"),
        ("2026-10-09 23:30", "2026-10-10 08:00"),
        ("2026-09-29 00:10", "2026-09-29 08:00"),
    ],
)
def test_a_notice_waits_for_the_office(moment: str, goes_out: str) -> None:
    asked, answer = (datetime.fromisoformat(one).replace(tzinfo=ZONE) for one in (moment, goes_out))

    assert next_office_moment(asked, CALENDAR) == answer


def test_the_office_is_in_shanghai_wherever_the_moment_was_written() -> None:
    assert next_office_moment(datetime(2026, 9, 28, 23, 0, tzinfo=UTC), CALENDAR) == at_local(
        date(2026, 9, 29), time(8)
    )


@pytest.mark.parametrize(
    ("moment", "goes_out"),
    [
        ("2026-09-29 08:59", "2026-09-29 09:00"),
        ("2026-09-29 20:29", "2026-09-29 20:29"),
        ("2026-09-29 20:30", "2026-09-30 09:00"),
    ],
)
def test_an_office_may_have_other_hours(moment: str, goes_out: str) -> None:
    asked, answer = (datetime.fromisoformat(one).replace(tzinfo=ZONE) for one in (moment, goes_out))

    assert next_office_moment(asked, CALENDAR, OfficeHours(time(9), time(20, 30))) == answer


@pytest.mark.parametrize(
    ("opens", "closes", "field"),
    [
        (time(5, 59), time(18), "opens"),
        (time(22, 1), time(23), "opens"),
        (time(8), time(22, 1), "closes"),
        (time(8), time(11, 59), "closes"),
        (time(18), time(8), "closes"),
    ],
)
def test_hours_at_night_and_hours_that_are_too_short_are_refused(opens: time, closes: time, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_hours(OfficeHours(opens, closes))

    assert refused.value.field == field


def test_the_widest_and_the_shortest_hours_are_taken() -> None:
    check_hours(OfficeHours(time(6), time(22)))
    check_hours(OfficeHours(time(8, 30), time(12, 30)))
