"""Report periods: which period a day lies in, when its report is due, and which ones a department owes.

Periods are counted from the calendar, never from the last report, so they cannot drift. Nothing about a missed report
is stored: it follows from the rhythm, the day since which the work is owed, the reports and today.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.workflow import AssignmentRole

FRIDAY = 5
DAY_OF_MONTH = 25
PARTNER_WORKING_DAYS = 2
"""so many working days before the leads the partners report, so that the lead's report can rest on theirs"""
FIRST_AFTER_WORKING_DAYS = 5
"""the first report owed is the first one due at least so many working days after the issue"""

MONTHS: Mapping[PlanRhythm, int] = {PlanRhythm.MONTHLY: 1, PlanRhythm.QUARTERLY: 3, PlanRhythm.HALF_YEARLY: 6}


@dataclass(frozen=True)
class Rhythm:
    """How often reports are due, and on which day of the week (from 1, Monday) or of the period's last month."""

    kind: PlanRhythm
    day: int | None = None

    @property
    def due_day(self) -> int:
        """The day as set, or the usual one: Friday, or the 25th."""
        return self.day or (FRIDAY if self.kind is PlanRhythm.WEEKLY else DAY_OF_MONTH)


@dataclass(frozen=True, order=True)
class Period:
    """A stretch of the calendar for which one report is owed; both days belong to it."""

    first_on: date
    last_on: date
    key: str
    """``2026-11``, ``2026-W47`` (ISO year and week), ``2026-Q4``, ``2026-H2``"""


def period_of(rhythm: Rhythm, day: date) -> Period | None:
    """The period in which the day lies; ``None`` where there are none."""
    if rhythm.kind is PlanRhythm.NONE:
        return None
    if rhythm.kind is PlanRhythm.WEEKLY:
        year, week, weekday = day.isocalendar()
        first = day - timedelta(days=weekday - 1)
        return Period(first, first + timedelta(days=6), f"{year}-W{week:02d}")
    months = MONTHS[rhythm.kind]
    number = (day.month - 1) // months
    last_month = (number + 1) * months
    first = date(day.year, last_month - months + 1, 1)
    last = date(day.year, last_month, monthrange(day.year, last_month)[1])
    part = {1: f"{last_month:02d}", 3: f"Q{number + 1}", 6: f"H{number + 1}"}[months]
    return Period(first, last, f"{day.year}-{part}")


def due_day(rhythm: Rhythm, period: Period, role: AssignmentRole, calendar: WorkingCalendar) -> date:
    """When the report is due: a day that is not worked gives way to the one before, and partners come first."""
    if rhythm.kind is PlanRhythm.WEEKLY:
        named = period.first_on + timedelta(days=rhythm.due_day - 1)
    else:
        named = period.last_on.replace(day=min(rhythm.due_day, period.last_on.day))
    due_on = calendar.on_or_before(named)
    return calendar.add(due_on, -PARTNER_WORKING_DAYS) if role is AssignmentRole.PARTNER else due_on


def owed_before(rhythm: Rhythm, period: Period, calendar: WorkingCalendar) -> date:
    """The period is owed by whoever had the work before this day.

    The lead's day counts for partners, too: lead and partners owe the same periods.
    """
    due_on = due_day(rhythm, period, AssignmentRole.LEAD, calendar)
    return calendar.add(due_on + timedelta(days=1), -FIRST_AFTER_WORKING_DAYS)


def is_owed(rhythm: Rhythm, period: Period, since: date, calendar: WorkingCalendar) -> bool:
    """Whether who has the work since that day owes a report for the period."""
    return since < owed_before(rhythm, period, calendar)


def periods_backward(rhythm: Rhythm, day: date) -> Iterator[Period]:
    """The period of the day, the one before it, and so on without end."""
    period = period_of(rhythm, day)
    while period is not None:
        yield period
        period = period_of(rhythm, period.first_on - timedelta(days=1))


def next_period(rhythm: Rhythm, period: Period) -> Period:
    """The period after this one; raises :class:`LookupError` where there are none."""
    found = period_of(rhythm, period.last_on + timedelta(days=1))
    if found is None:
        raise LookupError("there are no periods without a rhythm")
    return found


