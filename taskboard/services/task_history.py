"""What was done to one task, in words that its page can show: who, when, and what stood before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from taskboard.domain.history import Change, RecordedAct
from taskboard.domain.local_time import local_date
from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState, TaskState
from taskboard.models import HistoryEntry, Person
from taskboard.services.cases import STANDS_IN
from taskboard.services.department_names import OldNames
from taskboard.services.succession_records import FormerHolder

HISTORY_SHOWN = 100


@dataclass(frozen=True)
class Holders:
    """Under which name each assignment of a task was worked on, and when: successions hand assignments on, and
    departments are renamed."""

    names: Mapping[int, str]
    """of today, by assignment"""
    department_ids: Mapping[int, int]
    """the same"""
    former: Sequence[FormerHolder]
    old_names: OldNames

    def name_at(self, assignment_id: int, moment: datetime) -> str:
        """The name on that day of the department that held the assignment then."""
        department_id, name = next(
            (
                (one.department_id, one.department)
                for one in self.former
                if one.assignment_id == assignment_id and moment < one.until
            ),
            (self.department_ids[assignment_id], self.names[assignment_id]),
        )
        return self.old_names.name_on(department_id, local_date(moment)) or name

    def find_name(self, assignment_id: int | None, moment: datetime) -> str | None:
        """The same for an act on any assignment or none; of a draft, assignments may be gone."""
        if assignment_id is None or assignment_id not in self.names:
            return None
        return self.name_at(assignment_id, moment)

    def formerly(self, assignment_id: int) -> list[str]:
        """Each other name once, the earliest first."""
        named = [one.department for one in self.former if one.assignment_id == assignment_id]
        return list(dict.fromkeys(name for name in named if name != self.names[assignment_id]))


class Named(NamedTuple):
    """Who stood on a task, by name."""

    leads: list[str]
    partners: list[str]


class HistoryRow(NamedTuple):
    """One act in words that the page can show; each pair is (before, after)."""

    id: int
    at: datetime
    actor: str | None
    """None: the system's own act"""
    act: RecordedAct
    department: str | None
    reason: str | None
    task_states: tuple[TaskState, TaskState] | None
    states: tuple[AssignmentState, AssignmentState] | None
    due_days: tuple[date | None, date | None] | None
    departments: tuple[Named, Named] | None
    """where they were changed"""
    officers: tuple[str | None, str | None] | None
    """where the assignment went into other hands"""
    overdue_days: int
    """how late the task was when another day was set"""
    is_stand_in: bool
    """it was done for a department that had nobody of its own for it"""


# A discarded draft leaves its record behind, and SQLite may give its number to the next task.
_OF_ANOTHER = (
    select(func.coalesce(func.max(HistoryEntry.id), 0))
    .where(HistoryEntry.task_id == bindparam("task_id"), HistoryEntry.act == Change.DISCARDED)
    .scalar_subquery()
)
_HISTORY = (
    select(HistoryEntry, Person.name)
    .outerjoin(Person, Person.id == HistoryEntry.actor_id)
    .where(HistoryEntry.task_id == bindparam("task_id"), HistoryEntry.id > _OF_ANOTHER)
    .order_by(HistoryEntry.id.desc())
    .limit(HISTORY_SHOWN + 1)
)


def list_history(session: Session, task_id: int, holders: Holders) -> list[HistoryRow]:
    """The last acts on the task, the newest first; one more than are shown where there are older ones."""
    rows = session.execute(_HISTORY, {"task_id": task_id}).all()
    officers = _load_officers(session, [entry for entry, _ in rows if entry.act == Act.DISPATCH])
    return [_history_row(entry, actor, holders, officers) for entry, actor in rows]


_NAMES = select(Person.id, Person.name).where(Person.id.in_(bindparam("person_ids", expanding=True)))


def _load_officers(session: Session, dispatched: Sequence[HistoryEntry]) -> Mapping[int, str]:
    """The names of those into whose hands an assignment was put, or from whom it was taken."""
    pairs = [
        _pair(one.before or {}, one.after or {}, f"assignment:{one.assignment_id}", "officer_id") for one in dispatched
    ]
    wanted = {person_id for pair in pairs for person_id in pair or () if person_id is not None}
    return dict(session.execute(_NAMES, {"person_ids": list(wanted)}).all()) if wanted else {}


def _history_row(entry: HistoryEntry, actor: str | None, holders: Holders, officers: Mapping[int, str]) -> HistoryRow:
    before, after = entry.before or {}, entry.after or {}
    own = f"assignment:{entry.assignment_id}"
    states = _pair(before, after, own, "state")
    task_states = _pair(before, after, "task", "state")
    hands = _pair(before, after, own, "officer_id") if entry.act == Act.DISPATCH else None
    due = _pair(before, after, own if entry.assignment_id else "task", "due_on")
    return HistoryRow(
        id=entry.id,
        at=entry.at,
        actor=actor,
        act=entry.act,
        department=holders.find_name(entry.assignment_id, entry.at),
        reason=entry.reason,
        task_states=(TaskState(task_states[0]), TaskState(task_states[1])) if task_states else None,
        states=(AssignmentState(states[0]), AssignmentState(states[1])) if states else None,
        due_days=(_day(due[0]), _day(due[1])) if due else None,
        departments=_departments(after.get("act", {})),
        officers=(officers.get(hands[0]), officers.get(hands[1])) if hands else None,
        overdue_days=after.get("act", {}).get("overdue_days", 0),
        is_stand_in=bool(after.get("act", {}).get(STANDS_IN)),
    )


def _departments(facts: Mapping[str, Any]) -> tuple[Named, Named] | None:
    """The departments before and after, as the correction recorded them; they may have other names today."""
    if "from_department" in facts:
        return _succession(facts)
    if "departments_before" not in facts:
        return None
    before, after = (
        Named(one[AssignmentRole.LEAD.value], one[AssignmentRole.PARTNER.value])
        for one in (facts["departments_before"], facts["departments_after"])
    )
    return (before, after) if before != after else None


def _succession(facts: Mapping[str, Any]) -> tuple[Named, Named]:
    """The department that handed its assignment on, and the one that follows it."""
    old, new = [facts["from_department"]], [facts["to_department"]]
    if facts["role"] == AssignmentRole.LEAD.value:
        return Named(old, []), Named(new, [])
    return Named([], old), Named([], new)


def _pair(before: Mapping[str, Any], after: Mapping[str, Any], part: str, name: str) -> tuple[Any, Any] | None:
    if name not in after.get(part, {}):
        return None
    return before[part][name], after[part][name]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
