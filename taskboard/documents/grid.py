"""Cells with spans laid out as the grid that the parser reads."""

from __future__ import annotations

from collections.abc import Iterable

from taskboard.documents.document import DocumentError, DocumentProblem
from taskboard.domain.plan_parsing.blocks import Cell, Place, Table

MAX_POSITIONS = 200_000
"""rows × columns of one table; the longest ledgers have some ten thousands, a hostile span claims billions"""


def build_table(cells: Iterable[Cell], *, place: Place, caption: str = "") -> Table:
    """The table of these cells: each stands at every position it covers, gaps become empty cells.

    Where two cells claim one position the earlier one keeps it. Raises ``DocumentError`` (too_complex) beyond
    ``MAX_POSITIONS``.
    """
    listed = list(cells)
    height = max([cell.row + cell.row_span for cell in listed], default=0)
    width = max([cell.column + cell.column_span for cell in listed], default=0)
    if height * width > MAX_POSITIONS:
        raise DocumentError(DocumentProblem.TOO_COMPLEX)
    grid: list[list[Cell | None]] = [[None] * width for _ in range(height)]
    for cell in listed:
        top, left = cell.row, cell.column
        if cell.row_span == 1 == cell.column_span:
            grid[top][left] = grid[top][left] or cell
            continue
        for row in grid[top : top + cell.row_span]:
            for column in range(left, left + cell.column_span):
                row[column] = row[column] or cell
    rows = (tuple([cell or Cell("", row=y, column=x) for x, cell in enumerate(row)]) for y, row in enumerate(grid))
    return Table(rows=tuple(rows), place=place, caption=caption)
