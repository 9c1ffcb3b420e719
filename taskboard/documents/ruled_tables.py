"""Tables drawn with lines: from the lines on a page to cells with their spans, and over the page's end to one table."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, pairwise

from msgspec import structs

from taskboard.documents.grid import build_table
from taskboard.documents.pieces import Piece, join_row, rows_of
from taskboard.documents.text import clean_line
from taskboard.domain.plan_parsing.blocks import Cell, Place, Table

SNAP = 3.0
"""points within which two lines are drawn as one, and within which two lines meet"""
SHORTEST = 6.0
"""points; shorter strokes are parts of letters and marks"""
COVERED = 0.6
"""share of a cell's side that must be drawn to part it from its neighbour"""
MOST_LINES = 1_000
"""on one page, after those that continue each other are joined; more are a drawing"""
SAME_EDGE = 8.0
"""points by which the columns of a table may be shifted on the next page"""
HEADER_ROWS = 3
"""rows at the top of a table that may be repeated on its next page"""
CELL_SLACK = 3.0
"""a line that leaves less than this many characters of its cell free was wrapped there"""

SEPARATOR = re.compile(r"[、，,；;。]")
NAME_END = re.compile(r"(?:[局委办部厅署院校会处科室队所站行社司联馆台团]|公司|中心|政府|单位|企业|街道|乡镇)$")
"""a cell of names one below the other has no separators, and each line ends as names of units do"""
SERIAL = re.compile(r"[\d一二三四五六七八九十]{1,4}[.、．]?$|[（(][\d一二三四五六七八九十]{1,4}[）)]$")


@dataclass(frozen=True)
class Ruling:
    """A drawn line; ``at`` is where it stands on the axis that it does not run along."""

    at: float
    start: float
    end: float


@dataclass(frozen=True)
class RuledTable:
    """A table as drawn: edges of its columns and rows, and its cells, whose text comes with ``fill``.

    The edges are those on its last page. Without lines they follow the text; what stays is where ``names``, those of
    its columns, begin and end.
    """

    first_page: int
    last_page: int
    columns: tuple[float, ...]
    rows: tuple[float, ...]
    cells: tuple[Cell, ...]
    names: tuple[tuple[float, float], ...] = ()

    @property
    def top(self) -> float:
        return self.rows[0]

    @property
    def bottom(self) -> float:
        return self.rows[-1]

    @property
    def height(self) -> int:
        """Rows, those of the pages before included."""
        return max((cell.row + cell.row_span for cell in self.cells), default=0)

    @property
    def has_text(self) -> bool:
        return any(cell.text for cell in self.cells)

    def holds(self, piece: Piece) -> bool:
        x, y = _middle(piece)
        return self.columns[0] <= x <= self.columns[-1] and self.top <= y <= self.bottom

    def goes_on_in(self, other: RuledTable) -> bool:
        """Whether the other table, the next thing in the document, has the same columns on the following page."""
        if other.first_page != self.last_page + 1 or len(other.columns) != len(self.columns):
            return False
        if len(other.names) != len(self.names):
            return False
        own, its = ((tuple(chain(*table.names)) or table.columns) for table in (self, other))
        return all(abs(a - b) <= SAME_EDGE for a, b in zip(own, its, strict=True))


def find_tables(horizontal: Iterable[Ruling], vertical: Iterable[Ruling], *, page: int) -> list[RuledTable]:
    """The tables that these lines draw, from top to bottom; frames around text are none."""
    rows, columns = _joined(horizontal), _joined(vertical)
    if len(rows) + len(columns) > MOST_LINES:
        return []
    tables = (_table(*lines, page=page) for lines in _connected(rows, columns))
    return sorted((table for table in tables if table is not None), key=lambda table: table.top)


