"""The one trail of what happened: written in the transaction of the act, never changed afterwards.

Acts on a task are recorded by :func:`record` (through :meth:`~taskboard.services.cases.Case.finish`), everything else
by :func:`record_change`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypedDict

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid
from taskboard.domain.history import Change, RecordedAct, Subject, fit_to_keep, without_numbers
from taskboard.domain.permissions import Actor
from taskboard.domain.workflow import Act
from taskboard.models import Assignment, HistoryEntry, Task

Snapshot = dict[str, dict[str, Any]]


class Writing(TypedDict):
    """Who changes something, when and from which entrance (``"web"``, ``"cli"``): what every entry needs."""

    actor: Actor
    now: datetime
    entrance: str


TASK_FIELDS = (
    "state",
    "due_on",
    "original_due_on",
    "is_ongoing",
    "deadline_origin",
    "past_deadline",
    "closure",
    "verification",
    "closed_at",
    "archived_at",
)
ASSIGNMENT_FIELDS = (
    "state",
    "due_on",
    "is_held",
    "officer_id",
    "is_confirmed",
    "submitted_at",
    "submitted_by_id",
    "days_late",
)


def snapshot(task: Task, assignments: Iterable[Assignment]) -> Snapshot:
    """What acts may change, as plain values: ``{"task": {…}, "assignment:12": {…}}``."""
    parts: Snapshot = {"task": _values(task, TASK_FIELDS)}
    for one in assignments:
        parts[part_of(one)] = _values(one, ASSIGNMENT_FIELDS)
    return parts


def part_of(assignment: Assignment) -> str:
    """Under which name a snapshot has this assignment."""
    return f"assignment:{assignment.id}"


def changes(before: Snapshot, after: Snapshot) -> tuple[Snapshot, Snapshot]:
    """Both sides of what differs; what stayed the same is left out."""
    old: Snapshot = {}
    new: Snapshot = {}
    for part, values in after.items():
        known = before.get(part, {})
        different = [name for name, value in values.items() if known.get(name) != value]
        if different:
            new[part] = {name: values[name] for name in different}
            old[part] = {name: known.get(name) for name in different}
    return old, new


def record(
    session: Session,
    *,
    task: Task,
    act: Act,
    actor: Actor,
    now: datetime,
    entrance: str,
    before: Snapshot,
    after: Snapshot,
    assignment: Assignment | None = None,
    reason: str | None = None,
    request_key: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> HistoryEntry:
    """Add the row of one act and flush it. ``facts`` are figures of the act that no column keeps."""
    old, new = changes(before, after)
    if facts:
        new["act"] = dict(facts)
    return _add(
        session,
        HistoryEntry(
            subject=Subject.TASK,
            subject_id=task.id,
            task_id=task.id,
            assignment_id=assignment.id if assignment else None,
            act=act,
            at=now,
            actor_id=actor.person_id,
            entrance=entrance,
            before=fit_to_keep(old) or None,
            after=fit_to_keep(new) or None,
            reason=reason,
            request_key=request_key,
        ),
    )


def record_change(
    session: Session,
    *,
    subject: Subject,
    subject_id: int | None,
    act: Change,
    actor: Actor | None,
    now: datetime,
    entrance: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
    request_key: str | None = None,
) -> HistoryEntry:
    """Add the row of a change to anything but a task's workflow, and flush it.

    ``actor`` is ``None`` for the system's own acts. ``before`` and ``after`` are the subject's values by field name; of
    what stands on both sides only the differences are kept. Passwords, tokens and personal numbers are hidden whatever
    is passed (:func:`taskboard.domain.history.fit_to_keep`).
    """
    return _add(
        session,
        HistoryEntry(
            **_change(subject, OneOfMany(subject_id, act, before, after), actor=actor, now=now, entrance=entrance),
            reason=reason,
            request_key=request_key,
        ),
    )


class OneOfMany(NamedTuple):
    """One of many changes that are recorded together; ``before`` and ``after`` as in :func:`record_change`."""

    subject_id: int | None
    act: Change
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def record_changes(
    session: Session,
    subject: Subject,
    changes: Iterable[OneOfMany],
    *,
    actor: Actor | None,
    now: datetime,
    entrance: str,
) -> None:
    """Add the rows of many changes to subjects of one kind, in one statement."""
    rows = [_change(subject, one, actor=actor, now=now, entrance=entrance) for one in changes]
    if rows:
        session.execute(insert(HistoryEntry), rows)


def _change(
    subject: Subject, change: OneOfMany, *, actor: Actor | None, now: datetime, entrance: str
) -> dict[str, Any]:
    """The values of a row that tells of a change."""
    old, new = dict(change.before or {}), dict(change.after or {})
    same = {name for name in old.keys() & new.keys() if old[name] == new[name]}
    return {
        "subject": subject,
        "subject_id": change.subject_id,
        "task_id": change.subject_id if subject is Subject.TASK else None,
        "act": change.act,
        "at": now,
        # Who installs the system acts before there is an account.
        "actor_id": (actor.person_id or None) if actor else None,
        "entrance": entrance,
        "before": fit_to_keep({name: value for name, value in old.items() if name not in same}) or None,
        "after": fit_to_keep({name: value for name, value in new.items() if name not in same}) or None,
    }


def _add(session: Session, entry: HistoryEntry) -> HistoryEntry:
    if entry.reason is not None:
        entry.reason = without_numbers(entry.reason)
    session.add(entry)
    session.flush()
    return entry


def find_repeated(
    session: Session, request_key: str | None, *, act: RecordedAct, task_id: int | None, actor: Actor
) -> HistoryEntry | None:
    """The act that this request already did; raises :class:`Invalid` for a key that belongs to something else."""
    if request_key is None:
        return None
    entry = session.scalar(select(HistoryEntry).where(HistoryEntry.request_key == request_key))
    if entry is not None and (entry.act, entry.task_id, entry.actor_id) != (act, task_id, actor.person_id):
        raise Invalid("request_key", "used_before")
    return entry


def find_done(session: Session, request_key: str | None, *, act: RecordedAct, actor: Actor) -> HistoryEntry | None:
    """What this request of this person did, where what it was about is gone and so cannot name its task."""
    if request_key is None:
        return None
    query = select(HistoryEntry).where(
        HistoryEntry.request_key == request_key, HistoryEntry.act == act, HistoryEntry.actor_id == actor.person_id
    )
    return session.scalar(query)


def last_entry(
    session: Session, task_id: int, acts: Iterable[Act], assignment_id: int | None = None
) -> HistoryEntry | None:
    """The latest entry of one of these acts."""
    query = select(HistoryEntry).where(HistoryEntry.task_id == task_id, HistoryEntry.act.in_(list(acts)))
    if assignment_id is not None:
        query = query.where(HistoryEntry.assignment_id == assignment_id)
    return session.scalar(query.order_by(HistoryEntry.id.desc()).limit(1))


def _values(row: Task | Assignment, names: Iterable[str]) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value
