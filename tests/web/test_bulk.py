"""All tasks on one page, and acts on many of them: chosen, shown, done once."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from taskboard.domain.history import Change
from taskboard.domain.workflow import TaskState
from taskboard.models import Assignment, HistoryEntry, OutboxMessage
from tests.support import factories
from tests.support.factories import Usual
from tests.support.visitor import Visitor

TODAY = date(2026, 11, 23)
CARRIED = re.compile(r'<input[^>]*name="(task_ids|request_key|department_id|act)"[^>]*value="([^"]*)"')


class Desk:
    def __init__(self, session: Session, usual: Usual, visitor: Visitor) -> None:
        self.session, self.usual, self.visitor = session, usual, visitor
        plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
        made = [
            factories.make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,), due_on=day, title=title)
            for title, day in (
                ("已经逾期的任务", TODAY - timedelta(days=3)),
                ("没有到期的任务", TODAY + timedelta(days=40)),
            )
        ]
        self.ids = [one.id for one in made]
        factories.make_task(
            session,
            plan=plan,
            lead=usual.lead,
            due_on=TODAY + timedelta(days=9),
            state=TaskState.DRAFT,
            title="草稿任务",
        )
        session.commit()

    def as_(self, who: str) -> Visitor:
        return self.visitor.enter(getattr(self.usual, who))

    def carried(self, page: str) -> dict[str, str]:
        """What the preview carries to the confirmation."""
        return dict(CARRIED.findall(page))

    def count(self, column: object) -> int:
        self.session.rollback()
        return self.session.scalar(select(func.count()).where(column)) or 0  # type: ignore[arg-type]


@pytest.fixture
def desk(session: Session, usual: Usual, visitor: Visitor) -> Desk:
    return Desk(session, usual, visitor)


def test_the_list_is_narrowed_down(desk: Desk) -> None:
    visitor = desk.as_("chen")
    page = visitor.get("/tasks").text
    assert all(title in page for title in ("已经逾期的任务", "没有到期的任务", "草稿任务"))

    late = visitor.get("/tasks", overdue="1").text
    assert "已经逾期的任务" in late
    assert "没有到期的任务" not in late
    assert "逾期 3 天" in late
    assert "草稿任务" not in desk.as_("li").get("/tasks").text


@pytest.mark.parametrize("query", ["plan=x", "from=2026-13-01", "state=nothing", "department=99999999999", "page=-1"])
def test_what_makes_no_sense_in_the_address_narrows_nothing_down(desk: Desk, query: str) -> None:
    assert desk.as_("chen").get(f"/tasks?{query}").status_code == 200


def test_reminding_goes_from_the_list_over_the_preview_to_one_mail_each(desk: Desk) -> None:
    visitor = desk.as_("chen")
    page = visitor.get("/tasks/bulk", act="remind", everything="1").text
    assert "将办理 2 项" in page
    assert "不能办理 1 项" in page
    assert "现在的状态是“草稿”，不能“催办”。" in page
    assert "刷新页面" not in page
    assert "市财政局" in page
    assert desk.count(HistoryEntry.act == Change.REMINDED) == 0

    sent = desk.carried(page)
    answer = visitor.post("/tasks/bulk", **sent, remark="抓紧")

    assert answer.status_code == 303
    assert desk.count(HistoryEntry.act == Change.REMINDED) == 2
    assert desk.count(OutboxMessage.template == "reminded") == 3
    assert (
        "没有重复办理"
        in visitor.client.post(
            "/tasks/bulk", data={"csrf_token": visitor.token, **sent, "remark": "抓紧"}, follow_redirects=True
        ).text
    )
    assert desk.count(OutboxMessage.template == "reminded") == 3


def test_a_preview_can_be_opened_again_and_names_who_was_urged_just_now(desk: Desk) -> None:
    visitor = desk.as_("chen")
    address = f"/tasks/bulk?act=remind&task_id={desk.ids[0]}"
    first = visitor.get(address).text
    assert "已经催办过" not in first
    refused = visitor.post(address, **desk.carried(first), remark="很长" * 300)
    assert refused.status_code == 422
    assert visitor.get(refused.request.full_path).status_code == 200
    visitor.post(address, **desk.carried(first))

    again = visitor.get(address).text
    assert "1 项任务在 24 小时内已经催办过" in again
    assert "陈督查" in again


def test_the_list_is_narrowed_down_to_a_light_and_the_act_goes_by_it(desk: Desk) -> None:
    visitor = desk.as_("chen")
    page = visitor.get("/tasks", light="red").text
    assert "已经逾期的任务" in page
    assert "没有到期的任务" not in page
    assert "筛选出的全部 1 项" in page

    assert desk.carried(visitor.get("/tasks/bulk", light="red", act="remind", everything="1").text)["task_ids"] == str(
        desk.ids[0]
    )


def test_the_preview_goes_by_the_filter_of_the_list(desk: Desk) -> None:
    page = desk.as_("chen").get("/tasks/bulk", overdue="1", act="remind", everything="1").text

    assert desk.carried(page)["task_ids"] == str(desk.ids[0])


def test_a_liaison_hands_tasks_to_an_officer(desk: Desk) -> None:
    visitor = desk.as_("li")
    page = visitor.get("/tasks/bulk", act="set_officer", task_id=[str(one) for one in desk.ids]).text
    assert "钱承办" in page
    officer = f"{desk.usual.lead.id}-{desk.usual.qian.id}"
    shown = visitor.get("/tasks/bulk", act="set_officer", task_id=[str(one) for one in desk.ids], officer=officer).text
    assert "确认指定承办人 2 项" in shown

    answer = visitor.post("/tasks/bulk", **desk.carried(shown), officer=officer)

    assert answer.status_code == 303
    assert desk.count(Assignment.officer_id == desk.usual.qian.id) == 2


def test_nothing_chosen_leads_back_to_the_list(desk: Desk) -> None:
    answer = desk.as_("chen").get("/tasks/bulk", act="remind")

    assert answer.status_code == 303
    assert answer.location == "/tasks"


def test_a_long_remark_comes_back_with_what_is_wrong(desk: Desk) -> None:
    visitor = desk.as_("chen")
    page = visitor.get("/tasks/bulk", act="remind", everything="1").text

    answer = visitor.post("/tasks/bulk", **desk.carried(page), remark="很长" * 300)

    assert answer.status_code == 422
    assert "最多 500 个字" in answer.text
    assert "很长很长" in answer.text


def test_an_act_is_for_those_who_may_do_it(desk: Desk) -> None:
    ids = ",".join(str(one) for one in desk.ids)
    for who in ("liu", "qian"):
        assert desk.as_(who).post("/tasks/bulk", act="remind", task_ids=ids).status_code == 403
    assert desk.as_("zhao").post("/tasks/bulk", act="remind", task_ids=ids).status_code == 404
    desk.as_("li").post("/tasks/bulk", act="remind", task_ids=ids, request_key="k")
    assert desk.count(HistoryEntry.act == Change.REMINDED) == 0


@pytest.mark.parametrize("ids", ["99999", "0", "-1", "x", "99999999999999"])
def test_an_unknown_task_is_not_found(desk: Desk, ids: str) -> None:
    assert desk.as_("chen").post("/tasks/bulk", act="remind", task_ids=ids).status_code == 404


def test_the_rhythm_is_set_from_the_list(desk: Desk) -> None:
    visitor = desk.as_("chen")
    page = visitor.get("/tasks/bulk", act="set_rhythm", task_id=str(desk.ids[0])).text
    assert "报送频次按计划设定" in page
    answer = visitor.post("/tasks/bulk", **desk.carried(page), rhythm="weekly", rhythm_day="25")
    assert answer.status_code == 422

    assert visitor.post("/tasks/bulk", **desk.carried(page), rhythm="weekly").status_code == 303
