"""The whole directory as it stands, in plain rows: what an incoming table is held against."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind, DepartmentLevel
from taskboard.domain.roles import Role
from taskboard.models import Department, DepartmentMember, DepartmentName, Person, PersonPost


class KnownDepartment(NamedTuple):
    id: int
    name: str
    kind: DepartmentKind
    level: DepartmentLevel | None
    parent_id: int | None
    path: str
    needs_sign_off: bool
    is_active: bool


class KnownName(NamedTuple):
    id: int
    department_id: int
    key: str
    is_official: bool
    valid_from: date | None
    valid_to: date | None


class KnownPerson(NamedTuple):
    id: int
    username: str
    name: str
    email: str | None


class KnownPost(NamedTuple):
    id: int
    person_id: int
    department_id: int
    role: Role
    from_on: date
    to_on: date | None


class Time(NamedTuple):
    """From a day on, to a day (inclusive) or open-ended."""

    from_on: date
    to_on: date | None


DEPARTMENTS = select(
    Department.id,
    Department.name,
    Department.kind,
    Department.level,
    Department.parent_id,
    Department.path,
    Department.needs_sign_off,
    Department.is_active,
)
NAMES = select(
    DepartmentName.id,
    DepartmentName.department_id,
    DepartmentName.key,
    DepartmentName.is_official,
    DepartmentName.valid_from,
    DepartmentName.valid_to,
)
MEMBERS = select(
    DepartmentMember.group_id, DepartmentMember.member_id, DepartmentMember.from_on, DepartmentMember.to_on
)
PEOPLE = select(Person.id, Person.username, Person.name, Person.email)
POSTS = select(
    PersonPost.id,
    PersonPost.person_id,
    PersonPost.department_id,
    PersonPost.role,
    PersonPost.from_on,
    PersonPost.to_on,
)


@dataclass
class Snapshot:
    """The directory in memory; names are by their keys, times of members by group and member."""

    departments: dict[int, KnownDepartment] = field(default_factory=dict)
    names: dict[int, dict[str, KnownName]] = field(default_factory=lambda: defaultdict(dict))
    members: dict[tuple[int, int], list[Time]] = field(default_factory=lambda: defaultdict(list))
    people: dict[str, KnownPerson] = field(default_factory=dict)
    """by account name"""
    posts: dict[int, list[KnownPost]] = field(default_factory=lambda: defaultdict(list))
    """by person"""


def load_snapshot(session: Session) -> Snapshot:
    """The directory of now; five queries, however large it is."""
    known = Snapshot()
    for department in session.execute(DEPARTMENTS):
        known.departments[department.id] = KnownDepartment(*department)
    for name in session.execute(NAMES):
        known.names[name.department_id][name.key] = KnownName(*name)
    for group_id, member_id, from_on, to_on in session.execute(MEMBERS):
        known.members[group_id, member_id].append(Time(from_on, to_on))
    for person in session.execute(PEOPLE):
        known.people[person.username] = KnownPerson(*person)
    for post in session.execute(POSTS):
        known.posts[post.person_id].append(KnownPost(*post))
    return known
