"""The measurable targets of tasks, as a person confirmed them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.plan_parsing.reading import Comparison
from taskboard.models.base import Base, string_enum


class TaskTarget(Base):
    """One figure that a task is held against; ``value`` and ``upper`` are in ``unit``."""

    __tablename__ = "target"
    __table_args__ = (UniqueConstraint("task_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    position: Mapped[int]
    words: Mapped[str] = mapped_column(Text)
    """as the document says it, or as somebody entered it"""
    quantity: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(50))
    comparison: Mapped[Comparison] = mapped_column(string_enum(Comparison))
    value: Mapped[float]
    upper: Mapped[float | None] = mapped_column(default=None)
    base_year: Mapped[int | None] = mapped_column(default=None)
