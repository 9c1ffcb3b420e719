"""Loading very many rows at once: the indexes of their tables are made afterwards, and no row is checked.

For databases that are filled for a measurement and thrown away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, bindparam, text

INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN :tables",
    "postgresql": """
        SELECT relname, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid::regclass::text IN :tables
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    """,
}
"""of some tables, less those of keys"""
QUICK = {
    "sqlite": (
        "PRAGMA synchronous = OFF",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA ignore_check_constraints = ON",
        "PRAGMA cache_size = -400000",
        "PRAGMA wal_autocheckpoint = 0",
    ),
    "postgresql": ("SET session_replication_role = replica", "SET maintenance_work_mem = '256MB'"),
}


@contextmanager
def loading(engine: Engine, tables: Sequence[str]) -> Iterator[Connection]:
    """A writing transaction of a connection of its own; at its end the indexes are made."""
    kind = engine.dialect.name
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        for statement in QUICK[kind]:
            driver.execute(statement)
        if kind == "postgresql":
            driver.commit()
        with connection.begin():
            indexes = connection.execute(
                text(INDEXES[kind]).bindparams(bindparam("tables", expanding=True)), {"tables": tables}
            ).all()
            for name, _ in indexes:
                connection.exec_driver_sql(f"DROP INDEX {name}")
            yield connection
            for _, definition in indexes:
                connection.exec_driver_sql(definition)
        # With these settings nobody else must get it.
        connection.detach()
