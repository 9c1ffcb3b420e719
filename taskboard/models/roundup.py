"""Roundups of a supervising body: figures frozen when they were made, words that its supervisors edit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.roundups import RoundupKind
from taskboard.models.base import Base, UtcDateTime, string_enum


class Roundup(Base):
    """One body's month or quarter; the unique key lets it be made once, ``sent_at`` lets it be sent once."""

    __tablename__ = "roundup"
    __table_args__ = (UniqueConstraint("body_id", "kind", "first_on"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    body_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    kind: Mapped[RoundupKind] = mapped_column(string_enum(RoundupKind))
    first_on: Mapped[date]
    last_on: Mapped[date]
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    words: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    sent_to: Mapped[list[int] | None] = mapped_column(JSON, default=None)
    """the ids of those to whom it was sent"""
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as it is
