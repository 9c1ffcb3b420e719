"""Queuing mails: each key once, and never at the cost of the transaction around it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from taskboard.domain.outbox import MailKind, OutboxState, Outcome, RateLimits, Result
from taskboard.models import Department, OutboxMessage, Person
from taskboard.services import mail_gate, outbox_sending
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


# Claims, limits, the gate, addresses


def claim_ids(session: Session, **more: Any) -> list[int]:
    return [mail.id for mail in outbox_sending.claim(session, by=1, **{"now": NOW, **more})]


def queue_many(session: Session, many: int) -> None:
    person = make_person(session, "李联络")
    for number in range(many):
        queue(session, person, str(number))


def test_the_limits_count_what_was_claimed_in_the_last_minute_and_hour(session: Session) -> None:
    queue_many(session, 12)
    limits = RateLimits(per_minute=3, per_hour=7)

    claimed = [
        len(claim_ids(session, limits=limits, now=NOW + timedelta(seconds=seconds)))
        for seconds in (0, 30, 61, 122, 3602)
    ]

    assert claimed == [3, 0, 3, 1, 3]


def test_what_was_given_back_does_not_count(session: Session) -> None:
    queue_many(session, 2)
    limits = RateLimits(per_minute=2)
    mails = outbox_sending.claim(session, by=1, now=NOW, limits=limits)

    outbox_sending.give_back(session, mails)

    assert set(session.scalars(select(OutboxMessage.state))) == {OutboxState.QUEUED}
    assert len(claim_ids(session, limits=limits)) == 2


def test_a_claimed_mail_that_was_taken_out_is_not_begun(session: Session) -> None:
    queue_many(session, 1)
    [mail] = outbox_sending.claim(session, by=1, now=NOW)
    session.execute(update(OutboxMessage).values(state=OutboxState.EXPIRED))

    assert outbox_sending.start(session, mail, now=NOW) is None


def test_nothing_is_claimed_while_mail_is_held(session: Session) -> None:
    queue_many(session, 1)
    mail_gate.hold_mail(session, now=NOW)

    assert claim_ids(session) == []


def test_a_server_that_is_down_is_left_alone_for_a_while(session: Session) -> None:
    queue_many(session, 1)
    mail_gate.note_server(session, is_down=True, now=NOW)

    assert claim_ids(session, now=NOW + timedelta(seconds=29)) == []
    assert len(claim_ids(session, now=NOW + timedelta(seconds=31))) == 1


def test_what_was_queued_by_a_clock_that_ran_ahead_does_not_wait_for_it(session: Session) -> None:
    queue_many(session, 1)
    session.execute(
        update(OutboxMessage).values(created_at=NOW + timedelta(days=1), next_attempt_at=NOW + timedelta(days=1))
    )

    outbox_sending.tidy_queue(session, now=NOW)

    assert len(claim_ids(session)) == 1


def test_an_address_is_switched_off_after_three_refusals_of_it_and_its_mails_end(session: Session) -> None:
    queue_many(session, 1)
    for reply in ("550 5.1.1 unknown", "552 5.2.2 full", "550 5.1.1 unknown", "550 5.7.1 policy"):
        mail_gate.note_refusal(session, "Li@Example.org", reply, now=NOW)
    assert outbox_sending.tidy_queue(session, now=NOW).refused == 0

    mail_gate.note_refusal(session, "li@example.org", "550 5.1.1 unknown", now=NOW)

    assert outbox_sending.tidy_queue(session, now=NOW).refused == 1
    assert session.scalars(select(OutboxMessage.state)).one() is OutboxState.DEAD


def test_an_address_that_takes_a_mail_begins_anew(session: Session) -> None:
    mail_gate.note_refusal(session, "li@example.org", "550 5.1.1 unknown", now=NOW)
    queue_many(session, 1)
    [mail] = outbox_sending.claim(session, by=1, now=NOW)
    begun = outbox_sending.start(session, mail, now=NOW)
    assert begun is not None

    outbox_sending.settle(session, begun, Outcome(Result.ACCEPTED), now=NOW, jitter=0)

    assert mail_gate.list_refused_addresses(session) == []


def test_a_server_that_cannot_be_talked_to_ends_no_mail(session: Session) -> None:
    queue_many(session, 1)
    session.execute(update(OutboxMessage).values(attempts=50))
    [mail] = outbox_sending.claim(session, by=1, now=NOW)
    begun = outbox_sending.start(session, mail, now=NOW)
    assert begun is not None

    state = outbox_sending.settle(
        session, begun, Outcome(Result.LATER, "refused", is_server_down=True), now=NOW, jitter=0
    )

    assert state is OutboxState.RETRY


def test_a_notice_whose_sender_died_is_tried_again_before_all_others(session: Session) -> None:
    queue_many(session, 3)
    first, second, third = outbox_sending.claim(session, by=1, now=NOW)
    for mail in (first, second):
        begun = outbox_sending.start(session, mail, now=NOW)
        assert begun is not None
        if mail is first:
            outbox_sending.settle(session, begun, Outcome(Result.LATER, "451 later"), now=NOW, jitter=0)

    outbox_sending.take_over_claims(session, epoch=2)

    assert claim_ids(session, now=NOW + timedelta(hours=1))[0] == second.id
    assert third.id in session.scalars(select(OutboxMessage.id).where(OutboxMessage.state == OutboxState.CLAIMED)).all()
