"""Workbooks (.xlsx): each visible sheet as its title lines, its table, and the remarks below it."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from taskboard.documents.archive import Archive
from taskboard.documents.document import (
    Document,
    DocumentError,
    DocumentKind,
    DocumentNote,
    DocumentProblem,
    refuse_too_long,
)
from taskboard.documents.grid import MAX_POSITIONS, build_table
from taskboard.documents.packages import main_part, related_parts
from taskboard.documents.safe_xml import iterate_xml, parse_xml
from taskboard.documents.text import clean_line
from taskboard.documents.xlsx_formats import BUILT_IN, LARGEST_EXACT, show_number
from taskboard.domain.plan_parsing.blocks import Block, Cell, Paragraph, Place

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
LONGEST_FORMAT = 255
REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})$")
LETTERS = re.compile(r"[A-Z]{1,3}")
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""how a workbook writes characters that XML cannot hold"""
PLAIN = re.compile(r"[0-9A-Za-z\u3001-\u9fff\uff01-\uff5e]*")
"""letters, figures, Chinese characters and punctuation without any white space: nothing to clean"""
LABELLED = re.compile(r"[:：]")
"""填报单位：…, 填报日期：… beside each other above a table are no header"""


@dataclass(frozen=True)
class _Book:
    """What all sheets of a workbook share."""

    strings: list[str]
    formats: list[str]
    since_1904: bool


@dataclass
class _Sheet:
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


def read_xlsx(data: bytes) -> Document:
    """The sheets of a workbook. Raises ``DocumentError``: broken, encrypted, zip_bomb, unsafe or too_complex."""
    sheets, notes = _read_sheets(data)
    blocks: list[Block] = []
    for sheet in sheets:
        blocks += _blocks(sheet)
    return Document(tuple(blocks), DocumentKind.XLSX, notes=tuple(sorted(notes)))


def read_xlsx_rows(data: bytes) -> Document:
    """The sheets of a workbook as one table each, every cell where it stands: row 1 of the sheet is the table's first.

    For files whose cells people are told by their references. Raises ``DocumentError`` as :func:`read_xlsx`.
    """
    sheets, notes = _read_sheets(data)
    blocks = [
        build_table(
            (Cell(text, y - 1, x - 1) for y, row in sorted(sheet.rows.items()) for x, text in sorted(row.items())),
            place=Place(paragraph=1, sheet=sheet.name),
        )
        for sheet in sheets
        if sheet.rows
    ]
    return Document(tuple(blocks), DocumentKind.XLSX, notes=tuple(sorted(notes)))


def _read_sheets(data: bytes) -> tuple[list[_Sheet], set[DocumentNote]]:
    """The visible sheets in their order, and what is to be said of all."""
    archive = Archive(data)
    part = main_part(archive, usual="xl/workbook.xml")
    workbook = parse_xml(archive.read(part))
    related = related_parts(archive, part)
    book = _Book(
        strings=_read_strings(archive, related.values()),
        formats=_read_formats(archive, related.values()),
        since_1904=_is_on(workbook.find(f"{S}workbookPr"), "date1904"),
    )
    sheets: list[_Sheet] = []
    notes: set[DocumentNote] = set()
    for element in workbook.iterfind(f"{S}sheets/{S}sheet"):
        kind, target = related.get(element.get(f"{R}id", ""), ("", ""))
        if kind != "worksheet":
            continue
        if element.get("state", "visible") != "visible":
            notes.add(DocumentNote.HIDDEN_SHEETS)
            continue
        sheet = _read_sheet(archive.read(target), name=element.get("name", ""), book=book)
        sheets.append(sheet)
        notes |= _notes(sheet)
    return sheets, notes


def _notes(sheet: _Sheet) -> set[DocumentNote]:
    said = {
        DocumentNote.HIDDEN_ROWS: sheet.has_hidden_lines,
        DocumentNote.FORMULAS: sheet.has_empty_formulas,
    }
    return {note for note, holds in said.items() if holds}


# From parts to cells


def _part_of(archive: Archive, related: Iterable[tuple[str, str]], kind: str) -> bytes | None:
    targets = (target for found, target in related if found == kind)
    return archive.find(next(targets, ""))


def _read_strings(archive: Archive, related: Iterable[tuple[str, str]]) -> list[str]:
    content = _part_of(archive, related, "sharedStrings")
    if content is None:
        return []
    # Cleaned here, once: a text is stored once and shown in many cells.
    return [_clean(_rich_text(item)) for item in iterate_xml(content, f"{S}si")]


