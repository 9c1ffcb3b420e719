"""Hearing of an assignment again on the next working day: until when, how often in a row, and of what it may be."""

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
    """The day on which reminders come again, and the how manyth working day in a row this is; 0 on a day off."""

    until_on: date
    in_a_row: int


def next_span(last: Span | None, *, today: date, calendar: WorkingCalendar) -> Span:
    """What putting off brings after the last time; the same again while that still holds.

    Reminders come again on the next working day. On a day off none would have come, so that it is none of those in a
    row. Raises :class:`Invalid` after :data:`MOST_IN_A_ROW`.
    """
    if last is not None and last.until_on > today:
        return last
    if not calendar.is_working_day(today):
        return Span(calendar.add(today, 1), 0)
    in_a_row = last.in_a_row + 1 if last is not None and last.until_on == today else 1
    if in_a_row > MOST_IN_A_ROW:
        raise Invalid("snooze", "snoozed_too_often", most=MOST_IN_A_ROW)
    return Span(calendar.add(today, 1), in_a_row)
