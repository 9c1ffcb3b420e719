"""The measurable targets of a task."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.models import TaskTarget


def list_targets(session: Session, task_id: int) -> list[TaskTarget]:
    """The targets of a task that the caller may see, in their order."""
    return list(session.scalars(select(TaskTarget).where(TaskTarget.task_id == task_id).order_by(TaskTarget.position)))
