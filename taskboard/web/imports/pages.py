"""What the pages of an import show, made ready: marks, the passages of the source, the words of what is in the way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wtforms import BooleanField, Field, SelectField

from taskboard.config import MEBIBYTE
from taskboard.documents.document import DocumentKind, DocumentNote
from taskboard.documents.ocr import can_recognise
from taskboard.documents.reader import READERS
from taskboard.domain.department_matching import MatchRule
from taskboard.domain.department_names import match_key
from taskboard.domain.import_arrangement import Rearrangement
from taskboard.domain.imports import Entry, Obstacle, PlanFacts, Row, RowKind, join_names
from taskboard.domain.plan_parsing.blocks import Block
from taskboard.domain.plan_parsing.reading import Origin, ParsedMeasure, Problem
from taskboard.extensions import current_settings
from taskboard.labels import label
from taskboard.labels.documents import DOCUMENT_NOTES
from taskboard.labels.doubts import doubts_in_words
from taskboard.labels.imports import FILE_ENDINGS, INFERENCE_RULES, OBSTACLES
from taskboard.labels.targets import target_words
from taskboard.services.import_review import Hindrance, Review, ReviewRow, ReviewUnit, UnknownName
from taskboard.web.forms import DayField
from taskboard.web.imports.forms import (
    MeasureForm,
    NameForm,
    Part,
    Parts,
    TargetsField,
    bind_saved,
    deadline_choices,
    target_row,
)
from taskboard.web.imports.portions import Portion
from taskboard.web.imports.source import Places, SourceBlock, first_place, part_of, places_words, source_blocks


@dataclass(frozen=True)
class Mark:
    """How a field is known, in a word; ``kind`` gives the colour, ``why`` the rule where something was inferred."""

    kind: str
    words: str
    why: str = ""


@dataclass(frozen=True)
class Passage:
    """A piece of the source text; ``field`` names what was read from it."""

    text: str
    field: str | None = None


@dataclass(frozen=True)
class FieldPage:
    """A field of a measure as its form shows it: the entry's value, or what was typed and could not be kept.

    Hundreds of measures stand on one page: their fields are written by the template, not by the form library.
    """

    id: str
    value: str
    errors: Sequence[str] = ()
    is_uncertain: bool = False
    is_looked_at: bool = False
    is_doubtful: bool = False
    reasons: str = ""
    """why it should be looked at"""


@dataclass(frozen=True)
class RowPage:
    """One measure beside its source text; ``places`` are the characters of the source that it was read from."""

    key: str
    kind: RowKind
    is_undecided: bool
    is_dismissed: bool
    places: str
    at: str
    words: str
    path: str
    passages: list[Passage]
    units_as_written: str | None
    deadline_text: str | None
    marks: dict[str, Mark]
    lead: list[UnitPage]
    partners: list[UnitPage]
    suggested_lead: str
    acts: list[tuple[str, str]]
    splits: list[tuple[str, str]]
    obstacles: list[str]
    is_included: bool
    deadlines: list[tuple[str, str]]
    targets: list[dict[str, str]]
    target_errors: Sequence[str]
    fields: dict[str, FieldPage]


@dataclass(frozen=True)
class UnitPage:
    """A unit as the row shows it beside the name; ``note`` says what is not plain about it."""

    name: str
    note: str
    kind: str


@dataclass(frozen=True)
class NamePage:
    """An unknown name with its choices; ``places`` are the items that name it."""

    unknown: UnknownName
    places: str
    is_open: bool
    form: NameForm


SPLIT_WORDS = 16
"""characters of a sentence by which it is known on a button"""

Link = tuple[str, str]
"""where to go, from the page's own address, and the words to click"""


@dataclass(frozen=True)
class Way:
    """Something that stands in the way of confirming, with all places on the page where it can be settled."""

    words: str
    places: list[Link]


@dataclass(frozen=True)
class Summary:
    """How far the review is."""

    included: int
    left_out: int
    candidates: int
    undecided: list[Link]
    ways: list[Way]
    inferred: list[Link]
    to_confirm: list[Link]
    collective: list[Link]
    undated: list[Link]
    doubts: list[Link]
    without_lead: int
    new_departments: int

    @property
    def open(self) -> int:
        """At how many places something is to be settled."""
        return sum(len(way.places) for way in self.ways)


