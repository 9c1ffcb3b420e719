"""The pages of group robots: what is kept is told to nobody again, and trying one out says once what happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from apiflask import APIFlask
from lxml import html
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.robots import RobotKind, RobotMessageState
from taskboard.models import HistoryEntry, Robot, RobotMessage
from tests.support.factories import Usual
from tests.support.robots import ADDRESSES, KEYS, Vendors, running_vendors
from tests.support.visitor import Visitor

SECRET = "SECdeadbeefcafe0123456789"
PAGE = "/settings/robots"
WECOM = f"qyapi.weixin.qq.com ***{KEYS['wecom'][-4:]}"


@pytest.fixture
def vendors(app: APIFlask) -> Iterator[Vendors]:
    with running_vendors() as vendors:
        app.extensions["taskboard_robot_connections"] = vendors.connect
        yield vendors


@pytest.fixture
def sun(visitor: Visitor, usual: Usual) -> Visitor:
    return visitor.enter(usual.sun)


def fields(**more: Any) -> dict[str, Any]:
    return {
        "name": "督查群",
        "address": ADDRESSES["dingtalk"],
        "secret": SECRET,
        "department": "云泽市人民政府",
        "sends_weekly": "y",
        "is_on": "y",
        "version": "1",
    } | more


def shown_changes(page: str) -> list[list[str]]:
    """The table of a conflict: what it is about, theirs, yours."""
    rows = html.fromstring(page).xpath("//div[contains(@class, 'alert-warning')]//tbody/tr")
    return [[str(cell.text_content()) for cell in row] for row in rows]


def robot(session: Session) -> Robot:
    session.rollback()
    session.expire_all()
    return session.scalars(select(Robot)).one()


def test_a_robot_is_registered_and_its_key_is_shown_nowhere_again(sun: Visitor, session: Session) -> None:
    answer = sun.post(f"{PAGE}/new", **fields())

    kept = robot(session)
    assert (kept.kind, kept.key, kept.secret, kept.is_on, kept.sends_daily) == (
        RobotKind.DINGTALK,
        KEYS["dingtalk"],
        SECRET,
        True,
        False,
    )
    assert answer.location == f"{PAGE}/{kept.id}"
    pages = "".join(sun.get(path).text for path in (PAGE, f"{PAGE}/{kept.id}", "/settings", "/jobs"))
    assert "督查群" in pages
    assert f"***{KEYS['dingtalk'][-4:]}" in pages
    assert KEYS["dingtalk"] not in pages
    assert SECRET not in pages


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"address": "https://example.org/hook"}, "只接受企业微信、钉钉、飞书群机器人的地址"),
        ({"address": ADDRESSES["wecom"]}, "企业微信的机器人没有加签密钥"),
        ({"name": " "}, "请填写名称"),
        ({"department": "查无此局"}, "单位目录里没有“查无此局”"),
    ],
)
def test_a_form_that_is_refused_keeps_all_but_the_secret_and_says_so(
    sun: Visitor, session: Session, wrong: dict[str, str], words: str
) -> None:
    answer = sun.post(f"{PAGE}/new", **fields(**wrong))

    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="云泽市人民政府"' in answer.text or "department" in wrong
    assert SECRET not in answer.text
    assert "请重新填写加签密钥" in answer.text or wrong.get("address") == ADDRESSES["wecom"]
    assert f'value="{fields(**wrong)["address"]}"' in answer.text
    assert session.scalars(select(Robot)).all() == []


def test_an_edit_without_an_address_keeps_it(sun: Visitor, session: Session) -> None:
    sun.post(f"{PAGE}/new", **fields())
    kept = robot(session)

    answer = sun.post(f"{PAGE}/{kept.id}", **fields(name="新名称", address="", secret="", is_on=""))

    assert answer.status_code == 302
    kept = robot(session)
    assert (kept.name, kept.key, kept.secret, kept.is_on) == ("新名称", KEYS["dingtalk"], SECRET, False)


def test_a_second_click_finds_the_robot_and_what_was_saved(sun: Visitor, session: Session) -> None:
    twice = fields(request_key="the-same-form-sent-twice")
    entered = [sun.post(f"{PAGE}/new", **twice) for _ in range(2)]
    kept = robot(session)
    saved = [sun.post(f"{PAGE}/{kept.id}", **fields(name="新名称", address="", secret="")) for _ in range(2)]

    assert [answer.location for answer in (*entered, *saved)] == [f"{PAGE}/{kept.id}"] * 4
    assert (robot(session).name, robot(session).version) == ("新名称", 2)


def test_a_stale_edit_shows_what_the_other_saved_beside_what_was_typed(sun: Visitor, session: Session) -> None:
    sun.post(f"{PAGE}/new", **fields())
    kept = robot(session)
    theirs = fields(name="别人的", address="", secret="", department="市财政局", sends_daily="y")
    sun.post(f"{PAGE}/{kept.id}", **theirs)

    answer = sun.post(f"{PAGE}/{kept.id}", **fields(name="我的", address="", secret=""))

    assert answer.status_code == 409
    assert "有人修改过这里" in answer.text
    assert shown_changes(answer.text) == [
        ["名称", "别人的", "我的"],
        ["播报哪个单位", "市财政局", "云泽市人民政府"],
        ["每个工作日发日报", "是", "否"],
    ]
    assert 'value="我的"' in answer.text
    assert robot(session).name == "别人的"
    again = sun.post(f"{PAGE}/{kept.id}", **fields(name="我的", address="", secret="", version="2"))
    assert again.status_code == 302
    assert (robot(session).name, robot(session).sends_daily) == ("我的", False)


def test_a_stale_edit_tells_addresses_apart_and_nothing_of_keys_and_secrets(sun: Visitor, session: Session) -> None:
    sun.post(f"{PAGE}/new", **fields())
    kept = robot(session)
    sun.post(f"{PAGE}/{kept.id}", **fields(address=ADDRESSES["wecom"], secret=""))

    answer = sun.post(f"{PAGE}/{kept.id}", **fields(address=ADDRESSES["feishu"]))
    only_secret = sun.post(f"{PAGE}/{kept.id}", **fields(address=""))

    assert shown_changes(answer.text) == [
        ["机器人地址", f"企业微信 {WECOM}", f"飞书 open.feishu.cn ***{KEYS['feishu'][-4:]}"],
        ["加签密钥", "没有设置", "新的密钥"],
    ]
    assert SECRET not in answer.text
    assert KEYS["wecom"] not in answer.text
    assert "请重新填写加签密钥" in answer.text
    assert shown_changes(only_secret.text)[0] == ["机器人地址", f"企业微信 {WECOM}", "不变"]


def test_trying_out_says_something_in_the_group(sun: Visitor, session: Session, vendors: Vendors) -> None:
    sun.post(f"{PAGE}/new", **fields())
    kept = robot(session)

    answer = sun.post(f"{PAGE}/{kept.id}/try-out", request_key="once")
    sun.post(f"{PAGE}/{kept.id}/try-out", request_key="once")

    assert [one.text for one in vendors.said] == [
        "【督办台账】云泽市人民政府：这是一条试发消息，机器人可以正常使用。\n详情：http://taskboard.test"
    ]
    assert "对方已接收" in sun.get(answer.location).text


def test_a_refused_trial_says_why_there_and_among_the_jobs(sun: Visitor, session: Session, vendors: Vendors) -> None:
    sun.post(f"{PAGE}/new", **fields())
    kept = robot(session)
    vendors.answers.append({"errcode": 310000, "errmsg": f"sign not match {KEYS['dingtalk']}"})

    answer = sun.post(f"{PAGE}/{kept.id}/try-out", request_key="once")

    for page in (answer.location, PAGE, "/jobs"):
        text = sun.get(page).text
        assert "对方拒绝接收（310000）：sign not match ***" in text
        assert KEYS["dingtalk"] not in text
    session.rollback()
    assert session.scalars(select(RobotMessage.state)).one() is RobotMessageState.REFUSED


def test_a_trial_that_reaches_nobody_is_not_sent_later(sun: Visitor, session: Session, vendors: Vendors) -> None:
    vendors.is_reachable = False
    sun.post(f"{PAGE}/new", **fields())

    answer = sun.post(f"{PAGE}/{robot(session).id}/try-out", request_key="once")

    assert "连不上 oapi.dingtalk.com" in sun.get(answer.location).text
    session.rollback()
    assert session.scalars(select(RobotMessage.state)).one() is RobotMessageState.EXPIRED
    assert "没有送达" in sun.get(PAGE).text
    assert "已过期" not in sun.get(PAGE).text


def test_trials_stop_at_the_robots_limit(sun: Visitor, session: Session, vendors: Vendors) -> None:
    sun.post(f"{PAGE}/new", **fields())
    path = f"{PAGE}/{robot(session).id}/try-out"
    for number in range(20):
        sun.post(path, request_key=str(number))

    answer = sun.post(path, request_key="one more")

    assert len(vendors.said) == 20
    assert "一分钟内试发太多次" in sun.get(answer.location).text


def test_a_removed_robot_leaves_its_entry_and_no_key(sun: Visitor, session: Session) -> None:
    sun.post(f"{PAGE}/new", **fields())

    answer = sun.post(f"{PAGE}/{robot(session).id}/remove")

    assert answer.location == PAGE
    session.rollback()
    assert session.scalars(select(Robot)).all() == []
    assert [one.act for one in session.scalars(select(HistoryEntry).order_by(HistoryEntry.id))] == ["added", "removed"]


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/new", f"{PAGE}/1"])
def test_nobody_but_administrators_sees_robots(visitor: Visitor, usual: Usual, path: str) -> None:
    assert visitor.enter(usual.chen).get(path).status_code == 403
    assert visitor.post(f"{PAGE}/new", **fields()).status_code == 403
    assert visitor.leave().get(path).status_code == 302
