"""The application for commands: from the environment's settings, with errors said in one clear line."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy.exc import DatabaseError, OperationalError

from taskboard import paths
from taskboard.app import create_app
from taskboard.config import ConfigurationError, Settings, settings_from_environment
from taskboard.extensions import db, transaction
from taskboard.labels.databases import database_trouble
from taskboard.labels.operating_system import reason_words
from taskboard.services.calendar import seed_calendar
from taskboard.services.renamings import seed_renamings


def load_settings() -> Settings:
    """The settings of the environment; ends the command where one is missing or unusable."""
    try:
        settings = settings_from_environment(os.environ)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    return settings


def load_app(settings: Settings | None = None, *, needs_migration: bool = True) -> Flask:
    """The application; ends the command where the database cannot be reached, or is not of this version's shape."""
    app = make_app(settings or load_settings())
    try:
        is_current = is_migrated(app)
    except DatabaseError as error:
        what = "连不上数据库" if isinstance(error, OperationalError) else "数据库不能用"
        trouble = database_trouble(error)
        raise click.ClickException(f"{what}：{trouble.words}\n{trouble.remedy}") from None
    if needs_migration and not is_current:
        raise click.ClickException("数据库还没有升级到当前版本。请先运行：taskboard migrate")
    return app


def make_app(settings: Settings) -> Flask:
    """The application, whose database was not asked anything yet; ends the command where its folder cannot be had."""
    try:
        settings.instance_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_database_private(settings)
    except OSError as error:
        raise click.ClickException(
            f"实例目录 {settings.instance_dir} 不能用：{reason_words(error)}。请检查 TASKBOARD_INSTANCE。"
        ) from None
    app = create_app(settings)
    if context := click.get_current_context(silent=True):
        context.call_on_close(lambda: _disconnect(app))
    return app


def _make_database_private(settings: Settings) -> None:
    """Let a SQLite file begin as one that nobody but its owner reads; one that is there keeps its rights.

    SQLite gives its own rights to the files it makes beside it.
    """
    if settings.database_url.startswith("sqlite:///"):
        path = Path(settings.database_url.removeprefix("sqlite:///").partition("?")[0])
        if path.is_absolute() and path.parent.is_dir() and not path.exists():
            path.touch(mode=0o600)


def _disconnect(app: Flask) -> None:
    """Close the connections that are kept for reuse: a command that ends reuses none."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def is_migrated(app: Flask) -> bool:
    """Whether the database has the newest shape; raises ``DatabaseError`` where it cannot be asked."""
    with app.app_context(), db.engine.connect() as connection:
        current = set(MigrationContext.configure(connection).get_current_heads())
    return current == set(ScriptDirectory(str(paths.MIGRATIONS)).get_heads())


def migrate_database(app: Flask) -> None:
    """Bring the database to the newest shape and fill in what ships with it; changes nothing where both are done."""
    with app.app_context():
        upgrade()
        with transaction() as session:
            seed_calendar(session)
            seed_renamings(session)


def log_to_terminal() -> None:
    """Let the log go where a service manager looks for it."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
