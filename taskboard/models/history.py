"""The trail: what happened to tasks and to all else. Rows are added in the transaction of the act, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.history import Change, RecordedAct, Subject
from taskboard.domain.workflow import Act
from taskboard.models.base import Base, OpenEnum, UtcDateTime


class HistoryEntry(Base):
    """One act: who, when, from which entrance, before and after, and why.

    ``actor_id`` is empty for the system's own acts. ``task_id`` and ``assignment_id`` are no foreign keys: a draft that
    is discarded leaves its record behind. ``request_key`` comes with the form that caused it; a form sent twice meets
    the unique key and acts once.
    """

    __tablename__ = "history_entry"
    __table_args__ = (
        Index(None, "task_id", "id"),
        Index(None, "subject", "subject_id", "at", "id"),
        Index(None, "subject", "at", "id"),
        Index(None, "actor_id", "at", "id"),
        Index(None, "entrance", "at", "id"),
        Index(None, "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    act: Mapped[RecordedAct] = mapped_column(OpenEnum(Act, Change))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    entrance: Mapped[str] = mapped_column(String(20))
    subject: Mapped[Subject] = mapped_column(OpenEnum(Subject), default=Subject.TASK)
    subject_id: Mapped[int | None] = mapped_column(default=None)
    task_id: Mapped[int | None] = mapped_column(default=None)
    assignment_id: Mapped[int | None] = mapped_column(default=None)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    reason: Mapped[str | None] = mapped_column(Text, default=None)
    request_key: Mapped[str | None] = mapped_column(String(64), unique=True, default=None)


class HistorySeal(Base):
    """A link of the chain over the trail: the digest of one entry together with the digest before it.

    ``position`` is the order in which entries were sealed, which need not be the one of their ids: on PostgreSQL a
    lower id may be committed later.
    """

    __tablename__ = "history_seal"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
