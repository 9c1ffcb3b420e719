"""People, the posts they hold, and the failed sign-ins that throttle guessing."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.roles import Role
from taskboard.models.base import Base, UtcDateTime, string_enum


class Person(Base):
    """Somebody with an account. People are switched off, never deleted: their names stay in the history."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    username: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(254), default=None)
    password_hash: Mapped[str | None] = mapped_column(String(200), default=None)
    is_active: Mapped[bool] = mapped_column(default=True)
    session_epoch: Mapped[int] = mapped_column(default=0)
    """raised to end all sessions of this person at once"""
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as it is


class PersonPost(Base):
    """A role at a department from a day on, to a day (inclusive) or open-ended."""

    __tablename__ = "post"
    __table_args__ = (
        Index(None, "person_id"),
        Index(None, "department_id", "role"),
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    role: Mapped[Role] = mapped_column(string_enum(Role))
    from_on: Mapped[date]
    to_on: Mapped[date | None] = mapped_column(default=None)


class FailedSignIn(Base):
    """One failed attempt, kept for as long as it counts against the account or the address."""

    __tablename__ = "failed_sign_in"
    __table_args__ = (Index(None, "account", "at"), Index(None, "address", "at"))

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
