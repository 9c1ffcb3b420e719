"""Departments: adding one to the directory and changing it.

Their names are kept by :mod:`taskboard.services.department_names`, their places by
:mod:`taskboard.services.department_tree`. :func:`create_department` asks for nobody: it serves the confirmation of an
import, which asks for its supervisor, and the filling of a new database.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind, DepartmentLevel
from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.history import Change
from taskboard.domain.local_time import local_date
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OPEN_ASSIGNMENT, OPEN_TASK, TaskState
from taskboard.models import (
    Assignment,
    Department,
    DepartmentMember,
    PersonPost,
    Task,
)
from taskboard.services.actors import require_role
from taskboard.services.department_access import get_department
from taskboard.services.department_names import (
    add_alias,
    add_name,
    check_name,
    rename,
)
from taskboard.services.department_records import change_of, record_department, values_of
from taskboard.services.department_tree import (
    active_parent,
    check_level,
    move,
    path_below,
    set_level,
)
from taskboard.services.history import Writing
from taskboard.services.paging import count_rows


@dataclass(frozen=True)
class DepartmentValues:
    """What a person fills in about a department.

    ``renamed_on`` is the first day of a new ``name``: the old one then stays with its last day. Without it a changed
    name is a correction, and the old writing stays as an alias.
    """

    name: str
    kind: DepartmentKind = DepartmentKind.UNIT
    parent_id: int | None = None
    level: DepartmentLevel | None = None
    renamed_on: date | None = None
    needs_sign_off: bool = True
    is_active: bool = True


def create_department(
    session: Session,
    *,
    name: str,
    kind: DepartmentKind = DepartmentKind.UNIT,
    parent_id: int | None = None,
    level: DepartmentLevel | None = None,
    aliases: Iterable[str] = (),
    needs_sign_off: bool = True,
) -> Department:
    """A new department at its place in the tree.

    Raises :class:`Invalid` where one of the names belongs to a department already, or the parent cannot have it.
    """
    parent = active_parent(session, parent_id)
    department = Department(name=name, kind=kind, parent_id=parent_id, level=level, needs_sign_off=needs_sign_off)
    check_name(session, name, field="name")
    check_level(session, level, parent)
    session.add(department)
    session.flush()
    department.path = path_below(parent, department.id)
    add_name(session, department, name, is_official=True, field="name")
    for alias in aliases:
        add_alias(session, department.id, alias)
    return department


def add_department(session: Session, values: DepartmentValues, **by: Unpack[Writing]) -> Department:
    """A department that an administrator adds to the directory; raises as :func:`create_department`."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    added = create_department(
        session,
        name=values.name,
        kind=values.kind,
        parent_id=values.parent_id,
        level=values.level,
        needs_sign_off=values.needs_sign_off,
    )
    record_department(session, added.id, Change.ADDED, after=values_of(added), **by)
    return added


def change_department(
    session: Session, department_id: int, values: DepartmentValues, *, version: int, **by: Unpack[Writing]
) -> Department:
    """Save what an administrator changed; a former name stays, for documents that use it.

    Raises :class:`Stale` where somebody saved it since ``version``, :class:`Invalid` where a rule forbids it.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    department = get_department(session, department_id, actor=by["actor"])
    if department.version != version:
        raise Stale()
    before = values_of(department)
    if values.parent_id != department.parent_id:
        move(session, department, values.parent_id)
    if values.name != department.name:
        rename(session, department, values.name, renamed_on=values.renamed_on, today=local_date(by["now"]))
    if values.kind is not department.kind:
        _check_kind(session, department, values.kind)
        department.kind = values.kind
    if values.level is not department.level or values.parent_id != before["parent_id"]:
        set_level(session, department, values.level)
    if values.is_active is not department.is_active:
        _check_activity(session, department, is_active=values.is_active)
        department.is_active = values.is_active
    department.needs_sign_off = values.needs_sign_off
    session.flush()
    after = values_of(department)
    if after != before:
        record_department(session, department_id, change_of(before, after), before=before, after=after, **by)
    return department


def _check_kind(session: Session, department: Department, kind: DepartmentKind) -> None:
    if kind is DepartmentKind.UNIT:
        members = count_rows(session, select(DepartmentMember.id).where(DepartmentMember.group_id == department.id))
        if members:
            raise Invalid("kind", "collective_has_members", count=members)
        return
    if count_rows(session, select(DepartmentMember.id).where(DepartmentMember.member_id == department.id)):
        raise Invalid("kind", "department_is_member")
    posts = count_rows(session, select(PersonPost.id).where(PersonPost.department_id == department.id))
    if posts:
        raise Invalid("kind", "department_has_posts", count=posts)
    _check_no_open_work(session, department, field="kind")


def _check_activity(session: Session, department: Department, *, is_active: bool) -> None:
    if is_active:
        active_parent(session, department.parent_id)
        return
    below = Department.parent_id == department.id
    children = count_rows(session, select(Department.id).where(below, Department.is_active))
    if children:
        raise Invalid("is_active", "department_has_children", count=children)
    _check_no_open_work(session, department, field="is_active")


def _check_no_open_work(session: Session, department: Department, *, field: str) -> None:
    open_work = (
        select(Assignment.id)
        .join(Task, Task.id == Assignment.task_id)
        .where(
            Assignment.department_id == department.id,
            Assignment.state.in_(OPEN_ASSIGNMENT),
            Task.state.in_(OPEN_TASK | {TaskState.DRAFT}),
        )
    )
    count = count_rows(session, open_work)
    if count:
        raise Invalid(field, "department_has_work", count=count)
