"""A directory as a table: what its cells say, and what can be wrong with them.

A period stands in brackets behind a name: 市环保局（2009-01-01至2018-12-31）, 市环保局（至2018-12-31）,
各县区人民政府（2024-01-01起）.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

SEPARATORS = re.compile(r"[、，,；;\n\t]+")
DAY = r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?"
PERIOD = re.compile(rf"[（(]\s*自?\s*(?P<first>{DAY})?\s*(?:起|至今|(?:至|到|—|~)\s*(?P<last>{DAY})?)\s*[）)]\s*$")
DAY_PARTS = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")
"""characters by which spreadsheet programs take a text of a CSV file for a formula"""


class Problem(StrEnum):
    """What can be wrong with a cell; :mod:`taskboard.labels.directory` has the words."""

    NAME_MISSING = "name_missing"
    NAME_UNUSABLE = "name_unusable"
    NUMBER_UNKNOWN = "number_unknown"
    NUMBER_OF_ANOTHER = "number_of_another"
    TWICE = "twice"
    NAME_TAKEN = "name_taken"
    PARENT_UNKNOWN = "parent_unknown"
    PARENT_LIKE = "parent_like"
    PARENT_INACTIVE = "parent_inactive"
    CYCLE = "cycle"
    TOO_DEEP = "too_deep"
    KIND_UNKNOWN = "kind_unknown"
    KIND_CHANGED = "kind_changed"
    LEVEL_UNKNOWN = "level_unknown"
    LEVEL_TOO_HIGH = "level_too_high"
    LEVEL_TOO_LOW = "level_too_low"
    YES_OR_NO = "yes_or_no"
    STATE_CHANGED = "state_changed"
    OLD_NAME_UNDATED = "old_name_undated"
    OLD_NAME_OFFICIAL = "old_name_official"
    PERIOD_WRONG = "period_wrong"
    DAY_WRONG = "day_wrong"
    GROUP_UNKNOWN = "group_unknown"
    GROUP_NOT_COLLECTIVE = "group_not_collective"
    MEMBER_COLLECTIVE = "member_collective"
    USERNAME_FORM = "username_form"
    PERSON_MISSING = "person_missing"
    PERSON_DIFFERS = "person_differs"
    EMAIL_FORM = "email_form"
    DEPARTMENT_MISSING = "department_missing"
    DEPARTMENT_UNKNOWN = "department_unknown"
    DEPARTMENT_COLLECTIVE = "department_collective"
    DEPARTMENT_INACTIVE = "department_inactive"
    ROLE_MISSING = "role_missing"
    ROLE_UNKNOWN = "role_unknown"
    ROLE_BY_HAND = "role_by_hand"
    UNKNOWN_COLUMN = "unknown_column"


@dataclass(frozen=True)
class CellProblem:
    """One thing wrong at one cell; ``cell`` is its reference in its sheet (``C12``), ``text`` what stands there."""

    sheet: str
    cell: str
    column: str
    problem: Problem
    text: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class DatedName(NamedTuple):
    """A name with the period that stands behind it in brackets."""

    name: str
    first: date | None
    last: date | None


class UnreadableDay(ValueError):
    """A text that should be a day and is none."""


def read_day(text: str) -> date | None:
    """The day of a cell; ``None`` for an empty one; raises :class:`UnreadableDay`."""
    plain = "".join(text.split())
    if not plain:
        return None
    found = DAY_PARTS.fullmatch(plain.removesuffix("00:00:00"))
    try:
        if found is None:
            raise UnreadableDay(text)
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        raise UnreadableDay(text) from None


def split_cell(text: str) -> list[str]:
    """The entries of a cell that holds several; brackets keep what is in them together."""
    entries, depth, start = [], 0, 0
    for position, char in enumerate(text):
        if char in "（(":
            depth += 1
        elif char in "）)":
            depth = max(0, depth - 1)
        elif SEPARATORS.fullmatch(char) and not depth:
            entries.append(text[start:position])
            start = position + 1
    entries.append(text[start:])
    return list(dict.fromkeys(one.strip() for one in entries if one.strip()))


def read_dated_name(text: str) -> DatedName:
    """A name and the period behind it; raises :class:`UnreadableDay` for a day that does not exist."""
    found = PERIOD.search(text)
    if found is None:
        return DatedName(text.strip(), None, None)
    first, last = found["first"], found["last"]
    return DatedName(text[: found.start()].strip(), read_day(first or ""), read_day(last or ""))


def write_dated_name(name: str, first: date | None, last: date | None) -> str:
    """The name with its period, as :func:`read_dated_name` reads it."""
    if last is not None:
        return f"{name}（{first or ''}至{last}）"
    return f"{name}（{first}起）" if first else name


def column_letters(number: int) -> str:
    """``C`` for the third column (from 0: 2)."""
    letters, number = "", number + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def guarded(text: str) -> str:
    """A text as a cell of a CSV file holds it: one that a program would take for a formula gets a quote before it."""
    return f"'{text}" if text.startswith(FORMULA_BEGINS) else text


def unguarded(text: str) -> str:
    """The text without the quote that :func:`guarded` put there."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_BEGINS) else text


def rings(parents: Mapping[Any, Any]) -> Iterator[list[Any]]:
    """Each ring in a tree of ``{child: parent}``, from where it was found first; none where it is a tree indeed."""
    settled: set[Any] = set()
    for start in parents:
        way: list[Any] = []
        on_way: set[Any] = set()
        one = start
        while one is not None and one not in settled and one not in on_way:
            way.append(one)
            on_way.add(one)
            one = parents.get(one)
        if one is not None and one in on_way:
            yield way[way.index(one) :]
        settled |= on_way
