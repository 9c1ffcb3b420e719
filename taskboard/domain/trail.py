"""The chain over the trail: how a digest is made, and what a verification can find."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

FIRST_DIGEST = "0" * 64
"""what stands before the first entry"""


def digest_after(previous: str, values: Sequence[Any]) -> str:
    """The digest of an entry's values, in their order, chained to the digest before it."""
    text = json.dumps([previous, *values], ensure_ascii=False, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class FindingKind(StrEnum):
    """What is wrong with the trail."""

    CHANGED = "changed"
    """the entry is not what was sealed"""
    REMOVED = "removed"
    """the entry was sealed and is gone"""
    INSERTED = "inserted"
    """the entry came in among others that were sealed long before"""
    SEAL_CHANGED = "seal_changed"
    SEAL_REMOVED = "seal_removed"
    TAIL_CUT = "tail_cut"
    """the chain ends before a head that was written down"""
    HEAD_DIFFERS = "head_differs"
    """the chain was made anew: it has another digest than the head that was written down"""
    HEAD_UNREADABLE = "head_unreadable"
    HEADS_MISSING = "heads_missing"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong; ``position`` is the place in the chain, or the line of the file of heads."""

    kind: FindingKind
    position: int | None = None
    entry_id: int | None = None
    day: date | None = None


@dataclass(frozen=True)
class Head:
    """How far the chain reached on a day, and its last digest."""

    day: date
    position: int
    digest: str


@dataclass
class ChainCheck:
    """Follows the links one after the other; ``findings`` grow on the way.

    After an entry that does not fit it goes on from the digest that was sealed, so that one change is one finding.
    """

    findings: list[Finding]
    position: int = 0
    stored: str = FIRST_DIGEST
    _computed: str | None = None
    """where the last link did not fit: what its entry gives"""

    def follow(self, position: int, entry_id: int, digest: str, values: Sequence[Any] | None) -> None:
        """The next link; ``values`` is ``None`` where its entry is gone."""
        is_next = position == self.position + 1
        self.findings += [Finding(FindingKind.SEAL_REMOVED, gap) for gap in range(self.position + 1, position)]
        computed = None if values is None else digest_after(self.stored, values)
        if values is None:
            self.findings.append(Finding(FindingKind.REMOVED, position, entry_id))
        elif computed == digest:
            computed = None
        elif self._computed is not None and digest_after(self._computed, values) == digest:
            # The entry before fits both its neighbours, only its seal does not.
            self.findings[-1] = Finding(FindingKind.SEAL_CHANGED, self.position, self.findings[-1].entry_id)
            computed = None
        elif is_next:
            self.findings.append(Finding(FindingKind.CHANGED, position, entry_id))
        self.position, self.stored, self._computed = position, digest, computed
