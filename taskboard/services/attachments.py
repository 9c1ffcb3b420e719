"""Files on tasks: added by the departments and the supervisors, seen by everybody who sees the task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Unpack

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from taskboard.domain.attachments import media_type_of
from taskboard.domain.errors import Invalid, NotAllowed, NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.permissions import Actor, may_attach, may_see_task, places_for_files
from taskboard.domain.workflow import Act
from taskboard.models import Assignment, Attachment, Department, HistoryEntry, Plan, Task
from taskboard.services.attachment_files import StoredFile
from taskboard.services.cases import Acting, Case, describe, open_cases
from taskboard.services.history import find_done, find_repeated, record_change
from taskboard.services.lineage import load_lineages
from taskboard.services.visibility import visible_tasks

LONGEST_NAME = 200
MOST_AT_ONCE = 20


@dataclass(frozen=True)
class Upload:
    """A stored file and what it is called."""

    file: StoredFile
    name: str


def add_attachments(
    session: Session,
    task_id: int,
    uploads: Sequence[Upload],
    *,
    assignment_id: int | None = None,
    plan_limit: int,
    **by: Unpack[Acting],
) -> bool:
    """Keep stored files with the task; ``False``, and nothing done, where this request was carried out before.

    Raises :class:`NotFound`, :class:`NotAllowed`, and :class:`Invalid` for a program, too many files, or where the
    plan's tasks would have more than ``plan_limit`` bytes together.
    """
    case = _open(session, task_id, by)
    request_key = by.get("request_key")
    if find_repeated(session, request_key, act=Change.ATTACHED, task_id=task_id, actor=by["actor"]) is not None:
        return False
    _require(case, assignment_id)
    if not uploads:
        raise Invalid("files", "attachment_missing")
    attach(case, uploads, assignment_id=assignment_id, plan_limit=plan_limit, request_key=request_key)
    return True


def attach(
    case: Case,
    uploads: Sequence[Upload],
    *,
    assignment_id: int | None,
    report_id: int | None = None,
    plan_limit: int,
    request_key: str | None = None,
) -> None:
    """Keep stored files with the case's task, for who may do so; raises :class:`Invalid` as above."""
    session, task_id = case.session, case.task.id
    if len(uploads) > MOST_AT_ONCE:
        raise Invalid("files", "attachments_too_many", most=MOST_AT_ONCE)
    kinds = [media_type_of(one.file.head, one.name) for one in uploads]
    _check_room(session, case.task, sum(one.file.size for one in uploads), plan_limit)
    for one, media_type in zip(uploads, kinds, strict=True):
        session.add(
            Attachment(
                id=one.file.id,
                task_id=task_id,
                assignment_id=assignment_id,
                report_id=report_id,
                name=shortened(one.name),
                media_type=media_type,
                size=one.file.size,
                sha256=one.file.sha256,
                uploaded_by_id=case.actor.person_id,
                uploaded_at=case.now,
            )
        )
    session.flush()
    by: Acting = {"actor": case.actor, "now": case.now, "entrance": case.entrance, "request_key": request_key}
    _record(session, task_id, Change.ATTACHED, [(one.name, one.file.size, one.file.sha256) for one in uploads], by)


def list_kept(session: Session, uploads: Sequence[Upload]) -> set[str]:
    """Ids of those of these files that belong to a task by now."""
    return set(session.scalars(select(Attachment.id).where(Attachment.id.in_([one.file.id for one in uploads]))))


def remove_attachment(session: Session, attachment_id: str, **by: Unpack[Acting]) -> int:
    """Take a file away until its department submitted; its task. The bytes go with the next clean-up.

    A request that took it away before gets the same answer. Raises :class:`NotFound` and :class:`NotAllowed`.
    """
    task_id = session.scalar(select(Attachment.task_id).where(Attachment.id == attachment_id))
    if task_id is None:
        return _removed_from(session, by)
    case = _open(session, task_id, by)
    # Only behind the task's lock: somebody else may have taken it away while this one waited.
    row = session.scalar(select(Attachment).where(Attachment.id == attachment_id))
    if row is None:
        return _removed_from(session, by)
    _require(case, row.assignment_id)
    session.delete(row)
    session.flush()
    _record(session, row.task_id, Change.DETACHED, [(row.name, row.size, row.sha256)], by)
    return row.task_id


