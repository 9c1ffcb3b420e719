"""PDF files: the text layer of their pages, read by pdfium, as paragraphs and tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from taskboard.documents.document import (
    Document,
    DocumentError,
    DocumentKind,
    DocumentNote,
    DocumentProblem,
    refuse_too_long,
)
from taskboard.documents.layout import Page, blocks_of

MAX_PAGES = 1_000
SCANNED_BELOW = 20
"""characters; a page with a picture and fewer of them in its text layer was scanned"""

WRONG_PASSWORD, UNKNOWN_SECURITY = 4, 5
"""pdfium's reasons for not opening an encrypted file"""


@cache
def load_pdfium() -> Any:
    """pdfium for Python; loading it takes longer than reading most other files, so only a PDF does it."""
    import pypdfium2  # noqa: PLC0415 - see above

    return pypdfium2


def read_pdf(data: bytes) -> Document:
    """The paragraphs and ruled tables of a PDF file.

    Raises ``DocumentError``: broken, encrypted, too_many_pages, too_long, or scanned when no page has a text layer.
    """
    pages = read_pages(data)
    if pages.scanned and not pages.readable:
        raise DocumentError(DocumentProblem.SCANNED, pages=len(pages.scanned))
    notes = [DocumentNote.DAMAGED_PAGES] if pages.damaged else []
    notes += [DocumentNote.SCANNED_PAGES] if pages.scanned else []
    blocks = tuple(blocks_of(pages.readable))
    return Document(blocks, DocumentKind.PDF, notes=tuple(notes), scanned_pages=tuple(pages.scanned))


@dataclass
class PdfPages:
    """The pages with text, the numbers of those that are pictures, and of those that are damaged."""

    readable: list[Page] = field(default_factory=list)
    scanned: list[int] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)


def read_pages(data: bytes) -> PdfPages:
    """Raises ``DocumentError``: broken, encrypted, too_many_pages or too_long."""
    from taskboard.documents.pdf_page import has_pictures, read_page  # noqa: PLC0415 - loads pdfium

    pages = PdfPages()
    characters = 0
    with open_pdf(data) as pdf:
        for number in range(1, len(pdf) + 1):
            with open_page(pdf, number) as raw:
                if raw is None:
                    pages.damaged.append(number)
                    continue
                page = read_page(raw, number)
                length = sum(len(piece.text.strip()) for piece in page.pieces)
                if length < SCANNED_BELOW and has_pictures(raw):
                    pages.scanned.append(number)
                elif page.pieces:
                    pages.readable.append(page)
            characters += length
            refuse_too_long(characters)
        if len(pages.damaged) == len(pdf):
            raise DocumentError(DocumentProblem.BROKEN)
    return pages


@contextmanager
def open_pdf(data: bytes) -> Iterator[Any]:
    """The file for pdfium. Raises ``DocumentError``: broken, encrypted or too_many_pages."""
    pdfium = load_pdfium()
    try:
        pdf = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        is_locked = error.err_code in {WRONG_PASSWORD, UNKNOWN_SECURITY}
        raise DocumentError(DocumentProblem.ENCRYPTED if is_locked else DocumentProblem.BROKEN) from error
    with pdf:
        if len(pdf) > MAX_PAGES:
            raise DocumentError(DocumentProblem.TOO_MANY_PAGES, pages=len(pdf), limit=MAX_PAGES)
        if len(pdf) == 0:
            raise DocumentError(DocumentProblem.BROKEN)
        yield pdf


@contextmanager
def open_page(pdf: Any, number: int) -> Iterator[Any]:
    """A page, counted from 1, or ``None`` when it is damaged."""
    pdfium = load_pdfium()
    try:
        page = pdf[number - 1]
    except pdfium.PdfiumError:
        yield None
        return
    try:
        yield page
    finally:
        page.close()
