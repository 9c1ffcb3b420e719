"""Formal orders on the pages: from the proposal to the document and the reply."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.orders import OrderKind, OrderState
from taskboard.models import SupervisionOrder
from tests.support import factories
from tests.support.factories import Usual
from tests.support.tables import assignment_of
from tests.support.visitor import Visitor

TODAY = date(2026, 11, 23)
LIMIT = "2026-11-30"


class Desk:
    def __init__(self, session: Session, usual: Usual, visitor: Visitor) -> None:
        self.session, self.usual, self.visitor = session, usual, visitor
        plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
        self.task = factories.make_task(
            session, plan=plan, lead=usual.lead, partners=(usual.partner,), due_on=TODAY - timedelta(days=10)
        )
        self.assignment_id = assignment_of(session, self.task, usual.lead).id
        session.commit()

    def as_(self, who: str) -> Visitor:
        return self.visitor.enter(getattr(self.usual, who))

    @property
    def form(self) -> str:
        return f"/tasks/{self.task.id}/assignments/{self.assignment_id}/order"

    def send(self, kind: str = "yellow", **more: str) -> SupervisionOrder:
        fields = {"kind": kind, "text": "请说明原因。", "due_on": LIMIT, "request_key": "k1", **more}
        answer = self.as_("chen").post(self.form, **fields)
        assert answer.status_code == 303, answer.text
        return self.order()

    def order(self) -> SupervisionOrder:
        self.session.rollback()
        self.session.expire_all()
        return self.session.scalars(select(SupervisionOrder).order_by(SupervisionOrder.id.desc())).first() or (
            pytest.fail("no order was made")
        )


@pytest.fixture
def desk(session: Session, usual: Usual, visitor: Visitor) -> Desk:
    return Desk(session, usual, visitor)


def test_a_supervisor_takes_a_proposal_up_and_sends_the_order(desk: Desk) -> None:
    page = desk.as_("chen").get("/orders").text
    assert "逾期满 5 个工作日" in page
    assert f"{desk.form}?kind=yellow" in page
    assert "建议发督办单" in desk.visitor.get("/waiting").text

    form = desk.visitor.get(f"{desk.form}?kind=yellow").text
    assert "现予黄色督办" in form
    order = desk.send()

    assert (order.kind, order.number, order.due_on) == (OrderKind.YELLOW, 1, date(2026, 11, 30))
    assert "黄督〔2026〕1号" in desk.visitor.get(f"/tasks/{desk.task.id}").text


def test_a_form_sent_twice_makes_one_order(desk: Desk) -> None:
    first = desk.send()

    assert desk.send().id == first.id


def test_what_was_typed_comes_back_with_what_is_wrong(desk: Desk) -> None:
    answer = desk.as_("chen").post(desk.form, kind="red", text="我写的正文", due_on="2026-11-20", request_key="k1")

    assert answer.status_code == 422
    assert "我写的正文" in answer.text
    assert "回复时限不能早于今天" in answer.text


def test_the_department_replies_and_the_supervisor_settles(desk: Desk) -> None:
    order = desk.send()
    where = f"/orders/{order.id}"
    assert "督查单待回复" in desk.as_("li").get("/waiting").text
    assert desk.visitor.post(f"{where}/reply", text="", version=order.version).status_code == 422
    answer = desk.visitor.post(f"{where}/reply", text="12月5日完成", version=order.version, request_key="r")
    assert answer.status_code == 303

    page = desk.as_("chen").get(where).text
    assert "12月5日完成" in page
    assert "督查单回复待办结" in desk.visitor.get("/waiting").text
    answer = desk.visitor.post(f"{where}/settle", reason="", version=desk.order().version, request_key="s")

    assert answer.status_code == 303
    assert desk.order().state is OrderState.SETTLED


def test_a_decision_on_what_no_longer_stands_keeps_what_was_typed(desk: Desk) -> None:
    order = desk.send()
    seen = order.version
    desk.as_("li").post(f"/orders/{order.id}/reply", text="已办", version=seen, request_key="r")

    answer = desk.as_("chen").post(
        f"/orders/{order.id}/withdraw-order", reason="我的撤回原因", version=seen, request_key="w"
    )

    assert answer.status_code == 409
    assert "我的撤回原因" in answer.text


@pytest.mark.parametrize("who", ["wang", "zhao", "sun"])
def test_an_order_to_others_does_not_exist(desk: Desk, who: str) -> None:
    order = desk.send()
    visitor = desk.as_(who)

    assert visitor.get(f"/orders/{order.id}").status_code == 404
    assert visitor.get(f"/orders/{order.id}/document").status_code == 404
    assert visitor.post(f"/orders/{order.id}/reply", text="好").status_code == 404
    assert "黄督" not in visitor.get("/orders").text


@pytest.mark.parametrize("who", ["li", "liu"])
def test_only_supervisors_make_orders(desk: Desk, who: str) -> None:
    visitor = desk.as_(who)

    assert visitor.get(desk.form).status_code == 403
    assert visitor.post(desk.form, kind="red", text="好", due_on=LIMIT).status_code == 403


def test_an_assignment_of_another_task_is_not_found(desk: Desk) -> None:
    assert desk.as_("chen").get(f"/tasks/{desk.task.id + 1}/assignments/{desk.assignment_id}/order").status_code == 404
    assert desk.visitor.get(f"/tasks/{desk.task.id}/assignments/99999/order").status_code == 404


def test_the_document_is_a_word_file_that_says_when_it_was_withdrawn(desk: Desk) -> None:
    order = desk.send("red", text="请主要负责人研究<签字>。\x0b")
    visitor = desk.as_("li")
    first = document(visitor, order.id)
    assert "红督〔2026〕1号" in first
    assert "请主要负责人研究&lt;签字&gt;。" in first
    assert "已撤回" not in first

    desk.as_("chen").post(f"/orders/{order.id}/withdraw-order", reason="发错了", version=order.version, request_key="w")

    assert "本单已撤回" in document(visitor, order.id)


def document(visitor: Visitor, order_id: int) -> str:
    answer = visitor.get(f"/orders/{order_id}/document")
    assert answer.status_code == 200
    with ZipFile(BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        return archive.read("word/document.xml").decode()
