"""OFD documents, the format of official electronic files (GB/T 33190—2016): the text of their pages."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from lxml import etree

from taskboard.documents.archive import Archive
from taskboard.documents.document import Document, DocumentError, DocumentKind, DocumentNote, DocumentProblem
from taskboard.documents.layout import Page, blocks_of
from taskboard.documents.pieces import Piece
from taskboard.documents.safe_xml import parse_xml

Matrix = tuple[float, float, float, float, float, float]
UNCHANGED: Matrix = (1, 0, 0, 1, 0, 0)

USUAL_SIZE = 5.0
"""millimetres: the third size that official documents are set in, for text that names none"""
A4_HEIGHT = 297.0
"""millimetres, for pages that leave their size to the document"""
MAX_STEPS = 10_000
"""glyphs of one text; a repetition that claims more is no text"""


def read_ofd(data: bytes) -> Document:
    """The paragraphs of an OFD document. Raises ``DocumentError``: broken, encrypted, zip_bomb, unsafe, too_complex."""
    archive = Archive(data)
    if any(posixpath.basename(name) == "Encryptions.xml" for name in archive.names):
        raise DocumentError(DocumentProblem.ENCRYPTED)
    pages: list[Page] = []
    has_pictures = False
    for number, content in enumerate(_pages(archive), start=1):
        pages.append(Page(number, _height(content), tuple(_pieces(content, number))))
        has_pictures |= next(content.iter("{*}ImageObject"), None) is not None
    notes = (DocumentNote.PICTURES,) if has_pictures else ()
    return Document(tuple(blocks_of(pages)), DocumentKind.OFD, notes=notes)


def _pages(archive: Archive) -> Iterator[etree._Element]:
    for root in parse_xml(archive.read("OFD.xml")).iter("{*}DocRoot"):
        document = _resolve(archive, "", root.text or "")
        for page in parse_xml(archive.read(document)).iterfind(".//{*}Pages/{*}Page"):
            yield parse_xml(archive.read(_resolve(archive, document, page.get("BaseLoc", ""))))


def _resolve(archive: Archive, source: str, location: str) -> str:
    """The entry that a location in ``source`` names: from the root, or from the folder of the file that names it."""
    location = location.strip()
    relative = posixpath.normpath(posixpath.join(posixpath.dirname(source), location))
    is_relative = not location.startswith("/") and relative in archive.names
    return relative if is_relative else posixpath.normpath(location).lstrip("/")


def _height(content: etree._Element) -> float:
    *_, height = (A4_HEIGHT, *_numbers(content.findtext("{*}Area/{*}PhysicalBox"))[3:])
    return height


def _pieces(content: etree._Element, page: int) -> Iterator[Piece]:
    for element in content.iter("{*}TextObject"):
        if element.get("Visible") == "false":
            continue
        x, y, *_ = (*_numbers(element.get("Boundary")), 0.0, 0.0)
        matrix = _matrix(element.get("CTM"))
        size = (_number(element.get("Size")) or USUAL_SIZE) * _scale(matrix)
        for code in element.iterfind("{*}TextCode"):
            text = code.text or ""
            if not text.strip():
                continue
            inner_x, inner_y = _number(code.get("X")), _number(code.get("Y"))
            left, base = x + _across(matrix, inner_x, inner_y), y + _down(matrix, inner_x, inner_y)
            width = _width(code, len(text), size / _scale(matrix)) * _scale(matrix)
            yield Piece(text, page=page, left=left, right=left + width, base=base, size=size)


def _width(code: etree._Element, length: int, size: float) -> float:
    """From the first glyph's left to the last one's right, before the object's own scaling."""
    steps = _steps(code.get("DeltaX"))
    return sum(steps) + size if steps else length * size


def _steps(text: str | None) -> list[float]:
    """Distances between glyphs; ``g 3 5`` means three times 5 (GB/T 33190—2016, 11.3)."""
    steps: list[float] = []
    words = iter((text or "").split())
    for word in words:
        if word != "g":
            steps.append(_number(word))
            continue
        count, distance = int(_number(next(words, None))), _number(next(words, None))
        steps += [distance] * max(0, min(count, MAX_STEPS))
    return steps[:MAX_STEPS]


def _matrix(text: str | None) -> Matrix:
    numbers = _numbers(text)
    if len(numbers) != len(UNCHANGED):
        return UNCHANGED
    a, b, c, d, e, f = numbers
    return a, b, c, d, e, f


def _across(matrix: Matrix, x: float, y: float) -> float:
    return matrix[0] * x + matrix[2] * y + matrix[4]


def _down(matrix: Matrix, x: float, y: float) -> float:
    return matrix[1] * x + matrix[3] * y + matrix[5]


def _scale(matrix: Matrix) -> float:
    return abs(matrix[0]) or 1.0


def _numbers(text: str | None) -> list[float]:
    return [_number(word) for word in (text or "").split()]


def _number(text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        return 0.0
    # Pages are measured in millimetres; whatever is larger than a house is no place on one.
    return value if abs(value) < 1e6 else 0.0
