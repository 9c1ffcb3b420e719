"""The page of what waits, and objections and extensions from the first form to the decision."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.clock import SettableClock
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.models import Assignment, Extension, HistoryEntry, Objection, ProgressReport, Task
from tests.support import factories
from tests.support.factories import NOW, Usual
from tests.support.tables import assignment_of
from tests.support.visitor import Visitor

DUE = date(2026, 12, 31)


class Desk:
    def __init__(self, session: Session, usual: Usual, visitor: Visitor) -> None:
        self.session = session
        self.usual = usual
        self.visitor = visitor
        self.plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
        self.zhou = factories.make_person(session, "周局长", (Role.HEAD, usual.partner), username="zhou")
        self.task = self.make_task(TaskState.ISSUED, AssignmentState.PENDING)

    def make_task(self, state: TaskState, own: AssignmentState) -> Task:
        task = factories.make_task(
            self.session,
            plan=self.plan,
            lead=self.usual.lead,
            partners=(self.usual.partner,),
            state=state,
            assignment_state=own,
            due_on=DUE,
            issued_at=NOW,
        )
        self.session.commit()
        return task

    def as_(self, who: str) -> Visitor:
        return self.visitor.enter(self.zhou if who == "zhou" else getattr(self.usual, who))

    @property
    def lead(self) -> Assignment:
        self.session.rollback()
        self.session.expire_all()
        return assignment_of(self.session, self.task, self.usual.lead)

    def address(self, slug: str) -> str:
        return f"/tasks/{self.task.id}/assignments/{self.lead.id}/{slug}"


@pytest.fixture
def desk(session: Session, usual: Usual, visitor: Visitor) -> Desk:
    return Desk(session, usual, visitor)


def test_each_lands_on_what_waits_for_them(desk: Desk) -> None:
    assert desk.as_("chen").get("/").location == "/waiting"
    assert "没有等您办理的事项" in desk.visitor.get("/waiting").text
    page = desk.as_("gao").get("/waiting").text
    assert desk.task.title in page
    assert "还剩 2 个工作日" in page


def test_the_page_is_not_for_who_has_nothing_to_do_with_tasks(desk: Desk) -> None:
    assert desk.as_("sun").get("/waiting").status_code == 403


@pytest.mark.parametrize(("who", "first"), [("qian", "/my-tasks"), ("liu", "/overdue"), ("li", "/waiting")])
def test_everybody_else_finds_the_page_once_among_the_others(desk: Desk, who: str, first: str) -> None:
    assert desk.as_(who).get("/").location == first
    page = desk.visitor.get("/waiting")
    assert page.status_code == 200
    assert page.text.count('href="/waiting"') == 1


def test_a_report_that_is_due_stands_there_with_its_day(desk: Desk) -> None:
    desk.plan.report_rhythm = PlanRhythm.MONTHLY
    task = desk.make_task(TaskState.IN_PROGRESS, AssignmentState.IN_PROGRESS)
    task.issued_at = NOW - timedelta(days=40)
    desk.session.commit()

    page = desk.as_("li").get("/waiting").text

    assert "进展待反馈" in page
    assert "2026年11月25日前" in page
    assert "尽快" not in page


def test_an_objection_goes_from_the_head_to_the_supervisor_and_to_the_new_department(desk: Desk) -> None:
    where = desk.address("object")
    answer = desk.as_("gao").post(where, reason="不属于本单位职责", proposed_department="市教育局")
    assert answer.status_code == 303
    assert "牵头单位提出了异议" in desk.visitor.get(f"/tasks/{desk.task.id}").text

    assert desk.task.title in desk.as_("chen").get("/waiting").text
    page = desk.visitor.get(f"/tasks/{desk.task.id}").text
    assert "不属于本单位职责" in page
    assert 'value="市教育局"' in page
    answer = desk.visitor.post(desk.address("uphold-objection"), reason="确有道理", department="市教育局")

    assert answer.status_code == 303
    assert desk.lead.state is AssignmentState.WITHDRAWN
    assert desk.task.title in desk.as_("zhao").get("/waiting").text
    assert "改由市教育局承担" in desk.visitor.get(f"/tasks/{desk.task.id}").text


def test_an_objection_that_is_refused_leaves_no_second_form(desk: Desk) -> None:
    desk.as_("gao").post(desk.address("object"), reason="不属于本单位职责")
    assert desk.as_("chen").post(desk.address("refuse-objection"), reason="职责明确").status_code == 303

    page = desk.as_("gao").get(f"/tasks/{desk.task.id}").text

    assert desk.lead.state is AssignmentState.PENDING
    assert desk.address("object") not in page
    again = desk.visitor.post(desk.address("object"), reason="再次提出")
    assert again.status_code == 422
    assert "不能再次提出" in again.text


def test_what_was_typed_comes_back_beside_what_is_wrong(desk: Desk) -> None:
    page = desk.as_("gao").post(desk.address("object"), reason="不属于本单位职责", proposed_department="子虚乌有局")

    assert page.status_code == 422
    assert "单位目录里没有“子虚乌有局”" in page.text
    assert "不属于本单位职责" in page.text


def test_an_extension_goes_from_the_head_to_the_supervisor_and_back(desk: Desk) -> None:
    desk.task = desk.make_task(TaskState.IN_PROGRESS, AssignmentState.IN_PROGRESS)
    wish = {"reason": "上级批复未到", "progress": "方案已报送", "asked_due_on": "2027-01-29"}
    assert desk.as_("gao").post(desk.address("ask-extension"), **wish).status_code == 303

    waiting = desk.as_("chen").get("/waiting").text
    assert "申请延到 2027年1月29日" in waiting
    page = desk.visitor.get(f"/tasks/{desk.task.id}").text
    assert 'value="2027-01-29"' in page
    late = desk.visitor.post(desk.address("grant-extension"), due_on="2027-02-28")
    assert late.status_code == 422
    assert "不能晚于申请的日期2027年1月29日" in late.text
    assert desk.visitor.post(desk.address("grant-extension"), due_on="2027-01-15").status_code == 303

    assert desk.lead.due_on == date(2027, 1, 15)
    assert "缩短同意" in desk.as_("gao").get(f"/tasks/{desk.task.id}").text


@pytest.mark.parametrize(
    ("who", "status"), [("li", 403), ("wang", 403), ("liu", 403), ("chen", 403), ("zhao", 404), ("sun", 404)]
)
def test_nobody_but_the_head_objects_or_asks(desk: Desk, who: str, status: int) -> None:
    assert desk.as_(who).post(desk.address("object"), reason="不属于本单位职责").status_code == status
    wish = {"reason": "批复未到", "progress": "过半", "asked_due_on": "2027-01-29"}
    assert desk.visitor.post(desk.address("ask-extension"), **wish).status_code == status
    assert desk.session.scalars(select(Objection.id)).all() == []
    assert desk.session.scalars(select(Extension.id)).all() == []


def test_the_lead_sets_its_partner_an_earlier_day(desk: Desk) -> None:
    partner = assignment_of(desk.session, desk.task, desk.usual.partner)
    where = f"/tasks/{desk.task.id}/assignments/{partner.id}/bring-forward"

    assert desk.as_("li").post(where, due_on="2027-01-31").status_code == 422
    assert desk.as_("wang").post(where, due_on="2026-12-15").status_code == 403
    assert desk.as_("li").post(where, due_on="2026-12-15").status_code == 303

    assert desk.lead.due_on == DUE
    assert assignment_of(desk.session, desk.task, desk.usual.partner).due_on == date(2026, 12, 15)


def test_an_ended_task_is_archived_and_taken_out_again(desk: Desk) -> None:
    desk.task = desk.make_task(TaskState.CLOSED, AssignmentState.ACCEPTED)
    where = f"/tasks/{desk.task.id}"
    assert desk.as_("li").post(f"{where}/archive").status_code == 403

    assert desk.as_("chen").post(f"{where}/archive").status_code == 303
    page = desk.visitor.get(where).text
    assert "已归档" in page
    assert f"{where}/reopen" not in page
    refused = desk.visitor.post(f"{where}/reopen", reason="复查", due_on="2027-01-31")
    assert refused.status_code == 409
    assert "请先取消归档" in refused.text
    assert desk.visitor.post(f"{where}/unarchive").status_code == 303

    assert f"{where}/reopen" in desk.visitor.get(where).text


def test_a_report_sent_again_by_the_way_back_is_kept_once_and_a_changed_one_twice(desk: Desk) -> None:
    desk.task = desk.make_task(TaskState.IN_PROGRESS, AssignmentState.IN_PROGRESS)
    where = desk.address("report")
    visitor = desk.as_("li")

    for key, text in (("a", "已印发方案"), ("b", "已印发方案"), ("a", "已印发方案"), ("a", "已印发方案并部署")):
        assert visitor.post(where, done=text, request_key=key).status_code == 303

    desk.session.rollback()
    assert list(desk.session.scalars(select(ProgressReport.done).order_by(ProgressReport.id))) == [
        "已印发方案",
        "已印发方案并部署",
    ]


def test_the_same_words_are_a_new_report_when_some_time_has_passed(desk: Desk, clock: SettableClock) -> None:
    desk.task = desk.make_task(TaskState.IN_PROGRESS, AssignmentState.IN_PROGRESS)
    visitor = desk.as_("li")

    visitor.post(desk.address("report"), done="按计划推进")
    clock.moment = NOW + timedelta(days=7)
    visitor.post(desk.address("report"), done="按计划推进")

    desk.session.rollback()
    assert len(desk.session.scalars(select(ProgressReport)).all()) == 2


def test_a_form_changed_on_the_way_back_is_not_swallowed(desk: Desk) -> None:
    where = f"/tasks/{desk.task.id}/correct-deadline"
    visitor = desk.as_("chen")

    for day in ("2027-01-15", "2027-01-15", "2027-01-20"):
        visitor.post(where, due_on=day, reason="统一安排", request_key="same")

    assert desk.lead.due_on == date(2027, 1, 20)
    entries = desk.session.scalars(select(HistoryEntry).where(HistoryEntry.task_id == desk.task.id)).all()
    assert len(entries) == 2


def test_a_draft_does_not_say_that_its_departments_have_to_acknowledge(desk: Desk) -> None:
    desk.task = desk.make_task(TaskState.DRAFT, AssignmentState.PENDING)

    page = desk.as_("chen").get(f"/tasks/{desk.task.id}").text

    assert "待签收" not in page
    assert "尚未交办" in page


def test_an_objection_of_a_suspended_task_says_that_it_waits_for_the_task(desk: Desk) -> None:
    assert desk.as_("gao").post(desk.address("object"), reason="不属于本单位职责").status_code == 303
    desk.session.rollback()
    desk.session.get_one(Task, desk.task.id).state = TaskState.SUSPENDED
    desk.session.commit()

    assert "任务中止期间不裁定，恢复办理后再裁定" in desk.as_("chen").get(f"/tasks/{desk.task.id}").text
    assert "异议待裁定" not in desk.visitor.get("/waiting").text
