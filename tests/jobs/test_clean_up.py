"""The nightly clean-up: what goes, and what its run says of it."""

from __future__ import annotations

from datetime import date, timedelta

from apiflask import APIFlask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.domain.jobs import JobName
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.jobs.runner import run_by_hand
from taskboard.labels.jobs import facts_words
from taskboard.models import OutboxMessage
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
