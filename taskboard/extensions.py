"""The extensions the application shares, and the one way to write: :func:`transaction`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from http.client import HTTPConnection
from typing import Any, cast

from flask import Flask, current_app
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from taskboard import clock as clocks
from taskboard import paths
from taskboard.clock import Clock
from taskboard.config import Settings
from taskboard.models import Base
from taskboard.models.base import to_json
from taskboard.services import settings as kept_settings

db = SQLAlchemy(metadata=Base.metadata, engine_options={"json_serializer": to_json})
migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()

BUSY_TIMEOUT_MS = 15_000
IS_WRITING = "taskboard_is_writing"


def init_database(app: Flask) -> None:
    """Bind the database to the application, with SQLite's transactions made explicit."""
    db.init_app(app)
    migrate.init_app(app, db, directory=str(paths.MIGRATIONS), render_as_batch=True)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            make_sqlite_transactional(db.engine)


def make_sqlite_transactional(engine: Engine) -> None:
    """Writers take the write lock when they begin, readers never queue for it.

    The driver's own mode starts a transaction only at the first write, so two processes that read, add and write lose
    each other's updates without an error.
    """

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        is_writing = connection.get_execution_options().get(IS_WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


@contextmanager
def transaction() -> Iterator[Session]:
    """A writing transaction: committed once at the end, rolled back whole on any error.

    It starts afresh, so what was read before it in the same request is read again: permissions and states are judged
    by what stands in the database when the lock is held.
    """
    session = read_session()
    session.rollback()
    session.connection(execution_options={IS_WRITING: True})
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


def read_session() -> Session:
    """The session of this request for reading."""
    return cast(Session, db.session())


def current_settings() -> Settings:
    return cast(Settings, current_app.extensions["taskboard_settings"])


def effective_settings() -> Settings:
    """The settings as they hold now, with what an administrator keeps in the browser; one query."""
    return kept_settings.effective_settings(read_session(), current_settings())


def robot_connections() -> Callable[[str], HTTPConnection]:
    """What opens connections to the vendors of group robots."""
    return cast("Callable[[str], HTTPConnection]", current_app.extensions["taskboard_robot_connections"])


def current_clock() -> Clock:
    return cast(Clock, current_app.extensions["taskboard_clock"])


def now() -> datetime:
    """The moment of this request, aware, UTC."""
    return current_clock().now()


def today() -> date:
    """The day of this request in Asia/Shanghai."""
    return clocks.today(current_clock())
