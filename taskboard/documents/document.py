"""What every reader gives back, and the reasons why a file cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from taskboard.domain.errors import DomainError
from taskboard.domain.plan_parsing.blocks import Block


class DocumentKind(StrEnum):
    """The format a file really has, whatever its name says."""

    TEXT = "text"
    HTML = "html"
    MHTML = "mhtml"
    DOCX = "docx"
    XLSX = "xlsx"
    OFD = "ofd"
    PDF = "pdf"
    DOC = "doc"
    IMAGE = "image"


class DocumentNote(StrEnum):
    """Something about the reading that a person may want to know; none of them stops the import."""

    ENCODING_GUESSED = "encoding_guessed"
    CHARACTERS_DAMAGED = "characters_damaged"
    TRACKED_CHANGES = "tracked_changes"
    HIDDEN_TEXT = "hidden_text"
    FOOTNOTES = "footnotes"
    CONTENTS_LIST = "contents_list"
    PICTURES = "pictures"
    HIDDEN_SHEETS = "hidden_sheets"
    HIDDEN_ROWS = "hidden_rows"
    FORMULAS = "formulas"
    SCANNED_PAGES = "scanned_pages"
    DAMAGED_PAGES = "damaged_pages"
    RECOGNISED = "recognised"
    NUMBERS_RESTORED = "numbers_restored"
    CONVERTED = "converted"


@dataclass(frozen=True)
class Document:
    """The blocks of one file in reading order.

    ``encoding`` is the Python codec of a text or web page; ``scanned_pages`` are the numbers of pages that are pictures
    and were not read.
    """

    blocks: tuple[Block, ...]
    kind: DocumentKind
    encoding: str | None = None
    notes: tuple[DocumentNote, ...] = ()
    scanned_pages: tuple[int, ...] = ()


MAX_CHARACTERS = 2_000_000
"""of one document; the longest plans that are published have about 100,000"""


class DocumentProblem(StrEnum):
    """Why a file cannot be read. The names are stable: entrances join them with their wording."""

    EMPTY = "empty"
    NO_TEXT = "no_text"
    NO_PLAN = "no_plan"
    TOO_LARGE = "too_large"
    TOO_LONG = "too_long"
    TOO_MANY_PAGES = "too_many_pages"
    SCANNED = "scanned"
    NO_RECOGNITION = "no_recognition"
    BINARY = "binary"
    ENCODING = "encoding"
    ENCRYPTED = "encrypted"
    ZIP_BOMB = "zip_bomb"
    UNSAFE = "unsafe"
    UNSUPPORTED = "unsupported"
    BROKEN = "broken"
    TOO_COMPLEX = "too_complex"
    TOO_SLOW = "too_slow"
    CRASHED = "crashed"
    BUSY = "busy"


class DocumentError(DomainError):
    """A file cannot be read: ``problem`` says why, ``facts`` holds it too, with the figures that its wording needs."""

    code = "document"

    def __init__(self, problem: DocumentProblem, **facts: str | int) -> None:
        super().__init__(problem=problem.value, **facts)
        self.problem = problem


def refuse_too_long(characters: int) -> None:
    """Raise ``DocumentError`` (too_long) when a document has more characters than any plan."""
    if characters > MAX_CHARACTERS:
        raise DocumentError(DocumentProblem.TOO_LONG, characters=characters, limit=MAX_CHARACTERS)
