"""The time that reading takes grows with the length of a text, whatever stands in it."""

from pathlib import Path
from time import process_time

import pytest

from taskboard.domain.plan_parsing import parse_plan
from taskboard.domain.plan_parsing.blocks import Paragraph

PLANS = Path(__file__).parents[2] / "data" / "plans"
HOSTILE_LENGTH = 40_000
"""characters; a step that looks at all that follows for each of them would take minutes"""
HOSTILE_LIMIT = 4.0
"""CPU seconds, ten times what is needed"""

LARGE_BYTES = 2 * 2**20
LARGE_LIMIT = 10.0
"""CPU seconds; about 3 on an idle machine, 5 are promised, and busy ones need twice as long"""

HOSTILE_WORDS = """
（ (市发改委 （责任单位： 责任单位： 、 市发改委、 一是 （1） 。(1) 1. 1.1.1 2024年 6月至 2024— 每年 由 由市发改委
。由市发改委牵头， 分别共同 牵头 负责， 各县（市、区） 到 “ 《 | 以下各项 为牵头 十 及各 等 （a） 常态化
责任单位:A、B。1. 一是加强。 人民政府及其
"""
HOSTILE_WITH_SPACES = ["\t", "序号\t", "a |\n", "  ", "附件\n", "记者：\n", '1\t"a\n', "序号\t任务\t单位\n"]
HOSTILE_ROWS = ["a b", "市教育局、", "2 a"]


@pytest.mark.parametrize("words", [*HOSTILE_WORDS.split(), *HOSTILE_WITH_SPACES])
def test_repeated_words_take_no_longer_than_others(words: str) -> None:
    text = words * (HOSTILE_LENGTH // len(words))
    started = process_time()

    parse_plan([Paragraph(line) for line in text.split("\n")])

    assert process_time() - started < HOSTILE_LIMIT


@pytest.mark.parametrize("row", HOSTILE_ROWS)
@pytest.mark.parametrize("separator", ["\t", "    "])
def test_repeated_lines_below_names_of_columns_take_no_longer_than_others(separator: str, row: str) -> None:
    lines = ["序号 重点任务 具体举措 牵头单位 完成时限", *[row] * (HOSTILE_LENGTH // 4)]
    started = process_time()

    parse_plan([Paragraph(line.replace(" ", separator)) for line in lines])

    assert process_time() - started < HOSTILE_LIMIT


def test_two_mebibytes_are_read_in_a_few_seconds() -> None:
    once = "\n".join(path.read_text(encoding="utf-8") for path in sorted(PLANS.glob("[0-3]*.txt")))
    lines = (once + "\n") * (LARGE_BYTES // len(once.encode()))
    blocks = [Paragraph(line) for line in lines.split("\n")]
    started = process_time()

    plan = parse_plan(blocks)

    assert process_time() - started < LARGE_LIMIT
    assert len(plan.measures) > 3000
