"""A directory that comes in as a table: what it would change, what is wrong with it, and taking it over.

Nothing is ever deleted: what a file does not name stays as it is. The file is kept as :class:`DirectoryUpload`, and
what it would change is worked out anew from it each time, so that nobody takes over what somebody else has changed
since. Taking over is for all rows together; while one of them has a problem, none is taken over.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.documents.document import Document, DocumentError, DocumentProblem
from taskboard.documents.isolation import read_rows_safely
from taskboard.domain.department_names import match_key
from taskboard.domain.departments import DepartmentKind, DepartmentLevel, may_stand_below
from taskboard.domain.directory_tables import (
    CellProblem,
    DatedName,
    Problem,
    UnreadableDay,
    column_letters,
    read_dated_name,
    read_day,
    rings,
    split_cell,
    unguarded,
)
from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import Actor
from taskboard.domain.plan_parsing.blocks import Table
from taskboard.domain.roles import Role
from taskboard.labels import label
from taskboard.labels.directory import (
    DEPARTMENT_COLUMNS,
    IN_USE,
    KINDS,
    LEVELS,
    NO,
    NOTES_SHEET,
    PEOPLE_COLUMNS,
    ROLES,
    SWITCHED_OFF,
    YES,
    Column,
)
from taskboard.models import (
    Department,
    DepartmentMember,
    DepartmentName,
    DirectoryUpload,
    Person,
    PersonPost,
)
from taskboard.services.actors import require_role
from taskboard.services.department_names import LONGEST_NAME, rename
from taskboard.services.department_records import record_department
from taskboard.services.department_tree import LONGEST_PATH, lock_directory, move, set_level
from taskboard.services.history import Writing, record_change
from taskboard.services.people import EMAIL, LONGEST_EMAIL, USERNAME

HEADER_WITHIN = 20
"""rows: titles and remarks may stand above the header"""
LONGEST_PERSON = 80
CSV_SHEET = "表格"

Sheet: TypeAlias = dict[str, Any]
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


# The file


def read_upload(content: bytes, name: str) -> list[Sheet]:
    """The tables of a file that are a directory, read in a process of its own; call it outside every transaction.

    Raises ``DocumentError``, and :class:`Invalid` for another kind of file and where no table has the columns of
    departments or of people.
    """
    try:
        document = read_rows_safely(content, name)
    except DocumentError as error:
        if error.problem is DocumentProblem.UNSUPPORTED:
            raise Invalid("file", "directory_kind") from None
        raise
    return sheets_of(document)


def sheets_of(document: Document) -> list[Sheet]:
    """The tables with the columns of a directory; raises :class:`Invalid` where there is none."""
    sheets = [sheet for block in document.blocks if isinstance(block, Table) and (sheet := _sheet(block)) is not None]
    if not sheets:
        raise Invalid("file", "directory_columns")
    return sheets


def sheet_of_rows(name: str, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Sheet:
    """The same from rows that are at hand, as those of a template."""
    return {
        "name": name,
        "columns": {title: place for place, title in enumerate(titles)},
        "unknown": [],
        "rows": [[line, list(row)] for line, row in enumerate(rows, start=2)],
    }


def _sheet(table: Table) -> Sheet | None:
    if table.place.sheet == NOTES_SHEET:
        # Its first column names the columns of the others, and would be taken for departments.
        return None
    for number, row in enumerate(table.rows[:HEADER_WITHIN]):
        titles = ["".join(cell.text.split()) for cell in row]
        is_people = Column.USERNAME in titles and Column.PERSON in titles
        if Column.NAME not in titles and not is_people:
            continue
        known = set(PEOPLE_COLUMNS if is_people else DEPARTMENT_COLUMNS)
        places: dict[str, int] = {}
        unknown: list[list[Any]] = []
        for place, title in enumerate(titles):
            if title in known and title not in places:
                places[title] = place
            elif title:
                unknown.append([place, number + 1, title])
        rows = [
            [line, [unguarded(cell.text.strip()) for cell in cells]]
            for line, cells in enumerate(table.rows[number + 1 :], start=number + 2)
            if any(cell.text.strip() for cell in cells)
        ]
        return {"name": table.place.sheet or CSV_SHEET, "columns": places, "unknown": unknown, "rows": rows}
    return None


def keep_upload(
    session: Session,
    *,
    content: bytes,
    name: str,
    sheets: list[Sheet],
    parent_id: int | None,
    actor: Actor,
    now: datetime,
) -> DirectoryUpload:
    """Keep a file that was read; raises :class:`Invalid` for a ``parent_id`` below which nothing can be put."""
    require_role(actor, Role.ADMINISTRATOR)
    if parent_id is not None:
        parent = session.get(Department, parent_id)
        if parent is None:
            raise Invalid("parent", "unknown")
        if not parent.is_active:
            raise Invalid("parent", "department_parent_inactive")
    upload = DirectoryUpload(
        sent_by_id=actor.person_id, sent_at=now, name=name[:255], content=content, sheets=sheets, parent_id=parent_id
    )
    session.add(upload)
    session.flush()
    return upload


def get_upload(session: Session, upload_id: int, *, actor: Actor) -> DirectoryUpload:
    """The upload, for administrators; raises :class:`NotFound`."""
    require_role(actor, Role.ADMINISTRATOR)
    upload = session.get(DirectoryUpload, upload_id)
    if upload is None:
        raise NotFound()
    return upload


def list_waiting(session: Session, *, actor: Actor, limit: int = 10) -> list[tuple[DirectoryUpload, str]]:
    """The uploads that were neither taken over nor given up, the latest first, with who sent them."""
    require_role(actor, Role.ADMINISTRATOR)
    query = (
        select(DirectoryUpload, Person.name)
        .join(Person, Person.id == DirectoryUpload.sent_by_id)
        .where(DirectoryUpload.applied_at.is_(None), DirectoryUpload.given_up_at.is_(None))
        .order_by(DirectoryUpload.sent_at.desc(), DirectoryUpload.id.desc())
        .limit(limit)
    )
    return [(one, name) for one, name in session.execute(query)]


def give_up(session: Session, upload_id: int, *, actor: Actor, now: datetime) -> None:
    """Take the upload off the list of those that wait; the file stays."""
    upload = get_upload(session, upload_id, actor=actor)
    if upload.given_up_at is None and upload.applied_at is None:
        upload.given_up_at = now
        session.flush()


# Comparing and taking over


def compare_upload(session: Session, upload: DirectoryUpload, *, today: date) -> DirectoryReading:
    """What the upload would change in the directory as it is now."""
    return compare_sheets(session, upload.sheets, parent_id=upload.parent_id, today=today)


def compare_sheets(
    session: Session, sheets: Sequence[Sheet], *, parent_id: int | None, today: date
) -> DirectoryReading:
    """What the tables would change; a fixed number of queries, however many rows there are."""
    return _Comparison(session, sheets, parent_id=parent_id, today=today).reading


def apply_upload(session: Session, upload_id: int, *, mark: str, **by: Unpack[Writing]) -> DirectoryReading:
    """Take all rows over; an upload that was taken over already changes nothing.

    Raises :class:`Stale` where the directory changed so that the file would do something else than what was shown as
    ``mark``, and :class:`Invalid` while a row has a problem.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    lock_directory(session)
    session.expire_all()
    upload = get_upload(session, upload_id, actor=by["actor"])
    if upload.applied_at is not None:
        return DirectoryReading()
    reading = apply_sheets(session, upload.sheets, parent_id=upload.parent_id, mark=mark, **by)
    upload.applied_at = by["now"]
    session.flush()
    return reading


