"""Mails that came back: what is known of them afterwards, and addresses that are switched off for it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from taskboard.domain.history import Change, Subject
from taskboard.domain.outbox import OutboxState, is_address_refused
from taskboard.models import MailAddress, OutboxMessage
from taskboard.services.history import record_change
from taskboard.services.inserts import insert_where_free
from taskboard.services.mail_gate import LONGEST_ERROR

WENT_OUT = frozenset({OutboxState.SENT, OutboxState.UNKNOWN})


class Noted(StrEnum):
    """What became of a report."""

    NOT_OURS = "not_ours"
    """no mail with that Message-ID went to that address, or it is known already that it came back"""
    FAILED = "failed"
    """the mail counts as not delivered; the address is not to blame: a full mailbox, a policy, a mail too large"""
    SWITCHED_OFF = "switched_off"
    """there is no such mailbox: nothing is sent there any more"""


def note_bounce(
    session: Session, *, message_id: str, addresses: Collection[str], words: str, now: datetime, entrance: str
) -> Noted:
    """Write down that a mail of ours came back for good.

    Whoever reports has to know the Message-ID of a mail that we sent to that very address: it is random, so nobody but
    those who had the mail in hand can make it up. A report that comes twice changes nothing the second time.
    """
    message = session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.message_id == message_id,
            func.lower(OutboxMessage.to_address).in_(addresses),
            OutboxMessage.state.in_(WENT_OUT),
        )
        .with_for_update()
    ).one_or_none()
    if message is None:
        return Noted.NOT_OURS
    before = {"state": message.state}
    message.state, message.last_error = OutboxState.DEAD, words[:LONGEST_ERROR]
    noted = Noted.FAILED
    if is_address_refused(words):
        noted = Noted.SWITCHED_OFF
        _switch_off(session, message.to_address, words, now)
    session.flush()
    record_change(
        session,
        subject=Subject.MAIL,
        subject_id=message.id,
        act=Change.BOUNCED,
        actor=None,
        now=now,
        entrance=entrance,
        before=before,
        after={"state": message.state, "last_error": message.last_error, "is_off": noted is Noted.SWITCHED_OFF},
    )
    return noted


def _switch_off(session: Session, address: str, words: str, now: datetime) -> None:
    key = address.lower()
    insert_where_free(session, MailAddress, [{"address": key, "failures": 0, "failed_at": now, "last_error": ""}])
    noted = session.get_one(MailAddress, key, with_for_update=True)
    noted.failures += 1
    noted.failed_at, noted.last_error = now, words[:LONGEST_ERROR]
    noted.off_since = noted.off_since or now
