"""The directory of departments: finding them by any of their names, and keeping it in order.

The acts that take an ``actor`` are for administrators. :func:`create_department` and :func:`add_alias` ask for nobody:
they serve these acts, the confirmation of an import, which asks for its supervisor, and the filling of a new database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, Row, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from taskboard.domain.department_names import match_key, resemblance
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OPEN_ASSIGNMENT, OPEN_TASK, TaskState
from taskboard.models import Assignment, Department, DepartmentMember, DepartmentName, Person, PersonPost, Task
from taskboard.services.actors import ROLE_ORDER, held_on, require_role
from taskboard.services.paging import PAGE_SIZE, Page, count_rows, page_of

READERS = (Role.ADMINISTRATOR, Role.SUPERVISOR)
LONGEST_NAME = 200
LONGEST_PATH = 400
KEYS_PER_QUERY = 500
SUGGESTIONS = 5
LEAST_RESEMBLANCE = 80


@dataclass(frozen=True)
class DepartmentValues:
    """What a person fills in about a department."""

    name: str
    kind: DepartmentKind = DepartmentKind.UNIT
    parent_id: int | None = None
    needs_sign_off: bool = True
    is_active: bool = True


class DepartmentRow(NamedTuple):
    """A department as lists show it."""

    id: int
    name: str
    kind: DepartmentKind
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


class _Place(NamedTuple):
    id: int
    parent_id: int | None
    is_active: bool


# Finding


def match_names(session: Session, names: Iterable[str]) -> dict[str, Department | None]:
    """The department that each name means, by its official name or an alias however it is written; never a guess.

    A department that was switched off is still the one that has its names.
    """
    keys = {name: match_key(name) for name in names}
    wanted = sorted(set(keys.values()) - {""})
    found: dict[str, Department] = {}
    for start in range(0, len(wanted), KEYS_PER_QUERY):
        query = (
            select(DepartmentName.key, Department)
            .join(Department, Department.id == DepartmentName.department_id)
            .where(DepartmentName.key.in_(wanted[start : start + KEYS_PER_QUERY]))
        )
        found.update((key, department) for key, department in session.execute(query))
    return {name: found.get(key) for name, key in keys.items()}


def suggest(session: Session, name: str) -> list[tuple[Department, int]]:
    """Active departments that the name may mean, with how far they look like it (0 to 100), the likeliest first."""
    return suggest_all(session, [name])[name]


def suggest_all(session: Session, names: Iterable[str]) -> dict[str, list[tuple[Department, int]]]:
    """The suggestions for each of many names; two queries, however many there are."""
    known = session.execute(
        select(DepartmentName.department_id, DepartmentName.name)
        .join(Department, Department.id == DepartmentName.department_id)
        .where(Department.is_active)
    ).all()
    likeliest = {name: _likeliest(name, known) for name in names}
    ids = {department_id for scores in likeliest.values() for department_id, _ in scores}
    departments = {one.id: one for one in session.scalars(select(Department).where(Department.id.in_(ids)))}
    return {name: [(departments[one], score) for one, score in scores] for name, scores in likeliest.items()}


def _likeliest(name: str, known: Iterable[Row[int, str]]) -> list[tuple[int, int]]:
    best: dict[int, int] = {}
    for department_id, other in known:
        score = resemblance(name, other)
        if score >= LEAST_RESEMBLANCE:
            best[department_id] = max(score, best.get(department_id, 0))
    return sorted(best.items(), key=lambda one: (-one[1], one[0]))[:SUGGESTIONS]


def find_department(session: Session, name: str, *, field: str) -> Department:
    """The department that somebody named in a form; raises :class:`Invalid`, with those it may have meant."""
    department = match_names(session, [name])[name]
    if department is None:
        likely = "、".join(one.name for one, _ in suggest(session, name))
        raise Invalid(
            field, "department_unknown_but_like" if likely else "department_unknown", name=name, likely=likely
        )
    return department


def subtree_ids(session: Session, path: str) -> list[int]:
    """The departments at and below this place in the tree."""
    return list(session.scalars(select(Department.id).where(in_subtree(path)).order_by(Department.id)))


def in_subtree(path: str) -> ColumnElement[bool]:
    """Whether a department lies at or below this place in the tree."""
    return Department.path.startswith(path)


def get_department(session: Session, department_id: int, *, actor: Actor) -> Department:
    """The department, for people who may read the directory; raises :class:`NotFound`."""
    require_role(actor, *READERS)
    department = session.get(Department, department_id)
    if department is None:
        raise NotFound()
    return department


def list_names(session: Session, department_id: int) -> list[DepartmentName]:
    """All names of the department, the official one first."""
    query = select(DepartmentName).where(DepartmentName.department_id == department_id)
    return list(session.scalars(query.order_by(DepartmentName.is_official.desc(), DepartmentName.id)))


def list_parents(session: Session, department: Department) -> list[Department]:
    """The departments above this one, from the root down."""
    ids = [int(one) for one in department.path.split("/") if one and int(one) != department.id]
    return list(
        session.scalars(select(Department).where(Department.id.in_(ids)).order_by(func.length(Department.path)))
    )


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
    require_role(actor, *READERS)
    query = select(Department.name).where(Department.is_active, _goes_by(words)).order_by(Department.id).limit(limit)
    return list(session.scalars(query))


# Lists


def list_departments(
    session: Session, *, actor: Actor, today: date, words: str = "", number: int = 1, size: int = PAGE_SIZE
) -> Page[DepartmentRow]:
    """A page of the directory in the order of its tree; with ``words`` only the departments that go by them."""
    require_role(actor, *READERS)
    return _page_of_tree(session, _goes_by(words) if words else None, today=today, number=number, size=size)


def list_children(
    session: Session, department_id: int, *, actor: Actor, today: date, number: int = 1, size: int = PAGE_SIZE
) -> Page[DepartmentRow]:
    """A page of the departments directly below one."""
    require_role(actor, *READERS)
    below = Department.parent_id == department_id
    return _page_of_tree(session, below, today=today, number=number, size=size)


def _page_of_tree(
    session: Session, wanted: ColumnElement[bool] | None, *, today: date, number: int, size: int
) -> Page[DepartmentRow]:
    """Three columns of every department decide the order; the rest is read for the page alone."""
    query = select(Department.id, Department.parent_id, Department.is_active).order_by(Department.id)
    order = _in_tree_order([_Place(*row) for row in session.execute(query)])
    if wanted is not None:
        ids = set(session.scalars(select(Department.id).where(wanted)))
        order = [(one, depth) for one, depth in order if one in ids]
    page = page_of(order, number=number, size=size)
    rows = _details(session, dict(page.rows), today=today)
    return page.of([rows[one] for one, _ in page.rows])


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


def _goes_by(words: str) -> ColumnElement[bool]:
    """Whether one of a department's names contains the words as they are written, or in their short forms."""
    key = match_key(words)
    contains = [DepartmentName.name.contains(words, autoescape=True)]
    if key:
        contains.append(DepartmentName.key.contains(key, autoescape=True))
    return Department.id.in_(select(DepartmentName.department_id).where(or_(*contains)))


