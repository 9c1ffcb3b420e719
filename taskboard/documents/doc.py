"""Word 97–2003 documents (.doc) and WPS texts (.wps), which have the same form, read as Word shows them."""

from __future__ import annotations

import io
import re
import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import olefile

from taskboard.documents import doc_binary as binary
from taskboard.documents.doc_lists import read_lists
from taskboard.documents.document import (
    Document,
    DocumentError,
    DocumentKind,
    DocumentNote,
    DocumentProblem,
    refuse_too_long,
)
from taskboard.documents.docx_numbering import Numbering
from taskboard.documents.grid import build_table
from taskboard.documents.text import clean_line, split_paragraph
from taskboard.domain.plan_parsing.blocks import Block, Cell, Place

MAX_STREAM_BYTES = 60_000_000
MAX_STYLES = 5_000

IN_TABLE, ROW_END, LEVEL, LIST, OUTLINE = 0x2416, 0x2417, 0x260A, 0x460B, 0x2640
"""properties of paragraphs"""
DELETED, HIDDEN = 0x0800, 0x083C
"""properties of characters"""
LAST_LIST = 0x07FE
BODY_LEVEL = 9

PARAGRAPH_END, CELL_END = "\r", "\x07"
PARAGRAPH_STYLE = 1
HEADINGS = range(1, 10)
CONTENTS = range(19, 28)
"""numbers that Word gives its own styles"""

TOKENS = re.compile("[\r\x07\x0c]")
FIELD = re.compile("[\x13\x14\x15]")
SAME_EDGE = 30
"""twentieths of a point within which two rows have a common edge"""
MERGED_LEFT, MERGED_ABOVE, MERGE_STARTS = 0x02, 0x20, 0x40
CELL_SIZE = 20

CELL_WIDTH = 1_000
"""of each cell in rows that do not say where their cells are"""
NO_BASE = 0x0FFF
MOST_BASES = 20
UNSEEN = "\u2060"
SHOWN = {0x0B: "\n", 0x1E: "-", 0x1F: None, 0xA0: " ", 0x01: None, 0x02: None, 0x05: None, 0x08: None}
"""line break, hyphens, and marks for pictures, notes and comments"""


@dataclass(frozen=True)
class Style:
    """What a paragraph style says about reading."""

    number: int = 0
    """Word's own number of the style, the same in every language"""
    based_on: int | None = None
    properties: binary.Properties = field(default_factory=dict)


NO_STYLE = Style()


@dataclass
class _Line:
    """A paragraph: its text and what is known of it by its end."""

    text: str
    end: str
    style: int
    properties: binary.Properties


def read_doc(data: bytes) -> Document:
    """The blocks of a Word 97–2003 file.

    Raises ``DocumentError``: broken, encrypted, too_complex, too_long, or unsupported for older files.
    """
    with open_container(data) as container:
        main = read_stream(container, "WordDocument")
        header = binary.read_header(main)
        tables = read_stream(container, header.table_stream)
    try:
        return _Reader(header, main, tables).read()
    except (struct.error, IndexError, OverflowError) as error:
        raise DocumentError(DocumentProblem.BROKEN) from error


@contextmanager
def open_container(data: bytes) -> Iterator[Any]:
    """The streams of an old Office file. Raises ``DocumentError`` (broken)."""
    try:
        container = olefile.OleFileIO(io.BytesIO(data))
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise DocumentError(DocumentProblem.BROKEN) from error
    with closing(container):
        yield container


def read_stream(container: Any, name: str) -> bytes:
    """One stream. Raises ``DocumentError``: broken when it is missing or damaged, too_large."""
    try:
        if not container.exists(name):
            raise DocumentError(DocumentProblem.BROKEN)
        if container.get_size(name) > MAX_STREAM_BYTES:
            raise DocumentError(DocumentProblem.TOO_COMPLEX)
        content: bytes = container.openstream(name).read()
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise DocumentError(DocumentProblem.BROKEN) from error
    return content


