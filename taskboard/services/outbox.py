"""Mails to be sent: written with the change they tell of, each once, and claimed by one sender at a time.

A sender claims some mails under a lease. It writes down that a mail is being sent before anything of it goes over the
wire, and how that ended in the transaction that starts the next one. So whoever dies leaves at most one mail open: a
notice is tried again, and a scheduled mail is shown as unknown, for it may have arrived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Unpack, cast
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Row,
    Select,
    Update,
    and_,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotFound, NotNow
from taskboard.domain.history import Change, Subject
from taskboard.domain.office_hours import next_office_moment
from taskboard.domain.outbox import (
    BEFORE_THE_WIRE,
    LONGEST_PAUSE,
    MOST_ADDRESS_FAILURES,
    RETRY_PAUSES,
    SCHEDULED,
    SERVER_PAUSES,
    WAITING,
    MailKind,
    OutboxState,
    Outcome,
    RateLimits,
    Result,
    is_address_refused,
    retry_pause,
    server_pause,
    state_after,
)
from taskboard.labels.mails import ADDRESS_IS_OFF
from taskboard.models import MailAddress, MailGate, OutboxMessage, Person
from taskboard.services.calendar import load_calendar
from taskboard.services.history import Writing, record_change
from taskboard.services.inserts import insert_where_free
from taskboard.services.paging import Page, fetch_page

LEASE = timedelta(minutes=10)
"""how long one attempt may take, slow servers included, before its mail is looked at again"""
CLAIMED_AT_ONCE = 20
AT_ANY_HOUR = frozenset({"reminded", "invitation", "reset", "trial"})
"""templates of notices that wait for no office hours: what a supervisor urges to, and what somebody is waiting for"""
LONGEST_ERROR = 2000
CLOCKS_DIFFER = timedelta(minutes=5)
"""a moment further ahead than this was written by a clock that was set back since"""


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
    A notice waits for the next office hours; after ``valid_until`` a mail is no longer worth sending. ``for_day`` is
    the day of a scheduled mail.
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
        "next_attempt_at": _first_attempt(session, kind, template, now),
        "for_day": for_day,
        "state": OutboxState.QUEUED,
        "attempts": 0,
        "valid_until": valid_until,
    }
    return insert_where_free(session, OutboxMessage, [row]) == 1


def _first_attempt(session: Session, kind: MailKind, template: str, now: datetime) -> datetime:
    """When the mail goes out at the earliest; the calendar is asked once for all mails of one act."""
    if kind is not MailKind.NOTICE or template in AT_ANY_HOUR:
        return now
    kept: dict[datetime, datetime] = session.info.setdefault(_first_attempt, {})
    if now not in kept:
        kept.clear()
        kept[now] = next_office_moment(now, load_calendar(session))
    return kept[now]


def bring_forward(session: Session, *, now: datetime) -> int:
    """Let notices that wait for office hours go out now; how many."""
    waiting = update(OutboxMessage).where(
        OutboxMessage.state == OutboxState.QUEUED,
        OutboxMessage.kind == MailKind.NOTICE,
        OutboxMessage.attempts == 0,
        OutboxMessage.next_attempt_at > now,
    )
    return _changed(session, waiting.values(next_attempt_at=now))


# Sending


@dataclass(frozen=True)
class ClaimedMail:
    """A mail that this sender may send until ``claimed_until``. The texts are there when it was tried before."""

    id: int
    kind: MailKind
    to_address: str
    template: str
    facts: Mapping[str, Any]
    message_id: str
    created_at: datetime
    attempts: int
    """the number of the attempt that it is claimed for: 1 is the first"""
    claimed_until: datetime
    subject: str | None
    text: str | None
    html: str | None
    was_refused: bool = False
    """its address refused mail before"""


def claim(
    session: Session, *, by: int, now: datetime, limits: RateLimits | None = None, most: int = CLAIMED_AT_ONCE
) -> list[ClaimedMail]:
    """Take the mails that are due next: notices of people's acts before scheduled ones, then the longest waiting.

    None while mail is held, while the server is left alone, and beyond the limits. ``by`` is the scheduler's epoch.
    """
    gate = _lock_gate(session)
    if gate.held_at is not None or _is_closed(gate, now):
        return []
    allowed = most if limits is None else limits.allowance(**_claimed_lately(session, now), wanted=most)
    if not allowed:
        return []
    due = (
        select(OutboxMessage, MailAddress.address.is_not(None))
        .outerjoin(MailAddress, MailAddress.address == func.lower(OutboxMessage.to_address))
        .where(OutboxMessage.state.in_(WAITING), OutboxMessage.next_attempt_at <= now)
        .order_by(case((OutboxMessage.kind == MailKind.NOTICE, 0), else_=1), OutboxMessage.next_attempt_at)
        .order_by(OutboxMessage.id)
        .limit(allowed)
        .with_for_update(skip_locked=True, of=OutboxMessage)
    )
    until = now + LEASE
    mails = [_claimed(message, until, was_refused) for message, was_refused in session.execute(due)]
    if mails:
        taken = update(OutboxMessage).where(OutboxMessage.id.in_([mail.id for mail in mails]))
        _changed(session, taken.values(state=OutboxState.CLAIMED, claimed_at=now, claimed_until=until, claimed_by=by))
    return mails


def _claimed(message: OutboxMessage, until: datetime, was_refused: bool) -> ClaimedMail:
    return ClaimedMail(
        id=message.id,
        kind=message.kind,
        to_address=message.to_address,
        template=message.template,
        facts=message.facts,
        message_id=message.message_id,
        created_at=message.created_at,
        attempts=message.attempts + 1,
        claimed_until=until,
        subject=message.subject,
        text=message.text,
        html=message.html,
        was_refused=was_refused,
    )


def start(session: Session, mail: ClaimedMail, *, now: datetime) -> ClaimedMail | None:
    """Write down that the mail is being handed over from now on; to be committed before anything of it is.

    ``None`` where it is not this sender's any more: its lease was over, or somebody took it out.
    """
    until = now + LEASE
    still_ours = update(OutboxMessage).where(
        OutboxMessage.id == mail.id,
        OutboxMessage.state == OutboxState.CLAIMED,
        OutboxMessage.claimed_until == mail.claimed_until,
    )
    values = {"state": OutboxState.SENDING, "attempts": mail.attempts, "claimed_until": until}
    return replace(mail, claimed_until=until) if _changed(session, still_ours.values(values)) else None


def settle(
    session: Session,
    mail: ClaimedMail,
    outcome: Outcome,
    *,
    now: datetime,
    jitter: float,
    rendered: tuple[str, str, str] | None = None,
) -> OutboxState | None:
    """Write down how the attempt ended and what was sent: (subject, text, HTML).

    A server that cannot be talked to never ends a mail: it waits until it is past its time. ``None``, and nothing
    written, when the lease was over and somebody else looked after the mail meanwhile.
    """
    attempts = mail.attempts
    if outcome.result is Result.LATER and outcome.is_server_down:
        attempts = min(attempts, len(RETRY_PAUSES))
    pause = retry_pause(attempts, jitter=jitter)
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
    if not _changed(session, still_ours.values(values)):
        return None
    if state is OutboxState.SENT and mail.was_refused:
        _forget_refusals(session, mail.to_address)
    return state


def give_back(session: Session, mails: Sequence[ClaimedMail]) -> int:
    """Let mails that were claimed and not begun wait again, as if they had never been claimed."""
    ours = update(OutboxMessage).where(
        OutboxMessage.id.in_([mail.id for mail in mails]),
        OutboxMessage.state == OutboxState.CLAIMED,
        OutboxMessage.claimed_until.in_({mail.claimed_until for mail in mails}),
    )
    return _changed(session, ours.values(**_UNCLAIMED, claimed_at=None))


_UNCLAIMED: dict[str, Any] = {
    "state": case((OutboxMessage.attempts == 0, OutboxState.QUEUED.value), else_=OutboxState.RETRY.value),
    "claimed_until": None,
    "claimed_by": None,
}


class Tidied(NamedTuple):
    """Mails that left the queue without an attempt, or came back to it."""

    returned: int
    unknown: int
    expired: int
    refused: int = 0
    """to an address that is switched off"""


def tidy_queue(session: Session, *, now: datetime) -> Tidied:
    """Look after mails whose sender died, and take out those that nobody should get any more.

    The latter are past their time, to somebody whose account was switched off, or to an address that is.
    """
    over = or_(OutboxMessage.claimed_until < now, OutboxMessage.claimed_until > now + LEASE + CLOCKS_DIFFER)
    returned, unknown = _free_claims(session, over)
    _mend_far_moments(session, now=now)
    waiting = update(OutboxMessage).where(OutboxMessage.state.in_(WAITING))
    inactive = select(Person.id).where(Person.is_active.is_(False))
    expired = waiting.where(or_(OutboxMessage.valid_until < now, OutboxMessage.person_id.in_(inactive)))
    off = select(MailAddress.address).where(MailAddress.off_since.is_not(None))
    refused = waiting.where(func.lower(OutboxMessage.to_address).in_(off))
    return Tidied(
        returned=returned,
        unknown=unknown,
        expired=_changed(session, expired.values(state=OutboxState.EXPIRED)),
        refused=_changed(session, refused.values(state=OutboxState.DEAD, last_error=ADDRESS_IS_OFF)),
    )


def take_over_claims(session: Session, *, epoch: int) -> Tidied:
    """Look after the mails of schedulers before this epoch: they write no more, so there is no lease to wait for."""
    returned, unknown = _free_claims(session, OutboxMessage.claimed_by.between(1, epoch - 1))
    return Tidied(returned=returned, unknown=unknown, expired=0)


def _free_claims(session: Session, whose: ColumnElement[bool]) -> tuple[int, int]:
    """How many wait again, and how many are unknown now."""
    claimed = update(OutboxMessage).where(OutboxMessage.state == OutboxState.CLAIMED, whose)
    sending = update(OutboxMessage).where(OutboxMessage.state == OutboxState.SENDING, whose)
    open_now = {"claimed_until": None, "claimed_by": None}
    unknown = sending.where(OutboxMessage.kind.in_(SCHEDULED)).values(state=OutboxState.UNKNOWN, **open_now)
    # First of all, so that the next crash is not likely to meet the same mail once more.
    again = sending.where(OutboxMessage.kind.not_in(SCHEDULED)).values(
        state=OutboxState.RETRY, next_attempt_at=OutboxMessage.created_at, **open_now
    )
    returned = _changed(session, claimed.values(_UNCLAIMED)) + _changed(session, again)
    return returned, _changed(session, unknown)


def _mend_far_moments(session: Session, *, now: datetime) -> None:
    """Let go what would wait for ever because it was written by a clock that was set back since."""
    was_queued_ahead = OutboxMessage.created_at > now + CLOCKS_DIFFER
    pauses_too_long = and_(
        OutboxMessage.state == OutboxState.RETRY, OutboxMessage.next_attempt_at > now + LONGEST_PAUSE + CLOCKS_DIFFER
    )
    stuck = update(OutboxMessage).where(
        OutboxMessage.state.in_(WAITING),
        OutboxMessage.next_attempt_at > now + CLOCKS_DIFFER,
        or_(was_queued_ahead, pauses_too_long),
    )
    _changed(session, stuck.values(next_attempt_at=now))


def expire_waiting_digests(session: Session, person_ids: list[int], *, for_day: date) -> int:
    """Take out scheduled mails of earlier days that still wait: today's mail says what they would have said."""
    older = update(OutboxMessage).where(
        OutboxMessage.person_id.in_(person_ids),
        OutboxMessage.kind.in_(SCHEDULED),
        OutboxMessage.state.in_(BEFORE_THE_WIRE),
        OutboxMessage.for_day < for_day,
    )
    return _changed(session, older.values(state=OutboxState.EXPIRED))


