"""What goes between the reading process and the one that asked."""

import json

import pytest

from taskboard.documents.wire import from_plain, to_json
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


def test_a_place_that_was_stored_with_the_names_of_its_numbers_is_understood() -> None:
    stored = {"block": 3, "start": 2, "end": 7, "row": 1, "column": 0}

    assert from_plain(Span, stored) == Span(3, 2, 7, row=1, column=0)


@pytest.mark.parametrize("other", [[3, 2, 7, 1], [3, 2, 7, 1, 0, 5], [3, 2, "7", 1, 0], {"block": 3}, 3])
def test_what_is_no_place_is_refused(other: object) -> None:
    with pytest.raises((TypeError, ValueError, KeyError)):
        from_plain(Span, other)
