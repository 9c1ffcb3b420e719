"""The working calendar: seeded from published arrangements, kept in the database, read once per process and change.

The yearly arrangement of the State Council is known for the years of the chinesecalendar package. For later years the
thirteen statutory days are computed (lunar dates from the holidays package); make-up days cannot be, so such years are
estimates and shown as 预估.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from chinese_calendar.constants import holidays, workdays
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import SATURDAY, WorkingCalendar
from taskboard.models import CalendarDay, CalendarYear
from taskboard.services.inserts import insert_where_free

PACKAGE_SOURCE = "chinesecalendar"
LAST_ESTIMATED_YEAR = 2050


class DayOut(NamedTuple):
    """A day that differs from its weekday."""

    day: date
    is_working_day: bool
    note: str


def load_calendar(session: Session) -> WorkingCalendar:
    """The calendar as the database has it, or the published one where nothing was seeded.

    Kept per database; one small query says whether it changed.
    """
    bind = session.get_bind()
    revision = tuple(session.execute(_REVISION).one())
    if revision[0] == 0:
        return package_calendar()
    known = _loaded.get(bind)
    if known is None or known[0] != revision:
        known = _loaded[bind] = (revision, _read(session))
    return known[1]


_REVISION = select(func.count(), func.coalesce(func.sum(CalendarYear.revision), 0))

_loaded: WeakKeyDictionary[Any, tuple[tuple[int, ...], WorkingCalendar]] = WeakKeyDictionary()


def _read(session: Session) -> WorkingCalendar:
    days = session.execute(select(CalendarDay.day, CalendarDay.is_working_day, CalendarDay.note))
    years = session.scalars(select(CalendarYear.year))
    return _calendar((DayOut(*row) for row in days), years)


def _calendar(days: Iterable[DayOut], confirmed_years: Iterable[int]) -> WorkingCalendar:
    days = list(days)
    return WorkingCalendar(
        holidays=(one.day for one in days if not one.is_working_day),
        workdays=(one.day for one in days if one.is_working_day),
        confirmed_years=confirmed_years,
    )


def seed_calendar(session: Session) -> None:
    """Fill in the years that the database does not know; what an administrator entered stays.

    A year that was an estimate so far and is published now has its days replaced.
    """
    days, years = _published()
    new_years = years - set(session.scalars(select(CalendarYear.year)))
    for year in sorted(new_years):
        session.execute(
            delete(CalendarDay).where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31))),
            execution_options={"synchronize_session": False},
        )
        session.add(CalendarYear(year=year, source=PACKAGE_SOURCE))
    session.flush()
    rows = [one for one in days if one.day.year in new_years]
    insert_where_free(session, CalendarDay, [one._asdict() for one in [*rows, *_estimates_not_yet_in(session)]])


def _estimates_not_yet_in(session: Session) -> list[DayOut]:
    last_known = session.scalar(select(func.max(CalendarDay.day)))
    confirmed = set(session.scalars(select(CalendarYear.year)))
    if last_known is not None and last_known.year >= LAST_ESTIMATED_YEAR:
        return []
    return _estimated(range(max(confirmed) + 1, LAST_ESTIMATED_YEAR + 1))


@lru_cache(maxsize=1)
def package_calendar() -> WorkingCalendar:
    """The calendar as published, with later years estimated; asks no database."""
    days, years = _published()
    return _calendar([*days, *_estimated(range(max(years) + 1, LAST_ESTIMATED_YEAR + 1))], years)


def _published() -> tuple[list[DayOut], set[int]]:
    """The days out of the published arrangements, and the years those cover."""
    days_off = [DayOut(day, False, note) for day, note in holidays.items() if day.weekday() < SATURDAY]
    make_up_days = [DayOut(day, True, note) for day, note in workdays.items() if day.weekday() >= SATURDAY]
    return [*days_off, *make_up_days], {day.year for day in holidays}


def _estimated(years: range) -> list[DayOut]:
    """The statutory days of years without a published arrangement, as far as they fall on weekdays."""
    import holidays as worldwide  # noqa: PLC0415 - slow to import, and only seeding needs it

    # "Observed" days are guesses at the days in lieu, which only the yearly notice settles.
    statutory = worldwide.country_holidays("CN", years=years, observed=False, language="en_US")
    return [DayOut(day, False, name[:60]) for day, name in sorted(statutory.items()) if day.weekday() < SATURDAY]