def _removed_from(session: Session, by: Acting) -> int:
    """The task from which this request took a file away before; raises :class:`NotFound` where it took none."""
    entry = find_done(session, by.get("request_key"), act=Change.DETACHED, actor=by["actor"])
    if entry is None or entry.task_id is None:
        raise NotFound(subject="attachment")
    return entry.task_id


def get_attachment(session: Session, attachment_id: str, actor: Actor) -> Attachment:
    """A file of a task that exists for this person; raises :class:`NotFound`."""
    query = select(Attachment).join(Task, Task.id == Attachment.task_id)
    row = session.scalar(query.where(Attachment.id == attachment_id, visible_tasks(actor)))
    if row is None:
        raise NotFound(subject="attachment")
    return row


def check_place(session: Session, task_id: int, assignment_id: int | None, actor: Actor) -> None:
    """Raises :class:`NotFound` or :class:`NotAllowed` where this person may not add files, before any is kept."""
    task = session.get(Task, task_id)
    if task is None:
        raise NotFound(subject="task")
    assignments = session.scalars(select(Assignment).where(Assignment.task_id == task_id)).all()
    lineages = load_lineages(session, [task])
    named = {one.department_id for one in assignments} | {task.body_id} | lineages.department_ids
    departments = {one.id: one for one in session.scalars(select(Department).where(Department.id.in_(named)))}
    # Files do not depend on who stands in for whom, nor on requests for more time.
    situation = describe(task, assignments, departments, dict.fromkeys(named, frozenset()), (), lineages=lineages)
    if not may_see_task(actor, situation):
        raise NotFound(subject="task")
    if assignment_id not in places_for_files(actor, situation):
        raise NotAllowed()


def known_ids(session: Session) -> set[str]:
    """The ids of all attachments that there are."""
    return set(session.scalars(select(Attachment.id)))


def shortened(name: str) -> str:
    """The name within its column, with its ending kept."""
    stem, dot, ending = name.rpartition(".")
    if len(name) <= LONGEST_NAME or not dot or len(ending) > 20:
        return name[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"


def _open(session: Session, task_id: int, by: Acting) -> Case:
    return open_cases(session, Act.REPORT, [task_id], **by)[task_id]


def _require(case: Case, assignment_id: int | None) -> None:
    situation = None
    if assignment_id is not None:
        situation = next((one for one in case.situation.assignments if one.id == assignment_id), None)
        if situation is None:
            raise NotFound(subject="assignment")
    if not may_attach(case.actor, case.situation, situation):
        raise NotAllowed()


def _check_room(session: Session, task: Task, size: int, limit: int) -> None:
    # Two who upload to one plan side by side wait for one another here.
    session.execute(select(Plan.id).where(Plan.id == task.plan_id).with_for_update())
    of_plan = select(func.coalesce(func.sum(Attachment.size), 0)).join(Task, Task.id == Attachment.task_id)
    used = int(session.scalar(of_plan.where(Task.plan_id == task.plan_id)) or 0)
    if used + size > limit:
        raise Invalid("files", "attachments_plan_full", mebibytes=limit // 2**20)


def _record(
    session: Session, task_id: int, act: Change, files: Sequence[tuple[str, int, str]], by: Acting
) -> HistoryEntry:
    known = {"files": [{"name": name, "size": size, "sha256": sha256} for name, size, sha256 in files]}
    return record_change(
        session,
        subject=Subject.TASK,
        subject_id=task_id,
        act=act,
        actor=by["actor"],
        now=by["now"],
        entrance=by["entrance"],
        before=known if act is Change.DETACHED else None,
        after=known if act is Change.ATTACHED else None,
        request_key=by.get("request_key"),
    )
