"""Every value that people see has its own words."""

from __future__ import annotations

from dataclasses import replace

from taskboard.domain.lights import Judgement, Light, LightReason
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.labels import LABELS, WORDS, label, light_reason


def test_values_of_two_enums_with_the_same_text_keep_their_own_words() -> None:
    assert label(TaskState.SUBMITTED) == "待审核"
    assert label(AssignmentState.SUBMITTED) == "已报送"


def test_every_member_of_every_labelled_enum_has_words() -> None:
    kinds = {type(value) for value, _ in WORDS}

    missing = [member for kind in kinds for member in kind if (kind, member.value) not in LABELS]

    assert missing == []


def test_the_light_of_what_was_submitted_is_told_as_of_then() -> None:
    due = Judgement(Light.YELLOW, LightReason.DUE_SOON, 0)

    assert light_reason(due) == "今日到期"
    assert light_reason(replace(due, is_as_submitted=True)) == "时限当日报送"
    assert light_reason(replace(due, days=2, is_as_submitted=True)) == "报送时距时限 2 个工作日"
