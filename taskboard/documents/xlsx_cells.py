"""The filled cells of a workbook's sheets, each as the text that it shows."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from taskboard.documents.document import DocumentError, DocumentProblem, refuse_too_long
from taskboard.documents.grid import MAX_POSITIONS
from taskboard.documents.safe_xml import walk_xml
from taskboard.documents.text import clean_line
from taskboard.documents.xlsx_formats import LARGEST_EXACT, show_number

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})$")
LETTERS = re.compile(r"[A-Z]{1,3}")
FIGURES = "0123456789"
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""how a workbook writes characters that XML cannot hold"""
PLAIN = re.compile(r"[0-9A-Za-z\u3001-\u9fff\uff01-\uff5e]*")
"""letters, figures, Chinese characters and punctuation without any white space: nothing to clean"""

ROW, MERGE, COLUMN, CELL, VALUE, FORMULA, INLINE, ITEM, TEXT, PHONETIC = (
    f"{{http://schemas.openxmlformats.org/spreadsheetml/2006/main}}{name}"
    for name in ("row", "mergeCell", "col", "c", "v", "f", "is", "si", "t", "rPh")
)


@dataclass(frozen=True)
class Book:
    """What all sheets of a workbook share."""

    strings: list[str]
    formats: list[str]
    """the number format of each cell style"""
    since_1904: bool


@dataclass
class Sheet:
    """The filled cells of one sheet by row and column, both from 1, and which of them are merged."""

    name: str
    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    """top, left, bottom, right"""
    count: int = 0
    """of filled cells"""
    characters: int = 0
    has_hidden_lines: bool = False
    has_empty_formulas: bool = False


def read_strings(content: bytes) -> list[str]:
    """The texts that cells name by their number. Raises ``DocumentError``: broken or unsafe."""
    strings: list[str] = []
    text = _RichText()

    def end(name: str) -> None:
        if name == ITEM:
            # Cleaned here, once: a text is stored once and shown in many cells.
            strings.append(_clean(text.take()))
        else:
            text.end(name)

    walk_xml(content, start=text.start, end=end, text=text.pieces.append)
    return strings


def read_sheet(content: bytes, *, name: str, book: Book) -> Sheet:
    """The cells of a sheet. Raises ``DocumentError``: broken, unsafe or too_complex."""
    reader = _SheetReader(name, book)
    walk_xml(content, start=reader.start, end=reader.end, text=reader.string.pieces.append)
    return reader.sheet


