"""Signing in, being kept out, changing the password, and leaving."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from taskboard.clock import SettableClock
from taskboard.domain.passwords import FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS
from taskboard.models import FailedSignIn, Person
from tests.support.factories import PASSWORD, Usual
from tests.support.visitor import Visitor

WRONG = "a wrong password"
NEW = "a much better 口令"


def failures(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(FailedSignIn)) or 0


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/account").status_code == 200


def test_the_right_password_leads_in(visitor: Visitor, usual: Usual) -> None:
    answer = visitor.sign_in("li")

    assert answer.status_code == 302
    assert answer.location == "/"
    assert "李联络" in visitor.get("/account").text


def test_the_account_name_may_be_typed_in_capitals_and_full_width(visitor: Visitor, usual: Usual) -> None:
    assert visitor.sign_in(" ＬＩ ").status_code == 302


def test_a_wrong_password_leads_nowhere_and_keeps_the_account_name(visitor: Visitor, usual: Usual) -> None:
    answer = visitor.sign_in("li", WRONG)

    assert answer.status_code == 422
    assert "账号或密码不对" in answer.text
    assert 'value="li"' in answer.text
    assert WRONG not in answer.text
    assert not is_in(visitor)


def test_an_unknown_name_gets_the_same_answer_as_a_wrong_password(visitor: Visitor, usual: Usual) -> None:
    known, unknown = visitor.sign_in("li", WRONG), visitor.sign_in("nobody", WRONG)

    assert known.status_code == unknown.status_code
    assert "账号或密码不对" in unknown.text


def test_an_account_that_was_switched_off_gets_the_same_answer(
    visitor: Visitor, usual: Usual, session: Session
) -> None:
    usual.li.is_active = False
    session.commit()

    assert "账号或密码不对" in visitor.sign_in("li").text


def test_an_account_without_a_password_cannot_be_entered(visitor: Visitor, usual: Usual, session: Session) -> None:
    usual.li.password_hash = None
    session.commit()

    assert visitor.sign_in("li", "nobody has this password").status_code == 422
    assert not is_in(visitor)


@pytest.mark.parametrize("missing", ["username", "password"])
def test_an_empty_field_is_named(visitor: Visitor, usual: Usual, missing: str) -> None:
    answer = visitor.sign_in(**{"username": "li", "password": PASSWORD, missing: ""})

    assert answer.status_code == 422
    assert "请填写" in answer.text


@pytest.mark.parametrize("username", ["x" * 5000, "li\x00", "🙂" * 80])
def test_odd_account_names_are_only_wrong(visitor: Visitor, usual: Usual, username: str) -> None:
    assert visitor.sign_in(username, WRONG).status_code == 422


class TestThrottle:
    def test_even_the_right_password_waits_after_too_many_failures(
        self, visitor: Visitor, usual: Usual, clock: SettableClock
    ) -> None:
        for _ in range(FAILURES_PER_ACCOUNT):
            assert visitor.sign_in("li", WRONG).status_code == 422

        answer = visitor.sign_in("li")

        assert answer.status_code == 429
        assert "请在 09:15 之后再试" in answer.text
        assert 14 * 60 < int(answer.headers["Retry-After"]) <= 15 * 60 + 1
        assert not is_in(visitor)

    def test_the_lock_ends_by_itself(self, visitor: Visitor, usual: Usual, clock: SettableClock) -> None:
        for _ in range(FAILURES_PER_ACCOUNT):
            visitor.sign_in("li", WRONG)
        clock.moment += timedelta(minutes=15)

        assert visitor.sign_in("li").status_code == 302

    def test_refused_attempts_do_not_make_the_lock_longer(
        self, visitor: Visitor, usual: Usual, clock: SettableClock
    ) -> None:
        for _ in range(FAILURES_PER_ACCOUNT):
            visitor.sign_in("li", WRONG)
        clock.moment += timedelta(minutes=14)
        assert visitor.sign_in("li", WRONG).status_code == 429
        clock.moment += timedelta(minutes=1)

        assert visitor.sign_in("li").status_code == 302

    def test_another_account_is_not_locked(self, visitor: Visitor, usual: Usual) -> None:
        for _ in range(FAILURES_PER_ACCOUNT):
            visitor.sign_in("li", WRONG)

        assert visitor.sign_in("wang").status_code == 302

    def test_names_that_nobody_has_are_locked_alike(self, visitor: Visitor, usual: Usual) -> None:
        for _ in range(FAILURES_PER_ACCOUNT):
            visitor.sign_in("nobody", WRONG)

        assert visitor.sign_in("nobody", WRONG).status_code == 429

    def test_an_address_that_tries_many_names_is_locked(self, visitor: Visitor, usual: Usual) -> None:
        for number in range(FAILURES_PER_ADDRESS):
            assert visitor.sign_in(f"guess{number}", WRONG).status_code == 422

        assert visitor.sign_in("li").status_code == 429

    def test_success_forgets_the_failures_of_the_account(
        self, visitor: Visitor, usual: Usual, session: Session
    ) -> None:
        for _ in range(FAILURES_PER_ACCOUNT - 1):
            visitor.sign_in("li", WRONG)
        visitor.sign_in("li")

        assert failures(session) == 0

    def test_old_failures_are_deleted(
        self, visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
    ) -> None:
        visitor.sign_in("nobody", WRONG)
        clock.moment += timedelta(hours=1)
        visitor.sign_in("li", WRONG)

        assert failures(session) == 1


class TestNext:
    def test_a_visitor_is_led_to_the_page_that_was_asked_for(self, visitor: Visitor, usual: Usual) -> None:
        answer = visitor.get("/departments", q="ab")

        assert answer.status_code == 302
        assert answer.location == "/sign-in?next=/departments?q%3Dab"
        assert visitor.sign_in("sun", next="/departments?q=ab").location == "/departments?q=ab"

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "evil.example",
            "/\tevil",
            "/" + "x" * 2000,
        ],
    )
    def test_nobody_is_led_elsewhere(self, visitor: Visitor, usual: Usual, elsewhere: str) -> None:
        assert visitor.sign_in("li", next=elsewhere).location == "/"


class TestSession:
    def test_signing_in_shares_nothing_with_the_session_before(self, visitor: Visitor, usual: Usual) -> None:
        with visitor.client.session_transaction() as before:
            before["planted"] = "by somebody else"

        visitor.sign_in("li")

        with visitor.client.session_transaction() as after:
            assert "planted" not in after

    def test_signing_out_ends_it(self, visitor: Visitor, usual: Usual) -> None:
        visitor.sign_in("li")

        assert visitor.post("/sign-out").location == "/sign-in"
        assert not is_in(visitor)

    def test_signing_out_needs_a_form(self, visitor: Visitor, usual: Usual) -> None:
        visitor.sign_in("li")

        assert visitor.get("/sign-out").status_code == 405
        assert is_in(visitor)

    def test_switching_a_person_off_ends_it(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        visitor.sign_in("li")
        usual.li.is_active = False
        session.commit()

        assert not is_in(visitor)

    def test_raising_the_epoch_ends_it(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        visitor.sign_in("li")
        usual.li.session_epoch += 1
        session.commit()

        assert not is_in(visitor)

    @pytest.mark.parametrize("forged", ["", "1", "1.", ".0", "x.y", "-1.0", "99999999999999999999.0", "1.²"])
    def test_a_session_that_means_nobody_is_nobody(self, visitor: Visitor, usual: Usual, forged: str) -> None:
        with visitor.client.session_transaction() as session:
            session["_user_id"] = forged

        assert not is_in(visitor)

    def test_the_cookie_is_for_this_site_and_not_for_scripts(self, visitor: Visitor, usual: Usual) -> None:
        cookie = visitor.sign_in("li").headers["Set-Cookie"]

        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


class TestOwnPassword:
    def change(self, visitor: Visitor, **fields: str) -> int:
        filled = {"current_password": PASSWORD, "password": NEW, "repeated": NEW}
        return visitor.post("/account", **(filled | fields)).status_code

    def test_the_new_password_replaces_the_old_one(self, visitor: Visitor, usual: Usual) -> None:
        visitor.enter(usual.li)

        assert self.change(visitor) == 302

        assert visitor.leave().sign_in("li").status_code == 422
        assert visitor.sign_in("li", NEW).status_code == 302

    def test_sessions_elsewhere_end_and_this_one_goes_on(self, visitor: Visitor, usual: Usual) -> None:
        elsewhere = Visitor(visitor.client.application.test_client()).enter(usual.li)
        assert is_in(elsewhere)

        self.change(visitor.enter(usual.li))

        assert is_in(visitor)
        assert not is_in(elsewhere)

    @pytest.mark.parametrize(
        "fields",
        [
            {"current_password": WRONG},
            {"repeated": "another password"},
            {"password": "short", "repeated": "short"},
            {"password": "12345678901234", "repeated": "12345678901234"},
            {"password": PASSWORD, "repeated": PASSWORD},
            {"password": "", "repeated": ""},
        ],
    )
    def test_what_is_wrong_changes_nothing(
        self, visitor: Visitor, usual: Usual, session: Session, fields: dict[str, str]
    ) -> None:
        before = usual.li.password_hash

        assert self.change(visitor.enter(usual.li), **fields) == 422

        session.rollback()
        assert session.get_one(Person, usual.li.id).password_hash == before

    def test_guessing_the_present_password_is_throttled_too(self, visitor: Visitor, usual: Usual) -> None:
        visitor.enter(usual.li)
        for _ in range(FAILURES_PER_ACCOUNT):
            assert self.change(visitor, current_password=WRONG) == 422

        assert self.change(visitor) == 429

    def test_a_weak_new_password_does_not_count_as_a_guess(
        self, visitor: Visitor, usual: Usual, session: Session
    ) -> None:
        self.change(visitor.enter(usual.li), password="aaaaaaaaaaaa", repeated="aaaaaaaaaaaa")

        assert failures(session) == 0


class TestHome:
    @pytest.mark.parametrize(
        ("name", "section"),
        [
            ("li", "/waiting"),
            ("gao", "/waiting"),
            ("qian", "/my-tasks"),
            ("chen", "/waiting"),
            ("liu", "/overdue"),
            ("sun", "/departments"),
        ],
    )
    def test_everybody_comes_to_their_work(self, visitor: Visitor, usual: Usual, name: str, section: str) -> None:
        assert visitor.enter(getattr(usual, name)).get("/").location == section

    def test_who_has_no_post_is_told_so(self, visitor: Visitor, usual: Usual, session: Session) -> None:
        nobody = Person(username="nemo", name="无岗位")
        session.add(nobody)
        session.commit()

        assert "您还没有岗位" in visitor.enter(nobody).get("/").text
