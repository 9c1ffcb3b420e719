"""What of the tasks a person may see, as conditions for queries: the SQL twin of ``permissions.may_see_task``.

Every query that lists or opens tasks starts from here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar

from sqlalchemy import ColumnElement, ScalarSelect, SQLColumnExpression, and_, exists, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from taskboard.domain.permissions import DEPARTMENT_WIDE, Actor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import TaskState
from taskboard.models import Assignment, Department, Task

Value = TypeVar("Value")


def visible_tasks(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Task`: those that exist for this person."""
    on_an_assignment = exists().where(
        Assignment.task_id == Task.id,
        or_(held_assignments(actor), _within(Assignment.department_id, actor.overseen_paths)),
    )
    overseen = or_(_within(Task.body_id, actor.overseen_paths), _of_plans(actor), on_an_assignment)
    return or_(supervised_tasks(actor), and_(Task.state != TaskState.DRAFT, overseen))


def supervised_tasks(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Task`: those of bodies where this person is supervisor, or below them."""
    return _below(Task.body_id, actor, {Role.SUPERVISOR})


def supervised_assignments(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Assignment`: those of supervised tasks."""
    return _below(task_value(Task.body_id), actor, {Role.SUPERVISOR})


def task_value(column: InstrumentedAttribute[Value]) -> ScalarSelect[Value]:
    """What stands in this column of the assignment's task, looked up for each assignment that is read.

    For conditions that few assignments reach. Given a join instead, SQLite may begin with the tasks and read every one.
    """
    return select(column).where(Task.id == Assignment.task_id).correlate(Assignment).scalar_subquery()


def overseen_assignments(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Assignment` with its :class:`Task`: what this person watches over without working on it."""
    places = actor.overseen_paths
    return or_(_within(Task.body_id, places), _within(Assignment.department_id, places), _of_plans(actor))


def held_assignments(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Assignment`: those this person works on; the twin of ``permissions.holds_assignment``."""
    # Each part only for who has such a post: an OR with an empty part keeps the database from its best index.
    parts: list[ColumnElement[bool]] = []
    if led := department_ids(actor, DEPARTMENT_WIDE):
        parts.append(Assignment.department_id.in_(led))
    if served := department_ids(actor, {Role.OFFICER}):
        parts.append(and_(Assignment.officer_id == actor.person_id, Assignment.department_id.in_(served)))
    return or_(*parts) if parts else false()


def department_ids(actor: Actor, roles: Iterable[Role]) -> list[int]:
    """The departments where this person holds one of the roles, sorted."""
    wanted = frozenset(roles)
    return sorted({post.department_id for post in actor.posts if post.role in wanted})


def _below(column: SQLColumnExpression[int], actor: Actor, roles: Iterable[Role]) -> ColumnElement[bool]:
    wanted = frozenset(roles)
    return _within(column, {post.path for post in actor.posts if post.role in wanted})


def _within(column: SQLColumnExpression[int], paths: Collection[str]) -> ColumnElement[bool]:
    if not paths:
        return false()
    return column.in_(select(Department.id).where(or_(*(Department.path.startswith(path) for path in sorted(paths)))))


def _of_plans(actor: Actor) -> ColumnElement[bool]:
    return Task.plan_id.in_(sorted(actor.overseen_plans)) if actor.overseen_plans else false()
