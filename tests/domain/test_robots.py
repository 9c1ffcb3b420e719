"""Group robots: the closed list of addresses, one digest a day, texts cut at whole lines."""

from __future__ import annotations

from datetime import date

import pytest

from taskboard.domain.errors import Invalid
from taskboard.domain.outbox import Result
from taskboard.domain.robots import (
    RobotDigest,
    RobotKind,
    RobotMessageState,
    Webhook,
    checked_secret,
    digest_of_day,
    fit,
    message_key,
    parse_webhook,
    state_after,
)
from tests.support.robots import ADDRESSES, KEYS

KEY = KEYS["wecom"]


@pytest.mark.parametrize("kind", list(RobotKind))
def test_an_address_from_a_vendors_page_is_taken_and_made_again(kind: RobotKind) -> None:
    webhook = parse_webhook(ADDRESSES[kind.value])

    assert webhook == Webhook(kind, KEYS[kind.value])
    assert f"https://{webhook.host}{webhook.path}" == ADDRESSES[kind.value]


@pytest.mark.parametrize("kind", list(RobotKind))
def test_an_address_in_full_width_is_meant_in_half(kind: RobotKind) -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) for char in ADDRESSES[kind.value])

    assert parse_webhook(wide) == Webhook(kind, KEYS[kind.value])


@pytest.mark.parametrize(
    "address",
    [
        "",
        "qyapi.weixin.qq.com",
        ADDRESSES["wecom"].replace("https", "http"),
        ADDRESSES["wecom"].replace("https", "HTTPS"),
        ADDRESSES["wecom"].replace("https://", "json://"),
        ADDRESSES["wecom"].replace(".com/", ".com.example.org/"),
        ADDRESSES["wecom"].replace("//", "//somebody@"),
        ADDRESSES["wecom"].replace(".com/", ".com:8443/"),
        ADDRESSES["wecom"].replace("qyapi", "evil.example.org/qyapi"),
        ADDRESSES["wecom"].replace("/send", "/../../send"),
        ADDRESSES["wecom"].replace("key=", "debug=1&key="),
        ADDRESSES["wecom"] + "&debug=1",
        ADDRESSES["wecom"] + "#part",
        ADDRESSES["wecom"] + "\nHost: example.org",
        ADDRESSES["wecom"].replace(KEY, "short"),
        ADDRESSES["wecom"].replace(KEY, "x" * 129),
        ADDRESSES["wecom"].replace(KEY, "关键字" * 8),
        ADDRESSES["feishu"] + "/",
        ADDRESSES["feishu"].replace("feishu.cn", "feishu.cn@example.org"),
        "https://127.0.0.1/cgi-bin/webhook/send?key=" + KEY,
        "https://open.larksuite.com/open-apis/bot/v2/hook/" + KEY,
        "wecombot://" + KEY,
    ],
)
def test_any_other_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_webhook(address)

    assert refused.value.problem == "robot_address_form"
    assert "address" not in refused.value.facts


@pytest.mark.parametrize("kind", list(RobotKind))
def test_what_is_shown_of_an_address_opens_nothing(kind: RobotKind) -> None:
    shown = parse_webhook(ADDRESSES[kind.value]).shown

    assert KEYS[kind.value][:-4] not in shown
    assert shown.endswith(KEYS[kind.value][-4:])


def test_only_vendors_that_sign_have_a_secret() -> None:
    assert checked_secret(RobotKind.DINGTALK, "SECabcdef0123") == "SECabcdef0123"
    assert checked_secret(RobotKind.WECOM, "") is None
    for kind, secret in ((RobotKind.WECOM, "SECabcdef0123"), (RobotKind.FEISHU, "有空 格")):
        with pytest.raises(Invalid):
            checked_secret(kind, secret)


@pytest.mark.parametrize(
    ("is_digest_day", "weekly", "daily", "digest"),
    [
        (True, True, False, RobotDigest.WEEKLY),
        (True, True, True, RobotDigest.WEEKLY),
        (True, False, True, RobotDigest.DAILY),
        (False, True, True, RobotDigest.DAILY),
        (False, True, False, None),
        (True, False, False, None),
    ],
)
def test_a_robot_says_one_thing_a_day(
    is_digest_day: bool, weekly: bool, daily: bool, digest: RobotDigest | None
) -> None:
    assert digest_of_day(is_digest_day=is_digest_day, sends_weekly=weekly, sends_daily=daily) is digest


def test_the_key_of_a_week_is_by_iso() -> None:
    assert message_key(RobotDigest.WEEKLY, 7, date(2027, 1, 1)) == "weekly:7:2026-W53"
    assert message_key(RobotDigest.DAILY, 7, date(2027, 1, 1)) == "daily:7:2027-01-01"


def test_a_text_that_fits_stays_whole() -> None:
    assert fit(["头", "一", "二"], "尾", 100, cut="另有 {} 行") == "头\n一\n二\n尾"


def test_a_text_that_is_too_long_ends_at_a_whole_line_and_says_how_many_are_missing() -> None:
    lines = ["头", *(f"单位{number}" for number in range(50))]

    text = fit(lines, "尾", 120, cut="另有 {} 行")

    kept = text.split("\n")
    assert len(text.encode()) <= 120
    assert kept[-1] == "尾"
    assert kept[-2] == f"另有 {len(lines) - len(kept) + 2} 行"
    assert kept[:-2] == lines[: len(kept) - 2]
    assert len(f"{text}\n{lines[len(kept)]}".encode()) > 120


@pytest.mark.parametrize(
    ("result", "digest", "state"),
    [
        (Result.ACCEPTED, RobotDigest.WEEKLY, RobotMessageState.SENT),
        (Result.NEVER, RobotDigest.WEEKLY, RobotMessageState.REFUSED),
        (Result.LATER, RobotDigest.WEEKLY, RobotMessageState.WAITING),
        (Result.LATER, RobotDigest.TRIAL, RobotMessageState.EXPIRED),
        (Result.UNCERTAIN, RobotDigest.DAILY, RobotMessageState.UNKNOWN),
    ],
)
def test_only_what_certainly_did_not_arrive_is_tried_again(
    result: Result, digest: RobotDigest, state: RobotMessageState
) -> None:
    assert state_after(result, digest) is state
