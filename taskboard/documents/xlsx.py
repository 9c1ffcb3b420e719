"""Workbooks (.xlsx): each visible sheet as its title lines, its table, and the remarks below it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from taskboard.documents.archive import Archive
from taskboard.documents.document import (
    Document,
    DocumentError,
    DocumentKind,
    DocumentNote,
    DocumentProblem,
)
from taskboard.documents.grid import MAX_POSITIONS, build_table
from taskboard.documents.packages import main_part, related_parts
from taskboard.documents.safe_xml import parse_xml
from taskboard.documents.xlsx_cells import Book, Sheet, is_on, read_sheet, read_strings, whole
from taskboard.documents.xlsx_formats import BUILT_IN
from taskboard.domain.plan_parsing.blocks import Block, Cell, Paragraph, Place

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"

LONGEST_FORMAT = 255
LABELLED = re.compile(r"[:：]")
"""填报单位：…, 填报日期：… beside each other above a table are no header"""


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


def _read_sheets(data: bytes) -> tuple[list[Sheet], set[DocumentNote]]:
    """The visible sheets in their order, and what is to be said of all."""
    archive = Archive(data)
    part = main_part(archive, usual="xl/workbook.xml")
    workbook = parse_xml(archive.read(part))
    related = related_parts(archive, part)
    properties = workbook.find(f"{S}workbookPr")
    strings = _part_of(archive, related.values(), "sharedStrings")
    book = Book(
        strings=read_strings(strings) if strings is not None else [],
        formats=_read_formats(archive, related.values()),
        since_1904=properties is not None and is_on(properties.get("date1904")),
    )
    sheets: list[Sheet] = []
    notes: set[DocumentNote] = set()
    for element in workbook.iterfind(f"{S}sheets/{S}sheet"):
        kind, target = related.get(element.get(f"{R}id", ""), ("", ""))
        if kind != "worksheet":
            continue
        if element.get("state", "visible") != "visible":
            notes.add(DocumentNote.HIDDEN_SHEETS)
            continue
        sheet = read_sheet(archive.read(target), name=element.get("name", ""), book=book)
        sheets.append(sheet)
        notes |= _notes(sheet)
    return sheets, notes


def _notes(sheet: Sheet) -> set[DocumentNote]:
    said = {
        DocumentNote.HIDDEN_ROWS: sheet.has_hidden_lines,
        DocumentNote.FORMULAS: sheet.has_empty_formulas,
    }
    return {note for note, holds in said.items() if holds}


def _part_of(archive: Archive, related: Iterable[tuple[str, str]], kind: str) -> bytes | None:
    targets = (target for found, target in related if found == kind)
    return archive.find(next(targets, ""))


def _read_formats(archive: Archive, related: Iterable[tuple[str, str]]) -> list[str]:
    """The number format of each cell style, in the order that cells name them by."""
    content = _part_of(archive, related, "styles")
    if content is None:
        return []
    root = parse_xml(content)
    codes: dict[int, str] = dict(BUILT_IN)
    for element in root.iterfind(f"{S}numFmts/{S}numFmt"):
        codes[whole(element.get("numFmtId"), otherwise=0)] = element.get("formatCode", "")[:LONGEST_FORMAT]
    styles = root.iterfind(f"{S}cellXfs/{S}xf")
    return [codes.get(whole(style.get("numFmtId"), otherwise=0), "General") for style in styles]


# From cells to blocks


def _blocks(sheet: Sheet) -> Iterator[Block]:
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

    sheet: Sheet
    numbers: list[int]
    """row of the grid → its number in the sheet"""
    columns: dict[int, int]
    """column of the sheet → its position in the grid"""
    spans: dict[tuple[int, int], tuple[int, int]]
    """row and column of a merged cell in the sheet → the rows and columns of the grid that it covers"""

    @classmethod
    def of(cls, sheet: Sheet) -> _Layout:
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
        columns = self.columns
        rows_with_spans = {number for number, _ in self.spans}
        for y, number in enumerate(self.numbers[first : last + 1]):
            row = sorted(self.sheet.rows[number].items())
            if number not in rows_with_spans:
                yield from [Cell(text, y, columns[x]) for x, text in row]
                continue
            for x, text in row:
                height, width = self.spans.get((number, x), (1, 1))
                yield Cell(text, y, columns[x], min(height, last - first - y + 1), width)

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