def periods_owed(rhythm: Rhythm, since: date, until: date, calendar: WorkingCalendar) -> list[Period]:
    """The periods owed by who has the work since that day, up to the one of ``until``, the earliest first."""
    owed = []
    for period in periods_backward(rhythm, until):
        if not is_owed(rhythm, period, since, calendar):
            break
        owed.append(period)
    return owed[::-1]


def missed_periods(
    rhythm: Rhythm,
    role: AssignmentRole,
    *,
    since: date,
    reported_on: Sequence[date],
    today: date,
    calendar: WorkingCalendar,
) -> list[Period]:
    """The periods owed whose due day is past and in which nothing was reported; ``reported_on`` in rising order.

    What was reported after the due day but within the period was late, not missed.
    """
    return [
        period
        for period in periods_owed(rhythm, since, today, calendar)
        if due_day(rhythm, period, role, calendar) < today and not _any_within(period, reported_on)
    ]


def _any_within(period: Period, days: Sequence[date]) -> bool:
    at = bisect_right(days, period.last_on)
    return at > 0 and days[at - 1] >= period.first_on


@dataclass(frozen=True)
class DuePeriod:
    """A period whose due day is past: missed by who had the work before ``owed_before`` and was not heard of since
    ``first_on``."""

    first_on: date
    owed_before: date
    due_on: date


def last_due(
    rhythm: Rhythm, role: AssignmentRole, today: date, calendar: WorkingCalendar, *, count: int = 2
) -> list[DuePeriod]:
    """The last periods whose due day is past, the latest first; for lists, where all rows of a rhythm share them."""
    found: list[DuePeriod] = []
    for period in periods_backward(rhythm, today):
        due_on = due_day(rhythm, period, role, calendar)
        if due_on < today:
            found.append(DuePeriod(period.first_on, owed_before(rhythm, period, calendar), due_on))
        if len(found) == count:
            break
    return found


def is_reported(period: Period | DuePeriod, reported_on: date | None) -> bool:
    """Whether the last report was made in the period or after it: one made since counts for whatever was owed."""
    return reported_on is not None and reported_on >= period.first_on


def missed_in_a_row(due: Sequence[DuePeriod], since: date, reported_on: date | None) -> int:
    """How many of the last periods were missed up to now; a report made since, for whatever period, ends the row."""
    missed = 0
    for period in due:
        if since >= period.owed_before or is_reported(period, reported_on):
            break
        missed += 1
    return missed


@dataclass(frozen=True)
class ReportDue:
    """The report that a department owes next: of which period, by when, and whether it is there already."""

    period: Period
    due_on: date
    is_reported: bool
    is_late: bool
    """the due day is past and nothing was reported in the period"""


def report_due(
    rhythm: Rhythm,
    role: AssignmentRole,
    *,
    since: date,
    reported_on: date | None,
    today: date,
    calendar: WorkingCalendar,
) -> ReportDue | None:
    """The report of the period that runs, or of the first one owed where that lies ahead; ``None`` without a rhythm."""
    period = period_of(rhythm, today)
    if period is None:
        return None
    while not is_owed(rhythm, period, since, calendar):
        period = next_period(rhythm, period)
    due_on = due_day(rhythm, period, role, calendar)
    is_there = is_reported(period, reported_on)
    return ReportDue(period, due_on, is_there, is_late=not is_there and due_on < today)


def unreported(
    rhythm: Rhythm,
    role: AssignmentRole,
    *,
    since: date,
    reported_on: date | None,
    today: date,
    calendar: WorkingCalendar,
) -> tuple[date, ...]:
    """The due days of the last period, of the one that runs and of the next, as far as they are owed and nothing was
    reported in them or later."""
    return tuple(
        due_day(rhythm, period, role, calendar)
        for period in periods_about(rhythm, today)
        if is_owed(rhythm, period, since, calendar) and not is_reported(period, reported_on)
    )


def periods_about(rhythm: Rhythm, today: date) -> tuple[Period, ...]:
    """The period before the one that runs, that one, and the one after it."""
    running = period_of(rhythm, today)
    if running is None:
        return ()
    _, last = islice(periods_backward(rhythm, today), 2)
    return last, running, next_period(rhythm, running)
