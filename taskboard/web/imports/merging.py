"""Two people at the same import: what each of them changed since the page was made, put together field by field.

The page carries what had been decided when it was made (``seen``). With it three texts can be told apart: of before, of
the other person, and of this one. A field that only one of the two touched needs no decision; where both did, this
person's text stays in the form, and the other one can be taken instead.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, SelectField, SelectMultipleField

from taskboard.domain.imports import Decisions
from taskboard.labels import yes_or_no
from taskboard.labels.targets import target_words
from taskboard.models import ImportDraft
from taskboard.services.import_review import Review, decisions_seen
from taskboard.web.imports.forms import FactsForm, MeasureForm, Part
from taskboard.web.imports.parts import Parts, bind, bind_saved
from taskboard.web.imports.rows import place_words
from taskboard.web.imports.targets import TARGET_COLUMNS, TargetsField

THEIRS = "theirs"
"""the field of the conflict page that names what is to be taken from the other person"""


@dataclass(frozen=True)
class Conflict:
    """A field that another person changed meanwhile; ``before`` is None where it is not known what stood there."""

    name: str
    words: str
    before: str | None
    theirs: str
    mine: str
    is_settled: bool
    """this person had not touched it: the other text stands in the form already"""


def seen_by(draft: ImportDraft, keys: Collection[str]) -> str:
    """What was decided so far of the plan's facts, the names and the measures of these keys."""
    entries = draft.decisions.get("entries", {})
    seen = {
        "facts": draft.decisions.get("facts", {}),
        "names": draft.decisions.get("names", {}),
        "entries": {key: entries[key] for key in keys if key in entries},
    }
    return json.dumps(seen, ensure_ascii=False, separators=(",", ":"))


def merge(draft: ImportDraft, review: Review, sent: MultiDict[str, str]) -> tuple[MultiDict[str, str], list[Conflict]]:
    """The form with the other person's changes taken in where this one made none, and all that differed."""
    typed = bind(review, sent)
    found = list(_conflicts(review, typed, _base(draft, review, sent.get("seen", ""), typed)))
    return _taken(review, sent, {one.name for one in found if one.is_settled}), found


def take_theirs(review: Review, sent: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form with those fields as they are saved that this person left to the other one."""
    return _taken(review, sent, set(sent.getlist(THEIRS)))


def _base(draft: ImportDraft, review: Review, seen: str, typed: Parts) -> Parts | None:
    """The forms as they were when the page was made; None where it does not say."""
    try:
        before = decisions_seen(draft, json.loads(seen))
    except ValueError:
        return None
    return Parts(_facts(before), dict(_measures(before, review, typed.measures)), {})


def _facts(before: Decisions) -> FactsForm:
    return FactsForm(None, obj=before.facts, prefix="plan-")


def _measures(before: Decisions, review: Review, keys: Collection[str]) -> Iterator[tuple[str, MeasureForm]]:
    entries = before.entries or {}
    for key, one in review.rows_by_key(keys):
        if key in entries:
            form = MeasureForm(None, obj=entries[key], prefix=f"{key}-")
            form.offer_deadlines(one, before.facts or review.facts)
            yield key, form


def _conflicts(review: Review, typed: Parts, base: Parts | None) -> Iterator[Conflict]:
    saved = bind_saved(review, typed.measures.keys())
    words = {one.row.key: place_words(one.row) for one in review.rows}
    parts: list[tuple[str, Part | None, Part | None, Part | None]] = [
        ("计划", base.facts if base else None, saved.facts, typed.facts),
        *(
            (words[key], base.measures.get(key) if base else None, saved.measures[key], form)
            for key, form in typed.measures.items()
        ),
        *((f"“{one.name}”", None, saved.names[one.key], typed.names.get(one.key)) for one in review.unknown),
    ]
    for where, before, theirs, mine in parts:
        if theirs is not None and mine is not None:
            yield from _of_part(where, before, theirs, mine)


def _of_part(where: str, before: Part | None, theirs: Part, mine: Part) -> Iterator[Conflict]:
    for saved, typed in zip(theirs, mine, strict=True):
        stood = shown(before[saved.short_name]) if before is not None else None
        texts = shown(saved), shown(typed)
        if texts[0] != texts[1] and texts[0] != stood:
            yield Conflict(saved.name, f"{where}：{saved.label.text}", stood, *texts, is_settled=texts[1] == stood)


def _taken(review: Review, sent: MultiDict[str, str], names: set[str]) -> MultiDict[str, str]:
    if not names:
        return sent
    keys = {name.rpartition("-")[0] for name in names}
    saved = bind_saved(review, keys)
    fields: Mapping[str, Field] = {field.name: field for form in saved.all_forms() for field in form}
    taken = [field for name, field in fields.items() if name in names]
    gone = {name for field in taken for name in _names(field)}
    kept = [(name, value) for name, value in sent.items(multi=True) if name not in gone]
    return MultiDict([*kept, *(pair for field in taken for pair in _as_sent(field))])


def _names(field: Field) -> list[str]:
    if isinstance(field, TargetsField):
        return [f"{field.name}_{column}" for column in TARGET_COLUMNS]
    return [field.name]


def _as_sent(field: Field) -> list[tuple[str, str]]:
    """The field as a browser sends it."""
    if isinstance(field, TargetsField):
        return [(f"{field.name}_{column}", row[column]) for row in field.rows for column in TARGET_COLUMNS]
    if isinstance(field, BooleanField):
        return [(field.name, "y")] if field.data else []
    if isinstance(field, SelectMultipleField):
        return [(field.name, str(value)) for value in field.data or ()]
    if isinstance(field, SelectField):
        return [(field.name, _value(field.data))]
    return [(field.name, str(field._value()))]  # type: ignore[attr-defined] # fields of text have one


def _value(chosen: Any) -> str:
    return "" if chosen is None else str(getattr(chosen, "value", chosen))


def shown(field: Field) -> str:
    """What a person reads in the field."""
    if isinstance(field, TargetsField):
        return "；".join(target_words(one) for one in field.data)
    if isinstance(field, BooleanField):
        return yes_or_no(field.data)
    if isinstance(field, SelectField):
        wanted = {_value(one) for one in (field.data or () if isinstance(field, SelectMultipleField) else [field.data])}
        return "、".join(str(option[1]) for option in field.iter_choices() if _value(option[0]) in wanted)
    return str(field.data or "")
