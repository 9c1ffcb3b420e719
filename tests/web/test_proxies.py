"""Behind reverse proxies visitors are told apart by the address that the trusted ones add, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.config import ConfigurationError, Settings, settings_from_environment
from taskboard.domain.passwords import FAILURES_PER_ADDRESS
from taskboard.models import FailedSignIn
from tests.support.factories import Usual
from tests.support.visitor import Visitor

WRONG = "a wrong password"
SECRET = "a key that is only long enough for the settings"


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    return replace(settings, trusted_proxies=getattr(request, "param", 1))


def guess(visitor: Visitor, forwarded: str, username: str = "nobody") -> int:
    visitor.client.environ_base["HTTP_X_FORWARDED_FOR"] = forwarded
    return visitor.sign_in(username, WRONG).status_code


def addresses(session: Session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(FailedSignIn.address).order_by(FailedSignIn.id)))


def test_one_visitor_who_guesses_does_not_lock_the_others_out(visitor: Visitor, usual: Usual) -> None:
    for number in range(FAILURES_PER_ADDRESS):
        guess(visitor, "192.0.2.7", f"guess{number}")

    assert guess(visitor, "192.0.2.7", "another") == 429
    assert guess(visitor, "192.0.2.8", "another") == 422


def test_what_a_visitor_claims_in_front_of_the_proxys_word_does_not_count(
    visitor: Visitor, usual: Usual, session: Session
) -> None:
    guess(visitor, "203.0.113.9, 192.0.2.7")

    assert addresses(session) == ["192.0.2.7"]


@pytest.mark.parametrize("settings", [2], indirect=True)
def test_behind_two_proxies_the_first_of_them_is_believed(visitor: Visitor, usual: Usual, session: Session) -> None:
    guess(visitor, "203.0.113.9, 192.0.2.7, 198.51.100.1")

    assert addresses(session) == ["192.0.2.7"]


@pytest.mark.parametrize("settings", [0], indirect=True)
def test_without_proxies_nobody_chooses_an_address(visitor: Visitor, usual: Usual, session: Session) -> None:
    guess(visitor, "192.0.2.7")

    assert addresses(session) == ["127.0.0.1"]


def test_the_number_of_proxies_comes_from_the_environment() -> None:
    environ = {"TASKBOARD_SECRET_KEY": SECRET}

    assert settings_from_environment(environ).trusted_proxies == 0
    assert settings_from_environment({**environ, "TASKBOARD_TRUSTED_PROXIES": "2"}).trusted_proxies == 2


@pytest.mark.parametrize("value", ["-1", "10", "*", "yes", "²", "127.0.0.1", ""])
def test_a_number_that_is_none_is_refused_in_words(value: str) -> None:
    with pytest.raises(ConfigurationError, match="TASKBOARD_TRUSTED_PROXIES"):
        settings_from_environment({"TASKBOARD_SECRET_KEY": SECRET, "TASKBOARD_TRUSTED_PROXIES": value})
