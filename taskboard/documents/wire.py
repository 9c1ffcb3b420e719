"""Documents and plans as JSON and back, for the way between the reading process and the one that asked.

Not a published format, but stored readings are written with it too: fields may come, none may change its name.
Pickle would need no description of kinds and would let a file that subverts the reading process run code in the asking
one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

import msgspec

from taskboard.documents.document import Document, DocumentKind, DocumentNote
from taskboard.documents.grid import build_table
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.plan_parsing.blocks import Block, Cell, Paragraph, Place, Table

T = TypeVar("T")

_encoder = msgspec.json.Encoder()


class SentTable(msgspec.Struct):
    """A table as it is sent: a merged cell, which stands at many positions of the grid, once."""

    cells: list[Cell]
    place: Place
    caption: str


class SentBlock(msgspec.Struct):
    """A block as it arrives: JSON does not name kinds, so it has the fields of a paragraph and those of a table."""

    place: Place
    text: str | None = None
    label: str = ""
    heading_level: int | None = None
    cells: list[Cell] | None = None
    caption: str = ""


class SentDocument(msgspec.Struct):
    """A document as it arrives."""

    blocks: list[SentBlock]
    kind: DocumentKind
    encoding: str | None = None
    notes: tuple[DocumentNote, ...] = ()
    scanned_pages: tuple[int, ...] = ()

    def open(self) -> Document:
        """The document itself. Raises ``ValueError`` where a block is neither paragraph nor table."""
        return Document(tuple(map(_block, self.blocks)), self.kind, self.encoding, self.notes, self.scanned_pages)


def to_json(value: Any) -> bytes:
    """JSON that says the same as this dataclass, or dict or list of dataclasses."""
    sent = _sendable(value)
    try:
        return _encoder.encode(sent)
    except UnicodeEncodeError:
        # A lone surrogate cannot be sent; no reader should let one through, and one more ? is better than no plan.
        return json.dumps(msgspec.to_builtins(sent), ensure_ascii=False).encode("utf-8", errors="replace")


def to_plain(value: Any) -> Any:
    """The same as lists, dicts, strings and numbers."""
    return msgspec.json.decode(to_json(value))


def from_json(kind: type[T], data: bytes) -> T:
    """The ``kind`` that ``to_json`` was given, of a document the ``SentDocument``. Raises ``ValueError`` for others."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


def from_plain(kind: type[T], value: Any) -> T:
    """The same from loaded JSON."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


def blocks_from_plain(stored: Iterable[Any]) -> list[Block]:
    """The blocks of which ``to_plain`` made this. Raises ``ValueError`` for anything else."""
    return [_block(from_plain(SentBlock, one)) for one in stored]


def calendar_to_plain(calendar: WorkingCalendar) -> dict[str, list[str] | list[int]]:
    return {
        "holidays": sorted(day.isoformat() for day in calendar.holidays),
        "workdays": sorted(day.isoformat() for day in calendar.workdays),
        "confirmed_years": sorted(calendar.confirmed_years),
    }


def calendar_from_plain(value: Mapping[str, Any]) -> WorkingCalendar:
    return WorkingCalendar(
        holidays=map(date.fromisoformat, value["holidays"]),
        workdays=map(date.fromisoformat, value["workdays"]),
        confirmed_years=value["confirmed_years"],
    )


def _sendable(value: Any) -> Any:
    """The value with its tables as they are sent; tables stand in documents and in lists of blocks."""
    if isinstance(value, Table):
        return _sent_table(value)
    if isinstance(value, Document):
        return {**vars(value), "blocks": _sendable(value.blocks)}
    if isinstance(value, dict):
        return {name: _sendable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_sendable(one) for one in value]
    return value


def _sent_table(table: Table) -> SentTable:
    cells = [
        cell for y, row in enumerate(table.rows) for x, cell in enumerate(row) if cell.row == y and cell.column == x
    ]
    return SentTable(cells, table.place, table.caption)


def _block(sent: SentBlock) -> Block:
    if sent.cells is not None:
        return build_table(sent.cells, place=sent.place, caption=sent.caption)
    if sent.text is None:
        raise ValueError("neither paragraph nor table")
    return Paragraph(sent.text, sent.label, sent.heading_level, sent.place)
