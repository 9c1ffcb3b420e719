"""Files that belong to a task: the row here, the bytes under its id in the instance folder."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.models.base import Base, UtcDateTime


class Attachment(Base):
    """A file as it was uploaded. ``id`` is random and its only name on the disk; ``name`` is what people call it.

    Without an assignment it was put there by the supervisors, for everybody on the task.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        Index(None, "task_id", "uploaded_at"),
        Index(None, "assignment_id"),
        Index(None, "report_id"),
        CheckConstraint("size > 0", name="not_empty"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    """by the content, whatever the sender said"""
    size: Mapped[int] = mapped_column(BigInteger)
    """in bytes"""
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    assignment_id: Mapped[int | None] = mapped_column(ForeignKey("assignment.id"), default=None)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("progress_report.id"), default=None)
