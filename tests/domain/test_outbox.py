"""What a mail server's words say of an address, and how many mails may go."""

from __future__ import annotations

from itertools import pairwise

import pytest

from taskboard.domain.outbox import RateLimits, is_address_refused, server_pause


@pytest.mark.parametrize(
    ("reply", "is_refused"),
    [
        ("550 5.1.1 no such mailbox", True),
        ("550 5.2.1 mailbox disabled", True),
        ("550 no such user here", True),
        ("551 user not local", True),
        ("553 mailbox name not allowed", True),
        ("552 5.2.2 mailbox full", False),
        ("550 5.7.1 refused by policy", False),
        ("554 transaction failed", False),
        ("554 5.7.0 looks like spam", False),
        ("邮件没有生成", False),
    ],
)
def test_only_words_about_the_address_count_against_it(reply: str, *, is_refused: bool) -> None:
    assert is_address_refused(reply) is is_refused


@pytest.mark.parametrize(
    ("limits", "allowed"),
    [(RateLimits(), 20), (RateLimits(per_minute=5), 2), (RateLimits(per_hour=30), 0), (RateLimits(5, 41), 1)],
)
def test_the_narrower_limit_decides(limits: RateLimits, allowed: int) -> None:
    assert limits.allowance(in_last_minute=3, in_last_hour=40, wanted=20) == allowed


def test_a_server_that_stays_down_is_asked_ever_less_often_but_at_least_every_five_minutes() -> None:
    pauses = [server_pause(failures).total_seconds() for failures in range(1, 8)]

    assert all(earlier <= later for earlier, later in pairwise(pauses))
    assert (pauses[0], pauses[-1]) == (30, 300)
