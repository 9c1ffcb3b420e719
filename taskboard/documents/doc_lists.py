"""Automatic numbers of Word 97–2003 files: their lists as the definitions that ``docx_numbering`` counts with."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from taskboard.documents.docx_numbering import LEVELS, Level, ListDefinition

LIST_SIZE, LEVEL_SIZE, OVERRIDE_SIZE, LEVEL_OVERRIDE_SIZE = 28, 28, 16, 8
MAX_LISTS = 10_000
LONGEST_TEXT = 60

FORMATS: Mapping[int, str] = {
    0: "decimal", 1: "upperRoman", 2: "lowerRoman", 3: "upperLetter", 4: "lowerLetter", 10: "ideographDigital",
    11: "japaneseCounting", 16: "japaneseLegal", 18: "decimalEnclosedCircle", 22: "decimalZero", 23: "bullet",
    26: "decimalEnclosedFullstop", 27: "decimalEnclosedParen", 28: "decimalEnclosedCircleChinese",
    29: "ideographEnclosedCircle", 30: "ideographTraditional", 31: "ideographZodiac", 33: "taiwaneseCounting",
    34: "ideographLegalTraditional", 35: "taiwaneseCountingThousand", 36: "taiwaneseDigital", 37: "chineseCounting",
    38: "chineseLegalSimplified", 39: "chineseCountingThousand", 255: "none",
}  # fmt: skip
"""number format codes ([MS-OSHARED] 2.2.1.3) → their names in docx files"""


@dataclass(frozen=True)
class _Read:
    level: Level
    size: int


def read_lists(lists: bytes, overrides: bytes) -> dict[str, ListDefinition]:
    """List number (as paragraphs name it) → its definition; empty where the structures are damaged.

    ``lists`` goes on to the end of its stream: the levels stand behind what its length says.
    """
    try:
        by_key = dict(_lists(lists))
        return {str(number): found for number, found in _overrides(overrides, by_key) if found is not None}
    except (struct.error, IndexError):
        return {}


def _lists(data: bytes) -> Iterator[tuple[int, Mapping[int, Level]]]:
    """List key → levels. All heads come first, then the levels of all lists."""
    if len(data) < 2:
        return
    (count,) = struct.unpack_from("<H", data)
    position = 2 + LIST_SIZE * count
    for number in range(min(count, MAX_LISTS)):
        (key,) = struct.unpack_from("<i", data, 2 + LIST_SIZE * number)
        is_simple = data[2 + LIST_SIZE * number + 26] & 1
        levels = {}
        for depth in range(1 if is_simple else LEVELS):
            read = _level(data, position)
            levels[depth] = read.level
            position += read.size
        yield key, levels


def _level(data: bytes, position: int) -> _Read:
    start, code = struct.unpack_from("<iB", data, position)
    all_decimal = bool(data[position + 5] & 0x04)
    character_size, paragraph_size, restart = data[position + 24], data[position + 25], data[position + 26]
    never_restarts = bool(data[position + 5] & 0x08)
    text_at = position + LEVEL_SIZE + character_size + paragraph_size
    (length,) = struct.unpack_from("<H", data, text_at)
    raw = data[text_at + 2 : text_at + 2 + 2 * min(length, LONGEST_TEXT)]
    text = "".join(
        f"%{ord(character) + 1}" if ord(character) < LEVELS else character
        for character in raw.decode("utf-16-le", errors="replace")
    )
    level = Level(
        start=start,
        number_format=FORMATS.get(code, "decimal"),
        text=text,
        all_decimal=all_decimal,
        restart_after=restart if never_restarts else None,
    )
    return _Read(level, text_at + 2 + 2 * length - position)


def _overrides(data: bytes, by_key: Mapping[int, Mapping[int, Level]]) -> Iterator[tuple[int, ListDefinition | None]]:
    """Number of an override, from 1 → what paragraphs that name it are numbered with."""
    if len(data) < 4:
        return
    (count,) = struct.unpack_from("<I", data)
    position = 4 + OVERRIDE_SIZE * count
    for number in range(min(count, MAX_LISTS)):
        head = 4 + OVERRIDE_SIZE * number
        (key,) = struct.unpack_from("<i", data, head)
        levels = dict(by_key.get(key, {}))
        fresh: set[int] = set()
        position += 4
        for _ in range(data[head + 12]):
            start, flags = struct.unpack_from("<iI", data, position)
            position += LEVEL_OVERRIDE_SIZE
            depth = flags & 0x0F
            if flags & 0x20:
                read = _level(data, position)
                levels[depth] = read.level
                position += read.size
            elif flags & 0x10 and depth in levels:
                levels[depth] = _restarted(levels[depth], start)
            fresh |= {depth} if flags & 0x10 else set()
        yield number + 1, ListDefinition(str(key), levels, frozenset(fresh)) if levels else None


def _restarted(level: Level, start: int) -> Level:
    return Level(start, level.number_format, level.text, level.all_decimal, level.restart_after, level.style)
