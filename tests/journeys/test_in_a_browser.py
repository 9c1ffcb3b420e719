"""The whole way once more, in a real browser: sign in, import, confirm, issue, update, see what is overdue."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.local_time import at_local
from taskboard.domain.roles import Role
from taskboard.services.calendar import seed_calendar
from tests.support.factories import PASSWORD, make_department, make_person

DOCUMENT = Path(__file__).parents[1] / "data" / "plans" / "02_work_points_lines.txt"
TASK = "完善配套设施"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture(autouse=True)
def office(session):
    seed_calendar(session)
    body = make_department(session, "临江省人民政府")
    lead = make_department(session, "省住建厅", parent=body)
    make_department(session, "各市州人民政府", parent=body, kind=DepartmentKind.COLLECTIVE)
    make_person(session, "陈督查", (Role.SUPERVISOR, body), username="chen")
    make_person(session, "李联络", (Role.LIAISON, lead), username="li")
    session.commit()


def sign_in(page, username):
    page.goto("/sign-in")
    page.get_by_label("账号").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("button", name="退出")).to_be_visible()


def sign_out(page):
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_label("密码")).to_be_visible()


def test_a_document_becomes_a_task_that_is_reported_on_and_seen_overdue(page, clock):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    clock.moment = at_local(date(2019, 8, 20), time(9))

    sign_in(page, "chen")
    page.goto("/imports/new")
    page.get_by_label("计划文件").set_input_files(DOCUMENT)
    page.get_by_role("button", name="读取并核对").click()
    expect(page.get_by_text(TASK).first).to_be_visible()
    for name in dict.fromkeys(
        page.locator('input[type="radio"]').evaluate_all("inputs => inputs.map(input => input.name)")
    ):
        if page.locator(f'input[name="{name}"]:checked').count() == 0:
            page.locator(f'input[name="{name}"][value="create_unit"]').check()
    page.locator('[name="leads_are_checked"]').check()
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_role("heading", name="2019年全省特色小镇工作要点")).to_be_visible()

    page.get_by_role("row", name=TASK).get_by_role("checkbox").check()
    page.get_by_role("button", name="交办草稿").click()
    page.get_by_role("button", name="交办选中的任务").click()
    expect(page.get_by_text("已交办 1 项任务")).to_be_visible()
    sign_out(page)

    clock.moment = at_local(date(2019, 8, 21), time(9))
    sign_in(page, "li")
    page.get_by_role("link", name=TASK).click()
    page.get_by_role("button", name="签收").click()
    expect(page.get_by_text("已签收。")).to_be_visible()
    page.get_by_label("进展情况").fill("改造方案已完成。")
    page.get_by_role("button", name="反馈进展").click()
    expect(page.get_by_text("已反馈进展。")).to_be_visible()
    sign_out(page)

    clock.moment = at_local(date(2019, 10, 8), time(9))
    sign_in(page, "chen")
    page.get_by_role("link", name="逾期清单").click()
    row = page.get_by_role("row", name=TASK).filter(has_text="牵头")
    expect(row).to_contain_text("8 天")
    expect(row).to_contain_text("李联络")
    expect(row).to_contain_text("改造方案已完成。")
    assert complaints == []


def test_the_pages_of_the_way_fit_a_phone(page, clock):
    clock.moment = at_local(date(2019, 8, 20), time(9))
    page.set_viewport_size({"width": 390, "height": 844})

    sign_in(page, "chen")
    for address in ("/my-tasks", "/overdue", "/plans", "/imports/new", "/departments", "/people"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
