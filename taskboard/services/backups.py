"""One file with everything an installation keeps: the database as of one moment, attachments, and the trail's heads.

It is made while people work, and read back before it counts as made. ``restoring.py`` puts it back.
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
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
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
ATTACHMENTS = "attachment"
"""a table that an old database lacks"""
PORTION = 1024 * 1024
NO_BACKUP = "{} 不是 taskboard 的备份，或者没有写完、已经损坏。"
OTHER_VERSION = "{tool} 与数据库服务器（或写备份的工具）版本不同：请安装同版本的 PostgreSQL 客户端工具。"
START_OF_ROWS = re.compile(rb'COPY public\."?(?P<name>.+?)"? \(.*\) FROM stdin;$')
END_OF_ROWS = b"\\.\n"


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
    with in_words(f"备份不到 {target}"):
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
def in_words(what: str) -> Iterator[None]:
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
    with psycopg.connect(libpq(url)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        # The dump and the counts are of the same moment.
        exported = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert exported is not None
        run_tool(url, "pg_dump", "--format=custom", "--no-owner", f"--snapshot={exported[0]}", f"--file={copy}")
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
    with in_words(f"核对不了 {archive}"), tempfile.TemporaryDirectory(dir=unpack_in) as name:
        return unpack(archive, Path(name))


def unpack(archive: Path, folder: Path) -> Manifest:
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


def libpq(url: URL) -> str:
    """The address of a PostgreSQL database as its own library takes it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def run_tool(url: URL, tool: str, *arguments: str, connects: bool = True) -> None:
    """Let one of PostgreSQL's own tools work; raises :class:`BackupFailed`.

    The password goes through the environment, where other users cannot read it.
    """
    found = shutil.which(tool)
    if found is None:
        raise BackupFailed(f"没有找到 {tool}：请安装与数据库同版本的 PostgreSQL 客户端工具，或用数据库自己的办法备份。")
    environment = dict(os.environ)
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    place = [f"--dbname={libpq(url.set(password=None))}"] if connects else []
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
