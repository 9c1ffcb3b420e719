"""Which passwords are refused, and why."""

from __future__ import annotations

import pytest

from taskboard.domain.errors import Invalid
from taskboard.domain.passwords import LONGEST, check_password


@pytest.mark.parametrize("password", ["correct horse 督办", "一句好记的口令加数字42", "x9#kPq2!vv", "Yunze-2026-dusha"])
def test_a_password_that_nobody_tries_first_is_accepted(password: str) -> None:
    check_password(password, username="li")


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", "password_short"),
        ("nine char", "password_short"),
        ("x" * (LONGEST + 1), "password_long"),
        ("zhoumin-is-here", "password_has_username"),
        ("ＺＨＯＵＭＩＮ-is-here", "password_has_username"),
        ("aaaaaaaaaaaa", "password_simple"),
        ("abababababab", "password_simple"),
        ("1234567890", "password_simple"),
        ("0987654321", "password_simple"),
        ("password123", "password_simple"),
        ("Admin123456", "password_simple"),
        ("qwertyuiop12", "password_simple"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(password: str, problem: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, username="zhoumin")

    assert (refused.value.field, refused.value.problem) == ("password", problem)
