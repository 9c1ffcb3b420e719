"""Departments in their tree, and every name by which a document may call them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from taskboard.domain.departments import DepartmentKind
from taskboard.models.base import Base, string_enum


class Department(Base):
    """One unit that can hold tasks. ``path`` is its place in the tree, the ids from the root down: ``/1/7/``."""

    __tablename__ = "department"
    __table_args__ = (Index(None, "path"), Index(None, "parent_id"))

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[DepartmentKind] = mapped_column(string_enum(DepartmentKind), default=DepartmentKind.UNIT)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), default=None)
    path: Mapped[str] = mapped_column(String(400), default="")
    needs_sign_off: Mapped[bool] = mapped_column(default=True)
    """whether the head signs submissions before they leave the department"""
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(init=False)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as it is


class DepartmentName(Base):
    """A name by which a department is known: the official one and each alias.

    ``key`` is the name as :func:`taskboard.domain.department_names.match_key` folds it, unique over the directory, so
    that 省发改委 and 省发展改革委 can never become two departments.
    """

    __tablename__ = "department_name"
    __table_args__ = (Index(None, "department_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    is_official: Mapped[bool] = mapped_column(default=False)


class DepartmentMember(Base):
    """A department's time in a group (各市人民政府), from a day on, to a day (inclusive) or open-ended."""

    __tablename__ = "department_member"
    __table_args__ = (
        Index(None, "group_id"),
        Index(None, "member_id"),
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="ends_after_start"),
        CheckConstraint("group_id <> member_id", name="not_its_own_member"),
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
