"""What departments ask of the supervisors, kept in step with the work: requests that came to nothing, and held days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session, aliased

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import TimeLimit, time_limit
from taskboard.domain.errors import Invalid
from taskboard.domain.local_time import local_date
from taskboard.domain.requests import (
    ExtensionResult,
    ObjectionFacts,
    ObjectionResult,
    check_extension,
    check_objection,
    is_deadline_held,
)
from taskboard.domain.workflow import OPEN_ASSIGNMENT, UNDER_WAY, Act, AssignmentRole, AssignmentState
from taskboard.models import Assignment, Department, Extension, Objection, Person, Task


class ObjectionRow(NamedTuple):
    """One objection as the task's page shows it."""

    assignment_id: int
    raised_by: str
    raised_at: datetime
    reason: str
    proposed: str | None
    result: ObjectionResult | None
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    new_department: str | None


class ExtensionRow(NamedTuple):
    """One request for more time as the task's page shows it."""

    assignment_id: int
    asked_by: str
    asked_at: datetime
    cause: str
    progress: str
    due_on: date
    asked_due_on: date
    result: ExtensionResult | None
    granted_due_on: date | None
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None


_Decider = aliased(Person)
_Proposed = aliased(Department)
_New = aliased(Assignment)
_NewDepartment = aliased(Department)

_OBJECTIONS: Select[*tuple[Any, ...]] = (
    select(
        Objection.assignment_id,
        Person.name,
        Objection.raised_at,
        Objection.reason,
        _Proposed.name,
        Objection.result,
        _Decider.name,
        Objection.decided_at,
        Objection.decision_reason,
        _NewDepartment.name,
    )
    .join(Person, Person.id == Objection.raised_by_id)
    .outerjoin(_Decider, _Decider.id == Objection.decided_by_id)
    .outerjoin(_Proposed, _Proposed.id == Objection.proposed_department_id)
    .outerjoin(_New, _New.id == Objection.new_assignment_id)
    .outerjoin(_NewDepartment, _NewDepartment.id == _New.department_id)
    .where(Objection.assignment_id.in_(bindparam("assignment_ids", expanding=True)))
    .order_by(Objection.id.desc())
)
_EXTENSIONS: Select[*tuple[Any, ...]] = (
    select(
        Extension.assignment_id,
        Person.name,
        Extension.asked_at,
        Extension.cause,
        Extension.progress,
        Extension.due_on,
        Extension.asked_due_on,
        Extension.result,
        Extension.granted_due_on,
        _Decider.name,
        Extension.decided_at,
        Extension.decision_reason,
    )
    .join(Person, Person.id == Extension.asked_by_id)
    .outerjoin(_Decider, _Decider.id == Extension.decided_by_id)
    .where(Extension.assignment_id.in_(bindparam("assignment_ids", expanding=True)))
    .order_by(Extension.id.desc())
)


def list_objections(session: Session, assignments: Iterable[Assignment]) -> list[ObjectionRow]:
    """The objections to these assignments, the latest first; one query."""
    rows = session.execute(_OBJECTIONS, {"assignment_ids": [one.id for one in assignments]})
    return [ObjectionRow(*row) for row in rows]


def list_extensions(session: Session, assignments: Iterable[Assignment]) -> list[ExtensionRow]:
    """The requests for more time for these assignments, the latest first; one query."""
    rows = session.execute(_EXTENSIONS, {"assignment_ids": [one.id for one in assignments]})
    return [ExtensionRow(*row) for row in rows]


def issued_on(task: Task, assignment: Assignment) -> date:
    """The day the department got the assignment; raises :class:`LookupError` for a draft's."""
    moment = assignment.issued_at or task.issued_at
    if moment is None:
        raise LookupError("a draft has not been issued to anybody")
    return local_date(moment)


def objection_facts(task: Task, assignment: Assignment, decided: Iterable[ObjectionRow]) -> ObjectionFacts:
    """What decides whether the department may still object, out of the objections there were."""
    begun_at = assignment.issued_at
    # What was decided before the department got the task anew is not about this charge.
    results = [
        one.result
        for one in decided
        if one.assignment_id == assignment.id and one.result and (begun_at is None or one.raised_at >= begun_at)
    ]
    return ObjectionFacts(issued_on(task, assignment), tuple(results))


class Asked(NamedTuple):
    """Of one assignment: the acts that facts forbid, the time for what is asked, and the requests not decided."""

    closed: frozenset[Act]
    limits: Mapping[Act, TimeLimit]
    objection: ObjectionRow | None
    extension: ExtensionRow | None


