"""Departments in their tree, and every name by which a document may call them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.departments import DepartmentKind, DepartmentLevel, SuccessionKind, WorkOutcome
from taskboard.models.base import IDS_ARE_NOT_REUSED, Base, UtcDateTime, string_enum


class Department(Base):
    """One unit that can hold tasks. ``path`` is its place in the tree, the ids from the root down: ``/1/7/``."""

    __tablename__ = "department"
    __table_args__ = (Index(None, "path"), Index(None, "parent_id"))

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[DepartmentKind] = mapped_column(string_enum(DepartmentKind), default=DepartmentKind.UNIT)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), default=None)
    path: Mapped[str] = mapped_column(String(400), default="")
    level: Mapped[DepartmentLevel | None] = mapped_column(string_enum(DepartmentLevel), default=None)
    """its own level; without one it has that of the nearest department above it"""
    needs_sign_off: Mapped[bool] = mapped_column(default=True)
    """whether the head signs submissions before they leave the department"""
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as it is


class DepartmentName(Base):
    """A name by which a department is known: the official one and each alias.

    ``key`` is the name as :func:`taskboard.domain.department_names.match_key` folds it, unique over the directory, so
    that 省发改委 and 省发展改革委 can never become two departments. ``valid_from`` and ``valid_to`` are the first and
    the last day on which it was the official name; one that has ended is an old name.
    """

    __tablename__ = "department_name"
    __table_args__ = (
        Index(None, "department_id"),
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", name="ends_after_start"),
        CheckConstraint("NOT (is_official AND valid_to IS NOT NULL)", name="official_has_not_ended"),
        IDS_ARE_NOT_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    is_official: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date | None] = mapped_column(default=None)
    valid_to: Mapped[date | None] = mapped_column(default=None)


class DepartmentMember(Base):
    """A department's time in a group (各市人民政府), from a day on, to a day (inclusive) or open-ended."""

    __tablename__ = "department_member"
    __table_args__ = (
        Index(None, "group_id"),
        Index(None, "member_id"),
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="ends_after_start"),
        CheckConstraint("group_id <> member_id", name="not_its_own_member"),
        IDS_ARE_NOT_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    group_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    from_on: Mapped[date]
    to_on: Mapped[date | None] = mapped_column(default=None)


class DepartmentRenaming(Base):
    """A kind of department that has another name since ``from_on``, wherever it stands.

    ``old_names`` and ``new_names`` are lists with 、 between the names; :mod:`taskboard.domain.renamings` says what
    they mean. ``shipped_as`` is the name of one that came with the product: it is never put in a second time, however
    an administrator changed it.
    """

    __tablename__ = "department_renaming"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    old_names: Mapped[str] = mapped_column(String(500))
    new_names: Mapped[str] = mapped_column(String(500))
    from_on: Mapped[date]
    note: Mapped[str] = mapped_column(String(200), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    shipped_as: Mapped[str | None] = mapped_column(String(200), unique=True, default=None)
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as it is


class DepartmentSuccession(Base):
    """A step by which the work of a department went over to others, on ``from_on``, and who decided it."""

    __tablename__ = "department_succession"
    __table_args__ = (Index(None, "department_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    kind: Mapped[SuccessionKind] = mapped_column(string_enum(SuccessionKind))
    from_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(500))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    request_key: Mapped[str | None] = mapped_column(String(64), unique=True, default=None)


class DepartmentSuccessor(Base):
    """One of the departments that took over in a succession; the first of them is the main one."""

    __tablename__ = "department_successor"
    __table_args__ = (Index(None, "successor_id"),)

    succession_id: Mapped[int] = mapped_column(ForeignKey("department_succession.id"), primary_key=True)
    successor_id: Mapped[int] = mapped_column(ForeignKey("department.id"), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)


class SuccessionWork(Base):
    """An open assignment that a succession moved: under whose name the work before it was done."""

    __tablename__ = "succession_work"
    __table_args__ = (Index(None, "assignment_id"),)

    succession_id: Mapped[int] = mapped_column(ForeignKey("department_succession.id"), primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    successor_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    outcome: Mapped[WorkOutcome] = mapped_column(string_enum(WorkOutcome))


class DirectoryUpload(Base):
    """A directory in a file that somebody sent, kept until it is taken over or given up.

    What it would change is worked out anew whenever it is looked at, so nothing of it can grow stale.
    """

    __tablename__ = "directory_upload"
    __table_args__ = (Index(None, "sent_by_id", "sent_at"), IDS_ARE_NOT_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    name: Mapped[str] = mapped_column(String(255))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sheets: Mapped[list[dict[str, Any]]] = mapped_column(JSON, deferred=True)
    """its rows as they were read, with the numbers that they have in the file"""
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), default=None)
    """below which departments without a parent are put"""
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    given_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
