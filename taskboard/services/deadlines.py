"""Moving deadlines: the one place that sets ``due_on`` of tasks and assignments, and raises their versions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from taskboard.domain.deadlines import Deadline
from taskboard.domain.workflow import OPEN_ASSIGNMENT, DeadlineOrigin
from taskboard.models import Assignment, Task


def set_deadline(task: Task, deadline: Deadline, *, followed_by: Iterable[Assignment]) -> None:
    """Give the task this deadline; the open branches of ``followed_by`` take it over, unless theirs is earlier."""
    old = task.due_on
    task.is_ongoing = deadline.is_ongoing
    task.deadline_origin = deadline.origin
    if deadline.due_on != old:
        task.due_on = deadline.due_on
        task.deadline_version += 1
    for one in followed_by:
        if one.state in OPEN_ASSIGNMENT and _follows(one.due_on, old, deadline.due_on):
            set_own_deadline(one, deadline.due_on)


def _follows(own: date | None, old: date | None, new: date | None) -> bool:
    """Whether a branch shares the task's deadline: it has no earlier day of its own, or one that is now too late."""
    return new is None or own is None or own == old or own > new


def set_own_deadline(assignment: Assignment, due_on: date | None) -> None:
    """Give one branch its day."""
    if assignment.due_on != due_on:
        assignment.due_on = due_on
        assignment.deadline_version += 1


def keep_within(task: Task, assignments: Iterable[Assignment], latest: date | None) -> bool:
    """Move what is due after the latest day to it, or has no day though there is one; whether anything moved."""
    if latest is None:
        return False
    is_later = task.due_on is None or task.due_on > latest
    late = [one for one in assignments if one.state in OPEN_ASSIGNMENT and one.due_on and one.due_on > latest]
    if is_later:
        set_deadline(task, Deadline(latest, False, DeadlineOrigin.DECIDED), followed_by=assignments)
    for one in late:
        set_own_deadline(one, latest)
    return is_later or bool(late)


def postpone(task: Task, assignments: Iterable[Assignment], *, days: int, latest: date | None) -> None:
    """Move the task's deadline and each open branch's own by so many calendar days, up to the latest day if any.

    What cannot move does not count as moved: who was reminded of that day is not reminded anew.
    """

    def later(day: date) -> date:
        moved = day + timedelta(days=days)
        return moved if latest is None else min(moved, latest)

    if task.due_on is not None and later(task.due_on) != task.due_on:
        task.due_on = later(task.due_on)
        task.deadline_version += 1
    for one in assignments:
        if one.due_on is not None and one.state in OPEN_ASSIGNMENT:
            set_own_deadline(one, later(one.due_on))
