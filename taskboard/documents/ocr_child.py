"""The process that recognises the text of scanned pages: one JSON line on how many there are, then one for each page.

Started by ``ocr``; on standard input comes a line of JSON (where to begin), then the file's bytes.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from statistics import median
from typing import Any, BinaryIO

from taskboard.documents.document import DocumentError, DocumentProblem
from taskboard.documents.layout import Page
from taskboard.documents.limits import forbid_network_and_programs, limit_resources
from taskboard.documents.pdf import SCANNED_BELOW, open_page, open_pdf
from taskboard.documents.pieces import Piece
from taskboard.documents.sniffing import PDF_MAGIC, is_picture
from taskboard.documents.wire import to_json

DOTS_PER_INCH = 200
POINTS_PER_INCH = 72
LONGEST_SIDE = 3_600
"""dots; beyond them a page is drawn smaller"""
PICTURE_FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
MAX_DOTS = 60_000_000
"""of a picture that somebody took: more than any camera in an office takes"""
PICTURE_WIDTH = 595.0
"""points: pictures are taken to show a page of A4"""
LEAST_SCORE = 0.5
BASE = 0.15
"""share of a box's height below the base line"""
SIZE = 0.9
"""share of a box's height that its characters fill"""
SAME_SIZE = 0.25
"""share by which boxes of one size may differ in height"""
NICENESS = 10
A_DAY = 86_400

Found = tuple[str, float, float, float, float]
"""words, then left, top, right and bottom of their box in dots"""
Engine = Callable[[Any], Iterable[Found]]
"""from a Pillow image to what is written in it"""


def main() -> int:
    """Recognise the pages of the file on standard input, and give the exit code."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    order = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    engine = load_engine()
    with suppress(AttributeError):
        # People who wait for a page go first.
        os.nice(NICENESS)
    limit_resources(memory=order["memory_bytes"], seconds=A_DAY)
    forbid_network_and_programs()
    try:
        for answer in _answers(data, engine, first_page=order["first_page"], max_pages=order["max_pages"]):
            _send(output, answer)
    except DocumentError as error:
        facts = {name: value for name, value in error.facts.items() if name != "problem"}
        _send(output, {"error": {"problem": error.problem, "facts": facts}})
    return 0


def load_engine() -> Engine:
    """The recognition that the extra brings, its models with it."""
    recognise = import_module("rapidocr").RapidOCR(params={"Global.log_level": "critical"})

    def engine(image: Any) -> Iterator[Found]:
        result = recognise(image)
        if result.boxes is None:
            return
        for box, words, score in zip(result.boxes, result.txts, result.scores, strict=True):
            if score >= LEAST_SCORE:
                xs, ys = [float(x) for x, _ in box], [float(y) for _, y in box]
                yield words, min(xs), min(ys), max(xs), max(ys)

    return engine


def _answers(data: bytes, engine: Engine, *, first_page: int, max_pages: int) -> Iterator[dict[str, Any]]:
    if is_picture(data):
        yield from _picture_answers(data, engine, first_page=first_page, max_pages=max_pages)
        return
    if PDF_MAGIC not in data[:1024]:
        raise DocumentError(DocumentProblem.UNSUPPORTED, format="image")
    with open_pdf(data) as pdf:
        if len(pdf) > max_pages:
            raise DocumentError(DocumentProblem.TOO_MANY_PAGES, pages=len(pdf), limit=max_pages)
        yield {"pages": len(pdf), "is_pdf": True}
        for number in range(first_page, len(pdf) + 1):
            with open_page(pdf, number) as raw:
                yield {"page": _read_or_recognise(raw, number, engine) if raw is not None else None}


def _picture_answers(data: bytes, engine: Engine, *, first_page: int, max_pages: int) -> Iterator[dict[str, Any]]:
    """One page, or as many as a TIFF has; a broken one is given up like a broken page of a PDF file.

    Raises ``DocumentError``: broken, too_complex, too_many_pages.
    """
    from PIL import Image  # noqa: PLC0415 - comes with the extra

    with _broken_where_pillow_fails(), Image.open(io.BytesIO(data), formats=PICTURE_FORMATS) as picture:
        pages = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
        if pages > max_pages:
            raise DocumentError(DocumentProblem.TOO_MANY_PAGES, pages=pages, limit=max_pages)
        yield {"pages": pages, "is_pdf": False}
        for number in range(first_page, pages + 1):
            image = _draw(picture, number)
            scale = image.width / PICTURE_WIDTH
            yield {"page": _page(engine(image), number, scale, image.height / scale)}


def _read_or_recognise(raw: Any, number: int, engine: Engine) -> Page:
    from taskboard.documents.pdf_page import read_page  # noqa: PLC0415 - loads pdfium

    page = read_page(raw, number)
    if sum(len(piece.text.strip()) for piece in page.pieces) >= SCANNED_BELOW:
        return page
    width, height = raw.get_size()
    scale = min(DOTS_PER_INCH / POINTS_PER_INCH, LONGEST_SIDE / max(width, height, 1))
    image = raw.render(scale=scale).to_pil()
    return _page(engine(image), number, scale, height)


def _page(found: Iterable[Found], number: int, scale: float, height: float) -> Page:
    boxes = [box for box in found if box[0].strip()]
    usual = median(bottom - top for _, _, top, _, bottom in boxes) if boxes else 0.0
    pieces = []
    for words, left, top, right, bottom in boxes:
        # Boxes are as high as the characters in them, and 一 is low: what differs little is the same size.
        size = SIZE * (usual if abs(bottom - top - usual) <= SAME_SIZE * usual else bottom - top) / scale
        base = (bottom - BASE * (bottom - top)) / scale
        piece = Piece(words, page=number, left=left / scale, right=right / scale, base=base, size=max(1.0, size))
        pieces.append(piece)
    return Page(number, float(height), tuple(pieces))


@contextmanager
def _broken_where_pillow_fails() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise DocumentError(DocumentProblem.BROKEN) from error


def _draw(picture: Any, number: int) -> Any:
    """One page of the picture, upright, no larger than the recognition needs. Raises ``DocumentError``: too_complex."""
    from PIL import ImageOps  # noqa: PLC0415 - comes with the extra

    picture.seek(number - 1)
    if picture.width * picture.height > MAX_DOTS:
        raise DocumentError(DocumentProblem.TOO_COMPLEX)
    upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return upright


def _send(output: BinaryIO, answer: dict[str, Any]) -> None:
    output.write(to_json(answer) + b"\n")
    output.flush()


if __name__ == "__main__":
    sys.exit(main())
