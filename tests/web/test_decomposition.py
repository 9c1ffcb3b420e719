"""The pages on which a part is split into sub-tasks, and where these are seen; and units expanded after the issue."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentState, Closure, TaskState
from taskboard.models import Assignment, Department, HistoryEntry, Plan, Task
from taskboard.services import decomposition, members
from tests.support import factories
from tests.support.factories import Usual, writing_by
from tests.support.tables import assignment_of
from tests.support.visitor import Visitor

TODAY = date(2026, 11, 23)
NEXT_WEEK = TODAY + timedelta(days=7)


class Desk:
    """The usual people at the pages, with a running task and two sections below the lead."""

    def __init__(self, session: Session, usual: Usual, visitor: Visitor) -> None:
        self.session, self.usual, self.visitor = session, usual, visitor
        self.plan: Plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
        self.north = factories.make_department(session, "北区分局", parent=usual.lead)
        self.south = factories.make_department(session, "南区分局", parent=usual.lead)
        self.bei = factories.make_person(session, "北联络", (Role.LIAISON, self.north), username="bei")
        self.task = factories.make_task(
            session,
            plan=self.plan,
            lead=usual.lead,
            state=TaskState.IN_PROGRESS,
            assignment_state=AssignmentState.IN_PROGRESS,
            due_on=NEXT_WEEK,
        )
        session.commit()
        self.part = assignment_of(session, self.task, usual.lead)
        self.address = f"/tasks/{self.task.id}/assignments/{self.part.id}/decompose"

    def as_(self, who: str) -> Visitor:
        return self.visitor.enter(getattr(self.usual, who) if who != "bei" else self.bei)

    def fields(self, *rows: dict[str, Any], **more: Any) -> dict[str, str]:
        sent = {"rows": "5", **more}
        for number, row in enumerate(rows):
            sent |= {f"subtask-{number}-{name}": str(value) for name, value in row.items()}
        return sent

    def subtasks(self) -> list[Task]:
        self.session.rollback()
        self.session.expire_all()
        return list(self.session.scalars(select(Task).where(Task.parent_id == self.task.id).order_by(Task.id)))

    def split(self) -> Task:
        self.as_("li").post(self.address, **self.fields({"department": self.north.id, "title": "北区落实"}))
        return self.subtasks()[0]


@pytest.fixture
def desk(session: Session, usual: Usual, visitor: Visitor) -> Desk:
    return Desk(session, usual, visitor)


def test_orders_are_offered_to_supervisors_about_their_own_task_and_to_nobody_about_a_sub_task(desk: Desk) -> None:
    subtask = desk.split()
    words, link = "发督查单", "/assignments/{}/order"

    page = desk.as_("chen").get(f"/tasks/{desk.task.id}").text
    assert words in page
    assert link.format(desk.part.id) in page
    for who, task in (("li", desk.task), ("li", subtask), ("chen", subtask), ("bei", subtask)):
        answer = desk.as_(who).get(f"/tasks/{task.id}")
        assert answer.status_code == 200
        assert words not in answer.text, (who, task.title)


def test_a_liaison_splits_the_part_from_the_tasks_page(desk: Desk) -> None:
    page = desk.as_("li").get(f"/tasks/{desk.task.id}").text
    assert f'href="{desk.address}"' in page
    assert "北区分局" in desk.visitor.get(desk.address).text

    rows = [
        {"department": desk.north.id, "title": "北区落实", "due_on": "2026-11-27", "weight": "3"},
        {},
        {"department": desk.south.id},
    ]
    answer = desk.visitor.post(desk.address, **desk.fields(*rows))

    assert (answer.status_code, answer.location) == (303, f"/tasks/{desk.task.id}#subtasks")
    north, south = desk.subtasks()
    assert (north.title, north.due_on, north.weight) == ("北区落实", date(2026, 11, 27), 3)
    assert (south.title, south.due_on, south.weight) == (desk.task.title, NEXT_WEEK, 1)
    shown = desk.visitor.get(f"/tasks/{desk.task.id}").text
    assert "已分解为 2 项任务" in shown
    assert "共 2 项，已办结 0 项" in shown


def test_a_second_click_splits_nothing_again(desk: Desk) -> None:
    key = re.findall(r'name="request_key"[^>]*value="([^"]+)"', desk.as_("li").get(desk.address).text)[0]
    sent = desk.fields({"department": desk.north.id}, request_key=key)

    answers = [desk.visitor.post(desk.address, **sent) for _ in range(2)]

    assert [one.status_code for one in answers] == [303, 303]
    assert len(desk.subtasks()) == 1


def test_who_comes_back_to_the_page_and_changes_the_lines_splits_again(desk: Desk) -> None:
    key = re.findall(r'name="request_key"[^>]*value="([^"]+)"', desk.as_("li").get(desk.address).text)[0]

    for department in (desk.north, desk.south):
        desk.visitor.post(desk.address, **desk.fields({"department": department.id}, request_key=key))

    owners = [
        assignment_of(desk.session, one, place)
        for one, place in zip(desk.subtasks(), (desk.north, desk.south), strict=True)
    ]
    assert [one.department_id for one in owners] == [desk.north.id, desk.south.id]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"department": "south", "due_on": "2026-12-31"}, "不能晚于上级任务的时限 2026年11月30日"),
        ({"department": "south", "due_on": "明天"}, "日期的写法不对"),
        ({"department": "south", "due_on": "2026-11-01"}, "日期不能早于今天"),
        ({"department": "south", "weight": "0"}, "权重请填 1 到 100 的整数"),
        ({"department": "partner"}, "不是“市发展改革委”的下级单位"),
        ({"department": ""}, "请填写由哪个下级单位承担"),
        ({"department": "x' OR 1=1"}, "请填写由哪个下级单位承担"),
    ],
)
def test_a_wrong_line_says_what_to_do_and_keeps_everything_as_typed(
    desk: Desk, row: dict[str, str], words: str
) -> None:
    named = {"south": desk.south.id, "partner": desk.usual.partner.id}
    wrong = {"title": "南区落实", **row, "department": named.get(row["department"], row["department"])}

    answer = desk.as_("li").post(desk.address, **desk.fields({"department": desk.north.id, "title": "北区落实"}, wrong))

    assert answer.status_code == 422
    assert words in answer.text.replace("时限2026", "时限 2026")
    assert 'value="北区落实"' in answer.text
    assert 'value="南区落实"' in answer.text
    assert desk.subtasks() == []


def test_an_empty_form_asks_for_something(desk: Desk) -> None:
    answer = desk.as_("li").post(desk.address, **desk.fields())

    assert answer.status_code == 422
    assert "请至少填写一项分解任务" in answer.text


def test_more_lines_come_with_what_was_typed_and_one_for_each_department_below(desk: Desk) -> None:
    more = desk.as_("li").post(desk.address, **desk.fields({"title": "北区落实"}, more="1")).text
    each = desk.visitor.get(desk.address, each="1").text

    assert 'value="北区落实"' in more
    assert 'name="subtask-9-title"' in more
    assert each.count(" selected") >= 2
    assert desk.subtasks() == []


def test_the_page_says_where_not_every_department_below_is_on_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "没有列出的，可以先分解给它的上级单位"
    assert words not in desk.as_("li").get(desk.address).text

    monkeypatch.setattr(decomposition, "MOST_BELOW", 1)

    page = desk.visitor.get(desk.address).text
    assert "这里最多列出 1 个下级单位" in page
    assert words in page


def test_who_has_nobody_below_is_told_where_departments_are_made(desk: Desk) -> None:
    sub = desk.split()
    desk.as_("bei").post(f"/tasks/{sub.id}/assignments/{assignment_of(desk.session, sub, desk.north).id}/acknowledge")

    page = desk.visitor.get(f"/tasks/{sub.id}/assignments/{assignment_of(desk.session, sub, desk.north).id}/decompose")

    assert page.status_code == 200
    assert "没有下级单位" in page.text


def test_each_sees_of_a_sub_task_what_is_theirs(desk: Desk) -> None:
    sub = desk.split()

    own = desk.as_("bei").get(f"/tasks/{sub.id}")
    assert own.status_code == 200
    assert desk.task.title in own.text
    assert f'href="/tasks/{desk.task.id}"' not in own.text
    assert desk.visitor.get(f"/tasks/{desk.task.id}").status_code == 404
    assert desk.as_("wang").get(f"/tasks/{sub.id}").status_code == 404
    above = desk.as_("chen").get(f"/tasks/{sub.id}").text
    assert f'href="/tasks/{desk.task.id}"' in above
    assert f'action="/tasks/{sub.id}/terminate"' not in above
    assert f'action="/tasks/{sub.id}/terminate"' in desk.as_("li").get(f"/tasks/{sub.id}").text


def test_who_issued_a_sub_task_finds_it_under_its_heading(desk: Desk) -> None:
    desk.split()

    page = desk.visitor.get("/my-tasks", show="issued").text

    assert "分解下达" in page
    assert "北区落实" in page
    assert "分解下达" not in desk.as_("wang").get("/my-tasks").text


def test_a_part_is_submitted_with_a_reason_while_sub_tasks_owe(desk: Desk) -> None:
    desk.split()
    where = f"/tasks/{desk.task.id}/assignments/{desk.part.id}/submit"

    refused = desk.visitor.post(where, statement="已完成")
    accepted = desk.visitor.post(where, statement="已完成", why_without_subtasks="北区随后补报")

    assert refused.status_code == 422
    assert "还有 1 项分解任务没有报送" in refused.text
    assert accepted.status_code == 303


def test_the_percent_of_a_report_begins_with_what_the_sub_tasks_reached(desk: Desk) -> None:
    sub = desk.split()
    own = assignment_of(desk.session, sub, desk.north)
    own.percent = 40
    desk.session.commit()

    page = desk.visitor.get(f"/tasks/{desk.task.id}").text

    assert re.search(r'name="percent"[^>]*value="40"', page)
    assert "按权重汇总完成 40%" in page


# Expanding after the issue


@pytest.fixture
def group(desk: Desk) -> Department:
    usual, session = desk.usual, desk.session
    group = factories.make_department(session, "各县政府", parent=usual.body, kind=DepartmentKind.COLLECTIVE)
    county = factories.make_department(session, "清河县政府", parent=usual.body)
    members.add_members(session, group.id, [county.id], from_on=date(2020, 1, 1), **writing_by(usual.actor("sun")))
    session.add(
        Assignment(
            task_id=desk.task.id,
            department_id=group.id,
            role="partner",
            name_as_written="各县政府",
            is_confirmed=True,
            position=1,
            state=AssignmentState.WAIVED,
        )
    )
    session.commit()
    return group


def test_a_unit_on_an_issued_task_is_expanded_with_a_reason(desk: Desk, group: Department) -> None:
    where = f"/tasks/{desk.task.id}/expand/{group.id}"
    assert f'action="{where}"' in desk.as_("chen").get(f"/tasks/{desk.task.id}").text

    refused = desk.visitor.post(where)
    accepted = desk.visitor.post(where, reason="逐县落实")

    assert (refused.status_code, accepted.status_code) == (422, 303)
    assert "请填写原因" in refused.text
    desk.session.rollback()
    entry = desk.session.scalars(select(HistoryEntry).where(HistoryEntry.task_id == desk.task.id)).one()
    assert entry.reason == "逐县落实"
    page = desk.visitor.get(f"/tasks/{desk.task.id}").text
    assert "清河县政府" in page
    assert f'action="{where}"' not in page


def test_an_expansion_of_what_was_changed_meanwhile_keeps_the_reason_as_typed(desk: Desk, group: Department) -> None:
    where = f"/tasks/{desk.task.id}/expand/{group.id}"
    seen = str(desk.task.version)
    desk.as_("chen").post(f"/tasks/{desk.task.id}/correct-deadline", due_on="2026-12-20", reason="放宽", version=seen)

    answer = desk.visitor.post(where, reason="逐县落实", version=seen)

    assert answer.status_code == 409
    assert "逐县落实" in answer.text
    assert "有人修改过这项任务" in answer.text


def test_the_page_says_who_signs_for_a_department_without_a_head_and_which_post_is_vacant(desk: Desk) -> None:
    desk.north.needs_sign_off = True
    desk.session.commit()
    subtask = desk.split()
    to_north = desk.as_("bei").get(f"/tasks/{subtask.id}").text
    assert f"无单位负责人，申请办结由{desk.usual.gao.name}代审签" in to_north
    assert "联络员空缺" not in to_north

    desk.as_("bei").post(
        f"/tasks/{subtask.id}/assignments/{assignment_of(desk.session, subtask, desk.north).id}/acknowledge"
    )
    desk.visitor.post(
        f"/tasks/{subtask.id}/assignments/{assignment_of(desk.session, subtask, desk.north).id}/submit",
        statement="已落实",
    )
    page = desk.as_("gao").get(f"/tasks/{subtask.id}").text

    assert "北区分局没有单位负责人，由您代为办理" in page
    assert "岗位空缺" not in page
    assert "没有单位负责人，申请办结" not in desk.as_("chen").get(f"/tasks/{desk.task.id}").text


def test_a_subtask_that_was_closed_as_done_has_reached_all(desk: Desk) -> None:
    subtask = desk.split()
    branch = assignment_of(desk.session, subtask, desk.north)
    branch.percent, branch.state = 50, AssignmentState.ACCEPTED
    subtask.state, subtask.closure = TaskState.CLOSED, Closure.DONE
    desk.session.commit()

    row = desk.as_("li").get(f"/tasks/{desk.task.id}").text.split("北区落实")[1].split("</tr>")[0]

    assert "100%" in row
    assert "50%" not in row


def test_the_report_of_the_part_begins_with_the_words_of_its_subtasks(desk: Desk) -> None:
    desk.plan.report_rhythm = PlanRhythm.MONTHLY
    desk.session.commit()
    subtask = desk.split()
    address = f"/tasks/{subtask.id}/assignments/{assignment_of(desk.session, subtask, desk.north).id}"
    desk.as_("bei").post(f"{address}/acknowledge")
    desk.visitor.post(f"{address}/report", done="北区已完成选址", percent="30")

    page = desk.as_("li").get(f"/tasks/{desk.task.id}").text

    assert "北区分局：北区已完成选址</textarea>" in page
    assert "分解任务本期反馈（1）" in page


def test_the_plan_says_of_each_task_into_how_many_it_was_split(desk: Desk) -> None:
    assert "分解 " not in desk.as_("li").get(f"/plans/{desk.plan.id}").text

    desk.split()

    assert "分解 1 项，已办结 0 项" in desk.as_("li").get(f"/plans/{desk.plan.id}").text