def upload_facts() -> dict[str, str | bool]:
    """The formats and the size that the upload page names, and whether scans can be recognised."""
    kinds = [*READERS, *([DocumentKind.IMAGE] if can_recognise() else [])]
    endings = [ending for kind in kinds for ending in FILE_ENDINGS.get(kind, ())]
    limit = current_settings().max_upload_bytes // MEBIBYTE
    return {
        "formats": "、".join(endings),
        "accept": ",".join(endings),
        "limit": f"{limit} MB",
        "can_recognise": can_recognise(),
    }


def count_doubts(review: Review, *, besides: Collection[str]) -> int:
    """How many fields and passages are to be looked at, those of some rows left out."""
    return sum(len(one.uncertain) + one.row.is_undecided for one in review.rows if one.row.key not in besides)


def notes_of(review: Review) -> list[str]:
    """What is worth knowing about the reading of the file; a note of a later release is passed over."""
    return [DOCUMENT_NOTES[note] for note in review.notes if note in DOCUMENT_NOTES]


def may_recognise(review: Review) -> bool:
    """Whether pages were left unread that the recognition could read."""
    return (
        DocumentNote.SCANNED_PAGES in review.notes and DocumentNote.RECOGNISED not in review.notes and can_recognise()
    )


@dataclass(frozen=True)
class ProblemPage:
    """A problem of the document with the rows of the passages it is about."""

    where: str
    text: str
    links: list[Link]


def problems_of(review: Review) -> list[ProblemPage]:
    """The problems that the parser told of, those about a passage with the way to it."""
    unread = [one.row for one in review.rows if one.row.kind is RowKind.UNREAD]
    return [
        ProblemPage(
            told.where, told.text, [(row_link(row), place_words(row)) for row in unread if _is_about(told, row)]
        )
        for told in review.problems
    ]


def _is_about(told: Problem, row: Row) -> bool:
    first = row.parsed.spans["text"][0]
    return any((one.block, one.row, one.column) == (first.block, first.row, first.column) for one in told.spans)


def rows_of(review: Review, rows: Iterable[ReviewRow], parts: Parts, places: Mapping[str, Places]) -> list[RowPage]:
    """These rows of the review, ready to be shown."""
    facts = review.facts
    return [row_page(one, facts, parts.measures.get(one.row.key), places.get(one.row.key, {})) for one in rows]


def row_page(one: ReviewRow, facts: PlanFacts, form: MeasureForm | None, places: Places) -> RowPage:
    row, parsed = one.row, one.row.parsed
    fields = _typed_fields(form) if form else _entry_fields(row.entry)
    uncertain, doubtful = one.uncertain, one.doubtful
    looked_at = (form.looked_at.data or ()) if form else row.entry.looked_at
    return RowPage(
        key=row.key,
        kind=row.kind,
        is_undecided=row.is_undecided,
        is_dismissed=row.entry.is_dismissed,
        places=places_words(places),
        at=first_place(places),
        words=place_words(row),
        path=" / ".join(parsed.path),
        passages=passages(parsed),
        units_as_written=_unless_shown(parsed.units_as_written, parsed.text),
        deadline_text=_unless_shown(parsed.deadline_text, parsed.text),
        marks={name: mark(one, name) for name in ("title", "lead", "partners", "deadline")},
        lead=[unit_page(unit) for unit in one.lead],
        partners=[unit_page(unit) for unit in one.partners],
        suggested_lead=join_names(parsed.inferred_lead),
        acts=list(_acts(row)),
        splits=_splits(row),
        obstacles=[OBSTACLES[obstacle] for obstacle in one.obstacles] if row.entry.is_included else [],
        is_included=row.entry.is_included,
        targets=form.targets.rows if form else [target_row(target) for target in row.entry.targets],
        target_errors=form.targets.errors if form else (),
        deadlines=[(choice.value, words) for choice, words in deadline_choices(one, facts)],
        fields={
            name: FieldPage(
                id=f"{row.key}-{name}",
                value=value,
                errors=errors,
                is_uncertain=name in uncertain,
                is_looked_at=name in looked_at,
                is_doubtful=name in doubtful,
                reasons=_reasons(one, name) if name in doubtful else "",
            )
            for name, (value, errors) in fields.items()
        },
    )


