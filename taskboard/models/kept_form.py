"""Forms that were sent to be previewed, kept so that the preview has an address of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import JSON

from taskboard.models.base import Base, UtcDateTime


class KeptForm(Base):
    """What one person filled in and wants to look at before it is done; only that person sees it."""

    __tablename__ = "kept_form"
    __table_args__ = (Index("ix_kept_form_person_id_kept_at", "person_id", "kept_at"),)

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    fields: Mapped[list[list[str]]] = mapped_column(JSON)
    """pairs of name and text, in the order in which the browser sent them"""
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)
