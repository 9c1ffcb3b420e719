"""Sub-tasks: a department splits its part of a task among the departments below it (逐级分解).

A *part* is an assignment that was split, the *sub-tasks* are what came of it. Who speaks for the department of the part
decides about them as supervisors do about a task (:func:`taskboard.domain.permissions.supervises_task`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from taskboard.domain.errors import Invalid
from taskboard.domain.workflow import (
    ENDED_TASK,
    UNDER_WAY,
    Act,
    AssignmentState,
    Closure,
    TaskState,
)

CARRIED_FROM = "carried_from"
"""in the facts of an act on a sub-task: the task above, where the act follows from one on that"""
LARGEST_WEIGHT = 100
MOST_SUBTASKS_AT_ONCE = 200

OWING_SUBTASK = frozenset({TaskState.ISSUED, TaskState.IN_PROGRESS})
"""a department that submits its part while one of its sub-tasks is here says why"""
ENDED_PART = frozenset({AssignmentState.ACCEPTED, AssignmentState.NOT_SUBMITTED, AssignmentState.WAIVED})


def latest_day(part_due_on: date | None, today: date) -> date | None:
    """The last day a sub-task may be due: that of the part, or today where that is past; None sets no bound."""
    return None if part_due_on is None else max(part_due_on, today)


def check_day(field: str, due_on: date | None, *, part_due_on: date | None, today: date) -> None:
    """Raise :class:`Invalid` where a sub-task would be due after the part it comes from, or have no day at all."""
    latest = latest_day(part_due_on, today)
    if latest is not None and (due_on is None or due_on > latest):
        raise Invalid(field, "later_than_parent", due_on=latest)


def carried_act(task_state: TaskState, part: AssignmentState, subtask: TaskState, *, was_carried: bool) -> Act | None:
    """What becomes of a sub-task by the state of the task above and of the part it comes from; None leaves it.

    ``was_carried`` says that a suspended sub-task was suspended together with the part, and so goes on with it.
    """
    if subtask in ENDED_TASK or subtask is TaskState.DRAFT:
        return None
    if task_state is TaskState.TERMINATED or part is AssignmentState.WITHDRAWN:
        return Act.TERMINATE
    if task_state is TaskState.CLOSED or part in ENDED_PART:
        return Act.CLOSE
    if task_state is TaskState.SUSPENDED or part is AssignmentState.OBJECTED:
        return Act.SUSPEND if subtask in UNDER_WAY else None
    return Act.RESUME if subtask is TaskState.SUSPENDED and was_carried else None


def carried_closure(subtask: TaskState) -> Closure:
    """With what result a sub-task ends that was still open when its part ended."""
    return Closure.DONE if subtask is TaskState.SUBMITTED else Closure.ENDED_UNDONE


def carried_branch_end(subtask: TaskState) -> AssignmentState:
    """How its open branches end then: nothing was owed while it was suspended."""
    return AssignmentState.WAIVED if subtask is TaskState.SUSPENDED else AssignmentState.NOT_SUBMITTED


@dataclass(frozen=True)
class SubtaskFacts:
    """What the progress of a part needs to know of one of its sub-tasks."""

    state: TaskState
    weight: int
    percent: int | None
    is_overdue: bool
    closure: Closure | None = None


@dataclass(frozen=True)
class RollUp:
    """How far the sub-tasks of a part are; ``percent`` is None where none of them says anything."""

    total: int
    closed: int
    submitted: int
    overdue: int
    percent: int | None


def roll_up(subtasks: Iterable[SubtaskFacts]) -> RollUp:
    """The progress of a part by the weight of its sub-tasks. Those terminated do not count.

    One that is closed as done, or submitted, counts in full; of any other what it reported, nothing where it did not.
    """
    counting = [one for one in subtasks if one.state is not TaskState.TERMINATED]
    reached = [percent_reached(one.state, one.closure, one.percent) for one in counting]
    weight = sum(one.weight for one in counting)
    done = sum(one.weight * (share or 0) for one, share in zip(counting, reached, strict=True))
    is_known = any(share is not None for share in reached)
    return RollUp(
        total=len(counting),
        closed=sum(one.state is TaskState.CLOSED for one in counting),
        submitted=sum(one.state is TaskState.SUBMITTED for one in counting),
        overdue=sum(one.is_overdue for one in counting),
        percent=done // weight if is_known else None,
    )


def percent_reached(state: TaskState, closure: Closure | None, reported: int | None) -> int | None:
    """How far a sub-task is: in full where it was submitted or closed as done, else what was reported last."""
    is_done = state is TaskState.CLOSED and closure not in (Closure.ENDED_UNDONE, Closure.PARTLY_DONE)
    return 100 if is_done or state is TaskState.SUBMITTED else reported
