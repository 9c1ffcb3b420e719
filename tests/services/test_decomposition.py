"""A department splits its part of a task among the departments below it, and decides about what came of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from taskboard import paths
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.decomposition import CARRIED_FROM, MOST_SUBTASKS_AT_ONCE
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, NotNow
from taskboard.domain.permissions import Actor
from taskboard.domain.reminders import Recipient
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    Act,
    AssignmentState,
    Closure,
    DeadlineOrigin,
    TaskState,
    Verification,
)
from taskboard.mail.rendering import MailRenderer
from taskboard.models import Assignment, HistoryEntry, OutboxMessage, Task
from taskboard.services import corrections, decomposition, extensions, objections, reports, workflow
from taskboard.services.decomposition import SubtaskOrder, SubtaskRefused
from taskboard.services.ledger import load_ledger
from taskboard.services.my_tasks import Show, list_my_tasks
from taskboard.services.overdue import list_overdue
from taskboard.services.plans import get_plan
from taskboard.services.postholders import load_postholders
from taskboard.services.reminders import load_items
from taskboard.services.task_search import TaskFilter, search_tasks
from taskboard.services.tasks import get_task
from taskboard.services.visibility import topmost_tasks, visible_tasks
from taskboard.services.waiting import list_waiting
from taskboard.services.waiting_rows import Kind
from tests.support import factories
from tests.support.factories import NOW
from tests.support.office import NEXT_WEEK, TODAY, Office
from tests.support.queries import counted_queries

TOMORROW = TODAY + timedelta(days=1)
CALENDAR = WorkingCalendar()


class Tree(Office):
    """The office, with two sections below the lead department and an institute below the first of them."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        lead = self.usual.lead
        self.north = factories.make_department(session, "市发展改革委北区分局", parent=lead)
        self.south = factories.make_department(session, "市发展改革委南区分局", parent=lead)
        self.institute = factories.make_department(session, "北区信息中心", parent=self.north)
        self.people = {
            name: factories.make_person(session, name, (role, place), username=name)
            for name, role, place in (
                ("bei", Role.LIAISON, self.north),
                ("hou", Role.HEAD, self.north),
                ("nan", Role.LIAISON, self.south),
                ("xin", Role.LIAISON, self.institute),
            )
        }
        self.posts = {
            "bei": (Role.LIAISON, self.north),
            "hou": (Role.HEAD, self.north),
            "nan": (Role.LIAISON, self.south),
            "xin": (Role.LIAISON, self.institute),
        }

    def person(self, name: str) -> Actor:
        if name in self.people:
            return factories.actor_of(self.people[name], self.posts[name])
        return self.usual.actor(name)

    def act(self, act: Any, subject_id: int, who: str, **more: Any) -> HistoryEntry:
        return self.do(act, subject_id, self.person(who), **more)

    def split(self, task: Task, *orders: SubtaskOrder, who: str = "li", **more: Any) -> list[Task]:
        """The sub-tasks of the lead's part; without orders one for each section."""
        wanted = orders or (SubtaskOrder(self.north.id, "北区落实"), SubtaskOrder(self.south.id, "南区落实"))
        self.act(decomposition.decompose, self.branch(task).id, who, orders=wanted, **more)
        return self.subtasks(task)

    def subtasks(self, task: Task) -> list[Task]:
        return list(self.session.scalars(select(Task).where(Task.parent_id == task.id).order_by(Task.id)))

    def own(self, subtask: Task) -> Assignment:
        """The only assignment of a sub-task."""
        return self.session.scalars(select(Assignment).where(Assignment.task_id == subtask.id)).one()

    def submit(self, subtask: Task, who: str) -> None:
        one = self.own(subtask)
        if one.state is AssignmentState.PENDING:
            self.act(workflow.acknowledge, one.id, who)
        self.act(workflow.submit, one.id, who)

    def sees(self, task: Task, who: str) -> bool:
        try:
            get_task(self.session, task.id, self.person(who), today=TODAY, calendar=CALENDAR)
        except NotFound:
            return False
        return True


