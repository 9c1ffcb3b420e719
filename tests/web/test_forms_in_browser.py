"""The script that all forms share, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.config import MEBIBYTE
from taskboard.models import ProgressReport
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