def find_asked(
    task: Task,
    one: Assignment,
    *,
    objections: Iterable[ObjectionRow],
    extensions: Iterable[ExtensionRow],
    today: date,
    calendar: WorkingCalendar,
) -> Asked:
    """Of one assignment, out of the requests on its task, what the page must know besides its state."""
    if task.state not in UNDER_WAY:
        return Asked(frozenset(), {}, None, None)
    objection = next((row for row in objections if row.assignment_id == one.id and row.result is None), None)
    extension = next((row for row in extensions if row.assignment_id == one.id and row.result is None), None)
    closed: set[Act] = set()
    limits: dict[Act, TimeLimit] = {}
    try:
        limits[Act.OBJECT] = check_objection(objection_facts(task, one, objections), today=today, calendar=calendar)
    except Invalid:
        closed.add(Act.OBJECT)
    try:
        check_extension(one.due_on, is_asked=extension is not None, today=today)
    except Invalid:
        closed.add(Act.ASK_EXTENSION)
    if task.due_on is None or task.due_on < today:
        closed.add(Act.BRING_FORWARD)
    since = {
        Act.ACKNOWLEDGE: issued_on(task, one) if one.state is AssignmentState.PENDING else None,
        Act.UPHOLD_OBJECTION: local_date(objection.raised_at) if objection else None,
        Act.GRANT_EXTENSION: local_date(extension.asked_at) if extension else None,
    }
    for act, day in since.items():
        if day is not None:
            limits[act] = time_limit(act, day, today=today, calendar=calendar)
    return Asked(frozenset(closed), limits, objection, extension)


def settle_requests(
    session: Session,
    *,
    act: Act,
    task: Task,
    assignments: Sequence[Assignment],
    before: Mapping[str, Mapping[str, Any]],
    actor_id: int,
    now: datetime,
) -> None:
    """After an act: end the requests that it made pointless, and hold the days that are still asked about."""
    decided = {"decided_by_id": actor_id, "decided_at": now}
    left = [one.id for one in assignments if _was_objected(before, one) and one.state is not AssignmentState.OBJECTED]
    if left:
        session.flush()
        session.execute(
            update(Objection)
            .where(Objection.assignment_id.in_(left), Objection.decided_at.is_(None))
            .values(result=ObjectionResult.LAPSED, **decided)
        )
    if not any(one.is_held for one in assignments):
        return
    asked = find_open_extensions(session, assignments)
    for one in assignments:
        request = asked.get(one.id)
        if request is None:
            continue
        if act is Act.RESUME and one.due_on is not None and one.due_on < request.asked_due_on:
            # Suspended days move the deadline for everybody; the wish for more still stands.
            request.due_on = one.due_on
        if _is_moot(request, one):
            request.result = ExtensionResult.LAPSED
            request.decided_by_id, request.decided_at = actor_id, now
            del asked[one.id]
    a_lead_asks = any(one.id in asked and one.role is AssignmentRole.LEAD for one in assignments)
    for one in assignments:
        one.is_held = one.state in OPEN_ASSIGNMENT and is_deadline_held(
            one.due_on, task.due_on, asks=one.id in asked, a_lead_asks=a_lead_asks
        )


def find_asking(session: Session, assignments: Iterable[Assignment]) -> frozenset[int]:
    """Ids of the assignments for which more time was asked and not decided; asks only where a day is held."""
    held = [one for one in assignments if one.is_held]
    return frozenset(find_open_extensions(session, held)) if held else frozenset()


def find_open_extensions(session: Session, assignments: Iterable[Assignment]) -> dict[int, Extension]:
    """The requests for more time that nobody decided yet, by assignment; one query."""
    query = select(Extension).where(
        Extension.assignment_id.in_([one.id for one in assignments]), Extension.decided_at.is_(None)
    )
    return {one.assignment_id: one for one in session.scalars(query)}


def _was_objected(before: Mapping[str, Mapping[str, Any]], assignment: Assignment) -> bool:
    known = before.get(f"assignment:{assignment.id}", {})
    return known.get("state") == AssignmentState.OBJECTED


def _is_moot(request: Extension, assignment: Assignment) -> bool:
    """Whether there is nothing left to decide: the work ended, or the supervisors set another day by themselves."""
    return assignment.state not in OPEN_ASSIGNMENT or assignment.due_on != request.due_on
