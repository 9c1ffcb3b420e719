"""One document in thousands of clothes, drawn at random: numbering, width, script, notes, breaks and blanks."""

import random
from collections.abc import Callable
from datetime import date

import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskboard.domain.plan_parsing import parse_plan
from taskboard.domain.plan_parsing.blocks import Paragraph
from taskboard.domain.plan_parsing.text import read_text, squeezed

HEAD = ["云州市2024年优化营商环境工作要点", "为做好全年工作，制定本要点。"]
SECTIONS = {
    "提升服务能力": [
        "建设统一平台。6月底前完成系统对接并上线运行，接入事项不少于100项。（责任单位：市教育局、市财政局、市科技局）",
        "开展联合检查。每季度组织一次联合检查，问题整改率达到100%。（市公安局牵头，市司法局、市应急局按职责分工负责）",
        "压减办理时限。年底前实现高频事项“一件事一次办”，平均时限压减三分之一以上。（牵头单位：市政务服务办；配合单位：市数据局，各县（市、区）人民政府）",
    ],
    "强化要素保障": [
        "畅通融资渠道。到2025年，普惠贷款余额突破200亿元，新增首贷户1500户以上。（责任单位：市委金融办、人民银行云州分行）",
        "培育人才队伍。对重点企业急需的技能人才开展订单培训，全年新增就业2万人。（责任单位：市人社局、市总工会，有关高等院校）",
        "保障项目用地。第三季度前出台配套政策，建立项目用地跟踪服务制度。（市自然资源局、市住建局负责）",
    ],
}
FOOT = ["云州市人民政府办公室", "2024年2月20日"]
RIGHT = [
    ("建设统一平台", ["市教育局"], ["市财政局", "市科技局"], date(2024, 6, 30), None),
    ("开展联合检查", ["市公安局"], ["市司法局", "市应急局"], None, "quarterly"),
    ("压减办理时限", ["市政务服务办"], ["市数据局", "各县(市、区)人民政府"], date(2024, 12, 31), None),
    ("畅通融资渠道", ["市委金融办"], ["人民银行云州分行"], date(2025, 12, 31), None),
    ("培育人才队伍", ["市人社局"], ["市总工会", "有关高等院校"], date(2024, 12, 31), None),
    ("保障项目用地", ["市自然资源局"], ["市住建局"], date(2024, 9, 30), None),
]

CHINESE = "一二三四五六七八九十"
STYLES: list[tuple[int, Callable[[int], str]]] = [
    (0, lambda n: f"第{CHINESE[n]}章 "),
    (1, lambda n: f"{CHINESE[n]}、"),
    (1, lambda n: f"{CHINESE[n]}．"),
    (2, lambda n: f"第{CHINESE[n]}条 "),
    (3, lambda n: f"（{CHINESE[n]}）"),
    (3, lambda n: f"({CHINESE[n]})"),
    (3, lambda n: chr(ord("㈠") + n)),
    (4, lambda n: f"{n + 1}."),
    (4, lambda n: f"{n + 1}、"),
    (4, lambda n: f"{n + 1}．"),
    (4, lambda n: f"{chr(ord('１') + n)}、"),
    (4, lambda n: chr(ord("⒈") + n)),
    (5, lambda n: f"（{n + 1}）"),
    (5, lambda n: f"({n + 1})"),
    (5, lambda n: f"{n + 1})"),
    (5, lambda n: chr(ord("⑴") + n)),
    (6, lambda n: chr(ord("①") + n)),
]
"""rank in an outline and how a label is written"""

HALF = dict(zip("（）：；，．", "():;,.", strict=True))
FULL = {chr(code): chr(code + 0xFEE0) for code in range(ord("0"), ord("9") + 1)} | dict(
    zip("():;,%", "（）：；，％", strict=True)
)
PINYIN = ("fā", "wù", "shí", "dān", "qū", "yè", "zé")


