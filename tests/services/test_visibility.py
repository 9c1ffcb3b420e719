"""What a person sees in lists is what the table of permissions says they may see: over many random situations."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.deadlines import is_overdue
from taskboard.domain.permissions import (
    DEPARTMENT_WIDE,
    Actor,
    AssignmentSituation,
    Portfolio,
    Post,
    TaskSituation,
    holds_assignment,
    may_see_task,
    supervises_task,
)
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OPEN_ASSIGNMENT, OPEN_TASK, AssignmentState, TaskState
from taskboard.models import Assignment, Department, Person, Plan, Task, TaskLineage
from taskboard.services.calendar import load_calendar
from taskboard.services.cases import describe
from taskboard.services.ledger import load_ledger
from taskboard.services.lineage import load_lineages
from taskboard.services.my_tasks import Show, list_my_tasks
from taskboard.services.overdue import list_overdue
from taskboard.services.plans import Figures, get_plan, list_plans
from taskboard.services.task_search import TaskFilter, find_task_ids, search_tasks
from taskboard.services.visibility import (
    held_assignments,
    overseen_assignments,
    supervised_assignments,
    supervised_tasks,
    topmost_tasks,
    visible_tasks,
)
from tests.support import factories
from tests.support.factories import NOW

TASKS = 60
SPLITS = 40
"""parts that are split, those of sub-tasks among them"""
ACTORS = 80
READERS = 16
"""how many look at every list"""
TODAY = date(2026, 11, 23)
EVERYTHING = 1_000
"""rows of a page on which all that there is stands"""
ENDED = {TaskState.CLOSED, TaskState.TERMINATED}


class World:
    """A tree of departments and tasks with sub-tasks in random situations, always the same for one seed."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session = session
        self.random = random.Random(seed)
        root = factories.make_department(session)
        self.departments = [root]
        for _ in range(14):
            self.departments.append(factories.make_department(session, parent=self.random.choice(self.departments)))
        self.people = [factories.make_person(session, f"某{number}") for number in range(6)]
        self.plans = [
            factories.make_plan(session, body=body, imported_by=self.people[0])
            for body in self.random.sample(self.departments, 4)
        ]
        self.assignments: dict[int, list[Assignment]] = defaultdict(list)
        """by task"""
        self.tasks = [self.make_task() for _ in range(TASKS)]
        for _ in range(SPLITS):
            self.split_something()
        session.flush()
        self.unmanned = frozenset(one.id for one in self.random.sample(self.departments, 5))

    def make_task(self) -> Task:
        lead, *partners = self.random.sample(self.departments, self.random.randint(1, 4))
        state = self.random.choice(list(TaskState))
        return self.make(self.random.choice(self.plans), lead, tuple(partners), state)

    def make(self, plan: Plan, lead: Department, partners: tuple[Department, ...], state: TaskState) -> Task:
        task = factories.make_task(
            self.session,
            plan=plan,
            lead=lead,
            partners=partners,
            state=state,
            assignment_state=self.random.choice(list(AssignmentState)),
            due_on=self.random.choice([None, *(TODAY + timedelta(days=days) for days in (-30, -9, -1, 0, 9))]),
        )
        for one in self.session.scalars(select(Assignment).where(Assignment.task_id == task.id)):
            one.officer_id = self.random.choice([None, *(person.id for person in self.people)])
            one.is_held = self.random.random() < 0.1
            self.assignments[task.id].append(one)
        return task

    def split_something(self) -> None:
        """One more sub-task of some part of some task, for a department below."""
        parts = [
            (task, part, below)
            for task in self.tasks
            if task.state is not TaskState.DRAFT
            for part in self.assignments[task.id]
            if (below := self.below(part.department_id))
        ]
        above, part, below = self.random.choice(parts)
        plan = next(one for one in self.plans if one.id == above.plan_id)
        lead, *partners = self.random.sample(below, min(len(below), self.random.randint(1, 2)))
        state = self.random.choice([one for one in TaskState if one is not TaskState.DRAFT])
        subtask = self.make(plan, lead, tuple(partners), state)
        subtask.parent_id = above.id
        came_from = self.session.scalars(
            select(TaskLineage.assignment_id).where(TaskLineage.task_id == above.id).order_by(TaskLineage.distance)
        )
        for distance, one in enumerate([part.id, *came_from], start=1):
            self.session.add(TaskLineage(task_id=subtask.id, assignment_id=one, distance=distance))
        self.session.flush()
        self.tasks.append(subtask)

    def below(self, department_id: int) -> list[Department]:
        path = next(one.path for one in self.departments if one.id == department_id)
        return [one for one in self.departments if one.path.startswith(path) and one.path != path]

    def situations(self) -> dict[int, TaskSituation]:
        """What the table of permissions is asked about, by task."""
        departments = {one.id: one for one in self.departments}
        vacant = {one.id: DEPARTMENT_WIDE if one.id in self.unmanned else frozenset() for one in self.departments}
        lineages = load_lineages(self.session, self.tasks)
        return {
            task.id: describe(task, self.assignments[task.id], departments, vacant, (), lineages=lineages)
            for task in self.tasks
        }

    def make_actor(self) -> Actor:
        person: Person = self.random.choice(self.people)
        places: list[Department] = self.random.choices(self.departments, k=self.random.randint(0, 3))
        roles = [*Role, Role.HEAD, Role.LIAISON]
        posts = tuple(Post(self.random.choice(roles), place.id, place.path) for place in places)
        return Actor(person.id, person.name, posts, self.make_portfolio())

    def make_portfolio(self) -> Portfolio | None:
        """For half of the people; they need not be leaders, and then it says nothing."""
        if self.random.random() < 0.5:
            return None
        places = self.random.sample(self.departments, self.random.randint(0, 2))
        plans = self.random.sample(self.plans, self.random.randint(0, 2))
        return Portfolio(tuple(one.path for one in places), frozenset(one.id for one in plans))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_queries_and_the_table_agree_on_who_sees_what(session: Session, seed: int) -> None:
    world = World(session, seed)
    situations = world.situations()
    seen = decided_below = 0

    for _ in range(ACTORS):
        actor = world.make_actor()

        by_query = set(session.scalars(select(Task.id).where(visible_tasks(actor))))
        assert by_query == {task_id for task_id, one in situations.items() if may_see_task(actor, one)}, actor
        seen += len(by_query)

        condition = supervised_tasks(actor, unmanned=world.unmanned)
        supervised = set(session.scalars(select(Task.id).where(condition)))
        assert supervised == {task_id for task_id, one in situations.items() if supervises_task(actor, one)}, actor
        decided_below += sum(bool(situations[task_id].lineage) for task_id in supervised)

        condition = supervised_assignments(actor, unmanned=world.unmanned)
        watched = set(session.scalars(select(Assignment.task_id).where(condition)))
        assert watched == supervised

        held = set(session.scalars(select(Assignment.id).where(held_assignments(actor))))
        assert held == {
            one.id for situation in situations.values() for one in situation.assignments if holds_assignment(actor, one)
        }

        topmost = set(session.scalars(select(Task.id).where(topmost_tasks(actor))))
        assert topmost == met_once(by_query, situations), actor

        listed = set(session.scalars(select(Assignment.id).join(Task).where(overseen_assignments(actor))))
        assert listed == watched_once(actor, situations), actor

    assert 0 < seen < ACTORS * len(world.tasks)
    assert decided_below > ACTORS


