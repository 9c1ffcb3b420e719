"""One page of a PDF file as pdfium sees it: characters and drawn lines at their places."""

from __future__ import annotations

import ctypes
import math
import re
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import closing
from functools import cache, partial
from itertools import pairwise
from typing import Any

import msgspec
import pypdfium2.raw as pdfium

from taskboard.documents.document import DocumentError, DocumentProblem
from taskboard.documents.layout import Page
from taskboard.documents.pdfium_calls import (
    Measures,
    Point,
    address_of,
    kind_of_object,
    object_at,
    object_in_form,
    object_on_page,
)
from taskboard.documents.pieces import Piece
from taskboard.documents.ruled_tables import Ruling, find_tables

NEW_PIECE = 1.6
"""way from one character's start to the next one's, in sizes, that parts two pieces: no character is so wide"""
BACKWARD = -0.5
SHIFTED = 0.2
"""ways back, and up or down, in sizes, that part two pieces"""
SAME_PLACE = 0.2
"""a text drawn again this close, in sizes, only looks bolder"""

THIN = 3.0
"""points; a filled rectangle as thin as this is a line"""
MAX_OBJECTS = 50_000
MAX_SEGMENTS = 20_000
"""on one page; beyond them its lines are a drawing and are not looked at"""
MAX_CHARACTERS = 100_000
"""on one page; a full page of small print has 5,000"""
FORM_DEPTH = 3

AS_EXPECTED = 0.5
"""characters by which a run of wide characters may be longer or shorter than so many should be"""

UNBROKEN = re.compile(r"[^\s\x00-\x1f\ufffe\uffff]+")
"""what stands between the spaces and line ends that pdfium puts in"""
STRETCH = re.compile(r"[\u2e80-\ufffd]+|.")
"""Chinese characters and punctuation, all one size wide; any other character for itself"""

Matrix = tuple[float, float, float, float, float, float]
UNCHANGED: Matrix = (1, 0, 0, 1, 0, 0)
Line = tuple[Point, Point]
Turn = Callable[[float, float], Point]
"""from the file's place (upwards) to the page as people hold it (downwards)"""


def read_page(page: Any, number: int) -> Page:
    """The text of this page as pieces, and the tables that its lines draw."""
    lines = _rulings(page)
    with closing(page.get_textpage()) as text:
        runs = list(_runs(text, is_ruled=bool(lines)))
    turn, height = _turn(runs, page)
    tables = find_tables(*_turned(lines, turn), page=number)
    # Without lines most runs are whole lines; with them a run must end at the wall of its cell.
    walls = sorted({edge for table in tables for edge in table.columns})
    is_upright = cache(partial(_is_upright, turn=turn))
    pieces = [piece for run in runs if is_upright(run.angle) for piece in run.pieces(turn, walls, number)]
    return Page(number, height, tuple(_without_doubles(pieces)), tuple(tables))


def has_pictures(page: Any) -> bool:
    """Whether the page shows a picture, directly or within a form."""
    return next(_objects(page, {pdfium.FPDF_PAGEOBJ_IMAGE}), None) is not None


# Text


class _Run(msgspec.Struct, frozen=True):
    """Characters drawn one behind the other, in the file's own measures."""

    text: str
    places: Sequence[Point]
    """where the characters begin; only the first one's place where nobody needs the others"""
    end: Point
    size: float
    angle: float

    def pieces(self, turn: Turn, walls: Sequence[float], page: int) -> Iterator[Piece]:
        """The run, which is upright, cut at walls."""
        left, base = turn(*self.places[0])
        right = max(left, turn(*self.end)[0])
        if not walls or len(self.places) < len(self.text):
            yield Piece(self.text, page, left, right, base, self.size)
            return
        lefts = [turn(*place)[0] for place in self.places]
        # Letters may lean over the line at their left, so their middle counts.
        cells = [bisect(walls, x + 0.25 * self.size) for x in lefts]
        starts = [0, *(number for number in range(1, len(cells)) if cells[number] != cells[number - 1])]
        for start, stop in pairwise([*starts, len(cells)]):
            text = self.text[start:stop]
            end = right if stop == len(cells) else lefts[stop]
            if text.strip():
                yield Piece(text, page, lefts[start], end, base, self.size)


