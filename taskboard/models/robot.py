"""Group robots, and each message that one was to say."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.robots import RobotDigest, RobotKind, RobotMessageState
from taskboard.models.base import IDS_ARE_NOT_REUSED, Base, UtcDateTime, string_enum


class Robot(Base):
    """One robot in one group of one vendor, and whose figures it tells there.

    ``key`` and ``secret`` let whoever has them speak in the group: they are shown nowhere again.
    """

    __tablename__ = "robot"
    __table_args__ = (IDS_ARE_NOT_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[RobotKind] = mapped_column(string_enum(RobotKind))
    key: Mapped[str] = mapped_column(String(128))
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    """whose figures: a supervising body's are of all it watches over, a department's of its own work"""
    secret: Mapped[str | None] = mapped_column(String(128), default=None)
    sends_weekly: Mapped[bool] = mapped_column(default=True)
    sends_daily: Mapped[bool] = mapped_column(default=False)
    is_on: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class RobotMessage(Base):
    """What one robot says once. ``message_key`` is unique: a digest exists once per robot and week or day.

    From the moment it is *sending* it may stand in the group, so it is never sent again by itself.
    """

    __tablename__ = "robot_message"
    __table_args__ = (Index(None, "robot_id", "started_at"), Index(None, "state"), IDS_ARE_NOT_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    robot_id: Mapped[int] = mapped_column(ForeignKey("robot.id", ondelete="CASCADE"))
    message_key: Mapped[str] = mapped_column(String(100), unique=True)
    digest: Mapped[RobotDigest] = mapped_column(string_enum(RobotDigest))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[RobotMessageState] = mapped_column(string_enum(RobotMessageState), default=RobotMessageState.WAITING)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """when it was last handed to the vendor: what the limit per minute counts"""
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    last_error: Mapped[str | None] = mapped_column(Text, default=None)
    """what the vendor answered, without any part of the address"""
