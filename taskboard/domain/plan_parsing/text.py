"""Text that remembers where each of its characters stood in the source."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

import msgspec
from msgspec import structs

from taskboard.domain.plan_parsing.reading import Span
from taskboard.domain.plan_parsing.script import BETWEEN, all_to_simplified, to_simplified

OFFSET_BITS = 32
OFFSET_MASK = (1 << OFFSET_BITS) - 1

PINYIN_NOTE = re.compile(r"[(（](?<=[\u3400-\u9fff].)[a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ]{1,7}[)）]")
MAY_BE_NOISE = re.compile(r"[(（\[*\u200b-\u200f\ufeff\u00ad\r]")
"""one of these begins each note and each remain"""
WORD_REMAINS = re.compile(r"\[bookmark:[^\]\n]{0,40}\]|\*\*|[\u200b-\u200f\ufeff\u00ad\r]")

HALF_WIDTH_STOP = re.compile(r"(?<=[\u4e00-\u9fff)”》%])\.(?=\s?[\u4e00-\u9fff“《(\[]|(?:19|20)\d\d年|\s*$)")
"""a full stop in half width; after 一 or 十二 at the start of a line it closes a label"""
LABEL_BEFORE_STOP = re.compile(r"(?:^|\n)\s*[一二三四五六七八九十]{1,3}$")
LONGEST_BEFORE_STOP = 24
"""characters of a label with its indent"""

LETTER_LIKE_FIGURE = re.compile("[OolI]")
DATE_WITH_LETTERS = re.compile(
    r"(?<![A-Za-z\d])(?=[OolI]{0,3}\d)[\dOolI]{2,4}(?=\s?[年月日])|(?<=[年月])\s?[lI](?=\s?[月日])"
)
"""5月l5日, 4月2O日: letters that recognition took for figures"""
FIGURES = str.maketrans("OolI", "0011")

HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
FOLDING = {
    **{chr(code): chr(half) for code, half in HALF_WIDTH.items()},
    "\u3000": " ",
    "\xa0": " ",
    "〔": "[",
    "〕": "]",
    "【": "[",
    "】": "]",
    "〖": "[",
    "〗": "]",
    "﹝": "[",
    "﹞": "]",
    "︰": ":",
    "﹕": ":",
    "∶": ":",
    "–": "—",
    "―": "—",
    "─": "—",
    "│": "|",
    "┃": "|",
    "║": "|",
    "﹣": "-",
    "−": "-",
    "〜": "~",
    "∼": "~",
    "｡": "。",
    "､": "、",
    "○": "〇",
    "Ｏ": "O",
}
FOLDED = re.compile(f"[{re.escape(''.join(FOLDING))}]")


Source = tuple[int, int | None, int | None]
"""what a text was taken from: a block, and in a table the row and column; no class, since so many are made"""


Positions: TypeAlias = "int | array[int]"
"""where each character stood: the number of the first where nothing was cut out, so that they count on, else of each"""


class Text(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Three views of the same characters, equally long.

    ``clean`` is what the source says without copying noise, ``plain`` is the same in half width and simplified
    script for matching, ``at`` says of each character its source's number (above ``OFFSET_BITS``) and its offset there.
    """

    clean: str
    plain: str
    at: Positions

    def __len__(self) -> int:
        return len(self.plain)

    def __getitem__(self, part: slice) -> Text:
        at = self.at
        at = at + part.indices(len(self.plain))[0] if isinstance(at, int) else at[part]
        return Text(self.clean[part], self.plain[part], at)

    @property
    def positions(self) -> Sequence[int]:
        """The source and offset of each character as one number."""
        return range(self.at, self.at + len(self.plain)) if isinstance(self.at, int) else self.at

    def strip(self, characters: str | None = None) -> Text:
        plain = self.plain
        # ``strip`` gives the same string, not a copy, where nothing is to be taken off.
        if plain.strip(characters) is plain:
            return self
        right = len(plain.rstrip(characters))
        left = len(plain) - len(plain.lstrip(characters))
        return self[left : max(left, right)]

    def moved_to(self, place: Text) -> Text:
        """These characters, whose offsets are those in ``place``, where they stand in its source."""
        own, there = self.at, place.at
        if not isinstance(own, int):
            positions = place.positions
            return Text(self.clean, self.plain, array("Q", [positions[one & OFFSET_MASK] for one in own]))
        first = own & OFFSET_MASK
        moved = there + first if isinstance(there, int) else there[first : first + len(self.plain)]
        return Text(self.clean, self.plain, moved)


