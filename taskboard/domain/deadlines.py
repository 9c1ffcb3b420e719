"""Days left and days late: the one definition of time for lists, lights, reminders, mails and exports.

A deadline is a day in Asia/Shanghai and inclusive: the due day is on time. Overdue is a fact that follows from the
deadline, the submission and today; it is never stored. ``services/overdue.py`` holds its SQL twin.
"""

from __future__ import annotations

from datetime import date

from taskboard.domain.workflow import OWING, UNDER_WAY, AssignmentState, TaskState


def days_left(due_on: date, today: date) -> int:
    """Calendar days from today to the deadline: 0 on the due day, negative after it."""
    return (due_on - today).days


def is_overdue(task_state: TaskState, state: AssignmentState, due_on: date | None, today: date) -> bool:
    """Whether the deadline is past and nothing was submitted; an ongoing task (no deadline) never is."""
    return due_on is not None and task_state in UNDER_WAY and state in OWING and days_left(due_on, today) < 0


def days_late(due_on: date | None, submitted_on: date | None, today: date) -> int:
    """Calendar days past the deadline at the submission, or by today while nothing was submitted; 0 when on time."""
    if due_on is None:
        return 0
    return max(0, -days_left(due_on, submitted_on or today))
