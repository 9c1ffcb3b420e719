"""The same document in other clothes gives the same reading."""

from collections.abc import Callable
from pathlib import Path

import opencc
import pytest

from taskboard.domain.plan_parsing import parse_plan
from taskboard.domain.plan_parsing.blocks import Paragraph
from taskboard.domain.plan_parsing.reading import ParsedPlan
from taskboard.domain.plan_parsing.text import read_text

PLANS = Path(__file__).parents[2] / "data" / "plans"
WITH_CLAUSES = [
    "02_work_points_lines",
    "04_state_council",
    "11_sub_items",
    "25_special_deadlines",
    "50_defaults_in_first_clause",
]

TO_HALF = str.maketrans("（）：；，．〔〕", "():;,.[]")
TO_FULL = str.maketrans("():;,0123456789", "（）：；，０１２３４５６７８９")  # noqa: RUF100


def in_half_width(text: str) -> str:
    return text.translate(TO_HALF)


def in_full_width(text: str) -> str:
    return text.translate(TO_FULL)


def in_traditional_script(text: str) -> str:
    converted: str = opencc.OpenCC("s2t").convert(text)
    return converted


def with_pinyin_notes(text: str) -> str:
    return text.replace("单位", "单(dān)位").replace("负责", "负(fù)责(zé)").replace("牵头", "牵(qiān)头")


def with_blank_lines_and_page_numbers(text: str) -> str:
    lines = text.split("\n")
    return "\n".join(f"{line}\n\n— {number} —" if number % 7 == 0 else line for number, line in enumerate(lines, 1))


def what_counts(plan: ParsedPlan) -> list[tuple[object, ...]]:
    return [
        (
            read_text("".join(measure.path)).plain,
            [read_text(unit).plain for unit in measure.lead],
            [read_text(unit).plain for unit in measure.partners],
            measure.deadline,
            measure.recurrence,
        )
        for measure in plan.measures
    ]


def read(text: str) -> ParsedPlan:
    return parse_plan([Paragraph(line) for line in text.split("\n")])


@pytest.mark.parametrize("name", WITH_CLAUSES)
@pytest.mark.parametrize(
    "changed",
    [in_half_width, in_full_width, in_traditional_script, with_pinyin_notes, with_blank_lines_and_page_numbers],
)
def test_width_script_notes_and_pages_change_nothing(name: str, changed: Callable[[str], str]) -> None:
    text = (PLANS / f"{name}.txt").read_text(encoding="utf-8")

    assert what_counts(read(changed(text))) == what_counts(read(text))
