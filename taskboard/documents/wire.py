"""Documents and plans as JSON and back, for the way between the reading process and the one that asked.

Not a published format, but stored readings are written with it too: fields may come, none may change its name.
Pickle would be shorter to write and would let a file that subverts the reading process run code in the asking one.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache, partial
from itertools import repeat
from operator import attrgetter, contains, itemgetter
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from taskboard.documents.grid import build_table
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.plan_parsing.blocks import Cell, Place, Table

T = TypeVar("T")


def to_json(value: Any) -> bytes:
    """JSON that says the same as this dataclass, or dict or list of dataclasses."""
    text = json.dumps(value, default=_plain, ensure_ascii=False, check_circular=False, separators=(",", ":"))
    # A lone surrogate cannot be sent; no reader should let one through, and one more ? is better than no plan.
    return text.encode("utf-8", errors="replace")


def from_plain(kind: type[T], value: Any) -> T:
    """The ``kind`` that ``to_json`` was given, from its loaded JSON.

    Raises ``TypeError``, ``ValueError`` or ``KeyError`` for anything else.
    """
    hashable: Any = kind
    result: T = _decoder(hashable)(value)
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
    kind: Any = type(value)
    return _taken_apart(kind)(value)


@cache
def _taken_apart(kind: Any) -> Callable[[Any], dict[str, Any]]:
    """What turns such dataclasses into dicts of their fields, in their order."""
    names = [field.name for field in fields(kind)]
    values = attrgetter(*names)
    return lambda one: dict(zip(names, values(one), strict=True))


Decode = Callable[[Any], Any]


@cache
def _decoder(kind: Any) -> Decode:
    """What turns plain values into this kind. Made once for each: a reading of a long ledger has 100,000 values."""
    if get_origin(kind) is not None:
        return _generic_decoder(get_origin(kind), get_args(kind))
    if kind in OWN_FORMS:
        return OWN_FORMS[kind]
    if is_dataclass(kind):
        return _dataclass_decoder(kind)
    if issubclass(kind, tuple):
        return _record_decoder(kind)
    if issubclass(kind, Enum):
        members: dict[Any, Enum] = {member.value: member for member in kind}
        return members.__getitem__
    return partial(_checked, kind)


def _checked(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected, {type(value).__name__} came")
    return value


SCALARS = frozenset({str, int, float, bool, type(None)})


def _scalars(kind: Any) -> frozenset[type]:
    """The types of which a value is its own plain form, where the kind allows no others; else nothing."""
    kinds = set(get_args(kind)) if get_origin(kind) in {types.UnionType, Union} else {kind}
    return frozenset(kinds) if kinds <= SCALARS else frozenset()


def _refuse_other(values: Iterable[Any], allowed: Iterable[Container[type]]) -> None:
    if not all(map(contains, allowed, map(type, values))):
        raise TypeError("a value is not of the kind that was expected")


def _dataclass_decoder(kind: Any) -> Decode:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    # Most fields are checked together and go in as they are: calling a function for each would take most of the time.
    scalars = {name: kinds for name in names if (kinds := _scalars(hints[name]))}
    deeper = [(place, _decoder(hints[name])) for place, name in enumerate(names) if name not in scalars]
    take, take_scalars, allowed = _taker(names), _taker(list(scalars)), list(scalars.values())

    def decode(value: Any) -> Any:
        _refuse_other(take_scalars(value), allowed)
        values = list(take(value))
        for place, decode_one in deeper:
            values[place] = decode_one(values[place])
        return kind(*values)

    return decode


def _record_decoder(kind: Any) -> Decode:
    """For a ``NamedTuple`` of plain values, sent as a list without the names of its fields."""
    hints = get_type_hints(kind)
    allowed = [_scalars(hints[name]) for name in kind._fields]

    def decode(value: Any) -> Any:
        # Readings that were stored earlier have the names too.
        listed = [value[name] for name in kind._fields] if isinstance(value, Mapping) else value
        _refuse_other(listed, allowed)
        return kind._make(listed)

    return decode


def _taker(names: Sequence[str]) -> Callable[[Any], Sequence[Any]]:
    """The values of these names; raises ``KeyError`` where one is missing."""
    # With one name ``itemgetter`` gives no tuple, with none it fails.
    return itemgetter(*names) if len(names) > 1 else lambda value: [value[name] for name in names]


def _generic_decoder(origin: Any, arguments: tuple[Any, ...]) -> Decode:
    if origin in {types.UnionType, Union}:
        return _union_decoder(arguments)
    if origin is tuple:
        return _tuple_decoder(arguments)
    if issubclass(origin, Mapping):
        decode_key, decode_item = map(_decoder, arguments)
        if arguments[0] is str:
            # JSON has no other keys.
            return lambda value: {key: decode_item(item) for key, item in value.items()}
        return lambda value: {decode_key(key): decode_item(item) for key, item in value.items()}
    raise TypeError(f"no way to send {origin}")


def _union_decoder(kinds: tuple[Any, ...]) -> Decode:
    present = [kind for kind in kinds if kind is not type(None)]
    decode = _decoder(present[0]) if len(present) == 1 else _choice_decoder(present)
    if type(None) not in kinds:
        return decode
    return lambda value: None if value is None else decode(value)


def _choice_decoder(kinds: Sequence[Any]) -> Decode:
    # Of several dataclasses, a table alone is sent as cells; the others are told apart by the names of their fields.
    decoders = [(_keys(kind), _decoder(kind)) for kind in kinds]

    def decode(value: Any) -> Any:
        for names, decode_kind in decoders:
            if names == value.keys():
                return decode_kind(value)
        raise TypeError("none of the expected kinds")

    return decode


def _keys(kind: Any) -> set[str]:
    return TABLE_KEYS if kind is Table else {field.name for field in fields(kind)}


def _tuple_decoder(kinds: tuple[Any, ...]) -> Decode:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return _scalars_decoder(_scalars(kinds[0])) or _items_decoder(_decoder(kinds[0]))
    decoders = [_decoder(kind) for kind in kinds]
    return lambda value: tuple(decode(item) for decode, item in zip(decoders, value, strict=True))


def _scalars_decoder(allowed: Container[type]) -> Decode | None:
    if not allowed:
        return None

    def decode(value: Sequence[Any]) -> Any:
        _refuse_other(value, repeat(allowed))
        return tuple(value)

    return decode


def _items_decoder(decode: Decode) -> Decode:
    return lambda value: tuple([decode(item) for item in value])


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


OWN_FORMS: Mapping[Any, Decode] = {Table: _table, date: date.fromisoformat}
"""kind → what reads the form that it alone is sent in"""
