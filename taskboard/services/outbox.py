"""Mails to be sent: written with the change they tell of, each once, whatever runs twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.models import OutboxMessage
from taskboard.services.inserts import insert_where_free


def queue_mail(
    session: Session,
    *,
    key: str,
    kind: MailKind,
    person_id: int,
    to_address: str,
    template: str,
    facts: Mapping[str, Any],
    now: datetime,
    valid_until: datetime | None = None,
    for_day: date | None = None,
) -> bool:
    """Put one mail into the outbox; ``False`` when a mail with this key is there already.

    ``facts`` are what the template is rendered from: plain JSON values (dates as ISO text, enums by their value).
    After ``valid_until`` the mail is no longer worth sending. ``for_day`` is the day of a scheduled mail.
    """
    row = {
        "key": key,
        "kind": kind,
        "person_id": person_id,
        "to_address": to_address,
        "template": template,
        "facts": dict(facts),
        "message_id": uuid4().hex,
        "created_at": now,
        "next_attempt_at": now,
        "for_day": for_day,
        "state": OutboxState.QUEUED,
        "attempts": 0,
        "valid_until": valid_until,
    }
    return insert_where_free(session, OutboxMessage, [row]) == 1