@pytest.fixture
def tree(session: Session) -> Tree:
    return Tree(session)


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
    tree.act(workflow.acknowledge, tree.own(north).id, "bei")

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
    tree.act(workflow.acknowledge, tree.own(institute).id, "xin")
    with pytest.raises(NotAllowed):
        tree.act(workflow.terminate, institute.id, "li", reason="不归他管")


# Deciding


def test_the_department_above_decides_about_its_sub_tasks_and_the_supervisors_do_not(tree: Tree) -> None:
    north, _ = tree.split(tree.task())
    tree.submit(north, "bei")
    assert north.state is TaskState.SUBMITTED
    ending = {"closure": Closure.DONE, "verification": Verification.VERIFIED}

    with pytest.raises(NotAllowed):
        tree.act(workflow.close, north.id, "chen", **ending)
    with pytest.raises(NotAllowed):
        tree.act(workflow.close, north.id, "bei", **ending)
    tree.act(workflow.return_task, north.id, "gao", reason="缺少附表")
    assert north.state is TaskState.IN_PROGRESS
    tree.submit(north, "bei")
    tree.act(workflow.close, north.id, "li", **ending)

    assert (north.state, tree.own(north).state) == (TaskState.CLOSED, AssignmentState.ACCEPTED)


def test_supervisors_decide_where_nobody_speaks_for_the_department(tree: Tree) -> None:
    task = tree.task()
    north, _ = tree.split(task)
    for person in (tree.usual.li, tree.usual.gao):
        person.is_active = False
    tree.session.flush()

    tree.act(workflow.terminate, north.id, "chen", reason="单位暂无负责人")

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


# Days


def test_a_sub_task_cannot_be_moved_behind_its_part(tree: Tree) -> None:
    north, _ = tree.split(tree.task(), SubtaskOrder(tree.north.id, due_on=TOMORROW), SubtaskOrder(tree.south.id))
    later = NEXT_WEEK + timedelta(days=1)

    with pytest.raises(Invalid) as refused:
        tree.act(workflow.correct_deadline, north.id, "li", due_on=later, reason="放宽")
    assert (refused.value.problem, refused.value.facts["due_on"]) == ("later_than_parent", NEXT_WEEK)
    with pytest.raises(Invalid):
        tree.act(workflow.correct_deadline, north.id, "li", due_on=None, is_ongoing=True, reason="放宽")
    tree.session.refresh(north)
    tree.act(workflow.correct_deadline, north.id, "li", due_on=NEXT_WEEK, reason="放宽")

    assert north.due_on == NEXT_WEEK


def test_a_sub_task_is_not_taken_up_with_a_day_behind_the_part_that_moved_meanwhile(tree: Tree) -> None:
    task = tree.task()
    north, _ = tree.split(task)
    tree.submit(north, "hou")
    tree.act(workflow.close, north.id, "li", closure=Closure.DONE, verification=Verification.VERIFIED)
    tree.act(workflow.correct_deadline, task.id, "chen", due_on=TOMORROW, reason="提前")

    with pytest.raises(Invalid) as refused, tree.session.begin_nested():
        tree.act(workflow.reopen, north.id, "li", reason="复查", due_on=north.due_on)
    assert refused.value.problem == "later_than_parent"
    tree.act(workflow.reopen, north.id, "li", reason="复查", due_on=TOMORROW)


def test_a_head_below_cannot_ask_for_more_than_the_part_has(tree: Tree) -> None:
    north, _ = tree.split(tree.task(), SubtaskOrder(tree.north.id, due_on=TOMORROW), SubtaskOrder(tree.south.id))
    one = tree.own(north)
    tree.act(workflow.acknowledge, one.id, "bei")
    wish = {"reason": "资料未到", "progress": "过半"}

    with pytest.raises(Invalid) as refused:
        tree.act(extensions.ask_extension, one.id, "hou", asked_due_on=NEXT_WEEK + timedelta(days=1), **wish)
    assert refused.value.problem == "later_than_parent"
    tree.act(extensions.ask_extension, one.id, "hou", asked_due_on=NEXT_WEEK, **wish)
    tree.act(extensions.grant_extension, one.id, "li", due_on=NEXT_WEEK)

    assert (north.due_on, one.due_on) == (NEXT_WEEK, NEXT_WEEK)


