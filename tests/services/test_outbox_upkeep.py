"""What is old leaves the outbox, and with it the inbox; what is open, unread or still spoken of stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.domain.jobs import FURTHEST_BACK
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.models import OutboxMessage, Person
from taskboard.services import outbox_upkeep
from taskboard.services.outbox import queue_mail
from tests.support.factories import NOW, make_person

YEAR = timedelta(days=365)
JUST_OLD = outbox_upkeep.KEEP_READ + timedelta(days=1)
VERY_OLD = outbox_upkeep.KEEP_UNREAD + timedelta(days=1)


@pytest.fixture
def li(session: Session) -> Person:
    return make_person(session, "李联络")


def mail(
    session: Session, person: Person, name: str, *, age: timedelta, state: OutboxState, is_read: bool = True
) -> int:
    written_at = NOW - age
    queue_mail(
        session,
        key=name,
        kind=MailKind.NOTICE,
        person_id=person.id,
        to_address=person.email,
        template="issued",
        facts={},
        now=written_at,
    )
    session.execute(
        update(OutboxMessage).where(OutboxMessage.key == name).values(state=state, read_at=NOW if is_read else None)
    )
    return session.scalars(select(OutboxMessage.id).where(OutboxMessage.key == name)).one()


def remove(session: Session, *, most: int = 100) -> int:
    found = outbox_upkeep.find_old_mails(session, now=NOW, most=most)
    removed = outbox_upkeep.remove_old_mails(session, found, now=NOW)
    assert removed == len(found)
    return removed


def kept(session: Session) -> set[str]:
    return set(session.scalars(select(OutboxMessage.key)))


@pytest.mark.parametrize("state", sorted(outbox_upkeep.OVER))
def test_a_mail_that_is_over_goes_when_nobody_needs_it_any_more(
    session: Session, li: Person, state: OutboxState
) -> None:
    mail(session, li, "read, a year ago", age=YEAR, state=state)
    mail(session, li, "read, longer ago", age=JUST_OLD, state=state)
    mail(session, li, "unread, longer ago", age=JUST_OLD, state=state, is_read=False)
    mail(session, li, "unread, very long ago", age=VERY_OLD, state=state, is_read=False)

    assert remove(session) == 2

    assert kept(session) == {"read, a year ago", "unread, longer ago"}


@pytest.mark.parametrize("state", sorted(set(OutboxState) - outbox_upkeep.OVER))
def test_a_mail_that_waits_or_has_to_be_decided_stays_whatever_its_age(
    session: Session, li: Person, state: OutboxState
) -> None:
    mail(session, li, "open", age=VERY_OLD, state=state)

    assert remove(session) == 0
    assert kept(session) == {"open"}


def test_a_morning_mail_stays_with_the_unread_notices_that_it_carried(session: Session, li: Person) -> None:
    carrier = mail(session, li, "morning", age=JUST_OLD, state=OutboxState.SENT)
    notice = mail(session, li, "notice", age=JUST_OLD, state=OutboxState.TOLD, is_read=False)
    session.execute(update(OutboxMessage).where(OutboxMessage.id == notice).values(told_in_id=carrier))

    assert remove(session) == 0

    session.execute(update(OutboxMessage).where(OutboxMessage.id == notice).values(read_at=NOW))
    assert remove(session) == 1
    assert remove(session) == 1
    assert kept(session) == set()


def test_so_many_are_removed_at_a_time(session: Session, li: Person) -> None:
    for number in range(5):
        mail(session, li, f"old {number}", age=JUST_OLD, state=OutboxState.SENT)

    assert [remove(session, most=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_mail_that_somebody_sends_again_meanwhile_stays(session: Session, li: Person) -> None:
    mail(session, li, "dead", age=JUST_OLD, state=OutboxState.DEAD)
    found = outbox_upkeep.find_old_mails(session, now=NOW)
    session.execute(update(OutboxMessage).values(state=OutboxState.QUEUED))

    assert outbox_upkeep.remove_old_mails(session, found, now=NOW) == 0
    assert kept(session) == {"dead"}


def test_no_key_is_forgotten_while_its_job_can_be_run_again_on_the_page() -> None:
    assert outbox_upkeep.KEEP_READ > FURTHEST_BACK
    assert outbox_upkeep.KEEP_UNREAD > outbox_upkeep.KEEP_READ
