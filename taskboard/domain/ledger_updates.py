"""What an exported ledger that comes back asks for, row by row, apart from what the system changed meanwhile."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from taskboard.domain.terms import Terms, fingerprint

DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
LARGEST_NUMBER = 2**31 - 1


class RowProblem(StrEnum):
    """Why a row of an uploaded ledger cannot be taken over."""

    NUMBER_UNREADABLE = "number_unreadable"
    TWICE = "twice"
    UNKNOWN = "unknown"
    OTHER_PLAN = "other_plan"
    CHANGED_SINCE = "changed_since"
    NO_FINGERPRINT = "no_fingerprint"
    ENDED = "ended"
    DAY_UNREADABLE = "day_unreadable"
    DAY_EMPTY = "day_empty"
    DAY_PAST = "day_past"
    LEAD_EMPTY = "lead_empty"
    DEPARTMENT_UNKNOWN = "department_unknown"
    DEPARTMENT_TWICE = "department_twice"


class Verdict(StrEnum):
    """What a readable row means beside the task as it stands."""

    NOTHING = "nothing"
    CHANGE = "change"
    CHANGED_SINCE = "changed_since"
    NO_FINGERPRINT = "no_fingerprint"


@dataclass(frozen=True)
class Day:
    """A deadline as a cell says it; neither a day nor ongoing where the cell is empty."""

    due_on: date | None
    is_ongoing: bool


def read_number(text: str) -> int | None:
    """A task number; ``None`` for what is none. (A program may have made ``12.0`` of it.)"""
    digits = unicodedata.normalize("NFKC", text).strip().removesuffix(".0")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 10):
        return None
    number = int(digits)
    return number if 0 < number <= LARGEST_NUMBER else None


def read_day(text: str, *, ongoing: str) -> Day | None:
    """The deadline of a cell; ``ongoing`` is the word for an ongoing task. ``None`` for what cannot be read."""
    words = "".join(unicodedata.normalize("NFKC", text).split())
    words = re.sub(r"(?<=\d)T?00:00(:00)?$", "", words)
    if words in {"", ongoing}:
        return Day(None, is_ongoing=words == ongoing)
    found = DAY.fullmatch(words)
    if found is None:
        return None
    try:
        return Day(date(*(int(part) for part in found.groups())), is_ongoing=False)
    except ValueError:
        return None


def judge_row(task_id: int, *, exported: str, asked: Terms, current: Terms) -> Verdict:
    """Who changed what: ``exported`` is the fingerprint that the row was given when the ledger was made.

    A row that nobody touched in the file asks for nothing, even where the task was changed in the system since.
    """
    if asked == current or exported == fingerprint(task_id, asked):
        return Verdict.NOTHING
    if not exported:
        return Verdict.NO_FINGERPRINT
    return Verdict.CHANGE if exported == fingerprint(task_id, current) else Verdict.CHANGED_SINCE