def _is_upright(angle: float, turn: Turn) -> bool:
    """Whether text in this direction is upright, as watermarks are not."""
    (x1, y1), (x2, y2) = turn(0, 0), turn(math.cos(angle), math.sin(angle))
    return x2 > x1 and abs(y2 - y1) <= SHIFTED


def _runs(text: Any, *, is_ruled: bool) -> Iterator[_Run]:
    """The text between the places where pdfium sees a gap or a line's end."""
    count = text.count_chars()
    if count > MAX_CHARACTERS:
        raise DocumentError(DocumentProblem.TOO_COMPLEX)
    characters = _characters(text, count)
    measures = Measures(text.raw)
    for word in UNBROKEN.finditer(characters):
        start, stop = word.span()
        size, angle = measures.look(start)
        if stop - start == 1 or (not is_ruled and _is_whole(measures, characters, word.span(), size, angle)):
            yield _Run(word[0], (measures.place(start),), measures.end(stop - 1, angle), size, angle)
        else:
            yield from _measured(measures, word[0], start)


def _is_whole(measures: Measures, characters: str, span: tuple[int, int], size: float, angle: float) -> bool:
    """Whether each character stands where it should behind the one before; of wide ones the first and last tell."""
    before: Point | None = None
    for stretch in STRETCH.finditer(characters, *span):
        first, last = stretch.start(), stretch.end() - 1
        begin = end = measures.place(first)
        if before is not None and not _follows(before, begin, size, angle):
            return False
        if last > first:
            end = measures.place(last)
            way = math.hypot(end[0] - begin[0], end[1] - begin[1])
            if abs(way - (last - first) * size) >= AS_EXPECTED * size:
                return False
        before = end
    return True


def _characters(text: Any, count: int) -> str:
    """The page's characters, one for each of pdfium's, so that a position here is a position there."""
    characters: str = text.get_text_range(0, count) if count else ""
    if len(characters) == count and "\uffff" not in characters:
        return characters
    # pdfium leaves some out there, and writes others as two.
    code_of, handle = pdfium.FPDFText_GetUnicode, text.raw
    return "".join(_character(code_of(handle, index)) for index in range(count))


def _character(code: int) -> str:
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


def _measured(measures: Measures, characters: str, start: int) -> Iterator[_Run]:
    """A run cut wherever the next character is not where it should be."""
    places = [measures.place(index) for index in range(start, start + len(characters))]
    begin = 0
    while begin < len(places):
        size, angle = measures.look(start + begin)
        stop = begin + 1
        while stop < len(places) and _follows(places[stop - 1], places[stop], size, angle):
            stop += 1
        end = measures.end(start + stop - 1, angle)
        yield _Run(characters[begin:stop], places[begin:stop], end, size, angle)
        begin = stop


def _follows(before: Point, place: Point, size: float, angle: float) -> bool:
    along, across = place[0] - before[0], place[1] - before[1]
    if angle != 0.0:
        cos, sin = math.cos(angle), math.sin(angle)
        along, across = along * cos + across * sin, across * cos - along * sin
    return BACKWARD * size <= along <= NEW_PIECE * size and abs(across) <= SHIFTED * size


