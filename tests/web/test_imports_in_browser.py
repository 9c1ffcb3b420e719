"""The script of the review page in a real browser: keeps what is entered, completes names, never trips over itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from taskboard.models import ImportDraft, Task
from taskboard.services import imports
from taskboard.services.confirmations import FOLDER_NAME, telling
from tests.support import factories

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

TEXT = """云泽市优化营商环境2026年行动方案

一、重点任务
1.推进一网通办。2026年底前，高频事项全部上线。（市发改委牵头，市财政局配合）
2.清理收费项目。全面清理涉企收费。（市财政局牵头，市教育局配合）
"""


@pytest.fixture
def review(page: Page, usual) -> Page:
    """The review of a pasted text, open in chen's browser."""
    page.goto("/sign-in")
    page.fill("[name=username]", "chen")
    page.fill("[name=password]", factories.PASSWORD)
    page.click("main button[type=submit]")
    page.goto("/imports/new")
    page.fill("[name=text]", TEXT)
    page.get_by_role("button", name="读取并核对").click()
    page.wait_for_url("**/imports/*")
    return page


def entries(session):
    session.rollback()
    return session.scalars(select(ImportDraft)).one().decisions.get("entries", {})


def test_what_is_entered_is_kept_without_a_click(review: Page, session):
    review.fill("#m1-title", "一网通办")
    review.locator("#m1-title").blur()

    expect(review.locator("#saving")).to_contain_text("已自动保存")
    assert entries(session) == {"m1": {"title": "一网通办"}}


def test_a_department_is_found_and_taken_by_keyboard(review: Page, session):
    field = review.locator("#m2-partners")
    field.click()
    field.press("End")
    field.press_sequentially("、发改")
    expect(review.locator(".suggestions").get_by_role("option")).to_have_text(["市发展改革委"])
    field.press("ArrowDown")
    field.press("Enter")

    expect(field).to_have_value("市教育局、市发展改革委")
    expect(review.locator("#saving")).to_contain_text("已自动保存")
    assert entries(session) == {"m2": {"partners": ["市教育局", "市发展改革委"]}}


def test_a_date_that_is_none_is_said_at_the_field_and_can_be_mended(review: Page, session):
    field = review.locator("#m2-decided_on")
    field.fill("2026-09-31")
    field.blur()
    expect(review.locator("#m2-decided_on-errors")).to_contain_text("日期的写法不对")
    field.fill("2026-09-30")
    field.blur()

    expect(review.locator("#saving")).to_contain_text("已自动保存")
    expect(review.locator("#m2-decided_on-errors")).to_be_empty()
    assert entries(session)["m2"] == {"deadline": "date", "decided_on": "2026-09-30"}


def test_a_change_and_the_confirmation_right_after_it_are_no_conflict(review: Page, session):
    review.fill("#m1-title", "一网通办")
    review.get_by_role("button", name="确认导入").click()
    review.wait_for_url("**/plans/*")

    session.rollback()
    assert session.scalars(select(Task.title).order_by(Task.position)).all() == ["一网通办", "清理收费项目"]


def test_two_people_at_one_review_see_each_others_changes(review: Page, session):
    other = review.context.new_page()
    other.goto(review.url)
    other.fill("#m1-title", "别人的题目")
    other.locator("#m1-title").blur()
    expect(other.locator("#saving")).to_contain_text("已自动保存")

    review.fill("#m1-title", "我的题目")
    review.locator("#m1-title").blur()
    expect(review.locator("#saving")).to_contain_text("有人刚修改了这份导入")
    review.get_by_role("button", name="保存，稍后再核对").click()

    expect(review.locator(".alert-warning")).to_contain_text("别人的题目")
    expect(review.locator("#m1-title")).to_have_value("我的题目")
    assert entries(session)["m1"] == {"title": "别人的题目"}


def open_review(page: Page, text: str) -> None:
    page.goto("/imports/new")
    page.fill("[name=text]", text)
    page.get_by_role("button", name="读取并核对").click()
    page.wait_for_url("**/imports/*")


def test_choosing_a_field_marks_its_words_in_the_source(review: Page):
    review.locator("#m2-lead").focus()
    expect(review.locator("#source mark.is-field")).to_have_text(["市财政局"])

    review.locator("#m1-deadline").focus()
    expect(review.locator("#source mark.is-field")).to_have_text(["2026年底前"])
    expect(review.locator("#source")).to_contain_text(
        "2.清理收费项目。全面清理涉企收费。（市财政局牵头，市教育局配合）"
    )


def test_choosing_words_of_the_source_leads_to_their_measure(review: Page):
    review.locator("#source").get_by_text("全面清理涉企收费").click()

    expect(review.locator("#m2-title")).to_be_focused()
    expect(review.locator(".measure.is-current")).to_have_id("row-m2")
    expect(review.locator("#m2-title")).to_be_in_viewport()


