"""Who the scheduler is, and which runs took place: the database decides, whatever number of processes asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Unpack

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.jobs import (
    MOST_ATTEMPTS,
    SCHEDULES,
    Daily,
    JobName,
    JobState,
    SchedulerEventKind,
    may_try_again,
    require_run_day,
)
from taskboard.domain.local_time import at_local, local_date
from taskboard.domain.outbox import BEFORE_THE_WIRE, OutboxState
from taskboard.domain.permissions import Actor
from taskboard.models import FailedSignIn, JobRun, OutboxMessage, SchedulerEvent, SchedulerLease
from taskboard.services.history import Writing, record_change
from taskboard.services.imports import remove_untouched_drafts
from taskboard.services.inserts import change_rows, insert_where_free
from taskboard.services.robots import remove_old_messages
from taskboard.services.scans import remove_old_scans
from taskboard.services.trail import find_head

HEARTBEAT_SECONDS = 2
SILENCE_SECONDS = 8
"""how long a silent scheduler stays in charge"""
SILENCE_IS_DEATH = timedelta(seconds=20)
"""after so long people are told that no scheduler is at work"""
IDLE_IN_TRANSACTION_MS = 6_000
BY_HAND = 0
"""the epoch of a run by hand"""
LONGEST_ERROR = 4000
REPORTED = tuple(job for job in JobName if job not in (JobName.READ_SCANS, JobName.SEAL_TRAIL, JobName.ROBOT_DIGESTS))
"""jobs that a digest tells of; a scan that cannot be read says so on its own page, every chain is checked daily, and
administrators see what became of robots' messages"""
HAND_RUN_LASTS_AT_MOST = timedelta(hours=1)

KEEP_FAILED_SIGN_INS = timedelta(days=30)
KEEP_FREQUENT_RUNS = timedelta(days=14)
KEEP_RUNS = timedelta(days=800)
KEEP_EVENTS = timedelta(days=180)


class LeaseLost(Exception):
    """Another process took over: this one must not write any more."""


# Who is in charge


@dataclass(frozen=True)
class Pulse:
    """The lease as it was seen: while it stays the same, its holder is silent."""

    holder: str
    epoch: int
    beat: int
    is_released: bool


def find_pulse(session: Session) -> Pulse | None:
    """None where no scheduler ever ran on this database."""
    lease = session.execute(
        select(SchedulerLease.holder, SchedulerLease.epoch, SchedulerLease.beat, SchedulerLease.is_released)
    ).one_or_none()
    return Pulse(*lease) if lease else None


def acquire_lease(session: Session, *, holder: str, now: datetime, silent: Pulse | None = None) -> int | None:
    """Become the scheduler where nobody is, or where the holder has not moved since ``silent`` was seen.

    The new epoch, or ``None``. How long a holder must have been silent is for the caller to measure: by one watch of
    its own, so that no clock of another machine, and none that is set, can decide who is in charge.
    """
    first = {"id": 1, "holder": holder, "epoch": 1, "heartbeat_at": now, "beat": 0, "is_released": False}
    if insert_where_free(session, SchedulerLease, [first]):
        return 1
    is_free: ColumnElement[bool] = SchedulerLease.is_released.is_(True)
    if silent is not None:
        is_free = or_(is_free, and_(SchedulerLease.epoch == silent.epoch, SchedulerLease.beat == silent.beat))
    taken = (
        update(SchedulerLease)
        .where(is_free)
        .values(holder=holder, epoch=SchedulerLease.epoch + 1, heartbeat_at=now, beat=0, is_released=False)
    )
    if not change_rows(session, taken):
        return None
    return session.scalars(select(SchedulerLease.epoch)).one()


def renew_lease(session: Session, *, epoch: int, now: datetime) -> None:
    """Stay in charge; raises :class:`LeaseLost` where somebody took over."""
    renewed = update(SchedulerLease).where(SchedulerLease.epoch == epoch)
    if not change_rows(session, renewed.values(heartbeat_at=now, beat=SchedulerLease.beat + 1, is_released=False)):
        raise LeaseLost(epoch)


def release_lease(session: Session, *, epoch: int) -> None:
    """Step down, so that another process need not wait."""
    change_rows(session, update(SchedulerLease).where(SchedulerLease.epoch == epoch).values(is_released=True))


