"""What JSON columns keep is what was put into them."""

from __future__ import annotations

import json
from datetime import date

import pytest
from apiflask import APIFlask
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from sqlalchemy import JSON, String, cast, literal, select

from taskboard.domain.workflow import AssignmentState
from taskboard.extensions import db
from taskboard.models.base import to_json

TEXTS = st.text(st.characters() | st.characters(categories=["Cs"]))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_values_come_back_as_they_were(value: object) -> None:
    assert json.loads(to_json(value)) == value


def test_days_members_of_enums_and_safe_text_are_kept_as_their_text() -> None:
    value = [date(2026, 11, 25), AssignmentState.PENDING, Markup("<b>")]

    assert json.loads(to_json(value)) == ["2026-11-25", "pending", "<b>"]


def test_what_has_no_form_in_json_is_refused() -> None:
    with pytest.raises(TypeError):
        to_json({"facts": object()})


def test_the_application_keeps_chinese_as_it_is_written(app: APIFlask) -> None:
    with app.app_context():
        kept = db.session.scalar(select(cast(literal({"title": "重点任务"}, JSON), String)))

    assert kept == '{"title":"重点任务"}'
