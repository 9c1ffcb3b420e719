"""What the parser gives: a plan with its measures, and for every field how it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

import msgspec

Day = date
"""the type, where a field is called ``date`` itself"""


class Origin(StrEnum):
    """How a field is known; a fourth, *decided*, comes only from people and never from the parser."""

    STATED = "stated"
    INFERRED = "inferred"
    MISSING = "missing"


class Recurrence(StrEnum):
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    ONGOING = "ongoing"


class Comparison(StrEnum):
    """How a figure is held against the value of its target; ``INCREASE_BY`` and ``DECREASE_BY`` speak of a change."""

    REACH = "reach"
    """达到70%, 新增8000家: the figure grows up to the value"""
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    ABOUT = "about"
    EXACTLY = "exactly"
    BETWEEN = "between"
    INCREASE_BY = "increase_by"
    DECREASE_BY = "decrease_by"


class Resolve(StrEnum):
    """How firmly a target is set: 力争 strives for it, 确保 ensures it."""

    STRIVE = "strive"
    ENSURE = "ensure"


# Without the hash asked for, a dataclass that is not frozen has none; joined measures tell equal targets by it.
@dataclass(slots=True, unsafe_hash=True)
class Target:
    """One figure that a measure sets itself, as data that a task can be held against; never changed, but not frozen,
    since many are made.
    """

    words: str
    """as written, the compared quantity left out: 达到70%以上"""
    quantity: str
    """what is counted or measured, as written: 网上办理率, 小微企业; empty where the text does not name it"""
    unit: str
    """with its scale, as written: 家, %, 个百分点, 万亩, 亿元"""
    comparison: Comparison
    value: float
    """in ``unit``: 1.2 for 1.2亿元"""
    upper: float | None = None
    """the other end of a range (3—5家)"""
    base_year: int | None = None
    """the year that a change is counted from (比2015年下降10%)"""
    resolve: Resolve | None = None


class RhythmKind(StrEnum):
    """How often a document wants reports."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    TWO_MONTHLY = "two_monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"
    DATED = "dated"
    """on the days that the document lists"""


class Span(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Characters ``start`` to ``end`` (exclusive) of block ``block`` (its index in the blocks that were parsed).

    In a table, ``row`` and ``column`` name the cell that the characters belong to.
    """

    block: int
    start: int
    end: int
    row: int | None = None
    column: int | None = None


@dataclass(frozen=True)
class ReportRhythm:
    """When the departments report on the whole document, as it says itself."""

    kind: RhythmKind
    words: str
    """as written"""
    day: int | None = None
    """the day of the month, 1 to 31; 31 is the last one of any month"""
    weekday: int | None = None
    """1 (Monday) to 7"""
    month: int | None = None
    """the month within the quarter, half-year or year, from 1 (每季度第1个月20日前)"""
    dates: tuple[date, ...] = ()
    """the days of a list"""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Something a person must look at; ``code`` comes from a fixed list, ``where`` and ``text`` are Chinese wording."""

    code: str
    where: str
    text: str
    spans: tuple[Span, ...] = ()
    """the passages of the document that it is about, where it is about some that no measure holds"""


class ParsedMeasure(msgspec.Struct, frozen=True):
    """One measure as the document states it; unit names keep the document's wording, elided prefixes restored."""

    path: tuple[str, ...]
    heading: str | None
    text: str
    text_head: str
    lead: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    units_as_written: str | None = None
    deadline: date | None = None
    deadline_text: str | None = None
    recurrence: Recurrence | None = None
    persons: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    origins: Mapping[str, Origin] = msgspec.field(default_factory=dict)
    """field name (lead, partners, deadline, recurrence) → how it is known"""
    inferred: Mapping[str, str] = msgspec.field(default_factory=dict)
    """field name → name of the rule that inferred it"""
    review: tuple[str, ...] = ()
    """names of the fields that a person should look at before confirming"""
    doubts: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """field name → why it should be looked at, by the names of ``doubts.Doubt``"""
    inferred_lead: tuple[str, ...] = ()
    """a suggestion that the text does not state (the office of a speaker); never part of ``lead``"""
    spans: Mapping[str, tuple[Span, ...]] = msgspec.field(default_factory=dict)
    """field name (text, heading, lead, partners, deadline, …) → the characters it came from"""


@dataclass(frozen=True)
class ParsedPlan:
    """The reading of one document."""

    title: str | None
    issuer: str | None
    date: Day | None
    measures: tuple[ParsedMeasure, ...]
    candidates: tuple[ParsedMeasure, ...] = ()
    """items without a clause in a document that has clauses: offered apart, not taken"""
    unread: tuple[ParsedMeasure, ...] = ()
    """passages that name units as a clause does and that no item holds, as the measures that they would be: offered
    apart too, beside the problem that tells of them"""
    defaults: tuple[str, ...] = ()
    """units that the document says apply to every measure"""
    problems: tuple[Problem, ...] = ()
    document_number: str | None = None
    horizon: Day | None = None
    """last day of the plan's own period (2023—2025年 in the title → 2025-12-31)"""
    rhythm: ReportRhythm | None = None
    """when departments report on the whole document (每月28日前报送); no measure's own recurrence"""


@dataclass(frozen=True)
class SecondLook:
    """What the second look at a reading changes and adds."""

    measures: Mapping[int, ParsedMeasure] = field(default_factory=dict)
    """place among the measures → the measure with other doubts"""
    problems: tuple[Problem, ...] = ()
    """behind those that were told already"""
    unread: tuple[ParsedMeasure, ...] = ()

    def of(self, plan: ParsedPlan) -> ParsedPlan:
        """The plan with all of it."""
        measures = tuple([self.measures.get(number, one) for number, one in enumerate(plan.measures)])
        return replace(plan, measures=measures, problems=(*plan.problems, *self.problems), unread=self.unread)
