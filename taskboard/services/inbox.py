"""What a person was told, as messages in the product: the very rows of the outbox, whatever became of the mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Update, bindparam, func, select, update
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotFound
from taskboard.domain.outbox import MailKind
from taskboard.models import OutboxMessage
from taskboard.services.inserts import change_rows
from taskboard.services.paging import Page, fetch_page

MOST_COUNTED = 100
"""beyond this a number says nothing more, and counting takes time on every page"""

_UNREAD = (
    select(OutboxMessage.id)
    .where(OutboxMessage.person_id == bindparam("person_id"), OutboxMessage.read_at.is_(None))
    .limit(MOST_COUNTED)
    .subquery()
)
_COUNT_UNREAD = select(func.count()).select_from(_UNREAD)


@dataclass(frozen=True)
class Message:
    """One line of the inbox. ``facts`` are there where the subject is not written yet."""

    id: int
    kind: MailKind
    template: str
    subject: str | None
    facts: Mapping[str, Any]
    created_at: datetime
    is_read: bool


def count_unread(session: Session, person_id: int) -> int:
    """How many messages the person has not opened, at most :data:`MOST_COUNTED`; one query on an index of its own."""
    return session.scalar(_COUNT_UNREAD, {"person_id": person_id}) or 0


def list_messages(session: Session, person_id: int, *, only_unread: bool = False, number: int = 1) -> Page[Message]:
    """The person's messages, the newest first; three queries."""
    query = select(
        OutboxMessage.id,
        OutboxMessage.kind,
        OutboxMessage.template,
        OutboxMessage.subject,
        OutboxMessage.created_at,
        OutboxMessage.read_at,
    ).where(OutboxMessage.person_id == person_id)
    if only_unread:
        query = query.where(OutboxMessage.read_at.is_(None))
    newest_first = query.order_by(OutboxMessage.created_at.desc(), OutboxMessage.id.desc())
    page = fetch_page(session, newest_first, number=number)
    unwritten = [row.id for row in page.rows if row.subject is None]
    facts = _load_facts(session, unwritten)
    return page.of(
        [
            Message(
                id=row.id,
                kind=row.kind,
                template=row.template,
                subject=row.subject,
                facts=facts.get(row.id, {}),
                created_at=row.created_at,
                is_read=row.read_at is not None,
            )
            for row in page.rows
        ]
    )


def _load_facts(session: Session, ids: list[int]) -> dict[int, Mapping[str, Any]]:
    if not ids:
        return {}
    return dict(session.execute(select(OutboxMessage.id, OutboxMessage.facts).where(OutboxMessage.id.in_(ids))).all())


def get_message(session: Session, message_id: int, person_id: int) -> OutboxMessage:
    """A message of this person; raises :class:`NotFound` for one of anybody else."""
    message = session.get(OutboxMessage, message_id)
    if message is None or message.person_id != person_id:
        raise NotFound(subject="message", id=message_id)
    return message


def mark_read(session: Session, message_id: int, person_id: int, *, now: datetime) -> None:
    """Keep that the person opened the message, and when they first did."""
    change_rows(session, _of(person_id, message_id).where(OutboxMessage.read_at.is_(None)).values(read_at=now))


def mark_unread(session: Session, message_id: int, person_id: int) -> None:
    """Let a message stand out again; raises :class:`NotFound` for one of anybody else."""
    if not change_rows(session, _of(person_id, message_id).values(read_at=None)):
        raise NotFound(subject="message", id=message_id)


def mark_all_read(session: Session, person_id: int, *, up_to: int, now: datetime) -> int:
    """Mark what the person had before them when they asked, and nothing that came since; how many."""
    shown = update(OutboxMessage).where(
        OutboxMessage.person_id == person_id, OutboxMessage.read_at.is_(None), OutboxMessage.id <= up_to
    )
    return change_rows(session, shown.values(read_at=now))


def newest_id(session: Session, person_id: int) -> int:
    """Up to where :func:`mark_all_read` goes for who looks now; 0 where there is nothing."""
    return session.scalar(select(func.max(OutboxMessage.id)).where(OutboxMessage.person_id == person_id)) or 0


def _of(person_id: int, message_id: int) -> Update:
    return update(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.person_id == person_id)
