"""Drafts are looked through and issued together; the page says who is told and what is missing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.workflow import PastDeadline, TaskState
from taskboard.models import Department, OutboxMessage
from tests.support import factories
from tests.support.desk import TODAY, Desk, issue, mails


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
