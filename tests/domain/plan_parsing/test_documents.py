"""Whole documents with the right reading beside them, read through the real readers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from taskboard.documents.reader import read_document
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.plan_parsing import parse_plan, reading_to_dict
from taskboard.domain.plan_parsing.text import read_text

PLANS = Path(__file__).parents[2] / "data" / "plans"
DOCUMENTS = sorted(path for path in PLANS.iterdir() if path.suffix in {".txt", ".docx", ".xlsx", ".html"})


def read(path: Path) -> dict[str, Any]:
    blocks = read_document(path.read_bytes()).blocks
    return reading_to_dict(parse_plan(blocks, calendar=WorkingCalendar()))


def gold_of(path: Path) -> dict[str, Any]:
    reading: dict[str, Any] = json.loads((PLANS / f"{path.stem}.gold.json").read_text(encoding="utf-8"))
    return reading


def words(text: str | None) -> str:
    return re.sub(r"[\W_]+", "", text or "")


def says_the_same(read_measure: dict[str, Any], right: dict[str, Any]) -> bool:
    """Whether both begin with the same words; a heading may stand before them in one of the two."""
    head, right_head = words(read_measure["text_head"])[:10], words(right["text_head"])
    return head in right_head or right_head[:10] in words(read_measure["text"])


def begins_or_ends(unit: str, found: str) -> bool:
    """Whether the words found hold the name but for a part that the document gives once for several."""
    return unit[-3:] in found or unit[:3] in found


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_is_read_as_its_gold_says(path: Path) -> None:
    gold, reading = gold_of(path), read(path)
    defaults = set(gold["defaults"])

    assert [
        m["text_head"]
        for m, right in zip(reading["measures"], gold["measures"], strict=False)
        if not says_the_same(m, right)
    ] == []
    assert len(reading["measures"]) == len(gold["measures"])
    for measure, right in zip(reading["measures"], gold["measures"], strict=False):
        assert (right["text_head"], measure["lead"]) == (right["text_head"], right["lead"])
        partners = [unit for unit in measure["partners"] if unit not in defaults]
        assert (right["text_head"], partners) == (
            right["text_head"],
            [u for u in right["partners"] if u not in defaults],
        )
        assert (right["text_head"], measure["deadline"]) == (right["text_head"], right["deadline"])
        if "recurrence" in right:
            assert (right["text_head"], measure["recurrence"]) == (right["text_head"], right["recurrence"])
    assert defaults <= set(reading["defaults"])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_title_and_date_are_those_of_the_document_itself(path: Path) -> None:
    gold, reading = gold_of(path), read(path)

    assert reading["date"] == gold["date"]
    assert words(reading["title"]) in words(gold["title"])


def test_a_document_without_clauses_says_so_and_invents_no_unit() -> None:
    reading = read(PLANS / "14_no_units.txt")

    assert "no_unit_clause" in {problem["code"] for problem in reading["problems"]}
    assert all(not measure["lead"] and not measure["partners"] for measure in reading["measures"])


def test_items_without_a_clause_beside_items_with_one_are_offered_apart() -> None:
    reading = read(PLANS / "02_work_points_lines.txt")

    assert [candidate["heading"] for candidate in reading["candidates"]] == [
        "加强统筹协调",
        "强化政策集成",
        "营造良好氛围",
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_field_points_at_its_characters_in_the_blocks(path: Path) -> None:
    blocks = read_document(path.read_bytes()).blocks
    plan = parse_plan(blocks)

    for measure in plan.measures:
        for name, spans in measure.spans.items():
            found = ""
            for span in spans:
                block = blocks[span.block]
                if span.row is not None and span.column is not None:
                    text = block.rows[span.row][span.column].text  # type: ignore[union-attr]
                else:
                    text = block.text  # type: ignore[union-attr]
                found += text[span.start : span.end]
            assert found.strip(), name
            if name == "lead":
                assert all(begins_or_ends(words(unit), words(read_text(found).clean)) for unit in measure.lead)
            if name == "text":
                assert words(measure.text) == words(read_text(found).clean)