def fill(table: RuledTable, pieces: Iterable[Piece]) -> RuledTable:
    """The table with these pieces as the text of its cells."""
    by_position = {
        (row, column): number
        for number, cell in enumerate(table.cells)
        for row in range(cell.row, cell.row + cell.row_span)
        for column in range(cell.column, cell.column + cell.column_span)
    }
    texts: dict[int, list[Piece]] = {}
    for piece in pieces:
        x, y = _middle(piece)
        number = by_position.get((bisect(table.rows, y) - 1, bisect(table.columns, x) - 1))
        if number is not None:
            texts.setdefault(number, []).append(piece)
    cells = (
        structs.replace(cell, text=_text(texts[number], _width(table, cell))) if number in texts else cell
        for number, cell in enumerate(table.cells)
    )
    return replace(table, cells=tuple(cells))


def continue_table(table: RuledTable, other: RuledTable) -> RuledTable:
    """Both as one: the header that was repeated is dropped, a row that was broken at the page's end is joined."""
    repeated = _repeated_rows(table, other)
    cells = [structs.replace(cell, row=cell.row - repeated) for cell in other.cells if cell.row >= repeated]
    start = table.height
    if not cells:
        return replace(table, last_page=other.last_page, columns=other.columns)
    if _is_broken(table, cells):
        above, cells = _join_broken(table.cells, cells, start - 1), [cell for cell in cells if cell.row > 0]
        start -= 1
    else:
        above, cells = _stretch(table.cells, cells, start)
    moved = (structs.replace(cell, row=cell.row + start) for cell in cells)
    return replace(other, first_page=table.first_page, cells=(*above, *moved))


def build_ruled_table(table: RuledTable, *, paragraph: int) -> Table:
    """The block of this table, as the document's ``paragraph``-th one."""
    return build_table(table.cells, place=Place(paragraph=paragraph, page=table.first_page))


# Lines


def _joined(rulings: Iterable[Ruling]) -> list[Ruling]:
    """Lines that lie on each other or continue each other as one; those close to one place are moved to it."""
    ordered = sorted((ruling for ruling in rulings), key=lambda ruling: ruling.at)
    groups: list[list[Ruling]] = []
    for ruling in ordered:
        if groups and ruling.at - groups[-1][0].at <= SNAP:
            groups[-1].append(ruling)
        else:
            groups.append([ruling])
    return [line for group in groups for line in _merged(group) if line.end - line.start >= SHORTEST]


def _merged(group: Sequence[Ruling]) -> Iterator[Ruling]:
    at = group[0].at
    start, end = None, 0.0
    for ruling in sorted(group, key=lambda ruling: ruling.start):
        if start is None:
            start, end = ruling.start, ruling.end
        elif ruling.start <= end + SNAP:
            end = max(end, ruling.end)
        else:
            yield Ruling(at, start, end)
            start, end = ruling.start, ruling.end
    if start is not None:
        yield Ruling(at, start, end)


def _connected(rows: Sequence[Ruling], columns: Sequence[Ruling]) -> Iterator[tuple[list[Ruling], list[Ruling]]]:
    """The lines in groups that hang together."""
    left = set(range(len(columns)))
    waiting = set(range(len(rows)))
    while waiting:
        found_rows, found_columns = {waiting.pop()}, set[int]()
        fresh = list(found_rows)
        while fresh:
            touched = {c for c in left for r in fresh if _meet(rows[r], columns[c])}
            left -= touched
            found_columns |= touched
            fresh = [r for r in waiting if any(_meet(rows[r], columns[c]) for c in touched)]
            waiting -= set(fresh)
            found_rows |= set(fresh)
        yield [rows[r] for r in sorted(found_rows)], [columns[c] for c in sorted(found_columns)]


def _meet(row: Ruling, column: Ruling) -> bool:
    return row.start - SNAP <= column.at <= row.end + SNAP and column.start - SNAP <= row.at <= column.end + SNAP


# Cells