def _claimed_lately(session: Session, now: datetime) -> dict[str, int]:
    """How many were claimed within the last minute and hour; moments ahead are of a clock that was set back."""
    is_of_last_minute = OutboxMessage.claimed_at > now - timedelta(minutes=1)
    counts = session.execute(
        select(func.count().filter(is_of_last_minute), func.count()).where(
            OutboxMessage.claimed_at > now - timedelta(hours=1), OutboxMessage.claimed_at <= now
        )
    ).one()
    return {"in_last_minute": counts[0], "in_last_hour": counts[1]}


def _changed(session: Session, statement: Update) -> int:
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount


# The gate


@dataclass(frozen=True)
class GateState:
    """Whether mail may leave."""

    held_at: datetime | None
    failures: int
    closed_until: datetime | None


def find_gate(session: Session) -> GateState:
    row = session.execute(select(MailGate.held_at, MailGate.failures, MailGate.closed_until)).one_or_none()
    return GateState(*row) if row else GateState(None, 0, None)


def note_server(session: Session, *, is_down: bool, now: datetime) -> None:
    """Leave a server that cannot be talked to alone for a while, each time longer, or take it as well again."""
    gate = _lock_gate(session)
    gate.failures = gate.failures + 1 if is_down else 0
    gate.closed_until = now + server_pause(gate.failures) if is_down else None
    session.flush()