EMPTY = Text("", "", 0)


def read_text(raw: str, source: int = 0) -> Text:
    """``raw`` without pinyin notes and remains of word processors, ready for matching."""
    return text_of(_views_again(raw) if len(raw) <= OFTEN_REPEATED else _views(raw), source)


def text_of(views: Views, source: int) -> Text:
    """The text of these views at a source."""
    clean, plain, kept = views
    first = source << OFFSET_BITS
    if isinstance(kept, int):
        return Text(clean, plain, first + kept)
    return Text(clean, plain, array("Q", [first + position for position in kept]))


def stripped(views: Views) -> Views:
    """The views of the text without the white space around it."""
    clean, plain, kept = views
    # ``strip`` gives the same string, not a copy, where nothing is to be taken off.
    if plain.strip() is plain:
        return views
    start = len(plain) - len(plain.lstrip())
    end = max(start, len(plain.rstrip()))
    return clean[start:end], plain[start:end], kept + start if isinstance(kept, int) else kept[start:end]


def read_views(raws: Iterable[str]) -> dict[str, Views]:
    """The views of each of these texts, as for :func:`read_text`, all read at once."""
    views: dict[str, Views] = {}
    ordinary = []
    for raw in raws:
        if raw.isascii() or MAY_BE_NOISE.search(raw):
            views[raw] = _views(raw)
        else:
            ordinary.append(raw)
    folded = half_width(BETWEEN.join(ordinary)).split(BETWEEN)
    if len(folded) != len(ordinary):
        return {raw: _views(raw) for raw in (*views, *ordinary)}
    for raw, plain in zip(ordinary, all_to_simplified(folded), strict=True):
        views[raw] = (raw, _repaired(plain), 0)
    return views


OFTEN_REPEATED = 40
"""characters; what is not longer may be the name of a department, which a ledger repeats in every row"""


Views = tuple[str, str, Positions]


def _views(raw: str) -> Views:
    """The clean and the plain view, and which characters of ``raw`` they have."""
    if not MAY_BE_NOISE.search(raw):
        return raw, _plain(raw), 0
    at: Positions = 0
    for noise in (WORD_REMAINS, PINYIN_NOTE):
        if noise.search(raw):
            kept = _kept_ranges(noise, raw)
            positions = range(len(raw)) if isinstance(at, int) else at
            at = array("Q")
            for start, end in kept:
                at.extend(positions[start:end])
            raw = "".join(raw[start:end] for start, end in kept)
    return raw, _plain(raw), at


_views_again = lru_cache(maxsize=16_384)(_views)


def _plain(clean: str) -> str:
    return _repaired(clean if clean.isascii() else to_simplified(half_width(clean)))


def _repaired(plain: str) -> str:
    """Letters that stand for figures and half full stops put right."""
    if LETTER_LIKE_FIGURE.search(plain):
        plain = DATE_WITH_LETTERS.sub(_figures, plain)
    return HALF_WIDTH_STOP.sub(_full_stop, plain) if "." in plain else plain


def _figures(found: re.Match[str]) -> str:
    return found.group().translate(FIGURES)


def half_width(text: str) -> str:
    """The text with full-width letters, figures and marks in half width, and all kinds of brackets as two."""
    # Not ``translate``: it pays for every character that stays as it is, and these are most.
    return FOLDED.sub(_folded, text)


def _folded(found: re.Match[str]) -> str:
    return FOLDING[found[0]]


def _full_stop(found: re.Match[str]) -> str:
    start = max(0, found.start() - LONGEST_BEFORE_STOP)
    # A window that begins inside the text must show the line's beginning itself.
    before = ("#" if start else "") + found.string[start : found.start()]
    return "." if LABEL_BEFORE_STOP.search(before) else "。"


