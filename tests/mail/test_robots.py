"""Handing texts to group robots over HTTP, to a server that answers as the three vendors do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from taskboard.domain.outbox import Outcome, Result
from taskboard.domain.robots import VENDORS, RobotKind, fit, parse_webhook
from taskboard.mail.robots import RobotAccess, connect_securely, speak
from tests.support.factories import NOW
from tests.support.robots import ADDRESSES, KEYS, Silence, Vendors, running_vendors

KINDS = [kind.value for kind in RobotKind]
SECRET = "SECdeadbeefcafe0123456789"


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with running_vendors() as vendors:
        yield vendors


def say(vendors: Vendors, kind: str, text: str = "督办周报", secret: str | None = None) -> Outcome:
    return speak(RobotAccess(parse_webhook(ADDRESSES[kind]), secret), text, now=NOW, connect=vendors.connect)


@pytest.mark.parametrize("kind", KINDS)
def test_the_vendor_gets_the_text_at_the_address_of_the_robot(vendors: Vendors, kind: str) -> None:
    outcome = say(vendors, kind, "督办周报\n逾期 3 项")

    assert outcome == Outcome(Result.ACCEPTED)
    [said] = vendors.said
    assert f"https://{said.host}{said.path}" == ADDRESSES[kind]
    assert said.text == "督办周报\n逾期 3 项"


def test_dingtalk_checks_the_signature_in_the_address(vendors: Vendors) -> None:
    say(vendors, "dingtalk", secret=SECRET)

    asked = parse_qs(urlsplit(vendors.said[0].path).query)
    [stamp] = asked["timestamp"]
    expected = hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest()
    assert stamp == str(int(NOW.timestamp() * 1000))
    assert asked["sign"] == [base64.b64encode(expected).decode()]


def test_feishu_checks_the_signature_in_the_message(vendors: Vendors) -> None:
    say(vendors, "feishu", secret=SECRET)

    body = vendors.said[0].body
    expected = hmac.new(f"{body['timestamp']}\n{SECRET}".encode(), b"", hashlib.sha256).digest()
    assert body["timestamp"] == str(int(NOW.timestamp()))
    assert body["sign"] == base64.b64encode(expected).decode()


@pytest.mark.parametrize(
    ("kind", "answer", "result"),
    [
        ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url"}, Result.NEVER),
        ("dingtalk", {"errcode": 310000, "errmsg": "sign not match"}, Result.NEVER),
        ("feishu", {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}, Result.NEVER),
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, Result.LATER),
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}, Result.LATER),
        ("feishu", {"code": 11232, "msg": "frequency limited"}, Result.LATER),
        ("wecom", 429, Result.LATER),
        ("wecom", 404, Result.NEVER),
        ("feishu", 302, Result.UNCERTAIN),
        ("feishu", 502, Result.UNCERTAIN),
        ("feishu", b"<html>gateway</html>", Result.UNCERTAIN),
        ("feishu", {"ok": True}, Result.UNCERTAIN),
        ("dingtalk", Silence.AFTER_THE_REQUEST, Result.UNCERTAIN),
    ],
)
def test_the_answer_decides_whether_it_arrived(
    vendors: Vendors, kind: str, answer: int | bytes | Mapping[str, Any] | Silence, result: Result
) -> None:
    """A refusal comes with status 200: who looks at the status alone takes it for sent."""
    vendors.answers.append(answer)

    outcome = say(vendors, kind)

    assert outcome.result is result
    assert outcome.detail
    assert len(vendors.said) == 1


def test_a_vendor_that_cannot_be_reached_got_nothing(vendors: Vendors) -> None:
    vendors.is_reachable = False

    outcome = say(vendors, "wecom")

    assert (outcome.result, outcome.detail) == (Result.LATER, "连不上 qyapi.weixin.qq.com，消息没有发出")


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_and_no_secret_is_told(vendors: Vendors, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    vendors.answers.append(
        {"errcode": 1, "code": 1, "errmsg": f"bad {KEYS[kind]} {SECRET}", "msg": f"bad {KEYS[kind]}"}
    )

    outcome = say(vendors, kind, secret=None if kind == "wecom" else SECRET)

    told = f"{outcome}{caplog.text}"
    assert "bad ***" in told
    assert KEYS[kind] not in told
    assert kind == "wecom" or SECRET not in told


@pytest.mark.parametrize("kind", list(RobotKind))
def test_the_longest_text_is_taken(vendors: Vendors, kind: RobotKind) -> None:
    text = fit(["头", *["“单位”　1（0）"] * 2000], "尾", VENDORS[kind].most_bytes, cut="另有 {} 行")

    assert say(vendors, kind.value, text).result is Result.ACCEPTED


def test_the_certificate_of_the_vendor_is_checked() -> None:
    connection = connect_securely("open.feishu.cn")

    assert connection._context.verify_mode is ssl.CERT_REQUIRED  # type: ignore[attr-defined]
    assert connection._context.check_hostname is True  # type: ignore[attr-defined]
    assert connection.sock is None, "nothing is opened before there is something to say"
