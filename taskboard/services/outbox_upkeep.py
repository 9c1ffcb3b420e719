"""The outbox as administrators look after it: what is in which state, sending one again, taking one out; and the end of
what is old."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Unpack

from sqlalchemy import ColumnElement, Row, Select, and_, delete, func, or_, select
from sqlalchemy.orm import Session, aliased

from taskboard.domain.errors import NotFound, NotNow
from taskboard.domain.history import Change, Subject
from taskboard.domain.jobs import FURTHEST_BACK
from taskboard.domain.outbox import WAITING, OutboxState
from taskboard.models import OutboxMessage, Person
from taskboard.services.history import Writing, record_change
from taskboard.services.inserts import change_rows
from taskboard.services.paging import Page, fetch_page


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
REQUEUEABLE_TOGETHER = frozenset({OutboxState.RETRY, OutboxState.DEAD, OutboxState.UNKNOWN})
"""what is past its time goes out one by one, where somebody looked at it"""
MOST_TOGETHER = 500
DROPPABLE = WAITING | {OutboxState.UNKNOWN}


def requeue(session: Session, mail_id: int, **by: Unpack[Writing]) -> None:
    """Try a mail again now, with all its attempts before it; raises :class:`NotNow` while it is sent or was.

    A mail that was past its time is sent all the same: somebody decided so.
    """
    _requeue(session, _lock_mail(session, mail_id, REQUEUEABLE), **by)


def requeue_all(session: Session, state: OutboxState, **by: Unpack[Writing]) -> int:
    """Try the mails of this state again now, the oldest first, each as by :func:`requeue`; how many.

    At most :data:`MOST_TOGETHER`. Raises :class:`NotNow` for states whose mails are not sent again together.
    """
    if state not in REQUEUEABLE_TOGETHER:
        raise NotNow(state=state)
    oldest = select(OutboxMessage).where(OutboxMessage.state == state).order_by(OutboxMessage.id).limit(MOST_TOGETHER)
    messages = session.scalars(oldest.with_for_update(skip_locked=True)).all()
    for message in messages:
        _requeue(session, message, **by)
    return len(messages)


def _requeue(session: Session, message: OutboxMessage, **by: Unpack[Writing]) -> None:
    before = {"state": message.state, "attempts": message.attempts, "valid_until": message.valid_until}
    message.state = OutboxState.QUEUED
    message.attempts = 0
    message.next_attempt_at = by["now"]
    message.valid_until = None
    session.flush()
    _record(session, message, Change.REQUEUED, before, {"attempts": 0, "valid_until": None}, **by)


def drop(session: Session, mail_id: int, **by: Unpack[Writing]) -> None:
    """Take a mail out of the queue for good; one whose fate is not known counts as arrived then.

    Raises :class:`NotNow` while it is sent, or when it does not wait.
    """
    message = _lock_mail(session, mail_id, DROPPABLE)
    before = {"state": message.state}
    is_arrived = message.state is OutboxState.UNKNOWN
    message.state = OutboxState.SENT if is_arrived else OutboxState.EXPIRED
    session.flush()
    _record(session, message, Change.MAIL_ARRIVED if is_arrived else Change.DROPPED, before, {}, **by)


def _lock_mail(session: Session, mail_id: int, states: frozenset[OutboxState]) -> OutboxMessage:
    message = get_mail(session, mail_id)
    session.refresh(message, with_for_update=True)
    if message.state not in states:
        raise NotNow(state=message.state)
    return message


def _record(
    session: Session,
    message: OutboxMessage,
    act: Change,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    **by: Unpack[Writing],
) -> None:
    record_change(
        session,
        subject=Subject.MAIL,
        subject_id=message.id,
        act=act,
        before=before,
        after={"state": message.state, **after},
        **by,
    )


# The end of what is old

OVER = frozenset({OutboxState.SENT, OutboxState.DEAD, OutboxState.EXPIRED, OutboxState.INBOX_ONLY, OutboxState.TOLD})
"""nothing happens to these any more by itself"""
KEEP_READ = FURTHEST_BACK + timedelta(days=30)
"""longer than a job can be run again for: a mail that was deleted could be made a second time"""
KEEP_UNREAD = timedelta(days=800)
"""who was away for a long time still finds what they were told, as long as the runs of that time are on record"""
FOUND_AT_ONCE = 20_000

_Carried = aliased(OutboxMessage)


def find_old_mails(session: Session, *, now: datetime, most: int = FOUND_AT_ONCE) -> Sequence[int]:
    """The numbers of mails that are long over, at most so many.

    They are looked for outside of any writing transaction, for there may be millions to look through.
    What waits, or whose fate somebody has to decide, stays whatever its age; a morning mail stays with the notices
    that it carried.
    """
    return session.scalars(select(OutboxMessage.id).where(_is_old(now)).limit(most)).all()


def remove_old_mails(session: Session, ids: Sequence[int], *, now: datetime) -> int:
    """Delete those of these mails, which are messages of the inbox too, that are still long over; how many."""
    return change_rows(session, delete(OutboxMessage).where(OutboxMessage.id.in_(ids), _is_old(now)))


def _is_old(now: datetime) -> ColumnElement[bool]:
    is_past = or_(
        OutboxMessage.created_at < now - KEEP_UNREAD,
        and_(OutboxMessage.created_at < now - KEEP_READ, OutboxMessage.read_at.is_not(None)),
    )
    carries = select(_Carried.id).where(_Carried.told_in_id == OutboxMessage.id).exists()
    return and_(is_past, OutboxMessage.state.in_(OVER), ~carries)
