"""One file with everything an installation keeps: the database as of one moment, attachments, and the trail's heads.

It is made while people work, and read back before it counts as made. Restoring puts what was there aside first.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from gzip import BadGzipFile
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from taskboard.labels.operating_system import reason_words
from taskboard.services import attachment_files, trail_heads

FORMAT = 1
MANIFEST = "manifest.json"
SQLITE, POSTGRESQL = "database.sqlite", "database.pgdump"
SQLITE_LOGS = ("-wal", "-shm")
ATTACHMENTS, LEASE, GATE = "attachment", "scheduler_lease", "mail_gate"
"""tables known here by name; an old database lacks some of them"""
PORTION = 1024 * 1024
NO_BACKUP = "{} 不是 taskboard 的备份，或者没有写完、已经损坏。"
OTHER_VERSION = "{tool} 与数据库服务器（或写备份的工具）版本不同：请安装同版本的 PostgreSQL 客户端工具。"
IN_USE = "还有程序在使用数据库。请先停止 taskboard，再恢复。"
SECONDS_TO_LEAVE = 3.0
OTHERS = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend' LIMIT 1"
)
START_OF_ROWS = re.compile(rb'COPY public\."?(?P<name>.+?)"? \(.*\) FROM stdin;$')
END_OF_ROWS = b"\\.\n"
CLEAR = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"


class BackupFailed(Exception):
    """It was not made, does not hold what it says, or cannot be put back; the message is for the administrator."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds, told by itself."""

    made_at: str
    database: str
    rows: Mapping[str, int]
    """table → number of rows"""
    files: Mapping[str, str]
    """name in the archive → SHA-256"""
    missing: tuple[str, ...] = ()
    """attachments that the database knows and that do not lie in their folder"""
    format: int = FORMAT

    @property
    def attachments(self) -> int:
        return sum(name.startswith(f"{attachment_files.FOLDER_NAME}/") for name in self.files)


# Making one


def make_backup(target: Path, *, database_url: str, instance_dir: Path, now: datetime) -> Manifest:
    """Write everything into the file, which must not be there yet, and read it back.

    Raises :class:`BackupFailed`; nothing is left of a backup that failed.
    """
    if target.exists():
        raise BackupFailed(f"{target} 已经存在，不覆盖。")
    unfinished = target.with_name(f"{target.name}.unfinished")
    with _told(f"备份不到 {target}"):
        try:
            with tempfile.TemporaryDirectory(dir=target.parent) as name:
                copy, rows, ids = _copy_database(make_url(database_url), Path(name))
                manifest = _write(unfinished, copy, rows, ids, instance_dir=instance_dir, now=now)
            if verify_backup(unfinished, unpack_in=target.parent) != manifest:
                raise BackupFailed("读回的内容与写入的不一致。")
            unfinished.rename(target)
        finally:
            unfinished.unlink(missing_ok=True)
    return manifest


@contextmanager
def _told(what: str) -> Iterator[None]:
    """What the disk and the databases raise, as something an administrator can read."""
    try:
        yield
    except OSError as error:
        raise BackupFailed(f"{what}：{reason_words(error)}。") from error
    except (sqlite3.Error, psycopg.Error) as error:
        raise BackupFailed(f"{what}：{str(error).strip()}") from error


