"""What every test can ask for. The parts behind the fixtures lie in ``tests/support``.

What is heavy is imported by the fixture that needs it: tests of the domain start without database and web framework.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from taskboard.domain.local_time import ZONE
from tests.support import databases
from tests.support.browser import LAUNCH_ARGUMENTS, find_chromium
from tests.support.network import forbid_network

if TYPE_CHECKING:
    from apiflask import APIFlask
    from flask.testing import FlaskClient
    from playwright.sync_api import Browser, Page
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from taskboard.clock import SettableClock
    from taskboard.config import Settings
    from tests.support.smtp import SmtpServer

MONDAY_MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        databases.remove_left_behind()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        databases.remove(databases.this_run())


@pytest.fixture(scope="session", autouse=True)
def _stay_on_this_machine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        forbid_network(patch)
        yield


# Databases


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[databases.PostgresDatabase]:
    database = databases.PostgresDatabase(databases.start_postgres(databases.this_run()))
    yield database
    database.close()


@pytest.fixture(scope="session")
def _compiled_once() -> Iterator[None]:
    from tests.support.compiled import keep_what_is_compiled

    with pytest.MonkeyPatch.context() as patch:
        keep_what_is_compiled(patch)
        yield


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, _compiled_once: None) -> str:
    """A fresh migrated database of the test's own; whoever asks for it runs once on each kind.

    A test about one kind says ``@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)``.
    """
    if request.param == "sqlite":
        return databases.copy_sqlite(databases.this_run(), tmp_path / "taskboard.db")
    database: databases.PostgresDatabase = request.getfixturevalue("postgres_database")
    database.empty()
    return database.url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    from sqlalchemy import create_engine

    from taskboard.extensions import make_sqlite_transactional

    engine = create_engine(database_url)
    if engine.dialect.name == "sqlite":
        make_sqlite_transactional(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session of the test's own. Commit before another connection, such as the client's, is to see what it wrote."""
    from sqlalchemy.orm import Session

    with Session(engine) as session:
        yield session


# The application


@pytest.fixture
def clock() -> SettableClock:
    """The application's clock: Monday 2026-11-23, 09:00 in Shanghai, until a test sets ``clock.moment``."""
    from taskboard.clock import SettableClock

    return SettableClock(MONDAY_MORNING)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    from taskboard.config import MailTransport, Settings

    return Settings(
        secret_key="a key that only signs the cookies of tests",
        instance_dir=tmp_path,
        database_url=database_url,
        public_url="http://taskboard.test",
        mail_transport=MailTransport.NONE,
        is_testing=True,
    )


@pytest.fixture
def app(settings: Settings, clock: SettableClock) -> Iterator[APIFlask]:
    from taskboard.app import create_app
    from taskboard.extensions import db

    app = create_app(settings, clock=clock)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()


# The world around it


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    from tests.support.smtp import running_smtp_server

    with running_smtp_server() as server:
        yield server


@pytest.fixture
def live_server(app: APIFlask) -> Iterator[str]:
    """The address at which the test's application answers over HTTP."""
    from tests.support.web import served

    with served(app) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None:
        problem = "no Chromium here; `python3 dev.py test` installs one, or TASKBOARD_CHROMIUM names it"
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(LAUNCH_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, live_server: str) -> Iterator[Page]:
    """A page of a fresh visitor; ``page.goto("/…")`` goes to the test's application."""
    context = browser.new_context(base_url=live_server, locale="zh-CN", timezone_id="Asia/Shanghai")
    page = context.new_page()
    yield page
    context.close()
