"""Suspended tasks: until when they rest, and when it is time to look at them again."""

from __future__ import annotations

from datetime import date

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.lights import due_soon_until


def review_is_near(review_on: date, today: date, calendar: WorkingCalendar) -> bool:
    """Whether the day of the review is past, today, or as near as a deadline that is due soon.

    From then on the review waits for the supervisors: in their list of what waits and in their digest. Reminders count
    from the day itself.
    """
    return review_on <= due_soon_until(today, calendar)