def _copy_database(url: URL, folder: Path) -> tuple[Path, dict[str, int], list[str]]:
    """The database as of one moment, with the number of its rows and the attachments it knows."""
    if url.drivername.startswith("sqlite"):
        copy = folder / SQLITE
        place = f"file:{url.database}?mode=ro"
        with closing(sqlite3.connect(place, uri=True)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        with closing(_checked_sqlite(copy)) as connection:
            rows = _count_sqlite(connection)
            known = connection.execute("SELECT id FROM attachment") if ATTACHMENTS in rows else ()
            return copy, rows, [row[0] for row in known]
    copy = folder / POSTGRESQL
    with psycopg.connect(_libpq(url)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        # The dump and the counts are of the same moment.
        exported = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert exported is not None
        _run(url, "pg_dump", "--format=custom", "--no-owner", f"--snapshot={exported[0]}", f"--file={copy}")
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = {}
        for [table] in tables:
            counted = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            rows[str(table)] = counted[0] if counted else 0
        ids = [row[0] for row in connection.execute("SELECT id FROM attachment")] if ATTACHMENTS in rows else []
    return copy, rows, ids


def _write(
    target: Path, copy: Path, rows: dict[str, int], ids: list[str], *, instance_dir: Path, now: datetime
) -> Manifest:
    files: dict[str, str] = {}
    missing: list[str] = []
    with target.open("xb") as file:
        target.chmod(0o600)
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
            _add(archive, copy, copy.name, files)
            folder = instance_dir / attachment_files.FOLDER_NAME
            for one in sorted(ids):
                try:
                    _add(archive, attachment_files.path_of(folder, one), f"{folder.name}/{one}", files)
                except FileNotFoundError:
                    missing.append(one)
            heads = instance_dir / trail_heads.FILE_NAME
            if heads.exists():
                _add(archive, heads, heads.name, files)
            manifest = Manifest(now.isoformat(), copy.name, rows, files, tuple(missing))
            _add_text(archive, MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
        file.flush()
        os.fsync(file.fileno())
    return manifest


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        portion = self._file.read(size)
        self.digest.update(portion)
        return portion


def _add(archive: tarfile.TarFile, path: Path, name: str, files: dict[str, str]) -> None:
    with path.open("rb") as file:
        info = archive.gettarinfo(arcname=name, fileobj=file)
        info.mode, info.uname, info.gname, info.uid, info.gid = 0o600, "", "", 0, 0
        hashed = _Hashed(file)
        archive.addfile(info, hashed)
    files[name] = hashed.digest.hexdigest()


def _add_text(archive: tarfile.TarFile, name: str, words: str) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(words.encode())
        info = tarfile.TarInfo(name)
        info.size, info.mode = file.tell(), 0o600
        file.seek(0)
        archive.addfile(info, file)


# Reading one


def verify_backup(archive: Path, *, unpack_in: Path | None = None) -> Manifest:
    """Read the whole file; what it holds. Raises :class:`BackupFailed` where anything is missing, changed or broken.

    It is unpacked in the system's temporary folder unless another is named: its own may be read-only.
    """
    with _told(f"核对不了 {archive}"), tempfile.TemporaryDirectory(dir=unpack_in) as name:
        return _unpack(archive, Path(name))


def _unpack(archive: Path, folder: Path) -> Manifest:
    """Everything into the folder, each file as the manifest says, and the database whole."""
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(archive, "r:gz") as opened:
            for member in opened:
                content = opened.extractfile(member) if member.isfile() else None
                if content is None:
                    raise BackupFailed(f"备份中有不该有的内容：{member.name}")
                if member.name == MANIFEST:
                    manifest = _read_manifest(content.read())
                    continue
                target = _place(folder, member.name)
                hashed = _Hashed(content)
                with target.open("xb") as file:
                    shutil.copyfileobj(hashed, file, PORTION)
                found[member.name] = hashed.digest.hexdigest()
    except (tarfile.TarError, zlib.error, EOFError, BadGzipFile) as error:
        raise BackupFailed(NO_BACKUP.format(archive)) from error
    except OSError as error:
        raise BackupFailed(f"{archive} 读不了：{reason_words(error)}。") from error
    if manifest is None:
        raise BackupFailed(NO_BACKUP.format(archive))
    if found != dict(manifest.files):
        wrong = sorted(found.items() ^ manifest.files.items())
        raise BackupFailed(f"备份中的文件与清单不符：{wrong[0][0]}")
    _check_database(folder / manifest.database, manifest)
    return manifest


def _place(folder: Path, name: str) -> Path:
    """Where a file of this name is put; no name leads out of the folder."""
    first, _, rest = name.partition("/")
    if name in (SQLITE, POSTGRESQL, trail_heads.FILE_NAME):
        return folder / name
    if first == attachment_files.FOLDER_NAME and attachment_files.ID.fullmatch(rest):
        (folder / first).mkdir(exist_ok=True)
        return folder / first / rest
    raise BackupFailed(f"备份中有不该有的文件：{name}")


def _read_manifest(content: bytes) -> Manifest:
    try:
        told = json.loads(content)
        manifest = Manifest(**{**told, "missing": tuple(told["missing"])})
    except (ValueError, TypeError, KeyError) as error:
        raise BackupFailed("备份的清单读不懂。") from error
    if manifest.format != FORMAT or manifest.database not in (SQLITE, POSTGRESQL):
        raise BackupFailed("备份是别的版本写的，这个版本读不了。")
    return manifest


def _check_database(copy: Path, manifest: Manifest) -> None:
    if manifest.database == SQLITE:
        with closing(_checked_sqlite(copy)) as connection:
            rows = _count_sqlite(connection)
    elif tool := shutil.which("pg_restore"):
        rows = _count_dump(tool, copy)
    else:
        # Its hash was right: it is what pg_dump wrote.
        return
    if wrong := sorted(rows.items() ^ manifest.rows.items()):
        raise BackupFailed(f"备份中数据库的行数与清单不符：{wrong[0][0]}")


def _count_dump(tool: str, copy: Path) -> dict[str, int]:
    """The rows of each table, by reading the whole dump as it would be read to restore it."""
    rows: dict[str, int] = {}
    table = None
    command = [tool, "--data-only", "--file=-", str(copy)]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL) as reading,
    ):
        assert reading.stdout is not None
        for line in reading.stdout:
            if table is not None:
                if line == END_OF_ROWS:
                    # Within a value a backslash is doubled, so no row looks like this.
                    table = None
                else:
                    rows[table] += 1
            elif found := START_OF_ROWS.match(line):
                table = found["name"].decode().replace('""', '"')
                rows[table] = 0
        if reading.wait() != 0:
            said.seek(0)
            raise _refused("pg_restore", said.read().decode("utf-8", "replace"))
    return rows


def _checked_sqlite(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path)
        problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise BackupFailed(f"数据库文件损坏：{error}") from error
    if problem != "ok":
        connection.close()
        raise BackupFailed(f"数据库文件损坏：{problem}")
    return connection


def _count_sqlite(connection: sqlite3.Connection) -> dict[str, int]:
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
        for name in names
        if not name.startswith("sqlite_")
    }


