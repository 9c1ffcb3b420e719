"""A day of work of each role, through the pages: what the person sees, what comes of it, and what the trail says."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from lxml import html
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.plan_parsing.reading import Comparison
from taskboard.models import (
    Attachment,
    HistoryEntry,
    OutboxMessage,
    Person,
    ProgressReport,
    ReportFigure,
    Task,
    TaskTarget,
)
from taskboard.services.calendar import seed_calendar
from tests.support.factories import NOW
from tests.support.forms import filled_form
from tests.support.office import Office
from tests.support.tables import assignment_of
from tests.support.visitor import Visitor

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TODAY = NOW.date()
LAST_FRIDAY = NOW - timedelta(days=3)


class Desk:
    """One person at their pages."""

    def __init__(self, app: APIFlask, session: Session, person: Person) -> None:
        self.visitor = Visitor(app.test_client()).enter(person)
        self.session = session
        self.person = person

    def see(self, path: str) -> str:
        """The words of a page."""
        answer = self.visitor.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return " ".join(html.fromstring(answer.text).text_content().split())

    def send(self, page: str, path: str, **changes: Any) -> str:
        """Fill in the form on this page that goes to the path, send it, and read where it leads."""
        fields = filled_form(self.visitor.get(page).text, path, stands_at=page, changes=changes)
        answer = self.visitor.client.post(path, data=fields)
        said = html.fromstring(answer.text).text_content() if answer.text else ""
        assert answer.status_code in (302, 303), (path, answer.status_code, said[-800:])
        return self.see(answer.location)

    def acts(self) -> list[str]:
        """What the trail says this person did through the pages, in order."""
        self.session.rollback()
        query = select(HistoryEntry).where(HistoryEntry.actor_id == self.person.id).order_by(HistoryEntry.id)
        entries = self.session.scalars(query).all()
        assert {one.entrance for one in entries} <= {"web"}
        return [one.act.value for one in entries]


class World:
    """The usual people, their plan, and a desk for each."""

    def __init__(self, app: APIFlask, session: Session) -> None:
        self.session = session
        seed_calendar(session)
        self.office = Office(session)
        usual = self.usual = self.office.usual
        names = ("li", "wang", "gao", "qian", "chen", "liu")
        session.commit()
        self.li, self.wang, self.gao, self.qian, self.chen, self.liu = (
            Desk(app, session, getattr(usual, name)) for name in names
        )

    def task(self, title: str, state: str = "in_progress", own: str = "in_progress", **more: Any) -> Task:
        task = self.office.task(state, own, title=title, **{"partners": (), **more})
        self.session.commit()
        return task

    def paths(self, task: Task) -> tuple[str, str]:
        """The task's page, and where the acts of its lead go."""
        branch = assignment_of(self.session, task, self.usual.lead)
        self.session.rollback()
        return f"/tasks/{task.id}", f"/tasks/{task.id}/assignments/{branch.id}"

    def states(self, task: Task) -> tuple[str, str]:
        self.session.rollback()
        self.session.expire_all()
        found = self.session.get_one(Task, task.id), assignment_of(self.session, task, self.usual.lead)
        return found[0].state.value, found[1].state.value


@pytest.fixture
def world(app: APIFlask, session: Session) -> World:
    return World(app, session)


