"""The tables of a directory in a file: which of them are departments or people, and their rows by column.

A sheet is kept as plain values, for :class:`taskboard.models.DirectoryUpload` holds it between preview and taking over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from taskboard.documents.document import Document, DocumentError, DocumentProblem
from taskboard.documents.isolation import read_rows_safely
from taskboard.domain.directory_tables import CellProblem, Problem, column_letters, unguarded
from taskboard.domain.errors import Invalid
from taskboard.domain.plan_parsing.blocks import Table
from taskboard.labels.directory import DEPARTMENT_COLUMNS, NOTES_SHEET, PEOPLE_COLUMNS, Column

HEADER_WITHIN = 20
"""rows: titles and remarks may stand above the header"""
MOST_ROWS = 20_000
"""of one file: more would be compared for longer than somebody waits for a page"""
CSV_SHEET = "表格"

Sheet: TypeAlias = dict[str, Any]


def read_sheets(content: bytes, name: str) -> list[Sheet]:
    """The tables of a file that are a directory, read in a process of its own; call it outside every transaction.

    Raises ``DocumentError``, and :class:`Invalid` for another kind of file and where no table has the columns of
    departments or of people.
    """
    try:
        document = read_rows_safely(content, name)
    except DocumentError as error:
        if error.problem is DocumentProblem.UNSUPPORTED:
            raise Invalid("file", "directory_kind") from None
        raise
    return sheets_of(document)


def sheets_of(document: Document) -> list[Sheet]:
    """The tables with the columns of a directory; raises :class:`Invalid` where there is none."""
    sheets = [sheet for block in document.blocks if isinstance(block, Table) and (sheet := _sheet(block)) is not None]
    if not sheets:
        raise Invalid("file", "directory_columns")
    if sum(len(sheet["rows"]) for sheet in sheets) > MOST_ROWS:
        raise Invalid("file", "directory_too_many_rows", most=MOST_ROWS)
    return sheets


def sheet_of_rows(name: str, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Sheet:
    """The same from rows that are at hand, as those of a template."""
    return {
        "name": name,
        "columns": {title: place for place, title in enumerate(titles)},
        "unknown": [],
        "rows": [[line, list(row)] for line, row in enumerate(rows, start=2)],
    }


class Row:
    """One row of a table by the titles of its columns."""

    def __init__(self, sheet: Sheet, line: int, texts: Sequence[str]) -> None:
        self.sheet = sheet
        self.line = line
        self._texts = texts

    def __getitem__(self, column: Column) -> str:
        place = self.sheet["columns"].get(column.value)
        return self._texts[place] if place is not None and place < len(self._texts) else ""

    def problem(self, column: Column, problem: Problem, text: str = "", **facts: Any) -> CellProblem:
        place = self.sheet["columns"].get(column.value, 0)
        cell = f"{column_letters(place)}{self.line}"
        return CellProblem(self.sheet["name"], cell, column.value, problem, text, facts)


def split_rows(sheets: Sequence[Sheet]) -> tuple[list[Row], list[Row]]:
    """The rows about departments, and those about people."""
    departments: list[Row] = []
    people: list[Row] = []
    for sheet in sheets:
        rows = departments if Column.NAME in sheet["columns"] else people
        rows += [Row(sheet, line, texts) for line, texts in sheet["rows"]]
    return departments, people


def unread_columns(sheets: Iterable[Sheet]) -> list[CellProblem]:
    """The columns that are none of a directory's, each at its title."""
    return [
        CellProblem(sheet["name"], f"{column_letters(place)}{line}", title, Problem.UNKNOWN_COLUMN, title)
        for sheet in sheets
        for place, line, title in sheet["unknown"]
    ]


def _sheet(table: Table) -> Sheet | None:
    if table.place.sheet == NOTES_SHEET:
        # Its first column names the columns of the others, and would be taken for departments.
        return None
    for number, row in enumerate(table.rows[:HEADER_WITHIN]):
        titles = ["".join(cell.text.split()) for cell in row]
        is_people = Column.USERNAME in titles and Column.PERSON in titles
        if Column.NAME not in titles and not is_people:
            continue
        known = set(PEOPLE_COLUMNS if is_people else DEPARTMENT_COLUMNS)
        places: dict[str, int] = {}
        unknown: list[list[Any]] = []
        for place, title in enumerate(titles):
            if title in known and title not in places:
                places[title] = place
            elif title:
                unknown.append([place, number + 1, title])
        rows = [
            [line, [unguarded(cell.text.strip()) for cell in cells]]
            for line, cells in enumerate(table.rows[number + 1 :], start=number + 2)
            if any(cell.text.strip() for cell in cells)
        ]
        return {"name": table.place.sheet or CSV_SHEET, "columns": places, "unknown": unknown, "rows": rows}
    return None
