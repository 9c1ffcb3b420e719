"""Reading the trail, for auditors: page by page, narrowed down, and as a file."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, or_, select, tuple_
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotAllowed
from taskboard.domain.history import Change, RecordedAct, Subject
from taskboard.domain.local_time import at_local
from taskboard.domain.permissions import Actor, may_read_trail, reads_whole_trail
from taskboard.models import CoordinationMeeting, Department, HistoryEntry, HistorySeal, Person, Plan, Task
from taskboard.services.history import record_change
from taskboard.services.visibility import visible_tasks

PAGE_SIZE = 50
EXPORTED_AT_ONCE = 2_000

NAMES: Mapping[Subject, Select[int, str]] = {
    Subject.TASK: select(Task.id, Task.title),
    Subject.PLAN: select(Plan.id, Plan.title),
    Subject.DEPARTMENT: select(Department.id, Department.name),
    Subject.PERSON: select(Person.id, Person.name),
    Subject.MEETING: select(CoordinationMeeting.id, CoordinationMeeting.title),
}
NAMED_LIKE = {Subject.ACCOUNT: Subject.PERSON}


@dataclass(frozen=True)
class Filter:
    """Which entries; ``first_day`` and ``last_day`` are days in Asia/Shanghai, both included."""

    person: str | None = None
    """a name or an account; several people may have the name"""
    subject: Subject | None = None
    subject_id: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    entrance: str | None = None


class Place(NamedTuple):
    """Where a page of the trail ended; the next one goes on from there."""

    at: datetime
    id: int


class EntryRow(NamedTuple):
    """An entry as the page shows it."""

    id: int
    at: datetime
    actor: str | None
    subject: Subject
    subject_id: int | None
    subject_name: str | None
    act: RecordedAct
    entrance: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None
    position: int | None
    """its place in the chain; None while it waits to be sealed"""


@dataclass(frozen=True)
class TrailPage:
    """Entries, the latest first, and where the next page begins."""

    rows: list[EntryRow]
    next_place: Place | None


def list_entries(
    session: Session, which: Filter, *, actor: Actor, after: Place | None = None, size: int = PAGE_SIZE
) -> TrailPage:
    """A page of the trail in two queries and one per kind of subject; raises :class:`NotAllowed`."""
    query = _COLUMNS.where(*_conditions(session, which, actor)).order_by(*_NEWEST_FIRST)
    if after is not None:
        query = query.where(tuple_(HistoryEntry.at, HistoryEntry.id) < tuple_(*after))
    rows = session.execute(query.limit(size + 1)).all()
    shown = rows[:size]
    names = _names(session, [(row.subject, row.subject_id) for row in shown])
    entries = [
        EntryRow(
            id=row.id,
            at=row.at,
            actor=row.actor,
            subject=row.subject,
            subject_id=row.subject_id,
            subject_name=names.get((NAMED_LIKE.get(row.subject, row.subject), row.subject_id)),
            act=row.act,
            entrance=row.entrance,
            before=row.before,
            after=row.after,
            reason=row.reason,
            position=row.position,
        )
        for row in shown
    ]
    return TrailPage(entries, Place(shown[-1].at, shown[-1].id) if len(rows) > size else None)


_COLUMNS: Select[*tuple[Any, ...]] = (
    select(
        HistoryEntry.id,
        HistoryEntry.at,
        Person.name.label("actor"),
        HistoryEntry.subject,
        HistoryEntry.subject_id,
        HistoryEntry.act,
        HistoryEntry.entrance,
        HistoryEntry.before,
        HistoryEntry.after,
        HistoryEntry.reason,
        HistorySeal.position,
    )
    .outerjoin(Person, Person.id == HistoryEntry.actor_id)
    .outerjoin(HistorySeal, HistorySeal.entry_id == HistoryEntry.id)
)


_NEWEST_FIRST = (HistoryEntry.at.desc(), HistoryEntry.id.desc())


def _conditions(session: Session, which: Filter, actor: Actor | None) -> list[ColumnElement[bool]]:
    """``actor`` is ``None`` for the machine's own administrator, who has the database anyway."""
    conditions: list[ColumnElement[bool]] = []
    if actor is not None:
        _require(actor)
        if not reads_whole_trail(actor):
            conditions.append(HistoryEntry.task_id.in_(select(Task.id).where(visible_tasks(actor))))
    if which.person is not None:
        called = select(Person.id).where(or_(Person.name == which.person, Person.username == which.person))
        # As plain numbers, so that one person's entries are read from their index in the order of the page.
        people = list(session.scalars(called))
        conditions.append(HistoryEntry.actor_id == people[0] if len(people) == 1 else HistoryEntry.actor_id.in_(people))
    if which.subject is not None:
        conditions.append(HistoryEntry.subject == which.subject)
    if which.subject_id is not None:
        conditions.append(HistoryEntry.subject_id == which.subject_id)
    if which.first_day is not None:
        conditions.append(HistoryEntry.at >= at_local(which.first_day, time(0)))
    if which.last_day is not None:
        conditions.append(HistoryEntry.at < at_local(which.last_day + timedelta(days=1), time(0)))
    if which.entrance is not None:
        conditions.append(HistoryEntry.entrance == which.entrance)
    return conditions


