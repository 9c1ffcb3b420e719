"""A person's messages: the rows of the outbox, theirs alone, whatever became of the mail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotFound
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.models import OutboxMessage, Person
from taskboard.services import inbox, outbox_sending
from taskboard.services.outbox import queue_mail
from tests.support.factories import NOW, make_person
from tests.support.queries import counted_queries


@pytest.fixture
def li(session: Session) -> Person:
    return make_person(session, "李联络")


@pytest.fixture
def wang(session: Session) -> Person:
    return make_person(session, "王配合")


def tell(
    session: Session, person: Person, number: int = 1, *, template: str = "issued", has_address: bool = True
) -> int:
    queue_mail(
        session,
        key=f"notice:{number}:{person.id}",
        kind=MailKind.NOTICE,
        person_id=person.id,
        to_address=person.email if has_address else None,
        template=template,
        facts={"number": number},
        now=NOW + timedelta(minutes=number),
    )
    return session.scalars(select(OutboxMessage.id).order_by(OutboxMessage.id.desc()).limit(1)).one()


def test_a_notice_stands_in_the_inbox_from_the_moment_it_is_queued(session: Session, li: Person) -> None:
    first, second = tell(session, li, 1), tell(session, li, 2)

    page = inbox.list_messages(session, li.id)

    assert [(one.id, one.subject, one.facts, one.is_read) for one in page.rows] == [
        (second, None, {"number": 2}, False),
        (first, None, {"number": 1}, False),
    ]
    assert inbox.count_unread(session, li.id) == 2


def test_who_has_no_address_has_the_message_and_no_sender_takes_it(session: Session, li: Person) -> None:
    message_id = tell(session, li, has_address=False)

    assert outbox_sending.claim(session, by=1, now=NOW + timedelta(days=1)) == []

    message = inbox.get_message(session, message_id, li.id)
    assert (message.state, message.to_address) == (OutboxState.INBOX_ONLY, "")


@pytest.mark.parametrize("state", list(OutboxState))
def test_a_message_stays_whatever_becomes_of_its_mail(session: Session, li: Person, state: OutboxState) -> None:
    message_id = tell(session, li)
    session.get_one(OutboxMessage, message_id).state = state
    session.flush()

    assert [one.id for one in inbox.list_messages(session, li.id).rows] == [message_id]
    assert inbox.count_unread(session, li.id) == 1


@pytest.mark.parametrize("template", ["invitation", "reset"])
def test_the_mail_that_opened_the_account_is_no_news(session: Session, li: Person, template: str) -> None:
    tell(session, li, template=template)

    assert inbox.count_unread(session, li.id) == 0
    assert [one.is_read for one in inbox.list_messages(session, li.id).rows] == [True]


def test_reading_is_kept_with_its_first_moment(session: Session, li: Person) -> None:
    message_id = tell(session, li)

    inbox.mark_read(session, message_id, li.id, now=NOW)
    inbox.mark_read(session, message_id, li.id, now=NOW + timedelta(hours=1))

    assert session.scalar(select(OutboxMessage.read_at)) == NOW
    assert inbox.count_unread(session, li.id) == 0
    assert inbox.list_messages(session, li.id, only_unread=True).rows == []


def test_a_message_can_be_made_to_stand_out_again(session: Session, li: Person) -> None:
    message_id = tell(session, li)
    inbox.mark_read(session, message_id, li.id, now=NOW)

    inbox.mark_unread(session, message_id, li.id)

    assert inbox.count_unread(session, li.id) == 1


def test_marking_all_leaves_out_what_came_while_one_looked(session: Session, li: Person, wang: Person) -> None:
    tell(session, li, 1)
    tell(session, wang, 1)
    seen = inbox.newest_id(session, li.id)
    later = tell(session, li, 2)

    assert inbox.mark_all_read(session, li.id, up_to=seen, now=NOW) == 1

    assert [one.id for one in inbox.list_messages(session, li.id, only_unread=True).rows] == [later]
    assert inbox.count_unread(session, wang.id) == 1


def test_messages_of_others_do_not_exist(session: Session, li: Person, wang: Person) -> None:
    message_id = tell(session, li)

    with pytest.raises(NotFound):
        inbox.get_message(session, message_id, wang.id)
    with pytest.raises(NotFound):
        inbox.mark_unread(session, message_id, wang.id)
    inbox.mark_read(session, message_id, wang.id, now=NOW)

    assert inbox.list_messages(session, wang.id).rows == []
    assert inbox.count_unread(session, li.id) == 1


def test_counting_stops_at_a_hundred_and_is_one_query_on_its_index(session: Session, li: Person) -> None:
    for number in range(inbox.MOST_COUNTED + 5):
        tell(session, li, number)

    with counted_queries(session.get_bind().engine) as statements:  # type: ignore[union-attr]
        assert inbox.count_unread(session, li.id) == inbox.MOST_COUNTED

    assert len(statements) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_unread_are_found_by_their_index(session: Session, li: Person) -> None:
    for number in range(40):
        tell(session, li, number)
    # Most are read, and SQLite knows: without its figures both indexes of a person's messages look the same to it.
    session.execute(update(OutboxMessage).where(OutboxMessage.id > 1).values(read_at=NOW))
    session.execute(text("ANALYZE"))
    counting = inbox._COUNT_UNREAD.params(person_id=li.id)
    query = counting.compile(session.get_bind(), compile_kwargs={"literal_binds": True})

    plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()

    assert any("ix_outbox_message_unread" in row[-1] for row in plan), plan


def test_a_page_of_messages_takes_three_queries(session: Session, li: Person) -> None:
    for number in range(60):
        tell(session, li, number)

    with counted_queries(session.get_bind().engine) as statements:  # type: ignore[union-attr]
        page = inbox.list_messages(session, li.id, number=2)

    assert (len(page.rows), page.total, len(statements)) == (10, 60, 3)
