"""The inbox in the browser: what a mail said, read in the product, and the number in the header."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from lxml import html
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.clock import SettableClock
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.models import OutboxMessage, Person
from taskboard.services.outbox import queue_mail
from tests.support.factories import Usual
from tests.support.visitor import Visitor

FACTS: dict[str, Any] = {
    "person": "李联络",
    "actor": "陈督查",
    "posts": [{"department": "市发展改革委", "role": "liaison", "is_stand_in": False}],
    "plan": "城市更新行动方案",
    "department": "市发展改革委",
    "departments": {"lead": ["市发展改革委"], "partner": []},
    "reason": "请按期办理<script>alert(1)</script>",
    "path": "/tasks/1",
    "task": {
        "title": "推进老旧小区改造",
        "path": "/tasks/1",
        "state": "in_progress",
        "due_on": "2026-12-31",
        "is_ongoing": False,
        "deadline_origin": "stated",
    },
}


def tell(session: Session, person: Person, clock: SettableClock, number: int = 1, **changes: Any) -> int:
    key = f"dispatched:{number}:{person.id}"
    queue_mail(
        session,
        key=key,
        kind=MailKind.NOTICE,
        person_id=person.id,
        to_address=person.email,
        template="dispatched",
        facts=FACTS,
        now=clock.now() + timedelta(minutes=number),
    )
    session.execute(update(OutboxMessage).where(OutboxMessage.key == key).values(**changes) if changes else select(1))
    session.commit()
    return session.scalars(select(OutboxMessage.id).where(OutboxMessage.key == key)).one()


def unread_shown(page: str) -> str | None:
    """The number in the header, None where there is none."""
    found = html.fromstring(page).xpath('//header//*[@class="unread-count"]')
    return found[0].text if found else None


def test_the_header_counts_what_is_unread_on_every_page(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    visitor.enter(usual.li)
    assert unread_shown(visitor.get("/my-tasks").text) is None

    tell(session, usual.li, clock, 1)
    tell(session, usual.li, clock, 2)
    tell(session, usual.wang, clock, 1)

    assert unread_shown(visitor.get("/my-tasks").text) == "2"
    assert unread_shown(visitor.get("/no-such-page").text) == "2"
    assert unread_shown(visitor.enter(usual.chen).get("/overdue").text) is None


def test_a_hundred_and_more_are_not_counted_out(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    for number in range(101):
        tell(session, usual.li, clock, number)

    assert unread_shown(visitor.enter(usual.li).get("/inbox").text) == "99+"


def test_the_list_names_what_each_mail_says_before_it_was_sent(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    waiting = tell(session, usual.li, clock, 1)
    sent = tell(
        session, usual.li, clock, 2, state=OutboxState.SENT, subject="已经发出的主题", text="文", html="<p>文</p>"
    )

    page = html.fromstring(visitor.enter(usual.li).get("/inbox").text)

    rows = page.xpath("//tbody/tr/th/a")
    assert [(one.get("href"), "推进老旧小区改造" in one.text, one.text == "已经发出的主题") for one in rows] == [
        (f"/inbox/{sent}", False, True),
        (f"/inbox/{waiting}", True, False),
    ]


def test_opening_a_message_shows_what_the_mail_says_and_marks_it_read(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    mail_id = tell(session, usual.li, clock)

    page = visitor.enter(usual.li).get(f"/inbox/{mail_id}")
    part = visitor.get(f"/inbox/{mail_id}/html")

    assert "同时发往 li@example.org" in page.text
    assert "推进老旧小区改造" in part.text
    assert 'href="http://taskboard.test/tasks/1"' in part.text
    assert "<script" not in part.text
    assert "default-src 'none'" in part.headers["Content-Security-Policy"]
    assert unread_shown(page.text) is None
    session.rollback()
    assert session.get_one(OutboxMessage, mail_id).read_at == clock.now()


def test_a_mail_that_went_out_is_shown_as_it_went_out(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    mail_id = tell(
        session,
        usual.li,
        clock,
        state=OutboxState.SENT,
        subject="当时的主题",
        text="当时的正文",
        html="<p>当时的正文</p>",
    )

    page = visitor.enter(usual.li).get(f"/inbox/{mail_id}").text

    assert "当时的主题" in page
    assert "当时的正文" in page
    assert "已发往 li@example.org" in page
    assert visitor.get(f"/inbox/{mail_id}/html").text == "<p>当时的正文</p>"


def test_who_has_no_address_reads_the_same_here(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    usual.li.email = None
    session.commit()
    mail_id = tell(session, usual.li, clock)

    page = visitor.enter(usual.li).get(f"/inbox/{mail_id}").text

    assert "没有登记邮箱，只在这里" in page
    assert "推进老旧小区改造" in visitor.get(f"/inbox/{mail_id}/html").text


def test_facts_that_no_template_can_show_any_more_break_no_page(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    mail_id = tell(session, usual.li, clock, facts={"title": "早年的事项"})

    visitor.enter(usual.li)

    assert "（内容无法显示）" in visitor.get("/inbox").text
    assert "（内容无法显示）" in visitor.get(f"/inbox/{mail_id}").text
    assert "（内容无法显示）" in visitor.get(f"/inbox/{mail_id}/html").text


def test_a_message_can_be_kept_for_later(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    mail_id = tell(session, usual.li, clock)
    visitor.enter(usual.li).get(f"/inbox/{mail_id}")

    answer = visitor.post(f"/inbox/{mail_id}/unread")

    assert (answer.status_code, answer.location) == (302, "/inbox")
    assert unread_shown(visitor.get("/inbox").text) == "1"
    assert f"/inbox/{mail_id}" in visitor.get("/inbox", show="unread").text


def test_all_that_was_shown_is_marked_read_at_once(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock
) -> None:
    shown = tell(session, usual.li, clock, 1)
    page = html.fromstring(visitor.enter(usual.li).get("/inbox").text)
    [up_to] = page.xpath('//form[@action="/inbox/read-all"]//input[@name="up_to"]/@value')
    later = tell(session, usual.li, clock, 2)

    answer = visitor.post("/inbox/read-all", up_to=up_to)

    assert "已将 1 条消息标为已读" in visitor.get(answer.location).text
    page = visitor.get("/inbox", show="unread").text
    assert f"/inbox/{later}" in page
    assert f'"/inbox/{shown}"' not in page


@pytest.mark.parametrize("rest", ["", "/html"])
def test_a_message_of_somebody_else_does_not_exist(
    visitor: Visitor, usual: Usual, session: Session, clock: SettableClock, rest: str
) -> None:
    mail_id = tell(session, usual.li, clock)

    assert visitor.enter(usual.sun).get(f"/inbox/{mail_id}{rest}").status_code == 404
    assert visitor.post(f"/inbox/{mail_id}/unread").status_code == 404
    assert visitor.leave().get(f"/inbox/{mail_id}{rest}").status_code == 302


def test_an_empty_inbox_says_what_will_come(visitor: Visitor, usual: Usual) -> None:
    visitor.enter(usual.zhao)

    assert "还没有消息" in visitor.get("/inbox").text
    assert "没有未读消息" in visitor.get("/inbox", show="unread").text
    assert "全部标为已读" not in visitor.get("/inbox").text


def test_long_inboxes_come_in_pages(visitor: Visitor, usual: Usual, session: Session, clock: SettableClock) -> None:
    for number in range(51):
        tell(session, usual.li, clock, number)

    page = visitor.enter(usual.li).get("/inbox", page=2).text

    assert "共 51 条，第 2 / 2 页" in page
    assert len(html.fromstring(page).xpath("//tbody/tr")) == 1
