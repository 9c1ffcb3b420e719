"""Marks for review hold where damage makes a reading wrong: floors for a small trial; the whole is ``bench.marks``."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from taskboard.domain.plan_parsing import parse_plan, reading_to_dict
from taskboard.domain.plan_parsing.blocks import Paragraph
from taskboard.services.evaluation import Figures, evaluate, total
from tests.support.damage import DAMAGES, damaged

DATA = Path(__file__).parents[2] / "data"
TEXTS = [*sorted((DATA / "corpus").glob("*.txt")), *sorted((DATA / "plans").glob("*.txt"))]


@cache
def tried(kind: str | None) -> Figures:
    """The figures over every third document with this damage, over all documents without any."""
    evaluations = []
    for path in TEXTS if kind is None else TEXTS[::3]:
        gold = json.loads(path.with_name(f"{path.stem}.gold.json").read_text(encoding="utf-8"))
        blocks = [Paragraph(line) for line in path.read_text(encoding="utf-8").split("\n")]
        plan = parse_plan(blocks if kind is None else damaged(blocks, kind, path.stem))
        evaluations.append(evaluate(path.stem, reading_to_dict(plan), gold))
    return total(evaluations)


def test_few_fields_of_sound_documents_are_marked_and_most_wrong_ones_are_among_them() -> None:
    figures = tried(None)

    assert figures.fields > 2000
    assert (figures.marked or 1) <= 0.12
    assert figures.wrong_marked is None or figures.wrong_marked >= 0.9


def test_nine_of_ten_fields_that_damage_makes_wrong_are_marked() -> None:
    figures = sum((tried(kind) for kind in DAMAGES), tried(None))

    assert figures.fields_wrong > 300
    assert (figures.wrong_marked or 0) >= 0.89
    assert (figures.marked or 1) <= 0.18


@pytest.mark.parametrize("kind", DAMAGES)
def test_no_kind_of_damage_goes_unseen(kind: str) -> None:
    figures = tried(kind)

    assert figures.fields > 500
    assert figures.fields_wrong < 10 or (figures.wrong_marked or 0) >= 0.6
