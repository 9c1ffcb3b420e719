"""Numbers that recognition loses: a lone stroke (一) is taken for dirt, and only the numbers after it tell of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from msgspec import structs

from taskboard.documents.layout import Page
from taskboard.documents.pieces import OUTLINE_LABEL, Piece

STROKE = "[-—–―ー_~一]?"
SECOND = re.compile(r"\s*二\s*[、，,.．]")
FIRST_REMAINS = re.compile(rf"\s*{STROKE}\s*[、，,.．](?=\S)")
SECOND_IN_BRACKETS = re.compile(r"\s*[（(]\s*二\s*[）)]")
FIRST_IN_BRACKETS_REMAINS = re.compile(rf"\s*[（(]\s*{STROKE}\s*[）)]")
NUMBERED = re.compile(r"\s*[一二三四五六七八九十]{1,3}\s*[、，,.．]")
NUMBERED_IN_BRACKETS = re.compile(r"\s*[（(]\s*[一二三四五六七八九十]{1,3}\s*[）)]")

MOVED = (1.2, 2.6)
"""characters by which a line whose number is lost begins right of its sisters: the number and its comma"""
SAME_SIZE = 0.2


def restore_numbers(pages: Sequence[Page]) -> tuple[list[Page], int]:
    """The pages with each first number that its second one proves, and how many were put back.

    Only one line may come into question; where several do, or none, nothing is changed.
    """
    lines = [piece for page in pages for piece in sorted(page.pieces, key=lambda piece: (piece.base, piece.left))]
    restored: dict[Piece, Piece] = {}
    for position, line in enumerate(lines):
        first = None
        if SECOND.match(line.text):
            between = _since(lines, position, NUMBERED)
            first = _only([_with_number(other) for other in between if FIRST_REMAINS.match(other.text)])
            if first is None:
                moved = [other for other in between if _is_moved(other, line)]
                first = _only([(other, structs.replace(other, text=f"一、{other.text.lstrip()}")) for other in moved])
        elif SECOND_IN_BRACKETS.match(line.text):
            between = _since(lines, position, NUMBERED_IN_BRACKETS)
            remains = [other for other in between if FIRST_IN_BRACKETS_REMAINS.match(other.text)]
            first = _only(
                [(o, structs.replace(o, text=FIRST_IN_BRACKETS_REMAINS.sub("（一）", o.text, 1))) for o in remains]
            )
        if first is not None:
            restored[first[0]] = first[1]
    changed = [
        replace(page, pieces=tuple(restored.get(piece, piece) for piece in page.pieces)) if restored else page
        for page in pages
    ]
    return changed, sum(before.text != after.text for before, after in restored.items())


def _since(lines: Sequence[Piece], position: int, numbered: re.Pattern[str]) -> list[Piece]:
    """The lines back to the one with the number before, none where that is the first one already."""
    between: list[Piece] = []
    for line in reversed(lines[:position]):
        if numbered.match(line.text):
            return [] if line.text.lstrip("（( ").startswith("一") else between
        between.append(line)
    return between


def _with_number(line: Piece) -> tuple[Piece, Piece]:
    return line, structs.replace(line, text=FIRST_REMAINS.sub("一、", line.text, count=1))


def _is_moved(line: Piece, second: Piece) -> bool:
    moved = (line.left - second.left) / max(second.size, 0.01)
    is_same_size = abs(line.size - second.size) <= SAME_SIZE * second.size
    return MOVED[0] <= moved <= MOVED[1] and is_same_size and OUTLINE_LABEL.match(line.text) is None


def _only(found: Sequence[tuple[Piece, Piece]]) -> tuple[Piece, Piece] | None:
    return found[0] if len(found) == 1 else None
