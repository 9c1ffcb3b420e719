"""What a clause says: who leads, who takes part, which persons and time limits it names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

import msgspec

from taskboard.domain.plan_parsing.fields import Field
from taskboard.domain.plan_parsing.text import Text
from taskboard.domain.plan_parsing.units import Unit


class Form(Enum):
    """How a clause is written."""

    FIELDS = "fields"
    BRACKET = "bracket"
    SENTENCE = "sentence"
    PROSE = "prose"


IN_TEXT = frozenset({Form.SENTENCE, Form.PROSE})
"""forms that ordinary sentences may have too"""


@dataclass(slots=True)
class Reading:
    """What one clause says; ``stray`` are words in it that were not understood."""

    leads: list[Unit] = field(default_factory=list)
    responsible: list[Unit] = field(default_factory=list)
    partners: list[Unit] = field(default_factory=list)
    order: list[Unit] = field(default_factory=list)
    """responsible units and partners in the order written"""
    persons: list[str] = field(default_factory=list)
    time_limits: list[Text] = field(default_factory=list)
    stray: list[Text] = field(default_factory=list)
    damaged: bool = False
    """whether the clause was recognised although a mark of it is lost"""

    @property
    def has_units(self) -> bool:
        return bool(self.leads or self.responsible or self.partners)

    def add(self, role: Field, units: Iterable[Unit]) -> None:
        for unit in units:
            if unit.role_mark == "lead" or (role is Field.LEAD and unit.role_mark != "partner"):
                self.leads.append(unit)
            elif role is Field.PARTNER or unit.role_mark == "partner":
                self.partners.append(unit)
                self.order.append(unit)
            else:
                self.responsible.append(unit)
                self.order.append(unit)

    def merge(self, other: Reading) -> None:
        self.leads += other.leads
        self.responsible += other.responsible
        self.partners += other.partners
        self.order += other.order
        self.persons += other.persons
        self.time_limits += other.time_limits
        self.stray += other.stray
        self.damaged = self.damaged or other.damaged

    def merge_moved(self, other: Reading, place: Text) -> None:
        """Merge what ``other`` says as said at ``place``: its texts were cut out of one with positions from 0."""
        moved: dict[int, Unit] = {}
        for mine, theirs in (
            (self.leads, other.leads),
            (self.responsible, other.responsible),
            (self.partners, other.partners),
            (self.order, other.order),
        ):
            for unit in theirs:
                # A unit stands in several of the lists and must stay one and the same.
                if id(unit) not in moved:
                    moved[id(unit)] = unit.moved_to(place)
                mine.append(moved[id(unit)])
        self.persons += other.persons
        for limit in other.time_limits:
            self.time_limits.append(limit.moved_to(place))
        for stray in other.stray:
            self.stray.append(stray.moved_to(place))
        self.damaged = self.damaged or other.damaged


class Clause(msgspec.Struct, frozen=True, gc=False):
    """A clause in a text: characters ``start`` to ``end`` with its brackets, and what it says."""

    start: int
    end: int
    form: Form
    content: Text
    reading: Reading


class Assigned(NamedTuple):
    """Who leads and who takes part, from all the clauses of one item."""

    leads: tuple[Unit, ...]
    partners: tuple[Unit, ...]
    lead_is_stated: bool
    lead_names: tuple[str, ...]
    partner_names: tuple[str, ...]


def assign(readings: Iterable[Reading]) -> Assigned:
    """The first clause that names a lead gives it, all others are partners; without 牵头 the first listed leads."""
    leads: list[Unit] = []
    partners: list[Unit] = []
    stated = False
    for reading in readings:
        if not leads and reading.leads:
            leads, stated = list(reading.leads), True
            partners += reading.order
        elif not leads and reading.responsible:
            leads = list(reading.responsible[:1])
            partners += [unit for unit in reading.order if unit not in leads]
        else:
            partners += [*reading.leads, *reading.order]
    leading, others = _each_once(leads), _each_once(partners, leads)
    return Assigned(leading, others, stated, tuple(unit.name for unit in leading), tuple(unit.name for unit in others))


def _each_once(units: Iterable[Unit], already: Iterable[Unit] = ()) -> tuple[Unit, ...]:
    seen = {unit.name for unit in already}
    once: list[Unit] = []
    for unit in units:
        if unit.name not in seen:
            seen.add(unit.name)
            once.append(unit)
    return tuple(once)


class Who(msgspec.Struct, frozen=True, gc=False):
    """Who does the work of a measure, with the words that say so."""

    assigned: Assigned
    leads: Sequence[Text]
    """where each is named; the texts of ``assigned`` itself stand anywhere, since rows with the same names share it"""
    partners: Sequence[Text]
    as_written: str = ""
    persons: Sequence[str] = ()
    time_limits: Sequence[Text] = ()
    stray: Sequence[Text] = ()
    """words that were not understood"""

    @property
    def names_units(self) -> bool:
        return bool(self.assigned.leads or self.assigned.partners)


def who_by(readings: Sequence[Reading], written: str) -> Who:
    """What all these clauses say together."""
    assigned = assign(reading for reading in readings if reading.has_units)
    return Who(
        assigned,
        [unit.said for unit in assigned.leads],
        [unit.said for unit in assigned.partners],
        written,
        [name for reading in readings for name in reading.persons],
        [limit for reading in readings for limit in reading.time_limits],
        [text for reading in readings for text in reading.stray],
    )
