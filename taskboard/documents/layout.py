"""From pieces of text at places on a page to lines, and from wrapped lines back to the paragraphs they were."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

from taskboard.documents.text import clean_line
from taskboard.domain.plan_parsing.blocks import Paragraph, Place

SAME_LINE = 0.5
"""pieces whose base lines differ by less than this share of their size stand on one line"""
WORD_GAP = 0.3
COLUMN_GAP = 1.5
"""gaps, in character sizes, that become a space and a tab"""
FULL_LINE = 2.0
"""a line that ends closer than this many characters to the right margin was wrapped there"""
NARROWEST_TEXT = 10.0
"""where the longest lines have fewer characters, they are a list and were not wrapped"""
INDENT = 0.8
"""a line that begins more than this many characters right of the margin begins a paragraph"""
USUAL_ENDS = 0.95
"""share of the lines that end within the right margin"""
SIZE_STEP = 0.15
"""text that differs more than this share in size belongs to another paragraph"""

PAGE_NUMBER = re.compile(r"[\s—–·.\-]*\d{1,4}[\s—–·.\-]*$|第\s*\d+\s*页(?:\s*[/共]\s*\d+\s*页?)?$")
OUTLINE_LABEL = re.compile(
    r"\s*(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.．、](?!\d)|[①-⑳])"
)
"""a number that begins an item begins a paragraph, whatever the margins say"""
NARROW_END = re.compile(r"[\w,.;:)%]$", re.ASCII)
NARROW_START = re.compile(r"[\w(]", re.ASCII)


@dataclass(frozen=True)
class Piece:
    """Text at a place: measures in the page's unit, from its top left corner; ``base`` is the line it stands on."""

    text: str
    page: int
    left: float
    right: float
    base: float
    size: float


def paragraphs_of(pieces: Iterable[Piece]) -> Iterator[Paragraph]:
    """The paragraphs of a document's pieces, page numbers left out."""
    lines = list(_without_page_numbers(_lines(pieces)))
    left, right = _margins(lines)
    gathered: Piece | None = None
    count = 0
    for line in lines:
        if gathered is not None and _continues(gathered, line, left=left, right=right):
            gathered = replace(line, text=_join(gathered.text, line.text), page=gathered.page)
            continue
        if gathered is not None:
            count += 1
            yield _paragraph(gathered, count)
        gathered = line
    if gathered is not None:
        yield _paragraph(gathered, count + 1)


def _lines(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces on one base line joined from left to right, in reading order."""
    line: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: (piece.page, piece.base)):
        if line and not _on_line(line[0], piece):
            yield _joined(line)
            line = []
        line.append(piece)
    if line:
        yield _joined(line)


def _on_line(first: Piece, piece: Piece) -> bool:
    return piece.page == first.page and piece.base - first.base < SAME_LINE * max(first.size, piece.size)


def _joined(pieces: Sequence[Piece]) -> Piece:
    ordered = sorted(pieces, key=lambda piece: piece.left)
    line = ordered[0]
    for piece in ordered[1:]:
        gap = (piece.left - line.right) / max(piece.size, 0.01)
        between = "\t" if gap > COLUMN_GAP else " " if gap > WORD_GAP else ""
        line = replace(line, text=line.text + between + piece.text, right=max(line.right, piece.right))
    return replace(line, size=max(piece.size for piece in pieces))


def _without_page_numbers(lines: Iterable[Piece]) -> Iterator[Piece]:
    by_page: dict[int, list[Piece]] = {}
    for line in lines:
        if line.text.strip():
            by_page.setdefault(line.page, []).append(line)
    for page in by_page.values():
        for position, line in enumerate(page):
            is_edge = position in {0, len(page) - 1}
            if not (is_edge and len(page) > 1 and PAGE_NUMBER.match(line.text.strip())):
                yield line


def _margins(lines: Sequence[Piece]) -> tuple[float, float]:
    """Where most lines begin, and where the long ones end; a few may hang over."""
    if not lines:
        return 0.0, 0.0
    begins = Counter(round(line.left) for line in lines)
    most = max(begins.values())
    # Short documents have as many indented lines as full ones: of equally common beginnings the leftmost counts.
    left = min(begin for begin, count in begins.items() if count * 2 >= most)
    ends = sorted(line.right for line in lines)
    return float(left), ends[ceil(USUAL_ENDS * (len(ends) - 1))]


def _continues(before: Piece, line: Piece, *, left: float, right: float) -> bool:
    size = max(before.size, 0.01)
    same_size = abs(line.size - before.size) <= SIZE_STEP * size
    was_full = before.right >= right - FULL_LINE * size and right - left >= NARROWEST_TEXT * size
    is_indented = line.left > left + INDENT * size
    return same_size and was_full and not is_indented and OUTLINE_LABEL.match(line.text) is None


def _join(before: str, after: str) -> str:
    # Latin words and figures need their space back; Chinese characters never had one.
    needs_space = NARROW_END.search(before) and NARROW_START.match(after) and not before[-1].isdigit()
    return f"{before}{' ' if needs_space else ''}{after}"


def _paragraph(line: Piece, count: int) -> Paragraph:
    return Paragraph(clean_line(line.text), place=Place(paragraph=count, page=line.page))
