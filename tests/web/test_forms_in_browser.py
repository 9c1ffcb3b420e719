"""The script that all forms share, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.config import MEBIBYTE
from taskboard.domain.outbox import MailKind
from taskboard.models import ProgressReport
from taskboard.services.outbox import queue_mail
from tests.support import factories
from tests.support.factories import Usual

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_files_that_are_too_large_are_not_sent_and_nothing_typed_is_lost(
    page: Page, usual: Usual, session: Session
) -> None:
    plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
    task = factories.make_task(session, plan=plan, lead=usual.lead)
    session.commit()
    page.goto("/sign-in")
    page.fill("[name=username]", "li")
    page.fill("[name=password]", factories.PASSWORD)
    page.click("main button[type=submit]")
    page.goto(f"/tasks/{task.id}")
    form = page.locator(".report-form form").first
    form.locator("[name=done]").fill("已完成选址")
    form.locator("summary").click()
    files = form.locator("[name=files]")

    files.set_input_files({"name": "图纸.pdf", "mimeType": "application/pdf", "buffer": b"%PDF" + bytes(20 * MEBIBYTE)})
    form.get_by_role("button", name="反馈进展").click()

    expect(form.get_by_role("alert")).to_contain_text("超过 20 MB 的上限，没有发送")
    expect(form.locator("[name=done]")).to_have_value("已完成选址")
    session.rollback()
    assert session.scalars(select(ProgressReport)).all() == []

    files.set_input_files({"name": "图纸.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 ..."})
    form.get_by_role("button", name="反馈进展").click()
    expect(page.get_by_text("已反馈")).to_be_visible()
    session.rollback()
    assert [one.done for one in session.scalars(select(ProgressReport))] == ["已完成选址"]


@pytest.mark.parametrize("width", [390, 360])
def test_the_head_of_a_page_takes_one_line_on_a_telephone_with_messages_unread(
    page: Page, usual: Usual, session: Session, width: int
) -> None:
    usual.lead.name = "市发展和改革委员会能源和环境资源综合利用处"
    queue_mail(
        session,
        key="notice:1",
        kind=MailKind.NOTICE,
        person_id=usual.li.id,
        to_address=None,
        template="issued",
        facts={},
        now=factories.NOW,
    )
    session.commit()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/sign-in")
    page.fill("[name=username]", "li")
    page.fill("[name=password]", factories.PASSWORD)
    page.click("main button[type=submit]")
    expect(page.locator(".unread-count")).to_have_text("1")

    tops = page.evaluate("['.brand', '.who'].map((one) => document.querySelector(one).getBoundingClientRect().bottom)")
    way_out = page.get_by_role("button", name="退出").bounding_box()

    assert abs(tops[0] - tops[1]) < 20
    assert way_out is not None
    assert way_out["height"] < 40
