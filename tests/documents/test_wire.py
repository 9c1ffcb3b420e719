"""What goes between the reading process and the one that asked."""

import json

import pytest

from taskboard.documents.wire import blocks_from_plain, from_plain, to_json, to_plain
from taskboard.domain.plan_parsing.blocks import Paragraph
from taskboard.domain.plan_parsing.reading import ParsedMeasure, Span

MEASURE = ParsedMeasure(
    path=("1",),
    heading=None,
    text="完善机制。",
    text_head="完善机制",
    spans={"text": (Span(3, 2, 7, row=1, column=0),)},
)


def test_a_measure_comes_back_as_it_was() -> None:
    assert from_plain(ParsedMeasure, json.loads(to_json(MEASURE))) == MEASURE


def test_a_place_is_sent_without_the_names_of_its_numbers() -> None:
    assert json.loads(to_json(MEASURE))["spans"] == {"text": [[3, 2, 7, 1, 0]]}


def test_what_is_sent_needs_no_other_step_to_be_stored() -> None:
    assert to_plain(MEASURE) == json.loads(to_json(MEASURE))


@pytest.mark.parametrize("other", [[3, 2], [3, 2, 7, 1, 0, 5], [3, 2, "7", 1, 0], [3, 2, True, 1, 0], {"block": 3}, 3])
def test_what_is_no_place_is_refused(other: object) -> None:
    with pytest.raises(ValueError, match="Expected"):
        from_plain(Span, other)


@pytest.mark.parametrize("block", [{"place": {}}, {"place": {}, "cells": [["甲", 0]]}, {"text": "甲"}, ["甲"]])
def test_what_is_neither_paragraph_nor_table_is_refused(block: object) -> None:
    with pytest.raises(ValueError, match=r"Expected|required|neither"):
        blocks_from_plain([block])


def test_half_a_character_becomes_a_question_mark() -> None:
    assert json.loads(to_json([Paragraph("甲\ud800乙")]))[0]["text"] == "甲?乙"