def test_a_supervisor_looks_at_what_is_late_urges_decides_closes_and_orders(world: World) -> None:
    late = world.task("推进甲项工作", due_on=date(2026, 11, 16))
    not_ours = world.task("推进乙项工作", "issued", "pending", issued_at=LAST_FRIDAY)
    longer = world.task("推进丙项工作", due_on=date(2026, 12, 10))
    finished = world.task("推进丁项工作")
    task, branch = world.paths(not_ours)
    world.gao.send(task, f"{branch}/object", reason="不属本委职责")
    task, branch = world.paths(longer)
    world.gao.send(task, f"{branch}/ask-extension", reason="材料未齐", progress="过半", asked_due_on="2026-12-31")
    task, branch = world.paths(finished)
    world.li.send(task, f"{branch}/submit", statement="已全部完成")
    chen = world.chen

    waiting = chen.see("/waiting")
    overdue = chen.see("/overdue")
    urged = chen.send(f"/tasks/bulk?act=remind&task_id={late.id}", f"/tasks/bulk?act=remind&task_id={late.id}")
    task, branch = world.paths(not_ours)
    refused = chen.send(task, f"{branch}/refuse-objection", reason="三定规定明确由你委负责")
    task, branch = world.paths(longer)
    granted = chen.send(task, f"{branch}/grant-extension", due_on="2026-12-25")
    task, _ = world.paths(finished)
    closed = chen.send(task, f"{task}/close", closure="done", verification="verified")
    _, branch = world.paths(late)
    ordered = chen.send(f"{branch}/order", f"{branch}/order", text="请说明原因并限期办结", due_on="2026-12-04")

    assert all(title in waiting for title in ("推进乙项工作", "推进丙项工作", "推进丁项工作"))
    assert "推进甲项工作" in overdue
    assert "7 天" in overdue
    assert "推进丙项工作" not in overdue
    assert "已办理 1 项任务" in urged
    assert "已驳回异议" in refused
    assert "2026年12月25日" in granted
    assert "已办结" in closed
    assert "请说明原因并限期办结" in ordered
    assert re.search(r"〔2026〕\s*\d+\s*号", ordered)
    assert world.states(not_ours) == ("issued", "pending")
    assert world.states(longer) == ("in_progress", "in_progress")
    assert world.states(finished) == ("closed", "accepted")
    assert chen.acts() == ["reminded", "refuse_objection", "grant_extension", "close", "ordered"]
    assert [title for title in ("推进乙项工作", "推进丙项工作", "推进丁项工作") if title in chen.see("/waiting")] == []


def test_a_head_signs_off_asks_for_time_and_objects(world: World) -> None:
    world.usual.lead.needs_sign_off = True
    world.session.commit()
    ready = world.task("推进甲项工作")
    slow = world.task("推进乙项工作", due_on=TODAY)
    foreign = world.task("推进丙项工作", "issued", "pending", issued_at=LAST_FRIDAY)
    task, branch = world.paths(ready)
    world.li.send(task, f"{branch}/submit", statement="已全部完成")
    gao = world.gao

    waiting = gao.see("/waiting")
    before = world.states(ready)
    signed = gao.send(task, f"{branch}/sign-off")
    task, branch = world.paths(slow)
    asked = gao.send(task, f"{branch}/ask-extension", reason="招标延后", progress="过半", asked_due_on="2026-12-31")
    task, branch = world.paths(foreign)
    objected = gao.send(task, f"{branch}/object", reason="不属本委职责", proposed_department="市教育局")

    assert "推进甲项工作" in waiting
    assert before == ("in_progress", "head_review")
    assert "已审签报送" in signed
    assert "已申请延期" in asked
    assert "已提出异议" in objected
    assert world.states(ready) == ("submitted", "submitted")
    assert world.states(foreign) == ("issued", "objected")
    assert assignment_of(world.session, slow, world.usual.lead).is_held
    assert gao.acts() == ["sign_off", "ask_extension", "object"]
    assert "推进甲项工作" not in gao.see("/waiting")