# Keeping


def create_department(
    session: Session,
    *,
    name: str,
    kind: DepartmentKind = DepartmentKind.UNIT,
    parent_id: int | None = None,
    aliases: Iterable[str] = (),
    needs_sign_off: bool = True,
) -> Department:
    """A new department at its place in the tree.

    Raises :class:`Invalid` where one of the names belongs to a department already, or the parent cannot have it.
    """
    parent = _parent(session, parent_id)
    department = Department(name=name, kind=kind, parent_id=parent_id, needs_sign_off=needs_sign_off)
    _check_name(session, name, field="name")
    session.add(department)
    session.flush()
    department.path = _path_below(parent, department.id)
    _add_name(session, department, name, is_official=True, field="name")
    for alias in aliases:
        add_alias(session, department.id, alias)
    return department


def add_alias(session: Session, department_id: int, name: str) -> None:
    """Let the department go by this name as well; nothing happens where it does already.

    Raises :class:`Invalid` where the name belongs to another department.
    """
    department = session.get(Department, department_id)
    if department is None:
        raise NotFound()
    owner = match_names(session, [name])[name]
    if owner is None or owner.id != department_id:
        _add_name(session, department, name, is_official=False, field="alias")


def add_department(session: Session, values: DepartmentValues, *, actor: Actor) -> Department:
    """A department that an administrator adds to the directory; raises as :func:`create_department`."""
    require_role(actor, Role.ADMINISTRATOR)
    return create_department(
        session,
        name=values.name,
        kind=values.kind,
        parent_id=values.parent_id,
        needs_sign_off=values.needs_sign_off,
    )


