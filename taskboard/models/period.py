"""What was reported per period, the figures of targets, what was planned for each period, and lights set by hand."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.models.base import Base, UtcDateTime


class PeriodReport(Base):
    """Which report stands for a period of an assignment; a later one of the same period takes its place.

    The earlier ones stay in ``progress_report``. ``first_reported_at`` says whether the period was reported in time.
    """

    __tablename__ = "period_report"
    __table_args__ = (UniqueConstraint("assignment_id", "period"), Index(None, "report_id"))

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    period: Mapped[str] = mapped_column(String(8))
    due_on: Mapped[date]
    """the day it was due by the rhythm that stood when it was reported"""
    first_reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    report_id: Mapped[int] = mapped_column(ForeignKey("progress_report.id"))


class ReportFigure(Base):
    """What a report says was reached of one target, in the target's unit."""

    __tablename__ = "report_figure"

    report_id: Mapped[int] = mapped_column(ForeignKey("progress_report.id"), primary_key=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"), primary_key=True)
    value: Mapped[float]


OF_PERCENT = text("target_id IS NULL")
OF_TARGET = text("target_id IS NOT NULL")


class PlannedValue(Base):
    """How far a task is meant to be at the end of a period: in percent, or of one target in its unit."""

    __tablename__ = "planned_value"
    __table_args__ = (
        Index(
            "uq_planned_percent",
            "task_id",
            "ends_on",
            unique=True,
            sqlite_where=OF_PERCENT,
            postgresql_where=OF_PERCENT,
        ),
        Index(
            "uq_planned_figure", "target_id", "ends_on", unique=True, sqlite_where=OF_TARGET, postgresql_where=OF_TARGET
        ),
        Index(None, "task_id", "target_id", "ends_on"),
        CheckConstraint("target_id IS NOT NULL OR value BETWEEN 0 AND 100", name="percent_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    period: Mapped[str] = mapped_column(String(8))
    ends_on: Mapped[date]
    """the last day of the period"""
    value: Mapped[float]
    target_id: Mapped[int | None] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"), default=None)


class HandLight(Base):
    """A red light that a supervisor set by hand: it burns from ``set_on`` until the day before ``ends_on``."""

    __tablename__ = "hand_light"
    __table_args__ = (
        Index(None, "assignment_id", "ends_on"),
        CheckConstraint("ends_on >= set_on", name="ends_after_it_was_set"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    set_on: Mapped[date]
    ends_on: Mapped[date]
    """the first day on which it does not burn any more"""
    reason: Mapped[str] = mapped_column(Text)
    set_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
