"""How late the submissions of an assignment were: the worst of them counts, by the deadline each had to keep."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from taskboard.domain.deadlines import days_late, is_overdue
from taskboard.domain.local_time import local_date
from taskboard.domain.workflow import Act
from taskboard.models import Assignment, Task
from taskboard.services import history


def days_overdue(task: Task, assignments: Iterable[Assignment], today: date) -> int:
    """How many days the branch that is overdue longest is so today; 0 where none is."""
    late = [one for one in assignments if is_overdue(task.state, one.state, one.due_on, today, is_held=one.is_held)]
    return max((days_late(one.due_on, None, today) for one in late), default=0)


def days_late_before_submission(session: Session, assignment: Assignment) -> int:
    """What stood there before the submission that is in now."""
    entry = history.last_entry(session, assignment.task_id, [Act.SUBMIT, Act.SIGN_OFF], assignment.id)
    before = (entry.before or {}) if entry else {}
    return int(before.get(history.part_of(assignment), {}).get("days_late", assignment.days_late))


def judge_submission_anew(session: Session, assignment: Assignment) -> None:
    """Measure the submission that is in by the deadline as it is now: one asked for in time was granted since."""
    if assignment.submitted_at is None:
        return
    submitted_on = local_date(assignment.submitted_at)
    late = days_late(assignment.due_on, submitted_on, submitted_on)
    assignment.days_late = max(days_late_before_submission(session, assignment), late)
