"""When notices of people's acts may go out: within office hours, so that nobody is mailed at night or on a Sunday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import Invalid
from taskboard.domain.local_time import at_local, local_moment

EARLIEST, LATEST = time(6), time(22)
LEAST_HOURS = 4


@dataclass(frozen=True)
class OfficeHours:
    """From when to when on working days; at ``closes`` they are over."""

    opens: time = time(8)
    closes: time = time(18)


USUAL_HOURS = OfficeHours()


def check_hours(hours: OfficeHours) -> None:
    """Raises :class:`Invalid` for hours at night, and for those too short for a day's notices."""
    if not EARLIEST <= hours.opens <= LATEST:
        raise Invalid("opens", "office_hours_bounds", earliest=EARLIEST, latest=LATEST)
    if not EARLIEST <= hours.closes <= LATEST:
        raise Invalid("closes", "office_hours_bounds", earliest=EARLIEST, latest=LATEST)
    length = timedelta(hours=hours.closes.hour - hours.opens.hour, minutes=hours.closes.minute - hours.opens.minute)
    if length < timedelta(hours=LEAST_HOURS):
        raise Invalid("closes", "office_hours_short", least=LEAST_HOURS)


def next_office_moment(moment: datetime, calendar: WorkingCalendar, hours: OfficeHours = USUAL_HOURS) -> datetime:
    """The moment itself within the office hours of a working day, else when the next ones begin."""
    local = local_moment(moment)
    day = local.date()
    if calendar.is_working_day(day) and hours.opens <= local.time() < hours.closes:
        return moment
    if local.time() >= hours.closes:
        day += timedelta(days=1)
    return at_local(calendar.on_or_after(day), hours.opens)
