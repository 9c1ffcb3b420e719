"""The directory of departments: finding them by any of their names, and keeping it in order.

The acts that take an ``actor`` are for administrators. :func:`create_department` and :func:`add_alias` ask for nobody:
they serve these acts, the confirmation of an import, which asks for its supervisor, and the filling of a new database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple, Unpack

from sqlalchemy import ColumnElement, Row, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from taskboard.domain.department_names import match_key, resemblance
from taskboard.domain.departments import DepartmentKind, DepartmentLevel, SuccessionKind, may_stand_below
from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OPEN_ASSIGNMENT, OPEN_TASK, TaskState
from taskboard.models import (
    Assignment,
    Department,
    DepartmentMember,
    DepartmentName,
    DepartmentSuccession,
    DepartmentSuccessor,
    Person,
    PersonPost,
    Task,
)
from taskboard.services import history
from taskboard.services.actors import ROLE_ORDER, held_on, require_role
from taskboard.services.history import record_change
from taskboard.services.paging import PAGE_SIZE, Page, count_rows, page_of

READERS = (Role.ADMINISTRATOR, Role.SUPERVISOR)
LONGEST_NAME = 200
LONGEST_PATH = 400
KEYS_PER_QUERY = 500
SUGGESTIONS = 5
LEAST_RESEMBLANCE = 80


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


Writing = history.Writing


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
    """All names of the department: the official one, the old ones from the latest back, then the aliases."""
    query = select(DepartmentName).where(DepartmentName.department_id == department_id).order_by(DepartmentName.id)
    return sorted(
        session.scalars(query),
        key=lambda one: (not one.is_official, one.valid_to is None, -(one.valid_to or date.min).toordinal()),
    )


def names_on(session: Session, department_ids: Iterable[int], day: date) -> dict[int, str]:
    """What each department was called on that day: an old name where it had one then, else the name of now."""
    wanted = list(set(department_ids))
    names = dict(session.execute(select(Department.id, Department.name).where(Department.id.in_(wanted))).all())
    old = (
        select(DepartmentName.department_id, DepartmentName.name)
        .where(
            DepartmentName.department_id.in_(wanted),
            DepartmentName.valid_to >= day,
            or_(DepartmentName.valid_from.is_(None), DepartmentName.valid_from <= day),
        )
        .order_by(DepartmentName.valid_to.desc(), DepartmentName.id)
    )
    names.update(session.execute(old).all())
    return names


def successors_of(session: Session, department_ids: Iterable[int]) -> dict[int, list[Department]]:
    """Who followed each department that has ended, by its latest step; the main successor first."""
    query = (
        select(DepartmentSuccession.department_id, DepartmentSuccession.id, Department)
        .join(DepartmentSuccessor, DepartmentSuccessor.succession_id == DepartmentSuccession.id)
        .join(Department, Department.id == DepartmentSuccessor.successor_id)
        .where(
            DepartmentSuccession.department_id.in_(set(department_ids)),
            DepartmentSuccession.kind != SuccessionKind.TRANSFER,
        )
        .order_by(DepartmentSuccession.id, DepartmentSuccessor.position)
    )
    latest: dict[int, int] = {}
    found: dict[int, list[Department]] = defaultdict(list)
    for old, step, successor in session.execute(query):
        if latest.get(old) != step:
            latest[old], found[old] = step, []
        found[old].append(successor)
    return dict(found)


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


@dataclass(frozen=True)
class TreeNode:
    """A department with those below it; ``size`` counts all of them, itself not."""

    id: int
    name: str
    kind: DepartmentKind
    level: DepartmentLevel | None
    children: list[TreeNode]
    size: int


def load_tree(session: Session, *, actor: Actor) -> list[TreeNode]:
    """The active departments as a tree from the roots down; one query."""
    require_role(actor, *READERS)
    query = (
        select(Department.id, Department.name, Department.kind, Department.level, Department.parent_id)
        .where(Department.is_active)
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


def _page_of_tree(
    session: Session, wanted: ColumnElement[bool] | None, *, today: date, number: int, size: int
) -> Page[DepartmentRow]:
    """Three columns of every department decide the order; the rest is read for the page alone."""
    order = tree_order(session)
    if wanted is not None:
        ids = set(session.scalars(select(Department.id).where(wanted)))
        order = [(one, depth) for one, depth in order if one in ids]
    page = page_of(order, number=number, size=size)
    rows = _details(session, dict(page.rows), today=today)
    return page.of([rows[one] for one, _ in page.rows])


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
    level: DepartmentLevel | None = None,
    aliases: Iterable[str] = (),
    needs_sign_off: bool = True,
) -> Department:
    """A new department at its place in the tree.

    Raises :class:`Invalid` where one of the names belongs to a department already, or the parent cannot have it.
    """
    parent = _parent(session, parent_id)
    department = Department(name=name, kind=kind, parent_id=parent_id, level=level, needs_sign_off=needs_sign_off)
    _check_name(session, name, field="name")
    _check_level(session, level, parent)
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
        record_department(session, department_id, _change_of(before, after), before=before, after=after, **by)
    return department


def give_alias(session: Session, department_id: int, name: str, **by: Unpack[Writing]) -> None:
    """An administrator adds an alias; raises :class:`Invalid` where a department goes by the name already."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    department = get_department(session, department_id, actor=by["actor"])
    _add_name(session, department, name, is_official=False, field="alias")
    record_department(session, department_id, Change.CHANGED, after={"alias": name}, **by)


