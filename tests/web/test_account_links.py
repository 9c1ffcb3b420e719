"""Invitations, forgotten passwords and the passwords that administrators set, through the pages."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

import pytest
from apiflask import APIFlask
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from taskboard.app import create_app
from taskboard.clock import SettableClock
from taskboard.config import MailTransport, Settings
from taskboard.domain.account_links import RESETS_PER_ACCOUNT
from taskboard.domain.jobs import JobName
from taskboard.extensions import db
from taskboard.jobs.runner import run_by_hand
from taskboard.models import AccountLink, HistoryEntry, OutboxMessage, Person, Setting
from taskboard.services import accounts
from tests.support.factories import Usual
from tests.support.queries import counted_queries
from tests.support.smtp import SmtpServer
from tests.support.visitor import Visitor, found_token

NEW_PASSWORD = "a much better 口令"
ADDRESS = re.compile(r"http://taskboard\.test(/set-password\?token=[A-Za-z0-9_-]{43})")


def set_password(
    visitor: Visitor, path: str, password: str = NEW_PASSWORD, repeated: str | None = None
) -> TestResponse:
    page = visitor.get(path).text
    return visitor.client.post(
        "/set-password",
        data={
            "csrf_token": found_token(page),
            "token": path.partition("token=")[2],
            "password": password,
            "repeated": password if repeated is None else repeated,
        },
    )


def handed_over(visitor: Visitor, usual: Usual, person: Person) -> str:
    """The address that an administrator gets to hand over."""
    page = visitor.enter(usual.sun).post(f"/people/{person.id}/link/hand-over")
    found = ADDRESS.search(page.text)
    assert found is not None, page.text
    return found[1]


class CountingHasher(PasswordHasher):
    """Counts how often it works; it takes long, so that an answer tells by its time whether it did."""

    hashes = 0

    def hash(self, *given: Any, **more: Any) -> str:
        self.hashes += 1
        return super().hash(*given, **more)

    def verify(self, *given: Any, **more: Any) -> Literal[True]:
        self.hashes += 1
        return super().verify(*given, **more)


@dataclass(frozen=True)
class PostOffice:
    """A mail server, kept as an administrator keeps it, and the job that sends."""

    app: APIFlask
    clock: SettableClock
    server: SmtpServer

    def received(self) -> str:
        """Send what is due; the address in the one mail that came."""
        run_by_hand(self.app, JobName.DELIVER_MAIL, self.clock.moment.date())
        [mail] = self.server.received
        found = ADDRESS.search(mail.text())
        assert found is not None
        return found[1]


@pytest.fixture
def post_office(app: APIFlask, clock: SettableClock, smtp_server: SmtpServer, session: Session) -> PostOffice:
    session.add(Setting(name="smtp_url", value=smtp_server.url))
    session.commit()
    return PostOffice(app, clock, smtp_server)


class TestInvitation:
    def test_somebody_invited_by_mail_sets_a_password_and_signs_in(
        self, visitor: Visitor, usual: Usual, post_office: PostOffice
    ) -> None:
        answer = visitor.enter(usual.sun).post(
            "/people/new", name="周敏", username="zhou", email="zhou@example.org", is_invited="y"
        )
        assert "邀请邮件即将发出" in visitor.get(answer.location).text

        path = post_office.received()

        assert set_password(visitor.leave(), path).status_code == 302
        assert visitor.sign_in("zhou", NEW_PASSWORD).status_code == 302

    def test_the_outbox_shows_the_mail_without_its_link(
        self, visitor: Visitor, usual: Usual, post_office: PostOffice, session: Session
    ) -> None:
        visitor.enter(usual.sun).post(f"/people/{usual.li.id}/link")
        post_office.received()
        session.rollback()

        [mail] = session.scalars(select(OutboxMessage)).all()
        for path in (f"/outbox/{mail.id}", f"/outbox/{mail.id}/html"):
            page = visitor.get(path)
            assert page.status_code == 200
            assert "token=" not in page.text
        assert "此处不保存" in visitor.get(f"/outbox/{mail.id}/html").text

    def test_without_a_mail_server_the_link_is_shown_once_to_be_handed_over(
        self, visitor: Visitor, usual: Usual, session: Session
    ) -> None:
        usual.li.password_hash = None
        session.commit()

        path = handed_over(visitor, usual, usual.li)

        page = visitor.get(f"/people/{usual.li.id}").text
        assert "已生成邀请链接" in page
        assert path.partition("token=")[2] not in page
        assert "发送邮件" not in page
        assert set_password(visitor.leave(), path).status_code == 302
        assert visitor.sign_in("li", NEW_PASSWORD).status_code == 302

    def test_it_is_renewed_and_withdrawn(self, visitor: Visitor, usual: Usual) -> None:
        old = handed_over(visitor, usual, usual.li)
        new = handed_over(visitor, usual, usual.li)
        assert visitor.get(old).status_code == 404
        assert visitor.get(new).status_code == 200

        visitor.post(f"/people/{usual.li.id}/link/withdraw")

        answer = visitor.leave().get(new)
        assert answer.status_code == 404
        assert "链接已失效" in answer.text

    @pytest.mark.parametrize("act", ["link", "link/hand-over", "link/withdraw", "end-sessions"])
    @pytest.mark.parametrize("name", ["chen", "li", "liu"])
    def test_nobody_else_has_a_hand_in_it(
        self, visitor: Visitor, usual: Usual, session: Session, name: str, act: str
    ) -> None:
        epoch = usual.wang.session_epoch

        assert visitor.enter(getattr(usual, name)).post(f"/people/{usual.wang.id}/{act}").status_code == 403

        session.rollback()
        assert session.scalars(select(AccountLink)).all() == []
        assert session.get_one(Person, usual.wang.id).session_epoch == epoch

    def test_somebody_who_does_not_exist_is_not_found(self, visitor: Visitor, usual: Usual) -> None:
        visitor.enter(usual.sun)

        for act in ("link/hand-over", "link/withdraw", "end-sessions"):
            assert visitor.post(f"/people/999/{act}").status_code == 404

    def test_without_a_mail_server_or_an_address_nothing_is_sent(
        self, visitor: Visitor, usual: Usual, session: Session
    ) -> None:
        answer = visitor.enter(usual.sun).post(f"/people/{usual.li.id}/link")

        assert answer.status_code == 422
        assert "改为当面转交链接" in answer.text


class TestSettingThePassword:
    def test_looking_at_the_link_does_not_use_it(self, visitor: Visitor, usual: Usual) -> None:
        path = handed_over(visitor, usual, usual.li)
        visitor.leave()

        assert visitor.get(path).status_code == visitor.get(path).status_code == 200

    @pytest.mark.parametrize(
        ("password", "repeated", "words"),
        [
            ("short", None, "密码至少 10 个字符"),
            (NEW_PASSWORD, "something else", "两次填写的新密码不一样"),
            ("", None, "请填写新密码"),
        ],
    )
    def test_a_password_that_does_not_do_leaves_the_link_open(
        self, visitor: Visitor, usual: Usual, password: str, repeated: str | None, words: str
    ) -> None:
        path = handed_over(visitor, usual, usual.li)

        answer = set_password(visitor.leave(), path, password, repeated)

        assert answer.status_code == 422
        assert words in answer.text
        assert set_password(visitor, path).status_code == 302

    def test_it_works_once_and_until_it_is_over(self, visitor: Visitor, usual: Usual, clock: SettableClock) -> None:
        used, late = handed_over(visitor, usual, usual.li), handed_over(visitor, usual, usual.wang)
        set_password(visitor.leave(), used)
        clock.moment += timedelta(minutes=30)

        assert visitor.get(used).status_code == 404
        assert visitor.get(late).status_code == 404

    def test_who_was_signed_in_is_signed_out(self, visitor: Visitor, usual: Usual) -> None:
        li = Visitor(visitor.client.application.test_client()).enter(usual.li)
        path = handed_over(visitor, usual, usual.li)

        set_password(visitor.leave(), path)

        assert li.get("/account").status_code == 302

    def test_no_token_reaches_the_trail_or_the_log(
        self, visitor: Visitor, usual: Usual, session: Session, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        path = handed_over(visitor, usual, usual.li)
        set_password(visitor.leave(), path)

        token = path.partition("token=")[2]
        session.rollback()
        entries = session.scalars(select(HistoryEntry)).all()
        assert len(entries) >= 2
        assert token not in caplog.text
        assert not any(token in repr((entry.before, entry.after, entry.reason)) for entry in entries)

    def test_the_link_begins_with_the_public_address_whatever_the_request_says(
        self, visitor: Visitor, usual: Usual
    ) -> None:
        visitor.enter(usual.sun).get("/account")
        token = found_token(visitor.get("/account").text)

        page = visitor.client.post(
            f"/people/{usual.li.id}/link/hand-over",
            data={"csrf_token": token},
            headers={"X-Forwarded-Host": "evil.example"},
        )

        assert "evil.example" not in page.text
        assert ADDRESS.search(page.text)


class TestForgotten:
    def ask(self, visitor: Visitor, username: str) -> TestResponse:
        token = found_token(visitor.get("/forgot-password").text)
        return visitor.client.post("/forgot-password", data={"csrf_token": token, "username": username})

    def test_the_mail_leads_to_a_new_password(self, visitor: Visitor, usual: Usual, post_office: PostOffice) -> None:
        assert self.ask(visitor, "li").status_code == 200

        set_password(visitor, post_office.received())

        assert visitor.sign_in("li", NEW_PASSWORD).status_code == 302

    def test_known_and_unknown_names_get_the_same_answer(
        self, visitor: Visitor, usual: Usual, post_office: PostOffice
    ) -> None:
        def shown(page: str) -> str:
            return re.sub(r'value="[^"]*"', "", page)

        known, unknown = self.ask(visitor, "li"), self.ask(visitor, "nobody")

        assert known.status_code == unknown.status_code == 200
        assert shown(known.text) == shown(unknown.text)
        assert "如果这个账号存在" in known.text

    def test_known_and_unknown_names_make_the_same_work(
        self, visitor: Visitor, usual: Usual, post_office: PostOffice, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hasher = CountingHasher()
        monkeypatch.setattr(accounts, "HASHER", hasher)
        with post_office.app.app_context():
            engine = db.engine
        self.ask(visitor, "before them")  # what is asked once for a process
        work = []
        for username in ("li", "nobody"):
            with counted_queries(engine) as statements:
                self.ask(visitor, username)
            work.append((statements, hasher.hashes))

        assert work[0] == work[1]
        assert hasher.hashes == 0
        written = [one for one in work[0][0] if one.startswith(("INSERT", "UPDATE"))]
        assert [one.split()[2] for one in written] == ["reset_request"]
        assert not session.scalars(select(OutboxMessage)).all(), "the mail is composed by a job, after the answer"
        assert post_office.received()

    @pytest.mark.parametrize("username", ["li", "nobody"])
    def test_asking_again_and_again_is_stopped(
        self, visitor: Visitor, usual: Usual, post_office: PostOffice, username: str
    ) -> None:
        for _ in range(RESETS_PER_ACCOUNT):
            assert self.ask(visitor, username).status_code == 200

        answer = self.ask(visitor, username)

        assert answer.status_code == 429
        assert "请在 10:00 之后再试" in answer.text

    def test_without_a_mail_server_it_says_whom_to_ask(self, visitor: Visitor, usual: Usual) -> None:
        page = visitor.get("/forgot-password").text

        assert "请联系系统管理员" in page
        assert "<form" not in page

    def test_the_demo_shows_mails_with_their_links_on_its_own_page_only(
        self, settings: Settings, clock: SettableClock, usual: Usual, session: Session
    ) -> None:
        app = create_app(replace(settings, is_demo=True, mail_transport=MailTransport.MAILBOX), clock=clock)
        visitor = Visitor(app.test_client())
        self.ask(visitor, "li")
        run_by_hand(app, JobName.DELIVER_MAIL, clock.moment.date())
        session.rollback()
        [mail] = session.scalars(select(OutboxMessage)).all()

        visitor.enter(usual.sun)

        assert "token=" in visitor.get(f"/mailbox/{mail.id}/html").text
        assert "token=" not in visitor.get(f"/outbox/{mail.id}/html").text
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


class TestInitialPassword:
    def test_it_must_be_changed_before_anything_else(self, visitor: Visitor, usual: Usual) -> None:
        visitor.enter(usual.sun).post(f"/people/{usual.li.id}/password", password=NEW_PASSWORD)
        visitor.leave().sign_in("li", NEW_PASSWORD)

        for path in ("/", "/my-tasks", "/overdue"):
            answer = visitor.get(path)
            assert (answer.status_code, answer.location) == (303, "/account")
        assert "系统管理员设置的" in visitor.get("/account").text
        own = "another one of my own"
        answer = visitor.post("/account", current_password=NEW_PASSWORD, password=own, repeated=own)

        assert answer.status_code == 302
        assert visitor.get("/my-tasks").status_code == 200

    def test_leaving_stays_possible(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        usual.li.must_change_password = True
        session.commit()

        assert visitor.enter(usual.li).post("/sign-out").location == "/sign-in"


class TestEndingSessions:
    def test_the_person_ends_the_others_and_stays(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        other = Visitor(visitor.client.application.test_client()).enter(usual.li)

        answer = visitor.enter(usual.li).post("/account/end-sessions")

        assert "全部退出" in visitor.get(answer.location).text
        assert visitor.get("/account").status_code == 200
        assert other.get("/account").status_code == 302
        session.rollback()
        assert session.scalars(select(HistoryEntry.act)).all()[-1].value == "sessions_ended"

    def test_the_administrator_ends_them_all(self, visitor: Visitor, usual: Usual) -> None:
        li = Visitor(visitor.client.application.test_client()).enter(usual.li)

        visitor.enter(usual.sun).post(f"/people/{usual.li.id}/end-sessions")

        assert li.get("/account").status_code == 302
