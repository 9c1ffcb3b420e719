"""The overdue list: the SQL twin of the one definition of overdue, who sees it, and what it costs."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from taskboard.domain.deadlines import is_overdue
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentRole, AssignmentState, TaskState
from taskboard.models import Assignment, Task
from taskboard.services import reports
from taskboard.services.overdue import OverdueList, ReportHead, list_overdue, overdue_assignments
from tests.support import factories
from tests.support.factories import NOW, Usual
from tests.support.queries import counted_queries

TODAY = date(2026, 11, 23)


class Office:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.engine: Engine = session.get_bind()  # type: ignore[assignment]
        self.usual: Usual = factories.usual_people(session)
        self.plan = factories.make_plan(session, body=self.usual.body, imported_by=self.usual.chen)

    def late(self, days: int, *, state: AssignmentState = AssignmentState.IN_PROGRESS, partner: bool = False) -> Task:
        return factories.make_task(
            self.session,
            plan=self.plan,
            lead=self.usual.lead,
            partners=(self.usual.partner,) if partner else (),
            assignment_state=state,
            due_on=TODAY - timedelta(days=days),
        )

    def list(self, who: str = "chen", **more: int) -> OverdueList:
        return list_overdue(self.session, self.usual.actor(who), today=TODAY, **more)


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_query_and_the_definition_agree_on_random_assignments(session: Session, seed: int) -> None:
    chance = random.Random(seed)
    usual = factories.usual_people(session)
    plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
    for _ in range(250):
        task = factories.make_task(
            session,
            plan=plan,
            lead=usual.lead,
            state=chance.choice(list(TaskState)),
            due_on=chance.choice([None, *(TODAY + timedelta(days=days) for days in range(-3, 4))]),
        )
        branch = session.scalars(select(Assignment).where(Assignment.task_id == task.id)).one()
        branch.state = chance.choice(list(AssignmentState))
    session.flush()

    for today in (TODAY - timedelta(days=2), TODAY, TODAY + timedelta(days=2)):
        query = select(Assignment.id).join(Task).where(overdue_assignments(today))
        expected = {
            branch.id
            for branch, task in session.execute(select(Assignment, Task).join(Task, Task.id == Assignment.task_id))
            if is_overdue(task.state, branch.state, branch.due_on, today)
        }
        assert set(session.scalars(query)) == expected
        assert expected


def test_the_latest_stand_on_top_with_their_days(office: Office) -> None:
    tasks = {days: office.late(days) for days in (1, 30, 7)}

    rows = office.list().page.rows

    assert [(row.task_id, row.days_late) for row in rows] == [(tasks[days].id, days) for days in (30, 7, 1)]
    assert rows[0].department == office.usual.lead.name
    assert (rows[0].role, rows[0].state) == (AssignmentRole.LEAD, AssignmentState.IN_PROGRESS)
    assert rows[0].holders == ["李联络"]
    assert rows[0].last_report is None


def test_what_is_due_today_or_was_submitted_is_not_on_it(office: Office) -> None:
    office.late(0)
    office.late(5, state=AssignmentState.SUBMITTED)

    assert office.list().page.rows == []


def test_the_officer_who_holds_it_is_named_and_the_last_report_shown(office: Office) -> None:
    branch = office.session.scalars(select(Assignment).where(Assignment.task_id == office.late(3).id)).one()
    branch.officer_id = office.usual.qian.id
    by = {"actor": office.usual.actor("qian"), "now": NOW, "entrance": "test"}
    reports.report_progress(office.session, branch.id, done="早先的进展", **by)
    reports.report_progress(office.session, branch.id, done="很长的进展" * 30, **by)

    (row,) = office.list().page.rows

    assert row.holders == ["钱承办"]
    assert row.last_report == ReportHead(NOW, False, "很长的进展" * 12)


def test_a_department_without_liaison_is_held_by_the_one_above(office: Office) -> None:
    section = factories.make_department(office.session, "综合处", parent=office.usual.lead)
    factories.make_task(office.session, plan=office.plan, lead=section, due_on=TODAY - timedelta(days=1))

    assert [row.holders for row in office.list().page.rows] == [["李联络"]]


def test_each_department_is_late_on_its_own(office: Office) -> None:
    task = office.late(2, partner=True)
    lead = office.session.scalars(
        select(Assignment).where(Assignment.task_id == task.id, Assignment.role == AssignmentRole.LEAD)
    ).one()
    lead.state = AssignmentState.SUBMITTED

    found = office.list()

    assert [row.department for row in found.page.rows] == [office.usual.partner.name]
    assert [(group.name, group.total) for group in found.departments] == [(office.usual.partner.name, 1)]


def test_departments_are_counted_whatever_the_page_shows(office: Office) -> None:
    for days in range(1, 5):
        office.late(days, partner=days > 2)

    found = office.list(size=2, number=2)

    assert [(group.name, group.total) for group in found.departments] == [
        (office.usual.lead.name, 4),
        (office.usual.partner.name, 2),
    ]
    assert (found.page.total, found.page.last, found.page.number) == (6, 3, 2)
    assert [row.days_late for row in found.page.rows] == [3, 3]


def test_the_list_narrows_down_to_a_department_and_a_plan(office: Office) -> None:
    office.late(3, partner=True)
    second = factories.make_plan(office.session, body=office.usual.body, imported_by=office.usual.chen, title="第二份")
    factories.make_task(office.session, plan=second, lead=office.usual.lead, due_on=TODAY - timedelta(days=9))

    by_department = office.list(department_id=office.usual.lead.id)
    by_both = office.list(department_id=office.usual.partner.id, plan_id=second.id)

    assert [row.days_late for row in by_department.page.rows] == [9, 3]
    assert {group.name: group.total for group in by_department.plans} == {"第二份": 1, office.plan.title: 1}
    assert {group.name: group.total for group in by_department.departments} == {
        office.usual.lead.name: 2,
        office.usual.partner.name: 1,
    }
    assert by_both.page.rows == []


@pytest.mark.parametrize(("who", "seen"), [("chen", 2), ("liu", 2), ("li", 1), ("gao", 1), ("wang", 1)])
def test_overseers_see_all_and_departments_their_own(office: Office, who: str, seen: int) -> None:
    office.late(3, partner=True)

    assert len(office.list(who).page.rows) == seen


@pytest.mark.parametrize("who", ["zhao", "sun", "qian"])
def test_for_everybody_else_nothing_is_late(office: Office, who: str) -> None:
    office.late(3, partner=True)

    found = office.list(who)

    assert (found.page.rows, found.departments, found.plans) == ([], [], [])


def test_a_supervisor_of_another_body_sees_nothing(office: Office) -> None:
    office.late(3)
    elsewhere = factories.make_department(office.session, "邻市人民政府")
    actor = factories.actor_of(office.usual.chen, (Role.SUPERVISOR, elsewhere))

    assert list_overdue(office.session, actor, today=TODAY).page.rows == []


def test_a_collective_partner_that_was_waived_is_never_late(office: Office) -> None:
    cities = factories.make_department(
        office.session, "各市人民政府", parent=office.usual.body, kind=DepartmentKind.COLLECTIVE
    )
    task = office.late(3)
    office.session.add(
        Assignment(
            task_id=task.id,
            department_id=cities.id,
            role=AssignmentRole.PARTNER,
            name_as_written=cities.name,
            state=AssignmentState.WAIVED,
            due_on=task.due_on,
        )
    )
    office.session.flush()

    assert [row.department for row in office.list().page.rows] == [office.usual.lead.name]


@pytest.mark.parametrize("late", [1, 40])
def test_it_asks_as_many_queries_for_many_as_for_one(office: Office, late: int) -> None:
    for days in range(1, late + 1):
        office.late(days, partner=True)

    with counted_queries(office.engine) as statements:
        found = office.list()

    assert len(found.page.rows) == min(2 * late, 50)
    assert len(statements) == 6
