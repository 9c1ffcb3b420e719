"""Which plans a person sees, with which figures, and the measures of one plan."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from taskboard.domain.errors import NotFound
from taskboard.domain.lights import Light
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentRole, AssignmentState, TaskState
from taskboard.models import Assignment, PlanDefaultDepartment, PlanSource
from taskboard.services import plans
from taskboard.services.calendar import package_calendar
from taskboard.services.plans import Figures
from tests.support import factories
from tests.support.queries import counted_queries

TODAY = date(2026, 11, 23)
CALENDAR = package_calendar()


def list_plans(session, actor, **page):
    return plans.list_plans(session, actor, today=TODAY, **page).rows


def get_plan(session, plan, actor, **page):
    return plans.get_plan(session, plan.id, actor, today=TODAY, calendar=CALENDAR, **page)


def test_a_supervisor_sees_every_plan_of_the_body_with_its_figures(session, usual, plan):
    make = {"plan": plan, "lead": usual.lead, "partners": (usual.partner,)}
    factories.make_task(session, **make, state=TaskState.DRAFT)
    factories.make_task(session, **make, due_on=TODAY)
    factories.make_task(session, **make, due_on=TODAY - timedelta(days=1))
    factories.make_task(session, **make, state=TaskState.CLOSED, due_on=TODAY - timedelta(days=9))
    empty = factories.make_plan(session, body=usual.body, imported_by=usual.chen, title="空计划")

    rows = {row.id: row for row in list_plans(session, usual.actor("chen"))}

    assert rows[plan.id].figures == Figures(total=4, drafts=1, running=2, closed=1, overdue=1)
    assert rows[empty.id].figures == Figures()


def test_a_department_sees_plans_and_figures_of_its_own_tasks_only(session, usual, plan):
    factories.make_task(session, plan=plan, lead=usual.lead, state=TaskState.DRAFT)
    factories.make_task(session, plan=plan, lead=usual.lead, due_on=TODAY - timedelta(days=1))
    factories.make_task(session, plan=plan, lead=usual.partner)

    assert [row.figures for row in list_plans(session, usual.actor("li"))] == [Figures(total=1, running=1, overdue=1)]
    assert [row.figures for row in list_plans(session, usual.actor("wang"))] == [Figures(total=1, running=1)]
    assert list_plans(session, usual.actor("zhao")) == []


def test_a_plan_with_drafts_only_exists_for_its_supervisors(session, usual, plan):
    factories.make_task(session, plan=plan, lead=usual.lead, state=TaskState.DRAFT)

    assert len(get_plan(session, plan, usual.actor("chen")).tasks.rows) == 1
    for name in ("li", "gao", "liu", "sun"):
        assert list_plans(session, usual.actor(name)) == []
        with pytest.raises(NotFound):
            get_plan(session, plan, usual.actor(name))


def test_a_leader_reads_the_plans_of_the_body(session, usual, plan):
    factories.make_task(session, plan=plan, lead=usual.lead)

    found = get_plan(session, plan, usual.actor("liu"))

    assert len(found.tasks.rows) == 1
    assert not found.may_issue


def test_the_plans_of_another_body_do_not_exist(session, usual, plan):
    factories.make_task(session, plan=plan, lead=usual.lead)
    elsewhere = factories.make_department(session, "海原市人民政府")
    stranger = factories.actor_of(usual.zhao, (Role.SUPERVISOR, elsewhere))
    session.add(PlanSource(plan_id=plan.id, content=b"x", blocks=[]))
    session.flush()

    assert list_plans(session, stranger) == []
    with pytest.raises(NotFound):
        get_plan(session, plan, stranger)
    with pytest.raises(NotFound):
        plans.get_source(session, plan.id, stranger)
    with pytest.raises(NotFound):
        plans.get_source(session, plan.id, usual.actor("zhao"))


def test_a_plan_shows_its_facts_defaults_and_tasks_in_order(session, usual, plan):
    factories.make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner, usual.other), title="第一件")
    factories.make_task(session, plan=plan, lead=usual.partner, title="第二件", state=TaskState.DRAFT)
    session.add(PlanDefaultDepartment(plan_id=plan.id, department_id=usual.other.id, name_as_written="市教育局"))
    session.flush()

    found = get_plan(session, plan, usual.actor("chen"))

    assert (found.title, found.body, found.imported_by) == ("优化营商环境工作要点", "云泽市人民政府", "陈督查")
    assert found.defaults == ["市教育局"]
    assert found.may_issue
    first, second = found.tasks.rows
    assert (first.title, first.is_draft, second.title, second.is_draft) == ("第一件", False, "第二件", True)
    assert [unit.name for unit in first.leads] == ["市发展改革委"]
    assert [(unit.name, unit.role) for unit in first.partners] == [
        ("市财政局", AssignmentRole.PARTNER),
        ("市教育局", AssignmentRole.PARTNER),
    ]


def test_each_department_of_a_task_has_its_own_light(session, usual, plan):
    task = factories.make_task(
        session, plan=plan, lead=usual.lead, partners=(usual.partner,), due_on=TODAY - timedelta(days=3)
    )
    [partner] = [
        one
        for one in session.scalars(select(Assignment).where(Assignment.task_id == task.id))
        if one.role is AssignmentRole.PARTNER
    ]
    partner.state = AssignmentState.WAIVED
    session.flush()

    [shown] = get_plan(session, plan, usual.actor("chen")).tasks.rows

    assert (shown.leads[0].light.light, shown.leads[0].light.days) == (Light.RED, 3)
    assert shown.partners[0].light.light is Light.IDLE


def test_the_source_is_given_to_who_sees_the_plan(session, usual, plan):
    factories.make_task(session, plan=plan, lead=usual.lead)
    session.add(PlanSource(plan_id=plan.id, content="正文".encode(), blocks=[]))
    session.flush()

    assert plans.get_source(session, plan.id, usual.actor("li")) == ("要点.txt", "正文".encode())


def test_a_long_plan_is_shown_in_pages(session, usual, plan, monkeypatch):
    monkeypatch.setattr(plans, "TASKS_PER_PAGE", 2)
    for number in range(5):
        factories.make_task(session, plan=plan, lead=usual.lead, title=f"第{number}件")

    page = get_plan(session, plan, usual.actor("chen"), number=3).tasks

    assert ([task.title for task in page.rows], page.total, page.last) == (["第4件"], 5, 3)


def test_lists_ask_a_fixed_number_of_queries(session, engine, usual):
    chen = usual.actor("chen")
    asked = []
    for _ in range(2):
        for _ in range(3):
            plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
            for _ in range(3):
                factories.make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,))
        session.flush()
        with counted_queries(engine) as listed:
            list_plans(session, chen)
        with counted_queries(engine) as opened:
            get_plan(session, plan, chen)
        asked.append((len(listed), len(opened)))

    assert asked == [(3, 7), (3, 7)]


def test_archived_tasks_of_a_plan_are_listed_apart_and_counted(session, usual, plan):
    running = factories.make_task(session, plan=plan, lead=usual.lead)
    ended = factories.make_task(session, plan=plan, lead=usual.lead, state=TaskState.CLOSED)
    ended.archived_at = factories.NOW
    session.flush()

    working = get_plan(session, plan, usual.actor("chen"))
    archive = get_plan(session, plan, usual.actor("chen"), archived=True)

    assert [one.task_id for one in working.tasks.rows] == [running.id]
    assert [one.task_id for one in archive.tasks.rows] == [ended.id]
    assert (working.figures.total, working.figures.closed, working.figures.archived) == (2, 1, 1)
    assert get_plan(session, plan, usual.actor("li"), archived=True).tasks.total == 1
