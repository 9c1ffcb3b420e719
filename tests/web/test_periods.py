"""Report periods in the pages: who reported, the rhythm, the trajectory, figures, lights by hand, and one click."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.plan_parsing.reading import Comparison
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.models import (
    Assignment,
    Department,
    HandLight,
    PeriodReport,
    Plan,
    PlannedValue,
    ProgressReport,
    ReportFigure,
    Task,
    TaskTarget,
)
from tests.support import factories
from tests.support.factories import NOW, Usual
from tests.support.visitor import Visitor


@dataclass
class Desk:
    app: Flask
    session: Session
    usual: Usual
    plan: Plan
    task: Task

    @property
    def lead(self) -> Assignment:
        return self._branch(self.usual.lead)

    @property
    def partner(self) -> Assignment:
        return self._branch(self.usual.partner)

    @property
    def fresh(self) -> Session:
        """The session, with what the pages wrote."""
        self.session.rollback()
        return self.session

    def _branch(self, department: Department) -> Assignment:
        self.session.rollback()
        self.session.expire_all()
        query = select(Assignment).where(Assignment.department_id == department.id)
        return self.session.scalars(query).one()

    def address(self, branch: Assignment, slug: str) -> str:
        return f"/tasks/{branch.task_id}/assignments/{branch.id}/{slug}"

    def visit(self, who: str) -> Visitor:
        return Visitor(self.app.test_client()).enter(getattr(self.usual, who))


@pytest.fixture
def desk(app: Flask, session: Session, usual: Usual) -> Desk:
    plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
    plan.report_rhythm = PlanRhythm.MONTHLY
    task = factories.make_task(
        session,
        plan=plan,
        lead=usual.lead,
        partners=(usual.partner,),
        due_on=date(2027, 6, 30),
        title="建成政务大厅",
        issued_at=NOW - timedelta(days=40),
    )
    session.commit()
    return Desk(app, session, usual, plan, task)


def test_my_tasks_say_which_report_is_owed_by_when_and_take_no_change_in_one_click(desk: Desk) -> None:
    li = desk.visit("li")

    page = li.client.get("/my-tasks").text
    assert "2026年11月25日前反馈" in page
    action = re.search(r'action="([^"]*no-change[^"]*)"', page)
    assert action is not None
    key = re.search(r'name="request_key" type="hidden" value="([^"]+)"', page)
    token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', page)
    assert key is not None and token is not None
    answer = li.client.post(
        action[1].replace("&amp;", "&"), data={"csrf_token": token[1], "request_key": key[1]}, follow_redirects=True
    )

    assert "已反馈：无变化。" in answer.text and "2026年11月已反馈" in answer.text
    standing = desk.fresh.scalars(select(PeriodReport)).one()
    assert (standing.period, standing.due_on) == ("2026-11", date(2026, 11, 25))


def test_the_leads_form_is_filled_with_what_the_partners_reported_in_the_period(desk: Desk) -> None:
    wang, li = desk.visit("wang"), desk.visit("li")
    page = f"/tasks/{desk.task.id}"

    wang.post(desk.address(desk.partner, "report"), done="资金已下达")

    assert "市财政局：资金已下达</textarea>" in li.client.get(page).text
    assert "填入本单位反馈" in li.client.get(page).text
    assert "市财政局：资金已下达</textarea>" not in wang.client.get(page).text


def test_a_report_that_says_the_same_is_recorded_as_no_change(desk: Desk) -> None:
    li = desk.visit("li")
    page, address = f"/tasks/{desk.task.id}", desk.address(desk.lead, "report")

    li.post(address, done="完成选址，开始招标。", percent="20")
    answer = li.post(address, done="完成选址,开始招标")

    assert answer.status_code == 303
    assert "内容与上次反馈相同，已记作“无变化”。" in li.client.get(page).text
    rows = desk.fresh.scalars(select(ProgressReport).order_by(ProgressReport.id)).all()
    assert [(one.is_unchanged, one.period) for one in rows] == [(False, "2026-11"), (True, "2026-11")]
    assert desk.fresh.scalars(select(PeriodReport.report_id)).all() == [rows[0].id]  # what was said stands


def test_figures_of_targets_are_reported_and_shown_beside_the_plan(desk: Desk) -> None:
    target = TaskTarget(
        task_id=desk.task.id,
        position=0,
        words="办结率达到 95%",
        quantity="办结率",
        unit="%",
        comparison=Comparison.AT_LEAST,
        value=95,
    )
    desk.session.add(target)
    desk.session.commit()
    li = desk.visit("li")
    page, address = f"/tasks/{desk.task.id}", desk.address(desk.lead, "report")
    name = f"figure-{target.id}"

    refused = li.post(address, done="已推进", **{name: "九成"})
    assert refused.status_code == 422 and "九成" in refused.text and "请填数字" in refused.text
    assert li.post(address, done="已推进", **{name: "91.5"}).status_code == 303

    assert desk.fresh.scalars(select(ReportFigure.value)).all() == [91.5]
    assert "市发展改革委 91.5" in li.client.get(page).text


def test_a_trajectory_is_planned_by_the_lead_and_measures_its_reports(desk: Desk) -> None:
    li = desk.visit("li")
    address = f"/tasks/{desk.task.id}/trajectory"

    falling = li.post(address, **{"percent-2026-11": "60", "percent-2026-12": "50"})
    assert falling.status_code == 422 and "计划进度不能低于前一期" in falling.text and 'value="60"' in falling.text
    assert li.post(address, **{"percent-2026-11": "60", "percent-2026-12": "x"}).status_code == 422
    assert li.post(address, **{"percent-2026-11": "60", "percent-2026-12": "80"}).status_code == 303
    li.post(desk.address(desk.lead, "report"), done="起步", percent="20")

    assert desk.fresh.scalars(select(PlannedValue.value).order_by(PlannedValue.ends_on)).all() == [60, 80]
    assert "比计划进度落后 40 个百分点" in li.client.get("/my-tasks?light=red").text
    assert "建成政务大厅" not in li.client.get("/my-tasks?light=green").text


@pytest.mark.parametrize("who", ["wang", "zhao", "liu"])
def test_who_does_not_lead_has_no_trajectory_to_plan(desk: Desk, who: str) -> None:
    assert desk.visit(who).client.get(f"/tasks/{desk.task.id}/trajectory").status_code == 404


def test_a_supervisor_sees_who_has_not_reported_and_sets_the_rhythm(desk: Desk) -> None:
    chen, wang = desk.visit("chen"), desk.visit("wang")
    wang.post(desk.address(desk.partner, "no-change"))
    address = f"/plans/{desk.plan.id}/reports"

    page = chen.client.get(address).text
    assert "应反馈 2 项，已反馈 1 项" in page
    missing = chen.client.get(f"{address}?show=missing").text
    assert "市发展改革委" in missing and "市财政局" not in missing

    bad = chen.post(f"/plans/{desk.plan.id}/rhythm", rhythm="weekly", day="9", version=desk.plan.version)
    assert bad.status_code == 422 and 'value="9"' in bad.text
    assert (
        chen.post(f"/plans/{desk.plan.id}/rhythm", rhythm="weekly", day="4", version=desk.plan.version).status_code
        == 303
    )
    desk.session.rollback()
    assert (desk.plan.report_rhythm, desk.plan.report_day) == (PlanRhythm.WEEKLY, 4)
    assert "每周四" in chen.client.get(address).text


def test_the_overview_is_for_the_plans_supervisors(desk: Desk) -> None:
    assert desk.visit("li").client.get(f"/plans/{desk.plan.id}/reports").status_code in (403, 404)
    assert desk.visit("chen").client.get("/plans/99999/reports").status_code == 404


def test_a_red_light_is_set_by_hand_and_lifted(desk: Desk) -> None:
    chen = desk.visit("chen")
    page = f"/tasks/{desk.task.id}"

    assert chen.post(desk.address(desk.lead, "set-red"), reason=" ", version=desk.lead.version).status_code == 422
    assert (
        chen.post(desk.address(desk.lead, "set-red"), reason="多次催办无进展", version=desk.lead.version).status_code
        == 303
    )
    assert "督查员人工亮红灯" in chen.client.get(page).text
    assert chen.client.get(f"/plans/{desk.plan.id}?light=red").text.count("建成政务大厅") == 1

    assert chen.post(desk.address(desk.lead, "lift-red")).status_code == 303
    assert "督查员人工亮红灯" not in chen.client.get(page).text
    assert "没有这种亮灯的任务" in chen.client.get(f"/plans/{desk.plan.id}?light=red").text
    assert desk.fresh.scalars(select(HandLight.ends_on)).all() == [date(2026, 11, 23)]


def test_who_is_no_supervisor_cannot_set_a_light(desk: Desk) -> None:
    li = desk.visit("li")

    assert li.post(desk.address(desk.lead, "set-red"), reason="试", version=desk.lead.version).status_code == 403