def _require(actor: Actor) -> None:
    if not may_read_trail(actor):
        raise NotAllowed()


def _names(session: Session, subjects: Sequence[tuple[Subject, int | None]]) -> dict[tuple[Subject, int | None], str]:
    wanted: dict[Subject, set[int]] = defaultdict(set)
    for subject, number in subjects:
        if number is not None:
            wanted[NAMED_LIKE.get(subject, subject)].add(number)
    found: dict[tuple[Subject, int | None], str] = {}
    for subject, query in NAMES.items():
        if wanted[subject]:
            rows = session.execute(query.where(query.selected_columns[0].in_(wanted[subject])))
            found |= {(subject, number): name for number, name in rows}
    return found


# As a file

FORMS = (".jsonl", ".csv")
_EXPORTED: Select[*tuple[Any, ...]] = (
    select(
        HistoryEntry.id,
        HistorySeal.position,
        HistorySeal.digest,
        HistoryEntry.at,
        HistoryEntry.actor_id,
        Person.name.label("actor"),
        HistoryEntry.entrance,
        HistoryEntry.subject,
        HistoryEntry.subject_id,
        HistoryEntry.task_id,
        HistoryEntry.assignment_id,
        HistoryEntry.act,
        HistoryEntry.before,
        HistoryEntry.after,
        HistoryEntry.reason,
        HistoryEntry.request_key,
    )
    .outerjoin(Person, Person.id == HistoryEntry.actor_id)
    .outerjoin(HistorySeal, HistorySeal.entry_id == HistoryEntry.id)
    .order_by(HistoryEntry.id)
)


def export_lines(session: Session, which: Filter, *, form: str, actor: Actor | None) -> Iterator[bytes]:
    """The entries in the order of their ids as lines of a file, in one of :data:`FORMS`; headings come first.

    ``actor`` is ``None`` on the machine itself, where whoever asks has the database anyway.
    """
    query = _EXPORTED.where(*_conditions(session, which, actor)).limit(EXPORTED_AT_ONCE)
    if form == ".csv":
        # Excel takes a file without this mark for the local encoding.
        yield "\ufeff".encode() + _csv_line([column.name for column in query.selected_columns])
    last = 0
    while True:
        rows = session.execute(query.where(HistoryEntry.id > last)).all()
        for row in rows:
            values = {**row._mapping, "at": row.at.isoformat()}
            yield _csv_line(values.values()) if form == ".csv" else f"{_json(values)}\n".encode()
        if len(rows) < EXPORTED_AT_ONCE:
            return
        last = rows[-1].id


def _csv_line(values: Iterable[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_cell(value) for value in values])
    return line.getvalue().encode()


def _cell(value: Any) -> str:
    text = "" if value is None else _json(value) if isinstance(value, dict) else str(value)
    # A spreadsheet would take it for a formula.
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def record_export(
    session: Session, which: Filter, *, form: str, actor: Actor | None, now: datetime, entrance: str
) -> None:
    """Who takes the trail away stands in the trail, with what was asked for; raises :class:`NotAllowed`."""
    if actor is not None:
        _require(actor)
    asked = {name: value for name, value in asdict(which).items() if value is not None}
    record_change(
        session,
        subject=Subject.TRAIL,
        subject_id=None,
        act=Change.EXPORTED,
        actor=actor,
        now=now,
        entrance=entrance,
        after={"form": form, **asked},
    )