class _Reader:
    """Walks one document once, from top to bottom, because automatic numbers depend on all that came before."""

    def __init__(self, header: binary.Header, main: bytes, tables: bytes) -> None:
        self._header, self._main = header, main
        self._pieces = binary.read_pieces(binary.table(header, tables, binary.PIECES))
        self._characters = binary.read_runs(
            main, binary.table(header, tables, binary.CHARACTER_PAGES), of_paragraphs=False
        )
        self._paragraphs = binary.read_runs(
            main, binary.table(header, tables, binary.PARAGRAPH_PAGES), of_paragraphs=True
        )
        self._styles = _read_styles(binary.table(header, tables, binary.STYLES))
        lists = tables[header.tables[binary.LISTS][0] :] if header.tables[binary.LISTS][1] else b""
        overrides = binary.table(header, tables, binary.LIST_OVERRIDES)
        self._numbering = Numbering(read_lists(lists, overrides))
        self._notes: set[DocumentNote] = set()
        self._position = 0

    def read(self) -> Document:
        body, *others, boxes = map(self._length, range(7))
        notes_and_comments = sum(others)
        if others[0] or others[4]:
            self._notes.add(DocumentNote.FOOTNOTES)
        refuse_too_long(body)
        blocks = [*self._blocks(0, body), *self._blocks(body + notes_and_comments, boxes)]
        return Document(tuple(blocks), DocumentKind.DOC, notes=tuple(sorted(self._notes)))

    def _length(self, part: int) -> int:
        return max(0, self._header.lengths[part])

    # blocks

    def _blocks(self, start: int, length: int) -> Iterator[Block]:
        rows: list[_Row] = []
        cells: list[str] = []
        cell: list[str] = []
        begun = 0
        for line in self._lines(start, start + length):
            self._position += 1
            if not line.properties.get(IN_TABLE, b"\0")[:1].strip(b"\0") and line.end != CELL_END:
                # A table that the file does not end properly still has its text.
                yield from self._table(rows, [*cells, *cell], begun)
                rows, cells, cell = [], [], []
                yield from self._paragraph(line)
                continue
            begun = begun if rows or cells or cell else self._position
            if line.end == CELL_END and line.properties.get(ROW_END, b"\0")[:1].strip(b"\0"):
                rows.append(_Row.of([*cells, *filter(None, ["\n".join(cell)])], line.properties))
                cells, cell = [], []
                continue
            text = self._label(line) + line.text
            cell += [part for part in map(clean_line, text.split("\n")) if part.strip()]
            if line.end == CELL_END:
                cells.append("\n".join(cell))
                cell = []
        yield from self._table(rows, [*cells, *cell], begun)

    def _paragraph(self, line: _Line) -> Iterator[Block]:
        if self._style(line).number in CONTENTS:
            self._notes.add(DocumentNote.CONTENTS_LIST)
            return
        label = self._label(line) if line.text.strip() else ""
        place = Place(paragraph=self._position)
        yield from split_paragraph(line.text, label=label, heading_level=self._heading(line), place=place)

    def _table(self, rows: Sequence[_Row], left_over: Sequence[str], position: int) -> Iterator[Block]:
        if rows:
            yield build_table(_cells(rows), place=Place(paragraph=position))
        for text in left_over:
            yield from split_paragraph(text, place=Place(paragraph=self._position))

    # properties of paragraphs

    def _style(self, line: _Line) -> Style:
        return self._styles.get(line.style, NO_STYLE)

    def _property(self, line: _Line, code: int) -> int | None:
        """The operand of a property, from the paragraph or else from the styles it is based on."""
        operand = line.properties.get(code)
        style: int | None = line.style
        for _ in range(MOST_BASES):
            if operand is not None or style is None:
                break
            known = self._styles.get(style, NO_STYLE)
            operand, style = known.properties.get(code), known.based_on
        return int.from_bytes(operand, "little") if operand else None

    def _label(self, line: _Line) -> str:
        number = self._property(line, LIST) or 0
        if not 0 < number <= LAST_LIST:
            return ""
        return self._numbering.next_label(str(number), self._property(line, LEVEL) or 0)

    def _heading(self, line: _Line) -> int | None:
        number = self._style(line).number
        if number in HEADINGS:
            return number
        outline = self._property(line, OUTLINE)
        return outline + 1 if outline is not None and outline < BODY_LEVEL else None

    # text

    def _lines(self, start: int, end: int) -> Iterator[_Line]:
        """The paragraphs between two positions of the text."""
        text: list[str] = []
        fields: list[bool] = []
        for piece in self._pieces:
            first, last = max(start, piece.start), min(end, piece.end)
            if first >= last:
                continue
            characters = self._visible(piece)[first - piece.start : last - piece.start]
            done = 0
            for match in TOKENS.finditer(characters):
                text.append(_without_instructions(characters[done : match.start()], fields))
                run = self._paragraphs.at(piece.offset_of(first + match.start()))
                style, properties = (run.style, run.properties) if run else (0, {})
                yield _Line(_shown("".join(text)), match[0], style, properties)
                text, done = [], match.end()
            text.append(_without_instructions(characters[done:], fields))
        if any(text):
            yield _Line(_shown("".join(text)), PARAGRAPH_END, 0, {})

    def _visible(self, piece: binary.Piece) -> str:
        """The characters of a piece, those deleted or hidden replaced by ones that nobody sees."""
        text = binary.text_of(self._main, piece)
        parts: list[str] = []
        done = 0
        for run in self._characters.between(piece.offset, piece.offset_of(piece.end)):
            note = _why_unseen(run.properties)
            if note is None:
                continue
            self._notes.add(note)
            first = max(done, (run.start - piece.offset) // piece.width)
            last = max(first, min(len(text), (run.end - piece.offset) // piece.width))
            kept = "".join(character for character in text[first:last] if character == CELL_END)
            parts += [text[done:first], kept.rjust(last - first, UNSEEN)]
            done = last
        return "".join([*parts, text[done:]])


def _why_unseen(properties: binary.Properties) -> DocumentNote | None:
    if properties.get(DELETED, b"\0")[:1] == b"\1":
        return DocumentNote.TRACKED_CHANGES
    return DocumentNote.HIDDEN_TEXT if properties.get(HIDDEN, b"\0")[:1] == b"\1" else None


def _without_instructions(text: str, fields: list[bool]) -> str:
    """The text without what fields compute their results from; ``fields`` is one entry for each open field."""
    parts: list[str] = []
    done = 0
    for match in FIELD.finditer(text):
        if True not in fields:
            parts.append(text[done : match.start()])
        done = match.end()
        if match[0] == "\x13":
            fields.append(True)
        elif fields and match[0] == "\x14":
            fields[-1] = False
        elif fields:
            fields.pop()
    return "".join([*parts, "" if True in fields else text[done:]])


def _shown(text: str) -> str:
    return text.translate(SHOWN).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# Tables


@dataclass(frozen=True)
class _Row:
    """The texts of a row's cells; where each begins and ends, and how it is merged, as far as the file says."""

    texts: Sequence[str]
    edges: Sequence[int]
    merges: Sequence[int]

    @classmethod
    def of(cls, texts: Sequence[str], properties: binary.Properties) -> _Row:
        operand = properties.get(binary.DEFINE_TABLE, b"")
        count = operand[0] if operand else 0
        if count == 0 or len(operand) < 1 + 2 * (count + 1):
            return cls(texts, [CELL_WIDTH * number for number in range(len(texts) + 1)], [0] * len(texts))
        edges = struct.unpack_from(f"<{count + 1}h", operand, 1)
        first = 1 + 2 * (count + 1)
        merges = [
            int.from_bytes(operand[first + CELL_SIZE * n : first + CELL_SIZE * n + 2], "little") for n in range(count)
        ]
        return cls([*texts, *[""] * (count - len(texts))][:count], edges, merges)


def _cells(rows: Sequence[_Row]) -> Iterator[Cell]:
    edges = _common_edges(rows)
    above: dict[int, _Open] = {}
    finished: list[_Open] = []
    for y, row in enumerate(rows):
        current: dict[int, _Open] = {}
        last: _Open | None = None
        for number, text in enumerate(row.texts):
            left, right = (
                bisect_left(edges, row.edges[number] - SAME_EDGE),
                bisect_left(edges, row.edges[number + 1] - SAME_EDGE),
            )
            merge = row.merges[number]
            if right <= left:
                continue
            if merge & MERGED_LEFT and last is not None:
                last.right = right
                continue
            open_above = above.get(left)
            if merge & MERGED_ABOVE and not merge & MERGE_STARTS and open_above is not None:
                open_above.bottom = y + 1
                open_above.texts += [text] if text else []
                current[left] = last = open_above
                continue
            last = _Open([text], y, y + 1, left, right)
            finished.append(last)
            current[left] = last
        above = current
    for cell in finished:
        spans = {"row_span": cell.bottom - cell.top, "column_span": cell.right - cell.left}
        yield Cell("\n".join(filter(None, cell.texts)), row=cell.top, column=cell.left, **spans)


@dataclass
class _Open:
    """A cell that rows below and cells to the right may still become part of."""

    texts: list[str]
    top: int
    bottom: int
    left: int
    right: int


def _common_edges(rows: Sequence[_Row]) -> list[int]:
    edges: list[int] = []
    for edge in sorted({edge for row in rows for edge in row.edges}):
        if not edges or edge - edges[-1] > SAME_EDGE:
            edges.append(edge)
    return edges


# Styles


def _read_styles(data: bytes) -> dict[int, Style]:
    """Style number → style; empty where the structure is damaged, for styles only help."""
    if len(data) < 6:
        return {}
    head, count, base_size = struct.unpack_from("<HHH", data)
    position = 2 + head
    styles: dict[int, Style] = {}
    for number in range(min(count, MAX_STYLES)):
        size = int.from_bytes(data[position : position + 2], "little")
        content = data[position + 2 : position + 2 + size]
        position += 2 + size + size % 2
        if len(content) > base_size:
            styles[number] = _style(content, base_size)
    return styles


def _style(content: bytes, base_size: int) -> Style:
    number, kind_and_base = struct.unpack_from("<HH", content)
    based_on = kind_and_base >> 4
    name_length = int.from_bytes(content[base_size : base_size + 2], "little")
    start = base_size + 2 + 2 * name_length + 2
    size = int.from_bytes(content[start : start + 2], "little")
    is_paragraph = kind_and_base & 0x0F == PARAGRAPH_STYLE
    properties = binary.read_properties(content[start + 4 : start + 2 + size]) if is_paragraph else {}
    return Style(number & 0x0FFF, None if based_on == NO_BASE else based_on, properties)
