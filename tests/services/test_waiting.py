"""What waits for whom: each kind is found by whom it waits for, with its time, and by nobody else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from taskboard.domain.deadlines import TimeLimit
from taskboard.domain.instructions import Addressee
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.models import InstructionDuty, Task
from taskboard.services import assignment_acts, extensions, instructions, objections, reports, task_acts
from taskboard.services.calendar import package_calendar
from taskboard.services.instructions import Wish
from taskboard.services.waiting import list_waiting
from taskboard.services.waiting_rows import Kind, WaitingRow
from tests.support import factories
from tests.support.factories import NOW, Usual
from tests.support.queries import counted_queries
from tests.support.tables import assignment_of

TODAY = date(2026, 11, 23)
DUE = date(2026, 12, 31)


class Office:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.usual: Usual = factories.usual_people(session)
        self.plan = factories.make_plan(session, body=self.usual.body, imported_by=self.usual.chen)

    def task(self, state: str, own: str, **more: Any) -> Task:
        more = {"lead": self.usual.lead, "partners": (self.usual.partner,), "due_on": DUE, "issued_at": NOW, **more}
        return factories.make_task(
            self.session, plan=self.plan, state=TaskState(state), assignment_state=AssignmentState(own), **more
        )

    def by(self, who: str) -> dict[str, Any]:
        return {"actor": self.usual.actor(who), "now": NOW, "entrance": "test"}

    def waiting(self, who: str, today: date = TODAY) -> dict[Kind, list[WaitingRow]]:
        self.session.flush()
        parts = list_waiting(self.session, self.usual.actor(who), today=today, calendar=package_calendar())
        return {part.kind: part.rows for part in parts}


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


def test_an_objection_waits_for_the_supervisor_with_two_working_days(office: Office) -> None:
    task = office.task("issued", "pending")
    lead = assignment_of(office.session, task, office.usual.lead)
    objections.raise_objection(office.session, lead.id, reason="不属于本单位职责", **office.by("gao"))

    (row,) = office.waiting("chen", TODAY + timedelta(days=3))[Kind.OBJECTION]

    assert (row.task_id, row.department, row.since) == (task.id, "市发展改革委", TODAY)
    assert row.limit == TimeLimit(date(2026, 11, 25), -1)
    for who in ("gao", "li", "wang", "liu", "zhao"):
        assert Kind.OBJECTION not in office.waiting(who)


def test_a_request_for_more_time_waits_for_the_supervisor_with_the_day_that_is_asked(office: Office) -> None:
    task = office.task("in_progress", "in_progress")
    lead = assignment_of(office.session, task, office.usual.lead)
    asked: dict[str, Any] = {"reason": "批复未到", "progress": "过半", "asked_due_on": date(2027, 1, 29)}
    extensions.ask_extension(office.session, lead.id, **asked, **office.by("gao"))

    (row,) = office.waiting("chen")[Kind.EXTENSION]

    assert (row.limit, row.asked_due_on) == (TimeLimit(date(2026, 11, 25), 2), date(2027, 1, 29))
    assert office.waiting("gao") == {}
    extensions.grant_extension(office.session, lead.id, due_on=date(2027, 1, 29), **office.by("chen"))
    assert office.waiting("chen") == {}


def test_a_submission_waits_for_whoever_decides_next(office: Office) -> None:
    office.usual.lead.needs_sign_off = True
    task = office.task("in_progress", "in_progress")
    lead, partner = (assignment_of(office.session, task, one) for one in (office.usual.lead, office.usual.partner))

    assignment_acts.submit(office.session, partner.id, **office.by("wang"))
    assert list(office.waiting("li")) == list(office.waiting("gao")) == [Kind.PARTNER]
    assignment_acts.accept_submission(office.session, partner.id, **office.by("li"))
    assignment_acts.submit(office.session, lead.id, **office.by("li"))
    assert (list(office.waiting("gao")), list(office.waiting("li"))) == ([Kind.SIGN_OFF], [])
    assignment_acts.sign_off(office.session, lead.id, **office.by("gao"))
    assert (list(office.waiting("chen")), list(office.waiting("gao"))) == ([Kind.REVIEW], [])


def test_what_is_to_be_acknowledged_waits_for_liaison_and_head_alike(office: Office) -> None:
    office.task("issued", "pending")

    (row,) = office.waiting("li")[Kind.ACKNOWLEDGE]

    assert row.limit == TimeLimit(date(2026, 11, 25), 2)
    assert list(office.waiting("gao")) == list(office.waiting("wang")) == [Kind.ACKNOWLEDGE]
    assert office.waiting("zhao") == office.waiting("chen") == {}


def test_a_department_without_anybody_waits_for_the_supervisors(office: Office) -> None:
    empty = factories.make_department(office.session, "无人局", parent=office.usual.body)
    office.task("issued", "pending", lead=empty, partners=())

    assert [row.department for row in office.waiting("chen")[Kind.ACKNOWLEDGE]] == ["无人局"]


def test_the_report_of_the_running_period_waits_for_whoever_works_on_it_with_its_day(office: Office) -> None:
    office.plan.report_rhythm = PlanRhythm.MONTHLY
    task = office.task("in_progress", "in_progress", issued_at=NOW - timedelta(days=40))
    lead = assignment_of(office.session, task, office.usual.lead)
    lead.officer_id = office.usual.qian.id

    for who in ("li", "gao", "qian"):
        (row,) = office.waiting(who)[Kind.REPORT]
        assert (row.department, row.limit) == ("市发展改革委", TimeLimit(date(2026, 11, 25), 2))
    (row,) = office.waiting("wang")[Kind.REPORT]
    assert row.limit == TimeLimit(date(2026, 11, 23), 0)
    for who in ("zhao", "chen", "liu"):
        assert Kind.REPORT not in office.waiting(who)

    reports.report_no_change(office.session, lead.id, **office.by("qian"))
    assert Kind.REPORT not in office.waiting("li")
    assert Kind.REPORT in office.waiting("li", date(2026, 12, 1))


def test_no_report_waits_that_is_not_owed(office: Office) -> None:
    office.plan.report_rhythm = PlanRhythm.MONTHLY
    office.task("in_progress", "in_progress")
    office.task("issued", "pending", issued_at=NOW - timedelta(days=40))

    assert Kind.REPORT not in office.waiting("li")


def test_a_submission_that_came_back_waits_until_it_is_made_again(office: Office) -> None:
    task = office.task("in_progress", "in_progress", partners=())
    lead = assignment_of(office.session, task, office.usual.lead)
    lead.officer_id = office.usual.qian.id
    assignment_acts.submit(office.session, lead.id, **office.by("li"))
    task_acts.return_task(office.session, task.id, reason="缺佐证", correct_by=date(2026, 12, 4), **office.by("chen"))

    (row,) = office.waiting("qian")[Kind.RETURNED]
    assert row.limit is not None
    assert (row.limit.last_on, row.since) == (date(2026, 12, 4), TODAY)
    assert Kind.RETURNED in office.waiting("li")
    assignment_acts.submit(office.session, lead.id, **office.by("li"))
    assert Kind.RETURNED not in office.waiting("li")
    assignment_acts.withdraw(office.session, lead.id, **office.by("li"))
    assert Kind.RETURNED not in office.waiting("li")


def test_a_partners_return_is_not_its_leads(office: Office) -> None:
    task = office.task("in_progress", "in_progress")
    partner = assignment_of(office.session, task, office.usual.partner)
    assignment_acts.submit(office.session, partner.id, **office.by("wang"))
    assignment_acts.return_submission(office.session, partner.id, reason="缺佐证", **office.by("li"))

    assert Kind.RETURNED in office.waiting("wang")
    assert Kind.RETURNED not in office.waiting("li")


def test_a_suspended_task_waits_from_shortly_before_its_day_of_review(office: Office) -> None:
    task = office.task("in_progress", "in_progress")
    task_acts.suspend(office.session, task.id, reason="政策未出", review_on=date(2026, 12, 18), **office.by("chen"))

    assert Kind.REVIEW_DAY not in office.waiting("chen")
    (row,) = office.waiting("chen", date(2026, 12, 16))[Kind.REVIEW_DAY]
    assert (row.task_id, row.limit) == (task.id, TimeLimit(date(2026, 12, 18), 2))
    assert Kind.REVIEW_DAY not in office.waiting("li", date(2026, 12, 16))
    task_acts.resume(office.session, task.id, **office.by("chen"))
    assert Kind.REVIEW_DAY not in office.waiting("chen", date(2026, 12, 16))


def test_a_reply_waits_for_the_leader_who_asked_and_for_the_supervisors_once_they_left(office: Office) -> None:
    task = office.task("in_progress", "in_progress")
    wish = Wish("请说明进展。", date(2026, 11, 27), frozenset({Addressee.LEADS}))
    instructions.instruct_on_task(office.session, task.id, wish, **office.by("liu"))
    assert list(office.waiting("li")) == [Kind.INSTRUCTION]
    duty = office.session.scalars(select(InstructionDuty)).one()
    instructions.reply(office.session, duty.id, text="已推进。", **office.by("li"))

    (row,) = office.waiting("liu")[Kind.INSTRUCTION_REPLY]
    assert (row.department, row.limit) == ("市发展改革委", TimeLimit(date(2026, 11, 25), 2))
    assert Kind.INSTRUCTION_REPLY not in office.waiting("chen")
    office.usual.liu.is_active = False
    assert Kind.INSTRUCTION_REPLY in office.waiting("chen")


def test_a_decision_has_two_working_days_where_the_table_sets_no_other_time(office: Office) -> None:
    office.usual.lead.needs_sign_off = True
    task = office.task("in_progress", "in_progress", partners=())
    lead = assignment_of(office.session, task, office.usual.lead)
    assignment_acts.submit(office.session, lead.id, **office.by("li"))
    assert office.waiting("gao")[Kind.SIGN_OFF][0].limit == TimeLimit(date(2026, 11, 25), 2)
    assignment_acts.sign_off(office.session, lead.id, **office.by("gao"))

    (row,) = office.waiting("chen", date(2026, 11, 26))[Kind.REVIEW]
    assert (row.limit, row.due_on) == (TimeLimit(date(2026, 11, 25), -1), DUE)


def test_drafts_wait_for_the_supervisor_by_plan(office: Office) -> None:
    for _ in range(3):
        office.task("draft", "pending")

    (row,) = office.waiting("chen")[Kind.ISSUE]

    assert (row.plan_id, row.number, row.task_id) == (office.plan.id, 3, None)
    assert office.waiting("gao") == {}


def test_it_costs_the_same_however_much_waits(office: Office, engine: Engine) -> None:
    counted = []
    for many in (1, 10):
        for _ in range(many):
            office.task("issued", "pending")
            office.task("submitted", "submitted")
        office.session.flush()
        with counted_queries(engine) as statements:
            office.waiting("chen")
        counted.append(len(statements))

    assert counted[0] == counted[1]