def _read_formats(archive: Archive, related: Iterable[tuple[str, str]]) -> list[str]:
    """The number format of each cell style, in the order that cells name them by."""
    content = _part_of(archive, related, "styles")
    if content is None:
        return []
    root = parse_xml(content)
    codes: dict[int, str] = dict(BUILT_IN)
    for element in root.iterfind(f"{S}numFmts/{S}numFmt"):
        codes[_whole(element.get("numFmtId"), otherwise=0)] = element.get("formatCode", "")[:LONGEST_FORMAT]
    styles = root.iterfind(f"{S}cellXfs/{S}xf")
    return [codes.get(_whole(style.get("numFmtId"), otherwise=0), "General") for style in styles]


def _read_sheet(content: bytes, *, name: str, book: _Book) -> _Sheet:
    sheet = _Sheet(name)
    y = 0
    for element in iterate_xml(content, ROW, MERGE, f"{S}col"):
        tag = element.tag
        if tag == ROW:
            y = _whole(element.get("r"), otherwise=y + 1)
            if not 1 <= y <= MAX_ROWS:
                raise DocumentError(DocumentProblem.BROKEN)
            _read_row(element, y, sheet=sheet, book=book)
        elif tag == MERGE:
            corners = [_position(corner) for corner in element.get("ref", "").split(":")]
            if len(corners) == 2 and corners[0] and corners[1]:
                sheet.merges.append((*corners[0], *corners[1]))
        elif _is_on(element, "hidden"):
            sheet.has_hidden_lines = True
    return sheet


def _read_row(row: etree._Element, y: int, *, sheet: _Sheet, book: _Book) -> None:
    x, number = 0, str(y)
    texts: dict[int, str] = {}
    characters = 0
    for cell in row.iterchildren(CELL):
        x = _column_in_row(cell.get("r", ""), number) or x + 1
        value = inline = None
        has_formula = False
        for part in cell:
            tag = part.tag
            if tag == VALUE:
                value = part.text or ""
            elif tag == FORMULA:
                has_formula = True
            elif tag == INLINE:
                inline = part
        text = _cell_text(cell, value or "", inline, book=book)
        if text:
            texts[x] = text
            characters += len(text)
        elif has_formula and value is None:
            sheet.has_empty_formulas = True
    if texts:
        # A workbook stores a long text once and may show it in every cell, so it is counted while it grows.
        sheet.characters += characters
        refuse_too_long(sheet.characters)
        sheet.count += len(texts)
        if sheet.count > MAX_POSITIONS:
            raise DocumentError(DocumentProblem.TOO_COMPLEX)
        sheet.has_hidden_lines |= _is_on(row, "hidden")
        sheet.rows.setdefault(y, {}).update(texts)


ROW, MERGE, CELL, VALUE, FORMULA, INLINE, TEXT = (
    f"{S}{name}" for name in ("row", "mergeCell", "c", "v", "f", "is", "t")
)


def _cell_text(cell: etree._Element, value: str, inline: etree._Element | None, *, book: _Book) -> str:
    kind = cell.get("t", "n")
    if kind == "s":
        index = _whole(value, otherwise=-1)
        return book.strings[index] if 0 <= index < len(book.strings) else ""
    if kind == "n":
        return _clean(_number_text(value, _whole(cell.get("s", "0"), otherwise=0), book=book))
    if kind == "inlineStr":
        text = _rich_text(inline) if inline is not None else ""
    elif kind == "b":
        text = "TRUE" if value == "1" else "FALSE"
    elif kind == "d":
        text = value.removesuffix("T00:00:00")
    else:
        text = _unescape(value)
    return _clean(text)


