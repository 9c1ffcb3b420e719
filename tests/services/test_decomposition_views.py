"""What pages and mails show of sub-tasks, and to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from taskboard.domain.reminders import Recipient, Topic
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.models import Assignment, Task
from taskboard.services import assignment_acts, decomposition, objections, reports
from taskboard.services.decomposition import SubtaskOrder
from taskboard.services.ledger import load_ledger
from taskboard.services.mail_items import load_items
from taskboard.services.my_tasks import Show, list_my_tasks
from taskboard.services.overdue import list_overdue
from taskboard.services.plans import get_plan
from taskboard.services.postholders import load_postholders
from taskboard.services.task_search import TaskFilter, search_tasks
from taskboard.services.visibility import topmost_tasks, visible_tasks
from taskboard.services.waiting import list_waiting
from taskboard.services.waiting_rows import Kind
from tests.support import factories
from tests.support.factories import NOW
from tests.support.office import TODAY
from tests.support.queries import counted_queries
from tests.support.tree import CALENDAR, TOMORROW, Tree


def test_the_progress_of_a_part_follows_from_its_sub_tasks(tree: Tree) -> None:
    task = tree.task()
    north, south = tree.split(
        task, SubtaskOrder(tree.north.id, due_on=TODAY, weight=3), SubtaskOrder(tree.south.id, weight=1)
    )
    tree.act(assignment_acts.acknowledge, tree.own(north).id, "bei")
    tree.act(reports.report_progress, tree.own(north).id, "bei", done="完成一半", percent=50)
    tree.submit(south, "nan")

    found = decomposition.list_subtasks(tree.session, task.id, tree.person("li"), today=TOMORROW, calendar=CALENDAR)

    assert found is not None
    (progress,) = found.progress.values()
    assert (progress.total, progress.closed, progress.submitted, progress.overdue) == (2, 0, 1, 1)
    assert progress.percent == (3 * 50 + 100) // 4
    assert [(row.department, row.percent) for row in found.page.rows] == [
        (tree.north.name, 50),
        (tree.south.name, 100),
    ]
    assert found.page.rows[0].light.light.value == "red"


def test_who_may_not_see_sub_tasks_gets_none_of_their_progress(tree: Tree) -> None:
    task = tree.task()
    tree.split(task)
    for who, is_shown in (("li", True), ("chen", True), ("liu", True), ("wang", False), ("zhao", False)):
        shown = decomposition.list_subtasks(tree.session, task.id, tree.person(who), today=TODAY, calendar=CALENDAR)
        known = decomposition.progress_of(tree.session, [task.id], tree.person(who), today=TODAY)
        assert (shown is not None, bool(known)) == (is_shown, is_shown), who


def test_a_page_of_many_sub_tasks_takes_a_fixed_number_of_queries(tree: Tree, engine: Engine) -> None:
    few, many = tree.task(), tree.task()
    tree.split(few)
    tree.split(many, *[SubtaskOrder(tree.north.id, f"第{number}项") for number in range(60)])
    li = tree.person("li")

    def look(task: Task) -> int:
        with counted_queries(engine) as statements:
            decomposition.list_subtasks(tree.session, task.id, li, today=TODAY, calendar=CALENDAR)
        return len(statements)

    assert look(few) == look(many)
    assert tree.session.scalar(select(func.count()).where(Task.parent_id == many.id)) == 60


def test_only_departments_below_are_offered(tree: Tree) -> None:
    offered = decomposition.departments_below(tree.session, tree.usual.lead.id)

    assert [(one.name, one.is_direct) for one in offered] == [
        (tree.north.name, True),
        (tree.south.name, True),
        (tree.institute.name, False),
    ]
    assert decomposition.departments_below(tree.session, tree.institute.id) == []


def test_who_issued_sub_tasks_has_them_under_a_heading_of_their_own(tree: Tree) -> None:
    north, south = tree.split(tree.task())
    tree.submit(north, "bei")

    def mine(who: str, show: Show) -> list[int]:
        found = list_my_tasks(tree.session, tree.person(who), today=TODAY, calendar=CALENDAR, show=show)
        assert found.counts[show] == len(found.page.rows)
        return sorted(row.task_id for row in found.page.rows)

    assert [mine(who, Show.ISSUED) for who in ("li", "gao", "bei", "chen")] == [[north.id, south.id]] * 2 + [[], []]
    assert mine("bei", Show.ALL) == [north.id]


def test_lists_of_a_plan_have_a_matter_once(tree: Tree) -> None:
    task = tree.task(due_on=TODAY - timedelta(days=1))
    north, south = tree.split(task)
    later = TODAY + timedelta(days=1)
    for who, shown in (("chen", [task]), ("liu", [task]), ("li", [task]), ("bei", [north]), ("nan", [south])):
        actor, wanted = tree.person(who), [one.id for one in shown]
        plan = get_plan(tree.session, tree.plan.id, actor, today=later, calendar=CALENDAR)
        assert [one.task_id for one in plan.tasks.rows] == wanted, who
        assert plan.figures.total == 1, who
        found = search_tasks(tree.session, actor, TaskFilter(), today=later)
        assert [one.id for one in found.page.rows] == wanted, who
        ledger = load_ledger(tree.session, tree.plan.id, actor, now=NOW, calendar=CALENDAR)
        assert [one.task_id for one in ledger.rows] == wanted, who
        late = list_overdue(tree.session, actor, today=later)
        assert {one.task_id for one in late.page.rows} == set(wanted), who


def test_who_works_on_the_task_and_two_levels_below_has_the_matter_once(tree: Tree) -> None:
    task = tree.task()
    north, _ = tree.split(task)
    tree.act(assignment_acts.acknowledge, tree.own(north).id, "bei")
    tree.act(decomposition.decompose, tree.own(north).id, "bei", orders=[SubtaskOrder(tree.institute.id)])
    [below] = tree.subtasks(north)
    posts = [(Role.LIAISON, tree.usual.partner), (Role.LIAISON, tree.institute)]
    both = factories.actor_of(factories.make_person(tree.session, "两处", *posts), *posts)
    seen, listed = (
        set(tree.session.scalars(select(Task.id).where(one(both)))) for one in (visible_tasks, topmost_tasks)
    )

    assert seen == {task.id, below.id}
    assert listed == {task.id}


def test_supervisors_decide_about_a_partner_where_no_lead_has_anybody(tree: Tree) -> None:
    task = tree.task("in_progress", "in_progress")
    part = tree.partner_branch(task)
    tree.act(assignment_acts.submit, part.id, "wang")
    for person in (tree.usual.li, tree.usual.gao):
        person.is_active = False
    tree.session.flush()

    tree.act(assignment_acts.accept_submission, part.id, "chen")
    assert part.state is AssignmentState.ACCEPTED


def test_a_stand_in_takes_back_the_submission_they_made(tree: Tree) -> None:
    alone = factories.make_department(tree.session, "市气象局", parent=tree.usual.body)
    task = tree.task(lead=alone, partners=())
    part = tree.branch(task, alone)
    tree.act(assignment_acts.submit, part.id, "chen")

    tree.act(assignment_acts.withdraw, part.id, "chen")

    assert (part.state, task.state) == (AssignmentState.IN_PROGRESS, TaskState.IN_PROGRESS)


def test_what_sub_tasks_ask_waits_for_the_department_above_and_not_for_the_supervisors(tree: Tree) -> None:
    north, south = tree.split(tree.task(issued_at=NOW))
    tree.submit(north, "bei")
    for person, role, place in (("zhang", Role.HEAD, tree.south),):
        tree.people[person] = factories.make_person(tree.session, person, (role, place), username=person)
        tree.posts[person] = (role, place)
    tree.act(objections.raise_objection, tree.own(south).id, "zhang", reason="不是南区的事")

    def waits(who: str) -> dict[Kind, list[int | None]]:
        parts = list_waiting(tree.session, tree.person(who), today=TODAY, calendar=CALENDAR)
        return {one.kind: [row.task_id for row in one.rows] for one in parts}

    for who in ("li", "gao"):
        assert waits(who)[Kind.REVIEW] == [north.id]
        assert waits(who)[Kind.OBJECTION] == [south.id]
    for who in ("chen", "wang", "bei"):
        assert not {Kind.REVIEW, Kind.OBJECTION} & waits(who).keys(), who


def test_a_partner_whose_leads_have_nobody_waits_for_the_supervisors(tree: Tree) -> None:
    task = tree.task("in_progress", "in_progress")
    tree.act(assignment_acts.submit, tree.partner_branch(task).id, "wang")
    for person in (tree.usual.li, tree.usual.gao):
        person.is_active = False
    tree.session.flush()

    parts = list_waiting(tree.session, tree.person("chen"), today=TODAY, calendar=CALENDAR)

    assert [one.rows[0].task_id for one in parts if one.kind is Kind.PARTNER] == [task.id]


@pytest.mark.parametrize("splitter", ["li", None])
def test_sub_tasks_of_a_department_that_has_nobody_wait_for_who_stands_in_for_it(
    tree: Tree, splitter: str | None
) -> None:
    task = tree.task()
    subtask, *_ = tree.split(task, SubtaskOrder(tree.institute.id))
    for person in (tree.people["bei"], tree.people["hou"], tree.people["xin"]):
        person.is_active = False
    if splitter is None:
        tree.usual.li.is_active = tree.usual.gao.is_active = False
    tree.session.flush()
    who = splitter or "chen"

    waiting = list_waiting(tree.session, tree.person(who), today=TODAY, calendar=CALENDAR)
    mine = list_my_tasks(tree.session, tree.person(who), today=TODAY, calendar=CALENDAR)

    assert [row.task_id for part in waiting if part.kind is Kind.ACKNOWLEDGE for row in part.rows] == [subtask.id]
    assert subtask.id in {row.task_id for row in mine.page.rows}
    entry = tree.act(assignment_acts.acknowledge, tree.own(subtask).id, who)
    assert (entry.after or {})["act"]["stands_in"] is True


def test_mails_take_who_issued_a_sub_task_for_its_supervisors_and_no_leader(tree: Tree) -> None:
    task = tree.task(issued_at=NOW)
    north, _ = tree.split(task)
    (own,) = load_items(tree.session, Assignment.task_id == north.id)
    (above, *_) = load_items(tree.session, Assignment.task_id == task.id)
    people = load_postholders(tree.session, today=TODAY)
    asked = {Recipient.SUPERVISOR, Recipient.LEADER}

    assert sorted(one.name for one in people.find(own, Topic.OVERDUE, asked)) == ["李联络", "高主任"]
    assert sorted(one.name for one in people.find(above, Topic.OVERDUE, asked)) == ["刘领导", "陈督查"]
