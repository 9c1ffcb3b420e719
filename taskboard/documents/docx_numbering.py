"""Word's automatic numbers: what stands before a paragraph on the page but not in its text.

Rules after ECMA-376 part 1, 17.9 (numbering) and 17.18.59 (number formats).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

LEVELS = 9
MAX_NUMBER = 32_767
LONGEST_LETTERS = 10
LONGEST_TEXT = 60
"""characters around and between the numbers of one level"""
PLACEHOLDER = re.compile(r"%([1-9])")
BULLET = "●"
PRIVATE_USE = re.compile("[\ue000-\uf8ff]")
"""bullets of the Symbol and Wingdings fonts; their code says nothing outside those fonts"""

CHINESE_DIGITS = "〇一二三四五六七八九"
CHINESE_UNITS = ("", "十", "百", "千", "万")
LEGAL_DIGITS = "零壹贰叁肆伍陆柒捌玖"
LEGAL_UNITS = ("", "拾", "佰", "仟", "万")
LEGAL_DIGITS_TRADITIONAL = "零壹貳參肆伍陸柒捌玖"
LEGAL_UNITS_TRADITIONAL = ("", "拾", "佰", "仟", "萬")
HEAVENLY_STEMS = "甲乙丙丁戊己庚辛壬癸"
EARTHLY_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


@dataclass(frozen=True)
class Level:
    """One level of a list: how its number looks and where it starts."""

    start: int = 1
    number_format: str = "decimal"
    text: str = ""
    all_decimal: bool = False
    """legal numbering: the numbers of outer levels are shown in Arabic figures too"""
    restart_after: int | None = None
    """the level (from 1) whose number starts this one anew; 0 never, ``None`` any outer level"""
    style: str | None = None


@dataclass(frozen=True)
class ListDefinition:
    """One ``w:num``: the abstract list it belongs to (which carries the count), its levels, its fresh starts."""

    abstract: str
    levels: Mapping[int, Level]
    fresh_starts: frozenset[int]
    """levels (from 0) that this list counts anew"""


@dataclass
class Numbering:
    """Counts the numbered paragraphs of one document, in their order."""

    definitions: Mapping[str, ListDefinition]
    _counts: dict[str, list[int | None]] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def level_of_style(self, number_id: str, style: str) -> int | None:
        """The level (from 0) that this list ties to a paragraph style."""
        definition = self.definitions.get(number_id)
        if definition is None:
            return None
        return next((depth for depth, level in definition.levels.items() if level.style == style), None)

    def next_label(self, number_id: str, depth: int) -> str:
        """Count one paragraph at this level (from 0) and give the number that Word shows before it."""
        definition = self.definitions.get(number_id)
        if definition is None or not 0 <= depth < LEVELS:
            return ""
        level = definition.levels.get(depth, Level())
        if level.number_format == "bullet":
            return PRIVATE_USE.sub(BULLET, level.text).strip() or BULLET
        counts = self._count(number_id, definition, depth)
        return _show(level, definition.levels, counts)

    def _count(self, number_id: str, definition: ListDefinition, depth: int) -> list[int | None]:
        # Lists that share an abstract list go on counting together, unless one says where it starts anew.
        counts = self._counts.setdefault(definition.abstract, [None] * LEVELS)
        if number_id not in self._seen:
            self._seen.add(number_id)
            for fresh in definition.fresh_starts:
                counts[fresh] = None
        current = counts[depth]
        counts[depth] = definition.levels.get(depth, Level()).start if current is None else current + 1
        for deeper in range(depth + 1, LEVELS):
            if _restarts(definition.levels.get(deeper, Level()), deeper, after=depth):
                counts[deeper] = None
        return counts


def read_numbering(root: etree._Element | None, *, style_lists: Mapping[str, str]) -> Numbering:
    """The lists of ``numbering.xml``; ``style_lists`` maps a numbering style to the ``w:num`` that it stands for."""
    if root is None:
        return Numbering({})
    abstracts = {element.get(f"{W}abstractNumId", ""): element for element in root.iterchildren(f"{W}abstractNum")}
    numbers = {element.get(f"{W}numId", ""): element for element in root.iterchildren(f"{W}num")}
    targets = {key: _value(element, "abstractNumId") or "" for key, element in numbers.items()}

    def resolve(abstract: str) -> str:
        # A list may only name a numbering style, whose own w:num leads to the list that holds the levels.
        element = abstracts.get(abstract)
        style = _value(element, "numStyleLink") if element is not None else None
        target = targets.get(style_lists.get(style or "", ""))
        return target if target is not None else abstract

    levels = {key: _levels(element) for key, element in abstracts.items()}
    definitions = {}
    for number_id, element in numbers.items():
        abstract = resolve(targets[number_id])
        own, fresh = _overrides(element, levels.get(abstract, {}))
        definitions[number_id] = ListDefinition(abstract, own, fresh)
    return Numbering(definitions)


def format_number(number: int, number_format: str) -> str:
    """``number`` in one of Word's number formats; formats of other languages come out in Arabic figures."""
    number = max(0, min(number, MAX_NUMBER))
    formatter = FORMATS.get(number_format, str)
    return formatter(number)