def hold_mail(session: Session, *, now: datetime) -> None:
    """Let nothing leave until a person says so: after a restore what waits may have gone out already."""
    _lock_gate(session).held_at = now
    session.flush()


def release_mail(session: Session, *, drops_older: bool, **by: Unpack[Writing]) -> int:
    """Let mail leave again; raises :class:`NotNow` where it is not held.

    With ``drops_older`` what has waited since before the hold is taken out, and its number given.
    """
    gate = _lock_gate(session)
    if gate.held_at is None:
        raise NotNow(state="released")
    held_at, gate.held_at = gate.held_at, None
    session.flush()
    older = update(OutboxMessage).where(OutboxMessage.state.in_(BEFORE_THE_WIRE), OutboxMessage.created_at <= held_at)
    dropped = _changed(session, older.values(state=OutboxState.EXPIRED)) if drops_older else 0
    record_change(
        session,
        subject=Subject.MAIL,
        subject_id=None,
        act=Change.MAIL_RELEASED,
        before={"held_at": held_at},
        after={"held_at": None, "dropped": dropped},
        **by,
    )
    return dropped


def _lock_gate(session: Session) -> MailGate:
    insert_where_free(session, MailGate, [{"id": 1, "failures": 0}])
    return session.scalars(select(MailGate).with_for_update().execution_options(populate_existing=True)).one()