DOUBTFUL = """云泽市2026年工作要点
一、重点任务
1.推进一网通办。2026年底前，高频事项全部上线。（市发改委牵头）
2.清理收费项目。分别于2026年6月底前、2026年9月底前完成两批清理。（市财政局牵头）
3.健全机制。分别于2026年7月底前、2026年10月底前完成。（市财政局牵头）
"""


def test_a_key_leads_from_one_uncertain_field_to_the_next_and_what_was_looked_at_is_left_out(review: Page, session):
    open_review(review, DOUBTFUL)
    expect(review.locator("#doubts-left")).to_have_text("还有 2 处待核对")

    review.locator("h1").click()
    review.keyboard.press("n")
    expect(review.locator("#m2-deadline")).to_be_focused()
    review.keyboard.press("Alt+n")
    expect(review.locator("#m3-deadline")).to_be_focused()
    review.locator("#row-m2 [data-field=deadline] [name=m2-looked_at]").check()
    expect(review.locator("#saving")).to_contain_text("已自动保存")
    expect(review.locator("#doubts-left")).to_have_text("还有 1 处待核对")
    review.reload()

    expect(review.locator("#doubts-left")).to_have_text("还有 1 处待核对")
    review.get_by_role("link", name="下一处待核对").click()
    expect(review.locator("#m3-deadline")).to_be_focused()


def test_the_key_leads_on_from_where_it_led_and_is_typed_where_somebody_types(review: Page, session):
    open_review(review, DOUBTFUL)
    review.locator("h1").click()

    review.keyboard.press("n")
    review.keyboard.press("n")
    expect(review.locator("#m3-deadline")).to_be_focused()

    title = review.locator("#m3-title")
    title.click()
    title.press("End")
    title.press("n")
    expect(title).to_be_focused()
    assert title.input_value().endswith("n")


def test_the_key_leads_to_a_passage_that_was_not_read_and_enter_takes_it(review: Page, session):
    review.goto("/imports/new")
    review.fill("[name=text]", TEXT + "同时，由市教育局牵头，市财政局配合，于2026年10月底前办结遗留事项。\n")
    review.get_by_role("button", name="读取并核对").click()
    expect(review.locator("#doubts-left")).to_contain_text("还有 3 处待核对")
    taking = review.get_by_role("button", name="未读入的文字 1作为一项举措导入")

    for _ in range(3):  # the units of the measure above it are doubtful too
        review.keyboard.press("Alt+n")
    expect(taking).to_be_focused()
    review.keyboard.press("Enter")

    review.wait_for_url("**at=u1#row-u1")
    expect(review.locator("#u1-lead")).to_have_value("市教育局")
    assert {"u1": {"is_included": True}} in [
        one.decisions.get("entries") for one in session.scalars(select(ImportDraft)).all()
    ]


def test_the_way_into_the_review_fits_a_phone_whatever_the_drafts_are_called(review: Page):
    open_review(review, TEXT.replace("云泽市优化营商环境2026年行动方案", "A" * 80))
    review.set_viewport_size({"width": 390, "height": 844})
    address = review.url

    for place in ("/imports/new", address):
        review.goto(place)
        assert review.evaluate("document.documentElement.scrollWidth") <= 390, place


def test_selected_measures_are_changed_together_with_what_was_just_typed(review: Page, session):
    review.fill("#m1-title", "一网通办")
    review.get_by_label("选中第 2 项").check()
    review.get_by_text("批量修改").click()
    review.get_by_label("选中各项的时限").select_option("ongoing")
    review.get_by_role("button", name="改时限").click()
    expect(review.get_by_text("已修改选中的 1 项")).to_be_visible()

    assert entries(session) == {"m1": {"title": "一网通办"}, "m2": {"deadline": "ongoing"}}
    review.reload()
    expect(review.locator("#m2-deadline")).to_have_value("ongoing")


def shown_rows(page: Page) -> list[str]:
    return page.locator(".measure").evaluate_all("rows => rows.map(row => row.id)")


def test_a_measure_is_split_and_moved_by_keyboard_and_nothing_typed_is_lost(review: Page, session):
    review.fill("#m2-title", "我的标题")
    summary = review.locator("#row-m1 .arrange summary")
    summary.focus()
    summary.press("Enter")
    review.locator("#row-m1").get_by_role("button", name="起拆成另一项").first.press("Enter")
    expect(review.locator(".measure")).to_have_count(3)
    expect(review.locator("#m2-title")).to_have_value("我的标题")
    (part,) = [row for row in shown_rows(review) if row.startswith("row-m1_")]

    review.locator("#m2-title").press("Alt+ArrowUp")
    expect(review.locator(".measure").nth(1)).to_have_id("row-m2")
    expect(review.locator("#m2-title")).to_be_focused()
    assert shown_rows(review) == ["row-m1", "row-m2", part]

    review.locator(f"#{part} textarea").nth(1).focus()
    expect(review.locator("#source mark.is-field")).to_have_text(["市发改委"])
    expect(review.locator("#source mark.is-text")).to_have_text(["2026年底前，高频事项全部上线。"])


