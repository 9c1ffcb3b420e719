"""The scheduled jobs: their names, when each is to run, and what to do about runs that were missed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import Invalid
from taskboard.domain.local_time import at_local, local_date, local_moment


class JobState(StrEnum):
    """How the run of a scheduled job stands."""

    REQUESTED = "requested"
    """somebody asked for it by hand; the scheduler takes it up within seconds"""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    """an older occurrence that a later one made up for"""


class SchedulerEventKind(StrEnum):
    """What happened to the scheduler beside its runs."""

    TOOK_OVER = "took_over"
    """a process came into charge; the facts say after whom, and for how many seconds nobody had been"""
    STEPPED_DOWN = "stepped_down"
    CLOCK_STEPPED = "clock_stepped"
    """the machine's clock was set by so many seconds"""
    SUSPENDED = "suspended"
    """the machine slept, or the process was stopped, for so many seconds"""
    DATABASE_BACK = "database_back"
    """the database could not be written to for so many seconds"""


class JobName(StrEnum):
    MORNING_MAIL = "morning-mail"
    DELIVER_MAIL = "deliver-mail"
    ROBOT_DIGESTS = "robot-digests"
    ROUNDUPS = "roundups"
    READ_SCANS = "read-scans"
    CLEAN_UP = "clean-up"
    SEAL_TRAIL = "seal-trail"
    CHECK_TRAIL = "check-trail"


@dataclass(frozen=True)
class Daily:
    """Once a day at a local time. A missed run is made up for until ``until`` of the same day, or at any time."""

    at: time
    only_working_days: bool = False
    until: time | None = None

    def is_run_day(self, day: date, calendar: WorkingCalendar) -> bool:
        return calendar.is_working_day(day) or not self.only_working_days

    def moment(self, day: date) -> datetime:
        """When it is due on this day."""
        return at_local(day, self.at)

    def next_after(self, moment: datetime, calendar: WorkingCalendar) -> datetime:
        """The first time it is due after the moment."""
        day = local_date(moment)
        while not self.is_run_day(day, calendar) or self.moment(day) <= moment:
            day += timedelta(days=1)
        return self.moment(day)

    def missed(self, since: datetime, now: datetime, calendar: WorkingCalendar) -> Iterator[datetime]:
        """Every time it was due after ``since`` and until now."""
        due = self.next_after(since, calendar)
        while due <= now:
            yield due
            due = self.next_after(due, calendar)

    def may_start(self, due: datetime, now: datetime) -> bool:
        """Whether a run that was due may still begin: a morning mail is not for the evening, nor for the next day."""
        if self.until is None:
            return True
        here = local_moment(now)
        return here.date() == local_date(due) and here.time() < self.until


@dataclass(frozen=True)
class Every:
    """Again and again, whenever the scheduler is at work; nothing is missed while it is not."""

    seconds: int


Schedule = Daily | Every

NEVER_AHEAD = frozenset({JobName.ROUNDUPS})
"""jobs whose work is frozen for good: figures of a month that is not over would stay"""
FURTHEST_BACK = timedelta(days=400)
FURTHEST_AHEAD = timedelta(days=14)


def require_run_day(job: JobName, day: date, today: date) -> None:
    """Raise :class:`Invalid` for a day for which nobody can mean to run a job by hand.

    A day ahead uses up its reminders: they are decided once, and a mistyped year would silence a whole one.
    """
    require_come(job, day, today)
    first, last = today - FURTHEST_BACK, today + FURTHEST_AHEAD
    if not first <= day <= last:
        raise Invalid("day", "run_day_out_of_range", first=first, last=last)


def require_come(job: JobName, day: date, today: date) -> None:
    """Raise :class:`Invalid` where a job that is never run ahead would be run for a day that has not come."""
    if job in NEVER_AHEAD and day > today:
        raise Invalid("day", "run_day_not_come")


SCHEDULES: dict[JobName, Schedule] = {
    JobName.MORNING_MAIL: Daily(time(8, 30), only_working_days=True, until=time(18)),
    JobName.DELIVER_MAIL: Every(seconds=10),
    # Not on the hour, when everybody's robots speak.
    JobName.ROBOT_DIGESTS: Daily(time(8, 37), only_working_days=True, until=time(18)),
    # Each working day asks what is not there yet: a first working day without a server loses nothing.
    JobName.ROUNDUPS: Daily(time(7, 50), only_working_days=True),
    JobName.READ_SCANS: Every(seconds=5),
    JobName.CLEAN_UP: Daily(time(3, 10)),
    JobName.SEAL_TRAIL: Every(seconds=60),
    JobName.CHECK_TRAIL: Daily(time(0, 20)),
}

MOST_ATTEMPTS = 5
RETRY_MINUTES = 5


@dataclass(frozen=True)
class Catching:
    """What to do about the occurrences since the last one on record."""

    run: datetime | None
    skip: tuple[datetime, ...] = ()


def catch_up(schedule: Daily, *, last: datetime | None, now: datetime, calendar: WorkingCalendar) -> Catching:
    """The latest occurrence is run when it may still start; older ones are on record as skipped.

    ``last`` is the last occurrence on record up to now. Without one, only today counts.
    """
    since = last if last is not None else at_local(local_date(now), time(0)) - timedelta(microseconds=1)
    missed = tuple(schedule.missed(since, now, calendar))
    if not missed:
        return Catching(None)
    *older, latest = missed
    if schedule.may_start(latest, now):
        return Catching(latest, tuple(older))
    return Catching(None, missed)


def may_try_again(attempts: int, failed_at: datetime, now: datetime) -> bool:
    """Whether a failed run is due for another attempt: after 5, 10, 15, … minutes, five attempts in all."""
    return attempts < MOST_ATTEMPTS and failed_at + timedelta(minutes=RETRY_MINUTES * attempts) <= now