def _levels(abstract: etree._Element) -> dict[int, Level]:
    return {_depth(element): _level(element) for element in abstract.iterchildren(f"{W}lvl") if _is_level(element)}


def _level(element: etree._Element) -> Level:
    restart = _value(element, "lvlRestart")
    return Level(
        start=_whole(_value(element, "start"), otherwise=1),
        number_format=_number_format(element),
        text=(_value(element, "lvlText") or "")[:LONGEST_TEXT],
        all_decimal=is_on(element.find(f"{W}isLgl")),
        restart_after=None if restart is None else _whole(restart, otherwise=0),
        style=_value(element, "pStyle"),
    )


def _number_format(level: etree._Element) -> str:
    # Newer formats stand in an "alternate content" whose fallback older programs show.
    element = next(level.iter(f"{W}numFmt"), None)
    value = element.get(f"{W}val") if element is not None else None
    if element is not None and value == "custom":
        return element.get(f"{W}format") or "decimal"
    return value or "decimal"


def _overrides(number: etree._Element, levels: Mapping[int, Level]) -> tuple[dict[int, Level], frozenset[int]]:
    own, fresh = dict(levels), set()
    for override in filter(_is_level, number.iterchildren(f"{W}lvlOverride")):
        depth = _depth(override)
        replacement = override.find(f"{W}lvl")
        if replacement is not None:
            own[depth] = _level(replacement)
        start = _value(override, "startOverride")
        if start is not None:
            fresh.add(depth)
            own[depth] = replace(own.get(depth, Level()), start=_whole(start, otherwise=1))
    return own, frozenset(fresh)


def _restarts(level: Level, depth: int, *, after: int) -> bool:
    if level.restart_after is None:
        return after < depth
    return after < level.restart_after


def _show(level: Level, levels: Mapping[int, Level], counts: list[int | None]) -> str:
    def number(match: re.Match[str]) -> str:
        depth = int(match[1]) - 1
        shown = levels.get(depth, Level())
        count = counts[depth]
        figure = shown.start if count is None else count
        return format_number(figure, "decimal" if level.all_decimal else shown.number_format)

    return PLACEHOLDER.sub(number, level.text).strip()


def _is_level(element: etree._Element) -> bool:
    return 0 <= _depth(element) < LEVELS


def _depth(element: etree._Element) -> int:
    return _whole(element.get(f"{W}ilvl"), otherwise=0)


def _value(element: etree._Element, child: str) -> str | None:
    found = element.find(f"{W}{child}")
    return found.get(f"{W}val") if found is not None else None


def _whole(value: str | None, *, otherwise: int) -> int:
    try:
        return int(value or "")
    except ValueError:
        return otherwise


def is_on(element: etree._Element | None) -> bool:
    """Whether a switch of Word's is there and not turned off."""
    return element is not None and element.get(f"{W}val", "true") not in {"0", "false", "off", "none"}


