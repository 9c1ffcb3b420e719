"""The files of a task as its page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.models import Attachment, Person
from taskboard.services.tasks import TaskDetail


class AttachmentRow(NamedTuple):
    """A file as the task's page shows it."""

    id: str
    name: str
    media_type: str
    size: int
    uploaded_at: datetime
    uploaded_by: str
    department: str | None
    may_remove: bool
    report_id: int | None
    """the report that it came with"""


class Place(NamedTuple):
    """Where this person may add files: an assignment with its department, or the task itself."""

    assignment_id: int | None
    department: str | None


@dataclass(frozen=True)
class TaskAttachments:
    """The files of a task, the latest first, and where this person may add some."""

    rows: list[AttachmentRow]
    places: list[Place]


def list_attachments(session: Session, task: TaskDetail) -> TaskAttachments:
    """The files of a task that was found for its page; one query."""
    names = {one.id: one.department for one in task.branches}
    query = (
        select(Attachment, Person.name)
        .join(Person, Person.id == Attachment.uploaded_by_id)
        .where(Attachment.task_id == task.id)
        .order_by(Attachment.uploaded_at.desc(), Attachment.name)
    )
    rows = [
        AttachmentRow(
            id=one.id,
            name=one.name,
            media_type=one.media_type,
            size=one.size,
            uploaded_at=one.uploaded_at,
            uploaded_by=person,
            department=names.get(one.assignment_id) if one.assignment_id else None,
            may_remove=one.assignment_id in task.attaches_to,
            report_id=one.report_id,
        )
        for one, person in session.execute(query)
    ]
    places = [Place(number, name) for number, name in [*names.items(), (None, None)] if number in task.attaches_to]
    return TaskAttachments(rows, places)