def _reasons(one: ReviewRow, field: str) -> str:
    """Why the field should be looked at, in words: what the parser found, and units that only resemble."""
    units = {"lead": one.lead, "partners": one.partners}.get(field, ())
    resembling = [
        f"“{unit.name}”按{label(unit.rule)}对上“{unit.department_name}”"
        for unit in units
        if unit.needs_a_look and unit.rule
    ]
    return "；".join([*doubts_in_words(one.row.parsed.doubts.get(field, ())), *resembling])


FieldState = tuple[str, Sequence[str]]
"""the value of a field, and its errors"""


def _entry_fields(entry: Entry) -> dict[str, FieldState]:
    return {
        "is_included": ("y" if entry.is_included else "", ()),
        "title": (entry.title, ()),
        "lead": (join_names(entry.lead), ()),
        "partners": (join_names(entry.partners), ()),
        "deadline": (entry.deadline.value, ()),
        "decided_on": (entry.decided_on.isoformat() if entry.decided_on else "", ()),
        "recurrence": (entry.recurrence.value if entry.recurrence else "", ()),
    }


def _typed_fields(form: MeasureForm) -> dict[str, FieldState]:
    plain = [one for one in form if not isinstance(one, TargetsField)]
    return {one.short_name: (_typed(one), [str(error) for error in one.errors]) for one in plain}


def _typed(field: Field) -> str:
    if isinstance(field, BooleanField):
        return "y" if field.data else ""
    if isinstance(field, DayField):
        return str(field._value())
    return str(field.data or "")


OFFERED_WORDS: Mapping[RowKind, str] = {RowKind.CANDIDATE: "候选", RowKind.UNREAD: "未读入的文字"}


def place_words(row: Row) -> str:
    """第 3 项 by the number that it was read with; 第 3-2 项 for a second part, 第 3、4 项 for what was joined."""
    if row.kind in OFFERED_WORDS:
        return f"{OFFERED_WORDS[row.kind]} {row.number}"
    numbers = [part.source[1:] if part.is_whole else f"{part.source[1:]}-{part.number}" for part in row.parts]
    return f"第 {'、'.join(numbers[:6])}{' 等' if len(numbers) > 6 else ''} 项"


def _acts(row: Row) -> Iterator[tuple[str, str]]:
    """What can be done to the row as a whole: the value of the button, and its words."""
    if row.is_offered:
        if not row.entry.is_included:
            yield f"take-{row.key}", "作为一项举措导入"
        if row.is_undecided:
            yield f"dismiss-{row.key}", "不是举措，不再提示"
        if row.entry.is_dismissed:
            yield f"recall-{row.key}", "恢复提示"
        return
    yield f"arrange-{Rearrangement.UP}:{row.key}", "上移"
    yield f"arrange-{Rearrangement.DOWN}:{row.key}", "下移"
    yield f"arrange-{Rearrangement.MERGE}:{row.key}", "并入上一项"
    if len(row.parts) > 1:
        yield f"arrange-{Rearrangement.UNMERGE}:{row.key}", "撤销合并"
    if row.parts[0].number > 1:
        yield f"arrange-{Rearrangement.UNSPLIT}:{row.key}", "撤销拆分"


def _splits(row: Row) -> list[tuple[str, str]]:
    """Where the row can be split: the value of the button, and the words with which the new measure would begin."""
    if not row.split_points:
        return []
    start, text = row.parts[0].start, row.parsed.text
    return [
        (f"arrange-{Rearrangement.SPLIT}:{row.key}:{point}", text[point - start :][:SPLIT_WORDS].split("\n")[0])
        for point in row.split_points
    ]


