"""The names of departments: finding one by any of them, and giving, dating and taking them away.

A name belongs to one department only, whatever its writing (:func:`taskboard.domain.department_names.match_key`). The
acts that take an ``actor`` are for administrators; the others ask for nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Unpack

from sqlalchemy import ColumnElement, Row, bindparam, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from taskboard.domain.department_names import match_key, resemblance
from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.history import Change
from taskboard.domain.local_time import local_date
from taskboard.domain.roles import Role
from taskboard.models import (
    Department,
    DepartmentName,
)
from taskboard.services.actors import require_role
from taskboard.services.department_access import get_department
from taskboard.services.department_records import record_department
from taskboard.services.history import Writing

LONGEST_NAME = 200


KEYS_PER_QUERY = 500


SUGGESTIONS = 5


LEAST_RESEMBLANCE = 80


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


def goes_by(words: str) -> ColumnElement[bool]:
    """Whether one of a department's names contains the words as they are written, or in their short forms."""
    key = match_key(words)
    contains = [DepartmentName.name.contains(words, autoescape=True)]
    if key:
        contains.append(DepartmentName.key.contains(key, autoescape=True))
    return Department.id.in_(select(DepartmentName.department_id).where(or_(*contains)))


def list_names(session: Session, department_id: int) -> list[DepartmentName]:
    """All names of the department: the official one, the old ones from the latest back, then the aliases."""
    query = select(DepartmentName).where(DepartmentName.department_id == department_id).order_by(DepartmentName.id)
    return sorted(
        session.scalars(query),
        key=lambda one: (not one.is_official, one.valid_to is None, -(one.valid_to or date.min).toordinal()),
    )


class OldNames:
    """The names that departments had on days gone by."""

    def __init__(self, rows: Iterable[tuple[int, str, date | None, date]]) -> None:
        self._of: dict[int, list[tuple[str, date | None, date]]] = defaultdict(list)
        for department_id, name, first, last in rows:
            self._of[department_id].append((name, first, last))

    def name_on(self, department_id: int, day: date) -> str | None:
        """What the department was called on that day; None where that is the name of now."""
        had = (name for name, first, last in self._of[department_id] if (first or day) <= day <= last)
        return next(had, None)


def load_old_names(session: Session, department_ids: Iterable[int]) -> OldNames:
    """The dated names of these departments, the earliest first; one query."""
    rows = session.execute(_OLD_NAMES, {"department_ids": list(set(department_ids))})
    return OldNames((row.department_id, row.name, row.valid_from, row.valid_to) for row in rows)


_OLD_NAMES = (
    select(DepartmentName.department_id, DepartmentName.name, DepartmentName.valid_from, DepartmentName.valid_to)
    .where(
        DepartmentName.department_id.in_(bindparam("department_ids", expanding=True)),
        DepartmentName.valid_to.is_not(None),
    )
    .order_by(DepartmentName.valid_to, DepartmentName.id.desc())
)


def names_on(session: Session, department_ids: Iterable[int], day: date) -> dict[int, str]:
    """What each department was called on that day: an old name where it had one then, else the name of now."""
    wanted = list(set(department_ids))
    names = dict(session.execute(select(Department.id, Department.name).where(Department.id.in_(wanted))).all())
    old = load_old_names(session, wanted)
    return {one: old.name_on(one, day) or name for one, name in names.items()}


# Acts of an administrator


def give_alias(session: Session, department_id: int, name: str, **by: Unpack[Writing]) -> None:
    """An administrator adds an alias; raises :class:`Invalid` where a department goes by the name already."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    department = get_department(session, department_id, actor=by["actor"])
    add_name(session, department, name, is_official=False, field="alias")
    record_department(session, department_id, Change.CHANGED, after={"alias": name}, **by)


def give_old_name(
    session: Session, department_id: int, name: str, *, valid_from: date | None, valid_to: date, **by: Unpack[Writing]
) -> None:
    """An administrator adds a name that the department had, to its last day; an alias of that name becomes it.

    Raises :class:`Invalid` for the official name, for days in the wrong order, and where another department goes by it.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    department = get_department(session, department_id, actor=by["actor"])
    known = list_names(session, department_id)
    if any((one.name, one.valid_from, one.valid_to) == (name, valid_from, valid_to) for one in known):
        return
    put_old_name(session, department, name, valid_from=valid_from, valid_to=valid_to, today=local_date(by["now"]))
    after = {"old_name": name, "valid_from": valid_from, "valid_to": valid_to}
    record_department(session, department_id, Change.CHANGED, after=after, **by)


