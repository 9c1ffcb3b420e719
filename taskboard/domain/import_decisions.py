"""Decisions on an import as they are kept in the database: only what differs from the reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from taskboard.domain.import_arrangement import (
    Arrangement,
    arrangement_from_json,
    arrangement_to_json,
)
from taskboard.domain.imports import (
    DeadlineChoice,
    Decisions,
    Entry,
    NameChoice,
    NameDecision,
    PlanFacts,
    Proposed,
    read_facts,
)
from taskboard.domain.plan_parsing.reading import (
    Comparison,
    Recurrence,
    Resolve,
    Target,
)
from taskboard.domain.report_rhythms import PlanRhythm


def decisions_to_json(proposed: Proposed, decisions: Decisions) -> dict[str, Any]:
    """Plain JSON with the fields that differ from what was read; :func:`decisions_from_json` gives all back."""
    arrangement = arrangement_to_json(decisions.arrangement)
    rows = proposed.entries
    entries = {key: _difference(rows[key], entry) for key, entry in (decisions.entries or {}).items() if key in rows}
    facts = _difference(read_facts(proposed.plan), decisions.facts) if decisions.facts else {}
    names = {key: {"choice": one.choice.value, "same_as": one.same_as} for key, one in (decisions.names or {}).items()}
    decided = {"facts": facts, "entries": {key: one for key, one in entries.items() if one}, "names": names}
    return {**decided, "arrangement": arrangement} if arrangement else decided


def decisions_from_json(proposed: Proposed, stored: Mapping[str, Any]) -> Decisions:
    """Complete facts and entries of what was decided; fields that nobody touched are as read."""
    rows = proposed.entries
    changed = stored.get("entries", {})
    return Decisions(
        facts=_changed_facts(read_facts(proposed.plan), stored.get("facts", {})),
        entries={key: _changed_entry(rows[key], fields_) for key, fields_ in changed.items() if key in rows},
        names={
            key: NameDecision(NameChoice(one["choice"]), one.get("same_as", ""))
            for key, one in stored.get("names", {}).items()
        },
        arrangement=proposed.arrangement,
    )


def stored_arrangement(stored: Mapping[str, Any]) -> Arrangement:
    """How the measures were arranged, of the decisions as they are kept."""
    return arrangement_from_json(stored.get("arrangement", {}))


def _difference(before: PlanFacts | Entry, after: PlanFacts | Entry) -> dict[str, Any]:
    return {
        field.name: _plain(getattr(after, field.name))
        for field in fields(after)
        if getattr(after, field.name) != getattr(before, field.name)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Target):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value.value if isinstance(value, StrEnum) else value


def _changed_facts(facts: PlanFacts, changed: Mapping[str, Any]) -> PlanFacts:
    return replace(facts, **{name: _facts_value(name, value) for name, value in changed.items()})


def _facts_value(name: str, value: Any) -> Any:
    if name in {"dated_on", "horizon_on"}:
        return _date(value)
    if name == "report_rhythm":
        return PlanRhythm(value)
    return tuple(value) if name == "defaults" else value


def _changed_entry(entry: Entry, changed: Mapping[str, Any]) -> Entry:
    return replace(entry, **{name: _entry_value(name, value) for name, value in changed.items()})


def _entry_value(name: str, value: Any) -> Any:
    match name:
        case "decided_on":
            return _date(value)
        case "lead" | "partners" | "looked_at":
            return tuple(value)
        case "recurrence":
            return Recurrence(value) if value else None
        case "deadline":
            return DeadlineChoice(value)
        case "targets":
            return tuple(map(_target, value))
        case _:
            return value


def _target(stored: Mapping[str, Any]) -> Target:
    resolve = stored.get("resolve")
    kinds = {"comparison": Comparison(stored["comparison"]), "resolve": Resolve(resolve) if resolve else None}
    return Target(**{**stored, **kinds})


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
