"""An import under review: its names looked up in the directory, and what stands in the way of confirming it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from taskboard.domain.department_matching import NEEDS_A_LOOK, MatchRule
from taskboard.domain.department_names import match_key
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.import_arrangement import cut_spans
from taskboard.domain.import_decisions import decisions_from_json, stored_arrangement
from taskboard.domain.imports import (
    FIELDS_IN_DOUBT,
    KIND_OF_CHOICE,
    Decisions,
    Due,
    NameChoice,
    NameDecision,
    Obstacle,
    PlanFacts,
    Row,
    due_of,
    guess_kind,
    obstacles_of_entry,
    read_facts,
    review_rows,
)
from taskboard.domain.plan_parsing.reading import Problem, Span
from taskboard.domain.workflow import DeadlineOrigin
from taskboard.models import Department, ImportDraft
from taskboard.services.department_matching import FoundName, match_written
from taskboard.services.department_names import suggest_all
from taskboard.services.open_drafts import open_draft
from taskboard.services.readings import places_by_key

Identity = tuple[str, int | str]
"""what tells two units of a review apart"""


@dataclass(frozen=True)
class ReviewUnit:
    """A unit of a row: a department of the directory, or a new one (``new_key``) where that is decided.

    ``rule`` says how its name was found in the directory, unless a person decided what it stands for.
    """

    name: str
    department_id: int | None = None
    department_name: str | None = None
    kind: DepartmentKind | None = None
    new_key: str | None = None
    is_active: bool = True
    rule: MatchRule | None = None

    @property
    def needs_a_look(self) -> bool:
        return self.rule in NEEDS_A_LOOK

    @property
    def identity(self) -> Identity:
        """Equal for two names exactly when they would end as one department."""
        return ("id", self.department_id) if self.department_id is not None else ("new", self.new_key or self.name)

    @property
    def is_collective(self) -> bool:
        return self.kind is DepartmentKind.COLLECTIVE


class Suggestion(NamedTuple):
    department_id: int
    name: str


@dataclass(frozen=True)
class UnknownName:
    """A unit that the directory does not know, with all spellings of it in this document.

    ``decision`` is what a person chose, ``proposal`` what happens when nobody chooses: a name that resembles a known
    one has none, so that no second department of the same unit comes to be in silence.
    """

    key: str
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    guessed_kind: DepartmentKind
    suggestions: tuple[Suggestion, ...]
    decision: NameDecision | None = None

    @property
    def name(self) -> str:
        """The spelling that becomes the official name."""
        return _official(self.names)

    @property
    def proposal(self) -> NameDecision | None:
        if self.suggestions:
            return None
        return NameDecision(_CREATE[self.guessed_kind])

    @property
    def effective(self) -> NameDecision | None:
        return self.decision or self.proposal


def _official(names: Iterable[str]) -> str:
    """The longest spelling is the least abbreviated."""
    return max(names, key=len)


_CREATE = {kind: choice for choice, kind in KIND_OF_CHOICE.items()}


@dataclass(frozen=True)
class Hindrance:
    """One obstacle and where it stands: at a row, at an unknown name, or at the import as a whole."""

    obstacle: Obstacle
    row_key: str | None = None
    name_key: str | None = None


@dataclass(frozen=True)
class ReviewRow:
    """One measure with its units resolved against the directory."""

    row: Row
    lead: tuple[ReviewUnit, ...]
    partners: tuple[ReviewUnit, ...]
    due: Due
    obstacles: tuple[Obstacle, ...]

    @property
    def is_undated(self) -> bool:
        return self.due.origin is DeadlineOrigin.MISSING

    @property
    def units_to_look_at(self) -> dict[str, tuple[ReviewUnit, ...]]:
        """By field, the units that only a rule which is wrong now and then found, until somebody accepted them."""
        if not self.row.entry.is_included:
            return {}
        found = {"lead": self.lead, "partners": self.partners}
        units = {name: tuple(unit for unit in units if unit.needs_a_look) for name, units in found.items()}
        return {name: some for name, some in units.items() if some and name not in self.row.entry.looked_at}

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Fields that a person should look at: marked by the parser, or with units to be confirmed."""
        names = {*self.row.uncertain, *self.units_to_look_at}
        return tuple(name for name in FIELDS_IN_DOUBT if name in names)

    @property
    def needs_a_look(self) -> bool:
        """Whether a person has something to decide about it: a field, or whether it is a measure at all."""
        return bool(self.uncertain) or self.row.is_undecided

    @property
    def doubtful(self) -> tuple[str, ...]:
        """The same fields, whether or not somebody looked at them."""
        units = {"lead": self.lead, "partners": self.partners}
        names = {*self.row.doubtful, *(name for name, some in units.items() if any(unit.needs_a_look for unit in some))}
        return tuple(name for name in FIELDS_IN_DOUBT if name in names)


