"""Requests for help (需协调) and the coordination meetings (联席会议) that decide on them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.help_requests import HelpState
from taskboard.models.base import Base, UtcDateTime, string_enum


class CoordinationMeeting(Base):
    """A meeting of a supervising body. Its agenda is what is open; what it decided names the meeting."""

    __tablename__ = "coordination_meeting"
    __table_args__ = (Index(None, "body_id", "held_on"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    body_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    title: Mapped[str] = mapped_column(String(200))
    held_on: Mapped[date]
    planned_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class HelpRequest(Base):
    """What one report asked for. ``owner_id`` is the department that the decision charges, until ``act_by``.

    ``meeting_id`` is empty where the supervisors decided without a meeting.
    """

    __tablename__ = "help_request"
    __table_args__ = (
        Index(None, "assignment_id", "state"),
        Index(None, "state", "asked_on"),
        Index(None, "owner_id", "state"),
        Index(None, "task_id", "id"),
        Index(None, "meeting_id"),
        CheckConstraint("state <> 'decided' OR owner_id IS NOT NULL", name="decided_has_owner"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    report_id: Mapped[int] = mapped_column(ForeignKey("progress_report.id"))
    text: Mapped[str] = mapped_column(Text)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_on: Mapped[date]
    """the local day of ``asked_at``, from which the time for an answer counts"""
    state: Mapped[HelpState] = mapped_column(string_enum(HelpState), default=HelpState.OPEN)
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("coordination_meeting.id"), default=None)
    decision: Mapped[str | None] = mapped_column(Text, default=None)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), default=None)
    act_by: Mapped[date | None] = mapped_column(default=None)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    outcome: Mapped[str | None] = mapped_column(Text, default=None)
    """what the owner did, or why it is asked for no longer"""
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as it is
