"""Requests for help: made once by reports, decided at meetings or without one, confirmed by their owner."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.domain.help_requests import HelpState
from taskboard.domain.history import Change
from taskboard.domain.workflow import TaskState
from taskboard.models import Assignment, CoordinationMeeting, HelpRequest, HistoryEntry, OutboxMessage
from taskboard.services import help_requests, meetings, reports
from taskboard.services.help_requests import UNANSWERED_SINCE, Decision
from tests.support import factories
from tests.support.factories import NOW, Usual
from tests.support.tables import assignment_of

TODAY = date(2026, 11, 23)
FRIDAY = date(2026, 11, 27)
NEED = "请协调落实配套资金。"
A_WEEK = timedelta(days=7)


class Office:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.usual: Usual = factories.usual_people(session)
        self.plan = factories.make_plan(session, body=self.usual.body, imported_by=self.usual.chen)
        self.task = factories.make_task(
            session, plan=self.plan, lead=self.usual.lead, partners=(self.usual.partner,), due_on=date(2026, 12, 31)
        )

    def by(self, who: str, now: datetime = NOW, **more: Any) -> dict[str, Any]:
        return {"actor": self.usual.actor(who), "now": now, "entrance": "test", **more}

    @property
    def lead(self) -> Assignment:
        return assignment_of(self.session, self.task, self.usual.lead)

    def report(self, help_needed: str = NEED, now: datetime = NOW, done: str = "正在推进") -> None:
        reports.report_progress(self.session, self.lead.id, done=done, help_needed=help_needed, **self.by("li", now))

    def requests(self) -> list[HelpRequest]:
        return list(self.session.scalars(select(HelpRequest).order_by(HelpRequest.id)))

    @property
    def request(self) -> HelpRequest:
        (one,) = self.requests()
        return one

    def meeting(self, held_on: date = TODAY) -> int:
        entry = meetings.plan_meeting(
            self.session, body_id=self.usual.body.id, title="第一次联席会议", held_on=held_on, **self.by("chen")
        )
        return entry.subject_id or 0

    def decide(self, who: str = "chen", owner: str = "市教育局", day: date = FRIDAY, **more: Any) -> HistoryEntry:
        meeting_id = more.pop("meeting_id", None)
        return help_requests.decide(
            self.session,
            self.request.id,
            Decision("由该单位统筹解决。", owner, day, meeting_id),
            **self.by(who, **more),
        )

    def queue(self, who: str, state: HelpState = HelpState.OPEN) -> list[str]:
        rows = help_requests.list_requests(self.session, self.usual.actor(who), state, today=TODAY)
        return [one.text for one in rows]

    def mails(self) -> list[tuple[str, str]]:
        query = select(OutboxMessage.template, OutboxMessage.to_address)
        return sorted((row[0], row[1].partition("@")[0]) for row in self.session.execute(query))


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


def test_what_a_report_needs_becomes_a_request_and_the_supervisors_know(office: Office) -> None:
    office.report()

    assert (office.request.text, office.request.state, office.request.asked_on) == (NEED, HelpState.OPEN, TODAY)
    assert office.mails() == [("help_asked", "chen")]
    acts = office.session.scalars(select(HistoryEntry.act).where(HistoryEntry.task_id == office.task.id))
    assert set(acts) >= {Change.HELP_ASKED}


def test_the_same_words_again_are_no_second_request_and_other_words_are(office: Office) -> None:
    office.report()
    office.report(" 请协调落实配套资金 ", NOW + A_WEEK, "继续推进")
    assert len(office.requests()) == 1

    office.report("请协调用地指标。", NOW + 2 * A_WEEK, "再推进")

    assert [(one.text, one.state) for one in office.requests()] == [
        (NEED, HelpState.OPEN),
        ("请协调用地指标。", HelpState.OPEN),
    ]


@pytest.mark.parametrize("words", ["", "无", "暂无。", "目前没有需要协调的问题", "无需协调"])
def test_a_field_that_asks_for_nothing_makes_no_request(office: Office, words: str) -> None:
    office.report(words)

    assert office.requests() == []


def test_a_report_without_need_does_not_end_what_was_asked(office: Office) -> None:
    office.report()
    office.report("", NOW + A_WEEK, "继续推进")

    assert office.request.state is HelpState.OPEN


def test_how_long_nobody_answered_is_told_by_function_and_query_alike(office: Office) -> None:
    def told() -> tuple[dict[int, date], date | None]:
        office.session.flush()
        since = office.session.scalar(
            select(UNANSWERED_SINCE).select_from(Assignment).where(Assignment.id == office.lead.id)
        )
        return help_requests.unanswered_since(office.session, [office.lead.id]), since

    assert told() == ({}, None)
    office.report()
    office.report("请协调用地指标。", NOW + A_WEEK, "再推进")
    assert told() == ({office.lead.id: TODAY}, TODAY)
    for one in office.requests():
        help_requests.withdraw(office.session, one.id, reason="已自行解决", **office.by("li"))

    assert told() == ({}, None)


def test_a_request_is_unanswered_after_five_working_days(office: Office) -> None:
    office.report()
    chen = office.usual.actor("chen")

    monday = help_requests.get_help_request(office.session, office.request.id, chen, today=date(2026, 11, 30))
    tuesday = help_requests.get_help_request(office.session, office.request.id, chen, today=date(2026, 12, 1))

    assert (monday.is_unanswered, tuesday.is_unanswered) == (False, True)


def test_a_meeting_decides_and_the_department_asking_and_the_owner_are_told(office: Office) -> None:
    office.report()
    meeting_id = office.meeting()
    agenda = help_requests.list_agenda(office.session, office.usual.body.path, office.usual.actor("chen"), today=TODAY)
    assert [one.text for one in agenda] == [NEED]

    entry = office.decide(meeting_id=meeting_id)

    request = office.request
    assert (request.state, request.owner_id, request.act_by, request.meeting_id) == (
        HelpState.DECIDED,
        office.usual.other.id,
        FRIDAY,
        meeting_id,
    )
    assert [one for one in office.mails() if one[0] == "help_decided"] == [
        ("help_decided", "gao"),
        ("help_decided", "li"),
        ("help_decided", "zhao"),
    ]
    assert (entry.act, entry.task_id) == (Change.HELP_DECIDED, office.task.id)
    assert office.queue("chen") == []
    assert office.queue("chen", HelpState.DECIDED) == [NEED]


def test_the_owner_confirms_though_the_task_is_none_of_theirs(office: Office) -> None:
    office.report()
    office.decide()
    row = help_requests.get_help_request(office.session, office.request.id, office.usual.actor("zhao"), today=TODAY)
    assert (row.task_id, row.may_finish, row.may_decide, row.may_withdraw) == (None, True, False, False)

    help_requests.confirm_done(office.session, office.request.id, outcome="资金已下达", **office.by("zhao"))

    assert (office.request.state, office.request.outcome) == (HelpState.DONE, "资金已下达")
    assert {who for what, who in office.mails() if what == "help_ended"} == {"gao", "li", "chen"}
    office.report(now=NOW + A_WEEK, done="资金不足")
    assert [one.state for one in office.requests()] == [HelpState.DONE, HelpState.OPEN]


@pytest.mark.parametrize(
    ("who", "refusal"), [("li", NotAllowed), ("gao", NotAllowed), ("liu", NotAllowed), ("zhao", NotFound)]
)
def test_nobody_but_the_supervisors_decides(office: Office, who: str, refusal: type[Exception]) -> None:
    office.report()

    with pytest.raises(refusal):
        office.decide(who)


@pytest.mark.parametrize("who", ["li", "chen", "liu"])
def test_nobody_but_the_owner_confirms(office: Office, who: str) -> None:
    office.report()
    office.decide()

    with pytest.raises(NotAllowed):
        help_requests.confirm_done(office.session, office.request.id, outcome="好了", **office.by(who))


def test_the_supervisors_confirm_for_an_owner_that_has_nobody(office: Office) -> None:
    factories.make_department(office.session, "市档案馆", parent=office.usual.body)
    office.report()
    office.decide(owner="市档案馆")

    help_requests.confirm_done(office.session, office.request.id, outcome="已办", **office.by("chen"))

    assert office.request.state is HelpState.DONE


def test_a_decision_needs_an_owner_who_can_act_and_a_day_to_come(office: Office) -> None:
    usual = office.usual
    factories.make_department(office.session, "各县区", parent=usual.body, kind=DepartmentKind.COLLECTIVE)
    usual.partner.is_active = False
    office.report()

    for owner, day, field in (
        ("各县区", FRIDAY, "owner"),
        ("市财政局", FRIDAY, "owner"),
        ("子虚乌有局", FRIDAY, "owner"),
        ("市教育局", TODAY - timedelta(days=1), "act_by"),
    ):
        with pytest.raises(Invalid) as refused:
            office.decide(owner=owner, day=day)
        assert refused.value.field == field
    assert office.request.state is HelpState.OPEN


def test_a_meeting_decides_from_its_day_until_its_end_and_for_its_own_body_only(office: Office) -> None:
    office.report()
    later = office.meeting(FRIDAY)
    with pytest.raises(Invalid) as refused:
        office.decide(meeting_id=later)
    assert refused.value.problem == "meeting_not_yet"

    today = office.meeting()
    meetings.end_meeting(office.session, today, **office.by("chen"))
    with pytest.raises(Invalid) as refused:
        office.decide(meeting_id=today)
    assert refused.value.problem == "meeting_over"
    with pytest.raises(NotNow):
        meetings.end_meeting(office.session, today, **office.by("chen"))

    elsewhere = CoordinationMeeting(
        body_id=office.usual.other.id, title="别处", held_on=TODAY, planned_by_id=office.usual.chen.id, planned_at=NOW
    )
    office.session.add(elsewhere)
    office.session.flush()
    with pytest.raises(Invalid) as refused:
        office.decide(meeting_id=elsewhere.id)
    assert refused.value.problem == "meeting_of_others"


def test_only_a_supervisor_of_the_body_calls_a_meeting(office: Office) -> None:
    for who in ("liu", "gao", "sun"):
        with pytest.raises(NotAllowed):
            meetings.plan_meeting(
                office.session, body_id=office.usual.body.id, title="会议", held_on=TODAY, **office.by(who)
            )
    with pytest.raises(Invalid):
        meetings.plan_meeting(
            office.session, body_id=office.usual.body.id, title=" ", held_on=TODAY, **office.by("chen")
        )


def test_meetings_exist_for_those_who_watch_over_the_body(office: Office) -> None:
    meeting_id = office.meeting()

    for who in ("chen", "liu"):
        found = meetings.get_meeting(office.session, meeting_id, office.usual.actor(who), today=TODAY)
        assert found.may_decide is (who == "chen")
    for who in ("gao", "zhao", "sun"):
        with pytest.raises(NotFound):
            meetings.get_meeting(office.session, meeting_id, office.usual.actor(who), today=TODAY)


def test_what_was_decided_is_decided_anew_and_both_stand_in_the_history(office: Office) -> None:
    office.report()
    office.decide()
    old = office.request.version
    office.decide(owner="市财政局")

    with pytest.raises(Stale):
        office.decide(version=old)
    entries = office.session.scalars(select(HistoryEntry).where(HistoryEntry.act == Change.HELP_DECIDED)).all()
    assert [(one.after or {})["owner_id"] for one in entries] == [office.usual.other.id, office.usual.partner.id]
    assert office.request.owner_id == office.usual.partner.id


def test_who_asked_takes_it_back_with_a_reason(office: Office) -> None:
    office.report()
    with pytest.raises(NotAllowed):
        help_requests.withdraw(office.session, office.request.id, reason="不用了", **office.by("wang"))
    with pytest.raises(Invalid):
        help_requests.withdraw(office.session, office.request.id, reason=" ", **office.by("li"))

    help_requests.withdraw(office.session, office.request.id, reason="已自行解决", **office.by("li"))

    assert office.request.state is HelpState.WITHDRAWN
    with pytest.raises(NotNow):
        office.decide()


def test_a_form_sent_twice_decides_once(office: Office) -> None:
    office.report()

    assert office.decide(request_key="k").id == office.decide(request_key="k").id


def test_what_a_closed_task_asked_for_waits_for_nobody(office: Office) -> None:
    office.report()
    office.task.state = TaskState.CLOSED
    office.session.flush()

    assert office.queue("chen") == []
    with pytest.raises(NotNow):
        office.decide()


def test_requests_exist_for_those_who_see_the_task(office: Office) -> None:
    office.report()

    for who in ("chen", "liu", "li", "wang"):
        assert office.queue(who) == [NEED], who
    for who in ("zhao", "sun"):
        assert office.queue(who) == []
        with pytest.raises(NotFound):
            help_requests.get_help_request(office.session, office.request.id, office.usual.actor(who), today=TODAY)
