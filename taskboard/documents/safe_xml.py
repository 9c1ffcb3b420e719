"""XML from strangers: no entities, no network, no bottomless nesting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypedDict
from xml.parsers import expat

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


class _Safety(TypedDict):
    resolve_entities: bool
    no_network: bool
    load_dtd: bool
    huge_tree: bool
    remove_comments: bool
    remove_pis: bool


SAFETY: _Safety = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def parse_xml(data: bytes) -> etree._Element:
    """The root element; raises ``DocumentError``: broken, too_complex, or unsafe when there is a document type.

    No office program writes a document type, and it is the door of entity bombs and of references to other files.
    """
    with _refusing(data):
        root = etree.fromstring(_with_ordinary_addresses(data), etree.XMLParser(**SAFETY))
    _refuse_document_type(root)
    return root


def walk_xml(
    data: bytes,
    *,
    start: Callable[[str, dict[str, str]], object],
    end: Callable[[str], object],
    text: Callable[[str], object],
) -> None:
    """Tell these functions of each beginning of an element, with its attributes, each end, and all text between them.

    For parts with so many elements that to make an object of each would take most of the time. Names are as in
    ``parse_xml``, but for the brace before the namespace: ``namespace}name``. Raises as ``parse_xml``, but nesting has
    no bottom to reach, since nothing is kept.
    """
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_any_document_type
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    try:
        parser.Parse(_with_ordinary_addresses(data), True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        # An encoding that is unknown or that expat cannot follow is a LookupError or a ValueError.
        raise DocumentError(DocumentProblem.BROKEN) from error


def _refuse_any_document_type(*_: object) -> None:
    raise DocumentError(DocumentProblem.UNSAFE)


def _with_ordinary_addresses(data: bytes) -> bytes:
    for strict, ordinary in STRICT_ADDRESSES:
        data = data.replace(strict, ordinary)
    return data


@contextmanager
def _refusing(data: bytes) -> Iterator[None]:
    try:
        yield
    except etree.XMLSyntaxError as error:
        raise DocumentError(_reason(data, getattr(error, "code", None))) from error
    except ValueError as error:
        raise DocumentError(DocumentProblem.BROKEN) from error


def _refuse_document_type(root: etree._Element) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise DocumentError(DocumentProblem.UNSAFE)


def _reason(data: bytes, code: int | None) -> DocumentProblem:
    if b"<!DOCTYPE" in data[:PROLOGUE] or b"<!ENTITY" in data[:PROLOGUE]:
        return DocumentProblem.UNSAFE
    return DocumentProblem.TOO_COMPLEX if code in BEYOND_LIMITS else DocumentProblem.BROKEN