def written(chance: random.Random, *, runs_through: bool) -> list[str]:
    """The lines of the document with labels of two ranks."""
    ranks = sorted(chance.sample(range(7), 2))
    section, item = (chance.choice([label for rank, label in STYLES if rank == one]) for one in ranks)
    lines = list(HEAD)
    count = 0
    for number, (title, texts) in enumerate(SECTIONS.items()):
        lines.append(section(number) + title)
        for position, text in enumerate(texts):
            lines.append(item(count if runs_through else position) + text)
            count += 1
    return [*lines, *FOOT]


def in_mixed_width(lines: list[str], chance: random.Random) -> list[str]:
    widths = {**HALF, **FULL} if chance.random() < 0.5 else HALF
    return ["".join(widths.get(c, c) if chance.random() < 0.5 else c for c in line) for line in lines]


def in_traditional_script(lines: list[str], chance: random.Random) -> list[str]:
    converter = opencc.OpenCC(chance.choice(["s2t", "s2tw", "s2hk"]))
    return [converter.convert(line) for line in lines]


def with_pinyin_notes(lines: list[str], chance: random.Random) -> list[str]:
    return [
        "".join(
            f"{c}({chance.choice(PINYIN)})" if "\u4e00" <= c <= "\u9fff" and chance.random() < 0.1 else c for c in line
        )
        for line in lines
    ]


def with_blank_lines(lines: list[str], chance: random.Random) -> list[str]:
    return [part for line in lines for part in ([line, "", "　"] if chance.random() < 0.4 else [line])]


def with_spaces(lines: list[str], chance: random.Random) -> list[str]:
    return [chance.choice(["", "　　", "  ", "\t"]) + line + chance.choice(["", " ", "　"]) for line in lines]


def with_page_numbers(lines: list[str], chance: random.Random) -> list[str]:
    marks = ("— {} —", "- {} -", "{}", "第{}页", "· {} ·", "第 {} 页 共 9 页")
    mark = chance.choice(marks)
    places = set(chance.sample(range(2, len(lines) - 1), 2))
    numbered = iter(range(1, 9))
    return [
        part
        for n, line in enumerate(lines)
        for part in ([line, mark.format(next(numbered))] if n in places else [line])
    ]


def broken_at_a_width(lines: list[str], chance: random.Random) -> list[str]:
    width = chance.randint(22, 44)
    return [line[start : start + width] for line in lines for start in range(0, max(len(line), 1), width)]


CLOTHES = {
    "mixed width": in_mixed_width,
    "traditional script": in_traditional_script,
    "blank lines": with_blank_lines,
    "spaces": with_spaces,
    "page numbers": with_page_numbers,
    "hard breaks": broken_at_a_width,
    "pinyin notes": with_pinyin_notes,
}
"""in the order in which they are put on: a note is never broken itself"""


def what_counts(lines: list[str]) -> list[tuple[object, ...]]:
    def plain(names: tuple[str, ...]) -> list[str]:
        return [squeezed(read_text(name).plain) for name in names]

    return [
        (
            squeezed(read_text(one.text_head).plain)[:6],
            plain(one.lead),
            plain(one.partners),
            one.deadline,
            one.recurrence,
        )
        for one in parse_plan([Paragraph(line) for line in lines]).measures
    ]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), runs_through=st.booleans())
def test_any_numbering_gives_the_same_reading(seed: int, *, runs_through: bool) -> None:
    assert what_counts(written(random.Random(seed), runs_through=runs_through)) == RIGHT


@pytest.mark.parametrize("name", CLOTHES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_any_clothes_give_the_same_reading(name: str, seed: int) -> None:
    chance = random.Random(seed)

    assert what_counts(CLOTHES[name](written(chance, runs_through=chance.random() < 0.5), chance)) == RIGHT


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), names=st.sets(st.sampled_from(sorted(CLOTHES)), min_size=2, max_size=3))
def test_several_clothes_at_once_give_the_same_reading(seed: int, names: set[str]) -> None:
    chance = random.Random(seed)
    lines = written(chance, runs_through=chance.random() < 0.5)
    for name in (name for name in CLOTHES if name in names):
        lines = CLOTHES[name](lines, chance)

    assert what_counts(lines) == RIGHT
