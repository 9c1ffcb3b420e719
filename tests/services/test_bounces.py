"""Mails that came back: an address is switched off by its own mail only, and only where it is at fault."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.domain.history import Change
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.models import HistoryEntry, OutboxMessage
from taskboard.services import mail_gate
from taskboard.services.bounces import Noted, note_bounce
from taskboard.services.outbox import queue_mail
from tests.support.factories import NOW, make_person

GONE = "5.1.1 550 5.1.1 no such user"


@pytest.fixture
def sent(session: Session) -> OutboxMessage:
    """A mail that our own server took."""
    queue_mail(
        session,
        key="notice:1:1",
        kind=MailKind.NOTICE,
        person_id=make_person(session, "李联络").id,
        to_address="Li@example.org",
        template="issued",
        facts={},
        now=NOW,
    )
    session.execute(update(OutboxMessage).values(state=OutboxState.SENT, sent_at=NOW))
    session.commit()
    return session.scalars(select(OutboxMessage)).one()


def note(session: Session, mail: OutboxMessage, **changes: Any) -> Noted:
    values = {"message_id": mail.message_id, "addresses": ("li@example.org",), "words": GONE}
    return note_bounce(session, **values | changes, now=NOW, entrance="cli")


def off(session: Session) -> list[str]:
    return [one.address for one in mail_gate.list_refused_addresses(session) if one.off_since]


def test_a_mailbox_that_does_not_exist_is_switched_off_and_its_mail_counts_as_failed(
    session: Session, sent: OutboxMessage
) -> None:
    assert note(session, sent) is Noted.SWITCHED_OFF

    assert (sent.state, sent.last_error, off(session)) == (OutboxState.DEAD, GONE, ["li@example.org"])
    entry = session.scalars(select(HistoryEntry).where(HistoryEntry.act == Change.BOUNCED)).one()
    assert (entry.subject_id, entry.actor_id, entry.entrance) == (sent.id, None, "cli")


@pytest.mark.parametrize("words", ["5.2.2 552 5.2.2 mailbox full", "5.7.1 554 5.7.1 policy", "5.3.4 message too big"])
def test_what_is_no_fault_of_the_address_leaves_it_on(session: Session, sent: OutboxMessage, words: str) -> None:
    assert note(session, sent, words=words) is Noted.FAILED

    assert (sent.state, off(session)) == (OutboxState.DEAD, [])


@pytest.mark.parametrize("changes", [{"message_id": "made-up"}, {"addresses": ("wang@example.org",)}])
def test_a_report_about_a_mail_that_we_never_sent_there_changes_nothing(
    session: Session, sent: OutboxMessage, changes: dict[str, Any]
) -> None:
    assert note(session, sent, **changes) is Noted.NOT_OURS

    assert (sent.state, off(session)) == (OutboxState.SENT, [])


def test_a_mail_that_never_went_out_cannot_have_come_back(session: Session, sent: OutboxMessage) -> None:
    sent.state = OutboxState.QUEUED

    assert note(session, sent) is Noted.NOT_OURS


def test_a_report_that_comes_twice_is_noted_once(session: Session, sent: OutboxMessage) -> None:
    note(session, sent)

    assert note(session, sent) is Noted.NOT_OURS
    assert len(session.scalars(select(HistoryEntry).where(HistoryEntry.act == Change.BOUNCED)).all()) == 1
