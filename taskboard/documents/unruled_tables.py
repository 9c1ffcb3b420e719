"""Tables drawn without lines: a row of column names, and below it numbered rows whose cells keep to their columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from taskboard.documents.pieces import OUTLINE_LABEL, Piece, Row
from taskboard.documents.ruled_tables import RuledTable
from taskboard.domain.plan_parsing.blocks import Cell
from taskboard.domain.plan_parsing.table_headers import find_header
from taskboard.domain.plan_parsing.text import read_text

FEWEST_COLUMNS = 4
FEWEST_ROWS = 2
MOST_HEADERS = 20
"""rows of column names on one page; where there are more, they are something else"""
FEWEST_IN_LINE = 3
"""names in each line of a header; a title above it has one piece, who filled the table in and when are two"""
HEADER_LINES = 2
"""a row of column names is seldom longer"""
NAME_GAP, SPACED_OUT = 0.6, 0.8
"""character sizes between two names of columns; within a name that was spaced out, character by character, are less"""
BESIDE = 0.95
"""character sizes; what stands less than that below another line is no line below it in the same cell"""
MOST_BESIDE = 5
"""lines at half their distance that names of one, two and three lines beside each other have; where more stand so
close, cells were printed over each other and cannot be told apart"""
NEXT_LINE = 2.4
"""character sizes within which the next line of a header follows"""
OUTSIDE = 4.0
"""points by which the outermost cells reach beyond their text"""
SAME_GAP = 0.8
"""share of the least space between two rows that still parts rows"""
SERIAL = re.compile(r"\s*(\d{1,3})[.、．]?\s*$")
NOTE = re.compile(r"\s*(?:备\s*注|说\s*明|注|附\s*注)\s*[:：]")

Interval = tuple[float, float]


def find_unruled_tables(rows: Sequence[Row]) -> list[RuledTable]:
    """The tables among these rows of one page, their cells still to be filled."""
    tables = []
    start = headers = 0
    while start + FEWEST_ROWS < len(rows) and headers < MOST_HEADERS:
        header = _header_from(rows, start)
        found = _below(rows, start, header) if header is not None else None
        if found is not None:
            tables.append(found.table)
        headers += header is not None
        start = found.end if found is not None else start + 1
    return tables


@dataclass(frozen=True)
class _Found:
    table: RuledTable
    end: int


@dataclass(frozen=True)
class _Header:
    """Where names of columns stand, and the first row below them."""

    names: Sequence[Interval]
    body: int


def _header_from(rows: Sequence[Row], start: int) -> _Header | None:
    """The names of columns that begin in this row."""
    body = start
    found: list[Interval] = []
    for number in range(HEADER_LINES):
        first, body = body, _behind_line(rows, body)
        line = rows[first:body]
        if not 0 < len(line) <= MOST_BESIDE or (number and _is_far(rows[first - 1], line[0])):
            return None
        if len(_joined(name for row in line for name in _names(row))) < FEWEST_IN_LINE:
            return None
        found += [interval for row in line for interval in (_intervals(row) if number else _names(row))]
        names = _joined(found)
        if len(names) >= FEWEST_COLUMNS and _are_names(rows[start:body], names):
            return _Header(names, body)
    return None


def _behind_line(rows: Sequence[Row], start: int) -> int:
    """The first row behind a line of names, and behind those that stand half a line lower beside names of two lines."""
    end = start + 1
    while end < min(len(rows), start + MOST_BESIDE + 1) and _gap_above(rows, end) < BESIDE * rows[end][0].size:
        end += 1
    return min(end, len(rows))


def _is_far(row: Row, below: Row) -> bool:
    return below[0].base - row[0].base > NEXT_LINE * max(row[0].size, below[0].size)


def _names(row: Row) -> list[Interval]:
    """Where the names of columns in this row stand."""
    found = [(row[0].left, row[0].right)]
    for before, piece in pairwise(row):
        is_character = min(len(before.text.strip()), len(piece.text.strip())) == 1
        left, right = found[-1]
        if piece.left - right < (SPACED_OUT if is_character else NAME_GAP) * piece.size:
            found[-1] = (left, max(right, piece.right))
        else:
            found.append((piece.left, piece.right))
    return found


def _intervals(row: Row) -> list[Interval]:
    """Where the row has text."""
    return _joined((piece.left, piece.right) for piece in row)


def _joined(intervals: Iterable[Interval]) -> list[Interval]:
    """The intervals from left to right, those that overlap made one."""
    found: list[Interval] = []
    for left, right in sorted(intervals):
        if found and left < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], right))
        else:
            found.append((left, right))
    return found


def _are_names(header: Sequence[Row], names: Sequence[Interval]) -> bool:
    texts = ["".join(p.text.strip() for row in header for p in row if _is_in(p, name)) for name in names]
    number, _ = find_header([[read_text(text) for text in texts]])
    return number is not None


def _is_in(piece: Piece, interval: Interval) -> bool:
    return interval[0] <= (piece.left + piece.right) / 2 <= interval[1]


def _below(rows: Sequence[Row], first: int, header: _Header) -> _Found | None:
    """The rows below the names, as far as they keep to the columns."""
    names, body = header.names, header.body
    taken, kept = _within(rows[body:], names)
    end = body + kept
    columns = _columns(taken, names)
    anchors = _anchors(rows[first:end], body - first, columns)
    starts = [0, *_starts(rows[first:end], [body - first - 1, *anchors])]
    if len(starts) <= FEWEST_ROWS:
        return None
    return _Found(_as_table(rows[first:end], starts, columns, names, header=True), end)


# On the next page


def find_rest(table: RuledTable, rows: Sequence[Row]) -> RuledTable | None:
    """What goes on of this table, which ended its page, in the first of these rows of the next page.

    The names of its columns are not said again, so its numbers must count on.
    """
    taken, end = _within(rows, table.names)
    rows = rows[:end]
    columns = _columns(taken, table.names)
    anchors = _anchors(rows, 0, columns)
    if not anchors or not _counts_on(table, [rows[anchor] for anchor in anchors]):
        return None
    starts = list(_starts(rows, anchors))
    first = [0] if anchors[0] == 0 else [0, *_first_start(rows, anchors[0], starts)]
    return _as_table(rows, [*first, *starts], columns, table.names, header=False)


def _counts_on(table: RuledTable, anchors: Sequence[Row]) -> bool:
    """Whether the first number here is the next one; in a new section it may be the first again."""
    above = [int(found[1]) for cell in table.cells if cell.column == 0 and (found := SERIAL.match(cell.text))]
    here = next((int(found[1]) for row in anchors if (found := SERIAL.match(row[0].text))), None)
    awaited = {above[-1] + 1} if above else set()
    return here in (awaited | {1} if _is_section(anchors[0]) else awaited)


def _first_start(rows: Sequence[Row], anchor: int, starts: Sequence[int]) -> list[int]:
    """Where the first row of this page begins, when the lines above its number are the rest of the row before."""
    (start,) = _starts(rows, [0, anchor])
    enough = min((_gap_above(rows, other) for other in starts), default=rows[start][0].size)
    return [start] if _gap_above(rows, start) >= SAME_GAP * enough else []


def _within(rows: Iterable[Row], names: Sequence[Interval]) -> tuple[list[Interval], int]:
    """What the columns of these names take of the page, and how many rows keep to them."""
    taken = list(names)
    kept = 0
    for row in rows:
        if NOTE.match(row[0].text):
            break
        if not _is_section(row):
            wider = _joined([*taken, *_intervals(row)])
            if any(sum(_overlap(name, one) for name in names) > 1 for one in wider):
                break
            taken = wider
        kept += 1
    return taken, kept


def _is_section(row: Row) -> bool:
    """一、大力提振消费: a line across the columns."""
    return OUTLINE_LABEL.match(row[0].text) is not None and not SERIAL.match(row[0].text)


def _overlap(one: Interval, other: Interval) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _columns(taken: Sequence[Interval], names: Sequence[Interval]) -> list[float]:
    """The edges of the columns; text apart from every name belongs to the nearest."""
    columns = list(names)
    for interval in taken:
        # Nearest to what the column has so far: a figure that ends a full line stands close to the next name.
        nearest = min(
            range(len(columns)), key=lambda n: (_distance(columns[n], interval), _distance(names[n], interval))
        )
        left, right = columns[nearest]
        columns[nearest] = (min(left, interval[0]), max(right, interval[1]))
    inner = [(before[1] + after[0]) / 2 for before, after in pairwise(columns)]
    return [columns[0][0] - OUTSIDE, *inner, columns[-1][1] + OUTSIDE]


def _distance(one: Interval, other: Interval) -> float:
    return max(0.0, one[0] - other[1], other[0] - one[1])


def _anchors(rows: Sequence[Row], body: int, columns: Sequence[float]) -> list[int]:
    """The lines from ``body`` on that have the number of a row, or are sections."""
    return [
        number
        for number, row in enumerate(rows)
        if number >= body and (_is_section(row) or (SERIAL.match(row[0].text) and row[0].right <= columns[1]))
    ]


def _starts(rows: Sequence[Row], anchors: Sequence[int]) -> Iterator[int]:
    """The lines that begin the rows of all anchors but the first: where the space between two is widest."""
    for before, after in pairwise(anchors):
        # Of gaps that are equally wide the last: cells begin with their number more often than they end with it.
        yield max(range(before + 1, after + 1), key=lambda n: (round(_gap_above(rows, n), 1), n))


def _gap_above(rows: Sequence[Row], number: int) -> float:
    return rows[number][0].base - rows[number - 1][0].base


def _as_table(
    rows: Sequence[Row], starts: Sequence[int], columns: Sequence[float], names: Sequence[Interval], *, header: bool
) -> RuledTable:
    edges = [rows[0][0].base - 2 * rows[0][0].size]
    for start in starts[1:]:
        edges.append((rows[start - 1][0].base + rows[start][0].base - rows[start][0].size) / 2)
    edges.append(rows[-1][0].base + rows[-1][0].size / 2)
    width = len(columns) - 1
    cells: list[Cell] = []
    for number, start in enumerate(starts):
        if _is_section(rows[start]) and (number or not header):
            cells.append(Cell("", row=number, column=0, column_span=width))
        else:
            cells += [Cell("", row=number, column=column) for column in range(width)]
    page = rows[0][0].page
    return RuledTable(page, page, tuple(columns), tuple(edges), tuple(cells), tuple(names))
