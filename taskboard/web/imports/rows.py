"""A row of the review as its page shows it: marks, the passages of the source, the fields of its form, its buttons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wtforms import BooleanField, Field

from taskboard.domain.department_matching import MatchRule
from taskboard.domain.import_arrangement import Rearrangement
from taskboard.domain.imports import Entry, PlanFacts, Row, RowKind, join_names
from taskboard.domain.plan_parsing.reading import Origin, ParsedMeasure
from taskboard.labels import label
from taskboard.labels.doubts import doubts_in_words
from taskboard.labels.imports import INFERENCE_RULES, OBSTACLES
from taskboard.services.import_review import Review, ReviewRow, ReviewUnit
from taskboard.web.forms import DayField
from taskboard.web.imports.forms import MeasureForm, deadline_choices
from taskboard.web.imports.parts import Parts
from taskboard.web.imports.source import Places, first_place, places_words
from taskboard.web.imports.targets import TargetsField, target_row


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


SPLIT_WORDS = 16
"""characters of a sentence by which it is known on a button"""


Link = tuple[str, str]
"""where to go, from the page's own address, and the words to click"""


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


def row_link(row: Row) -> str:
    """The way to the row, on whatever page it is; from the page's own address."""
    return f"?at={row.key}#row-{row.key}"
