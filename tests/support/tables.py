"""Rows that tests look up again and again."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.models import Assignment, Department, Task


def assignment_of(session: Session, task: Task, department: Department) -> Assignment:
    """The department's assignment on the task."""
    query = select(Assignment).where(Assignment.task_id == task.id, Assignment.department_id == department.id)
    return session.scalars(query).one()
