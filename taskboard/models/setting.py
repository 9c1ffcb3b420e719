"""Settings that an administrator keeps in the browser, and the answers of a first set-up under way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.models.base import Base, UtcDateTime


class Setting(Base):
    """One setting by its name. What the environment sets stands above it."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class SetupDraft(Base):
    """What one browser filled in of the first set-up so far; gone when one of them has finished.

    ``fingerprint`` is of the key in that browser's session.
    """

    __tablename__ = "setup_draft"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
