"""Readings as the database keeps them."""

from typing import Any

from taskboard.domain.plan_parsing.reading import Problem, Span
from taskboard.services.readings import places_by_key, plan_from_json

NAMED = {"block": 3, "start": 2, "end": 7, "row": None, "column": None}


def test_a_reading_of_an_earlier_release_has_no_passages_and_problems_without_places() -> None:
    stored = {"title": "甲", "problems": [{"code": "clause_unread", "where": "第一项之前", "text": "此处写有"}]}

    plan = plan_from_json(stored)

    assert plan.unread == ()
    assert plan.problems == (Problem("clause_unread", "第一项之前", "此处写有"),)


def test_places_are_found_in_readings_of_this_release_and_of_earlier_ones() -> None:
    readings: dict[str, Any] = {
        "m1": {"spans": {"text": [[3, 2, 7, None, None]]}},
        "m2": {"spans": {"text": [NAMED]}},
        "m3": {},
    }

    assert places_by_key(readings) == {"m1": {"text": [Span(3, 2, 7)]}, "m2": {"text": [Span(3, 2, 7)]}, "m3": {}}