def apply_sheets(
    session: Session, sheets: Sequence[Sheet], *, parent_id: int | None, mark: str | None, **by: Unpack[Writing]
) -> DirectoryReading:
    """Take the rows of these tables over; raises as :func:`apply_upload`. Without ``mark`` nothing was shown before."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    comparison = _Comparison(session, sheets, parent_id=parent_id, today=local_date(by["now"]))
    if mark is not None and comparison.reading.mark != mark:
        raise Stale(subject="directory")
    if comparison.reading.problems:
        raise Invalid("file", "directory_has_problems", count=len(comparison.reading.problems))
    comparison.carry_out(by)
    return comparison.reading


class _Row:
    """One row of a table by the titles of its columns."""

    def __init__(self, sheet: Sheet, line: int, texts: Sequence[str]) -> None:
        self.sheet = sheet
        self.line = line
        self._texts = texts

    def __getitem__(self, column: Column) -> str:
        place = self.sheet["columns"].get(column.value)
        return self._texts[place] if place is not None and place < len(self._texts) else ""

    def problem(self, column: Column, problem: Problem, text: str = "", **facts: Any) -> CellProblem:
        place = self.sheet["columns"].get(column.value, 0)
        cell = f"{column_letters(place)}{self.line}"
        return CellProblem(self.sheet["name"], cell, column.value, problem, text, facts)


@dataclass
class _Planned:
    """A department as it is to be after the import; ``current`` is what stands there now."""

    ref: Ref
    row: _Row
    name: str
    current: Department | None
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
class _PlannedPost:
    department: Ref
    role: Role
    from_on: date
    to_on: date | None
    current: PersonPost | None = None


@dataclass
class _PlannedPerson:
    """A person as they are to be after the import."""

    username: str
    name: str
    email: str | None
    row: _Row
    current: Person | None
    posts: list[_PlannedPost] = field(default_factory=list)
    details: list[Detail] = field(default_factory=list)


class _Comparison:
    """The tables beside the directory: first which department each row is, then what it says about it."""

    def __init__(self, session: Session, sheets: Sequence[Sheet], *, parent_id: int | None, today: date) -> None:
        self.session = session
        self.parent_id = parent_id
        self.today = today
        self.reading = DirectoryReading()
        self._load()
        self.planned: dict[Ref, _Planned] = {}
        self.people: dict[str, _PlannedPerson] = {}
        department_rows, people_rows = _split(sheets)
        for sheet in sheets:
            for place, line, title in sheet["unknown"]:
                cell = f"{column_letters(place)}{line}"
                self.reading.unread_columns.append(
                    CellProblem(sheet["name"], cell, title, Problem.UNKNOWN_COLUMN, title)
                )
        for row in department_rows:
            self._identify(row)
        for one in self.planned.values():
            self._claim_names(one)
        for one in self.planned.values():
            self._find_parent(one)
            self._find_groups(one)
        self._check_tree()
        for row in people_rows:
            self._read_person(row)
        self._sum_up()

    def _load(self) -> None:
        self.departments = {one.id: one for one in self.session.scalars(select(Department))}
        self.names: dict[int, dict[str, DepartmentName]] = defaultdict(dict)
        self.claims: dict[str, Ref] = {}
        for name in self.session.scalars(select(DepartmentName)):
            self.names[name.department_id][name.key] = name
            self.claims[name.key] = name.department_id
        self.members: dict[tuple[int, int], list[DepartmentMember]] = defaultdict(list)
        for time in self.session.scalars(select(DepartmentMember)):
            self.members[time.group_id, time.member_id].append(time)
        self.persons = {one.username: one for one in self.session.scalars(select(Person))}
        self.posts: dict[int, list[PersonPost]] = defaultdict(list)
        for post in self.session.scalars(select(PersonPost)):
            self.posts[post.person_id].append(post)

    def _refuse(self, row: _Row, column: Column, problem: Problem, text: str = "", **facts: Any) -> None:
        self.reading.problems.append(row.problem(column, problem, text, **facts))

    # Which department a row is

    def _identify(self, row: _Row) -> None:
        name = " ".join(row[Column.NAME].split())
        key = match_key(name)
        if not name:
            self._refuse(row, Column.NAME, Problem.NAME_MISSING)
            return
        if not key or max(len(name), len(key)) > LONGEST_NAME:
            self._refuse(row, Column.NAME, Problem.NAME_UNUSABLE, name[:50])
            return
        number = row[Column.NUMBER]
        current = self._numbered(row, number, key) if number else self._named(key)
        if number and current is None:
            return
        ref: Ref = current.id if current is not None else f"row {row.sheet['name']} {row.line}"
        known = self.planned.get(ref) or self.planned.get(self.claims.get(key, ""))
        if known is not None:
            self._refuse(row, Column.NAME, Problem.TWICE, name, line=known.row.line)
            return
        kind, level, needs_sign_off = self._read_kind(row, current)
        self.planned[ref] = one = _Planned(ref, row, name, current, kind, level, needs_sign_off)
        if current is None:
            self.claims[key] = ref
        else:
            self._compare_plain(one)

    def _numbered(self, row: _Row, number: str, key: str) -> Department | None:
        """The department of this number, if the row shows that it was exported from here."""
        current = self.departments.get(int(number)) if number.isascii() and number.isdecimal() else None
        if current is None:
            self._refuse(row, Column.NUMBER, Problem.NUMBER_UNKNOWN, number)
            return None
        own = self.names[current.id]
        if key not in own and match_key(row[Column.KNOWN_AS]) not in own:
            self._refuse(row, Column.NUMBER, Problem.NUMBER_OF_ANOTHER, number, other=current.name)
            return None
        return current

    def _named(self, key: str) -> Department | None:
        claimed = self.claims.get(key)
        return self.departments.get(claimed) if isinstance(claimed, int) else None

    def _read_kind(self, row: _Row, current: Department | None) -> tuple[DepartmentKind, DepartmentLevel | None, bool]:
        kind = current.kind if current is not None else DepartmentKind.UNIT
        level = current.level if current is not None else None
        signs = current.needs_sign_off if current is not None else True
        if row[Column.KIND]:
            asked = KINDS.get(row[Column.KIND])
            if asked is None:
                self._refuse(row, Column.KIND, Problem.KIND_UNKNOWN, row[Column.KIND])
            elif current is not None and asked is not current.kind:
                self._refuse(row, Column.KIND, Problem.KIND_CHANGED, row[Column.KIND])
            else:
                kind = asked
        if row[Column.LEVEL]:
            if row[Column.LEVEL] in LEVELS:
                level = LEVELS[row[Column.LEVEL]]
            else:
                self._refuse(row, Column.LEVEL, Problem.LEVEL_UNKNOWN, row[Column.LEVEL])
        if row[Column.SIGN_OFF]:
            if row[Column.SIGN_OFF] in (YES, NO):
                signs = row[Column.SIGN_OFF] == YES
            else:
                self._refuse(row, Column.SIGN_OFF, Problem.YES_OR_NO, row[Column.SIGN_OFF])
        state = IN_USE if current is None or current.is_active else SWITCHED_OFF
        if row[Column.STATE] not in ("", state):
            self._refuse(row, Column.STATE, Problem.STATE_CHANGED, row[Column.STATE])
        return kind, level, signs

    def _compare_plain(self, one: _Planned) -> None:
        current, own = one.current, self.names[one.current.id] if one.current else {}
        assert current is not None
        known = own.get(match_key(one.name))
        by_number = bool(one.row[Column.NUMBER])
        if one.name != current.name and (known is None or known.is_official or by_number):
            one.is_renamed = True
            one.details.append(Detail(Column.NAME, current.name, one.name))
        if one.level is not current.level:
            before = label(current.level) if current.level else ""
            one.details.append(Detail(Column.LEVEL, before, label(one.level) if one.level else ""))
        if one.needs_sign_off != current.needs_sign_off:
            one.details.append(
                Detail(Column.SIGN_OFF, YES if current.needs_sign_off else NO, YES if one.needs_sign_off else NO)
            )

    # What it says about it

    def _claim_names(self, one: _Planned) -> None:
        own = self.names[one.current.id] if one.current is not None else {}
        if one.is_renamed:
            self._claim(one, one.name, Column.NAME)
        for alias in split_cell(one.row[Column.ALIASES]):
            if match_key(alias) in own or match_key(alias) == match_key(one.name):
                continue
            if self._claim(one, alias, Column.ALIASES):
                one.aliases.append(alias)
                one.details.append(Detail(Column.ALIASES, "", alias))
        for entry in split_cell(one.row[Column.OLD_NAMES]):
            self._read_old_name(one, entry, own)

    def _claim(self, one: _Planned, name: str, column: Column) -> bool:
        """Whether the name is free, or this department's own."""
        key = match_key(name)
        if not key or max(len(key), len(name)) > LONGEST_NAME:
            self._refuse(one.row, column, Problem.NAME_UNUSABLE, name[:50])
            return False
        owner = self.claims.setdefault(key, one.ref)
        if owner != one.ref:
            self._refuse(one.row, column, Problem.NAME_TAKEN, name, other=self._name_of(owner))
            return False
        return True

    def _name_of(self, ref: Ref) -> str:
        planned = self.planned.get(ref)
        if planned is not None:
            return planned.name
        return self.departments[ref].name if isinstance(ref, int) else ""

    def _read_old_name(self, one: _Planned, entry: str, own: Mapping[str, DepartmentName]) -> None:
        dated = self._dated(one.row, Column.OLD_NAMES, entry)
        if dated is None:
            return
        key = match_key(dated.name)
        known = own.get(key)
        if (known is not None and known.is_official and not one.is_renamed) or key == match_key(one.name):
            self._refuse(one.row, Column.OLD_NAMES, Problem.OLD_NAME_OFFICIAL, dated.name)
        elif known is not None and known.is_official:
            # The renaming of this very row will date it.
            return
        elif dated.last is None:
            self._refuse(one.row, Column.OLD_NAMES, Problem.OLD_NAME_UNDATED, dated.name)
        elif dated.last > self.today or (dated.first is not None and dated.first > dated.last):
            self._refuse(one.row, Column.OLD_NAMES, Problem.PERIOD_WRONG, entry)
        elif known is not None and (known.valid_from, known.valid_to) == (dated.first, dated.last):
            return
        elif self._claim(one, dated.name, Column.OLD_NAMES):
            one.old_names.append(dated)
            one.details.append(Detail(Column.OLD_NAMES, "", entry))

    def _dated(self, row: _Row, column: Column, entry: str) -> DatedName | None:
        try:
            return read_dated_name(entry)
        except UnreadableDay as error:
            self._refuse(row, column, Problem.DAY_WRONG, str(error))
            return None

    def _find_parent(self, one: _Planned) -> None:
        text = one.row[Column.PARENT]
        if not text:
            one.parent = one.current.parent_id if one.current is not None else self.parent_id
            return
        owner = self.claims.get(match_key(text))
        if owner is None or (isinstance(owner, str) and owner not in self.planned):
            likely = self._likely(text)
            problem = Problem.PARENT_LIKE if likely else Problem.PARENT_UNKNOWN
            self._refuse(one.row, Column.PARENT, problem, text, likely="、".join(likely))
            return
        one.parent = owner
        if isinstance(owner, int) and not self.departments[owner].is_active:
            if one.current is None or one.current.parent_id != owner:
                self._refuse(one.row, Column.PARENT, Problem.PARENT_INACTIVE, text)
        elif one.current is not None and owner != one.current.parent_id:
            before = self.departments[one.current.parent_id].name if one.current.parent_id is not None else ""
            one.details.append(Detail(Column.PARENT, before, self._name_of(owner)))

    def _likely(self, text: str) -> list[str]:
        key = match_key(text)
        if len(key) < 2:
            return []
        found = [owner for other, owner in self.claims.items() if key in other or other in key]
        return list(dict.fromkeys(name for one in found[:20] if (name := self._name_of(one))))[:3]

    def _find_groups(self, one: _Planned) -> None:
        for entry in split_cell(one.row[Column.GROUPS]):
            dated = self._dated(one.row, Column.GROUPS, entry)
            if dated is None:
                continue
            first = dated.first or self.today
            owner = self.claims.get(match_key(dated.name))
            if owner is None:
                self._refuse(one.row, Column.GROUPS, Problem.GROUP_UNKNOWN, dated.name)
            elif self._kind_of(owner) is not DepartmentKind.COLLECTIVE:
                self._refuse(one.row, Column.GROUPS, Problem.GROUP_NOT_COLLECTIVE, dated.name)
            elif one.kind is DepartmentKind.COLLECTIVE:
                self._refuse(one.row, Column.GROUPS, Problem.MEMBER_COLLECTIVE, dated.name)
            elif dated.last is not None and dated.last < first:
                self._refuse(one.row, Column.GROUPS, Problem.PERIOD_WRONG, entry)
            elif not self._is_member(owner, one.ref, first, dated.last):
                one.groups.append((owner, first, dated.last))
                one.details.append(Detail(Column.GROUPS, "", entry))

    def _kind_of(self, ref: Ref) -> DepartmentKind | None:
        if ref in self.planned:
            return self.planned[ref].kind
        return self.departments[ref].kind if isinstance(ref, int) else None

    def _is_member(self, group: Ref, member: Ref, first: date, last: date | None) -> bool:
        """Whether the file says nothing new: a time in the group that overlaps this one is known."""
        if not isinstance(group, int) or not isinstance(member, int):
            return False
        return any(
            (time.to_on is None or time.to_on >= first) and (last is None or time.from_on <= last)
            for time in self.members[group, member]
        )

    # The tree

    def _check_tree(self) -> None:
        parents: dict[Ref, Ref | None] = {one.id: one.parent_id for one in self.departments.values()}
        parents |= {one.ref: one.parent for one in self.planned.values()}
        for ring in rings(parents):
            way = " → ".join(self._name_of(one) for one in [*ring, ring[0]])
            for ref in ring:
                if ref in self.planned:
                    self._refuse(self.planned[ref].row, Column.PARENT, Problem.CYCLE, self._name_of(ref), other=way)
        if any(one.problem is Problem.CYCLE for one in self.reading.problems):
            return
        self._check_levels(parents)

    def _check_levels(self, parents: Mapping[Ref, Ref | None]) -> None:
        levels: dict[Ref, DepartmentLevel | None] = {one.id: one.level for one in self.departments.values()}
        levels |= {one.ref: one.level for one in self.planned.values()}
        for one in self.planned.values():
            chain = list(_upwards(parents, parents[one.ref]))
            if len(chain) * 7 > LONGEST_PATH:
                self._refuse(one.row, Column.PARENT, Problem.TOO_DEEP, one.name)
            above = next((ref for ref in chain if levels.get(ref) is not None), None)
            level, higher = levels[one.ref], levels[above] if above is not None else None
            if level is not None and higher is not None and not may_stand_below(level, higher):
                self._refuse(
                    one.row,
                    Column.LEVEL,
                    Problem.LEVEL_TOO_HIGH,
                    label(level),
                    other=self._name_of(above) if above is not None else "",
                )

    # People

    def _read_person(self, row: _Row) -> None:
        username = row[Column.USERNAME].strip().lower()
        name, email = " ".join(row[Column.PERSON].split()), row[Column.EMAIL] or None
        if not USERNAME.fullmatch(username):
            self._refuse(row, Column.USERNAME, Problem.USERNAME_FORM, username)
            return
        if not name or len(name) > LONGEST_PERSON:
            self._refuse(row, Column.PERSON, Problem.PERSON_MISSING)
            return
        if email is not None and not (len(email) <= LONGEST_EMAIL and EMAIL.fullmatch(email)):
            self._refuse(row, Column.EMAIL, Problem.EMAIL_FORM, email)
            return
        known = self.people.get(username)
        if known is None:
            known = self.people[username] = self._plan_person(username, name, email, row)
        elif (known.name, email or known.email) != (name, known.email):
            self._refuse(row, Column.PERSON, Problem.PERSON_DIFFERS, username, line=known.row.line)
            return
        self._read_post(known, row)

    def _plan_person(self, username: str, name: str, email: str | None, row: _Row) -> _PlannedPerson:
        current = self.persons.get(username)
        if current is not None and email is None:
            email = current.email
        person = _PlannedPerson(username, name, email, row, current)
        if current is not None:
            if current.name != name:
                person.details.append(Detail(Column.PERSON, current.name, name))
            if current.email != email:
                person.details.append(Detail(Column.EMAIL, current.email or "", email or ""))
        return person

    def _read_post(self, person: _PlannedPerson, row: _Row) -> None:
        department, role_words = row[Column.DEPARTMENT], row[Column.ROLE]
        if not department and not role_words:
            return
        if not department or not role_words:
            missing = Column.DEPARTMENT if not department else Column.ROLE
            self._refuse(row, missing, Problem.DEPARTMENT_MISSING if not department else Problem.ROLE_MISSING)
            return
        owner, role = self.claims.get(match_key(department)), ROLES.get(role_words)
        if owner is None or (isinstance(owner, str) and owner not in self.planned):
            self._refuse(row, Column.DEPARTMENT, Problem.DEPARTMENT_UNKNOWN, department)
            return
        if role is None:
            self._refuse(row, Column.ROLE, Problem.ROLE_UNKNOWN, role_words)
            return
        if self._kind_of(owner) is DepartmentKind.COLLECTIVE:
            self._refuse(row, Column.DEPARTMENT, Problem.DEPARTMENT_COLLECTIVE, department)
            return
        days = self._post_days(row)
        if days is not None:
            self._plan_post(person, row, owner, role, days)

    def _post_days(self, row: _Row) -> tuple[date | None, date | None] | None:
        days = []
        for column in (Column.FROM, Column.TO):
            try:
                days.append(read_day(row[column]))
            except UnreadableDay:
                self._refuse(row, column, Problem.DAY_WRONG, row[column])
                return None
        first, last = days
        if last is not None and last < (first or self.today):
            self._refuse(row, Column.TO, Problem.PERIOD_WRONG, row[Column.TO])
            return None
        return first, last

    def _plan_post(
        self, person: _PlannedPerson, row: _Row, owner: Ref, role: Role, days: tuple[date | None, date | None]
    ) -> None:
        first, last = days[0] or self.today, days[1]
        current = self._held(person, owner, role, first, last)
        words = f"{self._name_of(owner)} {label(role)}"
        if current is not None and (last is None or current.to_on == last):
            return
        if any((post.department, post.role, post.from_on) == (owner, role, first) for post in person.posts):
            return
        if role is Role.ADMINISTRATOR:
            self._refuse(row, Column.ROLE, Problem.ROLE_BY_HAND, label(role))
            return
        if current is not None:
            before = f"{words}，至{current.to_on}" if current.to_on else words
            person.details.append(Detail(Column.ROLE, before, f"{words}，至{last}"))
        else:
            if isinstance(owner, int) and not self.departments[owner].is_active:
                self._refuse(row, Column.DEPARTMENT, Problem.DEPARTMENT_INACTIVE, row[Column.DEPARTMENT])
                return
            until = f"，至{last}" if last else ""
            person.details.append(Detail(Column.ROLE, "", f"{words}，{first}起{until}"))
        person.posts.append(_PlannedPost(owner, role, first, last, current))

    def _held(
        self, person: _PlannedPerson, owner: Ref, role: Role, first: date, last: date | None
    ) -> PersonPost | None:
        """The post that the row speaks of, where the person has it: the one whose time overlaps."""
        if person.current is None:
            return None
        return next(
            (
                post
                for post in self.posts[person.current.id]
                if (post.department_id, post.role) == (owner, role)
                and (post.to_on is None or post.to_on >= first)
                and (last is None or post.from_on <= last)
            ),
            None,
        )

    def _sum_up(self) -> None:
        for one in self.planned.values():
            self._count(one.current is None, one.row, one.name, self._all_details(one))
        for person in self.people.values():
            name = f"{person.name}（{person.username}）"
            self._count(person.current is None, person.row, name, person.details)

    def _all_details(self, one: _Planned) -> list[Detail]:
        if one.current is not None:
            return one.details
        about = [Detail(Column.PARENT, "", self._name_of(one.parent))] if one.parent is not None else []
        about += [Detail(Column.KIND, "", label(one.kind))] if one.kind is not DepartmentKind.UNIT else []
        about += [Detail(Column.LEVEL, "", label(one.level))] if one.level is not None else []
        return about + one.details

    def _count(self, is_new: bool, row: _Row, name: str, details: Sequence[Detail]) -> None:
        if is_new:
            self.reading.added.append(Entry(Effect.ADDED, row.sheet["name"], row.line, name, tuple(details)))
        elif details:
            self.reading.changed.append(Entry(Effect.CHANGED, row.sheet["name"], row.line, name, tuple(details)))
        else:
            self.reading.unchanged += 1

    # Taking over

    def carry_out(self, by: Writing) -> None:
        """Write everything; the reading has no problem."""
        ids: dict[Ref, int] = {one: one for one in self.departments}
        self._add_departments(ids)
        changed = [one for one in self.planned.values() if one.current is not None and one.details]
        for one in changed:
            self._change_department(one, ids, by)
        self._add_names(ids)
        self._add_members(ids)
        self._write_people(ids, by)
        for one in self.planned.values():
            if one.current is None:
                after = {"name": one.name, "kind": one.kind, "level": one.level, **_told(one.details)}
                record_department(self.session, ids[one.ref], Change.ADDED, after=after, **by)
        self.session.flush()

    def _add_departments(self, ids: dict[Ref, int]) -> None:
        """New departments level by level, for the path of each begins with that of its parent."""
        waiting = [one for one in self.planned.values() if one.current is None]
        paths = {one.id: one.path for one in self.departments.values()}
        while waiting:
            ready = [one for one in waiting if one.parent is None or one.parent in ids]
            waiting = [one for one in waiting if one.parent is not None and one.parent not in ids]
            rows = [
                Department(
                    name=one.name,
                    kind=one.kind,
                    level=one.level,
                    parent_id=ids[one.parent] if one.parent is not None else None,
                    needs_sign_off=one.needs_sign_off,
                )
                for one in ready
            ]
            self.session.add_all(rows)
            self.session.flush()
            for one, row in zip(ready, rows, strict=True):
                ids[one.ref] = row.id
                row.path = f"{paths[row.parent_id] if row.parent_id is not None else '/'}{row.id}/"
                paths[row.id] = row.path
            self.session.flush()
            self.session.add_all(
                DepartmentName(department_id=row.id, name=row.name, key=match_key(row.name), is_official=True)
                for row in rows
            )

    def _change_department(self, one: _Planned, ids: Mapping[Ref, int], by: Writing) -> None:
        department = one.current
        assert department is not None
        if one.is_renamed:
            is_slip = match_key(one.name) == match_key(department.name)
            rename(self.session, department, one.name, renamed_on=None if is_slip else self.today, today=self.today)
        parent_id = ids[one.parent] if one.parent is not None else None
        if parent_id != department.parent_id:
            move(self.session, department, parent_id)
        if one.level is not department.level:
            set_level(self.session, department, one.level)
        department.needs_sign_off = one.needs_sign_off
        self.session.flush()
        act = Change.RENAMED if one.is_renamed else Change.CHANGED
        before = {detail.column: detail.before for detail in one.details if detail.before}
        record_department(self.session, department.id, act, before=before, after=_told(one.details), **by)

    def _add_names(self, ids: Mapping[Ref, int]) -> None:
        for one in self.planned.values():
            department_id = ids[one.ref]
            for alias in one.aliases:
                self.session.add(DepartmentName(department_id=department_id, name=alias, key=match_key(alias)))
            for old in one.old_names:
                known = self.names[department_id].get(match_key(old.name)) if one.current is not None else None
                if known is None:
                    known = DepartmentName(department_id=department_id, name=old.name, key=match_key(old.name))
                    self.session.add(known)
                known.valid_from, known.valid_to = old.first, old.last
        self.session.flush()

    def _add_members(self, ids: Mapping[Ref, int]) -> None:
        self.session.add_all(
            DepartmentMember(group_id=ids[group], member_id=ids[one.ref], from_on=first, to_on=last)
            for one in self.planned.values()
            for group, first, last in one.groups
        )
        self.session.flush()

    def _write_people(self, ids: Mapping[Ref, int], by: Writing) -> None:
        touched = [one for one in self.people.values() if one.current is None or one.details]
        rows = [
            one.current or Person(username=one.username, name=one.name, email=one.email, password_hash=None)
            for one in touched
        ]
        for one, row in zip(touched, rows, strict=True):
            row.name, row.email = one.name, one.email
        self.session.add_all(rows)
        self.session.flush()
        for one, row in zip(touched, rows, strict=True):
            for post in one.posts:
                if post.current is not None:
                    post.current.to_on = post.to_on
                else:
                    self.session.add(
                        PersonPost(
                            person_id=row.id,
                            department_id=ids[post.department],
                            role=post.role,
                            from_on=post.from_on,
                            to_on=post.to_on,
                        )
                    )
            act = Change.ADDED if one.current is None else Change.CHANGED
            before = {detail.column: detail.before for detail in one.details if detail.before}
            after = {"name": one.name, "username": one.username, **_told(one.details)}
            record_change(
                self.session,
                subject=Subject.PERSON,
                subject_id=row.id,
                act=act,
                before=before,
                after=after,
                **by,
            )


def _split(sheets: Sequence[Sheet]) -> tuple[list[_Row], list[_Row]]:
    """The rows about departments, and those about people."""
    departments: list[_Row] = []
    people: list[_Row] = []
    for sheet in sheets:
        rows = departments if Column.NAME in sheet["columns"] else people
        rows += [_Row(sheet, line, texts) for line, texts in sheet["rows"]]
    return departments, people


def _upwards(parents: Mapping[Ref, Ref | None], start: Ref | None) -> Iterator[Ref]:
    one = start
    while one is not None:
        yield one
        one = parents.get(one)


def _told(details: Iterable[Detail]) -> dict[str, Any]:
    """The details as the trail keeps them: by column, several of one column joined."""
    told: dict[str, Any] = {}
    for one in details:
        told[str(one.column)] = f"{told[one.column]}、{one.after}" if one.column in told else one.after
    return told
