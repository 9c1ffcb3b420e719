"""What administrators do with held mails and refused addresses, and what monitors read."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.app import create_app
from taskboard.clock import SettableClock
from taskboard.config import Settings
from taskboard.domain.jobs import SchedulerEventKind
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.extensions import db
from taskboard.models import HistoryEntry, MailAddress, MailGate, OutboxMessage, Person
from taskboard.services import jobs, mail_gate, outbox
from taskboard.web.health import views as health
from tests.support.factories import Usual
from tests.support.visitor import Visitor

TOKEN = "a token that monitors show"


def add_mail(session: Session, person: Person, clock: SettableClock, key: str = "a", **changes: Any) -> int:
    outbox.queue_mail(
        session,
        key=key,
        kind=MailKind.NOTICE,
        person_id=person.id,
        to_address=str(person.email),
        template="issued",
        facts={},
        now=clock.now(),
    )
    mail = session.scalars(select(OutboxMessage).where(OutboxMessage.key == key)).one()
    for name, value in changes.items():
        setattr(mail, name, value)
    session.commit()
    return mail.id


def state_of(session: Session, mail_id: int) -> OutboxState:
    session.rollback()
    session.expire_all()
    return session.get_one(OutboxMessage, mail_id).state


@pytest.mark.parametrize(
    ("before", "words", "after"),
    [
        (OutboxState.QUEUED, "取消发送", OutboxState.EXPIRED),
        (OutboxState.RETRY, "取消发送", OutboxState.EXPIRED),
        (OutboxState.UNKNOWN, "认定已送达", OutboxState.SENT),
    ],
)
def test_a_person_decides_about_a_mail(
    *,
    visitor: Visitor,
    usual: Usual,
    session: Session,
    clock: SettableClock,
    before: OutboxState,
    words: str,
    after: OutboxState,
) -> None:
    mail_id = add_mail(session, usual.li, clock, state=before)
    visitor.enter(usual.sun)
    assert words in visitor.get("/outbox").text
    assert words in visitor.get(f"/outbox/{mail_id}").text

    assert visitor.post(f"/outbox/{mail_id}/drop").status_code == 302

    assert state_of(session, mail_id) is after
    assert session.scalars(select(HistoryEntry.act).order_by(HistoryEntry.id.desc())).first() is not None


@pytest.mark.parametrize("state", [OutboxState.SENT, OutboxState.SENDING, OutboxState.DEAD])
def test_what_went_out_or_is_going_cannot_be_taken_out(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock, state: OutboxState
) -> None:
    mail_id = add_mail(session, usual.li, clock, state=state)

    assert visitor.enter(usual.sun).post(f"/outbox/{mail_id}/drop").status_code == 409

    assert state_of(session, mail_id) is state


@pytest.mark.parametrize(("drops_older", "state"), [("1", OutboxState.EXPIRED), ("", OutboxState.QUEUED)])
def test_held_mail_leaves_when_an_administrator_says_so(
    *,
    visitor: Visitor,
    usual: Usual,
    session: Session,
    clock: SettableClock,
    drops_older: str,
    state: OutboxState,
) -> None:
    mail_id = add_mail(session, usual.li, clock)
    mail_gate.hold_mail(session, now=clock.now())
    session.commit()
    visitor.enter(usual.sun)
    assert "起暂停发信" in visitor.get("/jobs").text
    assert "起暂停发信" in visitor.get("/outbox").text

    assert visitor.post("/outbox/release", drops_older=drops_older).status_code == 302

    assert state_of(session, mail_id) is state
    assert session.scalars(select(MailGate.held_at)).one() is None
    assert visitor.post("/outbox/release").status_code == 409


def test_an_address_that_was_switched_off_is_shown_and_switched_on_again(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    for _ in range(3):
        mail_gate.note_refusal(session, "Li@example.org", "550 5.1.1 <b>no such mailbox</b>", now=clock.now())
    session.commit()
    visitor.enter(usual.sun)
    page = visitor.get("/outbox").text
    assert "已停用" in page
    assert "&lt;b&gt;no such mailbox" in page

    for _ in range(2):
        assert visitor.post("/outbox/addresses/switch-on", address="li@example.org").status_code == 302

    session.rollback()
    assert session.scalars(select(MailAddress)).all() == []


def test_what_befell_the_scheduler_is_on_the_page(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    jobs.record_event(
        session,
        SchedulerEventKind.CLOCK_STEPPED,
        holder="server:42",
        epoch=3,
        now=clock.now(),
        facts={"seconds": -3600},
    )
    session.commit()

    page = visitor.enter(usual.sun).get("/jobs").text

    assert "时钟被调整" in page
    assert "-3600 秒" in page


# Monitors


def test_without_a_token_set_there_are_no_figures(visitor: Visitor) -> None:
    assert visitor.get("/metrics").status_code == 404


def test_figures_are_for_who_shows_the_token(
    settings: Settings, usual: Usual, session: Session, clock: SettableClock
) -> None:
    add_mail(session, usual.li, clock, state=OutboxState.DEAD)
    jobs.acquire_lease(session, holder="a", now=clock.now())
    session.commit()
    app = create_app(replace(settings, metrics_token=TOKEN), clock=clock)
    client = app.test_client()

    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 401
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    lines = answer.text.splitlines()
    assert 'taskboard_mails{state="dead"} 1' in lines
    assert "taskboard_scheduler_up 1" in lines
    assert 'taskboard_job_last_success{job="morning-mail"} 0' in lines
    assert sum(line.startswith("# TYPE taskboard_mails ") for line in lines) == 1
    with app.app_context():
        db.engine.dispose()


def test_two_monitors_that_ask_at_the_same_moment_are_both_answered(
    app: APIFlask, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_asked, may_go_on, find = threading.Event(), threading.Event(), health.find_heartbeat

    def find_slowly(session: Session, *, now: datetime) -> jobs.Heartbeat | None:
        is_asked.set()
        may_go_on.wait(5)
        return find(session, now=now)

    monkeypatch.setattr(health, "find_heartbeat", find_slowly)
    with ThreadPoolExecutor(2) as monitors:
        first = monitors.submit(lambda: app.test_client().get("/healthz").status_code)
        assert is_asked.wait(5)
        second = monitors.submit(lambda: app.test_client().get("/healthz").status_code)
        wait([second], timeout=0.2)
        may_go_on.set()

        assert (first.result(), second.result()) == (200, 200)


def test_a_database_that_hangs_is_told_to_monitors_within_seconds(
    visitor: Visitor, usual: Usual, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(health, "find_heartbeat", lambda *_args, **_more: over.wait(20) and None)

    assert visitor.get("/healthz").status_code == 503
    # While that question hangs no other is asked.
    assert visitor.get("/healthz/scheduler").status_code == 503

    over.set()
