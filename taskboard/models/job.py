"""Which scheduled runs took place, which process is the scheduler just now, and what befell it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.jobs import JobState, SchedulerEventKind
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
    """The single row that says who runs the scheduler, and in which epoch.

    Its holder raises ``beat`` again and again. Whoever sees it stand still for long enough, by their own watch, takes
    it over and raises ``epoch``: no two clocks are ever compared. A process that slept through its lease finds a higher
    epoch and must not write.
    """

    __tablename__ = "scheduler_lease"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    holder: Mapped[str] = mapped_column(String(120))
    # Unique, so that PostgreSQL counts it as a key: jobs keep it as it is (FOR KEY SHARE) while the heart beats on.
    epoch: Mapped[int] = mapped_column(unique=True)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """for people and monitors; nothing is decided by it"""
    beat: Mapped[int] = mapped_column(default=0)
    is_released: Mapped[bool] = mapped_column(default=False)
    """its holder stepped down: the next one need not wait"""


class SchedulerEvent(Base):
    """Something that befell the scheduler and that an administrator may want to know of."""

    __tablename__ = "scheduler_event"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[SchedulerEventKind] = mapped_column(string_enum(SchedulerEventKind))
    holder: Mapped[str] = mapped_column(String(120))
    epoch: Mapped[int]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
