"""What was filled in to be previewed, kept for a while: its page can be reloaded and come back to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from taskboard.models import KeptForm
from taskboard.services.inserts import insert_where_free

KEPT_FOR = timedelta(days=7)
"""A preview older than this is no basis for a decision."""

Fields = Sequence[tuple[str, str]]


def keep_form(session: Session, fields: Fields, *, place: str, person_id: int, now: datetime) -> str:
    """Keep the fields of the form at this place and give the key they are found by; the same form has the same key."""
    session.execute(delete(KeptForm).where(KeptForm.person_id == person_id, KeptForm.kept_at < now - KEPT_FOR))
    pairs = [list(pair) for pair in fields]
    key = hashlib.sha256(json.dumps([person_id, place, pairs]).encode()).hexdigest()[:32]
    insert_where_free(session, KeptForm, [{"key": key, "person_id": person_id, "fields": pairs, "kept_at": now}])
    return key


def find_form(session: Session, key: str, *, person_id: int) -> Fields | None:
    """The fields that this person had kept under the key."""
    found = session.get(KeptForm, key)
    if found is None or found.person_id != person_id:
        return None
    return [(name, text) for name, text in found.fields]
