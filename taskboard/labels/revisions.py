"""The words for what may be taken over from a revised document."""

from __future__ import annotations

from taskboard.domain.plan_comparison import Field

FIELD_WORDS: dict[Field, str] = {
    Field.WORDING: "原文和标题",
    Field.DEADLINE: "完成时限",
    Field.LEAD: "牵头单位",
    Field.PARTNERS: "配合单位",
}
