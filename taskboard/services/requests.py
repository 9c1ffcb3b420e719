"""What departments ask of the supervisors, kept in step with the work: requests that came to nothing, and held days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.domain.local_time import local_date
from taskboard.domain.requests import ExtensionResult, ObjectionFacts, ObjectionResult, is_deadline_held
from taskboard.domain.workflow import OPEN_ASSIGNMENT, Act, AssignmentRole, AssignmentState
from taskboard.models import Assignment, Extension, Objection, Task


def issued_on(task: Task, assignment: Assignment) -> date:
    """The day the department got the assignment; raises :class:`LookupError` for a draft's."""
    moment = assignment.issued_at or task.issued_at
    if moment is None:
        raise LookupError("a draft has not been issued to anybody")
    return local_date(moment)


def find_objection_facts(session: Session, task: Task, assignments: Iterable[Assignment]) -> dict[int, ObjectionFacts]:
    """Per assignment what decides whether its department may still object; one query."""
    wanted = {one.id: one for one in assignments}
    query = (
        select(Objection.assignment_id, Objection.raised_at, Objection.result)
        .where(Objection.assignment_id.in_(wanted))
        .order_by(Objection.id)
    )
    results: dict[int, list[ObjectionResult]] = {number: [] for number in wanted}
    for assignment_id, raised_at, result in session.execute(query):
        begun_at = wanted[assignment_id].issued_at
        if result is None:
            continue
        # What was decided before the department got the task anew is not about this charge.
        if begun_at is None or raised_at >= begun_at:
            results[assignment_id].append(result)
    return {number: ObjectionFacts(issued_on(task, one), tuple(results[number])) for number, one in wanted.items()}


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