def change_department(
    session: Session, department_id: int, values: DepartmentValues, *, version: int, actor: Actor
) -> Department:
    """Save what an administrator changed; a former name stays as an alias, for documents that use it.

    Raises :class:`Stale` where somebody saved it since ``version``, :class:`Invalid` where a rule forbids it.
    """
    require_role(actor, Role.ADMINISTRATOR)
    department = get_department(session, department_id, actor=actor)
    if department.version != version:
        raise Stale()
    if values.parent_id != department.parent_id:
        _move(session, department, values.parent_id)
    if values.name != department.name:
        _rename(session, department, values.name)
    if values.kind is not department.kind:
        _check_kind(session, department, values.kind)
        department.kind = values.kind
    if values.is_active is not department.is_active:
        _check_activity(session, department, is_active=values.is_active)
        department.is_active = values.is_active
    department.needs_sign_off = values.needs_sign_off
    session.flush()
    return department


def give_alias(session: Session, department_id: int, name: str, *, actor: Actor) -> None:
    """An administrator adds an alias; raises :class:`Invalid` where a department goes by the name already."""
    require_role(actor, Role.ADMINISTRATOR)
    department = get_department(session, department_id, actor=actor)
    _add_name(session, department, name, is_official=False, field="alias")


def remove_alias(session: Session, department_id: int, name_id: int, *, actor: Actor) -> None:
    """An administrator takes an alias away; a name that is gone already is no error."""
    require_role(actor, Role.ADMINISTRATOR)
    found = session.get(DepartmentName, name_id)
    if found is None or found.department_id != department_id:
        return
    if found.is_official:
        raise Invalid("alias", "official_name_stays")
    session.delete(found)
    session.flush()


def _check_name(session: Session, name: str, *, field: str) -> str:
    """The name's key; raises :class:`Invalid` where it is empty, too long, or some department goes by it."""
    key = match_key(name)
    if not key:
        raise Invalid(field, "department_name_empty")
    if max(len(name), len(key)) > LONGEST_NAME:
        raise Invalid(field, "too_long", limit=LONGEST_NAME)
    owner = _owner(session, key)
    if owner is not None:
        raise Invalid(field, "department_name_taken", name=name, department=owner)
    return key


def _owner(session: Session, key: str) -> str | None:
    return session.scalar(
        select(Department.name)
        .join(DepartmentName, DepartmentName.department_id == Department.id)
        .where(DepartmentName.key == key)
    )


def _add_name(session: Session, department: Department, name: str, *, is_official: bool, field: str) -> None:
    key = _check_name(session, name, field=field)
    row = DepartmentName(department_id=department.id, name=name, key=key, is_official=is_official)
    try:
        # Two people who add the same name side by side pass the check above; the unique key stops one of them.
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Invalid(field, "department_name_taken", name=name, department=_owner(session, key) or name) from None


def _rename(session: Session, department: Department, name: str) -> None:
    official = session.scalars(
        select(DepartmentName).where(DepartmentName.department_id == department.id, DepartmentName.is_official)
    ).one()
    known = session.scalar(select(DepartmentName).where(DepartmentName.key == match_key(name)))
    if known is None:
        official.is_official = False
        _add_name(session, department, name, is_official=True, field="name")
    elif known.department_id == department.id:
        official.is_official = False
        known.name, known.is_official = name, True
    else:
        _check_name(session, name, field="name")
    department.name = name


def _move(session: Session, department: Department, parent_id: int | None) -> None:
    """Put the department and all below it in another place of the tree."""
    # Two moves at the same time could each be harmless and make a ring together, so one waits for the other.
    session.execute(select(Department.id).order_by(Department.id).with_for_update())
    session.refresh(department)
    parent = _parent(session, parent_id)
    if parent is not None and parent.path.startswith(department.path):
        raise Invalid("parent", "department_cycle")
    old, new = department.path, _path_below(parent, department.id)
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


def _parent(session: Session, parent_id: int | None) -> Department | None:
    if parent_id is None:
        return None
    parent = session.get(Department, parent_id)
    if parent is None:
        raise Invalid("parent", "unknown")
    if not parent.is_active:
        raise Invalid("parent", "department_parent_inactive")
    return parent


def _path_below(parent: Department | None, department_id: int) -> str:
    path = f"{parent.path if parent else '/'}{department_id}/"
    if len(path) > LONGEST_PATH:
        raise Invalid("parent", "department_too_deep")
    return path


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
        _parent(session, department.parent_id)
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
