"""Plans as they were confirmed, their measures as the document states them, and imports still under review."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.report_rhythms import PlanRhythm, RhythmOrigin
from taskboard.models.base import IDS_ARE_NOT_REUSED, Base, UtcDateTime, string_enum


class Plan(Base):
    """A confirmed plan document. ``body_id`` is the department whose supervisors watch over it."""

    __tablename__ = "plan"
    __table_args__ = (Index(None, "body_id"), Index(None, "source_sha256"))

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    title: Mapped[str] = mapped_column(String(300))
    body_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    imported_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    source_name: Mapped[str] = mapped_column(String(255))
    source_sha256: Mapped[str] = mapped_column(String(64))
    issuer: Mapped[str | None] = mapped_column(String(200), default=None)
    document_number: Mapped[str | None] = mapped_column(String(100), default=None)
    dated_on: Mapped[date | None] = mapped_column(default=None)
    horizon_on: Mapped[date | None] = mapped_column(default=None)
    """last day of the plan's own period: what a measure without a deadline may inherit"""
    report_rhythm: Mapped[PlanRhythm] = mapped_column(string_enum(PlanRhythm), default=PlanRhythm.NONE)
    report_day: Mapped[int | None] = mapped_column(default=None)
    """of the week from 1 (Monday) for a weekly rhythm, else of the month; 31 is the last day of any month"""
    rhythm_origin: Mapped[RhythmOrigin] = mapped_column(string_enum(RhythmOrigin), default=RhythmOrigin.DECIDED)
    reminder_changes: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), default=None)
    """what supervisors changed of the rules of reminding, by code; None where all are the usual ones"""
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as it is


class PlanSource(Base):
    """The document itself, kept apart so that lists of plans never carry it."""

    __tablename__ = "plan_source"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id", ondelete="CASCADE"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    blocks: Mapped[list[Any]] = mapped_column(JSON)


class PlanDefaultDepartment(Base):
    """A unit that the document names once for all measures (以下各项均需各市落实)."""

    __tablename__ = "plan_default_department"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id", ondelete="CASCADE"), primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), primary_key=True)
    name_as_written: Mapped[str] = mapped_column(String(200))


class Measure(Base):
    """One numbered item of a plan, as the plan says it; never edited."""

    __tablename__ = "measure"
    __table_args__ = (UniqueConstraint("plan_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    position: Mapped[int]
    path: Mapped[list[str]] = mapped_column(JSON)
    heading: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    units_as_written: Mapped[str | None] = mapped_column(Text)
    deadline_text: Mapped[str | None] = mapped_column(Text)
    reading: Mapped[dict[str, Any]] = mapped_column(JSON)
    """the measure as the parser read it, with origins and rules: what was stated stays apart from what was decided"""


class ImportDraft(Base):
    """A document under review. Nothing of it is a plan, measure, task or department before it is confirmed."""

    __tablename__ = "import_draft"
    __table_args__ = (Index(None, "body_id", "updated_at"), Index(None, "source_sha256"), IDS_ARE_NOT_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    body_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    source_name: Mapped[str] = mapped_column(String(255))
    source_sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    blocks: Mapped[list[Any]] = mapped_column(JSON, deferred=True)
    reading: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    decisions: Mapped[dict[str, Any]] = mapped_column(JSON)
    """what people changed so far, by measure"""
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"), default=None)
    """the plan it became; a second confirmation of the same draft leads there"""
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as it is