def remove_alias(session: Session, department_id: int, name_id: int, **by: Unpack[Writing]) -> None:
    """An administrator takes an alias or an old name away; a name that is gone already is no error.

    Raises :class:`NotFound` for a name of another department.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    found = session.get(DepartmentName, name_id)
    if found is None:
        return
    if found.department_id != department_id:
        raise NotFound()
    if found.is_official:
        raise Invalid("alias", "official_name_stays")
    before = {"old_name" if found.valid_to else "alias": found.name}
    session.delete(found)
    session.flush()
    record_department(session, department_id, Change.CHANGED, before=before, **by)


# Keeping


def add_alias(session: Session, department_id: int, name: str) -> None:
    """Let the department go by this name as well; nothing happens where it does already.

    Raises :class:`Invalid` where the name belongs to another department.
    """
    department = session.get(Department, department_id)
    if department is None:
        raise NotFound()
    owner = match_names(session, [name])[name]
    if owner is None or owner.id != department_id:
        add_name(session, department, name, is_official=False, field="alias")


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
        known = add_name(session, department, name, is_official=False, field="old_name")
    known.valid_from, known.valid_to = valid_from, valid_to
    session.flush()


def rename(session: Session, department: Department, name: str, *, renamed_on: date | None = None, today: date) -> None:
    """Give the department another official name; asks for nobody.

    With ``renamed_on`` the name of before becomes an old name that ended the day before; else it was a slip and stays
    as an alias. Raises :class:`Invalid` where another department goes by the name, or the day is not come yet.
    """
    official = session.scalars(
        select(DepartmentName).where(DepartmentName.department_id == department.id, DepartmentName.is_official)
    ).one()
    check_renamed_on(official, renamed_on, today=today)
    known = session.scalar(select(DepartmentName).where(DepartmentName.key == match_key(name)))
    if known is None or known.department_id != department.id:
        known = add_name(session, department, name, is_official=False, field="name")
    known.name = name
    follow_name(official, known, renamed_on=renamed_on)
    department.name = name
    session.flush()


def check_renamed_on(official: DepartmentName, renamed_on: date | None, *, today: date) -> None:
    """Raise :class:`Invalid` where a name cannot follow this one from that day on."""
    if renamed_on is None:
        return
    if renamed_on > today:
        raise Invalid("renamed_on", "renamed_in_future", today=today)
    if official.valid_from is not None and renamed_on <= official.valid_from:
        raise Invalid("renamed_on", "renamed_before_last", since=official.valid_from)


def follow_name(official: DepartmentName, name: DepartmentName, *, renamed_on: date | None) -> None:
    """Let one name of a department be official after another: from a day on, or as if it had always been."""
    official.is_official = False
    name.is_official, name.valid_to = True, None
    if name is not official:
        name.valid_from = renamed_on or official.valid_from
        official.valid_to = renamed_on - timedelta(days=1) if renamed_on else None
        official.valid_from = official.valid_from if renamed_on else None


def check_name(session: Session, name: str, *, field: str) -> str:
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


def add_name(session: Session, department: Department, name: str, *, is_official: bool, field: str) -> DepartmentName:
    key = check_name(session, name, field=field)
    row = DepartmentName(department_id=department.id, name=name, key=key, is_official=is_official)
    try:
        # Two people who add the same name side by side pass the check above; the unique key stops one of them.
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Invalid(field, "department_name_taken", name=name, department=_owner(session, key) or name) from None
    return row
