"""Delivering the outbox to a real SMTP server that sometimes misbehaves: nothing lost, nothing sent twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from email.message import EmailMessage
from itertools import pairwise
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from taskboard.clock import SettableClock
from taskboard.domain.jobs import JobName
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.jobs.runner import run_by_hand
from taskboard.mail import delivery
from taskboard.mail.rendering import MailRenderer, RenderedMail
from taskboard.models import JobRun, OutboxMessage, Person
from taskboard.services import outbox_sending
from taskboard.services.outbox import queue_mail
from taskboard.services.outbox_sending import claim, start
from taskboard.services.outbox_upkeep import requeue
from tests.support.factories import NOBODY, make_person
from tests.support.smtp import Drop, SmtpServer

FACTS: dict[str, Any] = {
    "person": "李联络",
    "day": "2026-11-23",
    "week": [2026, 48],
    "since": "2026-11-16",
    "is_estimated": False,
    "posts": [{"department": "市教育局", "role": "liaison", "is_stand_in": False}],
    "sections": [],
    "parts": [],
    "jobs": None,
}


def queue(
    session: Session, person: Person, clock: SettableClock, *, kind: MailKind = MailKind.NOTICE, **more: Any
) -> None:
    values: dict[str, Any] = {
        "key": f"{kind}:{person.id}",
        "template": "morning",
        "facts": FACTS,
        "to_address": person.email,
    }
    queue_mail(session, kind=kind, person_id=person.id, now=clock.now(), **values | more)
    session.commit()


def people(session: Session, *usernames: str) -> list[Person]:
    return [make_person(session, username, username=username) for username in usernames]


def deliver(app: APIFlask, clock: SettableClock) -> Any:
    return run_by_hand(app, JobName.DELIVER_MAIL, clock.now().date())


def states(session: Session) -> dict[str, OutboxState]:
    session.rollback()
    rows = session.execute(select(OutboxMessage.to_address, OutboxMessage.state))
    return {address.partition("@")[0]: state for address, state in rows}


def recipients(server: SmtpServer) -> list[str]:
    return [address.partition("@")[0] for mail in server.received for address in mail.recipients]


def test_what_is_queued_is_sent_once(
    mailing: APIFlask, session: Session, clock: SettableClock, smtp_server: SmtpServer
) -> None:
    for person in people(session, "li", "wang"):
        queue(session, person, clock)

    first, second = deliver(mailing, clock), deliver(mailing, clock)

    assert recipients(smtp_server) == ["li", "wang"]
    assert smtp_server.connections == 1
    assert (first, second) == ({"sent": 2}, {})
    message = session.scalars(select(OutboxMessage).limit(1)).one()
    assert (message.sent_at, message.attempts, message.last_error) == (clock.now(), 1, None)
    assert message.subject and message.text and message.html


def test_notices_of_acts_go_before_scheduled_mails(
    mailing: APIFlask, session: Session, clock: SettableClock, smtp_server: SmtpServer
) -> None:
    digest, notice = people(session, "digest", "notice")
    queue(session, digest, clock, kind=MailKind.WEEKLY_DIGEST)
    clock.moment += timedelta(minutes=1)
    queue(session, notice, clock)

    deliver(mailing, clock)

    assert recipients(smtp_server) == ["notice", "digest"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_that_a_mail_arrived_is_written_down_though_the_database_ended_the_first_transaction(
    mailing: APIFlask,
    session: Session,
    clock: SettableClock,
    smtp_server: SmtpServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [li] = people(session, "li")
    queue(session, li, clock, kind=MailKind.WEEKLY_DIGEST)
    settle = outbox_sending.settle
    stood_still: list[bool] = []

    def stand_still_once(writing: Session, *args: Any, **more: Any) -> Any:
        if not stood_still:
            stood_still.append(True)
            writing.execute(text("SET LOCAL idle_in_transaction_session_timeout = '20ms'"))
            time.sleep(0.3)
        return settle(writing, *args, **more)

    monkeypatch.setattr(outbox_sending, "settle", stand_still_once)
    monkeypatch.setattr(delivery, "PATIENCE", (0.01,))

    facts = deliver(mailing, clock)

    assert stood_still
    assert facts == {"sent": 1}
    assert states(session) == {"li": OutboxState.SENT}
    assert recipients(smtp_server) == ["li"]


def test_while_the_server_is_down_mails_wait_and_all_arrive_once_it_is_back(
    mailing: APIFlask, session: Session, clock: SettableClock, smtp_server: SmtpServer
) -> None:
    for person in people(session, "li", "wang", "zhao"):
        queue(session, person, clock)
    smtp_server.stop()

    facts = deliver(mailing, clock)

    assert facts["retry"] == 1
    assert facts["trouble"].startswith("连不上邮件服务器")
    assert states(session) == {"li": OutboxState.RETRY, "wang": OutboxState.QUEUED, "zhao": OutboxState.QUEUED}
    smtp_server.start()
    clock.moment += timedelta(hours=1)
    deliver(mailing, clock)
    assert sorted(recipients(smtp_server)) == ["li", "wang", "zhao"]


def test_pauses_grow_and_it_is_tried_for_more_than_a_day(
    mailing: APIFlask, session: Session, clock: SettableClock, smtp_server: SmtpServer
) -> None:
    [person] = people(session, "li")
    queue(session, person, clock)
    smtp_server.otherwise = "451 4.3.0 later"
    start, attempts = clock.now(), []
    while states(session)["li"] is not OutboxState.DEAD:
        clock.moment = session.scalars(select(OutboxMessage.next_attempt_at)).one()
        attempts.append(clock.now())
        deliver(mailing, clock)

    pauses = [later - earlier for earlier, later in pairwise(attempts)]
    assert attempts[-1] - start > timedelta(hours=24)
    assert pauses[:7] == sorted(pauses[:7])
    assert session.scalars(select(OutboxMessage.last_error)).one() == "451 4.3.0 later"


def test_a_refused_recipient_keeps_nobody_else_waiting(
    mailing: APIFlask, session: Session, clock: SettableClock, smtp_server: SmtpServer
) -> None:
    for person in people(session, "gone", "wang"):
        queue(session, person, clock)
    smtp_server.refused_recipients["gone@example.org"] = "550 5.1.1 no such mailbox"

    facts = deliver(mailing, clock)

    assert facts == {"dead": 1, "sent": 1}
    assert states(session) == {"gone": OutboxState.DEAD, "wang": OutboxState.SENT}
    error = session.scalar(select(OutboxMessage.last_error).where(OutboxMessage.state == OutboxState.DEAD))
    assert error == "550 5.1.1 no such mailbox"


def test_a_server_that_dies_in_the_middle_gets_each_mail_it_accepted_only_once(
    mailing: APIFlask, session: Session, clock: SettableClock, smtp_server: SmtpServer
) -> None:
    for person in people(session, "a", "b", "c", "d"):
        queue(session, person, clock)
    smtp_server.answers.extend(["250 2.0.0 ok", Drop.BEFORE_DATA])

    deliver(mailing, clock)
    clock.moment += timedelta(hours=1)
    deliver(mailing, clock)

    assert sorted(recipients(smtp_server)) == ["a", "b", "c", "d"]
    assert set(states(session).values()) == {OutboxState.SENT}


def test_a_notice_without_an_answer_is_sent_again_under_the_same_message_id(
    mailing: APIFlask, session: Session, clock: SettableClock, smtp_server: SmtpServer
) -> None:
    [person] = people(session, "li")
    queue(session, person, clock)
    smtp_server.answers.append(Drop.AFTER_DATA)

    deliver(mailing, clock)
    clock.moment += timedelta(hours=1)
    deliver(mailing, clock)

    assert states(session) == {"li": OutboxState.SENT}
    assert len(smtp_server.received) == 2
    assert len({(mail.message["Message-ID"], mail.text()) for mail in smtp_server.received}) == 1


@pytest.mark.parametrize("kind", [MailKind.MORNING, MailKind.WEEKLY_DIGEST])
def test_a_scheduled_mail_without_an_answer_is_left_to_a_person(
    mailing: APIFlask, session: Session, clock: SettableClock, smtp_server: SmtpServer, kind: MailKind
) -> None:
    [person] = people(session, "li")
    queue(session, person, clock, kind=kind)
    smtp_server.answers.append(Drop.AFTER_DATA)

    deliver(mailing, clock)
    clock.moment += timedelta(hours=1)
    deliver(mailing, clock)

    assert states(session) == {"li": OutboxState.UNKNOWN}
    assert len(smtp_server.received) == 1


@pytest.mark.parametrize(
    ("kind", "copies", "state"),
    [(MailKind.NOTICE, 1, OutboxState.SENT), (MailKind.MORNING, 0, OutboxState.UNKNOWN)],
)
def test_a_sender_that_died_leaves_one_mail_that_is_looked_after_when_its_lease_is_over(
    *,
    mailing: APIFlask,
    session: Session,
    clock: SettableClock,
    smtp_server: SmtpServer,
    kind: MailKind,
    copies: int,
    state: OutboxState,
) -> None:
    [person] = people(session, "li")
    queue(session, person, clock, kind=kind)
    [mail] = claim(session, by=0, now=clock.now())
    assert start(session, mail, now=clock.now())
    session.commit()

    deliver(mailing, clock)
    assert states(session) == {"li": OutboxState.SENDING}
    clock.moment += timedelta(minutes=11)
    deliver(mailing, clock)

    assert states(session) == {"li": state}
    assert len(smtp_server.received) == copies


def test_a_mail_past_its_time_is_not_sent(
    mailing: APIFlask, session: Session, clock: SettableClock, smtp_server: SmtpServer
) -> None:
    [person] = people(session, "li")
    queue(session, person, clock, valid_until=clock.now() + timedelta(hours=2))
    clock.moment += timedelta(hours=3)

    facts = deliver(mailing, clock)

    assert facts == {"expired": 1}
    assert states(session) == {"li": OutboxState.EXPIRED}
    assert smtp_server.received == []


def test_nobody_is_written_to_whose_account_was_switched_off(
    mailing: APIFlask, session: Session, clock: SettableClock, smtp_server: SmtpServer
) -> None:
    [person] = people(session, "li")
    queue(session, person, clock)
    session.execute(update(Person).values(is_active=False))
    session.commit()

    deliver(mailing, clock)

    assert states(session) == {"li": OutboxState.EXPIRED}
    assert smtp_server.received == []


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"template": "no_such_template"}, "邮件没有生成"),
        ({"facts": {"person": "李联络"}}, "邮件没有生成"),
        ({"to_address": "li@example.org, all@example.org"}, "邮箱地址不可用"),
    ],
)
def test_a_mail_that_cannot_be_made_keeps_nobody_else_waiting(
    *,
    mailing: APIFlask,
    session: Session,
    clock: SettableClock,
    smtp_server: SmtpServer,
    broken: dict[str, Any],
    words: str,
) -> None:
    li, wang = people(session, "li", "wang")
    queue(session, li, clock, **broken)
    queue(session, wang, clock)

    facts = deliver(mailing, clock)

    assert facts == {"dead": 1, "sent": 1}
    assert recipients(smtp_server) == ["wang"]
    error = session.scalar(select(OutboxMessage.last_error).where(OutboxMessage.state == OutboxState.DEAD))
    assert error is not None and error.startswith(words)


def test_the_next_mail_is_made_ready_while_the_server_thinks_about_one(
    mailing: APIFlask,
    session: Session,
    clock: SettableClock,
    smtp_server: SmtpServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for person in people(session, "li", "wang"):
        queue(session, person, clock)
    arrived_before: list[int] = []
    render = MailRenderer.render

    def render_and_count(self: MailRenderer, *values: Any, **more: Any) -> RenderedMail:
        arrived_before.append(len(smtp_server.received))
        return render(self, *values, **more)

    monkeypatch.setattr(MailRenderer, "render", render_and_count)
    smtp_server.delay = 0.5

    assert deliver(mailing, clock) == {"sent": 2}

    assert arrived_before == [0, 0]
    assert sorted(recipients(smtp_server)) == ["li", "wang"]


def test_trouble_with_the_next_mail_is_no_trouble_of_the_one_on_its_way(
    mailing: APIFlask,
    session: Session,
    clock: SettableClock,
    smtp_server: SmtpServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    li, wang = people(session, "li", "wang")
    queue(session, li, clock)
    queue(session, wang, clock)
    build = delivery.build_message

    def build_only_for_li(*values: Any, to_address: str, **more: Any) -> EmailMessage:
        if to_address == wang.email:
            raise OSError("no room")
        return build(*values, to_address=to_address, **more)

    monkeypatch.setattr(delivery, "build_message", build_only_for_li)

    assert deliver(mailing, clock) == {"sent": 1, "dead": 1}

    assert recipients(smtp_server) == ["li"]
    assert states(session) == {"li": OutboxState.SENT, "wang": OutboxState.DEAD}


def test_a_dead_mail_goes_out_when_it_is_put_back(
    mailing: APIFlask, session: Session, clock: SettableClock, smtp_server: SmtpServer
) -> None:
    [person] = people(session, "li")
    queue(session, person, clock)
    smtp_server.answers.append("550 5.7.1 not today")
    deliver(mailing, clock)

    mail_id = session.scalars(select(OutboxMessage.id)).one()
    requeue(session, mail_id, actor=NOBODY, now=clock.now(), entrance="test")
    session.commit()
    deliver(mailing, clock)

    assert states(session) == {"li": OutboxState.SENT}


def test_others_can_write_while_a_slow_server_is_talked_to(
    mailing: APIFlask, session: Session, engine: Engine, clock: SettableClock, smtp_server: SmtpServer
) -> None:
    [person] = people(session, "li")
    queue(session, person, clock)
    session.close()
    smtp_server.delay = 1.5
    sender = threading.Thread(target=deliver, args=(mailing, clock))

    sender.start()
    time.sleep(0.7)
    started = time.monotonic()
    with engine.connect() as connection:
        connection.execute(text("UPDATE user_account SET name = '李新名'"))
        connection.commit()
    waited = time.monotonic() - started
    is_still_sending = sender.is_alive()
    sender.join()

    assert is_still_sending
    assert waited < 0.5
    assert recipients(smtp_server) == ["li"]


def test_two_senders_at_once_send_each_mail_once(
    mailing: APIFlask, session: Session, clock: SettableClock, smtp_server: SmtpServer
) -> None:
    for person in people(session, *(f"person{number}" for number in range(12))):
        queue(session, person, clock)

    senders = [threading.Thread(target=deliver, args=(mailing, clock)) for _ in range(2)]
    run_all(senders)

    assert sorted(recipients(smtp_server)) == sorted(f"person{number}" for number in range(12))
    assert set(states(session).values()) == {OutboxState.SENT}


def run_all(threads: Iterable[threading.Thread]) -> None:
    threads = list(threads)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_only_a_round_that_did_something_is_put_on_record(
    mailing: APIFlask, session: Session, clock: SettableClock
) -> None:
    deliver(mailing, clock)
    assert session.scalars(select(JobRun)).all() == []

    [person] = people(session, "li")
    queue(session, person, clock)
    deliver(mailing, clock)
    deliver(mailing, clock)

    session.rollback()
    assert [run.facts for run in session.scalars(select(JobRun))] == [{"sent": 1}]


def test_without_a_mail_server_mails_wait(app: APIFlask, session: Session, clock: SettableClock) -> None:
    [person] = people(session, "li")
    queue(session, person, clock)

    facts = deliver(app, clock)

    assert facts == {"is_mail_off": True}
    assert states(session) == {"li": OutboxState.QUEUED}
