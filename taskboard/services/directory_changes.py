"""What an incoming directory would change: the rows as they are to be, and the reading that people are shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypeAlias

from taskboard.domain.departments import DepartmentKind, DepartmentLevel
from taskboard.domain.directory_tables import CellProblem, DatedName, Problem
from taskboard.domain.roles import Role
from taskboard.labels import label
from taskboard.labels.directory import Column
from taskboard.services.directory_sheets import Row
from taskboard.services.directory_snapshot import KnownDepartment, KnownPerson, KnownPost, Snapshot

Ref: TypeAlias = int | str
"""a department: its id, or ``row 12`` for one that the file adds"""


class Effect(StrEnum):
    ADDED = "added"
    CHANGED = "changed"


@dataclass(frozen=True)
class Detail:
    """One value that would change."""

    column: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One row that would change something."""

    effect: Effect
    sheet: str
    line: int
    name: str
    details: tuple[Detail, ...] = ()


@dataclass
class DirectoryReading:
    """What a file would change as a whole; ``mark`` tells whether it is still the same."""

    added: list[Entry] = field(default_factory=list)
    changed: list[Entry] = field(default_factory=list)
    unchanged: int = 0
    problems: list[CellProblem] = field(default_factory=list)
    unread_columns: list[CellProblem] = field(default_factory=list)

    @property
    def mark(self) -> str:
        rows = [
            [one.effect, one.sheet, one.line, one.name, [[d.column, d.before, d.after] for d in one.details]]
            for one in (*self.added, *self.changed)
        ]
        return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


@dataclass
class PlannedDepartment:
    """A department as it is to be after the import; ``current`` is what stands there now."""

    ref: Ref
    row: Row
    name: str
    current: KnownDepartment | None
    kind: DepartmentKind
    level: DepartmentLevel | None
    needs_sign_off: bool
    parent: Ref | None = None
    is_renamed: bool = False
    aliases: list[str] = field(default_factory=list)
    old_names: list[DatedName] = field(default_factory=list)
    groups: list[tuple[Ref, date, date | None]] = field(default_factory=list)
    details: list[Detail] = field(default_factory=list)


@dataclass
class PlannedPost:
    department: Ref
    role: Role
    from_on: date
    to_on: date | None
    current: KnownPost | None = None


@dataclass
class PlannedPerson:
    """A person as they are to be after the import."""

    username: str
    name: str
    email: str | None
    row: Row
    current: KnownPerson | None
    posts: list[PlannedPost] = field(default_factory=list)
    details: list[Detail] = field(default_factory=list)


@dataclass
class Comparison:
    """The rows of a file beside the directory while they are read; ``claims`` says whose each name is, by its key."""

    known: Snapshot
    today: date
    parent_id: int | None
    """below which new departments without a parent are put"""
    departments: dict[Ref, PlannedDepartment] = field(default_factory=dict)
    people: dict[str, PlannedPerson] = field(default_factory=dict)
    claims: dict[str, Ref] = field(default_factory=dict)
    reading: DirectoryReading = field(default_factory=DirectoryReading)

    def refuse(self, row: Row, column: Column, problem: Problem, text: str = "", **facts: Any) -> None:
        """Write down what is wrong with a cell."""
        self.reading.problems.append(row.problem(column, problem, text, **facts))

    def name_of(self, ref: Ref) -> str:
        """What the department is to be called."""
        planned = self.departments.get(ref)
        if planned is not None:
            return planned.name
        return self.known.departments[ref].name if isinstance(ref, int) else ""

    def kind_of(self, ref: Ref) -> DepartmentKind | None:
        if ref in self.departments:
            return self.departments[ref].kind
        return self.known.departments[ref].kind if isinstance(ref, int) else None

    def owner_of(self, key: str) -> Ref | None:
        """The department that has the name, here or in the file; ``None`` also for one whose own row will not do."""
        owner = self.claims.get(key)
        return None if isinstance(owner, str) and owner not in self.departments else owner

    def sum_up(self) -> DirectoryReading:
        """The reading with all rows counted."""
        for one in self.departments.values():
            self._count(one.current is None, one.row, one.name, self._all_details(one))
        for person in self.people.values():
            name = f"{person.name}（{person.username}）"
            self._count(person.current is None, person.row, name, person.details)
        return self.reading

    def _all_details(self, one: PlannedDepartment) -> list[Detail]:
        if one.current is not None:
            return one.details
        about = [Detail(Column.PARENT, "", self.name_of(one.parent))] if one.parent is not None else []
        about += [Detail(Column.KIND, "", label(one.kind))] if one.kind is not DepartmentKind.UNIT else []
        about += [Detail(Column.LEVEL, "", label(one.level))] if one.level is not None else []
        return about + one.details

    def _count(self, is_new: bool, row: Row, name: str, details: Sequence[Detail]) -> None:
        if is_new:
            self.reading.added.append(Entry(Effect.ADDED, row.sheet["name"], row.line, name, tuple(details)))
        elif details:
            self.reading.changed.append(Entry(Effect.CHANGED, row.sheet["name"], row.line, name, tuple(details)))
        else:
            self.reading.unchanged += 1
