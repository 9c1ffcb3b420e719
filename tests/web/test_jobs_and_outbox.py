"""The pages for whoever looks after jobs and mails, the demo's mailbox, and what monitors ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from taskboard.app import create_app
from taskboard.clock import SettableClock
from taskboard.config import MailTransport, Settings
from taskboard.domain.history import Change
from taskboard.domain.jobs import JobName, JobState
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.extensions import db
from taskboard.jobs.runner import run_by_hand
from taskboard.jobs.scheduler import JobScheduler
from taskboard.models import HistoryEntry, JobRun, OutboxMessage, Person, SchedulerLease
from taskboard.services import jobs
from taskboard.services.outbox import queue_mail
from tests.support.factories import Usual
from tests.support.forms import filled_form
from tests.support.visitor import Visitor

MONDAY = date(2026, 11, 23)
PAGES = ("/jobs", "/outbox")


def add_mail(session: Session, person: Person, clock: SettableClock, **changes: Any) -> OutboxMessage:
    queue_mail(
        session,
        key=f"notice:{person.id}",
        kind=MailKind.NOTICE,
        person_id=person.id,
        to_address=str(person.email),
        template="issued",
        facts={},
        now=clock.now(),
    )
    mail = session.scalars(select(OutboxMessage)).one()
    for name, value in changes.items():
        setattr(mail, name, value)
    session.commit()
    return mail


# The guard


@pytest.mark.parametrize("path", PAGES)
def test_the_administrator_sees_jobs_and_outbox(visitor: Visitor, usual: Usual, path: str) -> None:
    assert visitor.enter(usual.sun).get(path).status_code == 200


@pytest.mark.parametrize("path", [*PAGES, "/outbox/1", "/outbox/1/html"])
def test_nobody_else_does(visitor: Visitor, usual: Usual, path: str) -> None:
    assert visitor.enter(usual.chen).get(path).status_code == 403
    assert visitor.leave().get(path).status_code == 302


# Jobs


def test_the_page_says_so_when_no_scheduler_is_at_work(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    page = visitor.enter(usual.sun).get("/jobs").text
    assert "调度程序没有在运行" in page

    jobs.acquire_lease(session, holder="server:42", now=clock.now())
    session.commit()
    page = visitor.get("/jobs").text
    assert "在运行：server:42" in page

    clock.moment += timedelta(minutes=2)
    assert "调度程序没有在运行" in visitor.get("/jobs").text


def test_the_page_says_what_each_job_did_and_when_it_is_next(
    app: APIFlask, visitor: Visitor, usual: Usual, session: Session
) -> None:
    run_by_hand(app, JobName.MORNING_MAIL, MONDAY)

    page = visitor.enter(usual.sun).get("/jobs").text

    assert "周报：生成邮件 1 封，提醒 0 项" in page
    assert "2026-11-24 08:30" in page


def test_a_failed_run_is_shown_with_its_error(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    jobs.record_run(
        session, job=JobName.DELIVER_MAIL, epoch=1, now=clock.now(), facts={}, error="ValueError: <b>it broke</b>"
    )
    session.commit()

    page = visitor.enter(usual.sun).get("/jobs").text

    assert "失败" in page
    assert "ValueError: &lt;b&gt;it broke&lt;/b&gt;" in page


def test_a_run_can_be_asked_for_and_is_carried_out(
    app: APIFlask, visitor: Visitor, usual: Usual, session: Session
) -> None:
    answer = visitor.enter(usual.sun).post("/jobs/morning-mail/runs", day="2026-11-23")
    assert answer.status_code == 302
    session.rollback()
    assert session.scalars(select(JobRun.state)).one() is JobState.REQUESTED
    session.rollback()

    scheduler = JobScheduler(app)
    scheduler.beat()
    scheduler.tick(JobName.MORNING_MAIL)

    session.rollback()
    assert session.scalars(select(JobRun.state)).one() is JobState.DONE


def test_a_supervisor_cannot_ask_for_a_run(visitor: Visitor, usual: Usual, session: Session) -> None:
    assert visitor.enter(usual.chen).post("/jobs/morning-mail/runs", day="2026-11-23").status_code == 403
    assert session.scalars(select(JobRun)).all() == []


@pytest.mark.parametrize("day", ["", "昨天", "2026-02-30"])
def test_a_run_for_no_day_is_refused_and_what_was_typed_comes_back(
    visitor: Visitor, usual: Usual, session: Session, day: str
) -> None:
    answer = visitor.enter(usual.sun).post("/jobs/morning-mail/runs", day=day)

    assert answer.status_code == 422
    assert f'value="{day}"' in answer.text
    assert session.scalars(select(JobRun)).all() == []


@pytest.mark.parametrize("day", ["2062-11-23", "2026-12-24", "2025-01-01"])
def test_a_run_for_a_day_nobody_can_mean_is_refused(visitor: Visitor, usual: Usual, session: Session, day: str) -> None:
    visitor.enter(usual.sun)

    answer = visitor.post("/jobs/morning-mail/runs", day=day)

    assert answer.status_code == 422
    assert "之间的日期运行" in answer.text
    assert day in answer.text
    assert session.scalars(select(JobRun)).all() == []


def test_a_run_ahead_of_its_day_says_what_that_means_and_asks_first(
    visitor: Visitor, usual: Usual, session: Session
) -> None:
    path = "/jobs/morning-mail/runs"
    asked = visitor.enter(usual.sun).post(path, day="2026-11-26")
    assert asked.status_code == 422
    assert "到时不再重发" in asked.text
    assert session.scalars(select(JobRun)).all() == []

    assert visitor.post(path, day="2026-11-27", warned_of="2026-11-26").status_code == 422
    assert visitor.post(path, **filled_form(asked.text, path)).status_code == 302
    session.rollback()
    assert [one.job for one in session.scalars(select(JobRun))] == [JobName.MORNING_MAIL]


def test_a_months_draft_is_not_made_before_its_month_is_over(visitor: Visitor, usual: Usual, session: Session) -> None:
    path = "/jobs/roundups/runs"

    refused = visitor.enter(usual.sun).post(path, day="2026-12-01", warned_of="2026-12-01")

    assert refused.status_code == 422
    assert "这一天还没有到，没有运行。月度、季度材料的数据生成后不再变" in refused.text
    assert session.scalars(select(JobRun)).all() == []
    assert visitor.post(path, day="2026-11-23").status_code == 302


def test_a_job_that_had_nothing_to_do_says_when_it_last_looked(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    visitor.enter(usual.sun)
    assert "最近一次查看" not in visitor.get("/jobs").text

    session.add(SchedulerLease(id=1, holder="web-1:7", epoch=1, heartbeat_at=clock.now()))
    session.commit()

    page = visitor.get("/jobs").text
    assert "没有要做的" in page
    assert "最近一次查看 2026-11-23 09:00" in page


@pytest.mark.parametrize("name", ["no-such-job", "deliver-mail"])
def test_only_daily_jobs_can_be_asked_for(visitor: Visitor, usual: Usual, name: str) -> None:
    assert visitor.enter(usual.sun).post(f"/jobs/{name}/runs", day="2026-11-23").status_code == 404


# Outbox


def test_a_job_that_runs_all_the_time_says_why_nobody_need_ask_for_a_run(visitor: Visitor, usual: Usual) -> None:
    page = visitor.enter(usual.sun).get("/jobs").text

    for seconds in (10, 5, 60):
        assert f"不用手工：每 {seconds} 秒自动运行" in page
    assert page.count("不用手工") == 3


def test_the_outbox_shows_each_mail_with_its_error(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    add_mail(
        session,
        usual.li,
        clock,
        state=OutboxState.DEAD,
        subject="【交办】新任务 1 项",
        last_error="550 5.1.1 no such mailbox",
    )
    visitor.enter(usual.sun)

    for path in ("/outbox", "/outbox?state=dead", "/outbox/1"):
        page = visitor.get(path).text
        assert "【交办】新任务 1 项" in page
        assert "550 5.1.1 no such mailbox" in page
    assert "【交办】" not in visitor.get("/outbox?state=sent").text
    assert visitor.get("/outbox?state=nonsense").status_code == 200


def test_a_dead_mail_can_be_sent_again(visitor: Visitor, usual: Usual, session: Session, clock: SettableClock) -> None:
    mail = add_mail(session, usual.li, clock, state=OutboxState.DEAD, attempts=15)

    answer = visitor.enter(usual.sun).post(f"/outbox/{mail.id}/requeue")

    assert answer.status_code == 302
    session.rollback()
    assert (mail.state, mail.attempts) == (OutboxState.QUEUED, 0)


def test_a_mail_that_was_sent_is_not_sent_again(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    mail = add_mail(session, usual.li, clock, state=OutboxState.SENT)

    assert visitor.enter(usual.sun).post(f"/outbox/{mail.id}/requeue").status_code == 409
    assert visitor.post("/outbox/99/requeue").status_code == 404
    session.rollback()
    assert mail.state is OutboxState.SENT


def add_two_mails(session: Session, usual: Usual, clock: SettableClock, state: OutboxState) -> list[OutboxMessage]:
    first = add_mail(session, usual.li, clock, state=state, attempts=15)
    mails = [first, OutboxMessage(**{**values_of(first), "key": "notice:again", "message_id": "again"})]
    session.add_all(mails)
    session.commit()
    return mails


def values_of(mail: OutboxMessage) -> dict[str, Any]:
    return {column.key: getattr(mail, column.key) for column in OutboxMessage.__table__.columns if column.key != "id"}


@pytest.mark.parametrize("state", [OutboxState.DEAD, OutboxState.RETRY, OutboxState.UNKNOWN])
def test_all_mails_that_failed_can_be_sent_again_together(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock, state: OutboxState
) -> None:
    mails = add_two_mails(session, usual, clock, state)
    assert "全部重新发送（2 封）" in visitor.enter(usual.sun).get(f"/outbox?state={state}").text

    answer = visitor.post("/outbox/requeue", state=state.value)

    assert "已放回发件箱 2 封" in visitor.get(answer.location).text
    session.rollback()
    assert [(mail.state, mail.attempts) for mail in mails] == [(OutboxState.QUEUED, 0)] * 2
    entries = session.scalars(select(HistoryEntry).where(HistoryEntry.act == Change.REQUEUED)).all()
    assert {entry.subject_id for entry in entries} == {mail.id for mail in mails}


def test_what_is_past_its_time_is_not_sent_again_together(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    mails = add_two_mails(session, usual, clock, OutboxState.EXPIRED)
    assert "全部重新发送" not in visitor.enter(usual.sun).get("/outbox?state=expired").text

    assert visitor.post("/outbox/requeue", state="expired").status_code == 409
    assert visitor.post("/outbox/requeue", state="nonsense").status_code == 404
    assert visitor.enter(usual.chen).post("/outbox/requeue", state="dead").status_code == 403
    session.rollback()
    assert {mail.state for mail in mails} == {OutboxState.EXPIRED}


def test_a_supervisor_cannot_send_again(visitor: Visitor, usual: Usual, session: Session, clock: SettableClock) -> None:
    mail = add_mail(session, usual.li, clock, state=OutboxState.DEAD)

    assert visitor.enter(usual.chen).post(f"/outbox/{mail.id}/requeue").status_code == 403


# Mailbox


@pytest.fixture
def demo(settings: Settings, clock: SettableClock) -> Iterator[APIFlask]:
    app = create_app(replace(settings, is_demo=True, mail_transport=MailTransport.MAILBOX), clock=clock)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_outside_the_demo_there_is_no_mailbox(visitor: Visitor, usual: Usual) -> None:
    visitor.enter(usual.li)

    assert [visitor.get(path).status_code for path in ("/mailbox", "/mailbox/1", "/mailbox/1/html")] == [404] * 3


def test_the_demo_shows_what_everybody_would_have_got(demo: APIFlask, usual: Usual, session: Session) -> None:
    run_by_hand(demo, JobName.MORNING_MAIL, MONDAY)
    run_by_hand(demo, JobName.DELIVER_MAIL, MONDAY)
    visitor = Visitor(demo.test_client()).enter(usual.li)

    assert "督办周报" in visitor.get("/mailbox").text
    assert "督办周报" in visitor.get("/mailbox", person=usual.chen.id).text
    assert "督办周报" not in visitor.get("/mailbox", person=usual.li.id).text
    assert visitor.get("/mailbox", person="9" * 30).status_code == 200
    mail = session.scalars(select(OutboxMessage)).one()
    assert mail.subject is not None
    assert mail.subject in visitor.get(f"/mailbox/{mail.id}").text
    assert visitor.get("/mailbox/999").status_code == 404


def test_the_html_of_a_mail_can_do_nothing_on_the_page(
    demo: APIFlask, usual: Usual, session: Session, clock: SettableClock
) -> None:
    hostile = "<html><head></head><body><script>alert(1)</script></body></html>"
    mail = add_mail(session, usual.li, clock, state=OutboxState.SENT, subject="试", text="试", html=hostile)
    visitor = Visitor(demo.test_client()).enter(usual.li)

    page, part = visitor.get(f"/mailbox/{mail.id}"), visitor.get(f"/mailbox/{mail.id}/html")

    assert 'sandbox="allow-top-navigation-by-user-activation"' in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    policy = part.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert part.headers["X-Frame-Options"] == "SAMEORIGIN"


# Health


def test_monitors_learn_that_the_database_answers_without_signing_in(visitor: Visitor) -> None:
    answer = visitor.get("/healthz")

    assert answer.status_code == 200
    assert answer.json == {"database": "working", "scheduler": "silent"}


def test_monitors_learn_whether_a_scheduler_is_at_work(
    visitor: Visitor, session: Session, clock: SettableClock
) -> None:
    assert visitor.get("/healthz/scheduler").status_code == 503

    jobs.acquire_lease(session, holder="a", now=clock.now())
    session.commit()
    assert visitor.get("/healthz/scheduler").status_code == 200

    clock.moment += timedelta(seconds=21)
    assert visitor.get("/healthz/scheduler").status_code == 503
    assert visitor.get("/healthz").status_code == 200


def test_monitors_learn_that_a_scheduler_stepped_down(visitor: Visitor, session: Session, clock: SettableClock) -> None:
    epoch = jobs.acquire_lease(session, holder="a", now=clock.now())
    assert epoch is not None
    jobs.release_lease(session, epoch=epoch)
    session.commit()

    assert visitor.get("/healthz/scheduler").status_code == 503


def test_monitors_learn_that_the_database_fails(visitor: Visitor, session: Session) -> None:
    session.execute(text("DROP TABLE scheduler_lease"))
    session.commit()

    assert visitor.get("/healthz").status_code == 503
    assert visitor.get("/healthz/scheduler").status_code == 503
