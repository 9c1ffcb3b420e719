"""What the trail keeps of documents under review: that they were read, and that they were thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from taskboard.domain.history import Change, Subject
from taskboard.domain.permissions import Actor
from taskboard.models import ImportDraft
from taskboard.services.history import record_change


def facts_of(draft: ImportDraft) -> dict[str, Any]:
    """By what a document under review is known again when it is gone."""
    return {"source_name": draft.source_name, "sha256": draft.source_sha256, "body_id": draft.body_id}


def record_read(session: Session, draft: ImportDraft, *, actor: Actor | None, now: datetime, entrance: str) -> None:
    """Put on record that a document was read into this draft; ``actor`` is ``None`` for one read in the background."""
    record_change(
        session,
        subject=Subject.IMPORT,
        subject_id=draft.id,
        act=Change.READ,
        actor=actor,
        now=now,
        entrance=entrance,
        after=facts_of(draft),
    )


def record_discarded(
    session: Session, draft_id: int, facts: Mapping[str, Any], *, actor: Actor | None, now: datetime, entrance: str
) -> None:
    """Put on record that this draft was thrown away; ``actor`` is ``None`` where nobody touched it for too long."""
    record_change(
        session,
        subject=Subject.IMPORT,
        subject_id=draft_id,
        act=Change.DISCARDED,
        actor=actor,
        now=now,
        entrance=entrance,
        before=facts,
    )
