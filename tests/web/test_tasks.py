"""The pages of tasks: lists, one task with its forms, the issue of drafts; each act with its twin for who may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.clock import SettableClock
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.outbox import OutboxState
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.workflow import AssignmentState, Closure, PastDeadline, TaskState, Verification
from taskboard.models import Assignment, Department, HistoryEntry, OutboxMessage, Plan, ProgressReport, Task
from taskboard.services import corrections, members
from tests.support import factories
from tests.support.factories import NOW, Usual, writing_by
from tests.support.successions import merge
from tests.support.visitor import Visitor

TODAY = date(2026, 11, 23)
NEXT_WEEK = TODAY + timedelta(days=7)


class Desk:
    """The usual people at the pages, with one plan."""

    def __init__(self, session: Session, usual: Usual, visitor: Visitor) -> None:
        self.session = session
        self.usual = usual
        self.visitor = visitor
        self.plan: Plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)

    def task(self, state: str = "in_progress", own: str = "in_progress", **more: Any) -> Task:
        more = {"lead": self.usual.lead, "partners": (self.usual.partner,), "due_on": NEXT_WEEK, **more}
        task = factories.make_task(
            self.session, plan=self.plan, state=TaskState(state), assignment_state=AssignmentState(own), **more
        )
        self.session.commit()
        return task

    def branch(self, task: Task, department: Department | None = None) -> Assignment:
        department = department or self.usual.lead
        query = select(Assignment).where(Assignment.task_id == task.id, Assignment.department_id == department.id)
        return self.session.scalars(query).one()

    def as_(self, who: str) -> Visitor:
        return self.visitor.enter(getattr(self.usual, who))

    def address(self, task: Task, slug: str, department: Department | None = None) -> str:
        return f"/tasks/{task.id}/assignments/{self.branch(task, department).id}/{slug}"

    def fresh(self) -> None:
        """Forget what was read, to see what the pages wrote."""
        self.session.rollback()
        self.session.expire_all()

    def reports(self) -> list[ProgressReport]:
        self.fresh()
        return list(self.session.scalars(select(ProgressReport).order_by(ProgressReport.id)))


@pytest.fixture
def desk(session: Session, usual: Usual, visitor: Visitor) -> Desk:
    return Desk(session, usual, visitor)


def hidden(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with this address."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert form is not None, f"no form for {action}"
    return dict(re.findall(r'name="(version|request_key)"[^>]*value="([^"]*)"', form[0]))


# My tasks


def test_a_liaison_finds_the_tasks_of_the_department(desk: Desk) -> None:
    task = desk.task(due_on=TODAY - timedelta(days=2))

    page = desk.as_("li").get("/my-tasks")

    assert page.status_code == 200
    assert task.title in page.text
    assert "逾期 2 天" in page.text


def test_a_filter_narrows_the_list_down_and_nonsense_shows_all(desk: Desk) -> None:
    late, other = desk.task(due_on=TODAY - timedelta(days=2)), desk.task()

    narrowed = desk.as_("li").get("/my-tasks", show="overdue").text
    nonsense = desk.visitor.get("/my-tasks", show="x' OR 1=1", page="-3").text

    assert late.title in narrowed
    assert other.title not in narrowed
    assert other.title in nonsense


def test_who_only_supervises_is_led_to_what_is_to_be_decided(desk: Desk) -> None:
    waiting = desk.task("submitted", "submitted")
    running = desk.task()

    answer = desk.as_("chen").get("/my-tasks")
    page = desk.visitor.get(answer.location).text

    assert answer.location == "/waiting"
    assert waiting.title in page
    assert running.title not in page


def test_the_list_is_not_for_those_who_have_no_tasks(desk: Desk) -> None:
    assert desk.as_("sun").get("/my-tasks").status_code == 403


def test_somebody_with_nothing_to_do_is_told_so(desk: Desk) -> None:
    page = desk.as_("zhao").get("/my-tasks")

    assert page.status_code == 200
    assert "没有在办的任务" in page.text


# One task


def test_the_page_shows_source_deadline_branches_and_record(desk: Desk) -> None:
    task = desk.task()

    page = desk.as_("wang").get(f"/tasks/{task.id}").text

    assert f"{task.title}，加强统筹协调。" in page
    assert f"责任单位：{desk.usual.lead.name}、{desk.usual.partner.name}" in page
    assert "2026年11月30日" in page
    assert "原文载明" in page
    assert "王配合" in page


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


def test_a_lead_submits_only_with_a_reason_while_partners_owe(desk: Desk) -> None:
    task = desk.task()
    where = desk.address(task, "submit")

    refused = desk.as_("li").post(where, statement="全部完成")
    accepted = desk.visitor.post(where, statement="全部完成", why_without_partners="配合事项另办")

    assert refused.status_code == 422
    assert f"配合单位尚未报送：{desk.usual.partner.name}" in refused.text
    assert "全部完成" in refused.text
    assert accepted.status_code == 303
    desk.fresh()
    assert task.state is TaskState.SUBMITTED


def test_the_way_through_sign_off_return_and_closure(desk: Desk) -> None:
    desk.usual.lead.needs_sign_off = True
    task = desk.task(partners=())

    def act(who: str, slug: str, *, on_task: bool = False, **fields: str) -> None:
        where = f"/tasks/{task.id}/{slug}" if on_task else desk.address(task, slug)
        page = desk.as_(who).get(f"/tasks/{task.id}").text
        answer = desk.visitor.post(where, **hidden(page, where), **fields)
        assert answer.status_code == 303, (slug, answer.status_code)
        desk.fresh()

    act("li", "submit", statement="完成")
    act("li", "withdraw")
    act("li", "submit")
    act("gao", "return-inside", reason="补数据")
    act("li", "submit")
    act("gao", "sign-off")
    act("chen", "return", on_task=True, reason="成效不实", correct_by="2026.12.10")
    assert (task.state, task.due_on) == (TaskState.IN_PROGRESS, date(2026, 12, 10))
    act("gao", "submit")
    act("chen", "close", on_task=True, closure="partly_done", verification="verified", remark="余项转下年")

    assert (task.state, task.closure, task.verification) == (
        TaskState.CLOSED,
        Closure.PARTLY_DONE,
        Verification.VERIFIED,
    )
    page = desk.as_("li").get(f"/tasks/{task.id}").text
    assert "部分完成（已核查）" in page
    assert "成效不实" in page


def test_the_supervisor_reads_who_submitted_and_how_late(desk: Desk) -> None:
    late, punctual = desk.task(partners=(), due_on=TODAY - timedelta(days=4)), desk.task(partners=())
    for task in (late, punctual):
        desk.as_("li").post(desk.address(task, "submit"), statement="完成")

    assert "李联络 于 2026-11-23 09:00 报送，<strong>晚 4 天</strong>" in desk.as_("chen").get(f"/tasks/{late.id}").text
    assert "报送，按时。" in desk.visitor.get(f"/tasks/{punctual.id}").text


def test_a_lead_decides_about_its_partners_submission(desk: Desk) -> None:
    returned, accepted = desk.task(), desk.task()
    for task in (returned, accepted):
        desk.as_("wang").post(desk.address(task, "submit", desk.usual.partner))

    desk.as_("li").post(desk.address(returned, "return-submission", desk.usual.partner), reason="缺数据")
    desk.visitor.post(desk.address(accepted, "accept", desk.usual.partner))

    desk.fresh()
    assert desk.branch(returned, desk.usual.partner).state is AssignmentState.IN_PROGRESS
    assert desk.branch(accepted, desk.usual.partner).state is AssignmentState.ACCEPTED


@pytest.mark.parametrize("chosen", [{}, {"closure": "done"}, {"verification": "verified"}])
def test_a_closure_needs_its_result_to_be_chosen(desk: Desk, chosen: dict[str, str]) -> None:
    task = desk.task("submitted", "submitted")
    page = desk.as_("chen").get(f"/tasks/{task.id}").text
    assert page.count('<option value="">请选择</option>') == 2
    assert "<option selected" not in page[page.index("办理结果") : page.index("销号</button>")]

    answer = desk.visitor.post(f"/tasks/{task.id}/close", **chosen)

    assert answer.status_code == 422
    assert ("请选择办理结果" in answer.text) is ("closure" not in chosen)
    assert ("请选择核查情况" in answer.text) is ("verification" not in chosen)
    desk.fresh()
    assert task.state is TaskState.SUBMITTED


def test_what_a_supervisor_does_for_a_department_without_anybody_is_marked(desk: Desk) -> None:
    empty = factories.make_department(desk.session, "无人局", parent=desk.usual.body)
    task = factories.make_task(
        desk.session,
        plan=desk.plan,
        lead=desk.usual.lead,
        partners=(empty,),
        state=TaskState.ISSUED,
        assignment_state=AssignmentState.PENDING,
    )
    desk.session.commit()
    page = desk.as_("chen").get(f"/tasks/{task.id}").text
    assert "代签收" in page
    assert "无人局没有单位负责人和联络员，由您代为办理" in page

    desk.visitor.post(f"/tasks/{task.id}/assignments/{desk.branch(task, empty).id}/acknowledge")
    desk.as_("li").post(f"/tasks/{task.id}/assignments/{desk.branch(task, desk.usual.lead).id}/acknowledge")

    page = desk.visitor.get(f"/tasks/{task.id}").text
    assert "（代无人局） 陈督查" in page
    assert "（市发展改革委） 李联络" in page
    desk.fresh()
    marked = [(one.after or {}).get("act", {}).get("stands_in") for one in desk.session.scalars(select(HistoryEntry))]
    assert marked == [True, None]


def test_no_change_is_offered_until_the_period_is_reported(desk: Desk) -> None:
    desk.plan.report_rhythm = PlanRhythm.MONTHLY
    task = desk.task("in_progress", "in_progress")
    branch = desk.branch(task, desk.usual.lead).id
    assert "无变化</button>" in desk.as_("li").get(f"/tasks/{task.id}").text

    desk.visitor.post(f"/tasks/{task.id}/assignments/{branch}/report", done="完成一半", percent="50")

    assert "无变化</button>" not in desk.visitor.get(f"/tasks/{task.id}").text
    refused = desk.visitor.post(f"/tasks/{task.id}/assignments/{branch}/report", done="核减", percent="40")
    assert refused.status_code == 422
    assert "比上次反馈的 50% 低" in refused.text
    assert "比例比上次低的原因" in refused.text
    desk.visitor.post(f"/tasks/{task.id}/assignments/{branch}/report", done="核减", percent="40", why_lower="口径调整")
    assert "口径调整" in desk.visitor.get(f"/tasks/{task.id}").text


def test_a_branch_that_never_submitted_can_be_let_off_at_the_closure(desk: Desk) -> None:
    waived, owed = desk.task("submitted", "submitted"), desk.task("submitted", "submitted")
    for task in (waived, owed):
        desk.branch(task, desk.usual.partner).state = AssignmentState.IN_PROGRESS
    desk.session.commit()
    result = {"closure": "done", "verification": "self_reported"}

    page = desk.as_("chen").get(f"/tasks/{waived.id}").text
    desk.visitor.post(f"/tasks/{waived.id}/close", not_owing=str(desk.branch(waived, desk.usual.partner).id), **result)
    desk.visitor.post(f"/tasks/{owed.id}/close", **result)

    assert "免予报送的单位" in page
    desk.fresh()
    assert desk.branch(waived, desk.usual.partner).state is AssignmentState.WAIVED
    assert desk.branch(owed, desk.usual.partner).state is AssignmentState.NOT_SUBMITTED


@pytest.mark.parametrize("fields", [{"closure": "perfect"}, {"not_owing": "999999"}, {"not_owing": "abc"}])
def test_a_closure_with_made_up_values_is_refused(desk: Desk, fields: dict[str, str]) -> None:
    task = desk.task("submitted", "submitted")

    page = desk.as_("chen").post(f"/tasks/{task.id}/close", **{"closure": "done", "verification": "verified", **fields})

    assert page.status_code == 422
    desk.fresh()
    assert task.state is TaskState.SUBMITTED


@pytest.mark.parametrize(
    ("slug", "fields", "state"),
    [
        ("suspend", {"reason": "等批复", "review_on": "2027-01-15"}, TaskState.SUSPENDED),
        ("terminate", {"reason": "政策取消"}, TaskState.TERMINATED),
        ("correct-deadline", {"reason": "调整", "due_on": "2027-03-31"}, TaskState.IN_PROGRESS),
    ],
)
def test_the_supervisor_changes_the_course_of_a_task(
    desk: Desk, slug: str, fields: dict[str, str], state: TaskState
) -> None:
    task = desk.task()

    answer = desk.as_("chen").post(f"/tasks/{task.id}/{slug}", **fields)

    assert answer.status_code == 303
    desk.fresh()
    assert task.state is state


@pytest.mark.parametrize(
    ("slug", "fields", "words"),
    [
        ("suspend", {"reason": "等批复", "review_on": "2027-05-15"}, "最迟在 2027年2月23日 复核"),
        ("suspend", {"reason": "", "review_on": "2027-01-15"}, "请填写原因"),
        ("suspend", {"reason": "等批复", "review_on": "　 "}, "请填写"),
        ("correct-deadline", {"reason": "调整", "due_on": "2026-11-01"}, "不能早于今天"),
        ("correct-deadline", {"reason": "调整", "due_on": "明天"}, "日期的写法不对"),
    ],
)
def test_a_change_of_course_that_makes_no_sense_comes_back(
    desk: Desk, slug: str, fields: dict[str, str], words: str
) -> None:
    task = desk.task()

    page = desk.as_("chen").post(f"/tasks/{task.id}/{slug}", **fields)

    assert page.status_code == 422
    assert words in page.text
    assert all(value in page.text for value in fields.values())


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


# The departments of a draft


@pytest.fixture
def counties(desk: Desk) -> list[Department]:
    names = ("清河县政府", "禾川区政府")
    return [factories.make_department(desk.session, name, parent=desk.usual.body) for name in names]


@pytest.fixture
def group(desk: Desk, counties: list[Department]) -> Department:
    group = factories.make_department(
        desk.session, "各县（市、区）政府", parent=desk.usual.body, kind=DepartmentKind.COLLECTIVE
    )
    ids = [one.id for one in counties]
    members.add_members(desk.session, group.id, ids, from_on=date(2020, 1, 1), **writing_by(desk.usual.actor("sun")))
    desk.session.commit()
    return group


def stand_on(desk: Desk, task: Task) -> list[tuple[str, str]]:
    desk.fresh()
    query = select(Department.name, Assignment.role).join(Assignment, Assignment.department_id == Department.id)
    rows = desk.session.execute(query.where(Assignment.task_id == task.id).order_by(Assignment.position))
    return [(name, role.value) for name, role in rows]


def correct(desk: Desk, task: Task, who: str = "chen", **fields: str) -> Any:
    return desk.as_(who).post(f"/tasks/{task.id}/correct-departments", **fields)


def test_a_draft_led_by_a_collective_unit_gets_another_lead_and_is_issued(desk: Desk, group: Department) -> None:
    task = desk.task("draft", lead=group)
    place = f'"/tasks/{task.id}#departments"'
    linked = place in issue(desk, task).text and place in desk.visitor.get(f"/plans/{desk.plan.id}/issue").text
    seen = hidden(desk.visitor.get(f"/tasks/{task.id}").text, f"/tasks/{task.id}/correct-departments")

    answer = correct(desk, task, lead="市发展改革委", partners="市财政局、各县（市、区）政府", **seen)

    assert linked
    assert (answer.status_code, answer.location) == (303, f"/tasks/{task.id}")
    assert stand_on(desk, task) == [
        ("市发展改革委", "lead"),
        ("市财政局", "partner"),
        ("各县（市、区）政府", "partner"),
    ]
    assert issue(desk, task).status_code == 303


def test_the_form_of_a_draft_begins_with_the_departments_it_has(desk: Desk) -> None:
    task = desk.task("draft", partners=(desk.usual.partner, desk.usual.other))

    page = desk.as_("chen").get(f"/tasks/{task.id}").text

    assert re.search(r'<input[^>]*name="lead"[^>]*value="市发展改革委"', page)
    assert re.search(r'<input[^>]*name="partners"[^>]*value="市财政局、市教育局"', page)
    assert "data-complete=" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"lead": "", "partners": "市财政局"}, "请填写牵头单位"),
        ({"lead": "、", "partners": "市财政局"}, "没有牵头单位"),
        ({"lead": "市发改革委局", "partners": ""}, "单位目录里没有“市发改革委局”"),
        ({"lead": "市发展改革委", "partners": "市财政局、天外天局"}, "单位目录里没有“天外天局”"),
        ({"lead": "市发展改革委", "partners": "市财政局、市发展改革委"}, "“市发展改革委”不能既牵头又配合"),
    ],
)
def test_departments_that_make_no_sense_come_back_as_typed(desk: Desk, fields: dict[str, str], words: str) -> None:
    task = desk.task("draft")

    page = correct(desk, task, **fields)

    assert page.status_code == 422
    assert words in page.text
    assert all(f'value="{text}"' in page.text for text in fields.values())
    assert stand_on(desk, task) == [("市发展改革委", "lead"), ("市财政局", "partner")]


def test_departments_that_somebody_corrected_meanwhile_are_a_conflict(desk: Desk) -> None:
    task = desk.task("draft")
    page = desk.as_("chen").get(f"/tasks/{task.id}").text
    seen = hidden(page, f"/tasks/{task.id}/correct-departments")
    correct(desk, task, lead="市教育局")

    stale = correct(desk, task, lead="市财政局", **seen)
    again = correct(desk, task, lead="市财政局", **hidden(stale.text, f"/tasks/{task.id}/correct-departments"))

    assert stale.status_code == 409
    assert "有人修改过这里" in stale.text
    assert again.status_code == 303
    assert stand_on(desk, task) == [("市财政局", "lead")]


def test_departments_of_an_issued_task_are_changed_with_a_reason(desk: Desk) -> None:
    task = desk.task("in_progress")
    seen = hidden(desk.as_("chen").get(f"/tasks/{task.id}").text, f"/tasks/{task.id}/correct-departments")
    fields = {"lead": "市发展改革委", "partners": "市教育局", **seen}

    without = correct(desk, task, **fields)
    done = correct(desk, task, reason="职责调整", **fields)

    assert without.status_code == 422
    assert 'value="市教育局"' in without.text
    assert done.status_code == 303
    assert set(stand_on(desk, task)) == {("市发展改革委", "lead"), ("市教育局", "partner"), ("市财政局", "partner")}
    page = desk.visitor.get(f"/tasks/{task.id}").text
    assert re.search(r'<input[^>]*name="partners"[^>]*value="市教育局"', page), "who was taken off would come back"
    states = {one.department_id: one.state.value for one in desk.session.scalars(select(Assignment))}
    assert states[desk.usual.partner.id] == "withdrawn"
    assert states[desk.usual.other.id] == "pending"


def test_a_form_from_before_the_issue_is_a_conflict_after_it(desk: Desk) -> None:
    task = desk.task("draft")
    seen = hidden(desk.as_("chen").get(f"/tasks/{task.id}").text, f"/tasks/{task.id}/correct-departments")
    issue(desk, task)

    answer = correct(desk, task, lead="市教育局", reason="职责调整", **seen)

    assert answer.status_code == 409
    assert stand_on(desk, task) == [("市发展改革委", "lead"), ("市财政局", "partner")]


@pytest.mark.parametrize(("who", "status"), [("li", 404), ("zhao", 404), ("sun", 404), ("liu", 404)])
def test_nobody_but_a_supervisor_corrects_or_expands_a_draft(
    desk: Desk, group: Department, who: str, status: int
) -> None:
    task = desk.task("draft", lead=group)

    assert correct(desk, task, who, lead="市教育局").status_code == status
    assert desk.visitor.post(f"/tasks/{task.id}/expand/{group.id}").status_code == status
    assert stand_on(desk, task) == [("各县（市、区）政府", "lead"), ("市财政局", "partner")]


def test_field_ids_on_the_page_of_a_draft_are_unique(desk: Desk, group: Department) -> None:
    task = desk.task("draft", lead=group)

    ids = re.findall(r'\bid="([^"]+)"', desk.as_("chen").get(f"/tasks/{task.id}").text)

    assert "departments" in ids
    assert len(ids) == len(set(ids))


def test_a_collective_unit_for_information_has_no_vacant_post(desk: Desk, group: Department) -> None:
    task = desk.task(partners=(group,))

    page = desk.as_("chen").get(f"/tasks/{task.id}").text

    assert "联络员空缺" not in page
    assert ">集合单位<" in page


def test_the_page_of_a_suspended_task_says_why_it_rests_and_when_it_is_looked_at(desk: Desk) -> None:
    task = desk.task()
    where = f"/tasks/{task.id}/suspend"
    seen = hidden(desk.as_("chen").get(f"/tasks/{task.id}").text, where)
    desk.visitor.post(where, **seen, reason="等待批复", review_on="2026-12-10")

    page = desk.as_("li").get(f"/tasks/{task.id}").text

    assert "恢复前不计时限、不催办；最迟 2026年12月10日 复核" in page
    assert "等待批复" in page


def test_the_panel_of_what_came_back_says_by_whom_why_and_until_when(desk: Desk) -> None:
    task = desk.task("submitted", own="submitted", partners=())
    where = f"/tasks/{task.id}/return"
    seen = hidden(desk.as_("chen").get(f"/tasks/{task.id}").text, where)
    desk.visitor.post(where, **seen, reason="请补充数据", correct_by="2026-12-10")

    panel = desk.as_("li").get(f"/tasks/{task.id}").text.partition("责任单位</h2>")[0]

    assert "陈督查" in panel
    assert "请补充数据" in panel
    assert "请改正后重新申请办结，时限 2026年12月10日。" in panel


def test_a_collective_unit_with_members_is_expanded_with_one_click(desk: Desk, group: Department) -> None:
    task = desk.task("draft", lead=group)
    where = f"/tasks/{task.id}/expand/{group.id}"
    seen = hidden(desk.as_("chen").get(f"/tasks/{task.id}").text, where)

    answers = [desk.visitor.post(where, **seen), desk.visitor.post(where, **seen)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert stand_on(desk, task) == [("清河县政府", "lead"), ("禾川区政府", "lead"), ("市财政局", "partner")]
    entries = desk.session.scalars(select(HistoryEntry).where(HistoryEntry.task_id == task.id)).all()
    assert len(entries) == 1
    assert "/expand/" not in desk.visitor.get(f"/tasks/{task.id}").text


def test_an_expansion_of_what_was_changed_meanwhile_is_refused(desk: Desk, group: Department) -> None:
    task = desk.task("draft", lead=group)
    where = f"/tasks/{task.id}/expand/{group.id}"
    seen = hidden(desk.as_("chen").get(f"/tasks/{task.id}").text, where)
    correct(desk, task, lead="市教育局", partners="各县（市、区）政府")

    answer = desk.visitor.post(where, **seen)

    assert "有人修改过" in desk.visitor.get(answer.location).text
    assert stand_on(desk, task) == [("市教育局", "lead"), ("各县（市、区）政府", "partner")]


def test_a_collective_unit_without_members_has_no_button_and_says_why_it_cannot_be_expanded(desk: Desk) -> None:
    empty = factories.make_department(desk.session, "各专班", parent=desk.usual.body, kind=DepartmentKind.COLLECTIVE)
    task = desk.task("draft", lead=empty)

    page = desk.as_("chen").get(f"/tasks/{task.id}").text
    answer = desk.visitor.post(f"/tasks/{task.id}/expand/{empty.id}", version=str(task.version))

    assert "/expand/" not in page
    assert "“各专班”还没有成员单位" in desk.visitor.get(answer.location).text
    assert desk.visitor.post(f"/tasks/{task.id}/expand/99999999999999").status_code == 404


# Issue


def issue(desk: Desk, *tasks: Task, who: str = "chen", **fields: str) -> Any:
    return desk.as_(who).post(f"/plans/{desk.plan.id}/issue", task_id=[str(task.id) for task in tasks], **fields)


def mails(desk: Desk) -> list[str]:
    """The addresses to which something was sent."""
    desk.fresh()
    addresses = select(OutboxMessage.to_address).where(OutboxMessage.state != OutboxState.INBOX_ONLY)
    return sorted(desk.session.scalars(addresses))


def test_drafts_are_issued_together_with_one_mail_to_each_person(desk: Desk) -> None:
    tasks = [desk.task("draft") for _ in range(3)]

    answer = issue(desk, *tasks)

    assert (answer.status_code, answer.location) == (303, f"/plans/{desk.plan.id}")
    desk.fresh()
    assert {task.state for task in tasks} == {TaskState.ISSUED}
    assert mails(desk) == ["li@example.org", "wang@example.org"]


def test_a_second_click_issues_nothing_again(desk: Desk) -> None:
    task = desk.task("draft")

    answers = [issue(desk, task), issue(desk, task)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(mails(desk)) == 2


def said(desk: Desk, answer: Any) -> str:
    return str(desk.visitor.get(answer.location).text)


def test_the_page_says_which_departments_have_no_liaison_before_they_are_issued(
    desk: Desk, counties: list[Department], group: Department
) -> None:
    desk.task("draft", partners=(*counties, group))

    page = desk.as_("chen").get(f"/plans/{desk.plan.id}/issue").text

    assert "2 个单位没有联络员：清河县政府、禾川区政府" in page
    assert page.count("清河县政府、禾川区政府：联络员空缺") == 1


def test_nothing_is_said_of_vacant_posts_where_there_are_none(desk: Desk) -> None:
    task = desk.task("draft")

    page = desk.as_("chen").get(f"/plans/{desk.plan.id}/issue").text
    done = said(desk, issue(desk, task))

    assert "没有联络员" not in page
    assert "已交办 1 项任务，通知了 2 人。" in done
    assert "没有联络员" not in done


def test_after_the_issue_the_page_says_how_many_were_notified_and_who_has_nobody(
    desk: Desk, counties: list[Department]
) -> None:
    tasks = [desk.task("draft", partners=counties), desk.task("draft", lead=counties[0], partners=())]

    done = said(desk, issue(desk, *tasks))

    assert mails(desk) == ["li@example.org"]
    assert "已交办 2 项任务，通知了 1 人。" in done
    assert "其中 2 个单位没有联络员：清河县政府、禾川区政府；他们的签收由督查室代办，或请管理员配备联络员。" in done


def test_where_nobody_was_notified_nobody_is_said_to_be(desk: Desk, counties: list[Department]) -> None:
    done = said(desk, issue(desk, desk.task("draft", lead=counties[0], partners=())))

    assert mails(desk) == []
    assert "已交办 1 项任务，没有通知到任何人。" in done
    assert "其中 1 个单位没有联络员：清河县政府；" in done


def test_a_liaison_without_an_address_is_told_in_the_product_alone_and_the_page_says_so(desk: Desk) -> None:
    desk.usual.wang.email = None

    done = said(desk, issue(desk, desk.task("draft")))

    assert mails(desk) == ["li@example.org"]
    assert "通知了 2 人" in done
    assert "王配合没有填写邮箱，只在站内消息中看到" in done
    assert desk.session.scalars(select(OutboxMessage.person_id).where(OutboxMessage.to_address == "")).all() == [
        desk.usual.wang.id
    ]


def test_a_second_click_is_not_said_to_notify_again(desk: Desk) -> None:
    task = desk.task("draft")
    issue(desk, task)

    done = said(desk, issue(desk, task))

    assert "已经交办过，没有重复通知" in done


def test_the_page_asks_for_what_is_missing_and_issues_nothing_before(desk: Desk) -> None:
    good, undated, past = (
        desk.task("draft"),
        desk.task("draft", due_on=None),
        desk.task("draft", due_on=TODAY.replace(day=1)),
    )

    page = issue(desk, good, undated, past)

    assert page.status_code == 422
    assert "有 2 项不能交办" in page.text
    assert "请填写时限，或者选择长期坚持" in page.text
    assert "时限 2026年11月1日 已过，请选择如何处理" in page.text
    desk.fresh()
    assert {good.state, undated.state, past.state} == {TaskState.DRAFT}
    assert mails(desk) == []


def test_what_is_decided_on_the_page_is_issued(desk: Desk) -> None:
    undated, ongoing = desk.task("draft", due_on=None), desk.task("draft", due_on=None)
    late, recorded = desk.task("draft", due_on=TODAY.replace(day=1)), desk.task("draft", due_on=TODAY.replace(day=1))

    answer = issue(
        desk,
        undated,
        ongoing,
        late,
        recorded,
        **{
            f"task-{undated.id}-due_on": "2026年12月31日",
            f"task-{ongoing.id}-choice": "ongoing",
            f"task-{late.id}-choice": "keep_as_late",
            f"task-{recorded.id}-choice": "record",
        },
    )

    assert answer.status_code == 303
    desk.fresh()
    assert undated.due_on == date(2026, 12, 31)
    assert ongoing.is_ongoing
    assert (late.state, late.past_deadline) == (TaskState.ISSUED, PastDeadline.KEEP_AS_LATE)
    assert recorded.state is TaskState.TERMINATED


@pytest.mark.parametrize(
    ("typed", "words"), [("2026-02-30", "日期的写法不对"), ("2026-11-01", "不能早于今天"), ("", "请填写此项")]
)
def test_a_new_date_that_is_none_comes_back_as_typed(desk: Desk, typed: str, words: str) -> None:
    task = desk.task("draft", due_on=TODAY.replace(day=1))

    page = issue(desk, task, **{f"task-{task.id}-choice": "new_date", f"task-{task.id}-due_on": typed})

    assert page.status_code == 422
    assert words in page.text
    assert f'value="{typed}"' in page.text
    assert '<option selected value="new_date">' in page.text


def test_an_inferred_lead_is_confirmed_on_the_page(desk: Desk) -> None:
    task = desk.task("draft")
    desk.branch(task).is_confirmed = False
    desk.session.commit()

    refused = issue(desk, task)
    accepted = issue(desk, task, **{f"task-{task.id}-confirms_lead": "y"})

    assert refused.status_code == 422
    assert "请核对后勾选确认" in refused.text
    assert accepted.status_code == 303


def test_a_collective_lead_is_named_and_not_issued(desk: Desk) -> None:
    cities = factories.make_department(
        desk.session, "各市人民政府", parent=desk.usual.body, kind=DepartmentKind.COLLECTIVE
    )
    page = issue(desk, desk.task("draft", lead=cities))

    assert page.status_code == 422
    assert "各市人民政府”是集合单位" in page.text


def test_a_draft_that_somebody_changed_meanwhile_is_shown_again(desk: Desk) -> None:
    task = desk.task("draft")
    seen = str(task.version)
    desk.as_("chen").post(f"/tasks/{task.id}/correct-deadline", due_on="2026-12-24")

    stale = issue(desk, task, **{f"task-{task.id}-version": seen})
    desk.fresh()
    again = issue(desk, task, **{f"task-{task.id}-version": str(task.version)})

    assert stale.status_code == 422
    assert "有人保存了新的内容" in stale.text
    assert "2026年12月24日" in stale.text
    assert f'value="{task.version - 1}"' in stale.text or f'value="{task.version}"' in stale.text
    assert again.status_code == 303


def test_the_page_lists_the_drafts_of_the_plan_or_those_asked_for(desk: Desk) -> None:
    first, second, issued = desk.task("draft"), desk.task("draft"), desk.task()

    everything = desk.as_("chen").get(f"/plans/{desk.plan.id}/issue").text
    one = desk.visitor.get(f"/plans/{desk.plan.id}/issue", task_id=str(second.id)).text

    assert first.title in everything
    assert issued.title not in everything
    assert first.title not in one
    assert second.title in one


def test_nothing_chosen_is_said_and_leads_to_the_page(desk: Desk) -> None:
    desk.task("draft")

    answer = issue(desk)

    assert (answer.status_code, answer.location) == (303, f"/plans/{desk.plan.id}/issue")
    assert "请先勾选要交办的任务" in desk.visitor.get(answer.location).text


@pytest.mark.parametrize("task_id", ["abc", "999999", "99999999999999", "-1"])
def test_an_id_that_is_none_of_the_plans_drafts_is_not_found(desk: Desk, task_id: str) -> None:
    assert desk.as_("chen").post(f"/plans/{desk.plan.id}/issue", task_id=task_id).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("li", 403), ("gao", 403), ("liu", 403), ("sun", 403)])
def test_nobody_but_a_supervisor_issues(desk: Desk, who: str, status: int) -> None:
    task = desk.task("draft")

    assert issue(desk, task, who=who).status_code == status
    assert desk.visitor.get(f"/plans/{desk.plan.id}/issue").status_code == status
    desk.fresh()
    assert task.state is TaskState.DRAFT


def test_a_plan_of_another_body_does_not_exist(desk: Desk) -> None:
    elsewhere = factories.make_department(desk.session, "邻市人民政府")
    foreign = factories.make_plan(desk.session, body=elsewhere, imported_by=desk.usual.chen)
    desk.session.commit()

    assert desk.as_("chen").get(f"/plans/{foreign.id}/issue").status_code == 404
    assert desk.visitor.post(f"/plans/{foreign.id}/issue", task_id="1").status_code == 404
    assert desk.visitor.get("/plans/987654/issue").status_code == 404


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