def _clean(text: str) -> str:
    if PLAIN.fullmatch(text):
        return text
    lines = map(clean_line, text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(filter(str.strip, lines)).strip()


def _number_text(value: str, style: int, *, book: _Book) -> str:
    try:
        number = float(value)
    except ValueError:
        return value
    if not math.isfinite(number):
        return value
    code = book.formats[style] if 0 <= style < len(book.formats) else "General"
    if code == "General" and number == (whole := int(number)) and abs(whole) < LARGEST_EXACT:
        return str(whole)
    return show_number(number, code, since_1904=book.since_1904)


def _rich_text(element: etree._Element) -> str:
    """The text of a string item: its own, or that of its runs; readings (拼音) are not part of it."""
    if len(element) == 1 and element[0].tag == TEXT:
        return _unescape(element[0].text or "")
    pieces = (node.text or "" for node in element.iter(TEXT) if _parent_tag(node) != f"{S}rPh")
    return _unescape("".join(pieces))


def _parent_tag(element: etree._Element) -> str | None:
    parent = element.getparent()
    return str(parent.tag) if parent is not None else None


def _unescape(text: str) -> str:
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _column_in_row(reference: str, number: str) -> int | None:
    """The column of the reference of a cell in the row of this ``number``."""
    if reference.endswith(number) and (column := _column_named(reference[: -len(number)])):
        return column
    return _column_of(reference)


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


# From cells to blocks


def _blocks(sheet: _Sheet) -> Iterator[Block]:
    """Title lines, then the table from its header on, then the remarks below it."""
    layout = _Layout.of(sheet)
    shown = layout.texts_by_row()
    header = next((y for y, texts in enumerate(shown) if _is_header(texts, len(layout.columns))), None)
    if header is None:
        yield from layout.lines(range(len(shown)))
        return
    last = max(y for y, texts in enumerate(shown) if len(texts) > 1)
    yield from layout.lines(range(header))
    place = Place(paragraph=layout.numbers[header], sheet=sheet.name)
    yield build_table(layout.cells(header, last), place=place)
    yield from layout.lines(range(last + 1, len(shown)))


@dataclass
class _Layout:
    """The cells of a sheet on a grid without the rows and columns that hold nothing; its positions count from 0."""

    sheet: _Sheet
    numbers: list[int]
    """row of the grid → its number in the sheet"""
    columns: dict[int, int]
    """column of the sheet → its position in the grid"""
    spans: dict[tuple[int, int], tuple[int, int]]
    """row and column of a merged cell in the sheet → the rows and columns of the grid that it covers"""

    @classmethod
    def of(cls, sheet: _Sheet) -> _Layout:
        """Raises ``DocumentError`` (too_complex) where merged cells cover more than any table has."""
        ys, xs = sorted(sheet.rows), sorted({x for row in sheet.rows.values() for x in row})
        spans = {
            (top, left): (_count(ys, top, bottom), _count(xs, left, right))
            for top, left, bottom, right in sheet.merges
            if left in sheet.rows.get(top, ())
        }
        if sum(height * width for height, width in spans.values()) > MAX_POSITIONS:
            raise DocumentError(DocumentProblem.TOO_COMPLEX)
        return cls(sheet, ys, {x: column for column, x in enumerate(xs)}, spans)

    def texts_by_row(self) -> list[list[str]]:
        """The texts that stand in each row, those of cells that reach down into it included."""
        shown = [list(self.sheet.rows[number].values()) for number in self.numbers]
        positions = {number: y for y, number in enumerate(self.numbers)}
        for (top, left), (height, _) in self.spans.items():
            for y in range(positions[top] + 1, positions[top] + height):
                shown[y].append(self.sheet.rows[top][left])
        return shown

    def cells(self, first: int, last: int) -> Iterator[Cell]:
        """The cells that begin in these rows, counted from the first of them; none reaches beyond the last."""
        for y, number in enumerate(self.numbers[first : last + 1]):
            for x, text in sorted(self.sheet.rows[number].items()):
                if (number, x) not in self.spans:
                    yield Cell(text, y, self.columns[x])
                    continue
                height, width = self.spans[number, x]
                yield Cell(text, y, self.columns[x], min(height, last - first - y + 1), width)

    def lines(self, which: range) -> Iterator[Paragraph]:
        """The lines of the cells that begin in these rows."""
        for y in which:
            place = Place(paragraph=self.numbers[y], sheet=self.sheet.name)
            for _, text in sorted(self.sheet.rows[self.numbers[y]].items()):
                yield from (Paragraph(line, place=place) for line in text.split("\n"))


def _count(numbers: list[int], first: int, last: int) -> int:
    """How many of these sorted numbers lie between the two, both included; at least 1."""
    return max(1, bisect_right(numbers, last) - bisect_left(numbers, first))


def _is_header(texts: list[str], width: int) -> bool:
    """The first row with different words over at least half of the columns; lines of a title have one or two."""
    if len(texts) < max(2, (width + 1) // 2):
        return False
    return not all(map(LABELLED.search, texts))


def _is_on(element: etree._Element | None, name: str) -> bool:
    return element is not None and element.get(name) in {"1", "true"}


def _whole(value: str | None, *, otherwise: int) -> int:
    try:
        return int(value or "")
    except ValueError:
        return otherwise
