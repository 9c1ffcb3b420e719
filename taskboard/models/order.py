"""Formal orders (交办单, 催办单, 督办单) to departments, and the numbers they are given."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.orders import OrderGround, OrderKind, OrderState
from taskboard.models.base import Base, UtcDateTime, string_enum


class SupervisionOrder(Base):
    """One numbered order to one department about one task.

    What its document says stays as it was when it was confirmed: ``title`` and ``task_due_on`` are the task's then,
    ``deadline_version`` that of the assignment. ``due_on`` is the order's own limit for the reply. The last reply and
    the last decision stand here, the earlier ones in the history.
    """

    __tablename__ = "supervision_order"
    __table_args__ = (
        UniqueConstraint("body_id", "kind", "year", "number"),
        Index(None, "assignment_id"),
        Index(None, "state", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    body_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    kind: Mapped[OrderKind] = mapped_column(string_enum(OrderKind))
    year: Mapped[int]
    number: Mapped[int]
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    ground: Mapped[OrderGround] = mapped_column(string_enum(OrderGround))
    title: Mapped[str] = mapped_column(String(300))
    task_due_on: Mapped[date | None]
    deadline_version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date]
    confirmed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[OrderState] = mapped_column(string_enum(OrderState), default=OrderState.OPEN)
    reply: Mapped[str | None] = mapped_column(Text, default=None)
    replied_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    decision: Mapped[str | None] = mapped_column(Text, default=None)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as it is


class OrderSeries(Base):
    """The last number given in one series; raised in the transaction that uses the number, so that none is lost."""

    __tablename__ = "order_series"
    __table_args__ = (UniqueConstraint("body_id", "kind", "year"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    body_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    kind: Mapped[OrderKind] = mapped_column(string_enum(OrderKind))
    year: Mapped[int]
    last_number: Mapped[int]
