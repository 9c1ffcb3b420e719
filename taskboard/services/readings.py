"""Readings as the database keeps them: written by one release of the product, read by a later one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from taskboard.documents.document import Document
from taskboard.documents.wire import blocks_from_plain, from_plain, to_plain
from taskboard.domain.import_arrangement import Part, cut_measure, join_measures
from taskboard.domain.plan_parsing.blocks import Block
from taskboard.domain.plan_parsing.reading import ParsedMeasure, ParsedPlan, Span

BLANK_PLAN: Mapping[str, Any] = {"title": None, "issuer": None, "date": None}
BLANK_MEASURE: Mapping[str, Any] = {"path": (), "heading": None, "text": "", "text_head": ""}
"""what has no default of its own"""


def reading_to_json(document: Document, plan: ParsedPlan) -> dict[str, Any]:
    """The plan with what is worth knowing about its document: the format and the reader's notes."""
    facts = {"kind": document.kind.value, "notes": [note.value for note in document.notes]}
    return {**to_plain(plan), "document": facts}


def plan_from_json(stored: Mapping[str, Any]) -> ParsedPlan:
    """The plan of :func:`reading_to_json`; what a later release added since stands at its default.

    Of the places in the source only that of the text is given: the others are most of a reading, and a review that
    is opened again with every change has no use for them.
    """
    lists = {name: [_for_review(one) for one in stored.get(name, ())] for name in ("measures", "candidates", "unread")}
    return from_plain(ParsedPlan, {**BLANK_PLAN, **stored, **lists})


def measure_as_arranged(stored: Mapping[str, Any]) -> ParsedMeasure:
    """A measure of a plan as people cut or joined it when it was imported, from what is kept of its reading."""
    readings = [stored, *stored.get("joined_with", ())]
    whole = dict(zip(dict.fromkeys(part["source"] for part in stored["parts"]), readings, strict=True))
    measures = {source: from_plain(ParsedMeasure, _for_review(reading)) for source, reading in whole.items()}
    pieces = [cut_measure(measures[part["source"]], _part(part, measures)) for part in stored["parts"]]
    return reduce(join_measures, pieces)


def _part(stored: Mapping[str, Any], measures: Mapping[str, ParsedMeasure]) -> Part:
    is_first = stored["start"] == 0
    is_whole = is_first and stored["end"] == len(measures[stored["source"]].text)
    return Part(stored["source"], stored["start"], stored["end"], 1 if is_first else 2, 1 if is_whole else 2)


def notes_from_json(stored: Mapping[str, Any]) -> list[str]:
    """The reader's notes on the document, by code."""
    return list(stored.get("document", {}).get("notes", ()))


def readings_by_key(stored: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Each measure, candidate and unread passage as it was stored, whole, by the key of its row under review."""
    return {
        f"{prefix}{number}": measure
        for prefix, name in (("m", "measures"), ("c", "candidates"), ("u", "unread"))
        for number, measure in enumerate(stored.get(name, ()), start=1)
    }


def blocks_to_json(blocks: Sequence[Block]) -> list[Any]:
    """The document's blocks, for showing the source again."""
    stored: list[Any] = to_plain(list(blocks))
    return stored


def blocks_from_json(stored: Sequence[Any]) -> list[Block]:
    """The blocks of :func:`blocks_to_json`."""
    return blocks_from_plain(stored)


def places_by_key(readings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, list[Span]]]:
    """The characters of the source that each field was read from, for some of :func:`readings_by_key`.

    They are most of a reading, so they are made into spans one by one and without a check of their kinds.
    """
    return {key: _places(measure.get("spans", {})) for key, measure in readings.items()}


def _places(spans: Mapping[str, Any]) -> dict[str, list[Span]]:
    return {name: [_span(one) for one in found] for name, found in spans.items()}


def _span(stored: Any) -> Span:
    # An earlier release kept the name of each number beside it.
    return Span(**stored) if isinstance(stored, Mapping) else Span(*stored)


def _for_review(measure: Mapping[str, Any]) -> dict[str, Any]:
    places = measure.get("spans", {}).get("text")
    # an earlier release kept the bare words of targets, from which nothing can be tracked
    targets = [one for one in measure.get("targets", ()) if isinstance(one, Mapping)]
    return {**BLANK_MEASURE, **measure, "targets": targets, "spans": {"text": [_span(places[0])]} if places else {}}
