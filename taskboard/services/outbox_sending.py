"""Mails on their way: claimed by one sender at a time, and how each attempt ended.

A sender claims some mails under a lease. It writes down that a mail is being sent before anything of it goes over the
wire, and how that ended in the transaction that starts the next one. So whoever dies leaves at most one mail open: a
notice is tried again, and a scheduled mail is shown as unknown, for it may have arrived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Table, Update, and_, bindparam, case, func, or_, select, update
from sqlalchemy.orm import Session

from taskboard.domain.outbox import (
    LONGEST_PAUSE,
    RETRY_PAUSES,
    SCHEDULED,
    WAITING,
    MailKind,
    OutboxState,
    Outcome,
    RateLimits,
    Result,
    retry_pause,
    state_after,
)
from taskboard.labels.mails import ADDRESS_IS_OFF
from taskboard.models import MailAddress, OutboxMessage, Person
from taskboard.services.inserts import change_rows
from taskboard.services.mail_gate import LONGEST_ERROR, forget_refusals, is_closed, lock_gate

LEASE = timedelta(minutes=10)
"""how long one attempt may take, slow servers included, before its mail is looked at again"""
CLAIMED_AT_ONCE = 20
CLOCKS_DIFFER = timedelta(minutes=5)
"""a moment further ahead than this was written by a clock that was set back since"""


@dataclass(frozen=True)
class ClaimedMail:
    """A mail that this sender may send until ``claimed_until``. The texts are there when it was tried before."""

    id: int
    kind: MailKind
    person_id: int
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
    gate = lock_gate(session)
    if gate.held_at is not None or is_closed(gate, now):
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
        change_rows(
            session, taken.values(state=OutboxState.CLAIMED, claimed_at=now, claimed_until=until, claimed_by=by)
        )
    return mails


def _claimed(message: OutboxMessage, until: datetime, was_refused: bool) -> ClaimedMail:
    return ClaimedMail(
        id=message.id,
        kind=message.kind,
        person_id=message.person_id,
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


_TABLE = cast(Table, OutboxMessage.__table__)
_STILL_OURS = and_(
    OutboxMessage.id == bindparam("mail_id"),
    OutboxMessage.state == bindparam("held_as"),
    OutboxMessage.claimed_until == bindparam("held_until"),
)
# Made once: they run once for each mail, and making one takes longer than carrying it out.
_START = (
    update(_TABLE)
    .where(_STILL_OURS)
    .values(
        state=OutboxState.SENDING,
        attempts=bindparam("new_attempts"),
        claimed_until=bindparam("new_claimed_until"),
    )
)
_SETTLE = (
    update(_TABLE)
    .where(_STILL_OURS)
    .values(
        state=bindparam("new_state"),
        claimed_until=None,
        last_error=bindparam("new_error"),
        sent_at=bindparam("new_sent_at"),
        **{
            name: func.coalesce(bindparam(f"new_{name}", type_=_TABLE.c[name].type), _TABLE.c[name])
            for name in ("subject", "text", "html", "next_attempt_at")
        },
    )
)


def start(session: Session, mail: ClaimedMail, *, now: datetime) -> ClaimedMail | None:
    """Write down that the mail is being handed over from now on; to be committed before anything of it is.

    ``None`` where it is not this sender's any more: its lease was over, or somebody took it out.
    """
    until = now + LEASE
    values = {"new_attempts": mail.attempts, "new_claimed_until": until}
    is_begun = _write(session, _START, mail, OutboxState.CLAIMED, values)
    return replace(mail, claimed_until=until) if is_begun else None


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
    subject, words, html = rendered or (None, None, None)
    values = {
        "new_state": state,
        "new_error": None if outcome.result is Result.ACCEPTED else outcome.detail[:LONGEST_ERROR],
        "new_sent_at": now if state is OutboxState.SENT else None,
        "new_next_attempt_at": now + pause if state is OutboxState.RETRY and pause is not None else None,
        "new_subject": subject,
        "new_text": words,
        "new_html": html,
    }
    if not _write(session, _SETTLE, mail, OutboxState.SENDING, values):
        return None
    if state is OutboxState.SENT and mail.was_refused:
        forget_refusals(session, mail.to_address)
    return state


def _write(
    session: Session, statement: Update, mail: ClaimedMail, held_as: OutboxState, values: Mapping[str, Any]
) -> bool:
    """Write where this sender still holds the mail; whether it does."""
    held = {"mail_id": mail.id, "held_as": held_as, "held_until": mail.claimed_until}
    return session.connection().execute(statement, {**held, **values}).rowcount == 1


def give_back(session: Session, mails: Sequence[ClaimedMail]) -> int:
    """Let mails that were claimed and not begun wait again, as if they had never been claimed."""
    ours = update(OutboxMessage).where(
        OutboxMessage.id.in_([mail.id for mail in mails]),
        OutboxMessage.state == OutboxState.CLAIMED,
        OutboxMessage.claimed_until.in_({mail.claimed_until for mail in mails}),
    )
    return change_rows(session, ours.values(**_UNCLAIMED, claimed_at=None))


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
        expired=change_rows(session, expired.values(state=OutboxState.EXPIRED)),
        refused=change_rows(session, refused.values(state=OutboxState.DEAD, last_error=ADDRESS_IS_OFF)),
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
    returned = change_rows(session, claimed.values(_UNCLAIMED)) + change_rows(session, again)
    return returned, change_rows(session, unknown)


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
    change_rows(session, stuck.values(next_attempt_at=now))


def _claimed_lately(session: Session, now: datetime) -> dict[str, int]:
    """How many were claimed within the last minute and hour; moments ahead are of a clock that was set back."""
    is_of_last_minute = OutboxMessage.claimed_at > now - timedelta(minutes=1)
    counts = session.execute(
        select(func.count().filter(is_of_last_minute), func.count()).where(
            OutboxMessage.claimed_at > now - timedelta(hours=1), OutboxMessage.claimed_at <= now
        )
    ).one()
    return {"in_last_minute": counts[0], "in_last_hour": counts[1]}
