"""A reading as plain values, in the form of the files that tests compare with."""

from __future__ import annotations

from typing import Any

from taskboard.domain.plan_parsing.reading import ParsedMeasure, ParsedPlan, Span


def reading_to_dict(plan: ParsedPlan) -> dict[str, Any]:
    """The plan as values for JSON: days as ISO dates, missing ones as ``None``."""
    return {
        "title": plan.title,
        "issuer": plan.issuer,
        "date": plan.date.isoformat() if plan.date else None,
        "document_number": plan.document_number,
        "horizon": plan.horizon.isoformat() if plan.horizon else None,
        "defaults": list(plan.defaults),
        "measures": [_measure(measure) for measure in plan.measures],
        "candidates": [_measure(measure) for measure in plan.candidates],
        "problems": [{"code": p.code, "where": p.where, "text": p.text} for p in plan.problems],
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
        "targets": list(measure.targets),
        "persons": list(measure.persons),
        "inferred_lead": "、".join(measure.inferred_lead) or None,
        "origins": {name: origin.value for name, origin in measure.origins.items()},
        "inferred": dict(measure.inferred),
        "review": list(measure.review),
        "spans": {name: [_span(span) for span in spans] for name, spans in measure.spans.items()},
    }


def _span(span: Span) -> dict[str, int]:
    place = {"block": span.block, "start": span.start, "end": span.end}
    if span.row is not None and span.column is not None:
        place |= {"row": span.row, "column": span.column}
    return place