# Putting one back


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
        stack.enter_context(_told("恢复不了"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=instance_dir, prefix=".restore-")))
        manifest = _unpack(archive, folder)
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
    with psycopg.connect(_libpq(url), autocommit=True) as connection:
        # The server still lists who has just left until their process there is gone.
        patience = time.monotonic() + SECONDS_TO_LEAVE
        while connection.execute(OTHERS).fetchone():
            if time.monotonic() > patience:
                raise BackupFailed(IN_USE)
            time.sleep(0.1)
        return connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1").fetchone() is not None


def _restore_postgresql(url: URL, copy: Path, manifest: Manifest, now: datetime) -> None:
    """In one transaction: whatever fails, the database is as it was."""
    with psycopg.connect(_libpq(url)) as connection:
        known = connection.execute("SELECT to_regclass('public.scheduler_lease')").fetchone()
        found = connection.execute("SELECT max(epoch) FROM scheduler_lease").fetchone() if known and known[0] else None
    epoch = (found[0] if found else None) or 0
    script = copy.with_name("restore.sql")
    _run(url, "pg_restore", "--no-owner", f"--file={script}", str(copy), connects=False)
    quiet = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
    changes = _last_changes(manifest, schema="public", epoch=epoch, held_at=now.isoformat())
    last = [f"--command={change};" for change in changes]
    _run(url, "psql", *quiet, f"--command={CLEAR}", f"--file={script}", *last)


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


def _libpq(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _run(url: URL, tool: str, *arguments: str, connects: bool = True) -> None:
    """One of PostgreSQL's own tools; the password goes through the environment, where other users cannot read it."""
    found = shutil.which(tool)
    if found is None:
        raise BackupFailed(f"没有找到 {tool}：请安装与数据库同版本的 PostgreSQL 客户端工具，或用数据库自己的办法备份。")
    environment = dict(os.environ)
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    place = [f"--dbname={_libpq(url.set(password=None))}"] if connects else []
    done = subprocess.run(
        [found, *place, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise _refused(tool, done.stderr)


def _refused(tool: str, said: str) -> BackupFailed:
    """What one of PostgreSQL's tools could not do; most often it is older than the server."""
    words = OTHER_VERSION if "version" in said else f"{tool} 失败："
    return BackupFailed(words.format(tool=tool) + said.strip()[-500:])
