"""Objections (退单): a department says that an assignment is not its own, and what was decided about that."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.requests import ObjectionResult
from taskboard.domain.workflow import AssignmentState
from taskboard.models.base import Base, UtcDateTime, string_enum

UNDECIDED = text("decided_at IS NULL")


class Objection(Base):
    """One objection to one assignment; at most one at a time is undecided.

    ``state_before`` is where the assignment returns when it is refused. Upheld, ``new_assignment_id`` is the one that
    took its place, where there is one.
    """

    __tablename__ = "objection"
    __table_args__ = (
        Index(
            "uq_objection_undecided", "assignment_id", unique=True, sqlite_where=UNDECIDED, postgresql_where=UNDECIDED
        ),
        Index(None, "assignment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    raised_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    state_before: Mapped[AssignmentState] = mapped_column(string_enum(AssignmentState))
    proposed_department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), default=None)
    result: Mapped[ObjectionResult | None] = mapped_column(string_enum(ObjectionResult), default=None)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    decision_reason: Mapped[str | None] = mapped_column(Text, default=None)
    new_assignment_id: Mapped[int | None] = mapped_column(ForeignKey("assignment.id"), default=None)
