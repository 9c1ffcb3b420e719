"""The engine's figures for monitors, in the text format of Prometheus."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from taskboard.domain.jobs import JobName, JobState
from taskboard.domain.outbox import BEFORE_THE_WIRE, OutboxState
from taskboard.models import JobRun, MailAddress, OutboxMessage, SchedulerEvent
from taskboard.services import jobs, mail_gate, outbox_upkeep


@dataclass(frozen=True)
class Figure:
    """One line: what it counts, of which kind of thing, and how much."""

    name: str
    help: str
    value: float
    label: tuple[str, str] | None = None
    kind: str = "gauge"


def read_figures(session: Session, *, now: datetime, folder: Path) -> list[Figure]:
    """How scheduler, jobs, mails and disk stand now."""
    return [*_scheduler(session, now), *_jobs(session), *_mails(session, now), *_disk(folder)]


def figures_text(figures: Iterable[Figure]) -> str:
    """The figures as Prometheus reads them; those of one name stand together."""
    lines: list[str] = []
    told: set[str] = set()
    for figure in figures:
        if figure.name not in told:
            told.add(figure.name)
            lines += [f"# HELP {figure.name} {figure.help}", f"# TYPE {figure.name} {figure.kind}"]
        label = f'{{{figure.label[0]}="{figure.label[1]}"}}' if figure.label else ""
        lines.append(f"{figure.name}{label} {figure.value:g}" if abs(figure.value) < 1e6 else _long(figure, label))
    return "\n".join(lines) + "\n"


def _long(figure: Figure, label: str) -> str:
    return f"{figure.name}{label} {figure.value:.0f}"


def _scheduler(session: Session, now: datetime) -> list[Figure]:
    heartbeat = jobs.find_heartbeat(session, now=now)
    age = max(0.0, (now - heartbeat.at).total_seconds()) if heartbeat else -1.0
    events = session.scalar(select(func.count()).select_from(SchedulerEvent)) or 0
    return [
        Figure(
            "taskboard_scheduler_up", "1 while a scheduler is at work.", float(bool(heartbeat and heartbeat.is_alive))
        ),
        Figure("taskboard_scheduler_heartbeat_age_seconds", "Since its last heartbeat; -1 without any.", age),
        Figure("taskboard_scheduler_epoch", "Raised with each takeover.", heartbeat.epoch if heartbeat else 0),
        Figure("taskboard_scheduler_events", "Takeovers, clock steps and troubles on record.", events),
    ]


def _jobs(session: Session) -> list[Figure]:
    runs = session.execute(
        select(JobRun.job, JobRun.state, func.max(JobRun.finished_at), func.count()).group_by(JobRun.job, JobRun.state)
    ).all()
    done = {job: at.timestamp() for job, state, at, _ in runs if state is JobState.DONE and at is not None}
    failed = {job: count for job, state, _, count in runs if state is JobState.FAILED}
    succeeded = "When the job last succeeded, in seconds of Unix time."
    last = (Figure("taskboard_job_last_success", succeeded, done.get(job, 0), ("job", job.value)) for job in JobName)
    failures = (
        Figure("taskboard_job_failed_runs", "Failed runs on record.", failed.get(job, 0), ("job", job.value))
        for job in JobName
    )
    return [*last, *failures]


def _mails(session: Session, now: datetime) -> list[Figure]:
    counts = outbox_upkeep.count_by_state(session)
    gate = mail_gate.find_gate(session)
    oldest = session.scalar(
        select(func.min(OutboxMessage.next_attempt_at)).where(OutboxMessage.state.in_(BEFORE_THE_WIRE))
    )
    waiting = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    off = session.scalar(select(func.count()).where(MailAddress.off_since.is_not(None))) or 0
    return [
        *(
            Figure("taskboard_mails", "Mails in the outbox by state.", counts.get(state, 0), ("state", state.value))
            for state in OutboxState
        ),
        Figure("taskboard_mail_overdue_seconds", "How long the mail that is due longest has been due.", waiting),
        Figure(
            "taskboard_mail_held", "1 while mail is held until a person releases it.", float(gate.held_at is not None)
        ),
        Figure(
            "taskboard_mail_server_failures", "Times in a row the mail server could not be talked to.", gate.failures
        ),
        Figure("taskboard_mail_addresses_off", "Addresses switched off after permanent refusals.", off),
    ]


def _disk(folder: Path) -> list[Figure]:
    usage = shutil.disk_usage(folder)
    return [Figure("taskboard_disk_free_bytes", "Free where the instance folder lies.", usage.free)]
