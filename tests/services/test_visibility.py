"""What a person sees in lists is what the table of permissions says they may see: over many random situations."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.permissions import Actor, Portfolio, Post, holds_assignment, may_see_task
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.models import Assignment, Department, Person, Task
from taskboard.services.cases import describe
from taskboard.services.visibility import (
    held_assignments,
    overseen_assignments,
    supervised_assignments,
    supervised_tasks,
    visible_tasks,
)
from tests.support import factories

TASKS = 60
ACTORS = 120


class World:
    """A tree of departments and tasks in random situations, always the same for one seed."""

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
        self.tasks = [self.make_task() for _ in range(TASKS)]
        session.flush()

    def make_task(self) -> Task:
        lead, *partners = self.random.sample(self.departments, self.random.randint(1, 4))
        task = factories.make_task(
            self.session,
            plan=self.random.choice(self.plans),
            lead=lead,
            partners=tuple(partners),
            state=self.random.choice(list(TaskState)),
            assignment_state=self.random.choice(list(AssignmentState)),
        )
        for one in self.session.scalars(select(Assignment).where(Assignment.task_id == task.id)):
            one.officer_id = self.random.choice([None, *(person.id for person in self.people)])
        return task

    def make_actor(self) -> Actor:
        person: Person = self.random.choice(self.people)
        places: list[Department] = self.random.choices(self.departments, k=self.random.randint(0, 3))
        posts = tuple(Post(self.random.choice(list(Role)), place.id, place.path) for place in places)
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
    departments = {one.id: one for one in world.departments}
    vacant: dict[int, frozenset[Role]] = {one.id: frozenset() for one in world.departments}
    assignments: dict[int, list[Assignment]] = {task.id: [] for task in world.tasks}
    for one in session.scalars(select(Assignment)):
        assignments[one.task_id].append(one)
    situations = {task.id: describe(task, assignments[task.id], departments, vacant, ()) for task in world.tasks}
    seen = 0

    for _ in range(ACTORS):
        actor = world.make_actor()

        by_query = set(session.scalars(select(Task.id).where(visible_tasks(actor))))
        assert by_query == {task.id for task in world.tasks if may_see_task(actor, situations[task.id])}, actor
        seen += len(by_query)

        supervised = set(session.scalars(select(Task.id).where(supervised_tasks(actor))))
        assert supervised == {task_id for task_id, one in situations.items() if actor.supervises(one.body_path)}

        watched = set(session.scalars(select(Assignment.task_id).where(supervised_assignments(actor))))
        assert watched == supervised

        held = set(session.scalars(select(Assignment.id).where(held_assignments(actor))))
        assert held == {
            one.id for situation in situations.values() for one in situation.assignments if holds_assignment(actor, one)
        }

        listed = session.scalars(select(Assignment.task_id).join(Task).where(overseen_assignments(actor)))
        visible_or_draft = by_query | {task.id for task in world.tasks if task.state is TaskState.DRAFT}
        assert set(listed) <= visible_or_draft

    assert 0 < seen < ACTORS * TASKS


def test_somebody_without_posts_sees_nothing(session: Session) -> None:
    usual = factories.usual_people(session)
    plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)
    factories.make_task(session, plan=plan, lead=usual.lead)

    assert session.scalars(select(Task).where(visible_tasks(Actor(usual.li.id, usual.li.name)))).all() == []