def require_lease(session: Session, epoch: int) -> None:
    """Raise :class:`LeaseLost` unless this epoch is in charge, and keep it so until the transaction ends.

    On PostgreSQL a process that is stopped within the transaction must not keep its successor out: the server ends
    such a transaction after some seconds.
    """
    columns: list[Any] = [SchedulerLease.epoch]
    if session.get_bind().dialect.name == "postgresql":
        columns.append(func.set_config("idle_in_transaction_session_timeout", str(IDLE_IN_TRANSACTION_MS), True))
    lease = session.execute(select(*columns).with_for_update(read=True, key_share=True)).one_or_none()
    if lease is None or lease[0] != epoch:
        raise LeaseLost(epoch)


@dataclass(frozen=True)
class Heartbeat:
    """Who the scheduler is and when it was last heard of."""

    holder: str
    epoch: int
    at: datetime
    is_alive: bool


def find_heartbeat(session: Session, *, now: datetime) -> Heartbeat | None:
    """None where no scheduler ever ran on this database."""
    lease = session.execute(
        select(SchedulerLease.holder, SchedulerLease.epoch, SchedulerLease.heartbeat_at, SchedulerLease.is_released)
    ).one_or_none()
    if lease is None:
        return None
    holder, epoch, at, is_released = lease
    # One far ahead was written by a clock that was set back since.
    return Heartbeat(holder, epoch, at, is_alive=not is_released and abs(now - at) <= SILENCE_IS_DEATH)


