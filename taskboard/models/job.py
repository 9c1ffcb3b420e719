"""Which scheduled runs took place, and which process is the scheduler just now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.jobs import JobState
from taskboard.models.base import Base, UtcDateTime, string_enum


class JobRun(Base):
    """One occurrence of a job; the unique pair refuses a second run of the same occurrence."""

    __tablename__ = "job_run"
    __table_args__ = (UniqueConstraint("job", "scheduled_for"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    job: Mapped[str] = mapped_column(String(60))
    scheduled_for: Mapped[datetime] = mapped_column(UtcDateTime)
    epoch: Mapped[int]
    """the lease under which it ran; 0 for a run by hand"""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[JobState] = mapped_column(string_enum(JobState), default=JobState.RUNNING)
    attempts: Mapped[int] = mapped_column(default=1)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    """what it did: counts"""
    error: Mapped[str | None] = mapped_column(Text, default=None)


class SchedulerLease(Base):
    """The single row that says who runs the scheduler, until when, and in which epoch.

    Taking it over raises ``epoch``; a process that slept through its lease finds a higher one and must not write.
    """

    __tablename__ = "scheduler_lease"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    holder: Mapped[str] = mapped_column(String(120))
    epoch: Mapped[int]
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
