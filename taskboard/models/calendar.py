"""The official arrangement of holidays and make-up days, as the office knows it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.models.base import Base


class CalendarYear(Base):
    """A year whose arrangement is officially known; any other year is an estimate (预估)."""

    __tablename__ = "calendar_year"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(String(200))
    revision: Mapped[int] = mapped_column(default=1)
    """raised by every change of the year's days, so that processes notice it"""


class CalendarDay(Base):
    """A day that differs from its weekday: off though a weekday, or worked though at the weekend.

    Days of a year without a :class:`CalendarYear` are its statutory days as far as they can be computed.
    """

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    is_working_day: Mapped[bool]
    note: Mapped[str] = mapped_column(String(60), default="")
