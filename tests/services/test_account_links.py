"""Links to set a password with: who gets one, how long it holds, and that nothing kept leads back to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from taskboard import paths
from taskboard.domain.account_links import (
    RESET_WINDOW,
    RESETS_PER_ACCOUNT,
    RESETS_PER_ADDRESS,
    LinkPurpose,
    derive_token,
    fingerprint,
)
from taskboard.domain.errors import Invalid, NotAllowed, NotFound
from taskboard.mail.rendering import MASK, MailRenderer
from taskboard.models import AccountLink, FailedSignIn, HistoryEntry, OutboxMessage, ResetRequest
from taskboard.services import account_links, people
from taskboard.services.accounts import Locked
from taskboard.services.people import PersonValues
from tests.support.factories import NOW, Usual, writing_by

KEY = "a key that only makes the links of tests"
ADDRESS = "127.0.0.1"
MOMENT = timedelta(seconds=1)


def make(session: Session, usual: Usual, *, is_by_mail: bool = False, who: str = "sun", whom: str = "li") -> str:
    person = getattr(usual, whom)
    made = account_links.make_link(
        session, person.id, secret_key=KEY, is_by_mail=is_by_mail, **writing_by(usual.actor(who))
    )
    return made or ""


def use(session: Session, token: str, *, now: datetime = NOW) -> None:
    account_links.use_link(session, token, "a new hash", now=now, entrance="test")


def ask(session: Session, username: str, *, address: str = ADDRESS, now: datetime = NOW) -> Locked | None:
    return account_links.ask_reset(session, username, address=address, now=now)


def answer(session: Session, *, now: datetime = NOW) -> int:
    return account_links.answer_reset_requests(session, secret_key=KEY, now=now)


def everything_kept(session: Session) -> str:
    """All that the database has in any column, as text."""
    session.flush()
    bind = session.get_bind()
    tables = inspect(session.connection()).get_table_names()
    rows = [tuple(row) for name in tables for row in session.connection().exec_driver_sql(f'SELECT * FROM "{name}"')]
    assert bind is not None
    return repr(rows)


class TestMaking:
    @pytest.mark.parametrize(
        ("has_password", "purpose", "lifetime"),
        [(False, LinkPurpose.INVITATION, timedelta(days=7)), (True, LinkPurpose.RESET, timedelta(minutes=30))],
    )
    def test_who_has_no_password_is_invited_and_who_has_one_may_reset_it(
        self, session: Session, usual: Usual, has_password: bool, purpose: LinkPurpose, lifetime: timedelta
    ) -> None:
        if not has_password:
            usual.li.password_hash = None

        token = make(session, usual)

        link = account_links.find_link(session, token, now=NOW)
        assert link is not None
        assert (link.person_id, link.purpose, link.expires_at) == (usual.li.id, purpose, NOW + lifetime)
        assert account_links.find_link(session, token, now=NOW + lifetime - MOMENT) is not None
        assert account_links.find_link(session, token, now=NOW + lifetime) is None

    def test_a_link_by_mail_comes_back_to_nobody_and_is_queued_until_it_is_over(
        self, session: Session, usual: Usual
    ) -> None:
        assert make(session, usual, is_by_mail=True) == ""

        [mail] = session.scalars(select(OutboxMessage)).all()
        assert (mail.template, mail.to_address) == ("reset", "li@example.org")
        assert mail.valid_until == NOW + timedelta(minutes=30)

    def test_the_mail_that_goes_out_has_the_link_and_what_is_kept_of_it_has_not(
        self, session: Session, usual: Usual
    ) -> None:
        make(session, usual, is_by_mail=True)
        [mail] = session.scalars(select(OutboxMessage)).all()
        renderer = MailRenderer(paths.TEMPLATES, "http://taskboard.test", secret_key=KEY)

        sent, kept = (
            renderer.render(mail.template, mail.facts),
            renderer.render(mail.template, mail.facts, is_to_keep=True),
        )

        token = derive_token(KEY, LinkPurpose.RESET, mail.facts["account_link"]["salt"])
        for text in (sent.text, sent.html):
            assert f"http://taskboard.test/set-password?token={token}" in text
        for text in (kept.text, kept.html):
            assert token not in text
            assert MASK in text
        assert account_links.find_link(session, token, now=NOW) is not None

    def test_no_token_is_kept_anywhere(self, session: Session, usual: Usual) -> None:
        token = make(session, usual)

        kept = everything_kept(session)
        assert token not in kept
        assert fingerprint(token) in kept

    def test_a_new_link_ends_the_one_before(self, session: Session, usual: Usual) -> None:
        old = make(session, usual)

        new = make(session, usual)

        assert account_links.find_link(session, old, now=NOW) is None
        assert account_links.find_link(session, new, now=NOW) is not None

    def test_a_withdrawn_link_opens_nothing(self, session: Session, usual: Usual) -> None:
        token = make(session, usual)

        account_links.withdraw_link(session, usual.li.id, **writing_by(usual.actor("sun")))

        assert account_links.find_link(session, token, now=NOW) is None
        with pytest.raises(NotFound):
            use(session, token)

    @pytest.mark.parametrize("change", ["address", "password", "switched off"])
    def test_what_changes_the_account_ends_its_links(self, session: Session, usual: Usual, change: str) -> None:
        token, by, li = make(session, usual), writing_by(usual.actor("sun")), usual.li

        if change == "address":
            people.change_person(session, li.id, PersonValues("li", "李联络", "new@x.org"), version=li.version, **by)
        elif change == "password":
            people.set_password(session, li.id, "another hash", **by)
        else:
            people.switch_off(session, li.id, today=NOW.date(), **by)
            people.switch_on(session, li.id, **by)

        assert account_links.find_link(session, token, now=NOW) is None

    def test_without_an_address_or_switched_off_there_is_no_link(self, session: Session, usual: Usual) -> None:
        usual.wang.email = None
        usual.li.is_active = False
        session.flush()

        with pytest.raises(Invalid) as no_address:
            make(session, usual, is_by_mail=True, whom="wang")
        with pytest.raises(Invalid) as is_off:
            make(session, usual)
        assert (no_address.value.problem, is_off.value.problem) == ("account_without_address", "account_switched_off")

    @pytest.mark.parametrize("who", ["li", "gao", "chen", "liu"])
    def test_nobody_else_makes_or_withdraws_links(self, session: Session, usual: Usual, who: str) -> None:
        with pytest.raises(NotAllowed):
            make(session, usual, who=who)
        with pytest.raises(NotAllowed):
            account_links.withdraw_link(session, usual.li.id, **writing_by(usual.actor(who)))
        assert session.scalars(select(AccountLink)).all() == []

    def test_the_trail_tells_of_it_without_what_it_says(self, session: Session, usual: Usual) -> None:
        token = make(session, usual)
        use(session, token)

        entries = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id)).all()
        assert [(entry.act.value, entry.subject_id) for entry in entries] == [
            ("link_made", usual.li.id),
            ("password_changed", usual.li.id),
        ]
        assert entries[0].after == {"purpose": "reset", "is_by_mail": False, "expires_at": "2026-11-23T01:30:00+00:00"}


class TestUsing:
    def test_it_sets_the_password_ends_sessions_and_unlocks_the_account(self, session: Session, usual: Usual) -> None:
        session.add(FailedSignIn(account="li", address=ADDRESS, at=NOW))
        usual.li.must_change_password = True
        epoch = usual.li.session_epoch

        use(session, make(session, usual))

        assert (usual.li.password_hash, usual.li.session_epoch) == ("a new hash", epoch + 1)
        assert not usual.li.must_change_password
        assert session.scalars(select(FailedSignIn)).all() == []

    def test_it_is_used_once(self, session: Session, usual: Usual) -> None:
        token = make(session, usual)
        use(session, token)

        assert account_links.find_link(session, token, now=NOW) is None
        with pytest.raises(NotFound):
            use(session, token)

    @pytest.mark.parametrize("token", ["", "x", "密", "a" * 5000])
    def test_what_is_no_token_opens_nothing(self, session: Session, usual: Usual, token: str) -> None:
        make(session, usual)

        assert account_links.find_link(session, token, now=NOW) is None

    def test_a_token_made_with_another_key_opens_nothing(self, session: Session, usual: Usual) -> None:
        make(session, usual, is_by_mail=True)
        [mail] = session.scalars(select(OutboxMessage)).all()

        forged = derive_token("another key", LinkPurpose.RESET, mail.facts["account_link"]["salt"])

        assert account_links.find_link(session, forged, now=NOW) is None


class TestAsking:
    def test_asking_writes_the_same_for_every_name(self, session: Session, usual: Usual) -> None:
        for username in (" LI ", "nobody"):
            assert ask(session, username) is None

        assert [(one.account, one.answered_at) for one in session.scalars(select(ResetRequest))] == [
            ("li", None),
            ("nobody", None),
        ]
        assert session.scalars(select(OutboxMessage)).all() == []

    def test_only_accounts_that_can_have_one_get_a_link(self, session: Session, usual: Usual) -> None:
        usual.wang.email = None
        usual.zhao.is_active = False
        for number, username in enumerate(("li", "wang", "zhao", "nobody")):
            ask(session, username, address=f"10.0.0.{number}")

        assert answer(session) == 1
        assert answer(session) == 0
        assert [mail.to_address for mail in session.scalars(select(OutboxMessage))] == ["li@example.org"]

    def test_the_thirty_minutes_begin_when_the_link_is_made(self, session: Session, usual: Usual) -> None:
        ask(session, "li")
        later = NOW + timedelta(minutes=10)

        answer(session, now=later)

        link = account_links.find_open_link(session, usual.li.id, now=later)
        assert link is not None
        assert link.expires_at == later + timedelta(minutes=30)

    @pytest.mark.parametrize("username", ["li", "nobody"])
    def test_an_account_is_asked_for_a_few_times_an_hour(self, session: Session, usual: Usual, username: str) -> None:
        for number in range(RESETS_PER_ACCOUNT):
            assert ask(session, username, address=f"10.0.0.{number}") is None

        assert ask(session, username, address="10.0.0.99") == Locked(NOW + RESET_WINDOW)
        assert ask(session, username, address="10.0.0.99", now=NOW + RESET_WINDOW) is None

    def test_an_address_asks_a_few_times_an_hour(self, session: Session, usual: Usual) -> None:
        for number in range(RESETS_PER_ADDRESS):
            assert ask(session, f"name{number}") is None

        assert ask(session, "li") is not None
        assert ask(session, "li", address="10.0.0.1") is None


def test_the_password_that_an_administrator_sets_must_be_changed(session: Session, usual: Usual) -> None:
    by: Any = writing_by(usual.actor("sun"))
    people.set_password(session, usual.li.id, "a hash", **by)
    added = people.add_person(session, PersonValues("zhou", "周敏"), password_hash="a hash", **by)
    invited = people.add_person(session, PersonValues("xu", "徐敏"), **by)

    assert usual.li.must_change_password
    assert added.must_change_password
    assert not invited.must_change_password


def test_an_administrator_ends_the_sessions_of_somebody(session: Session, usual: Usual) -> None:
    epoch = usual.li.session_epoch

    people.end_all_sessions(session, usual.li.id, **writing_by(usual.actor("sun")))

    assert usual.li.session_epoch == epoch + 1
    with pytest.raises(NotAllowed):
        people.end_all_sessions(session, usual.li.id, **writing_by(usual.actor("chen")))
