"""The words of measurable targets and of report rhythms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from taskboard.domain.plan_parsing.reading import Comparison
from taskboard.domain.report_rhythms import PlanRhythm, RhythmOrigin

COMPARISONS: Mapping[Comparison, str] = {
    Comparison.REACH: "达到",
    Comparison.AT_LEAST: "不少于",
    Comparison.AT_MOST: "不超过",
    Comparison.MORE_THAN: "超过",
    Comparison.LESS_THAN: "少于",
    Comparison.ABOUT: "左右",
    Comparison.EXACTLY: "等于",
    Comparison.BETWEEN: "介于",
    Comparison.INCREASE_BY: "增加",
    Comparison.DECREASE_BY: "减少",
}

PLAN_RHYTHMS: Mapping[PlanRhythm, str] = {
    PlanRhythm.NONE: "不定期",
    PlanRhythm.WEEKLY: "每周",
    PlanRhythm.MONTHLY: "每月",
    PlanRhythm.QUARTERLY: "每季度",
    PlanRhythm.HALF_YEARLY: "每半年",
}


RHYTHM_ORIGINS: Mapping[RhythmOrigin, str] = {
    RhythmOrigin.STATED: "原文",
    RhythmOrigin.DEFAULT: "默认",
    RhythmOrigin.DECIDED: "人工确定",
}

LAST_OF_MONTH = 31
WEEKDAYS = "一二三四五六日"


def rhythm_words(rhythm: PlanRhythm, day: int | None) -> str:
    """``每月 25 日``, ``每周五``, ``每季度``"""
    if day is None or rhythm is PlanRhythm.NONE:
        return PLAN_RHYTHMS[rhythm]
    if rhythm is PlanRhythm.WEEKLY:
        return f"每周{WEEKDAYS[day - 1]}"
    words = "月末" if day == LAST_OF_MONTH else f"{day} 日"
    return f"{PLAN_RHYTHMS[rhythm]}{' ' if day != LAST_OF_MONTH else ''}{words}"


class Figure(Protocol):
    """What a target says, wherever it stands."""

    @property
    def quantity(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def comparison(self) -> Comparison: ...
    @property
    def value(self) -> float: ...
    @property
    def upper(self) -> float | None: ...
    @property
    def base_year(self) -> int | None: ...


def target_words(target: Figure) -> str:
    """``办结率 不少于 95%（比 2015 年）``"""
    figures = figure_words(target.value)
    if target.upper is not None:
        figures += f"—{figure_words(target.upper)}"
    base = f"（比 {target.base_year} 年）" if target.base_year else ""
    return f"{target.quantity} {COMPARISONS[target.comparison]} {figures}{target.unit}{base}".strip()


def figure_words(value: float) -> str:
    """The number without needless zeros: 1.2, 8000."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
