"""The source document as the review shows it: every block with its place, and the ways between it and the measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from taskboard.domain.plan_parsing.blocks import Block, Cell, Paragraph, Place, Table
from taskboard.domain.plan_parsing.reading import Span

Link = tuple[str, str]
"""the key of a measure's row, and the words to click"""

Places = Mapping[str, Sequence[Span]]
"""field of a measure → the characters it was read from"""


@dataclass(frozen=True)
class SourceText:
    """Characters that measures point at: a paragraph's or a cell's. ``at`` names them on the page."""

    at: str
    text: str
    links: Sequence[Link] = ()
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True)
class SourceBlock:
    """A paragraph (``text``) or a table (``rows``); ``mark`` says where a new page or sheet begins."""

    mark: str
    label: str = ""
    is_heading: bool = False
    text: SourceText | None = None
    caption: str = ""
    rows: Sequence[Sequence[SourceText]] = ()


def source_blocks(blocks: Iterable[Block], links: Mapping[str, Sequence[Link]]) -> Iterator[SourceBlock]:
    """The blocks in their order; ``links`` are the measures that begin at a place."""
    before: Place | None = None
    for number, block in enumerate(blocks):
        mark = _mark(before, block.place)
        before = block.place
        if isinstance(block, Paragraph):
            text = SourceText(str(number), block.text, links.get(str(number), ()))
            yield SourceBlock(mark, block.label, block.heading_level is not None, text)
        else:
            yield SourceBlock(mark, caption=block.caption, rows=_rows(number, block, links))


def _mark(before: Place | None, place: Place) -> str:
    if place.sheet is not None and (before is None or place.sheet != before.sheet):
        return f"工作表“{place.sheet}”"
    if place.page is not None and (before is None or place.page != before.page):
        return f"第 {place.page} 页"
    return ""


def _rows(number: int, table: Table, links: Mapping[str, Sequence[Link]]) -> list[list[SourceText]]:
    """The cells of each row that begin there; a merged cell stands at its top left position only."""
    return [
        [_cell(number, cell, links) for x, cell in enumerate(row) if (cell.row, cell.column) == (y, x)]
        for y, row in enumerate(table.rows)
    ]


def _cell(number: int, cell: Cell, links: Mapping[str, Sequence[Link]]) -> SourceText:
    at = f"{number}.{cell.row}.{cell.column}"
    return SourceText(at, cell.text, links.get(at, ()), cell.row_span, cell.column_span)


def at_of(span: Span) -> str:
    """The name of the paragraph or cell that the span lies in."""
    return str(span.block) if span.row is None else f"{span.block}.{span.row}.{span.column}"


def first_place(places: Places) -> str:
    """Where the measure begins; empty where the reading does not say."""
    spans = places.get("text") or places.get("heading") or ()
    return at_of(spans[0]) if spans else ""


def places_words(places: Places) -> str:
    """The places in one line for the script: ``lead:12,77,81 12,90,94;deadline:3.0.4,0,8``."""
    return ";".join(
        f"{name}:{' '.join(f'{at_of(one)},{one.start},{one.end}' for one in spans)}" for name, spans in places.items()
    )
