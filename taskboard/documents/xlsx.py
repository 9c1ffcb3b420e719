"""Workbooks (.xlsx): each visible sheet as its title lines, its table, and the remarks below it."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
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
    """The filled cells of one sheet by (row, column), both from 1, and which of them are merged."""

    name: str
    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    """top, left, bottom, right"""
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
            (Cell(text, y - 1, x - 1) for (y, x), text in sorted(sheet.texts.items())),
            place=Place(paragraph=1, sheet=sheet.name),
        )
        for sheet in sheets
        if sheet.texts
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
    for element in iterate_xml(content, f"{S}row", f"{S}mergeCell", f"{S}col"):
        if element.tag == f"{S}row":
            y = _whole(element.get("r"), otherwise=y + 1)
            if not 1 <= y <= MAX_ROWS:
                raise DocumentError(DocumentProblem.BROKEN)
            _read_row(element, y, sheet=sheet, book=book)
        elif element.tag == f"{S}mergeCell":
            corners = [_position(corner) for corner in element.get("ref", "").split(":")]
            if len(corners) == 2 and corners[0] and corners[1]:
                sheet.merges.append((*corners[0], *corners[1]))
        elif _is_on(element, "hidden"):
            sheet.has_hidden_lines = True
    return sheet


def _read_row(row: etree._Element, y: int, *, sheet: _Sheet, book: _Book) -> None:
    x = 0
    filled = len(sheet.texts)
    for cell in row.iterchildren(CELL):
        x = _column_of(cell.get("r", "")) or x + 1
        parts = {part.tag: part for part in cell}
        text = _cell_text(cell, parts, book=book)
        if text:
            sheet.texts[y, x] = text
            # A workbook stores a long text once and may show it in every cell, so it is counted while it grows.
            sheet.characters += len(text)
            refuse_too_long(sheet.characters)
        elif FORMULA in parts and VALUE not in parts:
            sheet.has_empty_formulas = True
    if len(sheet.texts) > filled:
        sheet.has_hidden_lines |= _is_on(row, "hidden")
        if len(sheet.texts) > MAX_POSITIONS:
            raise DocumentError(DocumentProblem.TOO_COMPLEX)


CELL, VALUE, FORMULA, INLINE = f"{S}c", f"{S}v", f"{S}f", f"{S}is"


def _cell_text(cell: etree._Element, parts: Mapping[str, etree._Element], *, book: _Book) -> str:
    kind, value = cell.get("t", "n"), (parts[VALUE].text or "") if VALUE in parts else ""
    if kind == "s":
        index = _whole(value, otherwise=-1)
        return book.strings[index] if 0 <= index < len(book.strings) else ""
    if kind == "inlineStr":
        text = _rich_text(parts[INLINE]) if INLINE in parts else ""
    elif kind == "b":
        text = "TRUE" if value == "1" else "FALSE"
    elif kind == "n":
        text = _number_text(value, _whole(cell.get("s"), otherwise=0), book=book)
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
    pieces = (node.text or "" for node in element.iter(f"{S}t") if _parent_tag(node) != f"{S}rPh")
    return _unescape("".join(pieces))


def _parent_tag(element: etree._Element) -> str | None:
    parent = element.getparent()
    return str(parent.tag) if parent is not None else None


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
    rows = _rows(_compact(sheet))
    width = max((cell.column + cell.column_span for row in rows.values() for cell in row), default=0)
    numbers = sorted({y for y, _ in sheet.texts})
    header = next((y for y in sorted(rows) if _is_header(rows[y], width)), None)
    last = max((y for y in rows if len(rows[y]) > 1), default=-1)
    if header is None:
        last = -1
    begin = header if header is not None else len(numbers)
    yield from _lines(rows, range(begin), numbers, sheet.name)
    if header is not None:
        cells = [cell for y, row in rows.items() if header <= y <= last for cell in row if cell.row == y]
        place = Place(paragraph=numbers[header], sheet=sheet.name)
        yield build_table(_moved_up(cells, by=header, below=last), place=place)
        yield from _lines(rows, range(last + 1, len(numbers)), numbers, sheet.name)


def _compact(sheet: _Sheet) -> list[Cell]:
    """The cells on a grid without the rows and columns that hold nothing."""
    ys, xs = sorted({y for y, _ in sheet.texts}), sorted({x for _, x in sheet.texts})
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    for top, left, bottom, right in sheet.merges:
        if (top, left) in sheet.texts:
            spans[top, left] = (_count(ys, top, bottom), _count(xs, left, right))
    if sum(height * width for height, width in spans.values()) > MAX_POSITIONS:
        raise DocumentError(DocumentProblem.TOO_COMPLEX)
    rows, columns = {y: row for row, y in enumerate(ys)}, {x: column for column, x in enumerate(xs)}
    if not spans:
        return [Cell(text, rows[y], columns[x]) for (y, x), text in sorted(sheet.texts.items())]
    return [Cell(text, rows[y], columns[x], *spans.get((y, x), (1, 1))) for (y, x), text in sorted(sheet.texts.items())]


def _count(numbers: list[int], first: int, last: int) -> int:
    """How many of these sorted numbers lie between the two, both included; at least 1."""
    return max(1, bisect_right(numbers, last) - bisect_left(numbers, first))


def _rows(cells: Iterable[Cell]) -> dict[int, list[Cell]]:
    """Row → the cells that stand in it, those that reach down into it included."""
    rows: dict[int, list[Cell]] = {}
    for cell in cells:
        if cell.row_span == 1:
            rows.setdefault(cell.row, []).append(cell)
            continue
        for y in range(cell.row, cell.row + cell.row_span):
            rows.setdefault(y, []).append(cell)
    return rows


def _is_header(row: list[Cell], width: int) -> bool:
    """The first row with different words over at least half of the columns; lines of a title have one or two."""
    if len(row) < max(2, (width + 1) // 2):
        return False
    return not all(LABELLED.search(cell.text) for cell in row)


def _lines(rows: Mapping[int, list[Cell]], which: range, numbers: list[int], sheet: str) -> Iterator[Paragraph]:
    for y in which:
        for cell in rows.get(y, ()):
            if cell.row == y:
                place = Place(paragraph=numbers[y], sheet=sheet)
                yield from (Paragraph(line, place=place) for line in cell.text.split("\n"))


def _moved_up(cells: Iterable[Cell], *, by: int, below: int) -> Iterator[Cell]:
    for cell in cells:
        height = min(cell.row_span, below - cell.row + 1)
        if by == 0 and height == cell.row_span:
            yield cell
            continue
        yield Cell(cell.text, cell.row - by, cell.column, height, cell.column_span)


def _is_on(element: etree._Element | None, name: str) -> bool:
    return element is not None and element.get(name) in {"1", "true"}


def _whole(value: str | None, *, otherwise: int) -> int:
    try:
        return int(value or "")
    except ValueError:
        return otherwise
