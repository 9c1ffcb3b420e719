"""The pages of plans: who sees which, the choice of drafts, and the document to keep."""

from __future__ import annotations

from datetime import date

import pytest
from lxml import html

from taskboard.domain.workflow import TaskState
from taskboard.models import PlanSource
from tests.support import factories


@pytest.fixture
def plan(session, usual):
    plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
    factories.make_task(
        session, plan=plan, lead=usual.lead, partners=(usual.partner,), due_on=date(2026, 11, 20), title="推进一网通办"
    )
    factories.make_task(session, plan=plan, lead=usual.other, state=TaskState.DRAFT, title="还没有交办的事")
    session.add(PlanSource(plan_id=plan.id, content="<script>alert(1)</script>正文".encode(), blocks=[]))
    session.commit()
    return plan


def words_of(page):
    return " ".join(html.fromstring(page.text).text_content().split())


def test_the_list_shows_a_plan_with_its_figures(visitor, usual, plan):
    page = visitor.enter(usual.chen).get("/plans")

    cells = [" ".join(cell.text_content().split()) for cell in html.fromstring(page.text).xpath("//tbody/tr/*")]
    assert cells == ["优化营商环境工作要点", "云泽市人民政府", "2026年1月15日", "2", "1", "1", "0", "■ 1"]
    assert f"/plans/{plan.id}" in page.text
    assert "/imports/new" in page.text


def test_a_plan_shows_its_measures_with_units_and_lights(visitor, usual, plan):
    page = visitor.enter(usual.chen).get(f"/plans/{plan.id}")

    words = words_of(page)
    assert "推进一网通办" in words and "还没有交办的事" in words
    assert "逾期 3 天" in words
    assert "2026年11月20日 原文载明" in words


def test_a_supervisor_can_choose_drafts_and_nothing_else_for_issue(visitor, usual, plan):
    page = html.fromstring(visitor.enter(usual.chen).get(f"/plans/{plan.id}").text)

    boxes = page.xpath("//input[@name='task_id']/@form")
    assert boxes == ["issue"]
    assert page.get_element_by_id("issue").get("action") == f"/plans/{plan.id}/issue"


def test_a_department_sees_its_own_part_of_a_plan_and_cannot_issue(visitor, usual, plan):
    page = visitor.enter(usual.wang).get(f"/plans/{plan.id}")

    assert page.status_code == 200
    assert "推进一网通办" in page.text
    assert "还没有交办的事" not in page.text
    assert "交办" not in page.text
    assert "/imports/new" not in visitor.get("/plans").text


def test_a_plan_that_has_nothing_for_a_person_is_not_found(visitor, usual, plan):
    visitor.enter(usual.zhao)

    assert visitor.get(f"/plans/{plan.id}").status_code == 404
    assert visitor.get(f"/plans/{plan.id}/source").status_code == 404
    assert visitor.get("/plans/999999").status_code == 404
    assert "没有与您有关的计划" in visitor.get("/plans").text


def test_the_document_is_given_to_keep_and_never_shown_inside_the_site(visitor, usual, plan):
    answer = visitor.enter(usual.li).get(f"/plans/{plan.id}/source")

    assert answer.data == "<script>alert(1)</script>正文".encode()
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "%E8%A6%81%E7%82%B9.txt" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_visitor_is_led_to_the_sign_in(client, usual):
    assert client.get("/plans").status_code == 302
    assert client.get("/plans/1/source").status_code == 302


def test_the_plan_page_shows_archived_tasks_behind_a_link_only(visitor, session, usual, plan):
    ended = factories.make_task(session, plan=plan, lead=usual.lead, state=TaskState.CLOSED, title="早已办完的事")
    ended.archived_at = factories.NOW
    session.commit()

    page = visitor.enter(usual.chen).get(f"/plans/{plan.id}")
    [link] = [one for one in html.fromstring(page.text).xpath("//a/@href") if "archived=1" in one]
    archive = words_of(visitor.get(link))

    assert "早已办完的事" not in page.text and "推进一网通办" in page.text
    assert "早已办完的事" in archive and "推进一网通办" not in archive
    assert "这里是已归档的任务" in archive


def test_a_plan_without_archived_tasks_offers_no_archive(visitor, usual, plan):
    page = visitor.enter(usual.chen).get(f"/plans/{plan.id}")

    assert "archived" not in page.text
    assert "没有已归档的任务" in visitor.get(f"/plans/{plan.id}?archived=1").text
