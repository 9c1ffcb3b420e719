"""Tables of data as they stand in a file, every cell at its own row and column: workbooks (.xlsx) and texts (.csv)."""

from __future__ import annotations

import csv
from io import StringIO

from taskboard.documents.document import Document, DocumentError, DocumentKind, DocumentProblem
from taskboard.documents.grid import build_table
from taskboard.documents.sniffing import sniff
from taskboard.documents.text import clean_line, decode
from taskboard.documents.xlsx import read_xlsx_rows
from taskboard.domain.plan_parsing.blocks import Cell, Place

DELIMITERS = ",\t;，"
LONGEST_CELL = 100_000


def read_rows(data: bytes) -> Document:
    """The tables of a workbook or CSV text; the first row of a table is the first row of its sheet.

    Raises ``DocumentError``; unsupported for every other kind of file.
    """
    kind = sniff(data)
    if kind is DocumentKind.XLSX:
        return read_xlsx_rows(data)
    if kind is not DocumentKind.TEXT:
        raise DocumentError(DocumentProblem.UNSUPPORTED, format=kind.value)
    return _read_csv(data)


def _read_csv(data: bytes) -> Document:
    decoded = decode(data)
    head = decoded.text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=head.count)
    csv.field_size_limit(LONGEST_CELL)
    try:
        rows = list(csv.reader(StringIO(decoded.text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise DocumentError(DocumentProblem.BROKEN) from error
    cells = (
        Cell(text, y, x) for y, row in enumerate(rows) for x, value in enumerate(row) if (text := _clean(value)).strip()
    )
    table = build_table(cells, place=Place(paragraph=1))
    return Document((table,), DocumentKind.TEXT, encoding=decoded.encoding, notes=decoded.notes)


def _clean(value: str) -> str:
    lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(clean_line(line) for line in lines).strip()
