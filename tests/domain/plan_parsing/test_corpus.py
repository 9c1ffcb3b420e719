"""The figures over documents whose readings were made apart from the parser: a floor for each, to be raised only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from taskboard.documents.reader import read_document
from taskboard.domain.plan_parsing import parse_plan, reading_to_dict
from taskboard.services.calendar import package_calendar
from taskboard.services.evaluation import evaluate, total

CORPUS = Path(__file__).parents[2] / "data" / "corpus"


@pytest.mark.parametrize(
    ("folder", "count"),
    [(CORPUS, 43), (CORPUS / "second", 48), (CORPUS / "third", 40), (CORPUS / "fourth", 30), (CORPUS / "fifth", 61)],
    ids=["first", "second", "third", "fourth", "fifth"],
)
def test_unseen_kinds_of_documents_are_read_as_well_as_before(folder: Path, count: int) -> None:
    calendar = package_calendar()
    evaluations = []
    for gold in sorted(folder.glob("*.gold.json")):
        name = gold.name.removesuffix(".gold.json")
        source = next(file for file in folder.glob(f"{name}.*") if file != gold)
        plan = parse_plan(read_document(source.read_bytes()).blocks, calendar=calendar)
        evaluations.append(evaluate(name, reading_to_dict(plan), json.loads(gold.read_text(encoding="utf-8"))))

    figures = total(evaluations)

    assert len(evaluations) == count
    assert (figures.f1 or 0) >= 0.99
    assert (figures.lead or 0) >= 0.99
    assert (figures.partners_f1 or 0) >= 0.99
    assert (figures.deadline or 0) >= 0.99
    assert (figures.recurrence or 0) >= 0.99
    assert figures.fields_marked / figures.fields <= 0.15