def test_the_usual_day_for_a_correction_stays_within_the_part(tree: Tree) -> None:
    north, _ = tree.split(tree.task(due_on=TOMORROW))
    tree.submit(north, "bei")

    tree.act(workflow.return_task, north.id, "li", reason="缺少附表")

    assert (north.due_on, tree.own(north).due_on) == (TOMORROW, TOMORROW)


def test_when_the_part_is_due_earlier_its_sub_tasks_are_and_when_it_is_due_later_they_stay(tree: Tree) -> None:
    task = tree.task()
    north, south = tree.split(task, SubtaskOrder(tree.north.id, due_on=TOMORROW), SubtaskOrder(tree.south.id))

    tree.act(workflow.correct_deadline, task.id, "chen", due_on=TODAY + timedelta(days=3), reason="提前")
    assert (north.due_on, south.due_on) == (TOMORROW, TODAY + timedelta(days=3))
    assert tree.own(south).due_on == TODAY + timedelta(days=3)
    (entry,) = [one for one in tree.history(south) if one.act is Act.CORRECT]
    assert (entry.reason, entry.actor_id) == ("提前", tree.usual.chen.id)
    assert entry.after is not None and entry.after["act"] == {CARRIED_FROM: task.id}
    assert [one for one in tree.mails() if one[0] == "carried"] == [("carried", "nan")]

    tree.act(workflow.correct_deadline, task.id, "chen", due_on=NEXT_WEEK, reason="放宽")
    assert (north.due_on, south.due_on) == (TOMORROW, TODAY + timedelta(days=3))


# What happens to the part


def test_sub_tasks_rest_and_go_on_with_the_task_above(tree: Tree) -> None:
    task = tree.task()
    north, south = tree.split(task, SubtaskOrder(tree.north.id, due_on=TOMORROW), SubtaskOrder(tree.south.id))
    tree.submit(north, "bei")
    tree.act(workflow.suspend, task.id, "chen", reason="等待批复", review_on=NEXT_WEEK)

    assert {north.state, south.state} == {TaskState.SUSPENDED}
    with pytest.raises(NotNow):
        tree.act(workflow.resume, south.id, "li")
    tree.act(workflow.resume, task.id, "chen", now=NOW + timedelta(days=2))

    assert (north.state, south.state) == (TaskState.SUBMITTED, TaskState.ISSUED)
    assert south.due_on == NEXT_WEEK + timedelta(days=2) == task.due_on
    assert [one.act for one in tree.history(south)] == [Act.ISSUE, Act.SUSPEND, Act.RESUME]


def test_what_the_department_suspended_by_itself_stays_suspended(tree: Tree) -> None:
    task = tree.task()
    north, _ = tree.split(task)
    tree.act(workflow.acknowledge, tree.own(north).id, "bei")
    tree.act(workflow.suspend, north.id, "li", reason="分局搬迁", review_on=NEXT_WEEK)

    tree.act(workflow.suspend, task.id, "chen", reason="等待批复", review_on=NEXT_WEEK)
    tree.act(workflow.resume, task.id, "chen")
    assert north.state is TaskState.SUSPENDED
    tree.act(workflow.resume, north.id, "li")

    assert north.state is TaskState.IN_PROGRESS


def test_a_day_that_cannot_move_behind_the_part_does_not_count_as_moved(tree: Tree) -> None:
    task = tree.task()
    north, south = tree.split(task, SubtaskOrder(tree.north.id, due_on=TOMORROW), SubtaskOrder(tree.south.id))
    for one, who in ((north, "bei"), (south, "nan")):
        tree.act(workflow.acknowledge, tree.own(one).id, who)
        tree.act(workflow.suspend, one.id, "li", reason="分局搬迁", review_on=NEXT_WEEK)
    versions = (south.deadline_version, tree.own(south).deadline_version)

    for one in (north, south):
        tree.act(workflow.resume, one.id, "li", now=NOW + timedelta(days=2))

    assert (north.due_on, south.due_on) == (TOMORROW + timedelta(days=2), task.due_on)
    assert (south.deadline_version, tree.own(south).deadline_version) == versions


