"""One page of a long list: the rows, and how many there are in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

PAGE_SIZE = 50

RowT = TypeVar("RowT")


@dataclass(frozen=True)
class Page(Generic[RowT]):
    """``number`` counts from 1 and is at most ``last``, so that a deleted row never leads to an empty page."""

    rows: list[RowT]
    number: int
    size: int
    total: int

    @property
    def last(self) -> int:
        return last_page(self.total, self.size)


def fetch_page(session: Session, query: Select[Any], *, number: int, size: int = PAGE_SIZE) -> Page[Row[Any]]:
    """The page of that number, or the last one where there are fewer; two queries, however long the list is."""
    total = count_rows(session, query)
    number = min(max(1, number), last_page(total, size))
    rows = session.execute(query.limit(size).offset((number - 1) * size)).all()
    return Page(rows=list(rows), number=number, size=size, total=total)


def last_page(total: int, size: int) -> int:
    return max(1, -(-total // size))


def count_rows(session: Session, query: Select[Any]) -> int:
    """How many rows the query gives, in one cheap query of its own."""
    return session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
