"""Readings of drafts that people work on, kept in this process: a large one takes a second to take up anew.

The reading of a draft never changes, so what is kept needs no refreshing. It is found by the draft's version too, and
is handed on from one version to the next: a database may give the id of a discarded draft to another one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Any

from taskboard.domain.import_arrangement import Arrangement
from taskboard.domain.imports import Proposed, propose_all
from taskboard.domain.plan_parsing.blocks import Block
from taskboard.domain.plan_parsing.reading import ParsedPlan
from taskboard.models import ImportDraft
from taskboard.services.readings import blocks_from_json, notes_from_json, plan_from_json, readings_by_key

MOST_DRAFTS = 4
"""kept at once; one of 3,000 measures takes some 30 MB"""

Key = tuple[int, str, int, datetime]


@dataclass
class OpenDraft:
    """One draft's reading as it is stored, and what was made of it once."""

    stored: Mapping[str, Any]
    stored_blocks: Sequence[Any]
    _proposed: Proposed | None = field(default=None, repr=False)

    @cached_property
    def plan(self) -> ParsedPlan:
        return plan_from_json(self.stored)

    @cached_property
    def readings(self) -> dict[str, dict[str, Any]]:
        """Each measure and candidate as it is stored, by the key of its row."""
        return readings_by_key(self.stored)

    @cached_property
    def blocks(self) -> list[Block]:
        return blocks_from_json(self.stored_blocks)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        return tuple(notes_from_json(self.stored))

    def proposed(self, arrangement: Arrangement) -> Proposed:
        """What is proposed for each measure, arranged in this way; the last one asked for is kept."""
        kept = self._proposed
        if kept is None or kept.arrangement != arrangement:
            kept = self._proposed = propose_all(self.plan, arrangement)
        return kept


_kept: OrderedDict[Key, OpenDraft] = OrderedDict()
_lock = Lock()


def open_draft(draft: ImportDraft) -> OpenDraft:
    """The reading of this draft, taken up anew only where this process does not have it."""
    key = _key(draft)
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    found = OpenDraft(draft.reading, draft.blocks)
    _keep(key, found)
    return found


def hand_on(draft: ImportDraft, opened: OpenDraft) -> None:
    """Keep the reading for the draft as it stands after a change."""
    _keep(_key(draft), opened)


def _keep(key: Key, opened: OpenDraft) -> None:
    with _lock:
        for earlier in [one for one in _kept if one[0] == key[0]]:
            del _kept[earlier]
        _kept[key] = opened
        while len(_kept) > MOST_DRAFTS:
            _kept.popitem(last=False)


def _key(draft: ImportDraft) -> Key:
    return (draft.id, draft.source_sha256, draft.version, draft.updated_at)
