"""Writing rows by one statement: inserting where the key is free, changing what meets a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Delete, Select, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from taskboard.models import Base


def insert_where_free(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose keys are free; how many that were. A row whose key is taken is left out without an error.

    ``ON CONFLICT DO NOTHING`` instead of catching the refusal: on PostgreSQL a refused insert ends the transaction.
    Column defaults apply.
    """
    if not rows:
        return 0
    session.flush()
    # Past the mapper, and without asking for the new rows: of thousands that is most of the time.
    statement = _insert(session, model).inline().execution_options(preserve_rowcount=True)
    return session.connection().execute(statement, [dict(row) for row in rows]).rowcount


def insert_and_tell(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], column: ColumnElement[Any]
) -> Sequence[Any]:
    """The same, with this column of the rows that were new."""
    if not rows:
        return ()
    session.flush()
    statement = _insert(session, model).returning(column)
    return session.connection().execute(statement, [dict(row) for row in rows]).scalars().all()


def insert_found_where_free(
    session: Session, model: type[Base], columns: Sequence[str], found: Select[*tuple[Any, ...]]
) -> int:
    """Insert what a query with a condition finds, by these columns, where the keys are free; how many that were."""
    session.flush()
    statement = _insert(session, model).from_select(columns, found).execution_options(preserve_rowcount=True)
    return session.connection().execute(statement).rowcount


def _insert(session: Session, model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    return insert(model).on_conflict_do_nothing()


def change_rows(session: Session, statement: Update | Delete) -> int:
    """Carry out an update or delete past the objects the session has in hand; how many rows it met."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount
