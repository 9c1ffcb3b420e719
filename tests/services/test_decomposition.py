"""A department splits its part of a task among the departments below it, and decides about what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from taskboard.domain.decomposition import MOST_SUBTASKS_AT_ONCE
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotAllowed, NotNow
from taskboard.domain.workflow import Act, AssignmentState, Closure, DeadlineOrigin, TaskState, Verification
from taskboard.models import Assignment
from taskboard.services import assignment_acts, decomposition, objections, task_acts
from taskboard.services.decomposition import SubtaskOrder, SubtaskRefused
from tests.support import factories
from tests.support.office import NEXT_WEEK, TODAY
from tests.support.tree import TOMORROW, Tree

# Splitting


def test_a_liaison_splits_the_part_among_departments_below(tree: Tree) -> None:
    task = tree.task()

    north, south = tree.split(task, SubtaskOrder(tree.north.id, "北区落实", TOMORROW, 3), SubtaskOrder(tree.south.id))

    assert (north.title, north.due_on, north.weight, north.state) == ("北区落实", TOMORROW, 3, TaskState.ISSUED)
    assert (south.title, south.due_on, south.weight) == (task.title, NEXT_WEEK, 1)
    assert {one.deadline_origin for one in (north, south)} == {DeadlineOrigin.DECIDED}
    assert {(one.measure_id, one.plan_id, one.body_id) for one in (north, south)} == {
        (task.measure_id, task.plan_id, task.body_id)
    }
    assert (tree.own(north).department_id, tree.own(north).state) == (tree.north.id, AssignmentState.PENDING)
    assert tree.mails() == [("issued", "bei"), ("issued", "nan")]


def test_the_split_and_the_issue_are_on_record(tree: Tree) -> None:
    task = tree.task()

    north, south = tree.split(task)

    entry = tree.history(task)[-1]
    assert (entry.act, entry.assignment_id) == (Act.DECOMPOSE, tree.branch(task).id)
    assert entry.after == {"act": {"subtasks": [north.id, south.id]}}
    assert [(one.act, one.actor_id) for one in tree.history(north)] == [(Act.ISSUE, tree.usual.li.id)]


def test_the_same_request_splits_once(tree: Tree) -> None:
    task = tree.task()

    tree.split(task, request_key="key")
    again = tree.split(task, request_key="key")

    assert len(again) == 2


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        ({"due_on": NEXT_WEEK + timedelta(days=1)}, "later_than_parent"),
        ({"due_on": TODAY - timedelta(days=1)}, "before_today"),
        ({"weight": 0}, "subtask_weight"),
        ({"weight": 101}, "subtask_weight"),
        ({"title": "长" * 301}, "too_long"),
    ],
)
def test_one_wrong_row_keeps_all_from_being_made(tree: Tree, order: dict[str, Any], problem: str) -> None:
    task = tree.task()

    with pytest.raises(SubtaskRefused) as refused:
        tree.split(task, SubtaskOrder(tree.north.id), SubtaskOrder(tree.south.id, **order))

    assert (refused.value.problem, refused.value.number) == (problem, 1)
    assert tree.subtasks(task) == []


def test_a_part_goes_only_to_departments_in_use_below(tree: Tree) -> None:
    task = tree.task()
    group = factories.make_department(tree.session, "各分局", parent=tree.usual.lead, kind=DepartmentKind.COLLECTIVE)
    tree.south.is_active = False
    for department_id, problem in (
        (tree.usual.lead.id, "subtask_not_below"),
        (tree.usual.partner.id, "subtask_not_below"),
        (tree.usual.body.id, "subtask_not_below"),
        (group.id, "lead_collective"),
        (tree.south.id, "department_inactive"),
        (0, "subtask_department_missing"),
    ):
        with pytest.raises(SubtaskRefused) as refused:
            tree.split(task, SubtaskOrder(department_id))
        assert refused.value.problem == problem


def test_there_is_something_to_split_and_not_too_much(tree: Tree) -> None:
    part = tree.branch(tree.task())
    for orders in ([], [SubtaskOrder(tree.north.id)] * (MOST_SUBTASKS_AT_ONCE + 1)):
        with pytest.raises(Invalid):
            tree.act(decomposition.decompose, part.id, "li", orders=orders)


@pytest.mark.parametrize("who", ["wang", "qian", "chen", "liu"])
def test_nobody_but_head_and_liaison_splits_the_part(tree: Tree, who: str) -> None:
    task = tree.task()
    tree.branch(task).officer_id = tree.usual.qian.id
    with pytest.raises(NotAllowed):
        tree.split(task, who=who)


@pytest.mark.parametrize("own", ["pending", "submitted", "head_review"])
def test_a_part_is_split_while_it_is_worked_on(tree: Tree, own: str) -> None:
    with pytest.raises(NotNow):
        tree.split(tree.task("submitted" if own == "submitted" else "in_progress", own))


def test_what_is_late_already_is_due_today_at_the_latest(tree: Tree) -> None:
    task = tree.task(due_on=TODAY - timedelta(days=3))

    north, _ = tree.split(task)

    assert north.due_on == TODAY
    with pytest.raises(SubtaskRefused):
        tree.split(task, SubtaskOrder(tree.north.id, due_on=TOMORROW))


def test_of_ongoing_work_a_sub_task_may_be_ongoing_or_have_a_day(tree: Tree) -> None:
    task = tree.task(due_on=None)
    task.is_ongoing = True

    north, south = tree.split(task, SubtaskOrder(tree.north.id), SubtaskOrder(tree.south.id, due_on=TOMORROW))

    assert (north.is_ongoing, north.due_on) == (True, None)
    assert (south.is_ongoing, south.due_on) == (False, TOMORROW)


def test_a_section_splits_its_sub_task_further_down(tree: Tree) -> None:
    task = tree.task()
    north, _ = tree.split(task)
    tree.act(assignment_acts.acknowledge, tree.own(north).id, "bei")

    tree.act(decomposition.decompose, tree.own(north).id, "bei", orders=[SubtaskOrder(tree.institute.id)])

    (institute,) = tree.subtasks(north)
    assert institute.measure_id == task.measure_id
    assert [tree.sees(institute, who) for who in ("xin", "bei", "li", "chen", "nan", "wang")] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]
    tree.act(assignment_acts.acknowledge, tree.own(institute).id, "xin")
    with pytest.raises(NotAllowed):
        tree.act(task_acts.terminate, institute.id, "li", reason="不归他管")


# Deciding


def test_the_department_above_decides_about_its_sub_tasks_and_the_supervisors_do_not(tree: Tree) -> None:
    north, _ = tree.split(tree.task())
    tree.submit(north, "bei")
    assert north.state is TaskState.SUBMITTED
    ending = {"closure": Closure.DONE, "verification": Verification.VERIFIED}

    with pytest.raises(NotAllowed):
        tree.act(task_acts.close, north.id, "chen", **ending)
    with pytest.raises(NotAllowed):
        tree.act(task_acts.close, north.id, "bei", **ending)
    tree.act(task_acts.return_task, north.id, "gao", reason="缺少附表")
    assert north.state is TaskState.IN_PROGRESS
    tree.submit(north, "bei")
    tree.act(task_acts.close, north.id, "li", **ending)

    assert (north.state, tree.own(north).state) == (TaskState.CLOSED, AssignmentState.ACCEPTED)


def test_supervisors_decide_where_nobody_speaks_for_the_department(tree: Tree) -> None:
    task = tree.task()
    north, _ = tree.split(task)
    for person in (tree.usual.li, tree.usual.gao):
        person.is_active = False
    tree.session.flush()

    tree.act(task_acts.terminate, north.id, "chen", reason="单位暂无负责人")

    assert north.state is TaskState.TERMINATED


def test_the_department_above_is_told_of_submissions(tree: Tree) -> None:
    north, _ = tree.split(tree.task())

    tree.submit(north, "bei")

    assert [one for one in tree.mails() if one[0] == "submitted"] == [("submitted", "gao"), ("submitted", "li")]


def test_siblings_and_other_departments_of_the_task_do_not_see_a_sub_task(tree: Tree) -> None:
    task = tree.task()
    north, south = tree.split(task)

    seen = {who: (tree.sees(north, who), tree.sees(south, who)) for who in ("bei", "nan", "li", "wang", "chen", "zhao")}

    assert seen == {
        "bei": (True, False),
        "nan": (False, True),
        "li": (True, True),
        "wang": (False, False),
        "chen": (True, True),
        "zhao": (False, False),
    }
    assert [tree.sees(task, who) for who in ("bei", "nan")] == [False, False]


def test_a_head_below_objects_and_the_department_above_hands_the_sub_task_to_another_one_below(tree: Tree) -> None:
    north, _ = tree.split(tree.task())
    one = tree.own(north)
    tree.act(objections.raise_objection, one.id, "hou", reason="不是北区的事")

    with pytest.raises(Invalid) as refused:
        tree.act(objections.uphold_objection, one.id, "li", reason="属实", department=tree.usual.partner.name)
    assert refused.value.problem == "subtask_not_below"
    tree.session.expire_all()
    tree.act(objections.uphold_objection, one.id, "li", reason="属实", department=tree.south.name)

    branches = tree.session.scalars(select(Assignment).where(Assignment.task_id == north.id)).all()
    assert {(branch.department_id, branch.state) for branch in branches} == {
        (tree.north.id, AssignmentState.WITHDRAWN),
        (tree.south.id, AssignmentState.PENDING),
    }
