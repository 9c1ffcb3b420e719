"""Signing in below the pages: what counts as a failure, what locks, and which hashes are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.history import Change
from taskboard.domain.passwords import FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS, WINDOW
from taskboard.models import FailedSignIn, HistoryEntry
from taskboard.services import accounts
from taskboard.services.accounts import Attempt, Locked
from tests.support.factories import NOW, PASSWORD, Usual

WHEN: Any = {"now": NOW, "entrance": "test"}


def begin(session: Session, username: str = "li", address: str = "192.0.2.1", **later: float) -> Attempt | Locked:
    return accounts.begin_sign_in(session, username, address=address, now=NOW + timedelta(**later))


def attempt(session: Session, username: str = "li") -> Attempt:
    begun = begin(session, username)
    assert isinstance(begun, Attempt)
    return begun


def test_an_attempt_counts_as_failed_until_it_is_completed(session: Session, usual: Usual) -> None:
    begun = attempt(session)
    assert len(session.scalars(select(FailedSignIn)).all()) == 1

    assert accounts.is_password(begun, PASSWORD)
    accounts.complete_sign_in(session, begun, **WHEN)

    assert session.scalars(select(FailedSignIn)).all() == []


def test_attempts_side_by_side_all_count(session: Session, usual: Usual) -> None:
    for _ in range(FAILURES_PER_ACCOUNT):
        assert isinstance(begin(session), Attempt)

    assert begin(session) == Locked(NOW + WINDOW)


def test_the_lock_ends_when_the_oldest_failure_that_counts_does(session: Session, usual: Usual) -> None:
    for minute in range(FAILURES_PER_ACCOUNT):
        begin(session, minutes=minute)

    assert begin(session, minutes=10) == Locked(NOW + WINDOW)
    assert isinstance(begin(session, minutes=15), Attempt)
    assert begin(session, minutes=15) == Locked(NOW + WINDOW + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("addresses", "is_locked"),
    [
        (["192.0.2.1"], True),
        ([f"192.0.2.{number}" for number in range(1, 21)], False),
        ([f"2001:db8:1:2::{number:x}" for number in range(1, 21)], True),
        ([f"2001:db8:1:{number:x}::1" for number in range(1, 21)], False),
        (["::ffff:192.0.2.1", "192.0.2.1"], True),
        (["unknown"], True),
    ],
)
def test_addresses_of_one_subscriber_count_together(
    session: Session, usual: Usual, addresses: list[str], is_locked: bool
) -> None:
    for number in range(FAILURES_PER_ADDRESS):
        begin(session, f"guess{number}", addresses[number % len(addresses)])

    assert isinstance(begin(session, "li", addresses[0]), Locked) is is_locked


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + "x", PASSWORD.upper()])
def test_another_password_is_not_right(session: Session, usual: Usual, password: str) -> None:
    assert not accounts.is_password(attempt(session), password)


def test_an_unknown_name_has_no_right_password(session: Session, usual: Usual) -> None:
    begun = attempt(session, "nobody")

    assert not accounts.is_password(begun, "nobody has this password")
    with pytest.raises(NotFound):
        accounts.complete_sign_in(session, begun, **WHEN)


def test_a_name_that_is_unknown_is_checked_against_a_hash_of_the_same_cost(session: Session, usual: Usual) -> None:
    usual.li.password_hash = accounts.hash_password(PASSWORD)
    session.flush()

    known, unknown = attempt(session), attempt(session, "nobody")

    assert known.password_hash.split("$")[:4] == unknown.password_hash.split("$")[:4]


def test_a_damaged_hash_is_nobodys_password(session: Session, usual: Usual) -> None:
    usual.li.password_hash = "not a hash"
    session.flush()

    assert not accounts.is_password(attempt(session), PASSWORD)


def test_switched_off_or_changed_in_between_is_refused(session: Session, usual: Usual) -> None:
    off, changed = attempt(session, "li"), attempt(session, "wang")
    usual.li.is_active = False
    usual.wang.password_hash = accounts.hash_password("another one")
    session.flush()

    for begun in (off, changed):
        with pytest.raises(NotFound):
            accounts.complete_sign_in(session, begun, **WHEN)


def test_an_outdated_hash_is_replaced_and_a_fresh_one_kept(session: Session, usual: Usual) -> None:
    usual.li.password_hash = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    session.flush()
    begun = attempt(session)
    fresher = accounts.fresher_hash(begun, PASSWORD)

    accounts.complete_sign_in(session, begun, fresher=fresher, **WHEN)

    assert usual.li.password_hash == fresher
    again = attempt(session)
    assert accounts.is_password(again, PASSWORD)
    assert accounts.fresher_hash(again, PASSWORD) is None


def test_a_new_password_ends_all_sessions(session: Session, usual: Usual) -> None:
    epoch = usual.li.session_epoch

    better = accounts.new_password("a much better 口令", username="li")
    accounts.change_password(session, attempt(session), better, **WHEN)

    assert usual.li.session_epoch == epoch + 1
    assert accounts.is_password(attempt(session), "a much better 口令")


def test_the_present_password_is_no_new_one(session: Session, usual: Usual) -> None:
    with pytest.raises(Invalid) as refused:
        accounts.new_password(PASSWORD, username="li", current_hash=usual.li.password_hash)

    assert refused.value.problem == "password_unchanged"


def test_overlong_names_and_passwords_are_only_wrong(session: Session, usual: Usual) -> None:
    begun = attempt(session, "x" * 10_000)

    assert not accounts.is_password(begun, "y" * 10_000_000)


def test_signing_in_and_a_new_password_are_in_the_trail_and_a_failure_is_not(session: Session, usual: Usual) -> None:
    begin(session)
    accounts.complete_sign_in(session, attempt(session), **WHEN)
    better = accounts.new_password("a much better 口令", username="li")
    accounts.change_password(session, attempt(session), better, **WHEN)

    entries = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id)).all()
    assert [(one.subject_id, one.actor_id, one.act) for one in entries] == [
        (usual.li.id, usual.li.id, Change.SIGNED_IN),
        (usual.li.id, usual.li.id, Change.PASSWORD_CHANGED),
    ]
