"""Scanned documents on their way to a reading: how each one stands, and when one that fell silent is taken up again."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class ScanState(StrEnum):
    """How the recognition of a scan stands."""

    WAITING = "waiting"
    READING = "reading"
    DONE = "done"
    FAILED = "failed"


UNDER_WAY = (ScanState.WAITING, ScanState.READING)

SILENT_AFTER = timedelta(seconds=150)
"""since the last page: longer than the start of a recogniser and a page may take together, so its reader is gone"""

MOST_TRIES = 5
"""readers that may be lost over one scan before it counts as unreadable"""

KEPT_FAILED = timedelta(days=30)
