"""Mails to be sent: written with the change they tell of, each once, and taken one by one for sending.

A mail is taken under a lease and its fate is written down in the next transaction. Whoever dies in between leaves one
mail in ``sending``: when its lease is over, a notice goes back to be tried again, and a scheduled mail is shown as
unknown, for it may have arrived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Unpack, cast
from uuid import uuid4

from sqlalchemy import CursorResult, Row, Select, Update, case, func, or_, select, update
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotFound, NotNow
from taskboard.domain.history import Change, Subject
from taskboard.domain.outbox import (
    SCHEDULED,
    WAITING,
    MailKind,
    OutboxState,
    Outcome,
    Result,
    retry_pause,
    state_after,
)
from taskboard.models import OutboxMessage, Person
from taskboard.services.history import Writing, record_change
from taskboard.services.inserts import insert_where_free
from taskboard.services.paging import Page, fetch_page

LEASE = timedelta(minutes=10)
"""how long one attempt may take, slow servers included, before its mail is looked at again"""
LONGEST_ERROR = 2000


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


# Sending


@dataclass(frozen=True)
class TakenMail:
    """A mail that this process may send until ``claimed_until``. The texts are there when it was tried before."""

    id: int
    kind: MailKind
    to_address: str
    template: str
    facts: Mapping[str, Any]
    message_id: str
    created_at: datetime
    attempts: int
    claimed_until: datetime
    subject: str | None
    text: str | None
    html: str | None


def take_next(session: Session, *, now: datetime) -> TakenMail | None:
    """Take the mail that is due next: notices of people's acts before scheduled ones, then the longest waiting."""
    due = (
        select(OutboxMessage)
        .where(OutboxMessage.state.in_(WAITING), OutboxMessage.next_attempt_at <= now)
        .order_by(case((OutboxMessage.kind == MailKind.NOTICE, 0), else_=1), OutboxMessage.next_attempt_at)
        .order_by(OutboxMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    message = session.scalars(due).one_or_none()
    if message is None:
        return None
    message.state = OutboxState.SENDING
    message.attempts += 1
    message.claimed_until = now + LEASE
    session.flush()
    return TakenMail(
        id=message.id,
        kind=message.kind,
        to_address=message.to_address,
        template=message.template,
        facts=message.facts,
        message_id=message.message_id,
        created_at=message.created_at,
        attempts=message.attempts,
        claimed_until=message.claimed_until,
        subject=message.subject,
        text=message.text,
        html=message.html,
    )


def settle(
    session: Session,
    mail: TakenMail,
    outcome: Outcome,
    *,
    now: datetime,
    jitter: float,
    rendered: tuple[str, str, str] | None = None,
) -> OutboxState | None:
    """Write down how the attempt ended and what was sent: (subject, text, HTML).

    ``None``, and nothing written, when the lease was over and somebody else looked after the mail meanwhile.
    """
    pause = retry_pause(mail.attempts, jitter=jitter)
    state = state_after(mail.kind, outcome.result, can_retry=pause is not None)
    values: dict[str, Any] = {
        "state": state,
        "claimed_until": None,
        "last_error": None if outcome.result is Result.ACCEPTED else outcome.detail[:LONGEST_ERROR],
    }
    if rendered is not None:
        values |= dict(zip(("subject", "text", "html"), rendered, strict=True))
    if state is OutboxState.SENT:
        values["sent_at"] = now
    if state is OutboxState.RETRY and pause is not None:
        values["next_attempt_at"] = now + pause
    still_ours = update(OutboxMessage).where(
        OutboxMessage.id == mail.id,
        OutboxMessage.state == OutboxState.SENDING,
        OutboxMessage.claimed_until == mail.claimed_until,
    )
    return state if _changed(session, still_ours.values(values)) else None


class Tidied(NamedTuple):
    """Mails that left the queue without an attempt, or came back to it."""

    returned: int
    unknown: int
    expired: int


def tidy_queue(session: Session, *, now: datetime) -> Tidied:
    """Look after mails whose sender died, and take out those that nobody should get any more.

    The latter are past their time, or to somebody whose account was switched off.
    """
    abandoned = update(OutboxMessage).where(
        OutboxMessage.state == OutboxState.SENDING, OutboxMessage.claimed_until < now
    )
    unknown = abandoned.where(OutboxMessage.kind.in_(SCHEDULED)).values(state=OutboxState.UNKNOWN, claimed_until=None)
    returned = abandoned.where(OutboxMessage.kind.not_in(SCHEDULED)).values(
        state=OutboxState.RETRY, claimed_until=None, next_attempt_at=now
    )
    inactive = select(Person.id).where(Person.is_active.is_(False))
    expired = (
        update(OutboxMessage)
        .where(OutboxMessage.state.in_(WAITING))
        .where(or_(OutboxMessage.valid_until < now, OutboxMessage.person_id.in_(inactive)))
        .values(state=OutboxState.EXPIRED)
    )
    return Tidied(
        unknown=_changed(session, unknown), returned=_changed(session, returned), expired=_changed(session, expired)
    )


def expire_waiting_digests(session: Session, person_ids: list[int], *, for_day: date) -> int:
    """Take out scheduled mails of earlier days that still wait: today's mail says what they would have said."""
    older = update(OutboxMessage).where(
        OutboxMessage.person_id.in_(person_ids),
        OutboxMessage.kind.in_(SCHEDULED),
        OutboxMessage.state.in_(WAITING),
        OutboxMessage.for_day < for_day,
    )
    return _changed(session, older.values(state=OutboxState.EXPIRED))


def _changed(session: Session, statement: Update) -> int:
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount


# Looking after the queue


def count_by_state(session: Session) -> dict[OutboxState, int]:
    """How many mails are in each state; states without any are left out."""
    rows = session.execute(select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state))
    return dict(rows.all())


LIST_COLUMNS: Select[*tuple[Any, ...]] = select(
    OutboxMessage.id,
    OutboxMessage.kind,
    OutboxMessage.person_id,
    Person.name.label("person"),
    OutboxMessage.to_address,
    OutboxMessage.template,
    OutboxMessage.subject,
    OutboxMessage.state,
    OutboxMessage.attempts,
    OutboxMessage.created_at,
    OutboxMessage.next_attempt_at,
    OutboxMessage.sent_at,
    OutboxMessage.last_error,
).join(Person, Person.id == OutboxMessage.person_id)


def list_mails(
    session: Session, *, state: OutboxState | None = None, person_id: int | None = None, number: int = 1
) -> Page[Row[Any]]:
    """Rows of :data:`LIST_COLUMNS`, the newest first."""
    query = LIST_COLUMNS
    if state is not None:
        query = query.where(OutboxMessage.state == state)
    if person_id is not None:
        query = query.where(OutboxMessage.person_id == person_id)
    return fetch_page(session, query.order_by(OutboxMessage.id.desc()), number=number)


def list_recipients(session: Session) -> Sequence[Row[int, str, int]]:
    """Everybody who has a mail here, with its number: rows of (id, name, count)."""
    query = (
        select(Person.id, Person.name, func.count().label("count"))
        .join(OutboxMessage, OutboxMessage.person_id == Person.id)
        .group_by(Person.id, Person.name)
        .order_by(Person.name)
    )
    return session.execute(query).all()


def get_mail(session: Session, mail_id: int) -> OutboxMessage:
    """One mail with its texts; raises :class:`NotFound`."""
    message = session.get(OutboxMessage, mail_id)
    if message is None:
        raise NotFound(subject="mail", id=mail_id)
    return message


REQUEUEABLE = frozenset({OutboxState.RETRY, OutboxState.DEAD, OutboxState.EXPIRED, OutboxState.UNKNOWN})


def requeue(session: Session, mail_id: int, **by: Unpack[Writing]) -> None:
    """Try a mail again now, with all its attempts before it; raises :class:`NotNow` while it is sent or was.

    A mail that was past its time is sent all the same: somebody decided so.
    """
    message = get_mail(session, mail_id)
    if message.state not in REQUEUEABLE:
        raise NotNow(state=message.state)
    before = {"state": message.state, "attempts": message.attempts, "valid_until": message.valid_until}
    message.state = OutboxState.QUEUED
    message.attempts = 0
    message.next_attempt_at = by["now"]
    message.valid_until = None
    session.flush()
    record_change(
        session,
        subject=Subject.MAIL,
        subject_id=mail_id,
        act=Change.REQUEUED,
        before=before,
        after={"state": message.state, "attempts": 0, "valid_until": None},
        **by,
    )
