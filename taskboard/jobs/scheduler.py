"""The one scheduler: APScheduler ticks, the database decides.

However many processes start one, only the holder of the lease does anything. Every write of a run checks the lease's
epoch, so a process that slept through its lease writes nothing when it wakes.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from taskboard.domain.jobs import SCHEDULES, Daily, Every, JobName, JobState, catch_up
from taskboard.domain.local_time import ZONE, local_date
from taskboard.extensions import current_clock, read_session, transaction
from taskboard.jobs.runner import run_frequent, run_occurrence
from taskboard.services import jobs
from taskboard.services.calendar import load_calendar
from taskboard.services.jobs import HEARTBEAT_SECONDS, LeaseLost

log = logging.getLogger(__name__)

TICK_SECONDS = 10
FIRST_TICK_SECONDS = 1
LATE_IS_FINE_SECONDS = 3600
"""a tick that comes late is still a tick: what is due is asked of the database anyway"""
GIVE_UP_SECONDS = 60
"""after so long without the database the process ends, for its service manager to start it anew"""
CLOCK_STEP_SECONDS = 5
STOP_SECONDS = 10


class JobScheduler:
    """Runs the jobs of one application while it holds the lease. :meth:`start` returns at once."""

    def __init__(self, app: Flask, *, on_fatal: Callable[[], None] = lambda: None, holder: str | None = None) -> None:
        self._app = app
        self._on_fatal = on_fatal
        self._holder = holder or f"{socket.gethostname()}:{os.getpid()}"
        self._epoch: int | None = None
        self._stopping = threading.Event()
        self._running = 0
        self._idle = threading.Condition()
        self._heart = threading.Thread(target=self._beat_on, name="scheduler-heart", daemon=True)
        self._ticker = BackgroundScheduler(
            timezone=ZONE,
            executors={"default": ThreadPoolExecutor(len(SCHEDULES))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": LATE_IS_FINE_SECONDS},
        )

    @property
    def epoch(self) -> int | None:
        """The epoch in which this process is in charge; ``None`` while it is not."""
        return self._epoch

    def start(self) -> None:
        # It warns each time a long run is still at work when the next tick comes, which is as it should be.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        for job, schedule in SCHEDULES.items():
            seconds = schedule.seconds if isinstance(schedule, Every) else TICK_SECONDS
            self._ticker.add_job(
                self.tick,
                "interval",
                seconds=seconds,
                args=[job],
                id=job.value,
                replace_existing=True,
                # When the lease will have been taken, rather than after a whole interval.
                next_run_time=datetime.now(ZONE) + timedelta(seconds=FIRST_TICK_SECONDS),
            )
        self._heart.start()
        self._ticker.start()

    def stop(self) -> bool:
        """Let running jobs come to their next stop, step down; whether all of them did in time."""
        self._stopping.set()
        if self._ticker.running:
            self._ticker.pause()
        with self._idle:
            is_idle = self._idle.wait_for(lambda: self._running == 0, timeout=STOP_SECONDS)
        if self._heart.is_alive():
            self._heart.join(timeout=STOP_SECONDS)
        self._step_down()
        if self._ticker.running:
            self._ticker.shutdown(wait=False)
        return is_idle

    # The lease

    def beat(self) -> None:
        """Take the lease where it is free, or stay in charge."""
        with self._app.app_context(), transaction() as session:
            now = current_clock().now()
            if self._epoch is None:
                self._epoch = jobs.acquire_lease(session, holder=self._holder, now=now)
                if self._epoch is None:
                    return
                jobs.give_up_interrupted(session, epoch=self._epoch, now=now)
                log.info("in charge of the jobs, epoch %s", self._epoch)
                return
            try:
                jobs.renew_lease(session, epoch=self._epoch, now=now)
            except LeaseLost:
                self._lose_lease()

    def _beat_on(self) -> None:
        last_good = time.monotonic()
        offset = _clock_offset()
        while True:
            try:
                self.beat()
                last_good = time.monotonic()
            except Exception:
                log.exception("the scheduler cannot reach the database")
                if time.monotonic() - last_good > GIVE_UP_SECONDS:
                    log.critical("no database for %s s: ending", GIVE_UP_SECONDS)
                    self._on_fatal()
                    return
            if abs(_clock_offset() - offset) > CLOCK_STEP_SECONDS:
                log.warning("the clock was set by %.0f s, or the machine slept", _clock_offset() - offset)
                offset = _clock_offset()
                self._tick_soon()
            if self._stopping.wait(HEARTBEAT_SECONDS):
                return

    def _tick_soon(self) -> None:
        """Ticks were planned by the old clock: plan them anew."""
        for job in self._ticker.get_jobs():
            job.modify(next_run_time=datetime.now(ZONE))

    def _lose_lease(self) -> None:
        log.warning("another process took over from epoch %s", self._epoch)
        self._epoch = None

    def _step_down(self) -> None:
        epoch, self._epoch = self._epoch, None
        if epoch is None:
            return
        try:
            with self._app.app_context(), transaction() as session:
                jobs.release_lease(session, epoch=epoch, now=current_clock().now())
        except Exception:
            log.exception("the lease stays until it runs out")

    # The jobs

    def tick(self, job: JobName) -> None:
        """Do what this job has to do now, if this process is in charge."""
        epoch = self._epoch
        if epoch is None or self._stopping.is_set():
            return
        schedule = SCHEDULES[job]
        with self._at_work():
            try:
                if isinstance(schedule, Daily):
                    self._run_due(job, schedule, epoch)
                else:
                    run_frequent(
                        self._app, job, today=local_date(self._now()), epoch=epoch, should_stop=self._stopping.is_set
                    )
            except LeaseLost:
                self._lose_lease()
            except Exception:
                # On record already, where the database could be reached. The next tick tries again.
                log.exception("job %s failed", job)

    def _run_due(self, job: JobName, schedule: Daily, epoch: int) -> None:
        for scheduled_for in self._find_due(job, schedule, epoch):
            run_occurrence(self._app, job, scheduled_for, epoch=epoch, should_stop=self._stopping.is_set)

    def _find_due(self, job: JobName, schedule: Daily, epoch: int) -> list[datetime]:
        """Occurrences to run: asked for by hand, to be tried again, and the latest of those not on record yet."""
        now = self._now()
        with self._app.app_context():
            session = read_session()
            unfinished = jobs.list_unfinished(session, job)
            catching = catch_up(
                schedule,
                last=jobs.find_last_occurrence(session, job, now=now),
                now=now,
                calendar=load_calendar(session),
            )
            if catching.skip:
                with transaction() as session:
                    jobs.require_lease(session, epoch)
                    jobs.record_skipped(session, job=job, moments=catching.skip, epoch=epoch, now=now)
        due = [
            moment
            for moment, state in unfinished
            if state is JobState.REQUESTED or (state is JobState.FAILED and schedule.may_start(moment, now))
        ]
        return due if catching.run is None else [*due, catching.run]

    def _now(self) -> datetime:
        with self._app.app_context():
            return current_clock().now()

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._idle:
            self._running += 1
        try:
            yield
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()


def _clock_offset() -> float:
    """How the wall clock stands to the one that is never set."""
    return time.time() - time.monotonic()
