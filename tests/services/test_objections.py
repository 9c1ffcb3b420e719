"""Objections: who may raise one and until when, and what each decision leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotAllowed, NotNow
from taskboard.domain.permissions import Actor
from taskboard.domain.requests import ObjectionResult
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentRole, AssignmentState, Closure, DeadlineOrigin, TaskState, Verification
from taskboard.models import Assignment, Department, HistoryEntry, Objection, OutboxMessage, Task
from taskboard.services import assignment_acts, corrections, objections, task_acts
from tests.support import factories
from tests.support.factories import NOW, Usual
from tests.support.tables import assignment_of

DUE = date(2026, 12, 31)
"""a Thursday"""
A_DAY = timedelta(days=1)


class Office:
    """A task issued today to a lead and a partner, each with a head."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.usual: Usual = factories.usual_people(session)
        self.zhou = factories.make_person(session, "周局长", (Role.HEAD, self.usual.partner), username="zhou")
        self.heads: dict[str, Actor] = {
            "gao": self.usual.actor("gao"),
            "zhou": factories.actor_of(self.zhou, (Role.HEAD, self.usual.partner)),
        }
        self.plan = factories.make_plan(session, body=self.usual.body, imported_by=self.usual.chen)
        self.task = self.make_task()

    def make_task(self, **more: Any) -> Task:
        more = {"lead": self.usual.lead, "partners": (self.usual.partner,), "due_on": DUE, "issued_at": NOW, **more}
        more = {"state": TaskState.ISSUED, "assignment_state": AssignmentState.PENDING, **more}
        return factories.make_task(self.session, plan=self.plan, **more)

    def do(
        self, act: Callable[..., HistoryEntry], subject: int, who: str, now: datetime = NOW, **more: Any
    ) -> HistoryEntry:
        actor = self.heads.get(who) or self.usual.actor(who)
        return act(self.session, subject, actor=actor, now=now, entrance="test", **more)

    def object(self, who: str = "gao", now: datetime = NOW, **more: Any) -> Objection:
        branch = self.branch(self.usual.lead if who == "gao" else self.usual.partner)
        self.do(objections.raise_objection, branch.id, who, now, **{"reason": "不属于本单位职责", **more})
        return self.objection(branch)

    def refuse(self, one: Objection, now: datetime = NOW, who: str = "chen") -> HistoryEntry:
        return self.do(objections.refuse_objection, one.assignment_id, who, now, reason="职责明确")

    def uphold(self, one: Objection, now: datetime = NOW, who: str = "chen", **more: Any) -> HistoryEntry:
        return self.do(objections.uphold_objection, one.assignment_id, who, now, **{"reason": "确有道理", **more})

    def branch(self, department: Department) -> Assignment:
        return assignment_of(self.session, self.task, department)

    @property
    def lead(self) -> Assignment:
        return self.branch(self.usual.lead)

    def objection(self, branch: Assignment) -> Objection:
        query = select(Objection).where(Objection.assignment_id == branch.id).order_by(Objection.id.desc())
        return self.session.scalars(query).first() or pytest.fail("no objection")

    def mails(self) -> list[tuple[str, str]]:
        query = select(OutboxMessage.template, OutboxMessage.to_address)
        return sorted((row[0], row[1].partition("@")[0]) for row in self.session.execute(query))


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


# Raising one


def test_a_head_objects_and_nothing_is_owed_meanwhile(office: Office) -> None:
    one = office.object(proposed_department=office.usual.other.name)

    assert office.lead.state is AssignmentState.OBJECTED
    assert (one.raised_by_id, one.raised_at, one.reason) == (office.usual.gao.id, NOW, "不属于本单位职责")
    assert (one.state_before, one.proposed_department_id) == (AssignmentState.PENDING, office.usual.other.id)
    assert office.mails() == [("objected", "chen")]
    assert office.task.state is TaskState.ISSUED


@pytest.mark.parametrize("who", ["li", "qian", "liu", "chen"])
def test_nobody_but_the_head_objects(office: Office, who: str) -> None:
    office.lead.officer_id = office.usual.qian.id

    with pytest.raises(NotAllowed):
        office.do(objections.raise_objection, office.lead.id, who, reason="不属于本单位职责")


def test_an_objection_needs_its_reason(office: Office) -> None:
    with pytest.raises(Invalid) as refusal:
        office.object(reason=" ")

    assert (refusal.value.field, refusal.value.problem) == ("reason", "required")


