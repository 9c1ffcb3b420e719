"""The tree in which departments stand: what lies below what, moving a part of it, and the levels in it.

``Department.path`` holds the ids from the root down, so that everything below a place begins with that place's path.
Nothing here asks who does it: the services that administrators call do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentLevel, may_stand_below
from taskboard.domain.errors import Invalid
from taskboard.models import (
    Department,
)

LONGEST_PATH = 400


class _Place(NamedTuple):
    id: int
    parent_id: int | None
    is_active: bool


# Reading


def in_subtree(path: str) -> ColumnElement[bool]:
    """Whether a department lies at or below this place in the tree."""
    return Department.path.startswith(path)


def subtree_ids(session: Session, path: str) -> list[int]:
    """The departments at and below this place in the tree."""
    return list(session.scalars(select(Department.id).where(in_subtree(path)).order_by(Department.id)))


def list_parents(session: Session, department: Department) -> list[Department]:
    """The departments above this one, from the root down."""
    ids = [int(one) for one in department.path.split("/") if one and int(one) != department.id]
    return list(
        session.scalars(select(Department).where(Department.id.in_(ids)).order_by(func.length(Department.path)))
    )


def tree_order(session: Session) -> list[tuple[int, int]]:
    """All departments with their depth, each before those below it; one query."""
    query = select(Department.id, Department.parent_id, Department.is_active).order_by(Department.id)
    return _in_tree_order([_Place(*row) for row in session.execute(query)])


def _in_tree_order(places: Sequence[_Place]) -> list[tuple[int, int]]:
    """Ids with their depth, each department before those below it, the active ones of a level first."""
    below: dict[int | None, list[_Place]] = {}
    for place in sorted(places, key=lambda one: not one.is_active):
        below.setdefault(place.parent_id, []).append(place)
    order: list[tuple[int, int]] = []
    waiting = [(place, 0) for place in reversed(below.get(None, []))]
    while waiting:
        place, depth = waiting.pop()
        order.append((place.id, depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(place.id, []))]
    return order


# Moving


def lock_directory(session: Session) -> None:
    """Wait until nobody else is changing the tree, and keep them waiting until this transaction ends."""
    session.execute(select(Department.id).order_by(Department.id).with_for_update())


def move(session: Session, department: Department, parent_id: int | None) -> None:
    """Put the department and all below it in another place of the tree; asks for nobody.

    The paths of all below follow in one statement. Raises :class:`Invalid` where it would stand below itself.
    """
    # Two moves at the same time could each be harmless and make a ring together, so one waits for the other.
    lock_directory(session)
    session.refresh(department)
    parent = active_parent(session, parent_id)
    if parent is not None and parent.path.startswith(department.path):
        raise Invalid("parent", "department_cycle")
    old, new = department.path, path_below(parent, department.id)
    deepest = session.scalar(select(func.max(func.length(Department.path))).where(in_subtree(old))) or 0
    if deepest - len(old) + len(new) > LONGEST_PATH:
        raise Invalid("parent", "department_too_deep")
    department.parent_id = parent_id
    department.path = new
    session.flush()
    session.execute(
        update(Department)
        .where(in_subtree(old), Department.id != department.id)
        .values(path=new + func.substr(Department.path, len(old) + 1))
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def active_parent(session: Session, parent_id: int | None) -> Department | None:
    if parent_id is None:
        return None
    parent = session.get(Department, parent_id)
    if parent is None:
        raise Invalid("parent", "unknown")
    if not parent.is_active:
        raise Invalid("parent", "department_parent_inactive")
    return parent


def path_below(parent: Department | None, department_id: int) -> str:
    path = f"{parent.path if parent else '/'}{department_id}/"
    if len(path) > LONGEST_PATH:
        raise Invalid("parent", "department_too_deep")
    return path


# Levels


def set_level(session: Session, department: Department, level: DepartmentLevel | None) -> None:
    """Give the department this level; raises :class:`Invalid` where one above or below it forbids it."""
    parent = session.get(Department, department.parent_id) if department.parent_id is not None else None
    check_level(session, level, parent)
    above = level or _level_above(session, parent)
    below = select(Department.name, Department.level).where(
        in_subtree(department.path), Department.id != department.id, Department.level.is_not(None)
    )
    for name, lower in session.execute(below):
        if above is not None and lower is not None and not may_stand_below(lower, above):
            raise Invalid("level", "level_above_that_below", name=name)
    department.level = level


def check_level(session: Session, level: DepartmentLevel | None, parent: Department | None) -> None:
    above = _level_above(session, parent)
    if level is not None and above is not None and not may_stand_below(level, above):
        raise Invalid("level", "level_below_parent", name=parent.name if parent else "")


def _level_above(session: Session, parent: Department | None) -> DepartmentLevel | None:
    """The level of the nearest department from here up that has one."""
    if parent is None:
        return None
    ids = [int(one) for one in parent.path.split("/") if one]
    query = select(Department.level).where(Department.id.in_(ids), Department.level.is_not(None))
    return session.scalars(query.order_by(func.length(Department.path).desc())).first()