def test_confirming_shows_that_it_is_under_way(review: Page, session):
    # An answer without content leaves the page as it is while an import is under way.
    review.route("**/imports/*", lambda route: route.fulfill(status=204))
    review.get_by_role("button", name="确认导入").click()

    expect(review.get_by_label("正在导入")).to_be_visible()
    expect(review.get_by_role("button", name="确认导入")).to_be_disabled()
    expect(review.locator("#saving")).to_contain_text("正在导入")


def test_a_page_that_is_opened_anew_shows_how_far_the_confirmation_is_and_goes_to_the_plan(
    review: Page, session, usual, settings
):
    draft = session.scalars(select(ImportDraft)).one()
    by = {"actor": usual.actor("chen"), "now": factories.NOW, "entrance": "test"}
    with telling(settings.instance_dir / FOLDER_NAME, draft.id) as tell:
        tell(200, 500)
        review.reload()
        expect(review.locator("#saving")).to_contain_text("已完成 200 项，共 500 项")
        expect(review.get_by_label("正在导入")).to_have_attribute("value", "200")
        tell(300, 500)
        expect(review.locator("#saving")).to_contain_text("已完成 300 项，共 500 项")
        plan = imports.confirm_import(session, draft.id, version=draft.version, leads_are_checked=True, **by)
        session.commit()

        review.wait_for_url(f"**/plans/{plan.id}")


def test_a_confirmation_that_came_to_nothing_is_said_on_the_page_that_waited_for_it(review: Page, session, settings):
    draft = session.scalars(select(ImportDraft)).one()
    with telling(settings.instance_dir / FOLDER_NAME, draft.id) as tell:
        tell(200, 500)
        review.reload()
        expect(review.locator("#saving")).to_contain_text("已完成 200 项")

    expect(review.locator("#saving")).to_contain_text("导入没有完成，没有生成任何计划和任务")
    expect(review.get_by_label("正在导入")).to_be_hidden()
    expect(review.get_by_role("button", name="确认导入")).to_be_enabled()


MANY = "云泽市2026年工作要点\n一、重点任务\n" + "\n".join(
    f"{n}.推进第{n}项改革。年底前完成。（{'市发革委' if n in (55, 58) else '市发展改革委'}牵头）" for n in range(1, 61)
)


def test_what_was_entered_is_kept_on_the_way_to_the_next_page(review: Page, session):
    open_review(review, MANY)
    review.locator("#m2-title").fill("第二项")
    review.get_by_role("link", name="下一页").first.click()

    expect(review.locator("#row-m51")).to_be_visible()
    expect(review.locator("#row-m2")).to_have_count(0)
    session.rollback()
    decisions = session.scalars(select(ImportDraft.decisions).order_by(ImportDraft.id.desc())).first()
    assert decisions["entries"] == {"m2": {"title": "第二项"}}


def test_the_key_for_the_next_doubt_leads_to_other_pages(review: Page):
    open_review(review, MANY)
    expect(review.locator("#doubts-left")).to_contain_text("还有 2 处待核对")
    review.locator("body").press("n")

    expect(review.locator("#m55-lead")).to_be_focused()
    review.keyboard.press("Alt+n")
    expect(review.locator("#m58-lead")).to_be_focused()
    review.locator("#row-m58 [name='m58-looked_at']").check()
    expect(review.locator("#saving")).to_contain_text("已自动保存")
    expect(review.locator("#doubts-left")).to_contain_text("还有 1 处待核对")


def test_two_people_confirming_at_once_make_one_plan(review: Page, session):
    other = review.context.new_page()
    other.goto(review.url)

    review.get_by_role("button", name="确认导入").click()
    review.wait_for_url("**/plans/*")
    other.get_by_role("button", name="确认导入").click()
    other.wait_for_url("**/plans/*")

    assert other.url == review.url
    session.rollback()
    assert len(session.scalars(select(Task.id)).all()) == 2


def test_what_was_ticked_where_two_changed_the_same_stays_ticked_after_a_reload(review: Page):
    # The script would send each field by itself; two forms from one page are what two people send.
    review.evaluate("""async () => {
        const form = document.getElementById("review");
        const theirs = new FormData(form);
        theirs.set("m1-title", "对方的标题");
        theirs.set("m2-title", "对方的另一标题");
        await fetch(form.action, {method: "POST", body: theirs});
        document.getElementById("m1-title").value = "我的标题";
        document.getElementById("m2-title").value = "我的另一标题";
        form.submit();
    }""")
    review.locator("input[name=theirs][value=m2-title]").check()

    review.reload()

    expect(review.locator("input[name=theirs][value=m2-title]")).to_be_checked()
    expect(review.locator("input[name=theirs][value=m1-title]")).not_to_be_checked()
