"""How far the confirmations under way are, for every web process: one small file each, while they last.

A confirmation is one transaction, of which the database shows nobody anything before it ends, so its progress stands
beside it. The file is told nothing that matters: without it a confirmation goes its way just the same.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

FOLDER_NAME = "confirming"
COUNTS_FOR = timedelta(minutes=1)
"""a file that was not touched for so long is that of a process that was killed"""

Tell = Callable[[int, int], None]
"""told how many measures are done, of how many"""


class Progress(NamedTuple):
    """Measures that were made so far, of all that the plan will have."""

    done: int
    total: int


def tell_nobody(_done: int, _total: int) -> None:
    """For whoever does not wait for a confirmation."""


@contextmanager
def telling(folder: Path, draft_id: int) -> Iterator[Tell]:
    """What to tell of the progress of one draft's confirmation; when that ends, in any way, nothing is left of it."""
    path = _path(folder, draft_id)
    is_ours = False

    def tell(done: int, total: int) -> None:
        nonlocal is_ours
        # A second press waits for the first in the database and tells nothing: the file is that of the first.
        is_ours = True
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
            fresh = path.with_suffix(".fresh")
            fresh.write_text(json.dumps([done, total]))
            fresh.replace(path)

    try:
        yield tell
    finally:
        if is_ours:
            path.unlink(missing_ok=True)


def find_progress(folder: Path, draft_id: int) -> Progress | None:
    """How far the confirmation of this draft is; ``None`` where none is under way, or none that tells."""
    path = _path(folder, draft_id)
    try:
        if path.stat().st_mtime < time.time() - COUNTS_FOR.total_seconds():
            return None
        done, total = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return Progress(done, total)


def _path(folder: Path, draft_id: int) -> Path:
    return folder / str(draft_id)
