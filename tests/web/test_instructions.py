"""Instructions on the pages: from the leader's form to the reply that is accepted, and who finds which page."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.instructions import DutyState
from taskboard.models import Instruction, InstructionDuty
from tests.support import factories
from tests.support.factories import Usual
from tests.support.visitor import Visitor

WORDS = "请说明为何进展缓慢。"


class Desk:
    def __init__(self, session: Session, usual: Usual, visitor: Visitor) -> None:
        self.session = session
        self.usual = usual
        self.visitor = visitor
        self.plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
        self.task = factories.make_task(session, plan=self.plan, lead=usual.lead, partners=(usual.partner,))
        session.commit()

    def as_(self, who: str) -> Visitor:
        return self.visitor.enter(getattr(self.usual, who))

    def write(self, **fields: str) -> None:
        form = {"text": WORDS, "to_leads": "y", "reply_due_on": "2026-11-27", **fields}
        assert self.as_("liu").post(f"/tasks/{self.task.id}/instructions/new", **form).status_code == 303

    @property
    def duty(self) -> InstructionDuty:
        self.session.rollback()
        self.session.expire_all()
        return self.session.scalars(select(InstructionDuty)).one()

    @property
    def place(self) -> str:
        return f"/instructions/{self.duty.instruction_id}"

    def address(self, slug: str) -> str:
        return f"{self.place}/duties/{self.duty.id}/{slug}"


@pytest.fixture
def desk(session: Session, usual: Usual, visitor: Visitor) -> Desk:
    return Desk(session, usual, visitor)


def test_an_instruction_goes_from_the_leader_to_the_department_and_back(desk: Desk) -> None:
    assert f"/tasks/{desk.task.id}/instructions/new" in desk.as_("liu").get(f"/tasks/{desk.task.id}").text
    desk.write()

    assert WORDS in desk.as_("wang").get(f"/tasks/{desk.task.id}").text
    waiting = desk.as_("li").get("/waiting").text
    assert "批示待回复" in waiting
    assert desk.place in waiting
    assert desk.visitor.post(desk.address("reply"), text="已约谈。").status_code == 303
    assert "批示待回复" not in desk.visitor.get("/waiting").text

    page = desk.as_("liu").get("/instructions").text
    assert "已约谈。" in page
    answer = desk.visitor.post(
        desk.address("return"), reason="没有说明原因", reply_due_on="2026-12-04", version=str(desk.duty.version)
    )
    assert answer.status_code == 303
    assert (desk.duty.state, desk.duty.due_on) == (DutyState.RETURNED, date(2026, 12, 4))
    assert desk.as_("gao").post(desk.address("reply"), text="因供应商更换。").status_code == 303
    assert desk.as_("liu").post(desk.address("accept"), version=str(desk.duty.version)).status_code == 303

    assert desk.duty.state is DutyState.ACCEPTED
    assert "没有未办结的批示" in desk.visitor.get("/instructions").text
    assert WORDS in desk.visitor.get("/instructions?show=all").text
    history = desk.visitor.get(f"/tasks/{desk.task.id}").text
    assert "回复批示" in history


def test_a_decision_that_makes_no_sense_comes_back_after_somebody_else_decided(desk: Desk) -> None:
    desk.write()
    assert desk.as_("li").post(desk.address("reply"), text="已约谈。").status_code == 303
    assert desk.as_("liu").post(desk.address("accept"), version=str(desk.duty.version)).status_code == 303

    for slug in ("accept", "return"):
        refused = desk.as_("liu").post(desk.address(slug), version="1", reason="长" * 2000)

        assert refused.status_code in (409, 422), slug
        assert "最多" in refused.text


def test_a_form_that_is_refused_comes_back_as_it_was_typed(desk: Desk) -> None:
    where = f"/tasks/{desk.task.id}/instructions/new"
    answer = desk.as_("liu").post(where, text=WORDS, reply_due_on="2020-01-01")
    assert answer.status_code == 422
    assert "日期不能早于今天" in answer.text
    answer = desk.visitor.post(where, text=WORDS, reply_due_on="2026-11-27")
    assert answer.status_code == 422
    assert "请选择由谁回复" in answer.text
    assert WORDS in answer.text
    answer = desk.visitor.post(where, text=WORDS, reply_due_on="明天", to_leads="y")
    assert answer.status_code == 422
    assert 'value="明天"' in answer.text

    assert desk.session.scalars(select(Instruction.id)).all() == []


def test_a_return_without_a_reason_keeps_what_was_typed(desk: Desk) -> None:
    desk.write()
    desk.as_("li").post(desk.address("reply"), text="已约谈。")

    answer = desk.as_("liu").post(desk.address("return"), reply_due_on="2026-12-04", version=str(desk.duty.version))

    assert answer.status_code == 422
    assert "请填写退回原因" in answer.text
    assert 'value="2026-12-04"' in answer.text
    assert desk.duty.state is DutyState.REPLIED


def test_who_decides_on_a_page_that_is_old_is_shown_what_stands_now(desk: Desk) -> None:
    desk.write()
    old = str(desk.duty.version)
    desk.as_("li").post(desk.address("reply"), text="已约谈。")

    answer = desk.as_("liu").post(desk.address("accept"), version=old, reason="同意")

    assert answer.status_code == 409
    assert "同意" in answer.text
    fresh = re.search(r'name="version"[^>]*value="([^"]+)"', answer.text)
    assert fresh is not None
    assert desk.visitor.post(desk.address("accept"), version=fresh.group(1)).status_code == 303


def test_an_instruction_on_a_plan_stands_on_its_page_and_each_department_sees_its_own(desk: Desk) -> None:
    factories.make_task(desk.session, plan=desk.plan, lead=desk.usual.other)
    desk.session.commit()
    where = f"/plans/{desk.plan.id}/instructions/new"
    assert where in desk.as_("liu").get(f"/plans/{desk.plan.id}").text
    fields = {"text": WORDS, "to_leads": "y", "reply_due_on": "2026-11-27"}
    assert desk.visitor.post(where, **fields).status_code == 303

    desk.session.rollback()
    number = desk.session.scalars(select(Instruction.id)).one()
    page = desk.as_("zhao").get(f"/instructions/{number}").text
    assert "市教育局" in page
    assert "市发展改革委" not in page
    assert desk.as_("wang").get(f"/instructions/{number}").status_code == 404


@pytest.mark.parametrize(
    ("who", "status"), [("chen", 200), ("liu", 200), ("li", 200), ("wang", 200), ("zhao", 404), ("sun", 404)]
)
def test_an_instruction_exists_for_those_who_see_the_task(desk: Desk, who: str, status: int) -> None:
    desk.write()

    assert desk.as_(who).get(desk.place).status_code == status
    refused = desk.visitor.post(desk.address("accept"), version="1")
    assert refused.status_code == (409 if who == "liu" else 403 if status == 200 else 404)


@pytest.mark.parametrize(("who", "status"), [("chen", 403), ("li", 403), ("zhao", 404), ("sun", 404)])
def test_the_form_is_for_leaders(desk: Desk, who: str, status: int) -> None:
    for where in (f"/tasks/{desk.task.id}", f"/plans/{desk.plan.id}"):
        assert desk.as_(who).get(f"{where}/instructions/new").status_code == status


def test_a_duty_of_another_instruction_does_not_exist(desk: Desk) -> None:
    desk.write()

    assert (
        desk.as_("li").post(f"/instructions/{desk.duty.instruction_id}/duties/999/reply", text="好").status_code == 404
    )
    assert desk.visitor.post(f"/instructions/999/duties/{desk.duty.id}/reply", text="好").status_code == 404
    assert desk.as_("sun").get("/instructions").status_code == 403


def test_a_leader_withdraws_an_instruction_on_its_page(desk: Desk) -> None:
    desk.write()
    assert "撤回批示" not in desk.as_("li").get(desk.place).text
    assert desk.visitor.post(f"{desk.place}/withdraw", reason="不再需要").status_code == 403
    assert "撤回批示" in desk.as_("liu").get(desk.place).text
    assert "请填写撤回原因" in desk.visitor.post(f"{desk.place}/withdraw").text

    assert desk.visitor.post(f"{desk.place}/withdraw", reason="已当面汇报").status_code == 303

    assert desk.duty.state is DutyState.WITHDRAWN
    for page in (desk.place, "/instructions?show=all", f"/tasks/{desk.task.id}"):
        assert "已当面汇报" in desk.visitor.get(page).text
    assert "批示待回复" not in desk.as_("li").get("/waiting").text
    assert desk.as_("liu").post(f"{desk.place}/withdraw", reason="再来").status_code == 409


@pytest.mark.parametrize("who", ["li", "chen", "wang"])
def test_who_may_not_return_a_reply_is_told_so_before_the_form_is_read(desk: Desk, who: str) -> None:
    desk.write()
    address = desk.address("return")

    assert desk.as_(who).post(address).status_code == 403