def _is_closed(gate: MailGate, now: datetime) -> bool:
    return gate.closed_until is not None and now < gate.closed_until <= now + SERVER_PAUSES[-1]


# Addresses


def note_refusal(session: Session, address: str, reply: str, *, now: datetime) -> None:
    """Keep what a server said for good of mail to this address; after several such words about it, switch it off."""
    key = address.lower()
    insert_where_free(session, MailAddress, [{"address": key, "failures": 0, "failed_at": now, "last_error": ""}])
    noted = session.get_one(MailAddress, key, with_for_update=True)
    noted.failed_at, noted.last_error = now, reply[:LONGEST_ERROR]
    if is_address_refused(reply):
        noted.failures += 1
        if noted.failures >= MOST_ADDRESS_FAILURES and noted.off_since is None:
            noted.off_since = now
    session.flush()


def _forget_refusals(session: Session, address: str) -> None:
    session.execute(
        delete(MailAddress).where(MailAddress.address == address.lower(), MailAddress.off_since.is_(None)),
        execution_options={"synchronize_session": False},
    )


def list_refused_addresses(session: Session) -> Sequence[MailAddress]:
    """Addresses that refused mail for good, those that are switched off first."""
    order = (MailAddress.off_since.is_(None), MailAddress.failed_at.desc(), MailAddress.address)
    return session.scalars(select(MailAddress).order_by(*order).limit(MOST_ADDRESSES_SHOWN)).all()


MOST_ADDRESSES_SHOWN = 200


def switch_address_on(session: Session, address: str, **by: Unpack[Writing]) -> None:
    """Send to the address again; nothing happens where it refused nothing."""
    noted = session.get(MailAddress, address)
    if noted is None:
        return
    record_change(
        session,
        subject=Subject.MAIL,
        subject_id=None,
        act=Change.SWITCHED_ON,
        before={"address": address, "off_since": noted.off_since, "last_error": noted.last_error},
        after={"address": address, "off_since": None},
        **by,
    )
    session.delete(noted)
    session.flush()


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
DROPPABLE = WAITING | {OutboxState.UNKNOWN}


def requeue(session: Session, mail_id: int, **by: Unpack[Writing]) -> None:
    """Try a mail again now, with all its attempts before it; raises :class:`NotNow` while it is sent or was.

    A mail that was past its time is sent all the same: somebody decided so.
    """
    message = _lock_mail(session, mail_id, REQUEUEABLE)
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
