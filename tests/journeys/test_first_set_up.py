"""From an empty instance to an office that can begin, in a real browser, in less than three minutes.

A test types faster than anybody, and how fast the machine is at the moment is nothing to judge by. So the time that
somebody takes who knows the answers is worked out from what they do, by the keystroke-level model of Card, Moran and
Newell (1980); half a minute is left to the machine, for its dozen answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.config import Settings
from taskboard.domain.roles import Role
from taskboard.models import Person, PersonPost, Setting
from taskboard.services.setup import setup_code
from tests.support.smtp import SmtpServer

PASSWORD = "spring tea 2026 harvest"
LIMIT = 150.0

# Seconds of the model: a key of an average typist, the way from keyboard to mouse, pointing at something and pressing,
# and making up one's mind before it.
KEY, HOMING, POINTING, THINKING = 0.28, 0.4, 1.3, 1.35
KEYS_OF_A_CHARACTER = 4
"""of a Chinese one, typed by its sound and chosen"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@dataclass
class Hands:
    """What somebody does at a page: fields filled in, keys and clicks, and how long that takes them."""

    page: Page
    fields: int = 0
    keys: int = 0
    clicks: int = 0

    @property
    def seconds(self) -> float:
        per_click = THINKING + HOMING + POINTING
        # From field to field the keyboard leads on.
        return self.clicks * per_click + self.fields * (THINKING + KEY) + self.keys * KEY

    def fill(self, label: str, text: str) -> None:
        self._labelled(label).fill(text)
        self.fields += 1
        self.keys += sum(1 if letter.isascii() else KEYS_OF_A_CHARACTER for letter in text)

    def choose(self, label: str, words: str) -> None:
        """Open a list and pick from it."""
        self._labelled(label).select_option(words)
        self.clicks += 2

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()
        self.clicks += 1

    def _labelled(self, label: str) -> Locator:
        # What is required has an asterisk in its label.
        return self.page.get_by_label(re.compile(rf"^{label}\*?$"))


def test_an_empty_instance_is_set_up_in_less_than_three_minutes(
    page: Page, settings: Settings, smtp_server: SmtpServer, session: Session
) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    hands = Hands(page)

    page.goto("/")
    hands.fill("设置码", setup_code(settings.secret_key))
    hands.press("开始设置")

    hands.fill("姓名", "孙管理")
    hands.fill("账号", "sun")
    hands.fill("邮箱", "sun@example.org")
    hands.fill("密码", PASSWORD)
    hands.fill("再填一次密码", PASSWORD)
    hands.press("下一步")

    hands.fill("督查主体", "槐阳市人民政府")
    page.get_by_label("我同时担任督查员").check()
    hands.clicks += 1
    hands.press("下一步")

    assert page.get_by_label("访问地址").input_value() == page.url.removesuffix("/setup/mail")
    hands.fill("邮件服务器", smtp_server.url)
    hands.fill("发件人", "槐阳督办 <duban@example.org>")
    hands.press("发送测试邮件")
    expect(page.get_by_text("邮件服务器已接收测试邮件")).to_be_visible()
    hands.press("下一步")

    hands.choose("模板", "city")
    hands.fill("地名或企业名称", "槐阳市")
    hands.press("完成设置")

    expect(page.get_by_text("设置完成。")).to_be_visible()
    hands.fill("账号", "sun")
    hands.fill("密码", PASSWORD)
    hands.press("登录")
    expect(page.get_by_role("button", name="退出")).to_be_visible()

    assert (hands.fields, hands.clicks) == (12, 10)
    assert hands.seconds < LIMIT
    assert complaints == []
    assert [mail.recipients for mail in smtp_server.received] == [("sun@example.org",)]
    assert set(session.scalars(select(PersonPost.role))) == {Role.ADMINISTRATOR, Role.SUPERVISOR}
    assert session.scalar(select(Setting.value).where(Setting.name == "smtp_url")) == smtp_server.url
    assert session.scalars(select(Person.username)).all() == ["sun"]

    # The office can begin: its departments are there, and a document can be read.
    page.goto("/departments")
    expect(page.get_by_text("槐阳市财政局").first).to_be_visible()
    page.goto("/imports/new")
    expect(page.get_by_label("计划文件")).to_be_visible()
