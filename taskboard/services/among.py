"""Many thousand ids as one value: written out one by one they take longer than their rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from sqlalchemy import Column, ColumnElement, Integer, String, any_, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

IdColumn = InstrumentedAttribute[int] | Column[int]


def among(session: Session, column: IdColumn, ids: Iterable[int]) -> ColumnElement[bool]:
    """Condition: the column is one of these ids, however many they are.

    For ids that grow with the data; where a page or a form bounds them, ``column.in_(ids)`` is as good and needs no
    session. No planner sees how few they are: beside a condition on another index SQLite may take that one.
    """
    if session.get_bind().dialect.name == "sqlite":
        listed = func.json_each(literal(json.dumps(list(ids)), String)).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(literal(list(ids), ARRAY(Integer)))


def gathered(column: IdColumn) -> ColumnElement[str]:
    """All ids of a group in one text, which :func:`taken_apart` reads."""
    return func.aggregate_strings(cast(column, String), ",")


def taken_apart(ids: str) -> Iterator[int]:
    """The ids that :func:`gathered` put together."""
    return map(int, ids.split(","))
