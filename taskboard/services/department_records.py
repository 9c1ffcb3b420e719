"""What the trail keeps of a department of the directory."""

from __future__ import annotations

from typing import Any, Unpack

from sqlalchemy.orm import Session

from taskboard.domain.history import Change, Subject
from taskboard.models import (
    Department,
)
from taskboard.services.history import Writing, record_change


def record_department(
    session: Session,
    department_id: int,
    act: Change,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
    **by: Unpack[Writing],
) -> None:
    """Write down what was done to a department of the directory."""
    record_change(
        session,
        subject=Subject.DEPARTMENT,
        subject_id=department_id,
        act=act,
        before=before,
        after=after,
        reason=reason,
        **by,
    )


def values_of(department: Department) -> dict[str, Any]:
    """What of a department the trail keeps."""
    names = ("name", "kind", "level", "parent_id", "needs_sign_off", "is_active")
    return {name: getattr(department, name) for name in names}


def change_of(before: dict[str, Any], after: dict[str, Any]) -> Change:
    """The word for a change: of several things at once the one that says most."""
    if before["name"] != after["name"]:
        return Change.RENAMED
    if before["parent_id"] != after["parent_id"]:
        return Change.MOVED
    if before["is_active"] != after["is_active"]:
        return Change.SWITCHED_ON if after["is_active"] else Change.SWITCHED_OFF
    return Change.CHANGED