def _kept_ranges(noise: re.Pattern[str], raw: str) -> list[tuple[int, int]]:
    kept, position = [], 0
    for found in noise.finditer(raw):
        kept.append((position, found.start()))
        position = found.end()
    return [*kept, (position, len(raw))]


def join_texts(texts: Iterable[Text], separator: str = "") -> Text:
    """The texts one after another; a separator is located at the character before it."""
    parts = [text for text in texts if text.plain]
    if len(parts) == 1:
        return parts[0]
    at = array("Q")
    for number, part in enumerate(parts):
        if number and separator:
            at.extend([at[-1]] * len(separator))
        at.extend(part.positions)
    return Text(separator.join(p.clean for p in parts), separator.join(p.plain for p in parts), at)


def without_ranges(text: Text, ranges: Iterable[tuple[int, int]]) -> Text:
    """The text with the given character ranges (ascending, not overlapping) cut out."""
    kept, position = [], 0
    for start, end in ranges:
        kept.append(text[position:start])
        position = max(position, end)
    return join_texts([*kept, text[position:]])


def spans_of(text: Text, sources: list[Source]) -> tuple[Span, ...]:
    """Where the characters of ``text`` stand in the blocks, neighbours joined."""
    if not text.plain:
        return ()
    at = text.at
    if isinstance(at, int) and "\n" not in text.plain:
        block, row, column = sources[at >> OFFSET_BITS]
        start = at & OFFSET_MASK
        return (Span(block, start, start + len(text.plain), row, column),)
    spans: list[Span] = []
    for line in LINE.finditer(text.plain):
        for first, last in _runs(text.positions[line.start() : line.end()]):
            span = _span(first, last, sources)
            if spans and _is_next_to(spans[-1], span):
                spans[-1] = structs.replace(spans[-1], end=max(span.end, spans[-1].end))
            else:
                spans.append(span)
    return tuple(spans)


LINE = re.compile(r"[^\n]+")


NOISE_BETWEEN = 6
"""characters of noise that two runs may have between them and still be one span"""


def _runs(at: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run of positions that count on; halves are split until they do."""
    runs: list[tuple[int, int]] = []
    pending = [(0, len(at))]
    while pending:
        start, end = pending.pop()
        if start >= end:
            continue
        if at[end - 1] - at[start] == end - 1 - start:
            runs.append((at[start], at[end - 1]))
            continue
        middle = (start + end) // 2
        pending += [(middle, end), (start, middle)]
    return runs


def _is_next_to(before: Span, after: Span) -> bool:
    same = (before.block, before.row, before.column) == (after.block, after.row, after.column)
    return same and before.start <= after.start <= before.end + NOISE_BETWEEN


def _span(first: int, last: int, sources: list[Source]) -> Span:
    block, row, column = sources[first >> OFFSET_BITS]
    return Span(block, first & OFFSET_MASK, (last & OFFSET_MASK) + 1, row, column)


class Places:
    """Passages of the source, to ask whether a text begins inside one of them."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.ranges: dict[int, list[tuple[int, int]]] = {}
        for span in spans:
            self.ranges.setdefault(span.block, []).append((span.start, span.end))
        for ranges in self.ranges.values():
            ranges.sort()

    def hold(self, text: Text, sources: list[Source]) -> bool:
        """Whether the first character of ``text`` lies in one of the passages or just before its beginning."""
        if not len(text):
            return False
        first = text.positions[0]
        (block, _, _), offset = sources[first >> OFFSET_BITS], first & OFFSET_MASK
        ranges = self.ranges.get(block, [])
        near = bisect_right(ranges, (offset + LONGEST_LABEL, 0)) - 1
        return near >= 0 and ranges[near][0] <= offset + LONGEST_LABEL and offset < ranges[near][1]


LONGEST_LABEL = 12
"""characters of a label and its white space, which stand before the text of an item"""


def squeezed(text: str) -> str:
    """The text without any white space."""
    return "".join(text.split())
