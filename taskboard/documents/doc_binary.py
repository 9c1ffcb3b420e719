"""The binary structures of Word 97–2003 files (.doc, .wps), after Microsoft's [MS-DOC]: text pieces and properties.

Everything is read with bounds: offsets and counts come from the file and may say anything.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from taskboard.documents.document import DocumentError, DocumentProblem

MAGIC = 0xA5EC
OLDEST_VERSION = 0x00C1
"""Word 97; older ones have another layout"""
ENCRYPTED = 0x0100
SECOND_TABLE_STREAM = 0x0200

TABLES_AT = 0x9A
"""where the pairs of offset and length begin that lead to everything else"""
STYLES, CHARACTER_PAGES, PARAGRAPH_PAGES, PIECES, LISTS, LIST_OVERRIDES = 1, 12, 13, 33, 73, 74

PAGE_SIZE = 512
COMPRESSED = 0x40000000
MAX_RUNS = 500_000
MAX_PIECES = 100_000
MAX_POSITIONS = 10_000_000
"""characters of all texts of a file together"""

DEFINE_TABLE = 0xD608
CHANGE_TABS = 0xC615
OPERAND_SIZES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
"""by the upper three bits of a property's code; 6 is of any length"""

Properties = Mapping[int, bytes]
"""code of a property (sprm) → its operand"""


@dataclass(frozen=True)
class Header:
    """The file information block: where things are, and how many characters each part of the text has."""

    flags: int
    lengths: tuple[int, ...]
    """characters of the text, footnotes, headers, macros, comments, endnotes and text boxes, one behind the other"""
    tables: Mapping[int, tuple[int, int]]

    @property
    def table_stream(self) -> str:
        return "1Table" if self.flags & SECOND_TABLE_STREAM else "0Table"


@dataclass(frozen=True)
class Piece:
    """Characters ``start`` to ``end`` (exclusive) of the text, which stand at ``offset`` in the main stream."""

    start: int
    end: int
    offset: int
    width: int
    """bytes of a character: 1 for Western ones, 2 for all others"""

    def offset_of(self, position: int) -> int:
        return self.offset + (position - self.start) * self.width


@dataclass(frozen=True)
class Run:
    """Properties of the bytes ``start`` to ``end`` (exclusive) of the main stream; paragraphs name their style."""

    start: int
    end: int
    style: int
    properties: Properties


