"""What the parser gives: a plan with its measures, and for every field how it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

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


@dataclass(frozen=True)
class Problem:
    """Something a person must look at; ``code`` comes from a fixed list, ``where`` and ``text`` are Chinese wording."""

    code: str
    where: str
    text: str


@dataclass(frozen=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of block ``block`` (its index in the blocks that were parsed).

    In a table, ``row`` and ``column`` name the cell that the characters belong to.
    """

    block: int
    start: int
    end: int
    row: int | None = None
    column: int | None = None


@dataclass(frozen=True)
class ParsedMeasure:
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
    targets: tuple[str, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """field name (lead, partners, deadline, recurrence) → how it is known"""
    inferred: Mapping[str, str] = field(default_factory=dict)
    """field name → name of the rule that inferred it"""
    review: tuple[str, ...] = ()
    """names of the fields that a person should look at before confirming"""
    inferred_lead: tuple[str, ...] = ()
    """a suggestion that the text does not state (the office of a speaker); never part of ``lead``"""
    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
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
    defaults: tuple[str, ...] = ()
    """units that the document says apply to every measure"""
    problems: tuple[Problem, ...] = ()
    document_number: str | None = None
    horizon: Day | None = None
    """last day of the plan's own period (2023—2025年 in the title → 2025-12-31)"""
