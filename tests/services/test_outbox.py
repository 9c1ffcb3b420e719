"""Queuing mails: each key once, and never at the cost of the transaction around it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.models import Department, OutboxMessage, Person
from taskboard.services.outbox import queue_mail
from tests.support.factories import NOW, make_person


def queue(session: Session, person: Person, key: str = "notice:1:1", **more: Any) -> bool:
    return queue_mail(
        session,
        key=key,
        kind=MailKind.NOTICE,
        person_id=person.id,
        to_address="li@example.org",
        template="issued",
        facts={"task": "推进第1项工作"},
        now=NOW,
        **more,
    )


def test_a_queued_mail_waits_to_be_sent(session: Session) -> None:
    person = make_person(session, "李联络")

    assert queue(session, person) is True

    message = session.scalars(select(OutboxMessage)).one()
    assert message.state is OutboxState.QUEUED
    assert message.facts == {"task": "推进第1项工作"}
    assert message.next_attempt_at == NOW
    assert (message.attempts, message.subject, message.sent_at) == (0, None, None)


def test_the_same_key_is_queued_once(session: Session) -> None:
    person = make_person(session, "李联络")

    assert [queue(session, person), queue(session, person)] == [True, False]

    assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 1


def test_a_key_that_is_taken_does_not_break_the_transaction_around_it(session: Session) -> None:
    person = make_person(session, "李联络")
    queue(session, person)
    session.add(Department(name="市审计局"))
    session.flush()

    queue(session, person)
    session.commit()

    assert session.scalar(select(Department.name)) == "市审计局"


def test_every_mail_has_a_message_id_of_its_own(session: Session) -> None:
    person = make_person(session, "李联络")

    queue(session, person, "notice:1:1")
    queue(session, person, "notice:2:1")

    assert len(set(session.scalars(select(OutboxMessage.message_id)))) == 2


@pytest.mark.parametrize(
    ("kind", "template", "waits"),
    [
        (MailKind.NOTICE, "issued", True),
        (MailKind.NOTICE, "reminded", False),
        (MailKind.NOTICE, "reset", False),
        (MailKind.MORNING, "morning", False),
    ],
)
def test_notices_of_acts_wait_for_office_hours_and_what_is_urgent_does_not(
    session: Session, kind: MailKind, template: str, waits: bool
) -> None:
    saturday = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    monday = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    person = make_person(session, "周办事")

    queue_mail(
        session,
        key="one",
        kind=kind,
        person_id=person.id,
        to_address="zhou@example.org",
        template=template,
        facts={},
        now=saturday,
    )

    [message] = session.scalars(select(OutboxMessage))
    assert message.next_attempt_at == (monday if waits else saturday)
