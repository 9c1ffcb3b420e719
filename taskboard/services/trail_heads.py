"""The file of heads: day by day how far the chain over the trail reached. It lies beside the database, not in it.

Lines are only ever added: ``2026-11-23<tab>1204<tab>digest``.
"""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path
from typing import NamedTuple

from taskboard.domain.trail import Finding, FindingKind, Head

FILE_NAME = "trail-heads.tsv"
_LINE = re.compile(r"(\d{4}-\d{2}-\d{2})\t(\d+)\t([0-9a-f]{64})")


class Heads(NamedTuple):
    """What the file says; ``unreadable`` are its lines that say nothing."""

    heads: list[Head]
    unreadable: list[Finding]


def read_heads(path: Path) -> Heads:
    """The heads in their order; empty where there is no file yet."""
    found = Heads([], [])
    if not path.exists():
        return found
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), 1):
        if not line:
            continue
        try:
            day, position, digest = _parts(line)
            found.heads.append(Head(date.fromisoformat(day), int(position), digest))
        except ValueError:
            found.unreadable.append(Finding(FindingKind.HEAD_UNREADABLE, number))
    return found


def append_head(path: Path, head: Head) -> bool:
    """Write the head down, to last a power cut; ``False`` where its day or a later one is there already.

    A line that a crash left unfinished is finished as an unreadable one: nothing is ever taken away.
    """
    known = read_heads(path).heads
    if known and known[-1].day >= head.day:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        is_torn = file.seek(0, os.SEEK_END) > 0 and _last_byte(path) != b"\n"
        line = f"{head.day.isoformat()}\t{head.position}\t{head.digest}\n"
        file.write((("\n" if is_torn else "") + line).encode())
        file.flush()
        os.fsync(file.fileno())
    return True


def _parts(line: str) -> tuple[str, str, str]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(line)
    day, position, digest = found.groups()
    return day, position, digest


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)