def record_event(
    session: Session,
    kind: SchedulerEventKind,
    *,
    holder: str,
    epoch: int,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Keep what befell the scheduler."""
    session.add(SchedulerEvent(at=now, kind=kind, holder=holder, epoch=epoch, facts=dict(facts or {})))
    session.flush()


def list_events(session: Session, *, limit: int = 20) -> Sequence[SchedulerEvent]:
    """What befell the scheduler, the newest first."""
    newest = select(SchedulerEvent).order_by(SchedulerEvent.at.desc(), SchedulerEvent.id.desc())
    return session.scalars(newest.limit(limit)).all()


# Runs


@dataclass(frozen=True)
class Occurrence:
    """A run that this process may carry out."""

    run_id: int
    job: JobName
    scheduled_for: datetime
    is_repeated: bool = False
    """it was carried out before and is repeated by hand: its record stays as it is"""


def begin_run(
    session: Session, *, job: JobName, scheduled_for: datetime, epoch: int, now: datetime
) -> Occurrence | None:
    """Take an occurrence on; ``None`` where it was done, is being done, or is not yet to be tried again.

    By hand everything may be run again.
    """
    row = {
        "job": job,
        "scheduled_for": scheduled_for,
        "epoch": epoch,
        "started_at": now,
        "state": JobState.RUNNING,
        "attempts": 1,
    }
    is_new = bool(insert_where_free(session, JobRun, [row]))
    run = session.scalars(
        select(JobRun).where(JobRun.job == job, JobRun.scheduled_for == scheduled_for).with_for_update()
    ).one()
    session.refresh(run)
    if is_new:
        return Occurrence(run.id, job, scheduled_for)
    if epoch == BY_HAND and run.state in (JobState.DONE, JobState.RUNNING):
        return Occurrence(run.id, job, scheduled_for, is_repeated=True)
    if epoch != BY_HAND and not _may_take_on(run, epoch, now):
        return None
    if run.state is not JobState.REQUESTED:
        run.attempts += 1
    run.state, run.epoch, run.started_at, run.error = JobState.RUNNING, epoch, now, None
    session.flush()
    return Occurrence(run.id, job, scheduled_for)


def _may_take_on(run: JobRun, epoch: int, now: datetime) -> bool:
    match run.state:
        case JobState.REQUESTED:
            return True
        case JobState.FAILED if run.error is None:
            # Interrupted: its scheduler died, which is no fault of the job.
            return run.attempts < MOST_ATTEMPTS
        case JobState.RUNNING:
            # This very scheduler began it and could not write down how it ended: it runs each job once at a time.
            return run.epoch == epoch and run.attempts < MOST_ATTEMPTS
        case JobState.FAILED:
            return may_try_again(run.attempts, run.finished_at or run.started_at, now)
        case _:
            return False


def finish_run(
    session: Session,
    occurrence: Occurrence,
    *,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> None:
    """Put on record what the run did, or what went wrong."""
    if occurrence.is_repeated:
        return
    run = session.get_one(JobRun, occurrence.run_id)
    run.state = JobState.DONE if error is None else JobState.FAILED
    run.finished_at = now
    run.facts = dict(facts) if facts is not None else run.facts
    run.error = error[:LONGEST_ERROR] if error else None
    session.flush()


def record_run(
    session: Session, *, job: JobName, epoch: int, now: datetime, facts: Mapping[str, Any], error: str | None = None
) -> None:
    """Put a run of a frequent job on record; those that had nothing to do leave no trace."""
    row = {
        "job": job,
        "scheduled_for": now,
        "epoch": epoch,
        "started_at": now,
        "finished_at": now,
        "state": JobState.DONE if error is None else JobState.FAILED,
        "attempts": 1,
        "facts": dict(facts),
        "error": error[:LONGEST_ERROR] if error else None,
    }
    insert_where_free(session, JobRun, [row])


def record_skipped(session: Session, *, job: JobName, moments: Iterable[datetime], epoch: int, now: datetime) -> int:
    """Put on record that these occurrences are made up for by a later one; how many were new."""
    rows = [
        {
            "job": job,
            "scheduled_for": moment,
            "epoch": epoch,
            "started_at": now,
            "finished_at": now,
            "state": JobState.SKIPPED,
            "attempts": 0,
        }
        for moment in moments
    ]
    return insert_where_free(session, JobRun, rows)


def find_last_occurrence(session: Session, job: JobName, *, now: datetime) -> datetime | None:
    """The latest occurrence on record up to now, whatever became of it."""
    return session.scalar(select(func.max(JobRun.scheduled_for)).where(JobRun.job == job, JobRun.scheduled_for <= now))


def list_unfinished(session: Session, job: JobName) -> list[tuple[datetime, JobState]]:
    """Occurrences that were asked for by hand, failed, or were left behind, the oldest first."""
    unfinished = (JobState.REQUESTED, JobState.FAILED, JobState.RUNNING)
    query = select(JobRun.scheduled_for, JobRun.state).where(
        JobRun.job == job,
        JobRun.state.in_(unfinished),
        or_(JobRun.state != JobState.FAILED, JobRun.attempts < MOST_ATTEMPTS),
    )
    return list(session.execute(query.order_by(JobRun.scheduled_for)))


def give_up_interrupted(session: Session, *, epoch: int, now: datetime) -> int:
    """Call runs failed that a scheduler before this one left behind; how many."""
    left_behind = update(JobRun).where(
        JobRun.state == JobState.RUNNING, or_(JobRun.epoch.between(1, epoch - 1), _is_old_hand_run(now))
    )
    return change_rows(session, left_behind.values(state=JobState.FAILED, finished_at=JobRun.started_at, error=None))


def _is_old_hand_run(now: datetime) -> ColumnElement[bool]:
    return and_(JobRun.epoch == BY_HAND, JobRun.started_at < now - HAND_RUN_LASTS_AT_MOST)


def request_run(session: Session, job: JobName, *, day: date, **by: Unpack[Writing]) -> None:
    """Ask the scheduler to run a daily job once more for this day.

    A frequent job cannot be asked for: the scheduler would take the wish up when it runs the job anyway. Raises
    :class:`NotFound` for it, and :class:`Invalid` for a day that nobody can mean.
    """
    schedule = SCHEDULES[job]
    if not isinstance(schedule, Daily):
        raise NotFound(subject="job", job=job)
    require_run_day(job, day, local_date(by["now"]))
    row = {
        "job": job,
        "scheduled_for": schedule.moment(day),
        "epoch": BY_HAND,
        "started_at": by["now"],
        "state": JobState.REQUESTED,
        "attempts": 1,
    }
    if not insert_where_free(session, JobRun, [row]):
        is_coming = (JobState.REQUESTED, JobState.RUNNING)
        again = update(JobRun).where(
            JobRun.job == job, JobRun.scheduled_for == schedule.moment(day), JobRun.state.not_in(is_coming)
        )
        if not change_rows(
            session, again.values(state=JobState.REQUESTED, attempts=1, started_at=by["now"], error=None)
        ):
            return
    record_run_by_hand(session, job, day, Change.RUN_REQUESTED, **by)


def record_run_by_hand(
    session: Session, job: JobName, day: date, act: Change, *, actor: Actor | None, now: datetime, entrance: str
) -> None:
    """Somebody let a job run: on a page, or (without an account) on the machine itself."""
    record_change(
        session,
        subject=Subject.JOB,
        subject_id=None,
        act=act,
        actor=actor,
        now=now,
        entrance=entrance,
        after={"job": job, "day": day},
    )


def last_digest_on(session: Session, *, today: date) -> date | None:
    """The day of the last complete round of weekly digests, up to and including today."""
    until = at_local(today + timedelta(days=1), time(0))
    query = (
        select(JobRun.scheduled_for, JobRun.facts)
        .where(JobRun.job == JobName.MORNING_MAIL, JobRun.scheduled_for < until, JobRun.facts.is_not(None))
        .order_by(JobRun.scheduled_for.desc())
        .limit(60)
    )
    for scheduled_for, facts in session.execute(query):
        if facts and facts.get("is_digest"):
            return local_date(scheduled_for)
    return None


# For people who look after it


@dataclass(frozen=True)
class JobStatus:
    """One job as the administrator sees it."""

    job: JobName
    last: JobRun | None
    last_done_at: datetime | None
    next_at: datetime | None


def find_last_run(session: Session, job: JobName, *, state: JobState | None = None) -> JobRun | None:
    query = select(JobRun).where(JobRun.job == job, JobRun.state != JobState.SKIPPED)
    if state is not None:
        query = query.where(JobRun.state == state)
    return session.scalars(query.order_by(JobRun.started_at.desc(), JobRun.id.desc()).limit(1)).one_or_none()


def failed_last(session: Session, job: JobName) -> bool:
    """Whether the latest run on record failed."""
    latest = select(JobRun.state).where(JobRun.job == job).order_by(JobRun.scheduled_for.desc()).limit(1)
    return session.scalar(latest) is JobState.FAILED


def list_recent_runs(session: Session, *, limit: int = 30) -> list[JobRun]:
    """The last runs of all jobs, the newest first."""
    return list(session.scalars(select(JobRun).order_by(JobRun.started_at.desc(), JobRun.id.desc()).limit(limit)))


def digest_facts(session: Session, *, since: date) -> dict[str, Any]:
    """What a supervisor's digest says of the jobs and mails since a day: silence must not look like health."""
    moment = at_local(since, time(0))
    runs = []
    for job in REPORTED:
        last = find_last_run(session, job, state=JobState.DONE)
        failed = select(func.count()).where(
            JobRun.job == job, JobRun.state == JobState.FAILED, JobRun.started_at >= moment
        )
        finished_at = last.finished_at if last else None
        runs.append(
            {
                "job": job.value,
                "last": finished_at.isoformat() if finished_at else None,
                "failed": session.scalar(failed) or 0,
            }
        )
    counts = session.execute(
        select(OutboxMessage.state, func.count())
        .where(or_(OutboxMessage.created_at >= moment, OutboxMessage.state.in_(BEFORE_THE_WIRE)))
        .group_by(OutboxMessage.state)
    )
    by_state = dict(counts.all())
    morning = find_last_run(session, JobName.MORNING_MAIL, state=JobState.DONE)
    return {
        "runs": runs,
        "mails": {
            "sent": by_state.get(OutboxState.SENT, 0),
            "waiting": sum(by_state.get(state, 0) for state in BEFORE_THE_WIRE),
            "failed": by_state.get(OutboxState.DEAD, 0),
            "unknown": by_state.get(OutboxState.UNKNOWN, 0),
        },
        "without_address": ((morning.facts if morning else None) or {}).get("without_address", 0),
    }


def trail_facts(session: Session) -> dict[str, Any] | None:
    """What an auditor's digest says of the trail: its head, to be held against the file of heads, and how the last
    check of the chain ended. ``None`` where nothing was sealed yet."""
    head = find_head(session)
    if head is None:
        return None
    last = find_last_run(session, JobName.CHECK_TRAIL, state=JobState.DONE)
    return {
        "position": head.position,
        "digest": head.digest,
        "sealed_at": head.sealed_at.isoformat(),
        "checked_at": last.finished_at.isoformat() if last and last.finished_at else None,
        "findings": (last.facts or {}).get("findings", 0) if last else 0,
    }


def clean_up(session: Session, *, now: datetime) -> dict[str, int]:
    """Delete what nobody needs any more; how many rows of each kind."""
    old_sign_ins = delete(FailedSignIn).where(FailedSignIn.at < now - KEEP_FAILED_SIGN_INS)
    frequent = JobRun.job.in_([job for job, schedule in SCHEDULES.items() if not isinstance(schedule, Daily)])
    old_runs = delete(JobRun).where(
        or_(JobRun.started_at < now - KEEP_RUNS, frequent & (JobRun.started_at < now - KEEP_FREQUENT_RUNS))
    )
    return {
        "drafts": remove_untouched_drafts(session, now=now),
        "scans": remove_old_scans(session, now=now),
        "robot_messages": remove_old_messages(session, now=now),
        "failed_sign_ins": change_rows(session, old_sign_ins),
        "runs": change_rows(session, old_runs),
        "events": change_rows(session, delete(SchedulerEvent).where(SchedulerEvent.at < now - KEEP_EVENTS)),
    }