class _RichText:
    """The text of a string item that passes by: its own, or that of its runs; readings (拼音) are not part of it."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        """all text since the last element that holds some began"""
        self._parts: list[str] = []
        self._is_phonetic = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == TEXT:
            self.pieces.clear()
        elif name == PHONETIC:
            self._is_phonetic = True
        elif name == INLINE:
            self._parts.clear()

    def end(self, name: str) -> None:
        if name == TEXT:
            if not self._is_phonetic:
                self._parts += self.pieces
        elif name == PHONETIC:
            self._is_phonetic = False

    def take(self) -> str:
        """The text since it was taken last."""
        text = "".join(self._parts)
        self._parts.clear()
        return _unescape(text)


class _SheetReader:
    """Fills a sheet while its elements pass by."""

    def __init__(self, name: str, book: Book) -> None:
        self.sheet = Sheet(name)
        self.string = _RichText()
        self._book = book
        self._y = self._x = 0
        self._texts: dict[int, str] = {}
        self._row: Mapping[str, str] = {}
        self._cell: Mapping[str, str] = {}
        self._value: str | None = None
        self._has_formula = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == CELL:
            self._cell, self._value, self._has_formula = attributes, None, False
        elif name == VALUE:
            self.string.pieces.clear()
        elif name == FORMULA:
            self._has_formula = True
        elif name == ROW:
            self._begin_row(attributes)
        elif name == MERGE:
            corners = [_position(corner) for corner in attributes.get("ref", "").split(":")]
            if len(corners) == 2 and corners[0] and corners[1]:
                self.sheet.merges.append((*corners[0], *corners[1]))
        elif name == COLUMN:
            self.sheet.has_hidden_lines |= is_on(attributes.get("hidden"))
        else:
            self.string.start(name, attributes)

    def end(self, name: str) -> None:
        if name == VALUE:
            self._value = "".join(self.string.pieces)
        elif name == CELL:
            self._end_cell()
        elif name == ROW:
            self._end_row()
        else:
            self.string.end(name)

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        self._y = whole(attributes.get("r"), otherwise=self._y + 1)
        if not 1 <= self._y <= MAX_ROWS:
            raise DocumentError(DocumentProblem.BROKEN)
        self._row, self._texts, self._x = attributes, {}, 0

    def _end_cell(self) -> None:
        reference = self._cell.get("r", "")
        self._x = _column_named(reference.rstrip(FIGURES)) or _column_of(reference) or self._x + 1
        kind = self._cell.get("t", "n")
        if kind == "s":
            strings, index = self._book.strings, whole(self._value, otherwise=-1)
            text = strings[index] if 0 <= index < len(strings) else ""
        else:
            text = _clean(self._own_text(kind, self._value or ""))
        if text:
            self._texts[self._x] = text
        elif self._has_formula and self._value is None:
            self.sheet.has_empty_formulas = True

    def _own_text(self, kind: str, value: str) -> str:
        if kind == "n":
            return _number_text(value, whole(self._cell.get("s", "0"), otherwise=0), book=self._book)
        if kind == "inlineStr":
            return self.string.take()
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        if kind == "d":
            return value.removesuffix("T00:00:00")
        return _unescape(value)

    def _end_row(self) -> None:
        texts, sheet = self._texts, self.sheet
        if not texts:
            return
        # A workbook stores a long text once and may show it in every cell, so it is counted while it grows.
        sheet.characters += sum(map(len, texts.values()))
        refuse_too_long(sheet.characters)
        sheet.count += len(texts)
        if sheet.count > MAX_POSITIONS:
            raise DocumentError(DocumentProblem.TOO_COMPLEX)
        sheet.has_hidden_lines |= is_on(self._row.get("hidden"))
        sheet.rows.setdefault(self._y, {}).update(texts)


def is_on(value: str | None) -> bool:
    """Whether an attribute of this value says yes."""
    return value in {"1", "true"}


def whole(value: str | None, *, otherwise: int) -> int:
    """The whole number that an attribute or a value holds."""
    try:
        return int(value or "")
    except ValueError:
        return otherwise


def _clean(text: str) -> str:
    if PLAIN.fullmatch(text):
        return text
    lines = map(clean_line, text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(filter(str.strip, lines)).strip()


def _number_text(value: str, style: int, *, book: Book) -> str:
    try:
        number = float(value)
    except ValueError:
        return value
    if not math.isfinite(number):
        return value
    code = book.formats[style] if 0 <= style < len(book.formats) else "General"
    if code == "General" and number == (as_whole := int(number)) and abs(as_whole) < LARGEST_EXACT:
        return str(as_whole)
    return show_number(number, code, since_1904=book.since_1904)


def _unescape(text: str) -> str:
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _column_of(reference: str) -> int | None:
    """The column of a reference like ``C12``, from 1; ``None`` when it is none."""
    match = REFERENCE.match(reference)
    if match is None or not 1 <= int(match[2]) <= MAX_ROWS:
        return None
    return _column_named(match[1])


@lru_cache(maxsize=MAX_COLUMNS)
def _column_named(letters: str) -> int | None:
    if not LETTERS.fullmatch(letters):
        return None
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column if column <= MAX_COLUMNS else None


def _position(reference: str) -> tuple[int, int] | None:
    """(row, column) of a reference like ``C12``, from 1; ``None`` when it is none."""
    match = REFERENCE.match(reference)
    column = _column_of(reference)
    return (int(match[2]), column) if match is not None and column is not None else None
