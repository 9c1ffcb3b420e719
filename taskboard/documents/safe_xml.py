"""XML from strangers: no entities, no network, no bottomless nesting."""

from __future__ import annotations

from lxml import etree

from taskboard.documents.document import DocumentError, DocumentProblem

# The "strict" variant of Office files differs only in its addresses; readers know the ordinary ones.
STRICT_ADDRESSES = (
    (
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
    (
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/math",
        b"http://schemas.openxmlformats.org/officeDocument/2006/math",
    ),
)

PROLOGUE = 4_096
"""bytes in which a document type must stand"""

BEYOND_LIMITS = {2, 110, 114}
"""libxml2's ERR_NO_MEMORY, ERR_NAME_TOO_LONG, ERR_RESOURCE_LIMIT (nesting beyond 256, text beyond 10 MB)"""


def parse_xml(data: bytes) -> etree._Element:
    """The root element; raises ``DocumentError``: broken, or unsafe when the part declares a document type.

    No office program writes a document type, and it is the door of entity bombs and of references to other files.
    """
    for strict, ordinary in STRICT_ADDRESSES:
        data = data.replace(strict, ordinary)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise DocumentError(_reason(data, getattr(error, "code", None))) from error
    except ValueError as error:
        raise DocumentError(DocumentProblem.BROKEN) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise DocumentError(DocumentProblem.UNSAFE)
    return root


def _reason(data: bytes, code: int | None) -> DocumentProblem:
    if b"<!DOCTYPE" in data[:PROLOGUE] or b"<!ENTITY" in data[:PROLOGUE]:
        return DocumentProblem.UNSAFE
    return DocumentProblem.TOO_COMPLEX if code in BEYOND_LIMITS else DocumentProblem.BROKEN