def mark(one: ReviewRow, field: str) -> Mark:
    """Whether the field was stated, inferred, missing, or changed by a person."""
    if one.row.is_decided(field):
        return Mark("decided", "已改")
    if field == "title":
        return Mark("stated", label(Origin.STATED)) if one.row.parsed.heading else Mark("inferred", "取自正文")
    origin = one.row.parsed.origins.get(field, Origin.MISSING)
    if field == "deadline" and origin is Origin.MISSING and one.row.parsed.recurrence is not None:
        return Mark("stated", f"原文：{label(one.row.parsed.recurrence)}")
    if field == "partners" and origin is Origin.MISSING:
        return Mark("none", "无")
    if field in one.uncertain:
        return Mark(Origin.INFERRED.value, f"{label(origin)}，请核对", _rule(one, field))
    return Mark(origin.value, label(origin), _rule(one, field))


def _rule(one: ReviewRow, field: str) -> str:
    return INFERENCE_RULES.get(one.row.parsed.inferred.get(field, ""), "")


def unit_page(unit: ReviewUnit) -> UnitPage:
    if unit.department_id is None and unit.new_key is None:
        return UnitPage(unit.name, "待定", "open")
    if not unit.is_active:
        return UnitPage(unit.name, "已停用", "open")
    if unit.is_collective:
        return UnitPage(unit.name, "集合单位" if unit.department_id else "新建集合单位", "collective")
    if unit.department_id is None:
        return UnitPage(unit.name, "新建", "new")
    return _known_page(unit)


def _known_page(unit: ReviewUnit) -> UnitPage:
    """One of the directory's: which, and by which rule where the name itself does not say it."""
    same = f"即{unit.department_name}"
    if unit.needs_a_look and unit.rule is not None:
        return UnitPage(unit.name, f"{same}（{label(unit.rule)}，请核对）", "open")
    if unit.rule in (MatchRule.RENAMING, MatchRule.SUCCESSOR, MatchRule.ELISION):
        return UnitPage(unit.name, f"{same}（{label(unit.rule)}）", "known")
    return UnitPage(unit.name, "" if unit.department_name == unit.name else same, "known")


def passages(parsed: ParsedMeasure) -> list[Passage]:
    """The text with the words of the unit clause and of the deadline set apart, where they stand in it."""
    found = []
    clauses = (parsed.units_as_written or "").split(" | ")
    for words, field in [*((clause, "units") for clause in clauses), (parsed.deadline_text or "", "deadline")]:
        start = parsed.text.find(words) if words else -1
        if start >= 0:
            found.append((start, start + len(words), field))
    return list(_cut(parsed.text, sorted(found)))


def _cut(text: str, found: Iterable[tuple[int, int, str]]) -> Iterator[Passage]:
    position = 0
    for start, end, field in found:
        if start < position:
            continue
        if text[position:start]:
            yield Passage(text[position:start])
        yield Passage(text[start:end], field)
        position = end
    if text[position:]:
        yield Passage(text[position:])


def _unless_shown(words: str | None, text: str) -> str | None:
    return None if words is None or words in text else words


def source_of(blocks: Sequence[Block], review: Review, rows: Iterable[RowPage]) -> list[SourceBlock]:
    """The part of the document that these rows stand in, with a way to each of them at the place where it begins."""
    links: dict[str, list[Link]] = {}
    for row in rows:
        if row.at:
            links.setdefault(row.at, []).append((row.key, row.words))
    shown = {row.key for row in rows}
    return list(source_blocks(blocks, links, part_of(blocks, _beginnings(review), shown)))


def _beginnings(review: Review) -> dict[str, tuple[int, int]]:
    """The block, and the row of a table, in which each measure begins."""
    texts = {one.row.key: one.row.parsed.spans.get("text") for one in review.rows}
    return {key: (spans[0].block, spans[0].row or 0) for key, spans in texts.items() if spans}


def names_of(review: Review, portion: Portion, names: Mapping[str, NameForm]) -> list[NamePage]:
    """The unknown names: those without a decision first, then those of the measures shown; all on the first page."""
    open_keys = {one.name_key for one in review.hindrances}
    near = {match_key(name) for one in portion.rows for name in one.row.entry.names}
    shown = [one for one in review.unknown if one.key in open_keys or one.key in near or portion.page == 1]
    pages = [NamePage(one, _places(one), one.key in open_keys, names[one.key]) for one in shown]
    return sorted(pages, key=lambda page: not page.is_open)


