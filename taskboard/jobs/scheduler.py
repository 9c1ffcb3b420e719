"""The one scheduler: APScheduler ticks, the database decides.

However many processes start one, only the holder of the lease does anything. Every write of a run checks the lease's
epoch, so a process that slept through its lease writes nothing when it wakes. Who is silent is judged by this process's
own watch, never by comparing clocks.

Three kinds of threads: the heart beats on the lease, APScheduler's run the jobs, and the watch ends the process when
the heart stands still, whatever it hangs on.
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
from apscheduler.triggers.base import BaseTrigger
from flask import Flask
from sqlalchemy.orm import Session

from taskboard.domain.jobs import SCHEDULES, Daily, Every, JobName, JobState, SchedulerEventKind, catch_up
from taskboard.domain.local_time import ZONE, local_date
from taskboard.extensions import current_clock, read_session, transaction
from taskboard.jobs.runner import run_frequent, run_occurrence
from taskboard.services import jobs, outbox_sending
from taskboard.services.calendar import load_calendar
from taskboard.services.jobs import HEARTBEAT_SECONDS, SILENCE_SECONDS, LeaseLost, Pulse

log = logging.getLogger(__name__)

TICK_SECONDS = 10
FIRST_TICK_SECONDS = 1
GIVE_UP_SECONDS = 60
"""after so long without the database the process ends, for its service manager to start it anew"""
STALL_SECONDS = 20
"""a heart held up for so long is worth a record: by the database, or because the process stood still"""
CLOCK_STEP_SECONDS = 5
STOP_SECONDS = 10


class Again(BaseTrigger):  # type: ignore[misc]
    """Ticks so many seconds after the tick before it was looked at.

    APScheduler's own interval counts on from when that one was due, one tick after the other: a clock that is set ahead
    by years, as that of a machine without a battery is at its start, would hold up all jobs and the heart with them.
    """

    def __init__(self, seconds: float) -> None:
        self._pause = timedelta(seconds=seconds)

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        return now + self._pause


class JobScheduler:
    """Runs the jobs of one application while it holds the lease. :meth:`start` returns at once."""

    def __init__(
        self,
        app: Flask,
        *,
        on_fatal: Callable[[], None] = lambda: None,
        holder: str | None = None,
        watch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._on_fatal = on_fatal
        self._watch = watch
        self._seen: tuple[Pulse | None, float] = (None, 0.0)
        self._beats = 0
        self._failing_since: float | None = None
        self._untold: list[tuple[SchedulerEventKind, float]] = []
        self._holder = holder or f"{socket.gethostname()}:{os.getpid()}"
        self._epoch: int | None = None
        self._lease_changes = threading.Lock()
        self._stopping = threading.Event()
        self._running = 0
        self._idle = threading.Condition()
        self._heart = threading.Thread(target=self._beat_on, name="scheduler-heart", daemon=True)
        self._watcher = threading.Thread(target=self._watch_over, name="scheduler-watch", daemon=True)
        self._ticker = BackgroundScheduler(
            timezone=ZONE,
            executors={"default": ThreadPoolExecutor(len(SCHEDULES))},
            # However late a tick comes it is still a tick: what is due is asked of the database anyway.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
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
                Again(seconds),
                args=[job],
                id=job.value,
                replace_existing=True,
                # When the lease will have been taken, rather than after a whole interval.
                next_run_time=datetime.now(ZONE) + timedelta(seconds=FIRST_TICK_SECONDS),
            )
        self._heart.start()
        self._watcher.start()
        self._ticker.start()

    def stop(self) -> bool:
        """Let running jobs come to their next stop, step down; whether all of that was done in time."""
        self._stopping.set()
        if self._ticker.running:
            self._ticker.pause()
        with self._idle:
            is_idle = self._idle.wait_for(lambda: self._running == 0, timeout=STOP_SECONDS)
        if self._heart.ident is None:
            self._step_down()
        else:
            # It steps down itself: on a database that hangs this thread must not hang too.
            self._heart.join(timeout=STOP_SECONDS)
        if self._ticker.running:
            self._ticker.shutdown(wait=False)
        return is_idle and not self._heart.is_alive()

    # The lease

    def beat(self) -> None:
        """Stay in charge, or take the lease where it is free or its holder was silent for long enough."""
        epoch = self._epoch
        if epoch is None:
            self._try_to_take_over()
            return
        try:
            with self._app.app_context(), transaction() as session:
                jobs.renew_lease(session, epoch=epoch, now=current_clock().now())
        except LeaseLost:
            self._lose_lease(epoch)

    def _try_to_take_over(self) -> None:
        with self._app.app_context():
            session = read_session()
            session.rollback()
            pulse = jobs.find_pulse(session)
            session.rollback()
            silent_for = self._silent_for(pulse)
            if pulse is not None and not pulse.is_released and silent_for < SILENCE_SECONDS:
                return
            with transaction() as session:
                now = current_clock().now()
                epoch = jobs.acquire_lease(session, holder=self._holder, now=now, silent=pulse)
                if epoch is None:
                    return
                facts = {"after": pulse.holder, "seconds": round(silent_for)} if pulse else {}
                self._begin_epoch(session, epoch, now, facts)
        with self._lease_changes:
            self._epoch = epoch
        self._tick_soon()
        log.info("in charge of the jobs, epoch %s", epoch)

    def _silent_for(self, pulse: Pulse | None) -> float:
        """For how many seconds of this process's watch the lease has looked as it does now."""
        seen, since = self._seen
        if pulse != seen:
            since = self._watch()
            self._seen = (pulse, since)
        return self._watch() - since

    def _begin_epoch(self, session: Session, epoch: int, now: datetime, facts: dict[str, object]) -> None:
        """Look after what the scheduler before this one left behind."""
        jobs.give_up_interrupted(session, epoch=epoch, now=now)
        outbox_sending.take_over_claims(session, epoch=epoch)
        jobs.record_event(session, SchedulerEventKind.TOOK_OVER, holder=self._holder, epoch=epoch, now=now, facts=facts)

    def _beat_on(self) -> None:
        offset = self._clock_offset()
        while True:
            self._beat_once()
            if abs(step := self._clock_offset() - offset) > CLOCK_STEP_SECONDS:
                offset += step
                self._tick_soon()
                self._untold.append((SchedulerEventKind.CLOCK_STEPPED, step))
            started = _since_boot()
            if self._stopping.wait(HEARTBEAT_SECONDS):
                break
            if (slept := _since_boot() - started - HEARTBEAT_SECONDS) > STALL_SECONDS:
                self._tick_soon()
                self._untold.append((SchedulerEventKind.SUSPENDED, slept))
        self._step_down()

    def _beat_once(self) -> None:
        started = time.monotonic()
        try:
            self.beat()
            if self._failing_since or time.monotonic() - started > STALL_SECONDS:
                trouble = time.monotonic() - (self._failing_since or started)
                self._untold.append((SchedulerEventKind.DATABASE_BACK, trouble))
            self._failing_since = None
            self._beats += 1
            while self._untold:
                self._tell(*self._untold[0])
                del self._untold[0]
        except Exception:
            log.exception("the scheduler cannot reach the database")
            self._failing_since = self._failing_since or started

    def _watch_over(self) -> None:
        """End the process when the heart has not beaten for too long, whether it fails or hangs.

        Only time in which this process was at work counts: one that was stopped and continued goes on.
        """
        beats, silence, last = self._beats, 0.0, time.monotonic()
        while not self._stopping.wait(HEARTBEAT_SECONDS):
            silence += min(time.monotonic() - last, 2 * HEARTBEAT_SECONDS)
            last = time.monotonic()
            if self._beats != beats:
                beats, silence = self._beats, 0.0
            if silence > GIVE_UP_SECONDS:
                log.critical("no database for %.0f s: ending", silence)
                self._on_fatal()
                return

    def _clock_offset(self) -> float:
        """How the wall clock stands to the one that is never set."""
        return self._now().timestamp() - _since_boot()

    def _tell(self, kind: SchedulerEventKind, seconds: float) -> None:
        """Put on record what befell the scheduler, whoever is in charge by now."""
        log.warning("%s: %.0f s", kind, seconds)
        with self._app.app_context(), transaction() as session:
            jobs.record_event(
                session,
                kind,
                holder=self._holder,
                epoch=self._epoch or jobs.BY_HAND,
                now=current_clock().now(),
                facts={"seconds": round(seconds)},
            )

    def _tick_soon(self) -> None:
        """Tick now: what was planned before was planned by another clock, or for somebody not in charge."""
        for job in self._ticker.get_jobs():
            job.modify(next_run_time=datetime.now(ZONE))

    def _lose_lease(self, epoch: int) -> None:
        """Be in charge no more; a job that outlived its epoch does not take away the next one."""
        with self._lease_changes:
            if self._epoch != epoch:
                return
            self._epoch = None
            # What it saw of the lease is old: it watches anew before it takes over from anybody.
            self._seen = (None, 0.0)
        log.warning("another process took over from epoch %s", epoch)

    def _step_down(self) -> None:
        epoch, self._epoch = self._epoch, None
        if epoch is None:
            return
        try:
            with self._app.app_context(), transaction() as session:
                jobs.release_lease(session, epoch=epoch)
                jobs.record_event(
                    session,
                    SchedulerEventKind.STEPPED_DOWN,
                    holder=self._holder,
                    epoch=epoch,
                    now=current_clock().now(),
                )
        except Exception:
            log.exception("the lease stays until others see that it does not move")

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
                self._lose_lease(epoch)
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
        due = [moment for moment, state in unfinished if state is JobState.REQUESTED or schedule.may_start(moment, now)]
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


def _since_boot() -> float:
    """Seconds that go on while the machine sleeps, where it can tell."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
