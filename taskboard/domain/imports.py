"""An import under review: what the document says, what a person made of it, and what stands in the way of confirming.

The reading is never changed. A decision is kept only where it differs from what was read, so that *stated* and
*decided* stay apart for ever.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.import_arrangement import (
    AS_READ,
    Arranged,
    Arrangement,
    Part,
    arrange,
    every_piece,
    order_keys,
    points_of,
)
from taskboard.domain.plan_parsing.reading import (
    Origin,
    ParsedMeasure,
    ParsedPlan,
    Recurrence,
    Target,
)
from taskboard.domain.report_rhythms import PlanRhythm, suggested_rhythm
from taskboard.domain.workflow import DeadlineOrigin

TITLE_LENGTH = 300
NAME_LENGTH = 200
UNIT_LENGTH = 50
"""characters of the unit of a target"""
OPENING_LENGTH = 60
SEPARATORS = "、，,；;\n\r\t"
OPENING_BRACKETS = "（(〔[【《“"
CLOSING_BRACKETS = "）)〕]】》”"
FIELDS_IN_DOUBT = ("lead", "partners", "deadline", "recurrence")
"""the fields of a measure that the parser can mark for review, in the order in which a person meets them"""


class RowKind(StrEnum):
    """What a row of the review was in the reading. Only measures are imported without a person's decision.

    The key of a row begins with its kind.
    """

    MEASURE = "m"
    CANDIDATE = "c"
    UNREAD = "u"


class DeadlineChoice(StrEnum):
    """Where the deadline of an imported measure shall come from."""

    STATED = "stated"
    INHERITED = "inherited"
    DATE = "date"
    ONGOING = "ongoing"
    NONE = "none"


class NameChoice(StrEnum):
    """What an unknown name shall become."""

    CREATE_UNIT = "create_unit"
    CREATE_COLLECTIVE = "create_collective"
    SAME_AS = "same_as"


KIND_OF_CHOICE: Mapping[NameChoice, DepartmentKind] = {
    NameChoice.CREATE_UNIT: DepartmentKind.UNIT,
    NameChoice.CREATE_COLLECTIVE: DepartmentKind.COLLECTIVE,
}


class Obstacle(StrEnum):
    """What must be settled before an import can be confirmed."""

    NOTHING_INCLUDED = "nothing_included"
    TITLE_EMPTY = "title_empty"
    LEAD_EMPTY = "lead_empty"
    SAME_DEPARTMENT = "same_department"
    NO_STATED_DEADLINE = "no_stated_deadline"
    NO_HORIZON = "no_horizon"
    DATE_EMPTY = "date_empty"
    DEPARTMENT_INACTIVE = "department_inactive"
    NAME_UNREADABLE = "name_unreadable"
    NAME_UNDECIDED = "name_undecided"
    TARGET_UNKNOWN = "target_unknown"
    LEADS_UNCHECKED = "leads_unchecked"
    UNITS_UNCHECKED = "units_unchecked"


@dataclass(frozen=True)
class PlanFacts:
    """What the plan is called and when it ends; ``defaults`` are the units named once for all measures."""

    title: str = ""
    issuer: str = ""
    document_number: str = ""
    dated_on: date | None = None
    horizon_on: date | None = None
    defaults: tuple[str, ...] = ()
    report_rhythm: PlanRhythm = PlanRhythm.NONE
    report_day: int | None = None


@dataclass(frozen=True)
class Entry:
    """What one measure becomes when the import is confirmed. ``decided_on`` counts only with the choice ``DATE``."""

    is_included: bool
    title: str
    lead: tuple[str, ...]
    partners: tuple[str, ...]
    deadline: DeadlineChoice
    decided_on: date | None = None
    recurrence: Recurrence | None = None
    targets: tuple[Target, ...] = ()
    looked_at: tuple[str, ...] = ()
    """doubtful fields that a person looked at and left as they were read"""
    is_dismissed: bool = False
    """whether a person saw that a passage which was not read is no measure"""

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.lead, *self.partners)


@dataclass(frozen=True)
class NameDecision:
    """``same_as`` is the other name, known or new in this import, that the unknown one stands for."""

    choice: NameChoice
    same_as: str = ""


@dataclass(frozen=True)
class Decisions:
    """What people entered; what is not in it stands as it was read. Keys of ``entries`` are the rows' keys."""

    facts: PlanFacts | None = None
    entries: Mapping[str, Entry] | None = None
    names: Mapping[str, NameDecision] | None = None
    arrangement: Arrangement = AS_READ