def _chinese(number: int, digits: str = CHINESE_DIGITS, units: tuple[str, ...] = CHINESE_UNITS) -> str:
    """一, 十, 十一, 二十, 一百零一: as counted aloud; 零 stands for skipped places."""
    if number >= 10_000:
        rest = number % 10_000
        joint = "零" if 0 < rest < 1_000 else ""
        return (
            _chinese(number // 10_000, digits, units)
            + units[4]
            + joint
            + (_chinese(rest, digits, units) if rest else "")
        )
    zero = "零"
    shown, skipped = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            shown += (zero if skipped and shown else "") + digits[digit] + units[place]
            skipped = False
        else:
            skipped = True
    return shown or digits[0]


def _chinese_counting(number: int) -> str:
    counted = _chinese(number)
    return counted[1:] if counted.startswith("一十") else counted


def _chinese_legal(number: int) -> str:
    return _chinese(number, LEGAL_DIGITS, LEGAL_UNITS)


def _chinese_legal_traditional(number: int) -> str:
    return _chinese(number, LEGAL_DIGITS_TRADITIONAL, LEGAL_UNITS_TRADITIONAL)


def _digit_by_digit(number: int) -> str:
    return "".join(CHINESE_DIGITS[int(digit)] for digit in str(number))


def _full_width(number: int) -> str:
    return "".join(chr(ord("０") + int(digit)) for digit in str(number))


def _two_digits(number: int) -> str:
    return f"{number:02d}"


def _lower_roman(number: int) -> str:
    shown = ""
    for value, letters in ROMAN:
        count, number = divmod(number, value)
        shown += letters * count
    return shown


def _upper_roman(number: int) -> str:
    return _lower_roman(number).upper()


def _lower_letter(number: int) -> str:
    # After z Word writes aa, bb, cc; nobody can read the hundredth row of letters.
    if not 1 <= number <= 26 * LONGEST_LETTERS:
        return str(number)
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def _upper_letter(number: int) -> str:
    return _lower_letter(number).upper()


def _out_of(characters: str) -> Callable[[int], str]:
    def pick(number: int) -> str:
        return characters[number - 1] if 1 <= number <= len(characters) else str(number)

    return pick


def _nothing(_number: int) -> str:
    return ""


_circled = _out_of(
    "".join(chr(code) for code in (*range(0x2460, 0x2474), *range(0x3251, 0x3260), *range(0x32B1, 0x32C0)))
)

FORMATS: Mapping[str, Callable[[int], str]] = {
    "none": _nothing,
    "decimalZero": _two_digits,
    "upperRoman": _upper_roman,
    "lowerRoman": _lower_roman,
    "upperLetter": _upper_letter,
    "lowerLetter": _lower_letter,
    "decimalFullWidth": _full_width,
    "decimalFullWidth2": _full_width,
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
    "ideographEnclosedCircle": _out_of("㊀㊁㊂㊃㊄㊅㊆㊇㊈㊉"),
    "decimalEnclosedParen": _out_of("".join(map(chr, range(0x2474, 0x2488)))),
    "decimalEnclosedFullstop": _out_of("".join(map(chr, range(0x2488, 0x249C)))),
    "chineseCounting": _chinese_counting,
    "chineseCountingThousand": _chinese_counting,
    "taiwaneseCounting": _chinese_counting,
    "taiwaneseCountingThousand": _chinese_counting,
    "japaneseCounting": _chinese_counting,
    "koreanCounting": _chinese_counting,
    "chineseLegalSimplified": _chinese_legal,
    "ideographLegalTraditional": _chinese_legal_traditional,
    "ideographDigital": _digit_by_digit,
    "japaneseDigitalTenThousand": _digit_by_digit,
    "taiwaneseDigital": _digit_by_digit,
    "ideographTraditional": _out_of(HEAVENLY_STEMS),
    "ideographZodiac": _out_of(EARTHLY_BRANCHES),
}
"""Word's name of a number format → how it writes a number; what is not listed is written in Arabic figures"""
