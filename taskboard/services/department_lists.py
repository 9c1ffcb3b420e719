"""The directory as people look through it: pages of the tree, the tree as a whole, who serves where."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind, DepartmentLevel
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.models import (
    Department,
    DepartmentName,
    Person,
    PersonPost,
)
from taskboard.services.actors import ROLE_ORDER, held_on
from taskboard.services.department_access import in_sight
from taskboard.services.department_names import (
    goes_by,
)
from taskboard.services.department_tree import (
    tree_order,
)
from taskboard.services.paging import PAGE_SIZE, Page, page_of


class DepartmentRow(NamedTuple):
    """A department as lists show it."""

    id: int
    name: str
    kind: DepartmentKind
    level: DepartmentLevel | None
    parent_id: int | None
    parent: str | None
    depth: int
    is_active: bool
    needs_sign_off: bool
    aliases: list[str]
    staff: list[tuple[Role, str]]
    """who holds which post there today"""


class StaffRow(NamedTuple):
    """Somebody who holds a post at a department."""

    person_id: int
    name: str
    role: Role
    from_on: date
    to_on: date | None


@dataclass(frozen=True)
class TreeNode:
    """A department with those below it; ``size`` counts all of them, itself not."""

    id: int
    name: str
    kind: DepartmentKind
    level: DepartmentLevel | None
    children: list[TreeNode]
    size: int


def list_departments(
    session: Session, *, actor: Actor, today: date, words: str = "", number: int = 1, size: int = PAGE_SIZE
) -> Page[DepartmentRow]:
    """A page of the directory in the order of its tree; with ``words`` only the departments that go by them."""
    seen = in_sight(session, actor)
    wanted = and_(seen, goes_by(words)) if words else seen
    return _page_of_tree(session, wanted, today=today, number=number, size=size)


def list_children(
    session: Session, department_id: int, *, actor: Actor, today: date, number: int = 1, size: int = PAGE_SIZE
) -> Page[DepartmentRow]:
    """A page of the departments directly below one."""
    below = and_(Department.parent_id == department_id, in_sight(session, actor))
    return _page_of_tree(session, below, today=today, number=number, size=size)


def load_tree(session: Session, *, actor: Actor) -> list[TreeNode]:
    """The active departments as a tree from the roots down; one query."""
    query = (
        select(Department.id, Department.name, Department.kind, Department.level, Department.parent_id)
        .where(Department.is_active, in_sight(session, actor))
        .order_by(func.length(Department.path).desc(), Department.id)
    )
    rows = session.execute(query).all()
    below: dict[int | None, list[TreeNode]] = defaultdict(list)
    listed = {row.id for row in rows}
    # The deepest come first, so that each finds its children ready.
    for row in rows:
        children = sorted(below.pop(row.id, []), key=lambda one: one.id)
        size = sum(one.size + 1 for one in children)
        parent = row.parent_id if row.parent_id in listed else None
        below[parent].append(TreeNode(row.id, row.name, row.kind, row.level, children, size))
    return sorted(below[None], key=lambda one: one.id)


def list_staff(session: Session, department_id: int, *, today: date) -> list[StaffRow]:
    """Who holds which post at the department today, by role."""
    query = (
        select(Person.id, Person.name, PersonPost.role, PersonPost.from_on, PersonPost.to_on)
        .join(PersonPost, PersonPost.person_id == Person.id)
        .where(PersonPost.department_id == department_id, Person.is_active, held_on(today))
        .order_by(PersonPost.id)
    )
    rows = [StaffRow(*row) for row in session.execute(query)]
    return sorted(rows, key=lambda row: ROLE_ORDER[row.role])


def complete_name(session: Session, words: str, *, actor: Actor, limit: int = 20) -> list[str]:
    """Official names of active departments that go by these words, for completing what somebody types."""
    known = (Department.is_active, goes_by(words), in_sight(session, actor))
    return list(session.scalars(select(Department.name).where(*known).order_by(Department.id).limit(limit)))


def _page_of_tree(
    session: Session, wanted: ColumnElement[bool], *, today: date, number: int, size: int
) -> Page[DepartmentRow]:
    """What is wanted and three columns of every department decide the order; the rest is read for the page alone."""
    ids = set(session.scalars(select(Department.id).where(wanted)))
    order = [(one, depth) for one, depth in tree_order(session) if one in ids]
    page = page_of(order, number=number, size=size)
    rows = _details(session, dict(page.rows), today=today)
    return page.of([rows[one] for one, _ in page.rows])


def _details(session: Session, depths: dict[int, int], *, today: date) -> dict[int, DepartmentRow]:
    parent = select(Department.id, Department.name).subquery()
    departments = session.execute(
        select(Department, parent.c.name)
        .outerjoin(parent, parent.c.id == Department.parent_id)
        .where(Department.id.in_(depths))
    )
    rows = {
        one.id: DepartmentRow(
            id=one.id,
            name=one.name,
            kind=one.kind,
            level=one.level,
            parent_id=one.parent_id,
            parent=parent_name,
            depth=depths[one.id],
            is_active=one.is_active,
            needs_sign_off=one.needs_sign_off,
            aliases=[],
            staff=[],
        )
        for one, parent_name in departments
    }
    aliases = session.execute(
        select(DepartmentName.department_id, DepartmentName.name)
        .where(DepartmentName.department_id.in_(depths), ~DepartmentName.is_official)
        .order_by(DepartmentName.id)
    )
    for department_id, name in aliases:
        rows[department_id].aliases.append(name)
    staff = session.execute(
        select(PersonPost.department_id, PersonPost.role, Person.name)
        .join(Person, Person.id == PersonPost.person_id)
        .where(PersonPost.department_id.in_(depths), Person.is_active, held_on(today))
        .order_by(PersonPost.id)
    )
    for department_id, role, name in staff:
        rows[department_id].staff.append((role, name))
    return rows
