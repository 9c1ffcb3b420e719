"""Outline labels: 第一章, 一、, A., （一）, 1., 1.1, A-1, (1), ①, 第一条, 一是."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

DIGITS = {d: n for n, d in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "○": 0}
UNITS = {"十": 10, "百": 100}
NUMERAL = r"[一二三四五六七八九十百零〇]{1,5}"
NOT_A_QUANTITY = r"(?![万亿倍余多个亩米元公吨千百%‰])"
DATE_OR_COUNT = r"(?:1[0-2]|0?[1-9])月|\d{3,5}(?![万亿])[\u4e00-\u9fff]"
"""what an item may begin with, so that a figure and a stop before it are its label: 3.11月底前…, 7.12345热线"""


class Kind(IntEnum):
    """Forms of labels; the value is the usual rank in an outline, smaller is higher."""

    CHAPTER = 0
    CHINESE = 10
    LETTER = 12
    ARTICLE = 15
    CHINESE_BRACKET = 20
    NUMBER = 30
    DECIMAL = 35
    NUMBER_BRACKET = 40
    CIRCLED = 50
    STEP = 60


@dataclass(frozen=True)
class Label:
    """A label at the start of an item; ``text`` is the label as written without its closing mark."""

    kind: Kind
    number: int
    text: str
    end: int


LABEL = re.compile(
    rf"""\s*(?:
      (?P<chapter>第\s?(?:{NUMERAL}|\d{{1,3}})\s?(?:章|节|编|篇|部分))[\s、:.]*
    | (?P<article>第\s?(?:{NUMERAL}|\d{{1,3}})\s?条)(?![例款])[\s、:.]*
    | (?P<named>(?:问题|任务|举措|事项|项目|行动|专项)\s?(?:[一二三四五六七八九十]{{1,3}}|\d{{1,3}}))
      (?:\s?[:、.](?!\d)\s*|\s+)
    | (?P<filed>第\s?\d{{1,4}}\s?号)(?:\s?[:、]\s*|\s+)(?=[\u4e00-\u9fff“《])
    | (?P<chinese>[一二三四五六七八九十]{{1,3}})(?:\s?[、.]|,(?=\S{{2,30}}(?:$|\n)))\s*
    | (?P<chinese_bracket>\(\s?[一二三四五六七八九十]{{1,3}}\s?\)|[㈠-㈩])[、.,:]?\s*
    | (?P<letter>[A-Z])\s?[.、](?=\s?[\u4e00-\u9fff“《])\s*
    | (?P<compound>(?:[A-Z]|\d{{1,2}})[-—]\d{{1,2}})(?:[、.:]\s*|\s+){NOT_A_QUANTITY}(?=[\u4e00-\u9fff“《])
    | (?P<decimal>(?!\d{{1,2}}\.(?:{DATE_OR_COUNT}))\d{{1,2}}(?:\.\d{{1,2}}){{1,2}})
      (?:[、.]?\s+|[、.]|{NOT_A_QUANTITY}(?=[\u4e00-\u9fff“《]))
    | (?P<number>\d{{1,3}}|\d{{4}}(?=[、.]\s?[^\d\s]))\s?
      (?:[、]|\.(?!\d)|\.(?=[56]G|(?:19|20)\d\d年|{DATE_OR_COUNT})|,(?=[\u4e00-\u9fff]{{2}})|(?=\s+[\u4e00-\u9fff“《]{{4}}))\s*
    | (?P<dotted>[⒈-⒛])\s*
    | (?P<number_bracket>\(\s?\d{{1,2}}\s?\)|\d{{1,2}}\)|[⑴-⒇])[、.,:]?\s*
    | (?P<circled>[①-⑳㉑-㉟❶-❿])[、.,:]?\s*
    )""",
    re.VERBOSE,
)

STEP = re.compile(r"(?P<step>[一二三四五六七八九十]{1,2}(?:是|要)|第[一二三四五六七八九十]{1,2}[,、])")

KINDS = {
    "chapter": Kind.CHAPTER,
    "article": Kind.ARTICLE,
    "named": Kind.ARTICLE,
    "filed": Kind.ARTICLE,
    "chinese": Kind.CHINESE,
    "letter": Kind.LETTER,
    "compound": Kind.DECIMAL,
    "chinese_bracket": Kind.CHINESE_BRACKET,
    "decimal": Kind.DECIMAL,
    "number": Kind.NUMBER,
    "dotted": Kind.NUMBER,
    "number_bracket": Kind.NUMBER_BRACKET,
    "circled": Kind.CIRCLED,
}


def chinese_number(numeral: str) -> int:
    """``"二十三"`` → 23; ``"二〇二五"`` → 2025."""
    if not any(c in UNITS for c in numeral):
        return int("".join(str(DIGITS[c]) for c in numeral))
    total = digit = 0
    for c in numeral:
        if c in UNITS:
            total += (digit or 1) * UNITS[c]
            digit = 0
        else:
            digit = DIGITS[c]
    return total + digit


def _number(form: str, written: str) -> int:
    if form == "letter":
        return ord(written[0]) - ord("A") + 1
    if form in ("decimal", "compound"):
        return int(re.split(r"[.\-—]", written)[-1])
    return _number_in(form, written)


def _number_in(form: str, written: str) -> int:
    if form in ("circled", "dotted") or "⑴" <= written[0] <= "⒇":
        for first in "①⑴⒈❶":
            if ord(first) <= ord(written[0]) < ord(first) + 20:
                return ord(written[0]) - ord(first) + 1
        return ord(written[0]) - ord("㉑") + 21
    if "㈠" <= written[0] <= "㈩":
        return ord(written[0]) - ord("㈠") + 1
    digits = re.search(r"\d+", written)
    if digits:
        return int(digits.group())
    numeral = re.search(NUMERAL, written)
    return chinese_number(numeral.group()) if numeral else 0


def read_label(plain: str, clean: str | None = None, start: int = 0) -> Label | None:
    """The label that stands at ``start``, if one does; ``clean`` gives it as written."""
    found = LABEL.match(plain, start)
    if not found or not found.lastgroup:
        return None
    form = found.lastgroup
    first, last = found.span(form)
    return Label(KINDS[form], _number(form, plain[first:last]), (clean or plain)[first:last].strip(), found.end())


INSIDE = re.compile(
    rf"(?:^|[。;:\n])\s*(?=(?:\d{{1,2}}[.、](?={DATE_OR_COUNT})|(?:\d{{1,2}}[.、]|[(][一二三四五六七八九十\d]{{1,2}}[)]|[一二三四五六七八九十]{{1,2}}、)[\u4e00-\u9fff“]))"
)


def has_stray_label(plain: str) -> bool:
    """Whether a label in a text continues no row there: two items are one; 措施：1.…；2.…；3.… is a whole row."""
    if "、" not in plain and "." not in plain and ")" not in plain:
        return False
    awaited: dict[Kind, int] = {}
    alone: set[Kind] = set()
    for found in INSIDE.finditer(plain):
        label = read_label(plain, start=found.end())
        if label is None:
            continue
        is_own = not plain[: found.end()].strip()
        goes_on = awaited.get(label.kind) == label.number
        if not (is_own or goes_on or label.number == 1):
            return True
        awaited[label.kind] = label.number + 1
        alone.discard(label.kind)
        if not (is_own or goes_on):
            alone.add(label.kind)
    return bool(alone)


DAMAGED_LABEL = re.compile(
    r"\s*(?:(?P<number>\d{1,4})(?=[\u4e00-\u9fff“])(?![万亿倍余多个亩米元公吨千百月日年时分家项种条号届次位名处人天所座户件类级期批周岁])"
    r"|(?P<chinese_bracket>\([一二三四五六七八九十]{1,3}(?=[\u4e00-\u9fff])|[一二三四五六七八九十]{1,3}\)))"
)


def read_damaged_label(plain: str, clean: str, awaited: Mapping[Kind, int]) -> Label | None:
    """A label whose mark or half of whose brackets was lost (3完善…, （三加强…), when just that number is awaited."""
    found = DAMAGED_LABEL.match(plain)
    if not found or not found.lastgroup:
        return None
    first, last = found.span(found.lastgroup)
    kind, number = KINDS[found.lastgroup], _number(found.lastgroup, plain[first:last])
    if awaited.get(kind) != number:
        return None
    return Label(kind, number, clean[first:last].strip(), found.end())


def read_step(plain: str, start: int = 0) -> Label | None:
    """一是, 二是, 一要 or 第一， at ``start``."""
    found = STEP.match(plain, start)
    if not found:
        return None
    numeral = re.search(NUMERAL, found.group())
    number = chinese_number(numeral.group()) if numeral else 0
    return Label(Kind.STEP, number, found.group().strip(",、"), found.end())
