"""The one way in: bytes of any supported file to a document, in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from taskboard.documents.doc import read_doc
from taskboard.documents.document import (
    Document,
    DocumentError,
    DocumentKind,
    DocumentNote,
    DocumentProblem,
    refuse_too_long,
)
from taskboard.documents.docx import read_docx
from taskboard.documents.html import read_html, read_mhtml
from taskboard.documents.ofd import read_ofd
from taskboard.documents.pdf import read_pdf
from taskboard.documents.sniffing import sniff
from taskboard.documents.text import read_text_file
from taskboard.documents.xlsx import read_xlsx
from taskboard.domain.plan_parsing.blocks import Block, Paragraph

MAX_BYTES = 50_000_000

READERS: Mapping[DocumentKind, Callable[[bytes], Document]] = {
    DocumentKind.TEXT: read_text_file,
    DocumentKind.HTML: read_html,
    DocumentKind.MHTML: read_mhtml,
    DocumentKind.DOCX: read_docx,
    DocumentKind.XLSX: read_xlsx,
    DocumentKind.OFD: read_ofd,
    DocumentKind.PDF: read_pdf,
    DocumentKind.DOC: read_doc,
}


def read_document(data: bytes) -> Document:
    """The blocks of a file, its format told by its content: what a file is called is nobody's promise.

    Files of strangers go through ``read_document_safely``. Raises ``DocumentError``.
    """
    if not data.strip():
        raise DocumentError(DocumentProblem.EMPTY)
    if len(data) > MAX_BYTES:
        raise DocumentError(DocumentProblem.TOO_LARGE, size=len(data), limit=MAX_BYTES)
    try:
        document = READERS[sniff(data)](data)
    except (MemoryError, RecursionError) as error:
        raise DocumentError(DocumentProblem.TOO_COMPLEX) from error
    length = sum(map(_length, document.blocks))
    if length == 0:
        raise DocumentError(_emptiness(document))
    refuse_too_long(length)
    return document


def _emptiness(document: Document) -> DocumentProblem:
    is_scan = DocumentNote.PICTURES in document.notes
    return DocumentProblem.NO_TEXT if is_scan or document.kind is not DocumentKind.TEXT else DocumentProblem.EMPTY


def _length(block: Block) -> int:
    if isinstance(block, Paragraph):
        return len(block.label) + len(block.text)
    return sum(len(cell.text) for row in block.rows for cell in row)