def _without_doubles(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Each text once: producers draw it again a little shifted where it should look bold."""
    drawn: dict[str, list[Piece]] = {}
    for piece in pieces:
        same = drawn.setdefault(piece.text, [])
        # Looking at the last few is enough, and cheap for a page that says the same ten thousand times.
        if not any(_is_same_place(piece, other) for other in same[-4:]):
            same.append(piece)
            yield piece


def _is_same_place(piece: Piece, other: Piece) -> bool:
    near = SAME_PLACE * piece.size
    return abs(piece.left - other.left) < near and abs(piece.base - other.base) < near


# The page as people hold it


def _turn(runs: Sequence[_Run], page: Any) -> tuple[Turn, float]:
    """How to look at the page so that most of its text is upright, and its height then."""
    quarters = Counter[int]()
    for run in runs:
        quarters[round(run.angle / (math.pi / 2)) % 4] += len(run.text)
    quarter = quarters.most_common(1)[0][0] if quarters else 0
    left, bottom, right, top = page.get_mediabox()
    turns: tuple[Turn, ...] = (
        lambda x, y: (x - left, top - y),
        lambda x, y: (y - bottom, x - left),
        lambda x, y: (right - x, y - bottom),
        lambda x, y: (top - y, right - x),
    )
    return turns[quarter], (top - bottom if quarter % 2 == 0 else right - left)


# Lines


def _rulings(page: Any) -> list[Line]:
    """Straight lines along the page's sides; none where there are so many that they must be a drawing."""
    lines: list[Line] = []
    segments = 0
    for item, matrix in _objects(page, {pdfium.FPDF_PAGEOBJ_PATH}):
        segments += pdfium.FPDFPath_CountSegments(item)
        if segments > MAX_SEGMENTS:
            return []
        lines += [line for line in _strokes(item, matrix) if _is_straight(*line)]
    return lines


def _is_straight(start: Point, end: Point) -> bool:
    near, far = sorted((abs(start[0] - end[0]), abs(start[1] - end[1])))
    return near <= THIN / 2 < far


def _turned(lines: Sequence[Line], turn: Turn) -> tuple[list[Ruling], list[Ruling]]:
    """The horizontal and the vertical ones, as people hold the page."""
    horizontal: list[Ruling] = []
    vertical: list[Ruling] = []
    for start, end in lines:
        (x1, y1), (x2, y2) = turn(*start), turn(*end)
        if abs(x1 - x2) > abs(y1 - y2):
            horizontal.append(Ruling((y1 + y2) / 2, min(x1, x2), max(x1, x2)))
        else:
            vertical.append(Ruling((x1 + x2) / 2, min(y1, y2), max(y1, y2)))
    return horizontal, vertical


def _objects(page: Any, kinds: Container[int]) -> Iterator[tuple[Any, Matrix]]:
    """What is drawn on the page of these kinds, within forms too, with the matrix of the forms around it."""
    count = min(pdfium.FPDFPage_CountObjects(page.raw), MAX_OBJECTS)
    yield from _walk(count, partial(object_on_page, address_of(page.raw)), kinds, UNCHANGED, [MAX_OBJECTS])


def _walk(
    count: int, address: Callable[[int], int], kinds: Container[int], matrix: Matrix, left: list[int], *, depth: int = 1
) -> Iterator[tuple[Any, Matrix]]:
    text = pdfium.FPDF_PAGEOBJ_TEXT
    for position, kind in enumerate(map(kind_of_object, map(address, range(min(count, left[0]))))):
        if kind == text:
            continue  # most are, and nobody asks for them
        item = object_at(address(position))
        if kind in kinds:
            yield item, matrix
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < FORM_DEPTH:
            inner = partial(object_in_form, address_of(item))
            nested = min(pdfium.FPDFFormObj_CountObjects(item), left[0])
            # Forms may show each other many times over: what is looked at in all of them together is limited.
            left[0] -= nested + 1
            yield from _walk(nested, inner, kinds, _multiply(_matrix(item), matrix), left, depth=depth + 1)


def _strokes(item: Any, outer: Matrix) -> Iterator[Line]:
    """The straight lines of a path; a filled rectangle that is thin is one, too."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(item, ctypes.byref(fill), ctypes.byref(stroke))
    if not fill.value and not stroke.value:
        return
    for points in _subpaths(item, _multiply(_matrix(item), outer)):
        left, right = min(x for x, _ in points), max(x for x, _ in points)
        bottom, top = min(y for _, y in points), max(y for _, y in points)
        if right - left <= THIN or top - bottom <= THIN:
            across, up = (left + right) / 2, (bottom + top) / 2
            yield ((across, bottom), (across, top)) if right - left < top - bottom else ((left, up), (right, up))
        elif stroke.value:
            yield from pairwise(points)


def _subpaths(item: Any, matrix: Matrix) -> Iterator[list[Point]]:
    a, b, c, d, e, f = matrix
    points: list[Point] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for position in range(pdfium.FPDFPath_CountSegments(item)):
        segment = pdfium.FPDFPath_GetPathSegment(item, position)
        if pdfium.FPDFPathSegment_GetType(segment) == pdfium.FPDF_SEGMENT_MOVETO and points:
            yield points
            points = []
        pdfium.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
        points.append((a * x.value + c * y.value + e, b * x.value + d * y.value + f))
        if pdfium.FPDFPathSegment_GetClose(segment):
            points.append(points[0])
    if points:
        yield points


def _matrix(item: Any) -> Matrix:
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(item, ctypes.byref(matrix)):
        return UNCHANGED
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _multiply(inner: Matrix, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)
