"""Every value that people see has its own words."""

from __future__ import annotations

from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.labels import LABELS, WORDS, label


def test_values_of_two_enums_with_the_same_text_keep_their_own_words() -> None:
    assert label(TaskState.SUBMITTED) == "待审核"
    assert label(AssignmentState.SUBMITTED) == "已报送"


def test_every_member_of_every_labelled_enum_has_words() -> None:
    kinds = {type(value) for value, _ in WORDS}

    missing = [member for kind in kinds for member in kind if (kind, member.value) not in LABELS]

    assert missing == []
