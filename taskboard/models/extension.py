"""Extensions (延期): a department asks for another deadline, and what was decided about that."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.requests import ExtensionResult
from taskboard.models.base import Base, UtcDateTime, string_enum

UNDECIDED = text("decided_at IS NULL")


class Extension(Base):
    """One request for more time; at most one at a time is undecided for an assignment.

    ``due_on`` is the deadline that stood when it was asked, ``granted_due_on`` the one it led to.
    """

    __tablename__ = "extension"
    __table_args__ = (
        Index(
            "uq_extension_undecided", "assignment_id", unique=True, sqlite_where=UNDECIDED, postgresql_where=UNDECIDED
        ),
        Index(None, "assignment_id"),
        CheckConstraint("asked_due_on > due_on", name="asked_is_later"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cause: Mapped[str] = mapped_column(Text)
    progress: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date]
    asked_due_on: Mapped[date]
    result: Mapped[ExtensionResult | None] = mapped_column(string_enum(ExtensionResult), default=None)
    granted_due_on: Mapped[date | None] = mapped_column(default=None)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    decision_reason: Mapped[str | None] = mapped_column(Text, default=None)
