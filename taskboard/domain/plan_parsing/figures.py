"""Figures in a text, each with its value and unit: 8000家, 1.2亿元, 百分之九十五, and words that mean one: 全覆盖."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import attrgetter

import msgspec

from taskboard.domain.plan_parsing.reading import Comparison

UNIT_WORDS = """
% ‰ 个百分点 百分点 个 家 项 处 户 名 人次 人日 人 件次 件 条 座 台套 台 套 辆 所 间 场次 场 次 期 部 只 株 头 亩次
亩 公顷 平方米 平米 平方公里 立方米 公里 千米 米 里 吨标准煤 吨标煤 吨 千克 公斤 斤 担 千瓦时 千瓦 兆瓦 度 个月 个工作日
工作日 个小时 小时 分钟 天 周 亿元 万元 元 倍 张床位 张 本 批次 批 类 支 对 起 宗 门 篇 艘 架 块 片 列 班 种 样 份 孔
眼 口 个车位 车位 床 位 例 栋 幢 方 标箱 标准箱 个基点 基点 微克/立方米 毫克/升 毫克/立方米 单 笔 羽 尾 盏 根 节
EFLOPS PFLOPS TEU MW GW kW 兆瓦时
"""


def _in_order_of_trial(words: list[str]) -> list[str]:
    """Those that begin alike together, the longest first, and those first whose beginning is named first."""
    beginnings = list(dict.fromkeys(word[0] for word in words))
    return sorted(words, key=lambda word: (beginnings.index(word[0]), -len(word)))


UNIT = "(?>" + "|".join(map(re.escape, _in_order_of_trial(UNIT_WORDS.split()))) + ")"
"""atomic: where the longest does not do, the hundred others need no trial"""
DIGITS = r"\d[\dO]{0,8}(?:,\d{3}){0,3}(?:\.\d{1,4})?"
"""an O among digits is a misread nought"""
NUMERAL = r"[一二三四五六七八九十两][一二三四五六七八九十百千万零〇点]{0,8}"
SCALE = "[百千]?(?:万亿|[万亿])?"
DASH = r"(?:—{1,2}|-{1,2}|~|至)"
MAY_BE_RANGE = r"(?=.{0,12}?[—\-~至])"
"""far enough for the longest unit with its scale: without a dash near, the units need no trial for the first number"""
PER = r"(?:/(?:[\u4e00-\u9fff]{1,3}|t|h|d))?"
PAIR = r"(?:\([套间处座个次组辆件]\))?"
BOUND = r"(?:\s?(?:及以上|以上|以下|以内|之内|左右|上下))?"

FIGURE = re.compile(
    rf"""
      (?P<first>{DIGITS})\s?(?:{MAY_BE_RANGE}(?P<first_unit>{SCALE}{UNIT})?{DASH}(?P<last>{DIGITS})\s?)?
      (?P<unit>{SCALE}{UNIT}{PAIR}{PER}|万亿|亿)(?P<bound>{BOUND})(?P<within>内(?!的?[\u4e00-\u9fff]))?
    | 百分之(?P<percent>{DIGITS}|百|{NUMERAL})(?P<percent_bound>{BOUND})
    | (?P<numeral>{NUMERAL})(?P<numeral_unit>{UNIT}{PER})(?P<numeral_bound>{BOUND})
    """,
    re.VERBOSE,
)
VERBS_BEFORE_BARE = (
    *("不高于", "不低于", "不超过", "不少于", "控制在", "稳定在", "保持在", "达到", "达"),
    *("降至", "降到", "升至", "提高到", "提升至", "突破", "超过"),
)
BARE_FIGURE = re.compile(rf"(?:{'|'.join(VERBS_BEFORE_BARE)})(?P<number>{DIGITS})(?P<bound>{BOUND})(?=[,。;、)\n]|$)")
"""不高于59, without any unit"""


class Figure(msgspec.Struct, frozen=True, gc=False):
    """A number with its unit at its place in a text; ``comparison`` where its words give one by themselves."""

    start: int
    end: int
    value: float
    unit: str
    upper: float | None = None
    bound: str = ""
    comparison: Comparison | None = None
    spelled: bool = False
    """whether the number is written in Chinese numerals"""

    def anywhere(self) -> Figure:
        """The figure as the words around it see it: without its place and, where it is written in digits, its value."""
        value, upper = self.value if self.spelled else 0.0, None if self.upper is None else 0.0
        return Figure(0, 0, value, self.unit, upper, self.bound, self.comparison, self.spelled)


START = attrgetter("start")
MAY_BE_BARE = re.compile(rf"[{''.join(sorted({verb[-1] for verb in VERBS_BEFORE_BARE}))}]\d")
"""the last character of such a verb and a digit: quicker to look for than the whole"""
NUMERIC = re.compile(r"[0-9一二三四五六七八九十两百]")
"""one of these begins each figure"""


def figures_in(plain: str) -> list[Figure]:
    """Numbers with their units, bare ones behind a verb that awaits one, and words that mean one, in order."""
    figures: list[Figure] = []
    begin = NUMERIC.search(plain)
    while begin is not None:
        # Only where one may begin, and not at every character as ``finditer`` would.
        found = FIGURE.match(plain, begin.start())
        if found is not None:
            figures.append(_figure(found))
        begin = NUMERIC.search(plain, begin.end() if found is None else found.end())
    others = [*_bare_figures(plain, figures), *_words_for_figures(plain)]
    return sorted([*figures, *others], key=START) if others else figures


def _bare_figures(plain: str, figures: Sequence[Figure]) -> list[Figure]:
    if not MAY_BE_BARE.search(plain):
        return []
    taken = {figure.start for figure in figures}
    return [
        Figure(found.start("number"), found.end(), read_number(found["number"]), "", bound=found["bound"].strip())
        for found in BARE_FIGURE.finditer(plain)
        if found.start("number") not in taken
    ]


def _figure(found: re.Match[str]) -> Figure:
    start, end = found.span()
    first = found["first"]
    if first:
        upper = read_number(found["last"]) if found["last"] else None
        bound = found["bound"].strip() or ("以内" if found["within"] else "")
        return Figure(start, end, read_number(first), found["unit"], upper, bound)
    if found["percent"]:
        value = 100.0 if found["percent"] == "百" else read_number(found["percent"])
        return Figure(start, end, value, "%", bound=found["percent_bound"].strip())
    number, scale = _without_scale(found["numeral"])
    unit, bound = scale + found["numeral_unit"], found["numeral_bound"].strip()
    return Figure(start, end, number, unit, bound=bound, spelled=True)


NUMERALS = {digit: n for n, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
TENS = {"十": 10, "百": 100, "千": 1000}


def read_number(words: str) -> float:
    """``"1,200"`` → 1200, ``"1O0"`` → 100, ``"九十五"`` → 95, ``"一万八千"`` → 18000, ``"三点五"`` → 3.5."""
    if words[0].isdigit():
        return float(words.replace(",", "").replace("O", "0"))
    whole, _, fraction = words.partition("点")
    value = float(sum(_section(part) * scale for part, scale in _sections(whole)))
    digits = "".join(str(NUMERALS[c]) for c in fraction if c in NUMERALS)
    return value + (float(f"0.{digits}") if digits else 0.0)


def _sections(numeral: str) -> list[tuple[str, int]]:
    high, mark, low = numeral.rpartition("万")
    return [(high, 10_000), (low, 1)] if mark else [(low, 1)]


def _section(numeral: str) -> int:
    """A Chinese number below ten thousand."""
    total = digit = 0
    for c in numeral:
        if c in TENS:
            total += (digit or 1) * TENS[c]
            digit = 0
        else:
            digit = NUMERALS.get(c, 0)
    return total + digit


def _without_scale(numeral: str) -> tuple[float, str]:
    """十万 → ten with the scale 万; 一万八千 stays one number."""
    if len(numeral) > 1 and numeral.endswith("万"):
        return read_number(numeral[:-1]), "万"
    return read_number(numeral), ""


WORD_FIGURES: tuple[tuple[re.Pattern[str], float, str, Comparison], ...] = (
    (re.compile(r"(?:百分之百|全)覆盖"), 100.0, "%", Comparison.REACH),
    (re.compile(r"(?:动态|全部|全面)?清零"), 0.0, "", Comparison.EXACTLY),
    (re.compile(r"零的突破"), 0.0, "", Comparison.MORE_THAN),
    (re.compile(r"零(?:增长|新增|事故|死亡|投诉)"), 0.0, "", Comparison.EXACTLY),
    (re.compile(r"翻(?:一番|番)"), 100.0, "%", Comparison.INCREASE_BY),
    (re.compile(r"翻两番"), 300.0, "%", Comparison.INCREASE_BY),
    (re.compile(r"减半"), 50.0, "%", Comparison.DECREASE_BY),
)


IN_WORD_FIGURES = re.compile("[覆零翻减]")
"""one of these stands in each of the words"""


def _words_for_figures(plain: str) -> list[Figure]:
    """全覆盖, 清零, 零的突破: targets whose figure lies in the word."""
    if not IN_WORD_FIGURES.search(plain):
        return []
    return [
        Figure(found.start(), found.end(), value, unit, comparison=comparison)
        for pattern, value, unit, comparison in WORD_FIGURES
        for found in pattern.finditer(plain)
    ]
