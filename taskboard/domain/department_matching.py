"""Which department of the directory a name in a document means, and by which rule that is known.

The rules are asked in their order and the first that finds something decides: the name itself, an alias, who followed
the department of that name, a renaming by the day of the document, a place that the document leaves out, the second
name of a body with two, and at last a short name whose characters stand in one full name only. What merely looks alike
is for a person to choose, never for a rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

from taskboard.domain.department_names import is_subsequence, match_key, plain_name
from taskboard.domain.department_places import CENTRAL, Places, belongs_elsewhere, full_forms, split_place
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.renamings import LONGEST_CHAIN, Renamings

TWO_NAMES = re.compile(r"(?P<outside>[^()]{3,})\((?P<inside>[^()、,]{3,})\)")
"""省编办(省审改办): one body, two names"""
MANY = re.compile(r"^(?:各|有关|相关|其他)|成员单位|各(?:级|市|州|县|区|乡|镇)|有关(?:部门|单位)$")
TOO_COMMON = frozenset({"政府", "人大", "政协", "纪委", "党委"})
SHORTEST_SUBJECT = 2


Outline: TypeAlias = tuple[str, str, str]
"""the place of a name, and the first and last character of what follows"""


class MatchRule(StrEnum):
    """By which rule a department was found, in the order in which they are asked."""

    EXACT = "exact"
    """the official name, letter for letter"""
    KEY = "key"
    """the official name in another of its usual ways of writing"""
    ALIAS = "alias"
    SUCCESSOR = "successor"
    """a department that has ended, and the one that followed it"""
    RENAMING = "renaming"
    ELISION = "elision"
    """the place that the document leaves out, or the directory does"""
    SECOND_NAME = "second_name"
    """one of the two names of a body with two: 市文化和旅游局（市文物局）"""
    SUBSEQUENCE = "subsequence"


NEEDS_A_LOOK = frozenset({MatchRule.SECOND_NAME, MatchRule.SUBSEQUENCE})
"""right as a rule and wrong now and then: assigned, and marked for a person to look at"""


@dataclass(frozen=True)
class Listed:
    """A department as the directory lists it. ``names`` are the official one and then the aliases."""

    id: int
    names: tuple[str, ...]
    path: str = "/"
    kind: DepartmentKind = DepartmentKind.UNIT
    is_active: bool = True
    successors: tuple[int, ...] = ()
    """who followed it, where it has ended"""

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return tuple(match_key(name) for name in self.names)


@dataclass(frozen=True)
class NameMatch:
    """The department that a name means, and why; without a rule there is none.

    ``renamed_on`` is the day of the last renaming on the way. ``likely`` are those between which no rule decides.
    """

    department_id: int | None = None
    rule: MatchRule | None = None
    renamed_on: date | None = None
    likely: tuple[int, ...] = ()

    @property
    def needs_a_look(self) -> bool:
        return self.rule in NEEDS_A_LOOK


NO_MATCH = NameMatch()


class Directory:
    """The departments and renamings, made ready for asking many names of one document."""

    def __init__(self, departments: Iterable[Listed], renamings: Renamings) -> None:
        self._listed = {one.id: one for one in departments}
        self._renamings = renamings
        self._by_key = {
            key: (one, number) for one in self._listed.values() for number, key in enumerate(one.keys) if key
        }
        self._places: dict[int, Places] = {}

    def reader(self, body_id: int | None, dated_on: date | None) -> NameReader:
        """Who reads a document of this body and day; without a body no place can be added to a name."""
        places = self.places_of(body_id) if body_id in self._listed else Places(())
        return NameReader(self, self._renamings, places, dated_on)

    def find(self, key: str) -> tuple[Listed, int] | None:
        """The department of exactly this name, and which of its names it is (0 for the official one)."""
        return self._by_key.get(key)

    def is_active(self, department_id: int) -> bool:
        return self._listed[department_id].is_active

    def successors_of(self, department_id: int) -> tuple[int, ...]:
        """Who followed the department; nobody where it goes on."""
        return self._listed[department_id].successors

    def name_of(self, department_id: int) -> str:
        """The official name."""
        return self._listed[department_id].names[0]

    def places_of(self, department_id: int | None) -> Places:
        """Where the department stands: the places in its own name and in the names of those above it."""
        if department_id is None:
            return Places(())
        if department_id not in self._places:
            path = [int(part) for part in self._listed[department_id].path.split("/") if part]
            above = [one for one in reversed(path) if one in self._listed and one != department_id]
            chain = [self._listed[one].keys[0] for one in (department_id, *above)]
            self._places[department_id] = Places(chain)
        return self._places[department_id]

    @cached_property
    def by_form(self) -> Mapping[str, frozenset[int]]:
        """Active departments by every complete form of their names."""
        return _grouped(
            (form, one.id)
            for one in self._active
            for key in one.keys
            for form in full_forms(key, self.places_of(one.id))
        )

    @cached_property
    def by_second_name(self) -> Mapping[str, frozenset[int]]:
        """Active departments with two names by the complete forms of each."""
        return _grouped(
            (form, one.id)
            for one in self._active
            if one.kind is DepartmentKind.UNIT
            for key in one.keys
            for half in halves(key)
            for form in full_forms(half, self.places_of(one.id))
        )

    @cached_property
    def full_names(self) -> Mapping[Outline, Sequence[tuple[str, int]]]:
        """What follows the place in each complete form of each name of an active unit, with the department."""
        groups: dict[Outline, list[tuple[str, int]]] = {}
        for one in self._active:
            for name in one.names if one.kind is DepartmentKind.UNIT else ():
                for form in _spelled_forms(name, self.places_of(one.id)):
                    outline, rest = _outlined(form)
                    groups.setdefault(outline, []).append((rest, one.id))
        return groups

    @cached_property
    def _active(self) -> Sequence[Listed]:
        return [one for one in self._listed.values() if one.is_active]


@dataclass(frozen=True)
class NameReader:
    """Reads the names of one document: ``places`` are those of its body, ``dated_on`` is its day."""

    directory: Directory
    renamings: Renamings
    places: Places
    dated_on: date | None

    def match(self, name: str) -> NameMatch:
        """The department that the name means here, by the first rule that finds one; never a guess."""
        key = match_key(name)
        answers = self._answers(name, key) if key else iter(())
        return next((one for one in answers if one.department_id is not None or one.likely), NO_MATCH)

    def _answers(self, name: str, key: str) -> Iterator[NameMatch]:
        itself = self._by_name(name, key)
        if itself.department_id is None or self.directory.is_active(itself.department_id):
            yield itself
        yield self._by_succession(itself.department_id)
        yield self._by_renaming(key)
        # One that was switched off, and no renaming says who took over: that is for a person to settle.
        yield itself
        yield _only(self._by_forms(key), MatchRule.ELISION)
        if not MANY.search(key):
            yield self._by_second_name(key)
            yield self._by_subsequence(name)

    def _by_name(self, name: str, key: str) -> NameMatch:
        found = self.directory.find(key)
        if found is None or belongs_elsewhere(key, self.places, self.directory.places_of(found[0].id)):
            return NO_MATCH
        listed, number = found
        if number:
            return NameMatch(listed.id, MatchRule.ALIAS)
        return NameMatch(listed.id, MatchRule.EXACT if listed.names[0] == name else MatchRule.KEY)

    def _by_succession(self, department_id: int | None) -> NameMatch:
        """Who followed a department that has ended, and who followed those; several are a question."""
        ends: set[int] = set()
        seen: set[int] = set()
        waiting = list(self.directory.successors_of(department_id)) if department_id is not None else []
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            if self.directory.is_active(one):
                ends.add(one)
            else:
                waiting += self.directory.successors_of(one)
        return _only(frozenset(ends), MatchRule.SUCCESSOR)

    def _by_forms(self, key: str) -> frozenset[int]:
        forms = full_forms(key, self.places)
        # The complete form comes last; the plain one of another city must not count beside it.
        return next((found for form in reversed(forms) if (found := self._here(key, form))), frozenset())

    def _here(self, key: str, form: str) -> frozenset[int]:
        found = self.directory.by_form.get(form, frozenset())
        if form != key:
            return found
        places_of = self.directory.places_of
        return frozenset(one for one in found if not belongs_elsewhere(key, self.places, places_of(one)))

    def _by_renaming(self, key: str) -> NameMatch:
        ends = self._ends(key, self.dated_on, LONGEST_CHAIN)
        match = _only(frozenset(ends), MatchRule.RENAMING)
        return replace(match, renamed_on=ends.get(match.department_id)) if match.department_id is not None else match

    def _ends(self, key: str, after: date | None, steps_left: int) -> dict[int, date]:
        """The departments at which the renamings of this name end, with the day of the last one."""
        ends: dict[int, date] = {}
        for step in self.renamings.steps(key, self.places, after=after) if steps_left else ():
            for new in step.keys:
                found = self._current(new)
                further = {} if found else self._ends(new, step.renaming.from_on, steps_left - 1)
                ends |= dict.fromkeys(found, step.renaming.from_on) | further
                if found or further:
                    break
        return ends

    def _current(self, key: str) -> frozenset[int]:
        """Active departments that go by this new name, with or without its place."""
        found = self.directory.find(key)
        if found and found[0].is_active:
            there = self.directory.places_of(found[0].id)
            if not belongs_elsewhere(key, self.places, there):
                return frozenset({found[0].id})
        return self._by_forms(key) or self._with_second(key)

    def _by_second_name(self, key: str) -> NameMatch:
        """One of two names where the directory has both, or both where the directory has one."""
        halves_here = halves(key)
        ids = {one for half in halves_here for one in self._half(half)} if halves_here else self._with_second(key)
        return _only(frozenset(ids), MatchRule.SECOND_NAME)

    def _half(self, key: str) -> frozenset[int]:
        return self._current(key) or frozenset(self._ends(key, self.dated_on, LONGEST_CHAIN))

    def _with_second(self, key: str) -> frozenset[int]:
        known = self.directory.by_second_name
        return next((known[form] for form in reversed(full_forms(key, self.places)) if form in known), frozenset())

    def _by_subsequence(self, name: str) -> NameMatch:
        """A short name is taken for a full one at the same place that begins and ends like it and has all of it."""
        found = {
            department_id
            for outline, short in map(_outlined, _spelled_forms(name, self.places))
            if _is_telling(short)
            for full, department_id in self.directory.full_names.get(outline, ())
            if len(short) < len(full) and is_subsequence(short, full)
        }
        return _only(frozenset(found), MatchRule.SUBSEQUENCE)


def halves(key: str) -> list[str]:
    """Both names of a body with two, the one outside the brackets first."""
    found = TWO_NAMES.fullmatch(key)
    if found is None or MANY.search(key):
        return []
    outside, inside = found["outside"], found["inside"]
    return [match_key(outside), match_key(inside)]


def _spelled_forms(name: str, places: Places) -> list[str]:
    """The complete forms of the name, folded and as it is written: 人社 shortens only the latter."""
    spellings = dict.fromkeys((match_key(name), plain_name(name)))
    return [full_forms(spelling, places)[-1] for spelling in spellings if spelling]


def _outlined(form: str) -> tuple[Outline, str]:
    parts = split_place(form)
    place, rest = ("", form) if CENTRAL.search(form) else (parts.place, parts.rest)
    return (place, rest[:1], rest[-1:]), rest


def _is_telling(short: str) -> bool:
    """市委, 市委办 and 市政府办 are parts of many names and short for none."""
    subject = short[:-1]
    return len(subject) >= SHORTEST_SUBJECT and subject not in TOO_COMMON


def _only(found: frozenset[int], rule: MatchRule) -> NameMatch:
    """One department is a match; several are a question; none is nothing."""
    if len(found) != 1:
        return NameMatch(likely=tuple(sorted(found)))
    return NameMatch(next(iter(found)), rule)


def _grouped(pairs: Iterable[tuple[str, int]]) -> Mapping[str, frozenset[int]]:
    groups: dict[str, set[int]] = {}
    for form, department_id in pairs:
        groups.setdefault(form, set()).add(department_id)
    return {form: frozenset(ids) for form, ids in groups.items()}
