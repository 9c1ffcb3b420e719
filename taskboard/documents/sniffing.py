"""Which format a file has, told by its bytes: names lie, and a page saved from a browser may be called .doc."""

from __future__ import annotations

import re
from collections.abc import Mapping

from taskboard.documents.archive import Archive
from taskboard.documents.document import DocumentError, DocumentKind, DocumentProblem

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

OTHER_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "rtf"),
    (b"GIF8", "image"),
    (b"Rar!", "archive"),
    (b"7z\xbc\xaf'\x1c", "archive"),
    (b"\x1f\x8b", "archive"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
)
"""first bytes → name of a format that is recognised but not read"""

OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("Workbook", "xls"),
    ("PowerPoint Document", "ppt"),
)
"""name of a stream → format of the old Office file that holds it"""

OPENDOCUMENT_TYPES: Mapping[bytes, str] = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
}

PDF_MAGIC = b"%PDF-"
PICTURE_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
"""pictures whose text can be recognised: PNG, JPEG and TIFF"""
BITMAP = re.compile(rb"BM.{4}\x00{4}.{4}[\x0c\x28\x38\x6c\x7c]\x00\x00\x00", re.DOTALL)
"""BMP: two letters that a text may begin with too, so the zeros and the size of the header are asked for"""
PDF_MAGIC_WITHIN = 1024
HTML_WITHIN = 4096
HTML_OPENING = re.compile(rb"<(?:!doctype\s+html|html|head|body|meta|title|table|div|p|h[1-6])[\s>/]", re.IGNORECASE)
MHTML_HEADER = re.compile(
    rb"\s*(?:From|MIME-Version|Content-Type|Subject|Date|Snapshot-Content-Location):", re.IGNORECASE
)
WORD_XML_2003 = b"http://schemas.microsoft.com/office/word/2003/wordml"


def sniff(data: bytes) -> DocumentKind:
    """The format of a non-empty file; raises ``DocumentError``: unsupported (fact ``format``), scanned,
    encrypted or broken."""
    if data.startswith(ZIP_MAGIC):
        return _sniff_package(data)
    if data.startswith(OLE_MAGIC):
        return _sniff_old_office(data)
    if is_picture(data):
        raise DocumentError(DocumentProblem.SCANNED, pages=1)
    if PDF_MAGIC in data[:PDF_MAGIC_WITHIN]:
        return DocumentKind.PDF
    for magic, name in OTHER_MAGIC:
        if data.startswith(magic):
            raise _unsupported(name)
    if WORD_XML_2003 in data[:HTML_WITHIN]:
        raise _unsupported("word_xml")
    if MHTML_HEADER.match(data) and b"multipart/related" in data[:HTML_WITHIN].lower():
        return DocumentKind.MHTML
    if _looks_like_html(data):
        return DocumentKind.HTML
    return DocumentKind.TEXT


def is_picture(data: bytes) -> bool:
    """Whether the file is a picture whose text can be recognised: PNG, JPEG, TIFF or BMP."""
    return data.startswith(PICTURE_MAGIC) or BITMAP.match(data) is not None


def _sniff_package(data: bytes) -> DocumentKind:
    archive = Archive(data)
    names = archive.names
    if archive.is_encrypted:
        raise DocumentError(DocumentProblem.ENCRYPTED)
    if "word/document.xml" in names or any(name.startswith("word/document") for name in names):
        return DocumentKind.DOCX
    if "xl/workbook.xml" in names:
        return DocumentKind.XLSX
    if "OFD.xml" in names:
        return DocumentKind.OFD
    if "xl/workbook.bin" in names:
        raise _unsupported("xlsb")
    if "ppt/presentation.xml" in names:
        raise _unsupported("pptx")
    if "content.xml" in names and "mimetype" in names:
        raise _unsupported(OPENDOCUMENT_TYPES.get(archive.read("mimetype"), "opendocument"))
    raise _unsupported("archive")


def _sniff_old_office(data: bytes) -> DocumentKind:
    # Directory names are UTF-16; an encrypted docx or xlsx is an old-style container around the real package.
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise DocumentError(DocumentProblem.ENCRYPTED)
    if "WordDocument".encode("utf-16-le") in data:
        return DocumentKind.DOC
    for stream, name in OLE_STREAMS:
        if stream.encode("utf-16-le") in data:
            raise _unsupported(name)
    raise _unsupported("ole")


def _looks_like_html(data: bytes) -> bool:
    head = data[:HTML_WITHIN]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.replace(b"\x00", b"")
    opening = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return opening.startswith(b"<") and HTML_OPENING.search(head) is not None


def _unsupported(name: str) -> DocumentError:
    return DocumentError(DocumentProblem.UNSUPPORTED, format=name)