def test_sub_tasks_end_when_the_task_above_is_terminated(tree: Tree) -> None:
    task = tree.task()
    north, south = tree.split(task)
    tree.act(workflow.acknowledge, tree.own(north).id, "bei")
    tree.act(decomposition.decompose, tree.own(north).id, "bei", orders=[SubtaskOrder(tree.institute.id)])
    (institute,) = tree.subtasks(north)

    tree.act(workflow.terminate, task.id, "chen", reason="机构撤销")

    assert {one.state for one in (north, south, institute)} == {TaskState.TERMINATED}
    assert {tree.own(one).state for one in (north, south, institute)} == {AssignmentState.WITHDRAWN}
    told = [one[1] for one in tree.mails() if one[0] == "carried"]
    assert told == ["bei", "nan", "xin"]


def test_a_mail_about_sub_tasks_says_of_each_what_happened_to_it(tree: Tree) -> None:
    task = tree.task()
    tree.split(task, SubtaskOrder(tree.north.id, "北区落实"), SubtaskOrder(tree.north.id, "北区宣传"))
    tree.act(workflow.terminate, task.id, "chen", reason="机构撤销")
    mail = tree.session.scalars(select(OutboxMessage).where(OutboxMessage.template == "carried")).one()
    ended, other = mail.facts["tasks"]

    mixed = {**mail.facts, "tasks": [ended, {**other, "act": Act.CORRECT.value}]}
    rendered = MailRenderer(paths.TEMPLATES, "http://taskboard.test").render(mail.template, mixed)

    for text in (rendered.text, re.sub(r"<[^>]+>", "", rendered.html)):
        assert "北区落实：已终止，不需要再办理\n" in text
        assert "北区宣传：时限已提前，请按新的时限办理\n" in text


def test_open_sub_tasks_are_closed_with_the_task_above(tree: Tree) -> None:
    task = tree.task(partners=())
    north, south = tree.split(task)
    tree.submit(north, "bei")
    tree.act(workflow.submit, tree.branch(task).id, "li", why_without_subtasks="南区另行上报")
    tree.act(workflow.close, task.id, "chen", closure=Closure.DONE, verification=Verification.VERIFIED)

    assert [(one.state, one.closure) for one in (north, south)] == [
        (TaskState.CLOSED, Closure.DONE),
        (TaskState.CLOSED, Closure.ENDED_UNDONE),
    ]
    assert [tree.own(one).state for one in (north, south)] == [AssignmentState.ACCEPTED, AssignmentState.NOT_SUBMITTED]
    with pytest.raises(NotNow):
        tree.act(workflow.reopen, south.id, "li", reason="补办", due_on=TOMORROW)


def test_sub_tasks_of_a_department_that_leaves_the_task_end(tree: Tree) -> None:
    task = tree.task()
    north, _ = tree.split(task)

    tree.act(
        corrections.correct_departments,
        task.id,
        "chen",
        leads=[tree.usual.other.id],
        partners=[tree.usual.partner.id],
        reason="职责划转",
    )

    assert north.state is TaskState.TERMINATED


def test_an_objection_rests_the_sub_tasks_until_it_is_refused(tree: Tree) -> None:
    task = tree.task(issued_at=NOW)
    north, _ = tree.split(task)
    tree.act(objections.raise_objection, tree.branch(task).id, "gao", reason="不是本单位的事")
    assert north.state is TaskState.SUSPENDED
    # It rests without a day on which to look at it again.
    for who in ("gao", "li", "chen"):
        parts = list_waiting(tree.session, tree.person(who), today=TODAY, calendar=CALENDAR)
        assert Kind.REVIEW_DAY not in {part.kind for part in parts}

    tree.act(objections.refuse_objection, tree.branch(task).id, "chen", reason="属于职责")

    assert north.state is TaskState.ISSUED


