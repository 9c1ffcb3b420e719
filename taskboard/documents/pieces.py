"""Pieces of text at places on a page, and the rows they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import attrgetter
from statistics import median

import msgspec
from msgspec import structs

SAME_LINE = 0.5
"""pieces whose base lines differ by less than this share of their size stand on one line"""
WIDE_GAP = 0.3
NARROW_GAP = 0.12
COLUMN_GAP = 1.5
"""gaps, in character sizes, that become a space and a tab; Latin words stand closer to each other, and what office
programs put between Chinese characters and figures is no space"""

FEWEST_SPACED = 6
MOSTLY = 0.7
"""pieces of a row, and share of them that are single characters, from which on its line was spaced out"""

OUTLINE_LABEL = re.compile(
    r"\s*(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,3}[.．、](?!\d)|[①-⑳])"
)
"""a number that begins an item begins a paragraph, whatever the margins say"""


class Piece(msgspec.Struct, frozen=True):
    """Text at a place: measures in the page's unit, from its top left corner; ``base`` is the line it stands on.

    Lines of one ``column`` share their margins, on whatever page they are.
    """

    text: str
    page: int
    left: float
    right: float
    base: float
    size: float
    column: int = 0


Row = Sequence[Piece]
"""pieces on one base line, from left to right; never empty"""


def rows_of(pieces: Iterable[Piece]) -> list[Row]:
    """The rows of one page, from top to bottom."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=attrgetter("base")):
        if rows and _on_line(rows[-1][0], piece):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=attrgetter("left")) for row in rows]


def join_row(row: Row) -> Piece:
    """One piece with the text of the row; wide gaps show as tabs, small ones as spaces."""
    line = row[0]
    if len(row) == 1:
        return line
    parts = [line.text]
    spacing = _spacing(row)
    right = line.right
    for piece in row[1:]:
        parts += [_between(parts[-1], piece.text, _gap(right, piece) - spacing), piece.text]
        right = max(right, piece.right)
    return structs.replace(line, text="".join(parts), right=right, size=max(piece.size for piece in row))


def _gap(right: float, piece: Piece) -> float:
    return (piece.left - right) / max(piece.size, 0.01)


def _spacing(row: Row) -> float:
    """The usual gap where characters stand apart to fill the line, each for itself."""
    alone = sum(len(piece.text) == 1 for piece in row)
    if len(row) < FEWEST_SPACED or alone < MOSTLY * len(row):
        return 0.0
    return max(0.0, median(_gap(before.right, piece) for before, piece in pairwise(row)))


def _between(before: str, after: str, gap: float) -> str:
    if gap > COLUMN_GAP:
        return "\t"
    is_narrow = before[-1:].isascii() and after[:1].isascii()
    return " " if gap > (NARROW_GAP if is_narrow else WIDE_GAP) else ""


def _on_line(first: Piece, piece: Piece) -> bool:
    return piece.base - first.base < SAME_LINE * max(first.size, piece.size)
