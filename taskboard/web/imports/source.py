"""The source document as the review shows it: every block with its place, and the ways between it and the measures."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from taskboard.domain.plan_parsing.blocks import Block, Cell, Paragraph, Place, Table
from taskboard.domain.plan_parsing.reading import Span

Link = tuple[str, str]
"""the key of a measure's row, and the words to click"""

OMITTED = "……（原文的其他部分在其他页）"

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
    """A paragraph (``text``), a table (``rows``), or what is left out; ``mark`` says where a page or sheet begins."""

    mark: str
    label: str = ""
    is_heading: bool = False
    text: SourceText | None = None
    caption: str = ""
    rows: Sequence[Sequence[SourceText]] = ()


Part = Mapping[int, Sequence[int]]
"""block → the rows of a table that are shown; empty for a paragraph"""


def part_of(blocks: Sequence[Block], beginnings: Mapping[str, tuple[int, int]], shown: Collection[str]) -> Part:
    """What belongs to the measures shown: from where each begins to where the next one of the document does.

    The head of the document belongs to its first measure, so that every passage is shown on some page, also what no
    measure was made of. Where no measure is known, all is shown.
    """
    ordered = sorted((place, key) for key, place in beginnings.items())
    starts = [place for place, _ in ordered]
    part: dict[int, list[int]] = {}
    for number, block in enumerate(blocks):
        rows = range(len(block.rows)) if isinstance(block, Table) else range(1)
        for row in rows:
            owner = max(bisect_right(starts, (number, row)) - 1, 0)
            # Several measures of one cell or paragraph begin at the same place.
            same = _same(starts, owner)
            if not ordered or any(ordered[one][1] in shown for one in same):
                part.setdefault(number, []).append(row)
    return part


def _same(starts: Sequence[tuple[int, int]], owner: int) -> range:
    if not starts:
        return range(0)
    return range(bisect_left(starts, starts[owner]), bisect_right(starts, starts[owner]))


def source_blocks(blocks: Iterable[Block], links: Mapping[str, Sequence[Link]], part: Part) -> Iterator[SourceBlock]:
    """The blocks of this part in their order; ``links`` are the measures that begin at a place."""
    before: Place | None = None
    is_whole = True
    for number, block in enumerate(blocks):
        mark = _mark(before, block.place)
        before = block.place
        if number not in part:
            is_whole = False
            continue
        if not is_whole:
            yield SourceBlock(OMITTED)
            is_whole = True
        if isinstance(block, Paragraph):
            text = SourceText(str(number), block.text, links.get(str(number), ()))
            yield SourceBlock(mark, block.label, block.heading_level is not None, text)
        else:
            yield SourceBlock(mark, caption=block.caption, rows=_rows(number, block, links, part[number]))
    if not is_whole:
        yield SourceBlock(OMITTED)


def _mark(before: Place | None, place: Place) -> str:
    if place.sheet is not None and (before is None or place.sheet != before.sheet):
        return f"工作表“{place.sheet}”"
    if place.page is not None and (before is None or place.page != before.page):
        return f"第 {place.page} 页"
    return ""


def _rows(
    number: int, table: Table, links: Mapping[str, Sequence[Link]], wanted: Sequence[int]
) -> list[list[SourceText]]:
    """Rows of the table, its first one always with them; a merged cell stands where it begins, or is first seen."""
    rows = sorted({0, *wanted}) if table.rows else []
    seen: set[tuple[int, int]] = set()
    shown = []
    for y in rows:
        line = []
        for cell in table.rows[y]:
            if (cell.row, cell.column) not in seen:
                seen.add((cell.row, cell.column))
                span = sum(cell.row <= other < cell.row + cell.row_span for other in rows) if cell.row_span > 1 else 1
                line.append(_cell(number, cell, links, max(span, 1)))
        shown.append(line)
    return shown


def _cell(number: int, cell: Cell, links: Mapping[str, Sequence[Link]], row_span: int) -> SourceText:
    at = f"{number}.{cell.row}.{cell.column}"
    return SourceText(at, cell.text, links.get(at, ()), row_span, cell.column_span)


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