@pytest.mark.parametrize(("days", "is_in_time"), [(3, True), (4, False)])
def test_it_is_raised_within_three_working_days_also_after_acknowledging(
    office: Office, days: int, is_in_time: bool
) -> None:
    office.do(assignment_acts.acknowledge, office.lead.id, "li")
    moment = NOW + days * A_DAY

    if is_in_time:
        assert office.object(now=moment).state_before is AssignmentState.IN_PROGRESS
    else:
        with pytest.raises(Invalid) as refusal:
            office.object(now=moment)
        assert refusal.value.problem == "objection_too_late"
        assert refusal.value.facts["last_on"] == date(2026, 11, 26)


def test_a_department_added_later_has_its_own_three_days(office: Office) -> None:
    later = NOW + 14 * A_DAY
    ids = {"leads": [office.usual.other.id, office.usual.lead.id], "partners": [office.usual.partner.id]}
    office.do(corrections.correct_departments, office.task.id, "chen", later, reason="增加牵头单位", **ids)
    added = office.branch(office.usual.other)
    head = factories.make_person(office.session, "郑局长", (Role.HEAD, office.usual.other))
    office.heads["zheng"] = factories.actor_of(head, (Role.HEAD, office.usual.other))

    office.do(objections.raise_objection, added.id, "zheng", later + 3 * A_DAY, reason="不属于本单位职责")

    assert added.state is AssignmentState.OBJECTED


def test_a_department_does_not_propose_itself(office: Office) -> None:
    with pytest.raises(Invalid) as refusal:
        office.object(proposed_department=office.usual.lead.name)

    assert (refusal.value.field, refusal.value.problem) == ("proposed_department", "objection_proposes_itself")


def test_a_name_that_no_department_goes_by_is_said_to_be_unknown(office: Office) -> None:
    with pytest.raises(Invalid) as refusal:
        office.object(proposed_department="子虚乌有局")

    assert refusal.value.field == "proposed_department"
    assert office.lead.state is AssignmentState.PENDING


def test_a_second_one_is_not_raised_while_the_first_is_open(office: Office) -> None:
    office.object()

    with pytest.raises(NotNow):
        office.object()


# Refused


@pytest.mark.parametrize("acknowledges", [False, True])
def test_refused_it_goes_back_to_what_it_was_and_cannot_be_raised_again(office: Office, acknowledges: bool) -> None:
    if acknowledges:
        office.do(assignment_acts.acknowledge, office.lead.id, "li")
    before = office.lead.state
    one = office.object()

    office.refuse(one, NOW + A_DAY)

    assert office.lead.state is before
    assert (one.result, one.decided_by_id, one.decided_at) == (
        ObjectionResult.REFUSED,
        office.usual.chen.id,
        NOW + A_DAY,
    )
    assert (one.decision_reason, office.task.due_on) == ("职责明确", DUE)
    assert [mail for mail in office.mails() if mail[0] == "objection_decided"] == [
        ("objection_decided", "gao"),
        ("objection_decided", "li"),
    ]
    with pytest.raises(Invalid) as refusal:
        office.object(now=NOW + A_DAY)
    assert refusal.value.problem == "objection_refused_before"


@pytest.mark.parametrize("who", ["gao", "li", "liu"])
def test_nobody_but_a_supervisor_decides(office: Office, who: str) -> None:
    one = office.object()

    with pytest.raises(NotAllowed):
        office.refuse(one, who=who)
    with pytest.raises(NotAllowed):
        office.uphold(one, who=who, department=office.usual.other.name)


def test_it_is_decided_once(office: Office) -> None:
    one = office.object()
    office.refuse(one)

    with pytest.raises(NotNow):
        office.uphold(one, department=office.usual.other.name)


# Upheld


def test_upheld_the_new_department_begins_with_its_own_right_to_object(office: Office) -> None:
    one = office.object()
    decided_at = NOW + A_DAY

    office.uphold(one, decided_at, department=office.usual.other.name)

    new = office.branch(office.usual.other)
    assert office.lead.state is AssignmentState.WITHDRAWN
    assert (new.state, new.role, new.issued_at) == (AssignmentState.PENDING, AssignmentRole.LEAD, decided_at)
    assert (one.result, one.new_assignment_id) == (ObjectionResult.UPHELD, new.id)
    assert office.task.state is TaskState.ISSUED
    assert ("handed_over", "zhao") in office.mails()