def _table(rows: Sequence[Ruling], columns: Sequence[Ruling], *, page: int) -> RuledTable | None:
    if not rows or not columns:
        return None  # a rule below a letterhead
    xs = _edges([line.at for line in columns], [line.start for line in rows], [line.end for line in rows])
    ys = _edges([line.at for line in rows], [line.start for line in columns], [line.end for line in columns])
    if len(xs) < 3 or len(ys) < 2:
        return None
    cells = tuple(_cells(xs, ys, rows, columns))
    return RuledTable(page, page, tuple(xs), tuple(ys), cells) if len(cells) > 1 else None


def _edges(places: Sequence[float], starts: Sequence[float], ends: Sequence[float]) -> list[float]:
    """Where lines stand, and where the lines across them begin and end: outer sides are often left undrawn."""
    # Lines were moved to their neighbours' place already; what differs by less than twice that is still one edge.
    edges = [place for place, _ in groupby(sorted(places))]
    edges = [edges[0], *(b for a, b in pairwise(edges) if b - a > SNAP)]
    first, last = min(starts), max(ends)
    return [
        *([first] if first < edges[0] - 2 * SNAP else []),
        *edges,
        *([last] if last > edges[-1] + 2 * SNAP else []),
    ]


def _cells(
    xs: Sequence[float], ys: Sequence[float], rows: Sequence[Ruling], columns: Sequence[Ruling]
) -> Iterator[Cell]:
    """The smallest rectangles, joined where no line parts them."""
    width, height = len(xs) - 1, len(ys) - 1
    right_drawn = [[_is_drawn(columns, xs[x + 1], ys[y], ys[y + 1]) for x in range(width)] for y in range(height)]
    bottom_drawn = [[_is_drawn(rows, ys[y + 1], xs[x], xs[x + 1]) for x in range(width)] for y in range(height)]
    seen: set[tuple[int, int]] = set()
    for y in range(height):
        for x in range(width):
            if (y, x) in seen:
                continue
            column_span, row_span = _spans(y, x, right_drawn, bottom_drawn, seen)
            seen.update((y + dy, x + dx) for dy in range(row_span) for dx in range(column_span))
            yield Cell("", row=y, column=x, row_span=row_span, column_span=column_span)


def _spans(
    y: int, x: int, right_drawn: Sequence[Sequence[bool]], bottom_drawn: Sequence[Sequence[bool]],
    seen: set[tuple[int, int]],
) -> tuple[int, int]:  # fmt: skip
    """How many columns and rows the cell that begins here covers."""
    height, width = len(right_drawn), len(right_drawn[0])
    column_span = 1
    while x + column_span < width and not right_drawn[y][x + column_span - 1] and (y, x + column_span) not in seen:
        column_span += 1
    row_span = 1
    while y + row_span < height and not any(bottom_drawn[y + row_span - 1][x : x + column_span]):
        row_span += 1
    return column_span, row_span


def _is_drawn(lines: Sequence[Ruling], at: float, start: float, end: float) -> bool:
    covered = sum(max(0.0, min(line.end, end) - max(line.start, start)) for line in lines if abs(line.at - at) <= SNAP)
    return covered >= COVERED * (end - start)


# Text


def _middle(piece: Piece) -> tuple[float, float]:
    # The middle of a Chinese character lies some 0.35 of its size above the base line.
    return (piece.left + piece.right) / 2, piece.base - 0.35 * piece.size


def _width(table: RuledTable, cell: Cell) -> float:
    return table.columns[cell.column + cell.column_span] - table.columns[cell.column]


def _text(pieces: Sequence[Piece], width: float) -> str:
    """The cell's lines, joined where they were wrapped only because the cell is narrow."""
    lines = [join_row(row) for row in rows_of(pieces)]
    is_list = not any(SEPARATOR.search(line.text) for line in lines) and all(
        NAME_END.search(line.text.strip()) for line in lines
    )
    parts: list[str] = []
    before: Piece | None = None
    for line in lines:
        text = clean_line(line.text).strip()
        is_wrapped = before is not None and width - (before.right - before.left) < CELL_SLACK * before.size
        if parts and is_wrapped and not is_list:
            parts[-1] += text
        elif text:
            parts.append(text)
        before = line
    return "\n".join(parts)


