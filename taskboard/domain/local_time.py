"""One zone for every date of the product: deadlines are days in Asia/Shanghai, stored moments are UTC."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")


def local_date(moment: datetime) -> date:
    """The day in Asia/Shanghai on which an aware moment falls."""
    # Not kept by moments: the hash of an aware one takes three times as long as this.
    return local_moment(moment).date()


def local_moment(moment: datetime) -> datetime:
    """The same moment as a clock in Asia/Shanghai shows it; raises ``ValueError`` for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(ZONE)


def at_local(day: date, clock: time) -> datetime:
    """The moment when clocks in Asia/Shanghai show this time on this day."""
    return datetime.combine(day, clock, tzinfo=ZONE)
