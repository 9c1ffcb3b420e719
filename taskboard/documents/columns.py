"""Columns of running text: where a page has them, each is read to its end before the next.

Producers draw columns in any order, some row by row across all of them, so only the places count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from msgspec import structs

from taskboard.documents.pieces import OUTLINE_LABEL, Piece, join_row, rows_of

MIDDLE = (0.2, 0.8)
"""share of the text's width within which a gap may part two columns"""
NARROWEST_GAP = 1.0
"""characters between two columns; less is a space"""
FEWEST_LINES = 5
SHORTEST_LINE = 8.0
"""lines, and characters of a usual line, that each side must have to be running text"""
FEWEST_ITEMS = 2
"""numbered items that each side must have where its lines are too short for running text; tables and forms have none"""
FIELD_LABEL = re.compile(r"\s*[\u4e00-\u9fff]{2,8}[：:]")
MOST_FIELDS = 0.5
"""share of a side's lines that may be fields (责任单位：…); with more of them it is half of a form"""
FULLNESS = 0.7
"""share of a column's width that its usual line fills; the cells of a table without lines are mostly shorter"""
MOST_CROSSING = 0.3
"""share of the lines that may run across both columns: titles, and what stands above and below"""
BESIDE = 0.5
"""share of the shorter column's height that must have the other one beside it"""
MOST_COLUMNS = 3


def reading_order(pieces: Sequence[Piece], known_gap: float | None = None) -> tuple[list[Piece], float | None]:
    """The lines of one page (or a part of it) in reading order, each marked with its column, and where the page parts.

    ``known_gap`` is where the page before parted: a last page with few lines cannot show its columns by itself.
    """
    lines = [segment for row in rows_of(pieces) for segment in _segments(row)]
    gap = _gap(lines)
    if gap is None and known_gap is not None and _fits(lines, known_gap):
        gap = known_gap
    return _read(lines, gap, column=0, depth=1), gap


def _fits(lines: Sequence[Piece], gap: float) -> bool:
    crossing = sum(line.left < gap < line.right for line in lines)
    return bool(lines) and crossing <= MOST_CROSSING * len(lines)


def _segments(row: Sequence[Piece]) -> list[Piece]:
    """The row cut at gaps that may part two columns."""
    segments: list[list[Piece]] = [[row[0]]]
    for before, piece in pairwise(row):
        if piece.left - before.right > NARROWEST_GAP * piece.size:
            segments.append([])
        segments[-1].append(piece)
    return [join_row(segment) for segment in segments]


def _read(lines: Sequence[Piece], gap: float | None, *, column: int, depth: int) -> list[Piece]:
    if gap is None:
        return [_in_column(join_row(row), column) for row in rows_of(lines)]
    ordered: list[Piece] = []
    left: list[Piece] = []
    right: list[Piece] = []

    def read_sides() -> None:
        for number, side in enumerate((left, right), start=1):
            inner = _gap(side) if depth < MOST_COLUMNS - 1 else None
            ordered.extend(_read(side, inner, column=2 * column + number, depth=depth + 1))
            side.clear()

    for row in rows_of(lines):
        if any(line.left < gap < line.right for line in row):
            read_sides()
            ordered.append(_in_column(join_row(row), column))
            continue
        for line in row:
            (left if line.right <= gap else right).append(line)
    read_sides()
    return ordered


def _in_column(line: Piece, column: int) -> Piece:
    return line if line.column == column else structs.replace(line, column=column)


def _gap(lines: Sequence[Piece]) -> float | None:
    """Where these lines part into two columns, if they do."""
    if len(lines) < 2 * FEWEST_LINES:
        return None
    start, end = min(line.left for line in lines), max(line.right for line in lines)
    size = median(line.size for line in lines)
    first, last = (start + share * (end - start) for share in MIDDLE)
    best = _emptiest(lines, first, last, step=max(size / 2, (end - start) / 400))
    if best is None:
        return None
    split = _Split.at(best, lines)
    return best if split.is_columns(size, len(lines)) else None


def _emptiest(lines: Sequence[Piece], first: float, last: float, *, step: float) -> float | None:
    """The middle of the widest stretch that the fewest lines cross."""
    count = int((last - first) / step) + 1
    # Every line adds one from its first to its last place: differences now, sums below, so that long pages stay cheap.
    changes = [0] * (count + 1)
    for line in lines:
        changes[min(count, max(0, int((line.left - first) / step) + 1))] += 1
        changes[min(count, max(0, int((line.right - first) / step) + 1))] -= 1
    crossings, level = [], 0
    for change in changes[:count]:
        level += change
        crossings.append(level)
    fewest = min(crossings)
    stretches: list[tuple[int, int]] = []
    begin: int | None = None
    for place, crossing in enumerate([*crossings, fewest + 1]):
        if crossing == fewest and begin is None:
            begin = place
        elif crossing != fewest and begin is not None:
            stretches.append((begin, place - 1))
            begin = None
    if not stretches:
        return None
    begin, finish = max(stretches, key=lambda stretch: stretch[1] - stretch[0])
    return first + step * (begin + finish) / 2


@dataclass(frozen=True)
class _Split:
    left: Sequence[Piece]
    right: Sequence[Piece]

    @classmethod
    def at(cls, gap: float, lines: Sequence[Piece]) -> _Split:
        left = [line for line in lines if line.right <= gap]
        return cls(left, [line for line in lines if line.left >= gap])

    def is_columns(self, size: float, count: int) -> bool:
        """Whether both sides are running text that stands beside each other."""
        crossing = count - len(self.left) - len(self.right)
        if min(len(self.left), len(self.right)) < FEWEST_LINES or crossing > MOST_CROSSING * count:
            return False
        between = min(line.left for line in self.right) - max(line.right for line in self.left)
        is_apart = between >= NARROWEST_GAP * size
        return (
            is_apart
            and all(_is_running(side) or _is_list(side) for side in (self.left, self.right))
            and self._stand_beside()
        )

    def _stand_beside(self) -> bool:
        spans = [(min(line.base for line in side), max(line.base for line in side)) for side in (self.left, self.right)]
        overlap = min(spans[0][1], spans[1][1]) - max(spans[0][0], spans[1][0])
        return overlap >= BESIDE * min(end - start for start, end in spans)


def _is_list(side: Sequence[Piece]) -> bool:
    items = sum(OUTLINE_LABEL.match(line.text) is not None for line in side)
    width = max(line.right for line in side) - min(line.left for line in side)
    return items >= FEWEST_ITEMS and width >= SHORTEST_LINE * median(line.size for line in side)


def _is_running(side: Sequence[Piece]) -> bool:
    width = max(line.right for line in side) - min(line.left for line in side)
    usual = median(line.right - line.left for line in side)
    if sum(FIELD_LABEL.match(line.text) is not None for line in side) > MOST_FIELDS * len(side):
        return False
    return usual >= FULLNESS * width and usual >= SHORTEST_LINE * median(line.size for line in side)