class Runs:
    """All runs of one kind, found by place."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = sorted(runs, key=lambda run: run.start)
        self._starts = [run.start for run in self._runs]

    def at(self, offset: int) -> Run | None:
        number = bisect_right(self._starts, offset) - 1
        return self._runs[number] if number >= 0 and offset < self._runs[number].end else None

    def between(self, start: int, end: int) -> Sequence[Run]:
        first = max(0, bisect_right(self._starts, start) - 1)
        return self._runs[first : bisect_right(self._starts, end - 1)]


def read_header(main: bytes) -> Header:
    """Raises ``DocumentError``: broken, encrypted, or unsupported for files of Word 95 and before."""
    if len(main) < PAGE_SIZE:
        raise DocumentError(DocumentProblem.BROKEN)
    magic, version = struct.unpack_from("<HH", main)
    (flags,) = struct.unpack_from("<H", main, 0x0A)
    if magic != MAGIC or version < OLDEST_VERSION:
        raise DocumentError(DocumentProblem.UNSUPPORTED, format="doc")
    if flags & ENCRYPTED:
        raise DocumentError(DocumentProblem.ENCRYPTED)
    names = (STYLES, CHARACTER_PAGES, PARAGRAPH_PAGES, PIECES, LISTS, LIST_OVERRIDES)
    tables = {name: _pair(main, TABLES_AT + 8 * name) for name in names}
    return Header(flags, struct.unpack_from("<7i", main, 0x4C), tables)


def _pair(data: bytes, offset: int) -> tuple[int, int]:
    if offset + 8 > len(data):
        return 0, 0
    start, length = struct.unpack_from("<II", data, offset)
    return start, length


def table(header: Header, tables: bytes, name: int) -> bytes:
    """One of the structures of the table stream; empty where the file has none."""
    start, length = header.tables[name]
    return tables[start : start + length]


def read_pieces(clx: bytes) -> list[Piece]:
    """The pieces that the text is made of. Raises ``DocumentError`` (broken)."""
    position = 0
    # Changed properties of pieces come first; they do not concern the text.
    while position + 3 <= len(clx) and clx[position] == 1:
        position += 3 + _word(clx, position + 1)
    if position + 5 > len(clx) or clx[position] != 2:
        raise DocumentError(DocumentProblem.BROKEN)
    (length,) = struct.unpack_from("<I", clx, position + 1)
    plc = clx[position + 5 : position + 5 + length]
    count = (len(plc) - 4) // 12
    if not 0 < count <= MAX_PIECES:
        raise DocumentError(DocumentProblem.BROKEN)
    bounds = struct.unpack_from(f"<{count + 1}I", plc)
    if any(start > end for start, end in pairwise(bounds)):
        raise DocumentError(DocumentProblem.BROKEN)
    if bounds[-1] > MAX_POSITIONS:
        raise DocumentError(DocumentProblem.TOO_COMPLEX)
    pieces = []
    for number in range(count):
        (place,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * number + 2)
        is_compressed = bool(place & COMPRESSED)
        offset = (place & ~COMPRESSED) // 2 if is_compressed else place
        pieces.append(Piece(bounds[number], bounds[number + 1], offset, 1 if is_compressed else 2))
    return pieces


def text_of(main: bytes, piece: Piece) -> str:
    """The characters of a piece, one for each position."""
    data = main[piece.offset : piece.offset + (piece.end - piece.start) * piece.width]
    if piece.width == 1:
        return "".join(map(_western, data))
    # Character by character: half of a pair must not swallow its neighbour, or all places behind it would be wrong.
    codes = struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])
    return "".join(map(chr, codes))


def _western(code: int) -> str:
    try:
        return bytes((code,)).decode("cp1252")
    except UnicodeDecodeError:
        return chr(code)


def read_runs(main: bytes, pages: bytes, *, of_paragraphs: bool) -> Runs:
    """The runs that these pages (a table of their numbers) hold."""
    count = (len(pages) - 4) // 8
    numbers = struct.unpack_from(f"<{count}I", pages, 4 * (count + 1)) if count > 0 else ()
    runs: list[Run] = []
    for number in numbers:
        start = (number & 0x3FFFFF) * PAGE_SIZE
        page = main[start : start + PAGE_SIZE]
        if len(page) == PAGE_SIZE:
            runs += _page_runs(page, of_paragraphs=of_paragraphs)
        if len(runs) > MAX_RUNS:
            raise DocumentError(DocumentProblem.TOO_COMPLEX)
    return Runs(runs)


def _page_runs(page: bytes, *, of_paragraphs: bool) -> Iterator[Run]:
    count = page[-1]
    entry_size = 13 if of_paragraphs else 1
    if 4 * (count + 1) + entry_size * count >= PAGE_SIZE:
        return
    bounds = struct.unpack_from(f"<{count + 1}I", page)
    for number in range(count):
        place = 2 * page[4 * (count + 1) + entry_size * number]
        style, properties = _entry(page, place, of_paragraphs=of_paragraphs) if place else (0, {})
        yield Run(bounds[number], bounds[number + 1], style, properties)


def _entry(page: bytes, place: int, *, of_paragraphs: bool) -> tuple[int, Properties]:
    size = page[place]
    start = place + 1
    if not of_paragraphs:
        return 0, read_properties(page[start : start + size])
    if size == 0 and start < PAGE_SIZE:
        size, start = 2 * page[start], start + 1
    else:
        size = 2 * size - 1
    content = page[start : start + size]
    return (_word(content, 0), read_properties(content[2:])) if len(content) >= 2 else (0, {})


def read_properties(data: bytes) -> dict[int, bytes]:
    """The operands by their codes; what is cut off is left out."""
    properties: dict[int, bytes] = {}
    position = 0
    while position + 3 <= len(data):
        code = _word(data, position)
        position += 2
        size = OPERAND_SIZES.get(code >> 13)
        if size is None and code == DEFINE_TABLE:
            size = _word(data, position) - 1
            position += 2
        elif size is None:
            size = data[position]
            position += 1
            if code == CHANGE_TABS and size == 255:
                break
        properties[code] = data[position : position + max(0, size)]
        position += max(0, size)
    return properties


def _word(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 2], "little")
