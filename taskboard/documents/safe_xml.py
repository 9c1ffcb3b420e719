"""XML from strangers: no entities, no network, no bottomless nesting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypedDict

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
    start: Callable[[str, Mapping[str, str]], object],
    end: Callable[[str], object],
    text: Callable[[str], object],
) -> None:
    """Tell these functions of each beginning of an element, with its attributes, each end, and all text between them.

    For parts with so many elements that to make an object of each would take most of the time. Raises as ``parse_xml``.
    """
    with _refusing(data):
        parser = etree.XMLParser(target=_Listener(start, end, text), **SAFETY)  # type: ignore[arg-type] # the stubs ask for methods that lxml does without
        etree.fromstring(_with_ordinary_addresses(data), parser)


class _Listener:
    """What lxml calls while it reads, under the names by which it looks for them."""

    def __init__(
        self,
        start: Callable[[str, Mapping[str, str]], object],
        end: Callable[[str], object],
        text: Callable[[str], object],
    ) -> None:
        self.start, self.end, self.data = start, end, text

    def doctype(self, *_: object) -> None:
        raise DocumentError(DocumentProblem.UNSAFE)

    def close(self) -> None:
        """Nothing was kept."""


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
