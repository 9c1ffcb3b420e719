"""People, the posts they hold, and the failed sign-ins that throttle guessing."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.account_links import LinkPurpose
from taskboard.domain.notice_kinds import NoticeWish
from taskboard.domain.roles import Role
from taskboard.models.base import IDS_ARE_NOT_REUSED, Base, UtcDateTime, string_enum


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
    must_change_password: Mapped[bool] = mapped_column(default=False)
    """an administrator set the password: until the person sets one of their own, there is nothing else for them"""
    notice_wish: Mapped[NoticeWish] = mapped_column(string_enum(NoticeWish), default=NoticeWish.AT_ONCE)
    """how notices come that are not duty (``domain/notice_kinds.py``)"""
    wants_digest: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as it is


class PersonPost(Base):
    """A role at a department from a day on, to a day (inclusive) or open-ended."""

    __tablename__ = "post"
    __table_args__ = (
        Index(None, "person_id"),
        Index(None, "department_id", "role"),
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="ends_after_start"),
        IDS_ARE_NOT_REUSED,
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


class AccountLink(Base):
    """A link by which its person sets a password, once. Of its token only the fingerprint is kept."""

    __tablename__ = "account_link"
    __table_args__ = (Index(None, "person_id", "expires_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    purpose: Mapped[LinkPurpose] = mapped_column(string_enum(LinkPurpose))
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    is_by_mail: Mapped[bool]
    """whether it went out by mail, or was shown to the administrator to be handed over"""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    """the administrator; empty where the person asked for it"""
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class ResetRequest(Base):
    """Somebody asked to reset the password of an account, which may not exist; answered by a job.

    The row is all that the page writes, so that it takes the same time for every name.
    """

    __tablename__ = "reset_request"
    __table_args__ = (Index(None, "account", "at"), Index(None, "address", "at"))

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class PortfolioItem(Base):
    """A department (with all below it) or a plan that a leader watches over."""

    __tablename__ = "portfolio_item"
    __table_args__ = (
        UniqueConstraint("person_id", "department_id"),
        UniqueConstraint("person_id", "plan_id"),
        CheckConstraint("(department_id IS NULL) <> (plan_id IS NULL)", name="department_or_plan"),
        IDS_ARE_NOT_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), default=None)
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"), default=None)
