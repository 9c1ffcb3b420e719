"""The rows about people in an incoming directory: who each is, and which post it gives them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from taskboard.domain.department_names import match_key
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.directory_tables import Problem, UnreadableDay, read_day
from taskboard.domain.roles import Role
from taskboard.labels import label
from taskboard.labels.directory import ROLES, Column
from taskboard.services.directory_changes import Comparison, Detail, PlannedPerson, PlannedPost, Ref
from taskboard.services.directory_sheets import Row
from taskboard.services.directory_snapshot import KnownPost
from taskboard.services.people import EMAIL, LONGEST_EMAIL, USERNAME

LONGEST_PERSON = 80


def read_people(work: Comparison, rows: Iterable[Row]) -> None:
    """Read all rows; the departments of the same file are read already."""
    reader = _Reader(work)
    for row in rows:
        reader.read_person(row)


class _Reader:
    def __init__(self, work: Comparison) -> None:
        self._work = work
        self._known = work.known

    def read_person(self, row: Row) -> None:
        username = row[Column.USERNAME].strip().lower()
        name, email = " ".join(row[Column.PERSON].split()), row[Column.EMAIL] or None
        if not USERNAME.fullmatch(username):
            self._work.refuse(row, Column.USERNAME, Problem.USERNAME_FORM, username)
            return
        if not name or len(name) > LONGEST_PERSON:
            self._work.refuse(row, Column.PERSON, Problem.PERSON_MISSING)
            return
        if email is not None and not (len(email) <= LONGEST_EMAIL and EMAIL.fullmatch(email)):
            self._work.refuse(row, Column.EMAIL, Problem.EMAIL_FORM, email)
            return
        known = self._work.people.get(username)
        if known is None:
            known = self._work.people[username] = self._plan_person(username, name, email, row)
        elif (known.name, email or known.email) != (name, known.email):
            self._work.refuse(row, Column.PERSON, Problem.PERSON_DIFFERS, username, line=known.row.line)
            return
        self._read_post(known, row)

    def _plan_person(self, username: str, name: str, email: str | None, row: Row) -> PlannedPerson:
        current = self._known.people.get(username)
        if current is not None and email is None:
            email = current.email
        person = PlannedPerson(username, name, email, row, current)
        if current is not None:
            if current.name != name:
                person.details.append(Detail(Column.PERSON, current.name, name))
            if current.email != email:
                person.details.append(Detail(Column.EMAIL, current.email or "", email or ""))
        return person

    def _read_post(self, person: PlannedPerson, row: Row) -> None:
        department, role_words = row[Column.DEPARTMENT], row[Column.ROLE]
        if not department and not role_words:
            return
        if not department or not role_words:
            missing = Column.DEPARTMENT if not department else Column.ROLE
            self._work.refuse(row, missing, Problem.DEPARTMENT_MISSING if not department else Problem.ROLE_MISSING)
            return
        owner, role = self._work.owner_of(match_key(department)), ROLES.get(role_words)
        if owner is None:
            self._work.refuse(row, Column.DEPARTMENT, Problem.DEPARTMENT_UNKNOWN, department)
            return
        if role is None:
            self._work.refuse(row, Column.ROLE, Problem.ROLE_UNKNOWN, role_words)
            return
        if self._work.kind_of(owner) is DepartmentKind.COLLECTIVE:
            self._work.refuse(row, Column.DEPARTMENT, Problem.DEPARTMENT_COLLECTIVE, department)
            return
        days = self._post_days(row)
        if days is not None:
            self._plan_post(person, row, owner, role, days)

    def _post_days(self, row: Row) -> tuple[date | None, date | None] | None:
        days = []
        for column in (Column.FROM, Column.TO):
            try:
                days.append(read_day(row[column]))
            except UnreadableDay:
                self._work.refuse(row, column, Problem.DAY_WRONG, row[column])
                return None
        first, last = days
        if last is not None and last < (first or self._work.today):
            self._work.refuse(row, Column.TO, Problem.PERIOD_WRONG, row[Column.TO])
            return None
        return first, last

    def _plan_post(
        self, person: PlannedPerson, row: Row, owner: Ref, role: Role, days: tuple[date | None, date | None]
    ) -> None:
        first, last = days[0] or self._work.today, days[1]
        current = self._held(person, owner, role, first, last)
        words = f"{self._work.name_of(owner)} {label(role)}"
        if current is not None and (last is None or current.to_on == last):
            return
        if any((post.department, post.role, post.from_on) == (owner, role, first) for post in person.posts):
            return
        if role is Role.ADMINISTRATOR:
            self._work.refuse(row, Column.ROLE, Problem.ROLE_BY_HAND, label(role))
            return
        if current is not None:
            before = f"{words}，至{current.to_on}" if current.to_on else words
            person.details.append(Detail(Column.ROLE, before, f"{words}，至{last}"))
        else:
            if isinstance(owner, int) and not self._known.departments[owner].is_active:
                self._work.refuse(row, Column.DEPARTMENT, Problem.DEPARTMENT_INACTIVE, row[Column.DEPARTMENT])
                return
            until = f"，至{last}" if last else ""
            person.details.append(Detail(Column.ROLE, "", f"{words}，{first}起{until}"))
        person.posts.append(PlannedPost(owner, role, first, last, current))

    def _held(self, person: PlannedPerson, owner: Ref, role: Role, first: date, last: date | None) -> KnownPost | None:
        """The post that the row speaks of, where the person has it: the one whose time overlaps."""
        if person.current is None:
            return None
        return next(
            (
                post
                for post in self._known.posts[person.current.id]
                if (post.department_id, post.role) == (owner, role)
                and (post.to_on is None or post.to_on >= first)
                and (last is None or post.from_on <= last)
            ),
            None,
        )
