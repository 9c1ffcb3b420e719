"""Departments as an administrator changes them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from taskboard.models import Department
from taskboard.services import department_names, departments
from taskboard.services.departments import DepartmentValues
from tests.support.factories import Usual, writing_by


def values_of(one: Department, **changed: object) -> DepartmentValues:
    """The form of the department as it stands, with these changes."""
    fields = {
        "name": one.name,
        "kind": one.kind,
        "parent_id": one.parent_id,
        "level": one.level,
        "needs_sign_off": one.needs_sign_off,
        "is_active": one.is_active,
    }
    return DepartmentValues(**(fields | changed))  # type: ignore[arg-type]


def change(session: Session, usual: Usual, one: Department, **changed: object) -> Department:
    return departments.change_department(
        session, one.id, values_of(one, **changed), version=one.version, **writing_by(usual.actor("sun"))
    )


def names(session: Session, one: Department) -> list[str]:
    """All names that it goes by."""
    return [name.name for name in department_names.list_names(session, one.id)]
