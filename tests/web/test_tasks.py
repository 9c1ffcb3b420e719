"""The page of one task: what it shows, the forms it offers, and who finds neither."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from taskboard.clock import SettableClock
from taskboard.domain.workflow import AssignmentState
from taskboard.extensions import db
from taskboard.models import HistoryEntry
from taskboard.services import corrections
from tests.support.desk import TODAY, Desk, hidden
from tests.support.factories import NOW
from tests.support.queries import counted_queries
from tests.support.successions import merge
from tests.support.visitor import Visitor


def test_the_page_shows_source_deadline_branches_and_record(desk: Desk) -> None:
    task = desk.task()

    page = desk.as_("wang").get(f"/tasks/{task.id}").text

    assert f"{task.title}，加强统筹协调。" in page
    assert f"责任单位：{desk.usual.lead.name}、{desk.usual.partner.name}" in page
    assert "2026年11月30日" in page
    assert "原文载明" in page
    assert "王配合" in page


def test_what_a_page_shows_in_several_places_is_asked_once(desk: Desk, app: APIFlask) -> None:
    task = desk.task()
    reader = desk.as_("li")
    with app.app_context():
        engine = db.engine

    with counted_queries(engine) as statements:
        assert reader.get(f"/tasks/{task.id}").status_code == 200

    for table in ("calendar_year", "target", "attachment", "post", "reminder_snooze", "assignment", "department"):
        asked = Counter(one for one in statements if re.search(rf"\bFROM {table}\b", one))
        assert set(asked.values()) == {1}, table


@pytest.mark.parametrize("who", ["zhao", "sun", "qian"])
def test_a_task_of_others_does_not_exist(desk: Desk, who: str) -> None:
    task = desk.task()

    page = desk.as_(who).get(f"/tasks/{task.id}")

    assert page.status_code == 404
    assert task.title not in page.text
    assert desk.visitor.get("/tasks/987654").status_code == 404
    assert desk.visitor.get("/tasks/99999999999999").status_code == 404


def test_a_page_offers_exactly_the_forms_that_this_person_may_use(desk: Desk) -> None:
    task = desk.task()

    def offered(who: str) -> set[str]:
        page = desk.as_(who).get(f"/tasks/{task.id}").text
        return set(re.findall(rf'action="/tasks/{task.id}/(?:assignments/\d+/)?([\w-]+)"', page)) - {"attachments"}

    assert offered("li") == {"report", "no-change", "submit", "dispatch", "bring-forward"}
    assert offered("gao") == {"report", "no-change", "submit", "dispatch", "bring-forward", "ask-extension"}
    assert offered("wang") == {"report", "no-change", "submit", "dispatch"}
    assert offered("chen") == {"correct-deadline", "correct-departments", "suspend", "terminate", "set-red"}
    assert offered("liu") == set()


def test_every_form_of_every_state_is_shown_to_whom_it_is_for(desk: Desk) -> None:
    corrected = {"correct-deadline", "correct-departments"}
    situations = [
        ("li", desk.task("issued", "pending"), {"acknowledge", "dispatch", "bring-forward"}),
        ("gao", desk.task("issued", "pending", issued_at=NOW), {"acknowledge", "dispatch", "bring-forward", "object"}),
        (
            "gao",
            desk.task("in_progress", "head_review"),
            {"sign-off", "return-inside", "bring-forward", "ask-extension"},
        ),
        ("li", desk.task("in_progress", "submitted"), {"accept", "return-submission"}),
        ("chen", desk.task("submitted", "submitted"), {"close", "return", *corrected, "terminate"}),
        ("chen", desk.task("suspended", "in_progress"), {"resume", *corrected, "terminate"}),
        ("chen", desk.task("closed", "accepted"), {"reopen", "archive"}),
        ("chen", desk.task("draft"), corrected),
        ("li", desk.task("closed", "accepted"), set()),
    ]
    for who, task, expected in situations:
        page = desk.as_(who).get(f"/tasks/{task.id}")
        assert page.status_code == 200
        found = set(re.findall(rf'action="/tasks/{task.id}/(?:assignments/\d+/)?([\w-]+)"', page.text))
        assert found - {"attachments"} == expected, (who, task.state)


def test_field_ids_on_a_page_are_unique(desk: Desk) -> None:
    desk.usual.partner.needs_sign_off = True
    task = desk.task("in_progress", "submitted")
    desk.branch(task).state = AssignmentState.IN_PROGRESS
    desk.session.commit()

    ids = re.findall(r'\bid="([^"]+)"', desk.as_("li").get(f"/tasks/{task.id}").text)

    assert len(ids) == len(set(ids))


def test_a_task_is_acknowledged_with_one_click(desk: Desk) -> None:
    task = desk.task("issued", "pending")
    where = desk.address(task, "acknowledge")

    answer = desk.as_("li").post(where)

    assert answer.status_code == 303
    assert answer.location == f"/tasks/{task.id}"
    desk.fresh()
    assert desk.branch(task).state is AssignmentState.IN_PROGRESS
    assert "已签收" in desk.visitor.get(f"/tasks/{task.id}").text


def test_a_report_is_made_and_shown(desk: Desk) -> None:
    task = desk.task()

    desk.as_("li").post(desk.address(task, "report"), done="已印发方案\n并部署", problems="缺人", percent="30")

    (report,) = desk.reports()
    assert (report.done, report.problems, report.percent) == ("已印发方案\n并部署", "缺人", 30)
    page = desk.as_("wang").get(f"/tasks/{task.id}").text
    assert "已印发方案" in page
    assert "缺人" in page


def test_no_change_is_one_click(desk: Desk) -> None:
    task = desk.task()

    desk.as_("li").post(desk.address(task, "no-change"))

    assert [report.is_unchanged for report in desk.reports()] == [True]
    assert "无变化" in desk.visitor.get(f"/tasks/{task.id}").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"done": "  "}, "请填写进展情况"),
        ({"done": "已办", "percent": "120"}, "请填 0 到 100 的整数"),
        ({"done": "已办", "percent": "一半"}, ">请填整数。<"),
        ({"done": "长" * 5001}, "最多 5000 个字"),
    ],
)
def test_a_report_that_cannot_be_kept_comes_back_as_it_was_typed(
    desk: Desk, fields: dict[str, str], words: str
) -> None:
    task = desk.task()

    page = desk.as_("li").post(desk.address(task, "report"), next_step="下周开会", **fields)

    assert page.status_code == 422
    assert words in page.text
    assert "下周开会" in page.text
    assert fields["done"].strip() in page.text
    assert desk.reports() == []


def test_a_correction_without_a_reason_asks_for_the_reason(desk: Desk) -> None:
    task = desk.task()

    page = desk.as_("chen").post(f"/tasks/{task.id}/correct-deadline", due_on="2026-12-25")

    assert page.status_code == 422
    assert "请填写原因。" in page.text
    assert 'value="2026-12-25"' in page.text


def test_a_form_sent_twice_acts_once(desk: Desk) -> None:
    task = desk.task()
    where = desk.address(task, "report")
    fields = hidden(desk.as_("li").get(f"/tasks/{task.id}").text, where)

    answers = [desk.visitor.post(where, done="已办", **fields) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(desk.reports()) == 1


def test_what_was_typed_is_given_back_when_the_task_was_closed_meanwhile(desk: Desk) -> None:
    task = desk.task("closed", "accepted")

    for done in ("写了很久的进展", "写了很久的进展" + "长" * 5000):
        page = desk.as_("li").post(desk.address(task, "report"), done=done)
        assert page.status_code == 409
        assert "写了很久的进展" in page.text
    assert desk.reports() == []


def test_markup_in_a_report_stays_text(desk: Desk) -> None:
    task = desk.task()

    desk.as_("li").post(desk.address(task, "report"), done="<script>alert(1)</script>")

    page = desk.as_("chen").get(f"/tasks/{task.id}").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_liaison_dispatches_to_an_officer_who_then_reports(desk: Desk) -> None:
    task = desk.task()
    where = desk.address(task, "dispatch")
    fields = hidden(desk.as_("li").get(f"/tasks/{task.id}").text, where)

    desk.visitor.post(where, officer_id=str(desk.usual.qian.id), **fields)
    answer = desk.as_("qian").post(desk.address(task, "report"), done="已办")

    assert answer.status_code == 303
    assert [report.author_id for report in desk.reports()] == [desk.usual.qian.id]


@pytest.mark.parametrize("officer", ["999999", "abc", "-1", "99999999999999999999"])
def test_an_officer_who_is_none_is_refused(desk: Desk, officer: str) -> None:
    task = desk.task()

    page = desk.as_("li").post(desk.address(task, "dispatch"), officer_id=officer)

    assert page.status_code == 422
    assert "只能指定本单位在岗的承办人" in page.text


def test_a_stale_form_is_a_conflict_that_can_be_sent_again(desk: Desk) -> None:
    task = desk.task()
    where = desk.address(task, "dispatch")
    fields = hidden(desk.as_("li").get(f"/tasks/{task.id}").text, where)
    desk.as_("gao").post(where, officer_id=str(desk.usual.qian.id))

    conflict = desk.as_("li").post(where, officer_id="", **fields)
    desk.fresh()
    kept = desk.branch(task).officer_id
    again = desk.visitor.post(where, officer_id="", **hidden(conflict.text, where))

    assert conflict.status_code == 409
    assert "有人修改过这里" in conflict.text
    assert kept == desk.usual.qian.id
    assert again.status_code == 303
    desk.fresh()
    assert desk.branch(task).officer_id is None


ON_TASK = ("close", "return", "correct-deadline", "correct-departments", "suspend", "resume", "terminate", "reopen")
ON_BRANCH = (
    "acknowledge",
    "report",
    "no-change",
    "dispatch",
    "submit",
    "sign-off",
    "return-inside",
    "withdraw",
    "accept",
    "return-submission",
)
FIELDS = {
    "done": "x",
    "reason": "x",
    "closure": "done",
    "verification": "verified",
    "review_on": "2027-01-15",
    "due_on": "2027-01-15",
    "lead": "不存在的单位",
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("who", "status"), [("zhao", 404), ("sun", 404), ("liu", 403)])
def test_nobody_acts_on_what_is_not_theirs(desk: Desk, who: str, status: int) -> None:
    task = desk.task()
    visitor = desk.as_(who)

    addresses = [f"/tasks/{task.id}/{slug}" for slug in ON_TASK] + [desk.address(task, slug) for slug in ON_BRANCH]
    answers = {where: visitor.post(where, **FIELDS).status_code for where in addresses}

    assert set(answers.values()) == {status}, answers
    desk.fresh()
    assert desk.session.scalars(select(HistoryEntry)).all() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_partner_has_no_say_about_the_leads_branch_or_the_task(desk: Desk) -> None:
    task = desk.task()
    visitor = desk.as_("wang")

    for where in [*(f"/tasks/{task.id}/{slug}" for slug in ON_TASK), *(desk.address(task, s) for s in ON_BRANCH)]:
        assert visitor.post(where, **FIELDS).status_code == 403, where


def test_an_assignment_of_another_task_is_not_found_under_this_one(desk: Desk) -> None:
    mine, other = desk.task(), desk.task()

    answer = desk.as_("li").post(f"/tasks/{mine.id}/assignments/{desk.branch(other).id}/no-change")

    assert answer.status_code == 404
    assert desk.reports() == []


def test_a_visitor_sees_nothing_and_does_nothing(desk: Desk) -> None:
    task = desk.task()

    assert desk.visitor.get(f"/tasks/{task.id}").status_code == 302
    assert desk.visitor.get("/my-tasks").status_code == 302
    assert desk.visitor.client.post(desk.address(task, "no-change")).status_code in (400, 401)
    assert desk.reports() == []


def test_a_form_without_its_token_is_refused(desk: Desk) -> None:
    task = desk.task()
    desk.as_("li")

    assert desk.visitor.client.post(desk.address(task, "no-change")).status_code == 400
    assert desk.reports() == []


def test_people_who_report_at_the_same_time_lose_nothing(desk: Desk, app: APIFlask) -> None:
    task = desk.task()
    where = desk.address(task, "report")
    visitors = [
        Visitor(app.test_client()).enter(desk.usual.li if number % 2 else desk.usual.gao) for number in range(4)
    ]
    desk.session.commit()

    def report(number: int) -> list[int]:
        return [
            visitors[number]
            .post(where, done=f"第 {number} 人第 {count} 次", request_key=f"{number}-{count}")
            .status_code
            for count in range(8)
        ]

    with ThreadPoolExecutor(len(visitors)) as pool:
        answers = [status for statuses in pool.map(report, range(len(visitors))) for status in statuses]

    assert answers == [303] * 32
    assert len({one.done for one in desk.reports()}) == 32


def test_the_light_follows_the_clock(desk: Desk, clock: SettableClock) -> None:
    task = desk.task(due_on=TODAY)
    read: Callable[[], str] = lambda: desk.as_("li").get(f"/tasks/{task.id}").text  # noqa: E731

    today = read()
    clock.moment += timedelta(days=1)
    tomorrow = read()

    assert "今日到期" in today
    assert "逾期 1 天" in tomorrow


def test_the_task_page_tells_which_departments_a_correction_changed(desk: Desk) -> None:
    task = desk.task()
    by: dict[str, Any] = {"actor": desk.usual.actor("chen"), "now": NOW, "entrance": "test", "reason": "分工调整"}
    ids = {"leads": [desk.usual.lead.id], "partners": [desk.usual.other.id]}
    corrections.correct_departments(desk.session, task.id, **ids, **by)
    desk.session.commit()

    page = desk.as_("li").get(f"/tasks/{task.id}").text

    assert "配合 市财政局 → 市教育局" in page
    assert "牵头 市发展改革委 →" not in page


def test_the_task_page_tells_who_held_an_assignment_before_a_succession(desk: Desk) -> None:
    task = desk.task()
    merge(desk.session, desk.usual, desk.usual.lead, desk.usual.other)
    desk.session.commit()

    page = desk.as_("chen").get(f"/tasks/{task.id}").text

    assert "原为市发展改革委" in page
    assert "牵头 市发展改革委 → 市教育局" in page
    assert "原为市财政局" not in page
