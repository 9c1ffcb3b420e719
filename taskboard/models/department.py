"""Departments in their tree, and every name by which a document may call them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String
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
