"""Red lights that supervisors set by hand, with a reason; each ends by itself after thirty days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid
from taskboard.domain.lights import hand_light_ends
from taskboard.domain.workflow import Act
from taskboard.models import HandLight, HistoryEntry, Person
from taskboard.services.cases import Acting, Case, open_case


class BurningLight(NamedTuple):
    """A red light set by hand as the task's page shows it; ``ends_on`` is the first day it does not burn."""

    set_by: str
    set_on: date
    ends_on: date
    reason: str


def set_red(session: Session, assignment_id: int, *, reason: str, **by: Unpack[Acting]) -> HistoryEntry:
    """Let the assignment's light burn red for thirty days from today; set anew, they begin again."""
    case = open_case(session, Act.SET_RED, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    reason_given = case.reason(reason)
    if (burning := _find_burning(case)) is not None:
        burning.ends_on = case.today
    session.add(
        HandLight(
            assignment_id=assignment_id,
            set_on=case.today,
            ends_on=hand_light_ends(case.today),
            reason=reason_given or "",
            set_by_id=case.actor.person_id,
        )
    )
    return case.finish(reason=reason_given, facts={"ends_on": hand_light_ends(case.today).isoformat()})


def lift_red(session: Session, assignment_id: int, **by: Unpack[Acting]) -> HistoryEntry:
    """End the light set by hand before its time; raises :class:`Invalid` where none burns."""
    case = open_case(session, Act.LIFT_RED, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    burning = _find_burning(case)
    if burning is None:
        raise Invalid("hand_light", "no_hand_light")
    would_end, burning.ends_on = burning.ends_on, case.today
    return case.finish(facts={"would_have_ended_on": would_end.isoformat()})


def _find_burning(case: Case) -> HandLight | None:
    query = (
        select(HandLight)
        .where(HandLight.assignment_id == case.assignment.id, HandLight.ends_on > case.today)
        .order_by(HandLight.id.desc())
        .limit(1)
    )
    return case.session.scalar(query)


def list_burning(session: Session, assignment_ids: Iterable[int], *, today: date) -> dict[int, BurningLight]:
    """The lights set by hand that burn today, by assignment; one query."""
    query = (
        select(HandLight.assignment_id, Person.name, HandLight.set_on, HandLight.ends_on, HandLight.reason)
        .join(Person, Person.id == HandLight.set_by_id)
        .where(HandLight.assignment_id.in_(list(assignment_ids)), HandLight.ends_on > today)
        .order_by(HandLight.id)
    )
    return {assignment_id: BurningLight._make(row) for assignment_id, *row in session.execute(query)}
