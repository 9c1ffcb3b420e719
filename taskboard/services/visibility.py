"""What of the tasks a person may see, as conditions for queries: the SQL twin of ``permissions.may_see_task``.

Every query that lists or opens tasks starts from here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar

from sqlalchemy import ColumnElement, ScalarSelect, Select, SQLColumnExpression, and_, exists, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from taskboard.domain.permissions import DEPARTMENT_WIDE, Actor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentRole, AssignmentState, TaskState
from taskboard.models import Assignment, Department, Task, TaskLineage

Value = TypeVar("Value")

_Part = aliased(Assignment, name="part")
"""an assignment that a sub-task came from"""
_Above = aliased(Task, name="task_above")
_Lineage = aliased(TaskLineage, name="lineage")
_Split = aliased(Assignment, name="split_above")
_OnTask = aliased(Assignment, name="on_task")
_OnAbove = aliased(Assignment, name="on_task_above")
"""under names of their own, so that a query on assignments may ask what is visible"""


def visible_tasks(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Task`: those that exist for this person."""
    return or_(supervised_tasks(actor), and_(Task.state != TaskState.DRAFT, _overseen(actor, Task, _OnTask)))


def topmost_tasks(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Task`: those that exist for this person, without sub-tasks of tasks that do, too.

    For lists and counts, where a matter stands once: at the highest place at which the person meets it.
    """
    # At whatever distance: who works on the task and two levels further down does not see what lies between.
    is_below_another = exists().where(
        _Lineage.task_id == Task.id,
        _Split.id == _Lineage.assignment_id,
        _Above.id == _Split.task_id,
        _overseen(actor, _Above, _OnAbove),
    )
    return and_(visible_tasks(actor), or_(Task.parent_id.is_(None), ~is_below_another))


def _overseen(actor: Actor, task: type[Task], assignment: type[Assignment]) -> ColumnElement[bool]:
    """Of tasks that are no drafts: those this person watches over, or works on, or on a part of which they came."""
    on_an_assignment = exists().where(
        assignment.task_id == task.id,
        or_(held_assignments(actor, assignment), _within(assignment.department_id, actor.overseen_paths)),
    )
    return or_(
        _within(task.body_id, actor.overseen_paths), _of_plans(actor, task), on_an_assignment, _came_to(actor, task)
    )


def _came_to(actor: Actor, task: type[Task]) -> ColumnElement[bool]:
    """Sub-tasks of what this person works on."""
    is_held = held_assignments(actor, _Part)
    of_part = select(TaskLineage.task_id).join(_Part, _Part.id == TaskLineage.assignment_id).where(is_held)
    return task.id.in_(of_part)


def decides_somewhere(actor: Actor) -> bool:
    """Whether this person may decide about tasks at all: supervisors, and who may have split a part into sub-tasks."""
    return actor.is_supervisor or bool(department_ids(actor, DEPARTMENT_WIDE))


def supervised_tasks(actor: Actor, *, unmanned: Collection[int] = ()) -> ColumnElement[bool]:
    """Condition on :class:`Task`: those this person decides about; the twin of ``permissions.supervises_task``.

    ``unmanned`` are the departments without head and liaison, for which supervisors decide about sub-tasks.
    """
    return _supervised(actor, unmanned, Task.id, Task.parent_id, Task.body_id)


def supervised_assignments(actor: Actor, *, unmanned: Collection[int] = ()) -> ColumnElement[bool]:
    """Condition on :class:`Assignment`: those of supervised tasks."""
    return _supervised(actor, unmanned, Assignment.task_id, task_value(Task.parent_id), task_value(Task.body_id))


def _supervised(
    actor: Actor,
    unmanned: Collection[int],
    task_id: SQLColumnExpression[int],
    parent_id: SQLColumnExpression[int | None],
    body_id: SQLColumnExpression[int],
) -> ColumnElement[bool]:
    # Each part only for who has such a post, as in held_assignments.
    parts: list[ColumnElement[bool]] = []
    below = _below(body_id, actor, {Role.SUPERVISOR})
    if actor.is_supervisor:
        parts.append(and_(parent_id.is_(None), below))
        if unmanned:
            parts.append(and_(task_id.in_(_split_by(unmanned)), below))
    if speaks_for := department_ids(actor, DEPARTMENT_WIDE):
        parts.append(task_id.in_(_split_by(speaks_for)))
    return or_(*parts) if parts else false()


def issued_subtasks(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Assignment`: those of sub-tasks into which this person's departments split their parts."""
    speaks_for = department_ids(actor, DEPARTMENT_WIDE)
    return Assignment.task_id.in_(_split_by(speaks_for)) if speaks_for else false()


def is_of_unmanned_leads(unmanned: Collection[int]) -> ColumnElement[bool]:
    """Condition on :class:`Assignment`: a partner's on a task of which every lead has neither head nor liaison."""
    lead = aliased(Assignment)
    leads = exists().where(
        lead.task_id == Assignment.task_id,
        lead.role == AssignmentRole.LEAD,
        lead.state != AssignmentState.WITHDRAWN,
    )
    return and_(
        Assignment.role == AssignmentRole.PARTNER,
        leads.where(lead.department_id.in_(unmanned)),
        ~leads.where(lead.department_id.not_in(unmanned)),
    )


def _split_by(department_ids: Collection[int]) -> Select[int]:
    """Ids of the sub-tasks into which these departments split their parts."""
    return (
        select(TaskLineage.task_id)
        .join(_Part, _Part.id == TaskLineage.assignment_id)
        .where(TaskLineage.distance == 1, _Part.department_id.in_(list(department_ids)))
    )


def task_value(column: InstrumentedAttribute[Value]) -> ScalarSelect[Value]:
    """What stands in this column of the assignment's task, looked up for each assignment that is read.

    For conditions that few assignments reach. Given a join instead, SQLite may begin with the tasks and read every one.
    """
    return select(column).where(Task.id == Assignment.task_id).correlate(Assignment).scalar_subquery()


def overseen_assignments(actor: Actor) -> ColumnElement[bool]:
    """Condition on :class:`Assignment` with its :class:`Task`: what this person watches over without working on it.

    Of a sub-task only where the part it came from is not watched over, too: a matter counts once.
    """
    places = actor.overseen_paths
    if not places and not actor.overseen_plans:
        return false()
    by_task = or_(_within(Task.body_id, places), _of_plans(actor))
    of_seen_part = (
        select(TaskLineage.task_id)
        .join(_Part, _Part.id == TaskLineage.assignment_id)
        .where(_within(_Part.department_id, places))
    )
    is_topmost = or_(Task.parent_id.is_(None), ~or_(by_task, Task.id.in_(of_seen_part)))
    return and_(or_(by_task, _within(Assignment.department_id, places)), is_topmost)


def held_assignments(actor: Actor, of: type[Assignment] = Assignment) -> ColumnElement[bool]:
    """Condition on :class:`Assignment`: those this person works on; the twin of ``permissions.holds_assignment``."""
    # Each part only for who has such a post: an OR with an empty part keeps the database from its best index.
    parts: list[ColumnElement[bool]] = []
    if led := department_ids(actor, DEPARTMENT_WIDE):
        parts.append(of.department_id.in_(led))
    if served := department_ids(actor, {Role.OFFICER}):
        parts.append(and_(of.officer_id == actor.person_id, of.department_id.in_(served)))
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


def _of_plans(actor: Actor, task: type[Task] = Task) -> ColumnElement[bool]:
    return task.plan_id.in_(sorted(actor.overseen_plans)) if actor.overseen_plans else false()
