"""Where sub-tasks come from and what came of a part, read for many tasks at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from taskboard.domain.decomposition import OWING_SUBTASK
from taskboard.domain.workflow import TaskState
from taskboard.models import Assignment, Task, TaskLineage


@dataclass(frozen=True)
class Lineages:
    """Of some tasks: the assignments that each came from, the nearest first, and the states of the tasks above."""

    parts: dict[int, list[Assignment]] = field(default_factory=dict)
    parent_states: dict[int, TaskState] = field(default_factory=dict)

    def of(self, task_id: int) -> list[Assignment]:
        return self.parts.get(task_id, [])

    def parent_state(self, task_id: int) -> TaskState | None:
        return self.parent_states.get(task_id)

    @property
    def department_ids(self) -> set[int]:
        return {part.department_id for parts in self.parts.values() for part in parts}


NO_LINEAGES = Lineages()

_PARTS = (
    select(TaskLineage.task_id, TaskLineage.distance, Assignment, Task.state)
    .join(Assignment, Assignment.id == TaskLineage.assignment_id)
    .join(Task, Task.id == Assignment.task_id)
    .where(TaskLineage.task_id.in_(bindparam("task_ids", expanding=True)))
    .order_by(TaskLineage.task_id, TaskLineage.distance)
)
_ABOVE = (
    select(Assignment.task_id)
    .distinct()
    .join(TaskLineage, TaskLineage.assignment_id == Assignment.id)
    .where(TaskLineage.task_id.in_(bindparam("task_ids", expanding=True)))
)


def load_lineages(session: Session, tasks: Iterable[Task]) -> Lineages:
    """Where the sub-tasks among these tasks come from; one query, none where there is no sub-task."""
    wanted = [task.id for task in tasks if task.parent_id is not None]
    if not wanted:
        return NO_LINEAGES
    parts: dict[int, list[Assignment]] = defaultdict(list)
    states: dict[int, TaskState] = {}
    for task_id, distance, part, state in session.execute(_PARTS, {"task_ids": wanted}):
        parts[task_id].append(part)
        if distance == 1:
            states[task_id] = state
    return Lineages(dict(parts), states)


def ids_above(session: Session, task_ids: Collection[int]) -> set[int]:
    """Ids of the tasks that stand above these, at whatever distance; one query."""
    return set(session.scalars(_ABOVE, {"task_ids": list(task_ids)}))


def count_owing_subtasks(session: Session, assignment_id: int) -> int:
    """How many sub-tasks of the assignment were neither submitted nor ended; one query."""
    query = (
        select(func.count())
        .select_from(TaskLineage)
        .join(Task, Task.id == TaskLineage.task_id)
        .where(TaskLineage.assignment_id == assignment_id, TaskLineage.distance == 1, Task.state.in_(OWING_SUBTASK))
    )
    return session.scalar(query) or 0


def name_measure(session: Session, assignments: Iterable[Assignment], measure_id: int) -> None:
    """Let the sub-tasks of these assignments go by the measure that the task above goes by now."""
    came_of_them = select(TaskLineage.task_id).where(TaskLineage.assignment_id.in_([one.id for one in assignments]))
    session.execute(update(Task).where(Task.id.in_(came_of_them)).values(measure_id=measure_id))