def test_every_list_search_count_and_export_has_what_the_table_says_and_a_matter_once(session: Session) -> None:
    world = World(session, seed=4)
    # As the database says: nobody has a post there, so who decides about a task stands in for all its departments.
    world.unmanned = frozenset(one.id for one in world.departments)
    situations = world.situations()
    tasks = {one.id: one for one in world.tasks}
    calendar = load_calendar(session)
    met: Counter[str] = Counter()

    for _ in range(READERS):
        actor = world.make_actor()
        seen = {task_id for task_id, one in situations.items() if may_see_task(actor, one)}
        topmost = met_once(seen, situations)
        late = {
            one.id: task
            for task in world.tasks
            for one in world.assignments[task.id]
            if is_overdue(task.state, one.state, one.due_on, TODAY, is_held=one.is_held)
        }
        held = {one.id for each in situations.values() for one in each.assignments if holds_assignment(actor, one)}
        told_late = late.keys() & (held | watched_once(actor, situations))

        found = search_tasks(session, actor, TaskFilter(), today=TODAY, size=EVERYTHING)
        assert ({row.id for row in found.page.rows}, found.page.total) == (topmost, len(topmost)), actor
        assert {one.id for one in found.plans} == {tasks[task_id].plan_id for task_id in seen}
        units = {one.department_id for task_id in seen for one in situations[task_id].assignments}
        assert {one.id for one in found.departments} == units

        words = world.random.choice(world.tasks).title
        named = TaskFilter(words=words)
        assert find_task_ids(session, actor, named, today=TODAY) == sorted(
            task_id for task_id in topmost if words in tasks[task_id].title
        )
        is_late = find_task_ids(session, actor, TaskFilter(is_overdue=True), today=TODAY)
        assert is_late == sorted(topmost & {late[one].id for one in told_late})

        overdue = list_overdue(session, actor, today=TODAY, size=EVERYTHING)
        assert {row.assignment_id for row in overdue.page.rows} == told_late, actor
        assert overdue.page.total == sum(one.total for one in overdue.departments) == len(told_late)

        plans = list_plans(session, actor, today=TODAY).rows
        for plan in plans:
            own = [tasks[task_id] for task_id in topmost if tasks[task_id].plan_id == plan.id]
            assert plan.figures == expected_figures(own, {late[one].id for one in told_late}), actor
        if plans:
            plan = world.random.choice(plans)
            own_ids = {task_id for task_id in topmost if tasks[task_id].plan_id == plan.id}
            page = get_plan(session, plan.id, actor, today=TODAY, calendar=calendar)
            ledger = load_ledger(session, plan.id, actor, now=NOW, calendar=calendar)
            assert {row.task_id for row in page.tasks.rows} == {row.task_id for row in ledger.rows} == own_ids
            met["plans"] += 1

        is_open = open_ones(world.tasks, situations)
        deciding = {one.id for each in situations.values() if supervises_task(actor, each) for one in each.assignments}
        issued = {
            one.id
            for each in situations.values()
            if each.lineage and speaks_for(actor, each.lineage[0])
            for one in each.assignments
        }
        for show, expected in ((Show.ALL, is_open & (held | deciding)), (Show.ISSUED, is_open & issued)):
            listed = list_my_tasks(session, actor, today=TODAY, calendar=calendar, show=show, size=EVERYTHING)
            assert {row.assignment_id for row in listed.page.rows} == expected, (actor, show)
            assert listed.counts[show] == len(expected)
            met[show] += len(expected)
        met["left out"] += len(seen - topmost)
        met["late sub-tasks"] += sum(bool(situations[late[one].id].lineage) for one in told_late)

    assert min(met[one] for one in ("plans", Show.ALL, Show.ISSUED, "left out", "late sub-tasks")) >= 8, met


