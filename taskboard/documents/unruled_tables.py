"""Tables drawn without lines: a row of column names, and below it numbered rows whose cells keep to their columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from taskboard.documents.pieces import OUTLINE_LABEL, Piece, Row, rows_of
from taskboard.documents.ruled_tables import RuledTable
from taskboard.domain.plan_parsing.blocks import Cell
from taskboard.domain.plan_parsing.table_headers import find_header
from taskboard.domain.plan_parsing.text import read_text

FEWEST_COLUMNS = 4
FEWEST_ROWS = 2
FEWEST_IN_LINE = 3
"""names in each line of a header; a title above it has one piece, who filled the table in and when are two"""
HEADER_LINES = 2
"""a row of column names is seldom longer"""
NAME_GAP = 0.8
"""character sizes between two names of columns; within a name that was spaced out there is less"""
NEXT_LINE = 2.4
"""character sizes within which the next line of a header follows"""
OUTSIDE = 4.0
"""points by which the outermost cells reach beyond their text"""
SERIAL = re.compile(r"\s*\d{1,3}[.、．]?\s*$")
NOTE = re.compile(r"\s*(?:备\s*注|说\s*明|注|附\s*注)\s*[:：]")

Interval = tuple[float, float]


def find_unruled_tables(pieces: Iterable[Piece]) -> list[RuledTable]:
    """The tables among these pieces of one page, their cells still to be filled."""
    rows = rows_of(piece for piece in pieces if piece.text.strip())
    tables = []
    start = 0
    while start + FEWEST_ROWS < len(rows):
        found = _table_from(rows, start)
        if found is not None:
            tables.append(found.table)
        start = found.end if found is not None else start + 1
    return tables


@dataclass(frozen=True)
class _Found:
    table: RuledTable
    end: int


def _table_from(rows: Sequence[Row], start: int) -> _Found | None:
    """The table whose column names begin in this row, and the first row behind it."""
    for lines in range(1, HEADER_LINES + 1):
        header = rows[start : start + lines]
        if len(header) < lines or any(_is_far(a, b) for a, b in pairwise(header)):
            return None
        if any(len(_intervals(row, NAME_GAP)) < FEWEST_IN_LINE for row in header):
            return None
        names = _joined(_intervals(header[0], NAME_GAP) + [piece for row in header[1:] for piece in _intervals(row, 0)])
        if len(names) >= FEWEST_COLUMNS and _are_names(header, names):
            return _below(rows, start, start + lines, names)
    return None


def _is_far(row: Row, below: Row) -> bool:
    return below[0].base - row[0].base > NEXT_LINE * max(row[0].size, below[0].size)


def _intervals(row: Row, gap: float) -> list[Interval]:
    """Where the row has text; what is closer than ``gap`` character sizes is one."""
    found: list[Interval] = []
    for piece in row:
        if found and piece.left - found[-1][1] < gap * piece.size:
            found[-1] = (found[-1][0], max(found[-1][1], piece.right))
        else:
            found.append((piece.left, piece.right))
    return found


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


def _below(rows: Sequence[Row], first: int, body: int, names: Sequence[Interval]) -> _Found | None:
    """The rows below the names, as far as they keep to the columns."""
    taken = list(names)
    end = body
    for row in rows[body:]:
        if NOTE.match(row[0].text):
            break
        if not _is_section(row):
            wider = _joined([*taken, *_intervals(row, 0)])
            if any(sum(_overlap(name, one) for name in names) > 1 for one in wider):
                break
            taken = wider
        end += 1
    columns = _columns(taken, names)
    starts = [0, *_starts(rows[first:end], body - first - 1, columns)]
    if len(starts) <= FEWEST_ROWS:
        return None
    return _Found(_as_table(rows[first:end], starts, columns), end)


def _is_section(row: Row) -> bool:
    """一、大力提振消费: a line across the columns."""
    return OUTLINE_LABEL.match(row[0].text) is not None and not SERIAL.match(row[0].text)


def _overlap(one: Interval, other: Interval) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _columns(taken: Sequence[Interval], names: Sequence[Interval]) -> list[float]:
    """The edges of the columns; text apart from every name belongs to the nearest."""
    columns = list(names)
    for interval in taken:
        nearest = min(range(len(columns)), key=lambda n: _distance(names[n], interval))
        left, right = columns[nearest]
        columns[nearest] = (min(left, interval[0]), max(right, interval[1]))
    inner = [(before[1] + after[0]) / 2 for before, after in pairwise(columns)]
    return [columns[0][0] - OUTSIDE, *inner, columns[-1][1] + OUTSIDE]


def _distance(one: Interval, other: Interval) -> float:
    return max(0.0, one[0] - other[1], other[0] - one[1])


def _starts(rows: Sequence[Row], header: int, columns: Sequence[float]) -> Iterator[int]:
    """The lines that begin a row below the header: where the space between two numbers is widest, and at sections."""
    anchors = [header]
    for number in range(header + 1, len(rows)):
        first = rows[number][0]
        if _is_section(rows[number]) or (SERIAL.match(first.text) and first.right <= columns[1]):
            anchors.append(number)
    for before, after in pairwise(anchors):
        gaps = [rows[n][0].base - rows[n - 1][0].base for n in range(before + 1, after + 1)]
        # Of gaps that are equally wide the last: cells begin with their number more often than they end with it.
        yield before + 1 + max(range(len(gaps)), key=lambda n: (round(gaps[n], 1), n))


def _as_table(rows: Sequence[Row], starts: Sequence[int], columns: Sequence[float]) -> RuledTable:
    edges = [rows[0][0].base - 2 * rows[0][0].size]
    for start in starts[1:]:
        edges.append((rows[start - 1][0].base + rows[start][0].base - rows[start][0].size) / 2)
    edges.append(rows[-1][0].base + rows[-1][0].size / 2)
    width = len(columns) - 1
    cells: list[Cell] = []
    for number, start in enumerate(starts):
        if number and _is_section(rows[start]):
            cells.append(Cell("", row=number, column=0, column_span=width))
        else:
            cells += [Cell("", row=number, column=column) for column in range(width)]
    page = rows[0][0].page
    return RuledTable(page, page, tuple(columns), tuple(edges), tuple(cells))
