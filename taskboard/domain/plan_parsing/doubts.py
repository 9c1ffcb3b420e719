"""Reasons why a field may be wrong, by name, and how much each one takes from the trust in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum

Fields = tuple[str, ...]

FIELDS: Fields = ("lead", "partners", "deadline", "recurrence")
UNITS: Fields = ("lead", "partners")
TIMES: Fields = ("deadline", "recurrence")


class Doubt(StrEnum):
    """One reason to look at a field; docs/plan-documents.md and the labels say each in words."""

    ITEMS_TOGETHER = "items_together"
    ROW_UNLIKE_OTHERS = "row_unlike_others"
    TEXT_BROKEN = "text_broken"
    LEAD_MISSING = "lead_missing"
    SEVERAL_CLAUSES = "several_clauses"
    CLAUSE_BELOW = "clause_below"
    CLAUSE_IN_PROSE = "clause_in_prose"
    CLAUSE_DAMAGED = "clause_damaged"
    CLAUSE_UNREAD = "clause_unread"
    CLAUSE_WITH_STATEMENT = "clause_with_statement"
    CELL_FILLED_DOWN = "cell_filled_down"
    UNITS_ELSEWHERE = "units_elsewhere"
    ROLE_REPEATED = "role_repeated"
    ROLE_WITHOUT_UNIT = "role_without_unit"
    SEVERAL_LEADS = "several_leads"
    PARTNERS_MISSING = "partners_missing"
    NAME_UNKNOWN = "name_unknown"
    NAME_UNUSUAL = "name_unusual"
    NAME_LIKE_ANOTHER = "name_like_another"
    NAME_OF_PERSON = "name_of_person"
    NAMES_TOGETHER = "names_together"
    ENDING_RESTORED = "ending_restored"
    DAY_UNKNOWN = "day_unknown"
    DAY_OUT_OF_RANGE = "day_out_of_range"
    SEVERAL_DATES = "several_dates"
    LIMIT_LOOSE = "limit_loose"
    LIMIT_UNREAD = "limit_unread"
    TIME_UNREAD = "time_unread"
    TIME_MISSING = "time_missing"
    TIME_DAMAGED = "time_damaged"
    RHYTHM_UNREAD = "rhythm_unread"
    RHYTHM_UNCLEAR = "rhythm_unclear"


TRUST: Mapping[Doubt, float] = {
    Doubt.LEAD_MISSING: 0.2,
    Doubt.SEVERAL_LEADS: 0.2,
    Doubt.CELL_FILLED_DOWN: 0.2,
    Doubt.ROLE_WITHOUT_UNIT: 0.2,
    Doubt.NAME_UNUSUAL: 0.4,
    Doubt.DAY_UNKNOWN: 0.4,
    Doubt.NAME_UNKNOWN: 0.6,
    Doubt.CLAUSE_UNREAD: 0.6,
    Doubt.NAME_LIKE_ANOTHER: 0.6,
    Doubt.ROLE_REPEATED: 0.6,
    Doubt.LIMIT_UNREAD: 0.6,
    Doubt.TIME_UNREAD: 0.7,
    Doubt.TIME_DAMAGED: 0.7,
    Doubt.CLAUSE_DAMAGED: 0.7,
    Doubt.RHYTHM_UNREAD: 0.8,
}
"""share of fields that were right although the reason held, in damaged copies; the others are at ``USUAL_TRUST``"""
USUAL_TRUST = 0.9
FULL_TRUST = 0.99

Found = defaultdict[str, set[Doubt]]
"""field → reasons"""


def no_doubts() -> Found:
    """Nothing noted yet, as most measures keep it."""
    return defaultdict(set)


def noted(doubts: Mapping[str, Iterable[str]]) -> Found:
    """The reasons that a measure holds already, by their names."""
    found = no_doubts()
    for name, reasons in doubts.items():
        found[name].update(map(Doubt, reasons))
    return found


def add(found: Found, doubt: Doubt, fields: Iterable[str]) -> None:
    """Note ``doubt`` for each of ``fields``."""
    for name in fields:
        found[name].add(doubt)


def in_order(found: Mapping[str, Iterable[Doubt]]) -> dict[str, tuple[Doubt, ...]]:
    """Fields that have reasons, and their reasons, both in the order in which they are defined."""
    if not any(found.values()):
        return {}
    reasons = {name: set(found.get(name, ())) for name in FIELDS}
    return {name: tuple(doubt for doubt in Doubt if doubt in doubts) for name, doubts in reasons.items() if doubts}


def confidence(doubts: Iterable[str]) -> float:
    """From 0 to 1, how likely a field with these reasons is right: as likely as under the gravest of them."""
    return min((TRUST.get(Doubt(doubt), USUAL_TRUST) for doubt in doubts), default=FULL_TRUST)
