"""Hearing no more of an assignment today: until when, how often in a row, and of what it may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import Invalid
from taskboard.domain.reminders import Topic

MOST_IN_A_ROW = 3
"""working days; the supervisors see each from the first on"""
SNOOZABLE = frozenset({Topic.OVERDUE, Topic.DUE_TODAY, Topic.DUE_SOON, Topic.ACKNOWLEDGE, Topic.REPORT})
"""what a mail offers it for: not for what others wait for"""


@dataclass(frozen=True)
class Span:
    """The day on which reminders come again, and the how manyth day in a row this is."""

    until_on: date
    in_a_row: int


def next_span(last: Span | None, *, today: date, calendar: WorkingCalendar) -> Span:
    """What "no more today" brings after the last time; the same again while that still holds.

    Reminders come again on the next working day at the latest. Raises :class:`Invalid` after :data:`MOST_IN_A_ROW`.
    """
    if last is not None and last.until_on > today:
        return last
    in_a_row = last.in_a_row + 1 if last is not None and last.until_on == today else 1
    if in_a_row > MOST_IN_A_ROW:
        raise Invalid("snooze", "snoozed_too_often", most=MOST_IN_A_ROW)
    return Span(calendar.add(today, 1), in_a_row)
