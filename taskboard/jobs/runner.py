"""Carrying out one run of a job, with its record: for the scheduler, and by hand for a day of one's choice."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from datetime import date, datetime

from flask import Flask

from taskboard.domain.jobs import SCHEDULES, Daily, JobName
from taskboard.domain.local_time import local_date
from taskboard.jobs.catalogue import JOBS
from taskboard.jobs.context import Facts, JobContext
from taskboard.services import jobs
from taskboard.services.jobs import BY_HAND, LeaseLost

log = logging.getLogger(__name__)

NO_NEWS = frozenset({"is_mail_off", "is_mail_held"})
"""facts that are the same every time: a run that has no others leaves no record"""


def run_occurrence(
    app: Flask,
    job: JobName,
    scheduled_for: datetime,
    *,
    epoch: int = BY_HAND,
    should_stop: Callable[[], bool] = lambda: False,
) -> Facts | None:
    """Run a daily job for the day of this occurrence; ``None`` where that was done, or is not to be done yet.

    What goes wrong is put on record and raised; with a lost lease nothing is put on record.
    """
    with app.app_context():
        context = JobContext(local_date(scheduled_for), epoch, should_stop)
        with context.begin() as session:
            occurrence = jobs.begin_run(session, job=job, scheduled_for=scheduled_for, epoch=epoch, now=context.now())
        if occurrence is None:
            return None
        try:
            facts = JOBS[job](context)
        except LeaseLost:
            raise
        except Exception:
            with context.begin() as session:
                jobs.finish_run(session, occurrence, now=context.now(), error=traceback.format_exc(limit=-8))
            raise
        with context.begin() as session:
            jobs.finish_run(session, occurrence, now=context.now(), facts=facts)
        log.info("%s for %s: %s", job, context.today, dict(facts))
        return facts


def run_frequent(
    app: Flask,
    job: JobName,
    *,
    today: date,
    epoch: int = BY_HAND,
    should_stop: Callable[[], bool] = lambda: False,
) -> Facts:
    """Run a frequent job once; a record is kept where it did something, failed, or goes well again after that."""
    with app.app_context():
        context = JobContext(today, epoch, should_stop)
        try:
            facts = JOBS[job](context)
        except LeaseLost:
            raise
        except Exception:
            with context.begin() as session:
                jobs.record_run(
                    session, job=job, epoch=epoch, now=context.now(), facts={}, error=traceback.format_exc(limit=-8)
                )
            raise
        if any(facts.get(name) for name in facts if name not in NO_NEWS) or _failed_last(context, job):
            with context.begin() as session:
                jobs.record_run(
                    session, job=job, epoch=epoch, now=context.now(), facts=facts, error=facts.get("trouble")
                )
            log.info("%s: %s", job, dict(facts))
        return facts


def _failed_last(context: JobContext, job: JobName) -> bool:
    """Whether people are still shown a failure: nobody could tell otherwise that it is over."""
    with context.reading() as session:
        return jobs.failed_last(session, job)


def run_by_hand(app: Flask, job: JobName, day: date) -> Facts:
    """Run any job now, a daily one as of its time on this day; safe at any time, for each thing is done once."""
    schedule = SCHEDULES[job]
    if isinstance(schedule, Daily):
        return run_occurrence(app, job, schedule.moment(day)) or {}
    return run_frequent(app, job, today=day)