@pytest.mark.parametrize(
    ("open_days", "moves_to"),
    [(0, DUE), (1, date(2027, 1, 4)), (2, date(2027, 1, 5))],
    ids=["at once", "over a day off", "two days"],
)
def test_when_a_lead_objected_the_deadline_moves_by_the_working_days_it_was_open(
    office: Office, open_days: int, moves_to: date
) -> None:
    one = office.object()

    office.uphold(one, NOW + open_days * A_DAY, department=office.usual.other.name)

    assert {
        office.task.due_on,
        office.branch(office.usual.other).due_on,
        office.branch(office.usual.partner).due_on,
    } == {moves_to}
    assert office.task.original_due_on == DUE
    assert office.task.deadline_origin is DeadlineOrigin.STATED


def test_the_supervisor_may_set_another_deadline_instead(office: Office) -> None:
    one = office.object()

    office.uphold(one, NOW + 2 * A_DAY, department=office.usual.other.name, due_on=date(2027, 3, 31))

    assert (office.task.due_on, office.task.deadline_origin) == (date(2027, 3, 31), DeadlineOrigin.DECIDED)


def test_a_deadline_that_is_past_even_when_moved_is_set_anew(office: Office) -> None:
    office.task = office.make_task(due_on=date(2026, 11, 20))
    one = office.object()

    with pytest.raises(Invalid) as refusal:
        office.uphold(one, department=office.usual.other.name)

    assert (refusal.value.field, refusal.value.problem) == ("due_on", "objection_day_past")


def test_a_lead_is_not_lost_without_another_one(office: Office) -> None:
    one = office.object()

    with pytest.raises(Invalid) as refusal:
        office.uphold(one)

    assert (refusal.value.field, refusal.value.problem) == ("department", "objection_leaves_no_lead")


def test_a_partner_may_be_let_go_without_another_and_the_deadline_stays(office: Office) -> None:
    one = office.object("zhou")

    office.uphold(one, NOW + 2 * A_DAY)

    assert office.branch(office.usual.partner).state is AssignmentState.WITHDRAWN
    assert (one.new_assignment_id, office.task.due_on) == (None, DUE)


def test_a_partner_may_become_the_lead(office: Office) -> None:
    one = office.object()

    office.uphold(one, department=office.usual.partner.name)

    assert office.branch(office.usual.partner).role is AssignmentRole.LEAD


def test_who_has_the_task_already_and_groups_do_not_get_it(office: Office) -> None:
    office.make_task()
    cities = factories.make_department(
        office.session, "各县（区）人民政府", parent=office.usual.body, kind=DepartmentKind.COLLECTIVE
    )
    one = office.object("zhou")

    for name, problem in (
        (office.usual.lead.name, "department_on_task"),
        (office.usual.partner.name, "objection_proposes_itself"),
        (cities.name, "department_is_collective"),
    ):
        with pytest.raises(Invalid) as refusal:
            office.uphold(one, department=name)
        assert (refusal.value.field, refusal.value.problem) == ("department", problem)


# What else happens to the task meanwhile


def test_while_all_leads_object_the_task_stays_where_it_was(office: Office) -> None:
    office.do(assignment_acts.acknowledge, office.lead.id, "li")
    office.object()

    assert office.task.state is TaskState.IN_PROGRESS


def test_when_the_task_ends_the_objection_lapses(office: Office) -> None:
    one = office.object()

    office.do(task_acts.terminate, office.task.id, "chen", reason="政策取消")

    office.session.refresh(one)
    assert (one.result, one.decided_by_id) == (ObjectionResult.LAPSED, office.usual.chen.id)


def test_a_partner_that_objects_owes_nothing_when_the_task_is_closed(office: Office) -> None:
    for who, branch in (("li", office.lead), ("zhou", office.branch(office.usual.partner))):
        office.do(assignment_acts.acknowledge, branch.id, who)
    one = office.object("zhou")
    office.do(assignment_acts.submit, office.lead.id, "gao")

    office.do(task_acts.close, office.task.id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED)

    office.session.refresh(one)
    assert office.branch(office.usual.partner).state is AssignmentState.WAIVED
    assert one.result is ObjectionResult.LAPSED
