"""The fixed list of problems, and its description."""

import re
from pathlib import Path

import pytest

from taskboard.domain.plan_parsing import parse_plan
from taskboard.domain.plan_parsing.blocks import Paragraph
from taskboard.domain.plan_parsing.problems import WORDING, Code, problem

DOCS = Path(__file__).parents[3] / "docs" / "plan-documents.md"


def codes(text: str) -> list[str]:
    return [found.code for found in parse_plan([Paragraph(line) for line in text.split("\n")]).problems]


@pytest.mark.parametrize("code", list(Code))
def test_every_problem_has_its_wording_and_stands_in_the_documentation(code: Code) -> None:
    row = f"| `{code.value}` | {WORDING[code].format(words='…')} |"

    assert row in DOCS.read_text(encoding="utf-8")


def test_the_documentation_names_no_other_problems() -> None:
    section = DOCS.read_text(encoding="utf-8").split("\n## Problems\n")[1].split("\n## ")[0]

    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == {code.value for code in Code}


def test_a_problem_says_where_and_what() -> None:
    found = problem(Code.DEADLINE_YEAR_LOST, "第 17 项", "到年")

    assert (found.where, found.text) == ("第 17 项", "截止年份在原文中缺失（“到年”）")


CLAUSE = "（责任单位：市发改委）"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "nothing_to_read"),
        ("一、重点任务\n1.建设平台。推进共享。", "no_unit_clause"),
        ("今天天气很好。", "no_measures"),
        (f"1.建设平台。到年，建成10个。{CLAUSE}", "deadline_year_lost"),
        (f"1.建设平台。6月底前完成。{CLAUSE}", "deadline_without_year"),
        (f"1.建设平台。印发之日起30日内完成。{CLAUSE}", "deadline_without_document_date"),
        (f"2024年3月5日\n1.建设平台。印发之日起15个工作日内完成。{CLAUSE}", "deadline_without_calendar"),
        (f"1.建设平台。2024年2月30日前完成。{CLAUSE}", "deadline_impossible"),
        ("1.建设平台。\n责任单位：市发改委\n完成时限：待定", "deadline_unread"),
        (f"一、任务{CLAUSE}\n1.甲平台。{CLAUSE}\n2.乙平台。{CLAUSE}", "clause_of_parent_unused"),
        ("1.建设平台。\n配合单位：市发改委", "lead_missing"),
        (
            "序号项目内容牵头单位配合单位\n1建甲平台。市教育局市财政局\n2建乙平台。市民政局市财政局",
            "table_without_separators",
        ),
        (f"1.甲平台。{CLAUSE}\n3.乙平台。{CLAUSE}", "numbering_gap"),
        (f"1.甲平台。{CLAUSE}\n1.乙平台。{CLAUSE}", "numbering_repeated"),
    ],
)
def test_what_is_wrong_with_a_document_is_told(text: str, code: str) -> None:
    assert code in codes(text)


def test_a_sound_document_has_no_problems() -> None:
    assert codes(f"2024年工作要点\n一、重点任务\n1.甲平台。6月底前建成。{CLAUSE}\n2.乙平台。{CLAUSE}") == []


def test_thousands_of_items_in_one_run_stay_apart_and_a_gap_among_them_is_told() -> None:
    items = [f"{number}.建设站点。{CLAUSE}" for number in range(1, 1206) if number != 1100]

    for blocks in (["".join(items)], items):
        plan = parse_plan([Paragraph(text) for text in blocks])

        assert len(plan.measures) == 1204
        assert [(found.code, found.text) for found in plan.problems] == [
            ("numbering_gap", "编号不连续：“1101”之前缺号")
        ]
