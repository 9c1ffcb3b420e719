"""Schedulers in processes of their own, as a script orders them: marks in place of jobs, and a clock that can be set.

One process loads everything and forks each of them when a line of orders comes, so that they start within a moment.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import sys
import threading
import time
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import apscheduler.executors.base
import apscheduler.schedulers.base
from sqlalchemy import text

from taskboard.app import create_app
from taskboard.domain.jobs import SCHEDULES, Daily, Every, JobName, Schedule
from taskboard.jobs import catalogue, scheduler
from taskboard.jobs.context import Facts, JobContext
from tools.chaos.stage import Orders, ShiftedClock, settings_of

WRITE_EVERY = 0.1
INSERT = text("INSERT INTO chaos_mark (name, epoch, pid, at) VALUES (:name, :epoch, :pid, :at)")


def mark(context: JobContext, name: str) -> None:
    """One write of a job, as every job writes."""
    with context.begin() as session:
        session.execute(INSERT, {"name": name, "epoch": context.epoch, "pid": os.getpid(), "at": time.time()})


def day_marker(context: JobContext) -> Facts:
    mark(context, context.today.isoformat())
    return {"marks": 1}


def ticker(context: JobContext) -> Facts:
    mark(context, "tick")
    return {}


def writer(context: JobContext) -> Facts:
    while not context.should_stop():
        mark(context, "write")
        time.sleep(WRITE_EVERY)
    return {}


def follow(orders: Orders) -> None:
    """Put the marks in the place of the jobs."""
    runs: dict[JobName, Any] = {JobName(name): catalogue.JOBS[JobName(name)] for name in orders.is_real}
    schedules: dict[JobName, Schedule] = {JobName(name): SCHEDULES[JobName(name)] for name in orders.is_real}
    for name, at in orders.daily.items():
        runs[JobName(name)] = day_marker
        schedules[JobName(name)] = Daily(datetime.strptime(at, "%H:%M").time())  # noqa: DTZ007 - a time of the day
    for name, seconds in orders.frequent.items():
        runs[JobName(name)] = ticker
        schedules[JobName(name)] = Every(seconds)
    if orders.writer:
        runs[JobName(orders.writer)] = writer
        schedules[JobName(orders.writer)] = Every(1)
    # The child's own copies, so nothing else sees it.
    own: list[tuple[Any, Any]] = [(SCHEDULES, schedules), (catalogue.JOBS, runs)]
    for shown, ordered in own:
        shown.clear()
        shown.update(ordered)
    engine: Any = scheduler
    engine.TICK_SECONDS = orders.tick_seconds
    engine.HEARTBEAT_SECONDS = orders.heartbeat_seconds
    engine.SILENCE_SECONDS = orders.silence_seconds


def shift_apscheduler(clock: ShiftedClock) -> None:
    """Let the ticker too read the clock that the script sets, as it would read a machine's clock that is set."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock.now().astimezone(tz)

    modules: list[Any] = [apscheduler.schedulers.base, apscheduler.executors.base, scheduler]
    for module in modules:
        module.datetime = Shifted


def play(line: str) -> None:
    """Be a scheduler as ordered, until told to stop or unable to go on."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=f"%(asctime)s {os.getpid()} %(message)s")
    told = json.loads(line)
    orders = Orders(**{**told, "is_real": tuple(told["is_real"])})
    if orders.zone:
        os.environ["TZ"] = orders.zone
        time.tzset()
    clock = ShiftedClock(Path(orders.folder) / "clock")
    follow(orders)
    shift_apscheduler(clock)
    settings = settings_of(
        orders.database_url, Path(orders.folder), orders.smtp_url, mails_per_minute=orders.mails_per_minute
    )
    app = create_app(settings, clock=clock)
    failed, stopped = threading.Event(), threading.Event()

    def fail() -> None:
        failed.set()
        stopped.set()

    one = scheduler.JobScheduler(app, on_fatal=fail)
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    one.start()
    (Path(orders.folder) / f"up-{os.getpid()}").touch()
    stopped.wait()
    one.stop()
    os._exit(1 if failed.is_set() else 0)


def main() -> None:
    """Fork a scheduler for each line, say its number, and write down with which code each ended."""
    folder = Path(sys.argv[1])
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], 0.05)
        if ready:
            line = sys.stdin.readline()
            if not line:
                return
            pid = os.fork()
            if pid == 0:
                play(line)
            print(pid, flush=True)
        _reap(folder)


def _reap(folder: Path) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        (folder / f"ended-{pid}").write_text(str(os.waitstatus_to_exitcode(status)))


if __name__ == "__main__":
    main()