@dataclass(frozen=True)
class Row:
    """One measure under review: as it was read, as that would be imported, and as it stands now.

    ``number`` is that of the reading, whatever is moved; ``parts`` are the measures read that it consists of.
    """

    key: str
    number: int
    kind: RowKind
    parsed: ParsedMeasure
    proposal: Entry
    entry: Entry
    parts: tuple[Part, ...] = ()

    @property
    def is_offered(self) -> bool:
        """Whether the reading did not take it for a measure and offers it apart."""
        return self.kind is not RowKind.MEASURE

    @property
    def is_undecided(self) -> bool:
        """Whether it is a passage about which nobody said yet if it is a measure."""
        return self.kind is RowKind.UNREAD and not (self.entry.is_included or self.entry.is_dismissed)

    @property
    def split_points(self) -> list[int]:
        """Where it can be split, as characters of the measure that was read."""
        return [] if self.is_offered else points_of(Arranged(self.key, self.parsed, self.parts))

    @property
    def has_inferred_lead(self) -> bool:
        """Whether the lead stands as it was read and the text does not call it the lead."""
        return (
            bool(self.entry.lead)
            and self.entry.lead == self.proposal.lead
            and self.parsed.origins.get("lead") is Origin.INFERRED
        )

    def is_decided(self, field: str) -> bool:
        """Whether a person changed this field of the entry; the day that was chosen belongs to the deadline."""
        if field == "deadline" and self.is_decided("decided_on"):
            return True
        return bool(getattr(self.entry, field) != getattr(self.proposal, field))

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Fields that the parser marked for review, whether or not somebody looked at them."""
        return tuple(name for name in FIELDS_IN_DOUBT if name in self.parsed.review) if self.parsed.review else ()

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Doubtful fields that nobody changed or looked at yet; none where the measure is left out."""
        if not self.entry.is_included:
            return ()
        return tuple(name for name in self.doubtful if name not in self.entry.looked_at and not self.is_decided(name))


@dataclass(frozen=True)
class Due:
    """The deadline that a choice leads to; ``due_on`` is ``None`` for an ongoing task and for a missing date."""

    due_on: date | None
    origin: DeadlineOrigin


def read_facts(plan: ParsedPlan) -> PlanFacts:
    """The facts of the plan as the document states them."""
    rhythm, day = suggested_rhythm(plan.rhythm)
    return PlanFacts(
        title=(plan.title or "")[:TITLE_LENGTH],
        issuer=(plan.issuer or "")[:NAME_LENGTH],
        document_number=(plan.document_number or "")[:100],
        dated_on=plan.date,
        horizon_on=plan.horizon,
        defaults=tuple(name[:NAME_LENGTH] for name in plan.defaults),
        report_rhythm=rhythm,
        report_day=day,
    )


@dataclass(frozen=True)
class Proposed:
    """What a reading would become untouched, its measures arranged in one way.

    ``entries`` are what decisions are measured against, by key: also of what is a part of another now and may stand
    alone again.
    """

    plan: ParsedPlan
    arrangement: Arrangement
    rows: tuple[Row, ...]
    entries: Mapping[str, Entry]


def propose_all(plan: ParsedPlan, arrangement: Arrangement = AS_READ) -> Proposed:
    """The measures and then what is offered apart, as they are proposed; for thousands of measures worth keeping."""
    offered = [*_offered_rows(RowKind.UNREAD, plan.unread), *_offered_rows(RowKind.CANDIDATE, plan.candidates)]
    rows = (*_measure_rows(arrange(plan, arrangement)), *offered)
    if not arrangement:
        return Proposed(plan, arrangement, rows, {row.key: row.proposal for row in rows})
    every = (*_measure_rows(every_piece(plan, arrangement)), *offered)
    return Proposed(plan, arrangement, rows, {row.key: row.proposal for row in every})


