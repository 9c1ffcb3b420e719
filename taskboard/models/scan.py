"""Scanned documents that wait for the recognition of their text, or are being recognised."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.scans import ScanState
from taskboard.models.base import IDS_ARE_NOT_REUSED, Base, UtcDateTime, string_enum


class Scan(Base):
    """A scan or picture that somebody uploaded. Recognised, it becomes an import draft and keeps only the way there."""

    __tablename__ = "scan"
    __table_args__ = (Index(None, "state", "id"), Index(None, "source_sha256"), IDS_ARE_NOT_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    body_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    source_name: Mapped[str] = mapped_column(String(255))
    source_sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[ScanState] = mapped_column(string_enum(ScanState), default=ScanState.WAITING)
    pages: Mapped[int | None] = mapped_column(default=None)
    """how many there are; unknown until the recognition has opened the file"""
    pages_done: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    reader: Mapped[str | None] = mapped_column(String(36), default=None)
    """the key of whoever reads it just now; every page it reports must name it"""
    reader_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """from then on the reader counts as gone"""
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    problem: Mapped[str | None] = mapped_column(String(32), default=None)
    """why it could not be read: a problem of documents, with its figures in ``facts``"""
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("import_draft.id", ondelete="CASCADE"), default=None)
