"""How Alembic reaches the database: through the application that runs the migration."""

from alembic import context
from flask import current_app

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


if context.is_offline_mode():
    configure(url=db.engine.url.render_as_string(hide_password=False), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with db.engine.connect() as connection:
        configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
