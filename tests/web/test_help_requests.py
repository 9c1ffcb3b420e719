"""Requests for help on the pages: from the report through the meeting to the owner's word."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.help_requests import HelpState
from taskboard.models import CoordinationMeeting, HelpRequest
from tests.support import factories
from tests.support.factories import Usual
from tests.support.tables import assignment_of
from tests.support.visitor import Visitor

NEED = "请协调落实配套资金。"


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

    def ask(self) -> str:
        lead = assignment_of(self.session, self.task, self.usual.lead)
        where = f"/tasks/{self.task.id}/assignments/{lead.id}/report"
        assert self.as_("li").post(where, done="正在推进", help_needed=NEED).status_code == 303
        return f"/help-requests/{self.request.id}"

    def call(self, held_on: str = "2026-11-23") -> str:
        answer = self.as_("chen").post("/coordination-meetings", title="第一次联席会议", held_on=held_on)
        assert answer.status_code == 303
        return answer.location

    @property
    def request(self) -> HelpRequest:
        self.session.rollback()
        self.session.expire_all()
        return self.session.scalars(select(HelpRequest)).one()

    def decision(self, **fields: str) -> dict[str, str]:
        return {
            "decision": "由市教育局统筹解决。",
            "owner": "市教育局",
            "act_by": "2026-12-04",
            "version": str(self.request.version),
            **fields,
        }


@pytest.fixture
def desk(session: Session, usual: Usual, visitor: Visitor) -> Desk:
    return Desk(session, usual, visitor)


def test_a_need_goes_through_the_meeting_to_the_owner_and_back_to_the_task(desk: Desk) -> None:
    where = desk.ask()
    assert "需协调事项待议定" in desk.as_("chen").get("/waiting").text
    meeting = desk.call()
    page = desk.visitor.get(meeting).text
    assert NEED in page
    number = meeting.rpartition("/")[2]

    answer = desk.visitor.post(f"{where}/decide?from=meeting", **desk.decision(meeting_id=number))
    assert (answer.status_code, answer.location) == (303, meeting)
    assert "由市教育局统筹解决。" in desk.visitor.get(meeting).text
    assert "由市教育局统筹解决。" in desk.as_("wang").get(f"/tasks/{desk.task.id}").text

    assert where in desk.as_("zhao").get("/waiting").text
    page = desk.visitor.get(where).text
    assert f"/tasks/{desk.task.id}" not in page
    assert desk.visitor.get(f"/tasks/{desk.task.id}").status_code == 404
    answer = desk.visitor.post(f"{where}/done", outcome="资金已下达", version=str(desk.request.version))
    assert answer.status_code == 303

    assert desk.request.state is HelpState.DONE
    page = desk.as_("li").get(f"/tasks/{desk.task.id}").text
    assert "资金已下达" in page
    assert "落实协调事项" in page


def test_a_decision_that_is_refused_comes_back_as_it_was_typed(desk: Desk) -> None:
    where = desk.ask()
    visitor = desk.as_("chen")

    answer = visitor.post(f"{where}/decide", **desk.decision(owner="子虚乌有局"))
    assert answer.status_code == 422
    assert "单位目录里没有“子虚乌有局”" in answer.text
    assert "由市教育局统筹解决。" in answer.text
    answer = visitor.post(f"{where}/decide", **desk.decision(meeting_id="999"))
    assert answer.status_code == 422
    assert "这次会议不议这项任务" in answer.text
    stale = visitor.post(f"{where}/decide", **desk.decision(version="77"))
    assert stale.status_code == 409
    assert "由市教育局统筹解决。" in stale.text

    assert desk.request.state is HelpState.OPEN


def test_a_meeting_that_is_ended_takes_no_more_decisions(desk: Desk) -> None:
    where, meeting = desk.ask(), desk.call()
    assert desk.as_("chen").post(f"{meeting}/end").status_code == 303
    assert "已结束" in desk.visitor.get(meeting).text

    answer = desk.visitor.post(f"{where}/decide", **desk.decision(meeting_id=meeting.rpartition("/")[2]))

    assert answer.status_code == 422
    assert "会议已经结束" in answer.text


def test_the_address_of_the_meetings_leads_to_their_list(desk: Desk) -> None:
    chen = desk.as_("chen")

    assert chen.get("/coordination-meetings").location == "/help-requests#meetings"


def test_a_meeting_needs_a_title_and_a_day(desk: Desk) -> None:
    answer = desk.as_("chen").post("/coordination-meetings", title="", held_on="2026-11-30")

    assert answer.status_code == 422
    assert "请填写会议名称" in answer.text
    assert 'value="2026-11-30"' in answer.text
    assert desk.session.scalars(select(CoordinationMeeting.id)).all() == []


def test_who_asked_takes_it_back(desk: Desk) -> None:
    where = desk.ask()
    empty = desk.as_("li").post(f"{where}/withdraw", reason="", version=str(desk.request.version))
    assert empty.status_code == 422

    assert (
        desk.visitor.post(f"{where}/withdraw", reason="已自行解决", version=str(desk.request.version)).status_code
        == 303
    )

    assert desk.request.state is HelpState.WITHDRAWN


@pytest.mark.parametrize(
    ("who", "queue", "one", "meeting"),
    [
        ("chen", 200, 200, 200),
        ("liu", 200, 200, 200),
        ("li", 403, 200, 404),
        ("wang", 403, 200, 404),
        ("zhao", 403, 404, 404),
        ("sun", 403, 404, 404),
    ],
)
def test_each_page_is_for_those_it_concerns(desk: Desk, who: str, queue: int, one: int, meeting: int) -> None:
    where, place = desk.ask(), desk.call()
    visitor = desk.as_(who)

    assert visitor.get("/help-requests").status_code == queue
    assert visitor.get(where).status_code == one
    assert visitor.get(place).status_code == meeting
    if who != "chen":
        refused = 403 if one == 200 else 404
        assert visitor.post(f"{where}/decide", **desk.decision()).status_code == refused
        assert visitor.post(f"{place}/end").status_code == (403 if meeting == 200 else 404)
        assert visitor.post("/coordination-meetings", title="会", held_on="2026-11-30").status_code == 403
    assert desk.request.state is HelpState.OPEN


def test_who_may_not_decide_or_finish_is_told_so_before_the_form_is_read(desk: Desk) -> None:
    where = desk.ask()

    assert desk.as_("wang").post(f"{where}/decide").status_code == 403
    assert desk.visitor.post(f"{where}/done").status_code == 403
    assert desk.visitor.post(f"{where}/withdraw").status_code == 403
    assert desk.as_("zhao").post(f"{where}/decide").status_code == 404
    assert desk.as_("chen").post(f"{where}/decide").status_code == 422
