"""Submitted, signed off, returned, closed, and set on another course: what is decided on the page of a task."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.workflow import AssignmentState, Closure, TaskState, Verification
from taskboard.models import HistoryEntry
from tests.support import factories
from tests.support.desk import TODAY, Desk, hidden


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