def review_rows(proposed: Proposed, entries: Mapping[str, Entry]) -> list[Row]:
    """The measures and then what is offered apart, each with what was decided about it so far."""
    return [replace(row, entry=entries[row.key]) if row.key in entries else row for row in proposed.rows]


def _measure_rows(measures: Iterable[Arranged]) -> Iterator[Row]:
    for one in measures:
        proposal = propose(one.parsed)
        number = int(one.parts[0].source[1:])
        yield Row(one.key, number, RowKind.MEASURE, one.parsed, proposal, proposal, one.parts)


def _offered_rows(kind: RowKind, offered: Iterable[ParsedMeasure]) -> Iterator[Row]:
    for number, parsed in enumerate(offered, start=1):
        proposal = propose(parsed, is_included=False)
        key = f"{kind.value}{number}"
        yield Row(key, number, kind, parsed, proposal, proposal, (Part(key, 0, len(parsed.text)),))


def in_plan_order(rows: Sequence[Row], arrangement: Arrangement) -> list[Row]:
    """The rows as they follow each other in the plan: in the document's order, or as it was decided.

    A candidate goes where its text stands, behind the measure that it follows in the document.
    """
    if not all(row.parsed.spans.get("text") for row in rows):
        return list(rows)
    natural = sorted(rows, key=_beginning)
    places = {key: place for place, key in enumerate(order_keys([row.key for row in natural], arrangement.order))}
    return sorted(natural, key=lambda row: places[row.key])


def _beginning(row: Row) -> tuple[int, int, int, int, int]:
    first = row.parsed.spans["text"][0]
    return (first.block, first.row or 0, first.column or 0, first.start, row.parts[0].start if row.parts else 0)


def propose(parsed: ParsedMeasure, *, is_included: bool = True) -> Entry:
    """The measure as it would be imported untouched. A date is proposed only where the text states one."""
    return Entry(
        is_included=is_included,
        title=title_of(parsed),
        lead=_each_once(parsed.lead),
        partners=_each_once(parsed.partners),
        deadline=_stated_choice(parsed),
        recurrence=parsed.recurrence,
        targets=tuple(_fitting(one) for one in parsed.targets),
    )


def _fitting(target: Target) -> Target:
    return replace(target, quantity=target.quantity[:NAME_LENGTH], unit=target.unit[:UNIT_LENGTH])


def _stated_choice(parsed: ParsedMeasure) -> DeadlineChoice:
    if parsed.deadline is not None:
        return DeadlineChoice.STATED
    return DeadlineChoice.ONGOING if parsed.recurrence is Recurrence.ONGOING else DeadlineChoice.NONE


def title_of(parsed: ParsedMeasure) -> str:
    """The heading; with the opening of the text where rows of a table share one heading, or there is none."""
    opening = _opening(parsed.text)
    heading = "".join((parsed.heading or "").split())
    if not heading:
        return opening
    if "".join(parsed.text.split()).startswith(heading) or not opening:
        return heading[:TITLE_LENGTH]
    return f"{heading}：{opening}"[:TITLE_LENGTH]


def _opening(text: str) -> str:
    sentence = re.split(r"[。；！\n]", "".join(text.strip().split(" ")), maxsplit=1)[0].strip()
    return sentence if len(sentence) <= OPENING_LENGTH else sentence[: OPENING_LENGTH - 1] + "…"


def taken(entry: Entry) -> Entry:
    """The entry as one that is imported."""
    return replace(entry, is_included=True, is_dismissed=False)


def dismissed(entry: Entry) -> Entry:
    """The entry as one that a person found to be no measure."""
    return replace(entry, is_included=False, is_dismissed=True)


