"""A document that comes again, in a real browser: both sides on one page, and nothing without a decision."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from taskboard.models import Measure, Plan, Task
from taskboard.services import imports
from tests.services.test_revisions import NEW, OLD
from tests.support import factories
from tests.support.factories import NOW
from tests.support.importing import read

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

NEWER = NEW + "5.建设社区食堂。新建社区食堂三十家，2027年底前完成。（牵头单位：市财政局；配合单位：市教育局）\n"


@pytest.fixture
def revision(page: Page, session, usual) -> Page:
    """The comparison of a revised document with the plan that runs, open in chen's browser."""
    by = {"actor": usual.actor("chen"), "now": NOW, "entrance": "test"}
    old = imports.start_import(session, read(OLD), body_id=usual.body.id, **by)
    plan = imports.confirm_import(session, old.id, version=old.version, leads_are_checked=True, **by)
    imports.start_import(session, read(NEWER), body_id=usual.body.id, **by)
    session.commit()
    page.goto("/sign-in")
    page.fill("[name=username]", "chen")
    page.fill("[name=password]", factories.PASSWORD)
    page.click("main button[type=submit]")
    page.goto(f"/imports/{old.id + 1}/compare/{plan.id}")
    return page


def running(session):
    session.rollback()
    query = select(Task.id, Task.version, Task.title, Task.due_on, Measure.text).join(Measure).order_by(Task.position)
    return session.execute(query.where(Task.plan_id == session.scalars(select(Plan.id)).one())).all()


def test_added_changed_removed_and_moved_measures_stand_beside_the_tasks_that_run(revision: Page, session):
    tally = revision.get_by_label("对照结果").get_by_role("listitem")
    expect(tally).to_have_text(["新增 2", "有变化 1", "新文件中没有 1", "只换位置 1", "未变 1"])
    changed = revision.get_by_role("region", name="有变化的举措").get_by_role("row").nth(1)
    expect(changed.get_by_role("cell").nth(0)).to_contain_text("2027年3月31日")
    expect(changed.get_by_role("cell").nth(1)).to_contain_text("2027年6月30日")
    expect(revision.get_by_role("region", name="新文件中没有的任务")).to_contain_text("3. 健全督查机制")
    revision.get_by_text("未变的举措 1 项").click()
    expect(revision.locator("#same")).to_contain_text("保护知识产权")
    expect(revision.locator("#same")).to_contain_text("位置有变")


def test_without_a_decision_nothing_changes_and_the_page_says_what_is_lacking(revision: Page, session):
    before, address = running(session), revision.url
    revision.get_by_label("全部列为草稿任务").uncheck()
    expect(revision.locator("input[name='add']:checked")).to_have_count(0)

    revision.get_by_role("button", name="按勾选变更").click()

    expect(revision.locator("main")).to_contain_text("没有勾选任何变更")
    assert revision.url == address
    assert running(session) == before


def test_decisions_are_made_together_and_a_second_click_acts_once(revision: Page, session):
    address = revision.url
    before = {row.title: row.id for row in running(session)}
    revision.get_by_label("全部采用新文件的内容").check()
    expect(revision.locator("input[name^='take-']:checked")).to_have_count(3)
    revision.locator("input[name='end']").check()
    revision.fill("[name=reason]", "正式稿已印发")

    revision.get_by_role("button", name="按勾选变更").dblclick()
    revision.wait_for_url("**/plans/*")

    after = running(session)
    titles = ["推进一网通办", "清理收费项目", "保护知识产权", "开展屋顶光伏试点", "建设社区食堂"]
    assert [row.title for row in after] == titles
    assert {row.title: row.id for row in after[:3]} == {title: before[title] for title in titles[:3]}
    assert str(after[1].due_on) == "2027-06-30"
    revision.goto(address)
    revision.wait_for_url("**/plans/*")
    assert running(session) == after


def test_by_the_back_button_one_finds_the_ticks_as_they_were_left(revision: Page, session):
    revision.get_by_label("全部列为草稿任务").uncheck()
    revision.locator("input[name='end']").check()
    revision.fill("[name=reason]", "正式稿已印发")
    revision.get_by_role("link", name="3. 健全督查机制").click()
    revision.wait_for_url("**/tasks/*")

    revision.go_back()

    expect(revision.locator("input[name='end']")).to_be_checked()
    expect(revision.locator("input[name='add']:checked")).to_have_count(0)
    expect(revision.locator("[name=reason]")).to_have_value("正式稿已印发")
    expect(revision.get_by_role("button", name="按勾选变更")).to_be_enabled()
