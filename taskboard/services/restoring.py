"""Putting a backup in the place of what is there, which is put aside first."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

from taskboard.services import attachment_files, trail_heads
from taskboard.services.backups import (
    POSTGRESQL,
    SQLITE,
    BackupFailed,
    Manifest,
    in_words,
    libpq,
    make_backup,
    run_tool,
    unpack,
)

SQLITE_LOGS = ("-wal", "-shm")
LEASE, GATE = "scheduler_lease", "mail_gate"
"""tables known here by name; an old database lacks some of them"""
IN_USE = "还有程序在使用数据库。请先停止 taskboard，再恢复。"
SECONDS_TO_LEAVE = 3.0
OTHERS = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend' LIMIT 1"
)
CLEAR = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"


def restore_backup(archive: Path, *, database_url: str, instance_dir: Path, now: datetime) -> Manifest:
    """Put everything in the place of what is there, which is kept aside; nothing else may use the database meanwhile.

    The scheduler's epoch goes on from the higher one, so that no process from before can write, and mail is held from
    the first moment on, if the backup knows of that. The caller brings the database to the newest shape. Raises
    :class:`BackupFailed`; then everything is as it was, but for a copy kept of a PostgreSQL database.
    """
    url = make_url(database_url)
    # To the microsecond: what one restore kept aside is not written over by another one in the same second.
    suffix = f".before-restore-{now:%Y%m%d-%H%M%S-%f}"
    with ExitStack() as stack:
        stack.enter_context(in_words("恢复不了"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=instance_dir, prefix=".restore-")))
        manifest = unpack(archive, folder)
        is_sqlite = url.drivername.startswith("sqlite")
        if is_sqlite != (manifest.database == SQLITE):
            raise BackupFailed(f"备份来自另一种数据库（{manifest.database}），不能恢复到这里。")
        undo = stack.enter_context(ExitStack())
        if is_sqlite:
            _restore_sqlite(Path(str(url.database)), folder / SQLITE, manifest, suffix=suffix, now=now, undo=undo)
        elif _has_tables(url):
            # It stays whatever comes: of a connection that is cut nobody knows whether the new data came to be.
            kept = instance_dir / f"database{suffix}.tar.gz"
            make_backup(kept, database_url=database_url, instance_dir=instance_dir, now=now)
        for part in (attachment_files.FOLDER_NAME, trail_heads.FILE_NAME):
            _swap(instance_dir / part, folder / part, suffix, undo)
        if not is_sqlite:
            # Last, for it is all or nothing by itself.
            _restore_postgresql(url, folder / POSTGRESQL, manifest, now)
        undo.pop_all()
    return manifest


def _restore_sqlite(path: Path, copy: Path, manifest: Manifest, *, suffix: str, now: datetime, undo: ExitStack) -> None:
    epoch = 0
    if path.exists():
        with _alone_in(path) as connection:
            epoch = _epoch(connection)
    with closing(sqlite3.connect(copy)) as connection, connection:
        held_at = now.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
        for change in _last_changes(manifest, schema="main", epoch=epoch, held_at=held_at):
            connection.execute(change)
    copy.chmod(0o600)
    for ending in SQLITE_LOGS:
        # Those of a database that is broken: the new one must not take them for its own.
        _put_aside(path.with_name(path.name + ending), path.with_name(path.name + suffix + ending), undo)
    _swap(path, copy, suffix, undo)


@contextmanager
def _alone_in(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection while nobody else has the file open: its log is written back into it first."""
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection:
        try:
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except sqlite3.OperationalError:
            mode = "wal"
        except sqlite3.DatabaseError:
            # Broken: whatever it says, it is put aside.
            mode = "delete"
        if mode != "delete":
            raise BackupFailed(IN_USE)
        yield connection


def _epoch(connection: sqlite3.Connection) -> int:
    try:
        return connection.execute("SELECT coalesce(max(epoch), 0) FROM scheduler_lease").fetchone()[0] or 0
    except sqlite3.DatabaseError:
        return 0


def _last_changes(manifest: Manifest, *, schema: str, epoch: int, held_at: str) -> list[str]:
    """What is changed in the restored database before anybody sees it, in words that both kinds understand."""
    changes = {
        LEASE: f"UPDATE {schema}.{LEASE} SET epoch = CASE WHEN epoch > {epoch:d} THEN epoch ELSE {epoch:d} END + 1",
        GATE: f"INSERT INTO {schema}.{GATE} (id, held_at, failures) VALUES (1, '{held_at}', 0)"
        " ON CONFLICT (id) DO UPDATE SET held_at = excluded.held_at",
    }
    return [change for table, change in changes.items() if table in manifest.rows]


def _has_tables(url: URL) -> bool:
    """Whether there is anything to keep. Raises :class:`BackupFailed` while anybody else uses the database."""
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        # The server still lists who has just left until their process there is gone.
        patience = time.monotonic() + SECONDS_TO_LEAVE
        while connection.execute(OTHERS).fetchone():
            if time.monotonic() > patience:
                raise BackupFailed(IN_USE)
            time.sleep(0.1)
        return connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1").fetchone() is not None


def _restore_postgresql(url: URL, copy: Path, manifest: Manifest, now: datetime) -> None:
    """In one transaction: whatever fails, the database is as it was."""
    with psycopg.connect(libpq(url)) as connection:
        known = connection.execute("SELECT to_regclass('public.scheduler_lease')").fetchone()
        found = connection.execute("SELECT max(epoch) FROM scheduler_lease").fetchone() if known and known[0] else None
    epoch = (found[0] if found else None) or 0
    script = copy.with_name("restore.sql")
    run_tool(url, "pg_restore", "--no-owner", f"--file={script}", str(copy), connects=False)
    quiet = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
    changes = _last_changes(manifest, schema="public", epoch=epoch, held_at=now.isoformat())
    last = [f"--command={change};" for change in changes]
    run_tool(url, "psql", *quiet, f"--command={CLEAR}", f"--file={script}", *last)


def _swap(place: Path, restored: Path, suffix: str, undo: ExitStack) -> None:
    """What is there is kept beside its place; what was restored comes there, if there is such a thing."""
    incoming = place.with_name(f".{place.name}{suffix}.incoming")
    if restored.exists():
        # Beside its place first: what can fail half-way, as from one disk to another, is done before anything is moved.
        undo.callback(_remove, incoming)
        shutil.move(restored, incoming)
    _put_aside(place, place.with_name(place.name + suffix), undo)
    if incoming.exists():
        incoming.rename(place)
        undo.callback(place.rename, incoming)


def _put_aside(place: Path, kept: Path, undo: ExitStack) -> None:
    if place.exists():
        place.rename(kept)
        undo.callback(kept.rename, place)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
