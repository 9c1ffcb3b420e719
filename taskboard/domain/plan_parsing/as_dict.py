"""A reading as plain values, in the form of the files that tests compare with."""

from __future__ import annotations

from typing import Any

from taskboard.domain.plan_parsing.doubts import FIELDS, confidence
from taskboard.domain.plan_parsing.reading import ParsedMeasure, ParsedPlan, ReportRhythm, Span, Target


def reading_to_dict(plan: ParsedPlan) -> dict[str, Any]:
    """The plan as values for JSON: days as ISO dates, missing ones as ``None``."""
    return {
        "title": plan.title,
        "issuer": plan.issuer,
        "date": plan.date.isoformat() if plan.date else None,
        "document_number": plan.document_number,
        "horizon": plan.horizon.isoformat() if plan.horizon else None,
        "rhythm": _rhythm(plan.rhythm) if plan.rhythm else None,
        "defaults": list(plan.defaults),
        "measures": [_measure(measure) for measure in plan.measures],
        "candidates": [_measure(measure) for measure in plan.candidates],
        "unread": [_measure(measure) for measure in plan.unread],
        "problems": [
            {"code": p.code, "where": p.where, "text": p.text, "spans": [_span(span) for span in p.spans]}
            for p in plan.problems
        ],
    }


def _measure(measure: ParsedMeasure) -> dict[str, Any]:
    return {
        "path": list(measure.path),
        "heading": measure.heading,
        "text_head": measure.text_head,
        "text": measure.text,
        "lead": list(measure.lead),
        "partners": list(measure.partners),
        "units_as_written": measure.units_as_written,
        "deadline": measure.deadline.isoformat() if measure.deadline else None,
        "deadline_text": measure.deadline_text,
        "recurrence": measure.recurrence.value if measure.recurrence else None,
        "targets": [_target(target) for target in measure.targets],
        "persons": list(measure.persons),
        "inferred_lead": "、".join(measure.inferred_lead) or None,
        "origins": {name: origin.value for name, origin in measure.origins.items()},
        "inferred": dict(measure.inferred),
        "review": list(measure.review),
        "doubts": {name: list(doubts) for name, doubts in measure.doubts.items()},
        "confidence": {name: confidence(measure.doubts.get(name, ())) for name in FIELDS},
        "spans": {name: [_span(span) for span in spans] for name, spans in measure.spans.items()},
    }


def _target(target: Target) -> dict[str, Any]:
    return {
        "words": target.words,
        "quantity": target.quantity,
        "unit": target.unit,
        "comparison": target.comparison.value,
        "value": target.value,
        "upper": target.upper,
        "base_year": target.base_year,
        "resolve": target.resolve.value if target.resolve else None,
    }


def _rhythm(rhythm: ReportRhythm) -> dict[str, Any]:
    return {
        "kind": rhythm.kind.value,
        "words": rhythm.words,
        "day": rhythm.day,
        "weekday": rhythm.weekday,
        "month": rhythm.month,
        "dates": [day.isoformat() for day in rhythm.dates],
        "spans": [_span(span) for span in rhythm.spans],
    }


def _span(span: Span) -> dict[str, int]:
    place = {"block": span.block, "start": span.start, "end": span.end}
    if span.row is not None and span.column is not None:
        place |= {"row": span.row, "column": span.column}
    return place
