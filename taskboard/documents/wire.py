"""Documents and plans as JSON and back, for the way between the reading process and the one that asked.

Not a published format, but stored readings are written with it too: fields may come, none may change its name.
Pickle would be shorter to write and would let a file that subverts the reading process run code in the asking one.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from taskboard.documents.grid import build_table
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.plan_parsing.blocks import Cell, Place, Table

T = TypeVar("T")


def to_json(value: Any) -> bytes:
    """JSON that says the same as this dataclass, or dict or list of dataclasses."""
    text = json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate cannot be sent; no reader should let one through, and one more ? is better than no plan.
    return text.encode("utf-8", errors="replace")


def from_plain(kind: type[T], value: Any) -> T:
    """The ``kind`` that ``to_json`` was given, from its loaded JSON.

    Raises ``TypeError``, ``ValueError`` or ``KeyError`` for anything else.
    """
    result: T = _decode(kind, value)
    return result


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


def _plain(value: Any) -> Any:
    if isinstance(value, Table):
        return _plain_table(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _decode(kind: Any, value: Any) -> Any:
    if get_origin(kind) is not None:
        return _decode_generic(get_origin(kind), get_args(kind), value)
    if kind is Table:
        return _table(value)
    if kind is date:
        return date.fromisoformat(value)
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _decode(hint, value[name]) for name, hint in _hints(kind).items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected, {type(value).__name__} came")
    return value


def _decode_generic(origin: Any, arguments: tuple[Any, ...], value: Any) -> Any:
    if origin in {types.UnionType, Union}:
        return _decode_union(arguments, value)
    if origin is tuple:
        return _decode_tuple(arguments, value)
    if issubclass(origin, Mapping):
        key_kind, item_kind = arguments
        return {_decode(key_kind, key): _decode(item_kind, item) for key, item in value.items()}
    raise TypeError(f"no way to send {origin}")


def _decode_union(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and type(None) in kinds:
        return None
    present = [kind for kind in kinds if kind is not type(None)]
    if len(present) == 1:
        return _decode(present[0], value)
    # Of several dataclasses, a table alone is sent as cells; the others are told apart by the names of their fields.
    for kind in present:
        names = TABLE_KEYS if kind is Table else _hints(kind).keys()
        if names == value.keys():
            return _decode(kind, value)
    raise TypeError("none of the expected kinds")


def _decode_tuple(kinds: tuple[Any, ...], value: Any) -> Any:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_decode(kinds[0], item) for item in value)
    return tuple(_decode(kind, item) for kind, item in zip(kinds, value, strict=True))


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


TABLE_KEYS = {"cells", "place", "caption"}


def _plain_table(table: Table) -> dict[str, Any]:
    # A merged cell stands at many positions of the grid and is sent once.
    distinct = (
        cell for y, row in enumerate(table.rows) for x, cell in enumerate(row) if (cell.row, cell.column) == (y, x)
    )
    cells = [[cell.text, cell.row, cell.column, cell.row_span, cell.column_span] for cell in distinct]
    return {"cells": cells, "place": table.place, "caption": table.caption}


def _table(value: Mapping[str, Any]) -> Table:
    place = from_plain(Place, value["place"])
    return build_table((Cell(*cell) for cell in value["cells"]), place=place, caption=value["caption"])