def test_a_liaison_acknowledges_hands_out_reports_submits_and_takes_back(world: World) -> None:
    new = world.task("推进甲项工作", "issued", "pending", issued_at=LAST_FRIDAY)
    task, branch = world.paths(new)
    li = world.li

    mine = li.see("/my-tasks")
    acknowledged = li.send(task, f"{branch}/acknowledge")
    dispatched = li.send(task, f"{branch}/dispatch", officer_id=str(world.usual.qian.id))
    reported = li.send(task, f"{branch}/report", done="方案已经印发。", percent="60", next_step="组织实施。")
    submitted = li.send(task, f"{branch}/submit", statement="全部办结。")
    between = world.states(new)
    withdrawn = li.send(task, f"{branch}/withdraw")

    assert "推进甲项工作" in mine
    assert "已签收" in acknowledged
    assert "钱承办" in dispatched
    assert "方案已经印发。" in reported
    assert "60%" in reported
    assert "已申请办结" in submitted
    assert between == ("submitted", "submitted")
    assert "已撤回" in withdrawn
    assert world.states(new) == ("in_progress", "in_progress")
    assert li.acts() == ["acknowledge", "dispatch", "report", "submit", "withdraw"]
    assert "推进甲项工作" in world.qian.see("/my-tasks")
    assert "方案已经印发。" in world.chen.see(task)


def test_an_officer_reports_in_one_click_and_with_words_figures_and_evidence(world: World) -> None:
    given = world.task("推进甲项工作")
    branch_of = assignment_of(world.session, given, world.usual.lead)
    branch_of.officer_id = world.usual.qian.id
    target = TaskTarget(
        task_id=given.id,
        position=0,
        words="新建充电桩200个以上",
        quantity="新建充电桩",
        unit="个",
        comparison=Comparison.AT_LEAST,
        value=200,
    )
    world.session.add(target)
    world.session.commit()
    target_id = target.id
    task, branch = world.paths(given)
    qian = world.qian

    unchanged = qian.send(task, f"{branch}/no-change")
    reported = qian.send(
        task, f"{branch}/report", done="新建成一批。", percent="40", **{f"figure-{target_id}": "1,080"}
    )
    sent = qian.send(task, f"{task}/attachments", files=(io.BytesIO("验收合格。".encode()), "验收单.txt"))
    refused = qian.visitor.client.post(f"{branch}/acknowledge", data={})

    assert "无变化" in unchanged
    assert "新建成一批。" in reported
    assert "1080" in reported.replace(",", "")
    assert "验收单.txt" in sent
    assert refused.status_code in (400, 403)
    assert qian.acts() == ["report", "report", "attached"]
    assert [one.is_unchanged for one in world.session.scalars(select(ProgressReport).order_by(ProgressReport.id))] == [
        True,
        False,
    ]
    assert world.session.scalars(select(ReportFigure.value)).all() == [1080]
    assert world.session.scalars(select(Attachment.name)).all() == ["验收单.txt"]


def test_a_leader_reads_writes_an_instruction_and_sees_the_reply(world: World) -> None:
    watched = world.task("推进甲项工作")
    task, branch = world.paths(watched)
    world.li.send(task, f"{branch}/report", done="方案已经印发。", percent="60")
    liu = world.liu

    read = liu.see(task)
    liu.send(
        f"{task}/instructions/new",
        f"{task}/instructions/new",
        text="请抓紧组织实施。",
        to_leads="y",
        reply_due_on="2026-12-01",
    )
    place = html.fromstring(liu.visitor.get("/instructions").text).xpath(
        '//a[starts-with(@href, "/instructions/")]/@href'
    )
    place = place[0].partition("?")[0].partition("#")[0]
    forms = html.fromstring(world.li.visitor.get(place).text).forms
    duty = next(form.action.removesuffix("/reply") for form in forms if form.action.endswith("/reply"))
    world.li.send(place, f"{duty}/reply", text="已倒排工期。")
    answered = liu.see(place)
    liu.send(place, f"{duty}/accept")

    assert "方案已经印发。" in read
    assert "已倒排工期。" in answered
    assert liu.acts() == ["instructed", "instruction_accepted"]
    assert world.li.acts() == ["report", "instruction_replied"]
    told = world.session.scalars(select(OutboxMessage.person_id)).all()
    assert world.usual.li.id in told
    assert liu.visitor.client.post(f"{task}/close", data={}).status_code in (400, 403)
    assert world.states(watched) == ("in_progress", "in_progress")