def test_a_part_is_not_submitted_while_sub_tasks_owe_unless_it_says_why(tree: Tree) -> None:
    task = tree.task(partners=())
    north, south = tree.split(task)
    part = tree.branch(task)

    with pytest.raises(Invalid) as refused:
        tree.act(workflow.submit, part.id, "li")
    assert (refused.value.field, refused.value.facts["count"]) == ("why_without_subtasks", 2)
    tree.submit(north, "bei")
    entry = tree.act(workflow.submit, part.id, "li", why_without_subtasks="南区另行上报")
    assert entry.reason == "南区另行上报"
    tree.act(workflow.withdraw, part.id, "li")
    tree.submit(south, "nan")

    assert tree.act(workflow.submit, part.id, "li").reason is None


def test_a_partner_that_split_its_part_says_why_too(tree: Tree) -> None:
    below = factories.make_department(tree.session, "市财政局东区分局", parent=tree.usual.partner)
    task = tree.task()
    part = tree.partner_branch(task)
    tree.act(decomposition.decompose, part.id, "wang", orders=[SubtaskOrder(below.id)])

    with pytest.raises(Invalid) as refused:
        tree.act(workflow.submit, part.id, "wang")
    assert refused.value.problem == "subtasks_owe"
    tree.act(workflow.submit, part.id, "wang", why_without_subtasks="分局随后补报")
    tree.act(workflow.accept_submission, part.id, "li")

    (subtask,) = tree.subtasks(task)
    assert (subtask.state, subtask.closure) == (TaskState.CLOSED, Closure.ENDED_UNDONE)


def test_a_revised_wording_is_the_one_of_sub_tasks_too(tree: Tree) -> None:
    task, other = tree.task(), tree.task()
    north, _ = tree.split(task)
    measure = corrections.Measure(
        plan_id=task.plan_id,
        position=900,
        path=[],
        heading=None,
        text="新的表述。",
        units_as_written=None,
        deadline_text=None,
        reading={},
    )
    tree.session.add(measure)
    tree.session.flush()

    tree.act(corrections.correct_wording, task.id, "chen", measure=measure, title="新", reason="文件修订")

    assert (north.measure_id, other.measure_id != measure.id) == (measure.id, True)


# What pages show


def test_the_progress_of_a_part_follows_from_its_sub_tasks(tree: Tree) -> None:
    task = tree.task()
    north, south = tree.split(
        task, SubtaskOrder(tree.north.id, due_on=TODAY, weight=3), SubtaskOrder(tree.south.id, weight=1)
    )
    tree.act(workflow.acknowledge, tree.own(north).id, "bei")
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
    tree.act(workflow.acknowledge, tree.own(north).id, "bei")
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
    tree.act(workflow.submit, part.id, "wang")
    for person in (tree.usual.li, tree.usual.gao):
        person.is_active = False
    tree.session.flush()

    tree.act(workflow.accept_submission, part.id, "chen")
    assert part.state is AssignmentState.ACCEPTED


def test_a_stand_in_takes_back_the_submission_they_made(tree: Tree) -> None:
    alone = factories.make_department(tree.session, "市气象局", parent=tree.usual.body)
    task = tree.task(lead=alone, partners=())
    part = tree.branch(task, alone)
    tree.act(workflow.submit, part.id, "chen")

    tree.act(workflow.withdraw, part.id, "chen")

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
    tree.act(workflow.submit, tree.partner_branch(task).id, "wang")
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
    entry = tree.act(workflow.acknowledge, tree.own(subtask).id, who)
    assert (entry.after or {})["act"]["stands_in"] is True


def test_mails_take_who_issued_a_sub_task_for_its_supervisors_and_no_leader(tree: Tree) -> None:
    task = tree.task(issued_at=NOW)
    north, _ = tree.split(task)
    (own,) = load_items(tree.session, Assignment.task_id == north.id)
    (above, *_) = load_items(tree.session, Assignment.task_id == task.id)
    people = load_postholders(tree.session, today=TODAY)
    asked = {Recipient.SUPERVISOR, Recipient.LEADER}

    assert sorted(one.name for one in people.find(own, asked)) == ["李联络", "高主任"]
    assert sorted(one.name for one in people.find(above, asked)) == ["刘领导", "陈督查"]
