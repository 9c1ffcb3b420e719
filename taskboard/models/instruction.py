"""Instructions (批示) of leaders, what each addressee owes on them, and the replies."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.instructions import Addressee, DutyState, ReplyResult
from taskboard.models.base import Base, UtcDateTime, string_enum

UNDECIDED = text("decided_at IS NULL")


class Instruction(Base):
    """What a leader wrote, never changed. Without a task it is about the plan as a whole.

    One that was withdrawn stays with its replies; nobody owes anything on it any more.
    """

    __tablename__ = "instruction"
    __table_args__ = (Index(None, "task_id"), Index(None, "plan_id"), Index(None, "author_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)
    reply_due_on: Mapped[date]
    """the day that was set first; what each addressee must keep stands with its duty"""
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), default=None)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    withdrawal_reason: Mapped[str | None] = mapped_column(Text, default=None)


class InstructionDuty(Base):
    """The reply that one department owes: the supervising body's supervisors, or a lead department."""

    __tablename__ = "instruction_duty"
    __table_args__ = (
        UniqueConstraint("instruction_id", "addressee", "department_id"),
        Index(None, "department_id", "state"),
        Index(None, "state", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    instruction_id: Mapped[int] = mapped_column(ForeignKey("instruction.id"))
    addressee: Mapped[Addressee] = mapped_column(string_enum(Addressee))
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    due_on: Mapped[date]
    state: Mapped[DutyState] = mapped_column(string_enum(DutyState), default=DutyState.OPEN)
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as it is


class InstructionReply(Base):
    """One reply, and what the leader made of it; at most one of a duty at a time is undecided."""

    __tablename__ = "instruction_reply"
    __table_args__ = (
        Index(
            "uq_instruction_reply_undecided", "duty_id", unique=True, sqlite_where=UNDECIDED, postgresql_where=UNDECIDED
        ),
        Index(None, "duty_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    duty_id: Mapped[int] = mapped_column(ForeignKey("instruction_duty.id"))
    text: Mapped[str] = mapped_column(Text)
    replied_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    replied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    result: Mapped[ReplyResult | None] = mapped_column(string_enum(ReplyResult), default=None)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    decision_reason: Mapped[str | None] = mapped_column(Text, default=None)
