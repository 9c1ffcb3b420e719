"""The whole way once more, in a real browser: sign in, import, confirm, issue, update, see what is overdue."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.local_time import at_local
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.models import HistoryEntry
from taskboard.services.calendar import seed_calendar
from tests.support.factories import NOW, PASSWORD, make_department, make_person, make_plan, make_task, usual_people
from tests.support.tables import assignment_of

DOCUMENT = Path(__file__).parents[1] / "data" / "plans" / "02_work_points_lines.txt"
TASK = "完善配套设施"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture
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


@pytest.mark.usefixtures("office")
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


@pytest.mark.usefixtures("office")
def test_the_pages_of_the_way_fit_a_phone(page, clock):
    clock.moment = at_local(date(2019, 8, 20), time(9))
    page.set_viewport_size({"width": 390, "height": 844})

    sign_in(page, "chen")
    for address in ("/my-tasks", "/overdue", "/plans", "/imports/new", "/departments", "/people"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


@pytest.fixture
def on_a_phone(page, clock):
    clock.moment = NOW
    page.set_viewport_size({"width": 390, "height": 844})
    return page


def task_of_the_lead(session, **more):
    usual = usual_people(session)
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    task = make_task(session, plan=plan, lead=usual.lead, title="推进甲项工作", due_on=date(2026, 12, 31), **more)
    branch = assignment_of(session, task, usual.lead)
    branch.officer_id = usual.qian.id
    session.commit()
    return task, branch


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_officer_reports_and_sends_evidence_on_a_phone(on_a_phone, session):
    page = on_a_phone
    task, branch = task_of_the_lead(session)

    sign_in(page, "qian")
    page.goto("/my-tasks")
    assert fits(page)
    page.get_by_role("link", name="推进甲项工作").first.click()
    page.get_by_role("button", name="无变化").click()
    expect(page.get_by_text("已反馈：无变化。")).to_be_visible()
    page.get_by_label("进展情况").fill("新建成一批。")
    page.get_by_text("填写完成比例、问题").click()
    page.get_by_label("完成比例").fill("40")
    page.get_by_role("button", name="反馈进展").click()
    expect(page.get_by_text("已反馈进展。")).to_be_visible()
    expect(page.get_by_text("新建成一批。").first).to_be_visible()
    assert fits(page)

    session.rollback()
    assert branch.percent == 40
    acts = session.scalars(select(HistoryEntry.act).where(HistoryEntry.task_id == task.id)).all()
    assert [act.value for act in acts] == ["report", "report"]


def test_a_liaison_acknowledges_hands_out_and_submits_on_a_phone(on_a_phone, session):
    page = on_a_phone
    task, branch = task_of_the_lead(
        session, state=TaskState.ISSUED, assignment_state=AssignmentState.PENDING, issued_at=NOW - timedelta(days=3)
    )

    sign_in(page, "li")
    page.goto("/waiting")
    assert fits(page)
    page.get_by_role("link", name="推进甲项工作").first.click()
    page.get_by_role("button", name="签收").first.click()
    expect(page.get_by_text("已签收。")).to_be_visible()
    page.locator("summary", has_text="申请办结").click()
    page.get_by_label("办结情况").fill("全部办结。")
    page.get_by_role("button", name="申请办结").click()
    expect(page.get_by_text("已申请办结。")).to_be_visible()
    assert fits(page)

    session.rollback()
    assert (task.state.value, branch.state.value) == ("submitted", "submitted")
    acts = session.scalars(select(HistoryEntry.act).where(HistoryEntry.task_id == task.id)).all()
    assert [act.value for act in acts] == ["acknowledge", "submit"]