def due_of(entry: Entry, parsed: ParsedMeasure, facts: PlanFacts) -> Due:
    """The deadline the entry would get now; a choice that has no date yet gives a missing one."""
    match entry.deadline:
        case DeadlineChoice.STATED if parsed.deadline is not None:
            return Due(parsed.deadline, DeadlineOrigin.STATED)
        case DeadlineChoice.INHERITED if facts.horizon_on is not None:
            return Due(facts.horizon_on, DeadlineOrigin.INHERITED)
        case DeadlineChoice.DATE if entry.decided_on is not None:
            return Due(entry.decided_on, DeadlineOrigin.DECIDED)
        case DeadlineChoice.ONGOING:
            return Due(None, DeadlineOrigin.ONGOING)
        case _:
            return Due(None, DeadlineOrigin.MISSING)


def obstacles_of_entry(entry: Entry, parsed: ParsedMeasure, facts: PlanFacts) -> list[Obstacle]:
    """What the entry lacks in itself; whether its units can be told apart is for those who know the directory."""
    found = []
    if not entry.title:
        found.append(Obstacle.TITLE_EMPTY)
    if not entry.lead:
        found.append(Obstacle.LEAD_EMPTY)
    if due_of(entry, parsed, facts).origin is DeadlineOrigin.MISSING:
        found += _MISSING_DATE.get(entry.deadline, [])
    return found


_MISSING_DATE: Mapping[DeadlineChoice, list[Obstacle]] = {
    DeadlineChoice.STATED: [Obstacle.NO_STATED_DEADLINE],
    DeadlineChoice.INHERITED: [Obstacle.NO_HORIZON],
    DeadlineChoice.DATE: [Obstacle.DATE_EMPTY],
}


COLLECTIVE = re.compile(
    r"^(各|有关|相关|其他|其它)"
    r"|级(及)?以上"
    r"|(成员单位|有关(部门|单位|方面)|相关(部门|单位|方面)|各?专班)$"
    r"|各(级|地|市|州|县|区|乡|镇|街道|街办|园区|开发区|部门|单位|有关|相关|直属)"
)


def guess_kind(name: str) -> DepartmentKind:
    """Whether the wording names one unit or many (各市人民政府, 成员单位): a proposal for a person to change."""
    return DepartmentKind.COLLECTIVE if COLLECTIVE.search(name) else DepartmentKind.UNIT


def with_lead(entry: Entry, names: tuple[str, ...]) -> Entry:
    """The entry led by these units where it is included and nobody leads it; a new lead stops being a partner."""
    if entry.lead or not entry.is_included:
        return entry
    return led_by(entry, names)


def with_deadline(entry: Entry, choice: DeadlineChoice, day: date | None = None) -> Entry:
    """The entry with this deadline; ``day`` counts only with the choice of a date."""
    return replace(entry, deadline=choice, decided_on=day if choice is DeadlineChoice.DATE else None)


def led_by(entry: Entry, names: tuple[str, ...]) -> Entry:
    """The entry led by these units, whoever led before; a new lead stops being a partner."""
    return replace(entry, lead=names, partners=tuple(name for name in entry.partners if name not in names))


def joined_by(entry: Entry, names: tuple[str, ...]) -> Entry:
    """The entry with these units as partners too; its lead stays its lead."""
    return replace(entry, partners=_each_once([*entry.partners, *(one for one in names if one not in entry.lead)]))


def split_names(text: str) -> tuple[str, ...]:
    """Unit names from a field: separated by 、，； or a new line, never inside brackets; each once, in order."""
    return _each_once("".join(filter(_is_written, name)) for name in _pieces(text))


def _is_written(character: str) -> bool:
    """Blanks and characters of no width (from web pages) would make two names of one."""
    return not character.isspace() and unicodedata.category(character) != "Cf"


def _pieces(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for position, character in enumerate(text):
        if character in OPENING_BRACKETS:
            depth += 1
        elif character in CLOSING_BRACKETS:
            depth = max(0, depth - 1)
        elif character in SEPARATORS and not depth:
            yield text[start:position]
            start = position + 1
    yield text[start:]


def join_names(names: Iterable[str]) -> str:
    """The names as one field shows them; :func:`split_names` gives them back."""
    return "、".join(names)


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
