"""Days on which somebody is away, and who hears in their place."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.models.base import IDS_ARE_NOT_REUSED, Base


class PersonAbsence(Base):
    """From a day to a day, both included. Without a deputy the others of the post hear, else the supervisors."""

    __tablename__ = "person_absence"
    __table_args__ = (
        Index(None, "person_id", "from_on"),
        Index(None, "to_on"),
        CheckConstraint("to_on >= from_on", name="ends_after_start"),
        CheckConstraint("deputy_id <> person_id", name="somebody_else"),
        IDS_ARE_NOT_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    from_on: Mapped[date]
    to_on: Mapped[date]
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    note: Mapped[str] = mapped_column(String(200), default="")
