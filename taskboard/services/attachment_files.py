"""The bytes of attachments: each under its random id in a folder, whole or not there.

A file is written beside its place, brought to the disk, and put there in one step, before its row is saved. A crash
in between leaves a file without a row, which :func:`sweep` takes away; a row without its file cannot come about.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import IO, NamedTuple

from taskboard.domain.attachments import HEAD_LENGTH
from taskboard.domain.errors import Invalid

FOLDER_NAME = "attachments"
UNFINISHED = ".unfinished"
PORTION = 256 * 1024
ID = re.compile(r"[0-9a-f]{32}")
SPARED = timedelta(days=1)
"""an upload whose row is not saved yet is left alone for so long"""


class StoredFile(NamedTuple):
    """A file that lies in its place."""

    id: str
    head: bytes
    size: int
    sha256: str


def store(folder: Path, content: IO[bytes], *, name: str, limit: int) -> StoredFile:
    """Put the content under a new id, to last a power cut; raises :class:`Invalid` where it is empty or too large."""
    folder.mkdir(parents=True, exist_ok=True)
    file_id = secrets.token_hex(16)
    unfinished = folder / f"{file_id}{UNFINISHED}"
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        with unfinished.open("xb") as file:
            while portion := content.read(PORTION):
                size += len(portion)
                if size > limit:
                    raise Invalid("files", "attachment_too_large", name=name, mebibytes=limit // 2**20)
                head = head or portion[:HEAD_LENGTH]
                digest.update(portion)
                file.write(portion)
            if not size:
                raise Invalid("files", "attachment_empty", name=name)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(folder / file_id)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _bring_to_disk(folder)
    return StoredFile(file_id, head, size, digest.hexdigest())


def path_of(folder: Path, file_id: str) -> Path:
    """Where the file of this id lies; raises ``ValueError`` for what is no id."""
    if not ID.fullmatch(file_id):
        raise ValueError(file_id)
    return folder / file_id


def discard(folder: Path, files: Iterable[StoredFile]) -> None:
    """Take away files whose rows will not be saved."""
    for one in files:
        path_of(folder, one.id).unlink(missing_ok=True)


def list_old(folder: Path) -> set[str]:
    """The names of all files that lie there for longer than an upload lasts."""
    if not folder.exists():
        return set()
    # The files' own time, which the system's clock wrote.
    before = time.time() - SPARED.total_seconds()
    return {path.name for path in folder.iterdir() if path.is_file() and path.stat().st_mtime < before}


def remove(folder: Path, names: Iterable[str]) -> None:
    """Delete files by the names that :func:`list_old` gave."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _bring_to_disk(folder: Path) -> None:
    """The new name too lasts a power cut; systems that cannot open a folder do so by themselves."""
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
