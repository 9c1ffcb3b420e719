"""The departments of a draft, set right on its page; a collective unit expanded into its members."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from taskboard.domain.departments import DepartmentKind
from taskboard.models import Assignment, Department, HistoryEntry
from tests.support import factories
from tests.support.desk import Desk, correct, hidden, issue, stand_on


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
