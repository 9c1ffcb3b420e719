"""Mails to be sent: written with the change they tell of, each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import update
from sqlalchemy.orm import Session

from taskboard.domain.office_hours import next_office_moment
from taskboard.domain.outbox import BEFORE_THE_WIRE, SCHEDULED, MailKind, OutboxState
from taskboard.models import OutboxMessage
from taskboard.services.calendar import load_calendar
from taskboard.services.inserts import change_rows, insert_and_tell
from taskboard.services.notice_wishes import first_state
from taskboard.services.sending_rules import office_hours

AT_ANY_HOUR = frozenset({"reminded", "invitation", "reset", "trial"})
"""templates of notices that wait for no office hours: what a supervisor urges to, and what somebody is waiting for"""
OPENS_AN_ACCOUNT = frozenset({"invitation", "reset"})
"""templates that whoever reads the inbox has followed already: they stand there as read"""
OFFICE_MOMENTS = "office_moments"
"""under which name a session keeps the next moment within office hours"""


@dataclass(frozen=True)
class Outgoing:
    """One mail as :func:`queue_mail` takes it."""

    key: str
    kind: MailKind
    person_id: int
    to_address: str | None
    template: str
    facts: Mapping[str, Any]
    valid_until: datetime | None = None
    for_day: date | None = None
    is_away: bool = False
    """its person is away, and others hear of it: it stands in the product alone"""


def queue_mail(
    session: Session,
    *,
    key: str,
    kind: MailKind,
    person_id: int,
    to_address: str | None,
    template: str,
    facts: Mapping[str, Any],
    now: datetime,
    valid_until: datetime | None = None,
    for_day: date | None = None,
    is_away: bool = False,
) -> bool:
    """Put one mail into the outbox; ``False`` when a mail with this key is there already.

    It is a message in the person's inbox from now on; without an address, or while they are away, it is nothing else.

    ``facts`` are what the template is rendered from: plain JSON values (dates as ISO text, enums by their value).
    What is no duty comes as its recipient wants it. A notice waits for the next office hours; after ``valid_until`` a
    mail is no longer worth sending. ``for_day`` is the day of a scheduled mail.
    """
    mail = Outgoing(key, kind, person_id, to_address, template, facts, valid_until, for_day, is_away)
    return bool(queue_all(session, [mail], now=now))


def queue_all(session: Session, mails: Iterable[Outgoing], *, now: datetime) -> set[str]:
    """Put many mails into the outbox in one statement; the keys of those that were not there before."""
    rows = [_row(session, mail, now) for mail in mails]
    return set(insert_and_tell(session, OutboxMessage, rows, OutboxMessage.__table__.c.key))


def _row(session: Session, mail: Outgoing, now: datetime) -> dict[str, Any]:
    goes_out = bool(mail.to_address) and not mail.is_away
    first = first_state(session, mail.kind, mail.template, mail.person_id) if goes_out else None
    return {
        "key": mail.key,
        "kind": mail.kind,
        "person_id": mail.person_id,
        "to_address": mail.to_address or "",
        "template": mail.template,
        "facts": dict(mail.facts),
        "message_id": uuid4().hex,
        "created_at": now,
        "next_attempt_at": _first_attempt(session, mail.kind, mail.template, now),
        "for_day": mail.for_day,
        "state": first or OutboxState.INBOX_ONLY,
        "attempts": 0,
        "valid_until": mail.valid_until,
        "read_at": now if mail.template in OPENS_AN_ACCOUNT else None,
    }


def _first_attempt(session: Session, kind: MailKind, template: str, now: datetime) -> datetime:
    """When the mail goes out at the earliest; calendar and hours are asked once for all mails of one act."""
    if kind is not MailKind.NOTICE or template in AT_ANY_HOUR:
        return now
    kept: dict[datetime, datetime] = session.info.setdefault(OFFICE_MOMENTS, {})
    if now not in kept:
        kept.clear()
        kept[now] = next_office_moment(now, load_calendar(session), office_hours(session))
    return kept[now]


def bring_forward(session: Session, *, now: datetime) -> int:
    """Let notices that wait for office hours go out now; how many."""
    waiting = update(OutboxMessage).where(
        OutboxMessage.state == OutboxState.QUEUED,
        OutboxMessage.kind == MailKind.NOTICE,
        OutboxMessage.attempts == 0,
        OutboxMessage.next_attempt_at > now,
    )
    return change_rows(session, waiting.values(next_attempt_at=now))


def expire_waiting_digests(session: Session, person_ids: list[int], *, for_day: date) -> int:
    """Take out scheduled mails of earlier days that still wait: today's mail says what they would have said."""
    older = update(OutboxMessage).where(
        OutboxMessage.person_id.in_(person_ids),
        OutboxMessage.kind.in_(SCHEDULED),
        OutboxMessage.state.in_(BEFORE_THE_WIRE),
        OutboxMessage.for_day < for_day,
    )
    return change_rows(session, older.values(state=OutboxState.EXPIRED))
