"""One page of a long list: the rows, and how many there are in all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

PAGE_SIZE = 50

RowT = TypeVar("RowT")
OtherT = TypeVar("OtherT")
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
AnyRow: TypeAlias = Row[*tuple[Any, ...]]


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

    def of(self, rows: list[OtherT]) -> Page[OtherT]:
        """The same page with its rows in another shape."""
        return Page(rows=rows, number=self.number, size=self.size, total=self.total)


def last_page(total: int, size: int) -> int:
    return max(1, -(-total // size))


def fetch_page(session: Session, query: AnySelect, *, number: int, size: int = PAGE_SIZE) -> Page[AnyRow]:
    """The page of that number, or the last one where there are fewer; two queries, however long the list is."""
    total = count_rows(session, query)
    number = min(max(1, number), last_page(total, size))
    rows = session.execute(query.limit(size).offset((number - 1) * size)).all()
    return Page(rows=list(rows), number=number, size=size, total=total)


def page_of(rows: Sequence[RowT], *, number: int, size: int = PAGE_SIZE) -> Page[RowT]:
    """The page of that number of rows that are all at hand, or the last one where there are fewer."""
    number = min(max(1, number), last_page(len(rows), size))
    return Page(rows=list(rows[(number - 1) * size : number * size]), number=number, size=size, total=len(rows))


def count_rows(session: Session, query: AnySelect) -> int:
    """How many rows the query gives, in one query of its own."""
    return session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def in_portions(values: Sequence[RowT], size: int) -> Iterator[Sequence[RowT]]:
    """The values in their order, so many at a time: for work that takes a transaction for each portion.

    To ask for many ids no portions are needed: :func:`taskboard.services.among.among`.
    """
    for start in range(0, len(values), size):
        yield values[start : start + size]
