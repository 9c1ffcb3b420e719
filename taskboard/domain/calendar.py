"""Official working days of China with make-up days (调休), as arithmetic on sets of dates."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cached_property
from itertools import accumulate

SATURDAY = 5
INDEXED = range(date(2000, 1, 1).toordinal(), date(2061, 1, 1).toordinal())
"""days between which counting is a look-up; beyond them it goes day by day"""
FIRST_INDEXED, MANY_INDEXED = INDEXED.start, len(INDEXED)


class WorkingCalendar:
    """Which days are worked.

    ``holidays`` are days off that the week does not already give, ``workdays`` are weekend days worked in exchange.
    ``confirmed_years`` are the years whose official arrangement is known; any other year is an estimate (预估).
    """

    def __init__(
        self,
        *,
        holidays: Iterable[date] = (),
        workdays: Iterable[date] = (),
        confirmed_years: Iterable[int] = (),
    ) -> None:
        self.holidays = frozenset(holidays)
        self.workdays = frozenset(workdays)
        self.confirmed_years = frozenset(confirmed_years)

    def is_working_day(self, day: date) -> bool:
        if day.weekday() >= SATURDAY:
            return day in self.workdays
        return day not in self.holidays

    def is_estimated(self, day: date) -> bool:
        """Whether the arrangement of this day's year is not officially known yet."""
        return day.year not in self.confirmed_years

    def add(self, day: date, count: int) -> date:
        """The ``count``-th working day after ``day`` (before it when negative); ``day`` itself when 0."""
        if count == 0:
            return day
        passed = day.toordinal() - FIRST_INDEXED
        if 0 < passed < MANY_INDEXED:
            days, counts = self._index
            place = counts[passed] + count - 1 if count > 0 else counts[passed - 1] + count
            if 0 <= place < len(days):
                return date.fromordinal(days[place])
        return self._step(day, count)

    def _step(self, day: date, count: int) -> date:
        step = timedelta(days=1 if count > 0 else -1)
        remaining = abs(count)
        while remaining:
            day += step
            remaining -= self.is_working_day(day)
        return day

    @cached_property
    def _index(self) -> tuple[array[int], array[int]]:
        """The ordinals of all working days of the indexed years, and how many of them each day has behind it.

        Its own is counted. Made once, in some milliseconds; a call then looks up two numbers.
        """
        worked = [self.is_working_day(date.fromordinal(n)) for n in INDEXED]
        days = array("l", (n for n, is_worked in zip(INDEXED, worked, strict=True) if is_worked))
        return days, array("l", accumulate(worked))

    def latest_start(self, count: int, by: date) -> date:
        """The latest day after which ``count`` working days (at least 1) have passed by the day ``by``."""
        return self.add(self.on_or_before(by), 1 - count) - timedelta(days=1)

    def on_or_before(self, day: date) -> date:
        """``day`` when it is worked, else the last working day before it."""
        return day if self.is_working_day(day) else self.add(day, -1)

    def on_or_after(self, day: date) -> date:
        """``day`` when it is worked, else the first working day after it."""
        return day if self.is_working_day(day) else self.add(day, 1)

    def between(self, start: date, end: date) -> int:
        """Working days after ``start`` up to and including ``end``; negative when ``end`` lies before ``start``."""
        if end < start:
            return -self.between(end, start)
        first, last = start.toordinal(), end.toordinal()
        if first >= FIRST_INDEXED and last < FIRST_INDEXED + MANY_INDEXED:
            counts = self._index[1]
            return counts[last - FIRST_INDEXED] - counts[first - FIRST_INDEXED]
        return sum(self.is_working_day(date.fromordinal(n)) for n in range(first + 1, last + 1))

    def is_first_of_week(self, day: date) -> bool:
        """Whether ``day`` is the first working day of its ISO week (Monday to Sunday)."""
        monday = day - timedelta(days=day.weekday())
        return self.is_working_day(day) and not any(
            self.is_working_day(monday + timedelta(days=n)) for n in range(day.weekday())
        )
