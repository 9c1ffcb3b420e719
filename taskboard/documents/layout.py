"""From pieces of text at places on pages to the blocks they were: running heads dropped, columns read one after the
other, wrapped lines joined to paragraphs again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from statistics import median

from msgspec import structs

from taskboard.documents.columns import reading_order
from taskboard.documents.pieces import OUTLINE_LABEL, Piece, Row, join_row, rows_of
from taskboard.documents.ruled_tables import RuledTable, build_ruled_table, continue_table, fill
from taskboard.documents.text import clean_line
from taskboard.documents.unruled_tables import find_rest, find_unruled_tables
from taskboard.domain.plan_parsing.blocks import Block, Paragraph, Place

FULL_LINE = 2.0
"""a line that ends closer than this many characters to the right margin was wrapped there"""
NARROWEST_TEXT = 10.0
"""where the longest lines have fewer characters, they are a list and were not wrapped"""
INDENT = 1.0
"""a line that begins more than this many characters right of the margin begins a paragraph"""
USUAL_BEGINS = 0.03
"""share of the lines that begin at the left margin, at least"""
USUAL_ENDS = 0.95
"""share of the lines that end within the right margin"""
SIZE_STEP = 0.15
"""text that differs more than this share in size belongs to another paragraph"""
APART = 1.4
"""a line that stands this many times the usual distance below the one before begins a paragraph"""

EDGE_ROWS = 2
EDGE_SHARE = 0.12
"""running heads are among the first or last rows of a page and within this share of its height"""
SMALL_PRINT, FAR_ABOVE = 0.8, 2.5
"""a first row of this share of the usual size, this many usual sizes above the text, is a head on a single page, too"""
REPEATED = 0.4
"""share of the pages on which a row must stand again to be a running head: left and right pages may differ"""

PAGE_NUMBER = re.compile(
    r"[\s—–·.\-]*\d{1,4}[\s—–·.\-]*$|第\s*\d+\s*页(?:\s*[/，,共]\s*共?\s*\d+\s*页?)?$|\d+\s*/\s*\d+$"
)
NARROW_END = re.compile(r"[\w,.;:)%]$", re.ASCII)
NARROW_START = re.compile(r"[\w(]", re.ASCII)
FIGURES = re.compile(r"\d+")
SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Page:
    """What stands on one page; ``tables`` have their cells still to be filled with the pieces that lie in them."""

    number: int
    height: float
    pieces: tuple[Piece, ...]
    tables: tuple[RuledTable, ...] = ()


Item = Piece | RuledTable
"""a line, or a table with its cells filled, in reading order"""


def blocks_of(pages: Sequence[Page]) -> Iterator[Block]:
    """The paragraphs and tables of these pages."""
    filled = [_filled(page) for page in pages]
    heads = _running_heads(filled)
    whole = _with_rests(filled, heads)
    bare = (_without(page, dropped) for page, dropped in zip(whole, heads, strict=True))
    yield from _blocks(_continued(_items(bare)))


def _filled(page: Page) -> Page:
    """The page with pieces in tables moved into their cells."""
    filled = replace(page, tables=())
    for table in page.tables:
        filled = _with_table(filled, table)
    for table in find_unruled_tables(_without_page_numbers(_rows_with_text(filled.pieces))):
        filled = _with_table(filled, table)
    return replace(filled, tables=tuple(table for table in filled.tables if table.has_text))


def _with_table(page: Page, table: RuledTable) -> Page:
    """The page with the pieces in this table moved into its cells."""
    inside = [piece for piece in page.pieces if table.holds(piece)]
    free = [piece for piece in page.pieces if not table.holds(piece)]
    return replace(page, pieces=tuple(free), tables=(*page.tables, fill(table, inside)))


def _rows_with_text(pieces: Iterable[Piece]) -> list[Row]:
    return rows_of(piece for piece in pieces if piece.text.strip())


def _with_rests(pages: Iterable[Page], heads: Iterable[Set[Piece]]) -> Iterator[Page]:
    """The pages with what goes on there of a table without lines, whose names of columns are not said again."""
    last: RuledTable | None = None
    for page, dropped in zip(pages, heads, strict=True):
        rest = _rest_of(last, page, dropped) if last is not None else None
        whole = _with_table(page, rest) if rest is not None else page
        last = _last_table(whole, dropped)
        yield whole


def _rest_of(table: RuledTable, page: Page, heads: Set[Piece]) -> RuledTable | None:
    """What goes on at the top of this page of a table that ended the page before."""
    if not table.names:
        return None
    begin = min((other.top for other in page.tables), default=page.height)
    rows = _rows_with_text(piece for piece in page.pieces if piece.base < begin)
    # A number that stands alone on its line looks like that of a page; only what is outside of all others is a head.
    text = [number for number, row in enumerate(rows) if row[0] not in heads]
    return find_rest(table, rows[text[0] : text[-1] + 1]) if text else None


def _last_table(page: Page, heads: Set[Piece]) -> RuledTable | None:
    """The table that ends this page, if one does."""
    last = max(page.tables, key=lambda table: table.bottom, default=None)
    if last is None or any(piece.base > last.bottom and piece not in heads for piece in page.pieces):
        return None
    return last


# Running heads and page numbers


def _running_heads(pages: Sequence[Page]) -> Sequence[Set[Piece]]:
    """What stands on each page at its edges and is no part of the text."""
    edges = [_edges(page) for page in pages]
    counts = Counter(sign for rows in edges for sign in {_sign(row) for row in rows})
    enough = max(2, REPEATED * len(pages))
    heads = [{piece for row in rows if _is_running(row, counts, enough) for piece in row} for rows in edges]
    if len(pages) == 1:
        heads[0].update(_small_head(pages[0]))
    return heads


def _without(page: Page, dropped: Set[Piece]) -> Page:
    return replace(page, pieces=tuple(piece for piece in page.pieces if piece not in dropped))


def _edges(page: Page) -> list[Row]:
    """The rows at the top and bottom of a page, none where there would be nothing left."""
    rows = [row for row in rows_of(page.pieces) if any(piece.text.strip() for piece in row)]
    if len(rows) + len(page.tables) < 2:
        return []
    top = [row for row in rows[:EDGE_ROWS] if row[0].base < EDGE_SHARE * page.height]
    bottom = [row for row in rows[-EDGE_ROWS:] if row[0].base > (1 - EDGE_SHARE) * page.height]
    return [*top, *bottom, *_page_numbers(rows)]


def _page_numbers(rows: Sequence[Row]) -> list[Row]:
    """The first and the last row, where they are nothing else."""
    return [row for row in (rows[0], rows[-1]) if _is_page_number(row)] if rows else []


def _without_page_numbers(rows: Sequence[Row]) -> list[Row]:
    numbers = _page_numbers(rows)
    return [row for row in rows if row not in numbers]


def _small_head(page: Page) -> Row:
    """The small print far above the text of a page that no other page repeats; nothing where there is none."""
    rows = rows_of(page.pieces)
    if len(rows) < 2 or rows[0][0].base > EDGE_SHARE * page.height:
        return ()
    usual = median(piece.size for row in rows[1:] for piece in row)
    begins = min([rows[1][0].base - usual, *(table.top for table in page.tables)])
    is_small = all(piece.size <= SMALL_PRINT * usual for piece in rows[0])
    return rows[0] if is_small and begins - rows[0][0].base > FAR_ABOVE * usual else ()


def _is_running(row: Row, counts: Mapping[str, int], enough: float) -> bool:
    return _is_page_number(row) or counts[_sign(row)] >= enough


def _is_page_number(row: Row) -> bool:
    return PAGE_NUMBER.match(join_row(row).text.strip()) is not None


def _sign(row: Row) -> str:
    """What makes a row the same on another page: its words, whatever its page number."""
    return FIGURES.sub("#", SPACE.sub("", join_row(row).text))


# Reading order


def _items(pages: Iterable[Page]) -> Iterator[Item]:
    """Lines and tables from top to bottom; between two tables columns are read one after the other."""
    gap: float | None = None
    for page in pages:
        free = list(page.pieces)
        for table in sorted(page.tables, key=lambda table: table.top):
            lines, gap = reading_order([piece for piece in free if piece.base < table.bottom], gap)
            free = [piece for piece in free if piece.base >= table.bottom]
            yield from lines
            yield table
        lines, gap = reading_order(free, gap)
        yield from lines


def _continued(items: Iterable[Item]) -> list[Item]:
    """The items with tables that go on over the page made one."""
    result: list[Item] = []
    for item in items:
        before = result[-1] if result else None
        if isinstance(item, RuledTable) and isinstance(before, RuledTable) and before.goes_on_in(item):
            result[-1] = continue_table(before, item)
        else:
            result.append(item)
    return result


# Paragraphs


@dataclass(frozen=True)
class Margins:
    """Where lines of one column usually begin and end, and how far they stand apart."""

    left: float
    right: float
    leading: float


def _blocks(items: Sequence[Item]) -> Iterator[Block]:
    margins = _margins([item for item in items if isinstance(item, Piece)])
    gathered: Piece | None = None
    last: Piece | None = None
    count = 0
    for item in map(_without_label_tab, items):
        if isinstance(item, Piece) and gathered and last and _continues(last, item, margins):
            gathered = structs.replace(gathered, text=join_lines(gathered.text, item.text))
            last = item
            continue
        if gathered is not None:
            count += 1
            yield Paragraph(clean_line(gathered.text), place=Place(paragraph=count, page=gathered.page))
        gathered = last = None
        if isinstance(item, RuledTable):
            count += 1
            yield build_ruled_table(item, paragraph=count)
        elif item.text.strip():
            gathered = last = item
    if gathered is not None:
        yield Paragraph(clean_line(gathered.text), place=Place(paragraph=count + 1, page=gathered.page))


LABEL_AND_TAB = re.compile(rf"(?P<label>{OUTLINE_LABEL.pattern})\t")


def _without_label_tab(item: Item) -> Item:
    """1.⇥完善…: office programs set a number apart from its text, which is no cell of a table beside another."""
    if not isinstance(item, Piece) or item.text.count("\t") != 1 or not LABEL_AND_TAB.match(item.text):
        return item
    return structs.replace(item, text=item.text.replace("\t", ""))


def _margins(lines: Sequence[Piece]) -> dict[int, Margins]:
    by_column: dict[int, list[Piece]] = {}
    for line in lines:
        if line.text.strip():
            by_column.setdefault(line.column, []).append(line)
    return {column: _margins_of(listed) for column, listed in by_column.items()}


def _margins_of(lines: Sequence[Piece]) -> Margins:
    """Where most lines begin, and where the long ones end; a few may hang over."""
    # Half a character is no indentation: recognised lines begin that much to the left or right of each other.
    step = max(1.0, median(line.size for line in lines) / 2)
    begins = Counter(round(line.left / step) for line in lines)
    # Short paragraphs are all indented; the few lines that were wrapped show the margin.
    enough = min(USUAL_BEGINS * len(lines), max(begins.values()))
    left = step * min(begin for begin, count in begins.items() if count >= enough)
    ends = sorted(line.right for line in lines)
    pairs = pairwise(lines)
    steps = [after.base - before.base for before, after in pairs if after.page == before.page]
    leading = median(step for step in steps if step > 0) if any(step > 0 for step in steps) else 0.0
    return Margins(left, ends[ceil(USUAL_ENDS * (len(ends) - 1))], leading)


def _continues(before: Piece, line: Piece, margins: Mapping[int, Margins]) -> bool:
    if before.column not in margins or line.column not in margins or not line.text.strip():
        return False
    if "\t" in before.text or "\t" in line.text:
        return False  # rows of a table without lines
    size = max(before.size, 0.01)
    its, here = margins[before.column], margins[line.column]
    same_size = abs(line.size - before.size) <= SIZE_STEP * size
    was_full = before.right >= its.right - FULL_LINE * size and its.right - its.left >= NARROWEST_TEXT * size
    is_indented = line.left > here.left + INDENT * size
    is_apart = _is_below(before, line) and line.base - before.base > APART * max(here.leading, size)
    return same_size and was_full and not is_indented and not is_apart and OUTLINE_LABEL.match(line.text) is None


def _is_below(before: Piece, line: Piece) -> bool:
    return (line.page, line.column) == (before.page, before.column)


def join_lines(before: str, after: str) -> str:
    """Two lines of one paragraph: Latin words and figures need their space back, Chinese characters never had one."""
    needs_space = NARROW_END.search(before) and NARROW_START.match(after) and not before[-1].isdigit()
    return f"{before}{' ' if needs_space else ''}{after}"
