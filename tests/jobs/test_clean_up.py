"""The nightly clean-up: what goes, and what its run says of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from taskboard.domain.jobs import JobName
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.jobs.runner import run_by_hand
from taskboard.labels.jobs import facts_words
from taskboard.models import OutboxMessage
from taskboard.services import inbox
from taskboard.services.outbox import queue_mail
from taskboard.services.outbox_upkeep import KEEP_READ
from tests.support.factories import NOW, make_person


def test_the_run_says_how_many_old_mails_left_the_outbox(app: APIFlask, session: Session) -> None:
    person = make_person(session, "李联络")
    for number in range(3):
        queue_mail(
            session,
            key=f"old:{number}",
            kind=MailKind.NOTICE,
            person_id=person.id,
            to_address=person.email,
            template="issued",
            facts={},
            now=NOW - KEEP_READ - timedelta(days=2),
        )
    session.execute(update(OutboxMessage).values(state=OutboxState.SENT, read_at=NOW))
    session.commit()

    facts = run_by_hand(app, JobName.CLEAN_UP, date(2026, 11, 23))

    assert facts["mails"] == 3
    assert "删除旧邮件和站内消息 3 封" in facts_words(facts)
    assert session.scalars(select(OutboxMessage)).all() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_takes_the_index_of_the_unread_after_a_night(app: APIFlask, session: Session) -> None:
    person = make_person(session, "李联络")
    for number in range(40):
        queue_mail(
            session,
            key=f"new:{number}",
            kind=MailKind.NOTICE,
            person_id=person.id,
            to_address=person.email,
            template="issued",
            facts={},
            now=NOW,
        )
    session.execute(update(OutboxMessage).where(OutboxMessage.id > 1).values(read_at=NOW))
    # What was counted when there was a mountain of unread messages.
    session.execute(text("ANALYZE"))
    told = "UPDATE sqlite_stat1 SET stat = '90000 90000' WHERE idx = 'ix_outbox_message_unread'"
    session.execute(text(told))
    session.commit()
    session.connection().invalidate()
    session.rollback()
    counting = inbox._COUNT_UNREAD.params(person_id=person.id)
    query = counting.compile(session.get_bind(), compile_kwargs={"literal_binds": True})

    def plan(when: str) -> str:
        # A connection notices new figures when it reads, and a statement of another text is no remembered one.
        assert inbox.count_unread(session, person.id) == 1
        found = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {query} -- {when}").all()
        session.rollback()
        return str(found)

    before = plan("before")
    run_by_hand(app, JobName.CLEAN_UP, date(2026, 11, 23))

    assert "ix_outbox_message_unread" not in before
    assert "ix_outbox_message_unread" in plan("afterwards")
