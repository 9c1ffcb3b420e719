"""The rows about departments in an incoming directory: which department each is, and what it says about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from taskboard.domain.department_names import match_key
from taskboard.domain.departments import DepartmentKind, DepartmentLevel, may_stand_below
from taskboard.domain.directory_tables import DatedName, Problem, UnreadableDay, read_dated_name, rings, split_cell
from taskboard.labels import label
from taskboard.labels.directory import IN_USE, KINDS, LEVELS, NO, SWITCHED_OFF, YES, Column
from taskboard.services.department_names import LONGEST_NAME
from taskboard.services.department_tree import LONGEST_PATH
from taskboard.services.directory_changes import Comparison, Detail, PlannedDepartment, Ref
from taskboard.services.directory_sheets import Row
from taskboard.services.directory_snapshot import KnownDepartment, KnownName

MOST_SUGGESTED_FOR = 200
"""problems; each suggestion looks through all names, and nobody reads further"""


def read_departments(work: Comparison, rows: Iterable[Row]) -> None:
    """Read all rows: first which departments they are, so that each may name those of later rows."""
    reader = _Reader(work)
    for row in rows:
        reader.identify(row)
    for one in work.departments.values():
        reader.claim_names(one)
    for one in work.departments.values():
        reader.find_parent(one)
        reader.find_groups(one)
    reader.check_tree()


class _Reader:
    def __init__(self, work: Comparison) -> None:
        self._work = work
        self._known = work.known

    # Which department a row is

    def identify(self, row: Row) -> None:
        name = " ".join(row[Column.NAME].split())
        key = match_key(name)
        if not name:
            self._work.refuse(row, Column.NAME, Problem.NAME_MISSING)
            return
        if not key or max(len(name), len(key)) > LONGEST_NAME:
            self._work.refuse(row, Column.NAME, Problem.NAME_UNUSABLE, name[:50])
            return
        number = row[Column.NUMBER]
        current = self._numbered(row, number, key) if number else self._named(key)
        if number and current is None:
            return
        ref: Ref = current.id if current is not None else f"row {row.sheet['name']} {row.line}"
        known = self._work.departments.get(ref) or self._work.departments.get(self._work.claims.get(key, ""))
        if known is not None:
            self._work.refuse(row, Column.NAME, Problem.TWICE, name, line=known.row.line)
            return
        kind, level, needs_sign_off = self._read_kind(row, current)
        self._work.departments[ref] = one = PlannedDepartment(ref, row, name, current, kind, level, needs_sign_off)
        if current is None:
            self._work.claims[key] = ref
        else:
            self._compare_plain(one)

    def _numbered(self, row: Row, number: str, key: str) -> KnownDepartment | None:
        """The department of this number, if the row shows that it was exported from here."""
        current = self._known.departments.get(int(number)) if number.isascii() and number.isdecimal() else None
        if current is None:
            self._work.refuse(row, Column.NUMBER, Problem.NUMBER_UNKNOWN, number)
            return None
        own = self._known.names[current.id]
        if key not in own and match_key(row[Column.KNOWN_AS]) not in own:
            self._work.refuse(row, Column.NUMBER, Problem.NUMBER_OF_ANOTHER, number, other=current.name)
            return None
        return current

    def _named(self, key: str) -> KnownDepartment | None:
        claimed = self._work.claims.get(key)
        return self._known.departments.get(claimed) if isinstance(claimed, int) else None

    def _read_kind(
        self, row: Row, current: KnownDepartment | None
    ) -> tuple[DepartmentKind, DepartmentLevel | None, bool]:
        kind = current.kind if current is not None else DepartmentKind.UNIT
        level = current.level if current is not None else None
        signs = current.needs_sign_off if current is not None else True
        if row[Column.KIND]:
            asked = KINDS.get(row[Column.KIND])
            if asked is None:
                self._work.refuse(row, Column.KIND, Problem.KIND_UNKNOWN, row[Column.KIND])
            elif current is not None and asked is not current.kind:
                self._work.refuse(row, Column.KIND, Problem.KIND_CHANGED, row[Column.KIND])
            else:
                kind = asked
        if row[Column.LEVEL]:
            if row[Column.LEVEL] in LEVELS:
                level = LEVELS[row[Column.LEVEL]]
            else:
                self._work.refuse(row, Column.LEVEL, Problem.LEVEL_UNKNOWN, row[Column.LEVEL])
        if row[Column.SIGN_OFF]:
            if row[Column.SIGN_OFF] in (YES, NO):
                signs = row[Column.SIGN_OFF] == YES
            else:
                self._work.refuse(row, Column.SIGN_OFF, Problem.YES_OR_NO, row[Column.SIGN_OFF])
        state = IN_USE if current is None or current.is_active else SWITCHED_OFF
        if row[Column.STATE] not in ("", state):
            self._work.refuse(row, Column.STATE, Problem.STATE_CHANGED, row[Column.STATE])
        return kind, level, signs

    def _compare_plain(self, one: PlannedDepartment) -> None:
        current, own = one.current, self._known.names[one.current.id] if one.current else {}
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

    def claim_names(self, one: PlannedDepartment) -> None:
        own = self._known.names[one.current.id] if one.current is not None else {}
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

    def _claim(self, one: PlannedDepartment, name: str, column: Column) -> bool:
        """Whether the name is free, or this department's own."""
        key = match_key(name)
        if not key or max(len(key), len(name)) > LONGEST_NAME:
            self._work.refuse(one.row, column, Problem.NAME_UNUSABLE, name[:50])
            return False
        owner = self._work.claims.setdefault(key, one.ref)
        if owner != one.ref:
            self._work.refuse(one.row, column, Problem.NAME_TAKEN, name, other=self._work.name_of(owner))
            return False
        return True

    def _read_old_name(self, one: PlannedDepartment, entry: str, own: Mapping[str, KnownName]) -> None:
        dated = self._dated(one.row, Column.OLD_NAMES, entry)
        if dated is None:
            return
        key = match_key(dated.name)
        known = own.get(key)
        if (known is not None and known.is_official and not one.is_renamed) or key == match_key(one.name):
            self._work.refuse(one.row, Column.OLD_NAMES, Problem.OLD_NAME_OFFICIAL, dated.name)
        elif known is not None and known.is_official:
            # The renaming of this very row will date it.
            return
        elif dated.last is None:
            self._work.refuse(one.row, Column.OLD_NAMES, Problem.OLD_NAME_UNDATED, dated.name)
        elif dated.last > self._work.today or (dated.first is not None and dated.first > dated.last):
            self._work.refuse(one.row, Column.OLD_NAMES, Problem.PERIOD_WRONG, entry)
        elif known is not None and (known.valid_from, known.valid_to) == (dated.first, dated.last):
            return
        elif self._claim(one, dated.name, Column.OLD_NAMES):
            one.old_names.append(dated)
            one.details.append(Detail(Column.OLD_NAMES, "", entry))

    def _dated(self, row: Row, column: Column, entry: str) -> DatedName | None:
        try:
            return read_dated_name(entry)
        except UnreadableDay as error:
            self._work.refuse(row, column, Problem.DAY_WRONG, str(error))
            return None

    def find_parent(self, one: PlannedDepartment) -> None:
        text = one.row[Column.PARENT]
        if not text:
            one.parent = one.current.parent_id if one.current is not None else self._work.parent_id
            return
        owner = self._work.owner_of(match_key(text))
        if owner is None:
            likely = self._likely(text)
            problem = Problem.PARENT_LIKE if likely else Problem.PARENT_UNKNOWN
            self._work.refuse(one.row, Column.PARENT, problem, text, likely="、".join(likely))
            return
        one.parent = owner
        if isinstance(owner, int) and not self._known.departments[owner].is_active:
            if one.current is None or one.current.parent_id != owner:
                self._work.refuse(one.row, Column.PARENT, Problem.PARENT_INACTIVE, text)
        elif one.current is not None and owner != one.current.parent_id:
            before = self._known.departments[one.current.parent_id].name if one.current.parent_id is not None else ""
            one.details.append(Detail(Column.PARENT, before, self._work.name_of(owner)))

    def _likely(self, text: str) -> list[str]:
        key = match_key(text)
        if len(key) < 2 or len(self._work.reading.problems) >= MOST_SUGGESTED_FOR:
            return []
        found = [owner for other, owner in self._work.claims.items() if key in other or other in key]
        return list(dict.fromkeys(name for one in found[:20] if (name := self._work.name_of(one))))[:3]

    def find_groups(self, one: PlannedDepartment) -> None:
        for entry in split_cell(one.row[Column.GROUPS]):
            dated = self._dated(one.row, Column.GROUPS, entry)
            if dated is None:
                continue
            first = dated.first or self._work.today
            owner = self._work.claims.get(match_key(dated.name))
            if owner is None:
                self._work.refuse(one.row, Column.GROUPS, Problem.GROUP_UNKNOWN, dated.name)
            elif self._work.kind_of(owner) is not DepartmentKind.COLLECTIVE:
                self._work.refuse(one.row, Column.GROUPS, Problem.GROUP_NOT_COLLECTIVE, dated.name)
            elif one.kind is DepartmentKind.COLLECTIVE:
                self._work.refuse(one.row, Column.GROUPS, Problem.MEMBER_COLLECTIVE, dated.name)
            elif dated.last is not None and dated.last < first:
                self._work.refuse(one.row, Column.GROUPS, Problem.PERIOD_WRONG, entry)
            elif not self._is_member(owner, one.ref, first, dated.last):
                one.groups.append((owner, first, dated.last))
                one.details.append(Detail(Column.GROUPS, "", entry))

    def _is_member(self, group: Ref, member: Ref, first: date, last: date | None) -> bool:
        """Whether the file says nothing new: a time in the group that overlaps this one is known."""
        if not isinstance(group, int) or not isinstance(member, int):
            return False
        return any(
            (time.to_on is None or time.to_on >= first) and (last is None or time.from_on <= last)
            for time in self._known.members[group, member]
        )

    # The tree

    def check_tree(self) -> None:
        parents: dict[Ref, Ref | None] = {one.id: one.parent_id for one in self._known.departments.values()}
        parents |= {one.ref: one.parent for one in self._work.departments.values()}
        for ring in rings(parents):
            way = " → ".join(self._work.name_of(one) for one in [*ring, ring[0]])
            for ref in ring:
                if ref in self._work.departments:
                    self._work.refuse(
                        self._work.departments[ref].row,
                        Column.PARENT,
                        Problem.CYCLE,
                        self._work.name_of(ref),
                        other=way,
                    )
        if any(one.problem is Problem.CYCLE for one in self._work.reading.problems):
            return
        self._check_levels(parents)

    def _check_levels(self, parents: Mapping[Ref, Ref | None]) -> None:
        """Of the whole tree as it is to be: a row may also forbid what stands below it and is not in the file."""
        levels: dict[Ref, DepartmentLevel | None] = {one.id: one.level for one in self._known.departments.values()}
        levels |= {one.ref: one.level for one in self._work.departments.values()}
        for ref, level in levels.items():
            chain = list(_upwards(parents, parents[ref]))
            here = self._work.departments.get(ref)
            if here is not None and len(chain) * 7 > LONGEST_PATH:
                self._work.refuse(here.row, Column.PARENT, Problem.TOO_DEEP, here.name)
            above = next((one for one in chain if levels.get(one) is not None), None)
            higher = levels[above] if above is not None else None
            if above is None or level is None or higher is None or may_stand_below(level, higher):
                continue
            if here is not None:
                name = self._work.name_of(above)
                self._work.refuse(here.row, Column.LEVEL, Problem.LEVEL_TOO_HIGH, label(level), other=name)
            elif (culprit := self._first_planned(chain)) is not None:
                name = self._work.name_of(ref)
                self._work.refuse(culprit.row, Column.LEVEL, Problem.LEVEL_TOO_LOW, label(higher), other=name)

    def _first_planned(self, chain: Iterable[Ref]) -> PlannedDepartment | None:
        return next((one for ref in chain if (one := self._work.departments.get(ref)) is not None), None)


def _upwards(parents: Mapping[Ref, Ref | None], start: Ref | None) -> Iterator[Ref]:
    one = start
    while one is not None:
        yield one
        one = parents.get(one)