# The same once more, from the situations alone


def met_once(seen: set[int], situations: dict[int, TaskSituation]) -> set[int]:
    """Of the tasks that somebody sees, those that no seen task stands above."""
    task_of = {one.id: task_id for task_id, each in situations.items() for one in each.assignments}
    return {task_id for task_id in seen if not {task_of[one.id] for one in situations[task_id].lineage} & seen}


def watched_once(actor: Actor, situations: dict[int, TaskSituation]) -> set[int]:
    """The assignments that somebody is told of for watching over them, of sub-tasks where no part above is."""
    watched = set()
    for task in situations.values():
        by_task = task.plan_id in actor.overseen_plans or lies_within(actor, task.body_path)
        above = bool(task.lineage) and by_task
        above = above or any(lies_within(actor, part.department_path) for part in task.lineage)
        watched |= {
            one.id for one in task.assignments if not above and (by_task or lies_within(actor, one.department_path))
        }
    return watched


def lies_within(actor: Actor, path: str) -> bool:
    return any(path.startswith(one) for one in actor.overseen_paths)


def speaks_for(actor: Actor, part: AssignmentSituation) -> bool:
    return any(actor.holds(role, part.department_id) for role in DEPARTMENT_WIDE)


def open_ones(tasks: Iterable[Task], situations: dict[int, TaskSituation]) -> set[int]:
    return {
        one.id
        for task in tasks
        if task.state in OPEN_TASK
        for one in situations[task.id].assignments
        if one.state in OPEN_ASSIGNMENT
    }


def expected_figures(own: list[Task], late: set[int]) -> Figures:
    drafts = sum(task.state is TaskState.DRAFT for task in own)
    ended = sum(task.state in ENDED for task in own)
    return Figures(
        total=len(own),
        drafts=drafts,
        running=len(own) - drafts - ended,
        closed=ended,
        overdue=sum(task.id in late for task in own),
        archived=sum(task.archived_at is not None for task in own),
    )


def test_somebody_without_posts_sees_nothing(session: Session) -> None:
    usual = factories.usual_people(session)
    plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
    factories.make_task(session, plan=plan, lead=usual.lead)

    assert session.scalars(select(Task).where(visible_tasks(Actor(usual.li.id, usual.li.name)))).all() == []