def _places(unknown: UnknownName) -> str:
    if not unknown.numbers:
        return "全文各项"
    shown = "、".join(map(str, unknown.numbers[:8]))
    more = f" 等 {len(unknown.numbers)} 项" if len(unknown.numbers) > 8 else " 项"
    return f"第 {shown}{more}"


def summary_of(review: Review, refused: Iterable[Hindrance] = ()) -> Summary:
    """Where the review stands; ``refused`` adds what only the attempt to confirm brought up."""
    own = set(review.hindrances)
    offered = [one for one in review.rows if one.row.is_offered]
    included = review.included
    return Summary(
        included=len(included),
        left_out=len(review.rows) - len(offered) - sum(not one.row.is_offered for one in included),
        candidates=sum(one.row.kind is RowKind.CANDIDATE for one in offered),
        undecided=_places_of(review.undecided),
        ways=ways_of((*review.hindrances, *(one for one in refused if one not in own)), review),
        without_lead=sum(not one.lead for one in included),
        inferred=_places_of(review.with_inferred_lead),
        to_confirm=_places_of(review.with_units_to_look_at),
        collective=_places_of(review.with_collective_lead),
        doubts=_places_of(review.with_doubts),
        undated=_places_of(one for one in included if one.is_undated),
        new_departments=len({unit.new_key for one in included for unit in (*one.lead, *one.partners) if unit.new_key}),
    )


def _places_of(rows: Iterable[ReviewRow]) -> list[Link]:
    return [(row_link(one.row), place_words(one.row)) for one in rows]


def row_link(row: Row) -> str:
    """The way to the row, on whatever page it is; from the page's own address."""
    return f"?at={row.key}#row-{row.key}"


def ways_of(hindrances: Iterable[Hindrance], review: Review) -> list[Way]:
    """One line for each kind of obstacle, however many places have it."""
    places: dict[Obstacle, list[Link]] = {}
    for one in hindrances:
        places.setdefault(one.obstacle, []).append(_place_of(one, review))
    return [Way(OBSTACLES[obstacle], links) for obstacle, links in places.items()]


def _place_of(hindrance: Hindrance, review: Review) -> Link:
    if hindrance.row_key is not None:
        row = next(one.row for one in review.rows if one.row.key == hindrance.row_key)
        return row_link(row), place_words(row)
    if hindrance.name_key is not None:
        name = next(one.name for one in review.unknown if one.key == hindrance.name_key)
        return f"#name-{hindrance.name_key}", f"“{name}”"
    if hindrance.obstacle is Obstacle.LEADS_UNCHECKED:
        return "#confirm", "推断的牵头单位"
    if hindrance.obstacle is Obstacle.UNITS_UNCHECKED:
        return "#confirm", "待确认的单位"
    return "#facts", "计划"


def conflicts(review: Review, typed: Parts) -> list[tuple[str, str, str]]:
    """Where what was typed differs from what others saved meanwhile: (words, theirs, yours)."""
    saved = bind_saved(review, typed.measures.keys())
    words = {one.row.key: place_words(one.row) for one in review.rows}
    pairs: list[tuple[str, Part, Part | None]] = [
        *((words[key], saved.measures[key], form) for key, form in typed.measures.items()),
        *((f"“{one.name}”", saved.names[one.key], typed.names.get(one.key)) for one in review.unknown),
    ]
    if saved.facts:
        pairs.insert(0, ("计划", saved.facts, typed.facts))
    return [change for where, theirs, mine in pairs if mine for change in _changes(where, theirs, mine)]


def _changes(where: str, theirs: Part, mine: Part) -> Iterator[tuple[str, str, str]]:
    for one, other in zip(theirs, mine, strict=True):
        if _shown(one) != _shown(other):
            yield f"{where}：{one.label.text}", _shown(one), _shown(other)


def _shown(field: Field) -> str:
    if isinstance(field, TargetsField):
        return "；".join(target_words(one) for one in field.data)
    if isinstance(field, BooleanField):
        return "是" if field.data else "否"
    if isinstance(field, SelectField):
        chosen = [option[1] for option in field.iter_choices() if option[2]]
        return chosen[0] if chosen else ""
    return str(field.data or "")