@dataclass(frozen=True)
class Review:
    """A draft as it stands: everything the page shows, and what stands in the way of confirming."""

    draft_id: int
    version: int
    facts: PlanFacts
    read_facts: PlanFacts
    rows: tuple[ReviewRow, ...]
    defaults: tuple[ReviewUnit, ...]
    unknown: tuple[UnknownName, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    rhythm_words: str
    """how the document says when to report on it"""
    decisions: Decisions
    hindrances: tuple[Hindrance, ...]

    def rows_by_key(self, keys: Container[str]) -> list[tuple[str, ReviewRow]]:
        """Some rows with their keys, in their order."""
        return [(one.row.key, one) for one in self.rows if one.row.key in keys]

    @property
    def included(self) -> list[ReviewRow]:
        return [one for one in self.rows if one.row.entry.is_included]

    @property
    def with_inferred_lead(self) -> list[ReviewRow]:
        """Rows whose lead only confirming makes certain."""
        return [one for one in self.included if one.row.has_inferred_lead]

    @property
    def with_doubts(self) -> list[ReviewRow]:
        """Rows with a field that the parser marked, or a unit to be confirmed, and nobody looked at yet."""
        return [one for one in self.rows if one.uncertain]

    @property
    def undecided(self) -> list[ReviewRow]:
        """Passages that were not read and about which nobody decided yet."""
        return [one for one in self.rows if one.row.is_undecided]

    @property
    def with_units_to_look_at(self) -> list[ReviewRow]:
        """Rows with a unit that was found by a rule which is wrong now and then, and that nobody accepted yet."""
        return [one for one in self.included if one.units_to_look_at]

    @property
    def with_collective_lead(self) -> list[ReviewRow]:
        """Rows that cannot be issued before the lead is one unit."""
        return [one for one in self.included if any(unit.is_collective for unit in one.lead)]


def decisions_seen(draft: ImportDraft, seen: Mapping[str, Any]) -> Decisions:
    """Facts and entries as they stood for somebody who saw these decisions; raises ``ValueError`` for what are none."""
    proposed = open_draft(draft).proposed(stored_arrangement(draft.decisions))
    try:
        found = decisions_from_json(proposed, seen)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("these are no decisions") from error
    return replace(found, entries={**proposed.entries, **(found.entries or {})})


def review_draft(session: Session, draft: ImportDraft) -> Review:
    """The draft with its names looked up in the directory as it is now."""
    opened = open_draft(draft)
    plan = opened.plan
    proposed = opened.proposed(stored_arrangement(draft.decisions))
    decisions = decisions_from_json(proposed, draft.decisions)
    facts = decisions.facts or read_facts(plan)
    rows = review_rows(proposed, decisions.entries or {})
    directory = _Directory(session, rows, facts, decisions.names or {}, body_id=draft.body_id)
    reviewed = tuple(_review_row(row, facts, directory) for row in rows)
    return Review(
        draft_id=draft.id,
        version=draft.version,
        facts=facts,
        read_facts=read_facts(plan),
        rows=reviewed,
        defaults=tuple(directory.unit(name) for name in facts.defaults),
        unknown=tuple(directory.unknown.values()),
        problems=plan.problems,
        notes=opened.notes,
        rhythm_words=plan.rhythm.words if plan.rhythm else "",
        decisions=decisions,
        hindrances=tuple(_hindrances(facts, reviewed, directory)),
    )


def find_places(draft: ImportDraft, rows: Iterable[ReviewRow]) -> dict[str, dict[str, list[Span]]]:
    """The characters of the source that each field of these rows was read from."""
    rows = list(rows)
    sources = {part.source for one in rows for part in one.row.parts}
    readings = {key: one for key, one in open_draft(draft).readings.items() if key in sources}
    read = places_by_key(readings)
    texts = {key: one["text"] for key, one in readings.items()}
    return {one.row.key: _places_of(one.row, read, texts) for one in rows}


def _places_of(row: Row, read: Mapping[str, dict[str, list[Span]]], texts: Mapping[str, str]) -> dict[str, list[Span]]:
    """The places of all that the row consists of; of the text, only the characters of its parts."""
    found: dict[str, list[Span]] = {}
    for part in row.parts:
        for name, spans in read[part.source].items():
            if name == "heading" and part.number > 1:
                continue
            cut = name == "text" and not part.is_whole
            found.setdefault(name, []).extend(cut_spans(texts[part.source], spans, part) if cut else spans)
    return found


def _review_row(row: Row, facts: PlanFacts, directory: _Directory) -> ReviewRow:
    lead = tuple(map(directory.unit, row.entry.lead))
    partners = tuple(map(directory.unit, row.entry.partners))
    obstacles = obstacles_of_entry(row.entry, row.parsed, facts)
    if {unit.identity for unit in lead} & {unit.identity for unit in partners}:
        obstacles.append(Obstacle.SAME_DEPARTMENT)
    if not all(unit.is_active for unit in (*lead, *partners)):
        obstacles.append(Obstacle.DEPARTMENT_INACTIVE)
    return ReviewRow(row, lead, partners, due_of(row.entry, row.parsed, facts), tuple(obstacles))


def _hindrances(facts: PlanFacts, rows: Iterable[ReviewRow], directory: _Directory) -> Iterator[Hindrance]:
    included = [one for one in rows if one.row.entry.is_included]
    if not included:
        yield Hindrance(Obstacle.NOTHING_INCLUDED)
    if not facts.title:
        yield Hindrance(Obstacle.TITLE_EMPTY)
    for unknown in directory.unknown.values():
        obstacle = directory.obstacle_of(unknown)
        if obstacle is not None:
            yield Hindrance(obstacle, name_key=unknown.key)
    for one in included:
        yield from (Hindrance(obstacle, row_key=one.row.key) for obstacle in one.obstacles)


NOT_LOOKED_UP = FoundName()
"""of a name on rows that are left out"""


class _Directory:
    """The names of one draft against the directory: known, new by decision, or still open."""

    def __init__(
        self,
        session: Session,
        rows: Iterable[Row],
        facts: PlanFacts,
        decided: Mapping[str, NameDecision],
        *,
        body_id: int,
    ) -> None:
        used = _names_in_use(rows, facts)
        targets = {one.same_as for one in decided.values() if one.choice is NameChoice.SAME_AS and one.same_as}
        names = sorted(used.keys() | targets)
        self.found = match_written(session, names, body_id=body_id, dated_on=facts.dated_on)
        self.unknown = self._group(session, used, decided)
        self._units: dict[str, ReviewUnit] = {}

    def _group(
        self, session: Session, used: Mapping[str, list[int]], decided: Mapping[str, NameDecision]
    ) -> dict[str, UnknownName]:
        groups: dict[str, dict[str, list[int]]] = {}
        for name, numbers in used.items():
            if self.found[name].department is None:
                groups.setdefault(match_key(name), {})[name] = numbers
        suggested = suggest_all(session, [_official(names) for names in groups.values()]) if groups else {}
        return {
            key: UnknownName(
                key=key,
                names=tuple(names),
                numbers=tuple(sorted({number for numbers in names.values() for number in numbers})),
                guessed_kind=guess_kind(_official(names)),
                suggestions=self._suggestions(names, suggested[_official(names)]),
                decision=decided.get(key),
            )
            for key, names in groups.items()
        }

    def _suggestions(self, names: Iterable[str], alike: Iterable[tuple[Department, int]]) -> tuple[Suggestion, ...]:
        """First those between which no rule decides, then what looks alike."""
        likely = [one for name in names for one in self.found[name].likely]
        return tuple(dict.fromkeys(Suggestion(one.id, one.name) for one in [*likely, *(one for one, _ in alike)]))

    def unit(self, name: str) -> ReviewUnit:
        """What the name stands for, as far as that is known or decided."""
        if name not in self._units:
            self._units[name] = self._look_up(name)
        return self._units[name]

    def _look_up(self, name: str) -> ReviewUnit:
        found = self.found.get(name, NOT_LOOKED_UP)
        if found.department is not None:
            return replace(_known_unit(name, found.department), rule=found.rule)
        return replace(self._new_unit(match_key(name), seen=frozenset()), name=name)

    def _new_unit(self, key: str, *, seen: frozenset[str]) -> ReviewUnit:
        unknown = self.unknown.get(key)
        decision = unknown.effective if unknown else None
        if not key or unknown is None or decision is None or key in seen:
            return ReviewUnit(key)
        if decision.choice is not NameChoice.SAME_AS:
            return ReviewUnit(unknown.name, kind=KIND_OF_CHOICE[decision.choice], new_key=key)
        target = self.found.get(decision.same_as, NOT_LOOKED_UP).department
        if target is not None:
            return _known_unit(unknown.name, target)
        return self._new_unit(match_key(decision.same_as), seen=seen | {key})

    def obstacle_of(self, unknown: UnknownName) -> Obstacle | None:
        if not unknown.key:
            return Obstacle.NAME_UNREADABLE
        if unknown.effective is None:
            return Obstacle.NAME_UNDECIDED
        unit = self.unit(unknown.name)
        if unit.department_id is None and unit.new_key is None:
            return Obstacle.TARGET_UNKNOWN
        return None


def _known_unit(name: str, department: Department) -> ReviewUnit:
    return ReviewUnit(name, department.id, department.name, department.kind, is_active=department.is_active)


def _names_in_use(rows: Iterable[Row], facts: PlanFacts) -> dict[str, list[int]]:
    used: dict[str, list[int]] = {name: [] for name in facts.defaults}
    for row in rows:
        if row.entry.is_included:
            for name in row.entry.names:
                used.setdefault(name, []).append(row.number)
    return used
