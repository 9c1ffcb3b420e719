"""What happened to a task: rows are added in the transaction of the act, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.workflow import Act
from taskboard.models.base import Base, UtcDateTime, string_enum


class HistoryEntry(Base):
    """One act: who, when, from which entrance, before and after, and why.

    ``request_key`` comes with the form that caused it; a form sent twice meets the unique key and acts once.
    """

    __tablename__ = "history_entry"
    __table_args__ = (Index(None, "task_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    act: Mapped[Act] = mapped_column(string_enum(Act))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    entrance: Mapped[str] = mapped_column(String(20))
    assignment_id: Mapped[int | None] = mapped_column(ForeignKey("assignment.id"), default=None)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    reason: Mapped[str | None] = mapped_column(Text, default=None)
    request_key: Mapped[str | None] = mapped_column(String(64), unique=True, default=None)
