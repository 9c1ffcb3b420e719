"""Whether mail may leave at all, and to which addresses it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Unpack

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotNow
from taskboard.domain.history import Change, Subject
from taskboard.domain.outbox import (
    BEFORE_THE_WIRE,
    MOST_ADDRESS_FAILURES,
    SERVER_PAUSES,
    OutboxState,
    is_address_refused,
    server_pause,
)
from taskboard.models import MailAddress, MailGate, OutboxMessage
from taskboard.services.history import Writing, record_change
from taskboard.services.inserts import change_rows, insert_where_free

LONGEST_ERROR = 2000
MOST_ADDRESSES_SHOWN = 200


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
    gate = lock_gate(session)
    gate.failures = gate.failures + 1 if is_down else 0
    gate.closed_until = now + server_pause(gate.failures) if is_down else None
    session.flush()


def hold_mail(session: Session, *, now: datetime) -> None:
    """Let nothing leave until a person says so: after a restore what waits may have gone out already."""
    lock_gate(session).held_at = now
    session.flush()


def release_mail(session: Session, *, drops_older: bool, **by: Unpack[Writing]) -> int:
    """Let mail leave again; raises :class:`NotNow` where it is not held.

    With ``drops_older`` what has waited since before the hold is taken out, and its number given.
    """
    gate = lock_gate(session)
    if gate.held_at is None:
        raise NotNow(state="released")
    held_at, gate.held_at = gate.held_at, None
    session.flush()
    older = update(OutboxMessage).where(OutboxMessage.state.in_(BEFORE_THE_WIRE), OutboxMessage.created_at <= held_at)
    dropped = change_rows(session, older.values(state=OutboxState.EXPIRED)) if drops_older else 0
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


def lock_gate(session: Session) -> MailGate:
    """The gate, locked until the transaction ends: senders claim one after the other."""
    insert_where_free(session, MailGate, [{"id": 1, "failures": 0}])
    return session.scalars(select(MailGate).with_for_update().execution_options(populate_existing=True)).one()


def is_closed(gate: MailGate, now: datetime) -> bool:
    """Whether the server is left alone just now."""
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


def forget_refusals(session: Session, address: str) -> None:
    """The address took mail again; one that is switched off stays so."""
    session.execute(
        delete(MailAddress).where(MailAddress.address == address.lower(), MailAddress.off_since.is_(None)),
        execution_options={"synchronize_session": False},
    )


def list_refused_addresses(session: Session) -> Sequence[MailAddress]:
    """Addresses that refused mail for good, those that are switched off first."""
    order = (MailAddress.off_since.is_(None), MailAddress.failed_at.desc(), MailAddress.address)
    return session.scalars(select(MailAddress).order_by(*order).limit(MOST_ADDRESSES_SHOWN)).all()


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