# Over the page


def _repeated_rows(table: RuledTable, other: RuledTable) -> int:
    """Rows at the top of the next page that say what the first rows of the table say."""
    repeated = 0
    for row in range(min(HEADER_ROWS, table.height, other.height)):
        texts = _row_texts(table.cells, row)
        if not any(texts) or texts != _row_texts(other.cells, row):
            break
        repeated = row + 1
    return repeated


def _row_texts(cells: Iterable[Cell], row: int) -> list[tuple[int, str]]:
    found = ((cell.column, "".join(cell.text.split())) for cell in cells if cell.row == row)
    return sorted((column, text) for column, text in found if text)


def _is_broken(table: RuledTable, cells: Sequence[Cell]) -> bool:
    """Whether the first row of the next page is the rest of the last row of this one.

    Then what every row has is missing in it: its serial number, or where rows have none its first cell and another one.
    A first cell that covered several rows before is no sign: there the next row of a group begins.
    """
    last, width = table.height - 1, len(table.columns) - 1
    fresh = {cell.column: cell for cell in cells if cell.row == 0}
    if not any(cell.text for cell in fresh.values()) or not any(not cell.text for cell in fresh.values()):
        return False
    missing = [
        column
        for column in range(width)
        if column in fresh and not fresh[column].text and _is_single_and_always_filled(table, column, last)
    ]
    serial = [column for column in missing if _is_serial_column(table, column)]
    others = [column for column in missing if column > 0]
    return bool(serial) or (0 in missing and bool(others))


def _is_single_and_always_filled(table: RuledTable, column: int, last: int) -> bool:
    in_column = [cell for cell in table.cells if cell.column == column]
    at_end = [cell for cell in in_column if cell.row + cell.row_span - 1 == last]
    return bool(at_end) and at_end[0].row_span == 1 and all(cell.text for cell in in_column)


def _is_serial_column(table: RuledTable, column: int) -> bool:
    values = [cell.text for cell in table.cells if cell.column == column and cell.row > 0]
    return bool(values) and sum(SERIAL.match(value) is not None for value in values) >= COVERED * len(values)


def _join_broken(above: Iterable[Cell], cells: Iterable[Cell], last: int) -> list[Cell]:
    """The cells above, those of the last row with the rest of their text."""
    rest = {cell.column: cell.text for cell in cells if cell.row == 0 and cell.text}
    return [
        structs.replace(cell, text=cell.text + rest[cell.column])
        if cell.row + cell.row_span - 1 == last and cell.column in rest
        else cell
        for cell in above
    ]


def _stretch(above: Sequence[Cell], cells: Sequence[Cell], start: int) -> tuple[list[Cell], list[Cell]]:
    """Empty cells at the top of the new page made part of those above, where the group they belong to goes on.

    That is so left of the first cell with text, and in a column that has merged cells and no empty ones.
    """
    first_row = [cell for cell in cells if cell.row == 0]
    first_filled = min((cell.column for cell in first_row if cell.text), default=0)
    goes_on = {
        cell.column: cell
        for cell in first_row
        if not cell.text and (cell.column < first_filled or _is_grouping(above, cell.column))
    }
    stretched, used = [], set[int]()
    for cell in above:
        rest = goes_on.get(cell.column)
        if rest is not None and cell.row + cell.row_span == start and rest.column_span == cell.column_span:
            stretched.append(structs.replace(cell, row_span=cell.row_span + rest.row_span))
            used.add(rest.column)
        else:
            stretched.append(cell)
    return stretched, [cell for cell in cells if cell.row > 0 or cell.column not in used]


def _is_grouping(cells: Iterable[Cell], column: int) -> bool:
    in_column = [cell for cell in cells if cell.column == column]
    return all(cell.text for cell in in_column) and any(cell.row_span > 1 for cell in in_column)
