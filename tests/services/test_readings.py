"""Readings as the database keeps them."""

from typing import Any

from taskboard.domain.plan_parsing.reading import Span
from taskboard.services.readings import places_by_key

NAMED = {"block": 3, "start": 2, "end": 7, "row": None, "column": None}


def test_places_are_found_in_readings_of_this_release_and_of_earlier_ones() -> None:
    readings: dict[str, Any] = {
        "m1": {"spans": {"text": [[3, 2, 7, None, None]]}},
        "m2": {"spans": {"text": [NAMED]}},
        "m3": {},
    }

    assert places_by_key(readings) == {"m1": {"text": [Span(3, 2, 7)]}, "m2": {"text": [Span(3, 2, 7)]}, "m3": {}}
