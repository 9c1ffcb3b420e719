"""Readings as the database keeps them: written by one release of the product, read by a later one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from taskboard.documents.document import Document
from taskboard.documents.wire import from_plain, to_json
from taskboard.domain.plan_parsing.blocks import Block
from taskboard.domain.plan_parsing.reading import ParsedMeasure, ParsedPlan


def _plain(value: Any) -> Any:
    """Plain lists, dicts, strings and numbers that say the same."""
    return json.loads(to_json(value))


BLANK_MEASURE = _plain(ParsedMeasure(path=(), heading=None, text="", text_head=""))
BLANK_PLAN = _plain(ParsedPlan(title=None, issuer=None, date=None, measures=()))


def reading_to_json(document: Document, plan: ParsedPlan) -> dict[str, Any]:
    """The plan with what is worth knowing about its document: the format and the reader's notes."""
    facts = {"kind": document.kind.value, "notes": [note.value for note in document.notes]}
    return {**_plain(plan), "document": facts}


def plan_from_json(stored: Mapping[str, Any]) -> ParsedPlan:
    """The plan of :func:`reading_to_json`; what a later release added since stands at its default."""
    plan = {**BLANK_PLAN, **stored}
    lists = {name: [_complete(one) for one in plan[name]] for name in ("measures", "candidates")}
    return from_plain(ParsedPlan, {**plan, **lists})


def notes_from_json(stored: Mapping[str, Any]) -> list[str]:
    """The reader's notes on the document, by code."""
    return list(stored.get("document", {}).get("notes", ()))


def measure_to_json(measure: ParsedMeasure) -> dict[str, Any]:
    """One measure as it was read, with origins and rules."""
    stored: dict[str, Any] = _plain(measure)
    return stored


def measure_from_json(stored: Mapping[str, Any]) -> ParsedMeasure:
    """The measure of :func:`measure_to_json`; what a later release added since stands at its default."""
    return from_plain(ParsedMeasure, _complete(stored))


def blocks_to_json(blocks: Sequence[Block]) -> list[Any]:
    """The document's blocks, for showing the source again."""
    stored: list[Any] = _plain(list(blocks))
    return stored


def _complete(measure: Mapping[str, Any]) -> dict[str, Any]:
    return {**BLANK_MEASURE, **measure}
