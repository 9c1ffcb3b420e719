"""Writing an incoming directory: all rows together, in a number of statements that does not grow with them.

Everything was checked by the comparison, which saw the whole tree and every name; the directory is locked meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, TypeVar, Unpack

from sqlalchemy import ColumnElement, bindparam, insert, select, update
from sqlalchemy.orm import Session

from taskboard.domain.department_names import match_key
from taskboard.domain.errors import Invalid
from taskboard.domain.history import Change, Subject
from taskboard.domain.local_time import local_date
from taskboard.labels import label
from taskboard.models import Department, DepartmentMember, DepartmentName, Person, PersonPost
from taskboard.services.department_names import check_renamed_on, follow_name
from taskboard.services.directory_changes import (
    Comparison,
    Detail,
    PlannedDepartment,
    PlannedPerson,
    PlannedPost,
    Ref,
)
from taskboard.services.history import OneOfMany, Writing, record_changes
from taskboard.services.holdings import find_holdings

VALUES_PER_QUERY = 5_000
ONE_DAY = timedelta(days=1)

Value = TypeVar("Value")


def write_directory(session: Session, work: Comparison, **by: Unpack[Writing]) -> None:
    """Write all that was compared; the reading has no problem."""
    writer = _Writer(session, work, by)
    writer.add_departments()
    writer.change_departments()
    writer.set_paths()
    writer.add_names()
    writer.add_members()
    writer.add_people()
    writer.change_people()
    writer.write_posts()
    session.expire_all()


class _Writer:
    """One import while it is written; ``_ids`` are those that departments of the file have got."""

    def __init__(self, session: Session, work: Comparison, by: Writing) -> None:
        self._session = session
        self._work = work
        self._by = by
        self._ids: dict[Ref, int] = {one: one for one in work.known.departments}
        self._people: dict[str, int] = {one.username: one.id for one in work.known.people.values()}

    # Departments

    def add_departments(self) -> None:
        """New departments level by level, for each needs the id of its parent."""
        added = waiting = [one for one in self._work.departments.values() if one.current is None]
        while waiting:
            ready = [one for one in waiting if one.parent is None or one.parent in self._ids]
            waiting = [one for one in waiting if one.parent is not None and one.parent not in self._ids]
            self._execute(insert(Department), [self._values(one) for one in ready])
            # No two departments have one name, and only those that were just added have no path.
            ids = self._read_ids(Department.name, [one.name for one in ready], Department.path == "")
            self._ids.update((one.ref, ids[one.name]) for one in ready)
        self._record(
            Subject.DEPARTMENT,
            (
                OneOfMany(
                    self._ids[one.ref],
                    Change.ADDED,
                    after={"name": one.name, "kind": one.kind, "level": one.level, **_told(one.details)},
                )
                for one in added
            ),
        )

    def _values(self, one: PlannedDepartment) -> dict[str, Any]:
        return {
            "name": one.name,
            "kind": one.kind,
            "level": one.level,
            "parent_id": self._id(one.parent),
            "path": "",
            "needs_sign_off": one.needs_sign_off,
            "is_active": True,
            "version": 1,
        }

    def _id(self, ref: Ref | None) -> int | None:
        return None if ref is None else self._ids[ref]

    def change_departments(self) -> None:
        """What the file says otherwise of departments that are there."""
        changed = {one.current.id: one for one in self._work.departments.values() if one.current and one.details}
        self._execute(
            update(Department)
            .where(Department.id == bindparam("changed_id"))
            .values(
                name=bindparam("new_name"),
                level=bindparam("new_level"),
                needs_sign_off=bindparam("signs"),
                parent_id=bindparam("above"),
                version=Department.version + 1,
            ),
            [
                {
                    "changed_id": department_id,
                    "new_name": one.name if one.is_renamed or one.current is None else one.current.name,
                    "new_level": one.level,
                    "signs": one.needs_sign_off,
                    "above": self._id(one.parent),
                }
                for department_id, one in changed.items()
            ],
        )
        self._rename([one for one in changed.values() if one.is_renamed])
        self._record(
            Subject.DEPARTMENT,
            (
                OneOfMany(
                    department_id,
                    Change.RENAMED if one.is_renamed else Change.CHANGED,
                    before={detail.column: detail.before for detail in one.details if detail.before},
                    after=_told(one.details),
                )
                for department_id, one in changed.items()
            ),
        )

    def _rename(self, renamed: Sequence[PlannedDepartment]) -> None:
        """Let the new name follow the one of before, from today on; another writing of the same name only stands."""
        today = local_date(self._by["now"])
        by_id = {one.current.id: one for one in renamed if one.current}
        names: dict[int, dict[str, DepartmentName]] = {department_id: {} for department_id in by_id}
        for name in self._load_names(by_id):
            names[name.department_id][name.key] = name
        added: list[DepartmentName] = []
        for department_id, one in by_id.items():
            key, own = match_key(one.name), names[department_id]
            official = next(name for name in own.values() if name.is_official)
            follower = own.get(key)
            renamed_on = None if follower is official else today
            check_renamed_on(official, renamed_on, today=today)
            if follower is None:
                follower = DepartmentName(department_id=department_id, name=one.name, key=key)
                added.append(follower)
            follower.name = one.name
            follow_name(official, follower, renamed_on=renamed_on)
        self._session.flush()
        self._execute(
            insert(DepartmentName),
            [
                _name(name.department_id, name.name, is_official=True) | {"valid_from": name.valid_from}
                for name in added
            ],
        )

    def set_paths(self) -> None:
        """Every place in the tree anew; only those are written that are another now."""
        parents = {one.id: one.parent_id for one in self._work.known.departments.values()}
        parents |= {self._ids[one.ref]: self._id(one.parent) for one in self._work.departments.values()}
        known = {one.id: one.path for one in self._work.known.departments.values()}
        paths: dict[int, str] = {}
        for start in parents:
            way = [start]
            while (above := parents[way[-1]]) is not None and above not in paths:
                way.append(above)
            for one in reversed(way):
                parent_id = parents[one]
                paths[one] = f"{paths[parent_id] if parent_id is not None else '/'}{one}/"
        moved = [{"moved_id": one, "new_path": path} for one, path in paths.items() if known.get(one) != path]
        self._execute(
            update(Department).where(Department.id == bindparam("moved_id")).values(path=bindparam("new_path")), moved
        )

    def add_names(self) -> None:
        """Official names of new departments, aliases and old names."""
        rows, dated = [], []
        for one in self._work.departments.values():
            department_id = self._ids[one.ref]
            if one.current is None:
                rows.append(_name(department_id, one.name, is_official=True))
            rows += [_name(department_id, alias) for alias in one.aliases]
            own = self._work.known.names.get(one.current.id, {}) if one.current is not None else {}
            for old in one.old_names:
                known = own.get(match_key(old.name))
                if known is None:
                    rows.append(_name(department_id, old.name) | {"valid_from": old.first, "valid_to": old.last})
                else:
                    dated.append({"name_id": known.id, "first": old.first, "last": old.last})
        self._execute(insert(DepartmentName), rows)
        self._execute(
            update(DepartmentName)
            .where(DepartmentName.id == bindparam("name_id"))
            .values(valid_from=bindparam("first"), valid_to=bindparam("last")),
            dated,
        )

    def add_members(self) -> None:
        self._execute(
            insert(DepartmentMember),
            [
                {"group_id": self._ids[group], "member_id": self._ids[one.ref], "from_on": first, "to_on": last}
                for one in self._work.departments.values()
                for group, first, last in one.groups
            ],
        )

    # People

    def add_people(self) -> None:
        added = [one for one in self._work.people.values() if one.current is None]
        rows = [
            {
                "username": one.username,
                "name": one.name,
                "email": one.email,
                "password_hash": None,
                "is_active": True,
                "session_epoch": 0,
                "must_change_password": False,
                "version": 1,
            }
            for one in added
        ]
        self._execute(insert(Person), rows)
        self._people.update(self._read_ids(Person.username, [one.username for one in added]))
        self._record(Subject.PERSON, (self._person_change(one, Change.ADDED) for one in added))

    def change_people(self) -> None:
        changed = {one.current.id: one for one in self._work.people.values() if one.current and one.details}
        self._execute(
            update(Person)
            .where(Person.id == bindparam("changed_id"))
            .values(name=bindparam("new_name"), email=bindparam("new_email"), version=Person.version + 1),
            [
                {"changed_id": person_id, "new_name": one.name, "new_email": one.email}
                for person_id, one in changed.items()
            ],
        )
        self._record(Subject.PERSON, (self._person_change(one, Change.CHANGED) for one in changed.values()))

    def _person_change(self, one: PlannedPerson, act: Change) -> OneOfMany:
        return OneOfMany(
            self._people[one.username],
            act,
            before={detail.column: detail.before for detail in one.details if detail.before},
            after={"name": one.name, "username": one.username, **_told(one.details)},
        )

    def write_posts(self) -> None:
        """Posts that begin, and the last days of those that end."""
        begins, ends = [], []
        for one in self._work.people.values():
            for post in one.posts:
                if post.current is not None:
                    ends.append((one, post))
                    continue
                begins.append(
                    {
                        "person_id": self._people[one.username],
                        "department_id": self._ids[post.department],
                        "role": post.role,
                        "from_on": post.from_on,
                        "to_on": post.to_on,
                    }
                )
        self._execute(insert(PersonPost), begins)
        for person, post in ends:
            self._end_post(person, post)

    def _end_post(self, person: PlannedPerson, post: PlannedPost) -> None:
        """Write down a last day; raises :class:`Invalid` where open work would be left without anybody."""
        assert post.current is not None, "only a post that somebody holds ends"
        if post.to_on is not None:
            gone_on = post.to_on + ONE_DAY
            left = find_holdings(self._session, self._people[person.username], gone_on=gone_on, post_id=post.current.id)
            if left.count:
                raise Invalid("people", "post_work_hangs", name=person.name, role=label(post.role), count=left.count)
        self._session.execute(update(PersonPost).where(PersonPost.id == post.current.id).values(to_on=post.to_on))

    # The database

    def _execute(self, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._session.connection().execute(statement, [dict(row) for row in rows])

    def _load_names(self, department_ids: Iterable[int]) -> Iterator[DepartmentName]:
        for some in _batches(department_ids):
            yield from self._session.scalars(select(DepartmentName).where(DepartmentName.department_id.in_(some)))

    def _read_ids(self, column: Any, values: Iterable[str], *conditions: ColumnElement[bool]) -> dict[str, int]:
        """The ids of the rows with these values of a column that tells them apart."""
        found: dict[str, int] = {}
        for some in _batches(values):
            found.update(
                self._session.execute(select(column, column.class_.id).where(column.in_(some), *conditions)).all()
            )
        return found

    def _record(self, subject: Subject, changes: Iterable[OneOfMany]) -> None:
        record_changes(self._session, subject, changes, **self._by)


def _batches(values: Iterable[Value]) -> Iterator[list[Value]]:
    """As many at a time as a statement takes."""
    waiting = iter(values)
    while some := list(islice(waiting, VALUES_PER_QUERY)):
        yield some


def _name(department_id: int, name: str, *, is_official: bool = False) -> dict[str, Any]:
    return {
        "department_id": department_id,
        "name": name,
        "key": match_key(name),
        "is_official": is_official,
        "valid_from": None,
        "valid_to": None,
    }


def _told(details: Iterable[Detail]) -> dict[str, Any]:
    """The details as the trail keeps them: by column, several of one column joined."""
    told: dict[str, Any] = {}
    for one in details:
        told[str(one.column)] = f"{told[one.column]}、{one.after}" if one.column in told else one.after
    return told
