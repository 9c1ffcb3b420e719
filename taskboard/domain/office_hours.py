"""When notices of people's acts may go out: within office hours, so that nobody is mailed at night or on a Sunday."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.local_time import at_local, local_moment

OPENS = time(8)
CLOSES = time(18)


def next_office_moment(moment: datetime, calendar: WorkingCalendar) -> datetime:
    """The moment itself within the office hours of a working day, else when the next ones begin."""
    local = local_moment(moment)
    day = local.date()
    if calendar.is_working_day(day) and OPENS <= local.time() < CLOSES:
        return moment
    if local.time() >= CLOSES:
        day += timedelta(days=1)
    return at_local(calendar.on_or_after(day), OPENS)
