"""Tasks and their assignments: one department on one task is the unit of work."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.plan_parsing.reading import Recurrence
from taskboard.domain.workflow import (
    AssignmentRole,
    AssignmentState,
    Closure,
    DeadlineOrigin,
    PastDeadline,
    TaskState,
    Verification,
)
from taskboard.models.base import IDS_ARE_NOT_REUSED, Base, UtcDateTime, string_enum

IS_ROOT = text("parent_id IS NULL")


class Task(Base):
    """What is tracked: one per confirmed measure, and the sub-tasks into which departments split their part of it.

    ``due_on`` is the current deadline, ``original_due_on`` the one it was issued with; each change of ``due_on`` raises
    ``deadline_version``. Whether it is overdue is never stored. A sub-task has the plan, measure, body and position of
    the task above it.
    """

    __tablename__ = "task"
    __table_args__ = (
        Index(None, "plan_id", "position"),
        Index(
            "uq_task_root_position", "plan_id", "position", unique=True, sqlite_where=IS_ROOT, postgresql_where=IS_ROOT
        ),
        Index("uq_task_root_measure", "measure_id", unique=True, sqlite_where=IS_ROOT, postgresql_where=IS_ROOT),
        Index(None, "parent_id"),
        CheckConstraint("weight BETWEEN 1 AND 100", name="weight_range"),
        Index(None, "body_id", "state"),
        Index(None, "state", "due_on"),
        CheckConstraint("NOT (is_ongoing AND due_on IS NOT NULL)", name="ongoing_has_no_deadline"),
        IDS_ARE_NOT_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"))
    body_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), default=None)
    """the task of which a department's part was split; :class:`TaskLineage` says which part"""
    weight: Mapped[int] = mapped_column(default=1)
    """how much a sub-task counts beside the others of its department"""
    state: Mapped[TaskState] = mapped_column(string_enum(TaskState), default=TaskState.DRAFT)
    is_ongoing: Mapped[bool] = mapped_column(default=False)
    due_on: Mapped[date | None] = mapped_column(default=None)
    original_due_on: Mapped[date | None] = mapped_column(default=None)
    deadline_origin: Mapped[DeadlineOrigin] = mapped_column(string_enum(DeadlineOrigin), default=DeadlineOrigin.MISSING)
    deadline_version: Mapped[int] = mapped_column(default=0)
    past_deadline: Mapped[PastDeadline | None] = mapped_column(string_enum(PastDeadline), default=None)
    recurrence: Mapped[Recurrence | None] = mapped_column(string_enum(Recurrence), default=None)
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    closure: Mapped[Closure | None] = mapped_column(string_enum(Closure), default=None)
    verification: Mapped[Verification | None] = mapped_column(string_enum(Verification), default=None)
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as it is


class Assignment(Base):
    """One department on one task, with its own receipt, reports, submission and lateness.

    ``due_on`` is the day this branch must keep: the task's, or an earlier one that the lead gave a partner.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("task_id", "department_id"),
        Index(None, "state", "due_on", "id"),
        Index(None, "department_id", "state", "due_on"),
        Index(None, "officer_id", "state", "due_on"),
        IDS_ARE_NOT_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    role: Mapped[AssignmentRole] = mapped_column(string_enum(AssignmentRole))
    name_as_written: Mapped[str] = mapped_column(String(200))
    is_confirmed: Mapped[bool] = mapped_column(default=False)
    """a person confirmed the unit and its role; a lead that was only inferred cannot be issued to"""
    position: Mapped[int] = mapped_column(default=0)
    state: Mapped[AssignmentState] = mapped_column(string_enum(AssignmentState), default=AssignmentState.PENDING)
    due_on: Mapped[date | None] = mapped_column(default=None)
    deadline_version: Mapped[int] = mapped_column(default=0)
    """raised by each change of ``due_on``: a day that moved is reminded of anew, the other branches are not"""
    is_held: Mapped[bool] = mapped_column(default=False)
    """an extension of this day was asked for in time and is not decided: until then nobody calls it overdue"""
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """when the department got it, where that was after the task's own issue"""
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    days_late: Mapped[int] = mapped_column(default=0)
    """calendar days the worst of its submissions was late against the day it had to keep"""
    percent: Mapped[int | None] = mapped_column(default=None)
    last_reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    reported_until: Mapped[date | None] = mapped_column(default=None)
    """last day of the period that was reported last"""
    owing_since: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """when it came to owe its work again, after a suspension, an objection, a return or a closure: periods are owed
    anew from then on. Without one they are owed from the issue"""
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as it is


class TaskLineage(Base):
    """Out of which assignments a sub-task came: the one that was split into it, and those above that.

    Who holds one of them sees the sub-task.
    """

    __tablename__ = "task_lineage"
    __table_args__ = (Index(None, "assignment_id", "distance"),)

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    distance: Mapped[int]
    """1 for the assignment that was split into the sub-task, 2 for the one above"""


class ProgressReport(Base):
    """What a department reported on its assignment; rows are added, never changed."""

    __tablename__ = "progress_report"
    __table_args__ = (
        Index(None, "assignment_id", "id"),
        CheckConstraint("percent IS NULL OR percent BETWEEN 0 AND 100", name="percent_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    period: Mapped[str | None] = mapped_column(String(8), default=None)
    """the period it was made in (``2026-11``, ``2026-W47``); none where the plan has no rhythm"""
    is_unchanged: Mapped[bool] = mapped_column(default=False)
    """reported as “no change” (无变化)"""
    done: Mapped[str] = mapped_column(Text, default="")
    problems: Mapped[str] = mapped_column(Text, default="")
    next_step: Mapped[str] = mapped_column(Text, default="")
    help_needed: Mapped[str] = mapped_column(Text, default="")
    percent: Mapped[int | None] = mapped_column(default=None)
    why_lower: Mapped[str] = mapped_column(Text, default="")
    """why the percent is lower than the one reported before"""
