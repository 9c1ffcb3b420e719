"""What a document reader gives the parser: paragraphs and tables in reading order, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True)
class Place:
    """Where a block stands in its source; counts start at 1, ``None`` where the format has no such thing."""

    paragraph: int | None = None
    page: int | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Paragraph:
    """One line or paragraph.

    ``label`` is a number that the format shows but the text does not hold (Word's automatic numbering: 一、,
    （一）, 1.); ``text`` never repeats it. ``heading_level`` is 1–9 where the format says that the paragraph
    is a heading.
    """

    text: str
    label: str = ""
    heading_level: int | None = None
    place: Place = Place()


class Cell(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """One cell of a table; a merged cell is one object that stands at every grid position it covers.

    ``row`` and ``column`` (from 0) are its top left position, so a position where they differ is a continuation.
    """

    text: str
    row: int
    column: int
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True)
class Table:
    """A table as a grid: every row has the same number of positions, spans already resolved."""

    rows: tuple[tuple[Cell, ...], ...]
    place: Place = Place()
    caption: str = ""


Block = Paragraph | Table


def count_characters(blocks: Iterable[Block]) -> int:
    """Written characters, blanks left out and merged cells counted once."""
    return sum(len("".join(text.split())) for block in blocks for text in _texts(block))


def _texts(block: Block) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield block.text
        return
    for y, row in enumerate(block.rows):
        yield from (cell.text for x, cell in enumerate(row) if (cell.row, cell.column) == (y, x))
