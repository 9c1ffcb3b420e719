"""How Alembic reaches the database: through the application that runs the migration."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from alembic.runtime.migration import MigrationContext
from flask import current_app
from sqlalchemy import Connection

from taskboard.models.base import OpenEnum, UtcDateTime

db = current_app.extensions["migrate"].db


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Migrations name plain column types, so that they never import the application."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, OpenEnum):
        return "sa.String(length=32)"
    return False


def configure(**how: object) -> None:
    context.configure(
        target_metadata=db.metadata,
        compare_type=True,
        render_item=render_item,
        render_as_batch=db.engine.dialect.name == "sqlite",
        **how,
    )


@contextmanager
def tables_may_be_remade(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by filling a new one and dropping the old: meanwhile references to it are not checked.

    The setting takes effect only outside of a transaction, so it is made before the first one begins.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys=ON")


def refuse_broken_references(ctx: MigrationContext, **_facts: object) -> None:
    """Called within each migration's transaction, which the error rolls back."""
    connection = ctx.connection
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
        if broken:
            raise RuntimeError(f"the migration leaves references to nothing: {broken}")


if context.is_offline_mode():
    configure(url=db.engine.url.render_as_string(hide_password=False), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with db.engine.connect() as connection, tables_may_be_remade(connection):
        configure(connection=connection, on_version_apply=refuse_broken_references)
        with context.begin_transaction():
            context.run_migrations()
