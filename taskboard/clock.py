"""The only place that asks the machine for the time; everything below takes ``now`` or ``today``."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Protocol

from taskboard.domain.local_time import local_date


class Clock(Protocol):
    def now(self) -> datetime: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class SettableClock:
    """A clock that stands where it was put: for tests and for looking at another day."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment.astimezone(UTC)


def today(clock: Clock) -> date:
    """The day in Asia/Shanghai."""
    return local_date(clock.now())