def give_old_name(
    session: Session, department_id: int, name: str, *, valid_from: date | None, valid_to: date, **by: Unpack[Writing]
) -> None:
    """An administrator adds a name that the department had, to its last day; an alias of that name becomes it.

    Raises :class:`Invalid` for the official name, for days in the wrong order, and where another department goes by it.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    department = get_department(session, department_id, actor=by["actor"])
    put_old_name(session, department, name, valid_from=valid_from, valid_to=valid_to, today=local_date(by["now"]))
    after = {"old_name": name, "valid_from": valid_from, "valid_to": valid_to}
    record_department(session, department_id, Change.CHANGED, after=after, **by)


def put_old_name(
    session: Session, department: Department, name: str, *, valid_from: date | None, valid_to: date, today: date
) -> None:
    """Let the department have had this name; raises as :func:`give_old_name`, and asks for nobody."""
    if valid_to > today:
        raise Invalid("valid_to", "old_name_in_future", today=today)
    if valid_from is not None and valid_from > valid_to:
        raise Invalid("valid_to", "old_name_ends_before_start")
    known = session.scalar(select(DepartmentName).where(DepartmentName.key == match_key(name)))
    if known is not None and known.department_id == department.id:
        if known.is_official:
            raise Invalid("old_name", "old_name_is_official", name=name)
    else:
        known = _add_name(session, department, name, is_official=False, field="old_name")
    known.valid_from, known.valid_to = valid_from, valid_to
    session.flush()


def remove_alias(session: Session, department_id: int, name_id: int, **by: Unpack[Writing]) -> None:
    """An administrator takes an alias or an old name away; a name that is gone already is no error."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    found = session.get(DepartmentName, name_id)
    if found is None or found.department_id != department_id:
        return
    if found.is_official:
        raise Invalid("alias", "official_name_stays")
    before = {"old_name" if found.valid_to else "alias": found.name}
    session.delete(found)
    session.flush()
    record_department(session, department_id, Change.CHANGED, before=before, **by)


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


def _change_of(before: dict[str, Any], after: dict[str, Any]) -> Change:
    """The word for a change: of several things at once the one that says most."""
    if before["name"] != after["name"]:
        return Change.RENAMED
    if before["parent_id"] != after["parent_id"]:
        return Change.MOVED
    if before["is_active"] != after["is_active"]:
        return Change.SWITCHED_ON if after["is_active"] else Change.SWITCHED_OFF
    return Change.CHANGED


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


def _add_name(session: Session, department: Department, name: str, *, is_official: bool, field: str) -> DepartmentName:
    key = _check_name(session, name, field=field)
    row = DepartmentName(department_id=department.id, name=name, key=key, is_official=is_official)
    try:
        # Two people who add the same name side by side pass the check above; the unique key stops one of them.
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Invalid(field, "department_name_taken", name=name, department=_owner(session, key) or name) from None
    return row


def rename(session: Session, department: Department, name: str, *, renamed_on: date | None = None, today: date) -> None:
    """Give the department another official name; asks for nobody.

    With ``renamed_on`` the name of before becomes an old name that ended the day before; else it was a slip and stays
    as an alias. Raises :class:`Invalid` where another department goes by the name, or the day is not come yet.
    """
    official = session.scalars(
        select(DepartmentName).where(DepartmentName.department_id == department.id, DepartmentName.is_official)
    ).one()
    if renamed_on is not None:
        if renamed_on > today:
            raise Invalid("renamed_on", "renamed_in_future", today=today)
        if official.valid_from is not None and renamed_on <= official.valid_from:
            raise Invalid("renamed_on", "renamed_before_last", since=official.valid_from)
    known = session.scalar(select(DepartmentName).where(DepartmentName.key == match_key(name)))
    if known is None:
        official.is_official = False
        known = _add_name(session, department, name, is_official=True, field="name")
    elif known.department_id == department.id:
        official.is_official = False
        known.name, known.is_official, known.valid_to = name, True, None
    else:
        _check_name(session, name, field="name")
    if known is not official:
        known.valid_from = renamed_on or official.valid_from
        official.valid_to = renamed_on - timedelta(days=1) if renamed_on else None
        official.valid_from = official.valid_from if renamed_on else None
    department.name = name
    session.flush()


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


def set_level(session: Session, department: Department, level: DepartmentLevel | None) -> None:
    """Give the department this level; raises :class:`Invalid` where one above or below it forbids it."""
    parent = session.get(Department, department.parent_id) if department.parent_id is not None else None
    _check_level(session, level, parent)
    above = level or _level_above(session, parent)
    below = select(Department.name, Department.level).where(
        in_subtree(department.path), Department.id != department.id, Department.level.is_not(None)
    )
    for name, lower in session.execute(below):
        if above is not None and lower is not None and not may_stand_below(lower, above):
            raise Invalid("level", "level_above_that_below", name=name)
    department.level = level


def _check_level(session: Session, level: DepartmentLevel | None, parent: Department | None) -> None:
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
