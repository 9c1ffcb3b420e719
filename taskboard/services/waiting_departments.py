"""What waits for the departments: to acknowledge, report, correct, sign off, answer, and decide about partners."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased

from taskboard.domain.orders import OrderState
from taskboard.domain.permissions import DEPARTMENT_WIDE
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OPEN_ASSIGNMENT, Act, AssignmentRole, AssignmentState
from taskboard.models import Assignment, HistoryEntry, SupervisionOrder, Task
from taskboard.services.periods import owed_now
from taskboard.services.turns import RETURNS, last_turn
from taskboard.services.visibility import (
    department_ids,
    held_assignments,
    is_of_unmanned_leads,
    supervised_assignments,
)
from taskboard.services.waiting_rows import (
    SUBMITTED_AT,
    Asked,
    Kind,
    WaitingPart,
    assignment_rows,
    order_rows,
    own_assignments,
    part_of,
)


def find_orders(asked: Asked) -> WaitingPart | None:
    """The formal orders that this person's departments have not answered."""
    own = department_ids(asked.actor, DEPARTMENT_WIDE)
    if not own:
        return None
    rows = order_rows(SupervisionOrder.confirmed_at).add_columns(SupervisionOrder.due_on.label("last_on"))
    condition = and_(SupervisionOrder.state == OrderState.OPEN, Assignment.department_id.in_(own))
    return part_of(asked, Kind.ORDER, rows, condition)


def find_sign_offs(asked: Asked) -> WaitingPart | None:
    # Only the history knows when a submission came to the head.
    submitted_at = (
        select(func.max(HistoryEntry.at))
        .where(HistoryEntry.assignment_id == Assignment.id, HistoryEntry.act == Act.SUBMIT)
        .correlate(Assignment)
        .scalar_subquery()
    )
    own = own_assignments(asked, {Role.HEAD}, asked.vacancies.headless)
    condition = and_(Assignment.state == AssignmentState.HEAD_REVIEW, own)
    rows = assignment_rows(func.coalesce(submitted_at, Task.issued_at))
    return part_of(asked, Kind.SIGN_OFF, rows, condition, is_decision=True)


def find_acknowledgements(asked: Asked) -> WaitingPart | None:
    issued_at = func.coalesce(Assignment.issued_at, Task.issued_at)
    own = own_assignments(asked, DEPARTMENT_WIDE, asked.vacancies.unmanned)
    condition = and_(Assignment.state == AssignmentState.PENDING, own)
    return part_of(asked, Kind.ACKNOWLEDGE, assignment_rows(issued_at), condition, Act.ACKNOWLEDGE)


_Lead = aliased(Assignment, name="lead")


def find_partners(asked: Asked) -> WaitingPart | None:
    spoken_for, unmanned = department_ids(asked.actor, DEPARTMENT_WIDE), asked.vacancies.unmanned
    parts: list[ColumnElement[bool]] = []
    if spoken_for:
        led = select(_Lead.task_id).where(
            _Lead.department_id.in_(spoken_for), _Lead.role == AssignmentRole.LEAD, _Lead.state.in_(OPEN_ASSIGNMENT)
        )
        parts.append(and_(Assignment.role == AssignmentRole.PARTNER, Assignment.task_id.in_(led)))
    if unmanned:
        # Where no lead has a head or liaison, the supervisors decide.
        supervised = supervised_assignments(asked.actor, unmanned=unmanned)
        parts.append(and_(is_of_unmanned_leads(unmanned), supervised))
    if not parts:
        return None
    condition = and_(Assignment.state == AssignmentState.SUBMITTED, or_(*parts))
    return part_of(asked, Kind.PARTNER, assignment_rows(SUBMITTED_AT), condition, is_decision=True)


def find_returned(asked: Asked) -> WaitingPart | None:
    """The submissions that came back and were not made again."""
    own = _held_or_unmanned(asked)
    if own is None:
        return None
    condition = and_(Assignment.state == AssignmentState.IN_PROGRESS, own, last_turn(HistoryEntry.act).in_(RETURNS))
    rows = assignment_rows(last_turn(HistoryEntry.at)).add_columns(Assignment.due_on.label("last_on"))
    return part_of(asked, Kind.RETURNED, rows, condition)


def find_reports(asked: Asked) -> WaitingPart | None:
    """The reports of the periods that run, as far as nobody made them yet; what is due first comes first."""
    own = _held_or_unmanned(asked)
    if own is None:
        return None
    owed = owed_now(asked.session, today=asked.today, calendar=asked.calendar)
    condition = and_(Assignment.state == AssignmentState.IN_PROGRESS, own, owed.condition)
    rows = assignment_rows(owed.since).add_columns(owed.due_on.label("last_on"))
    return part_of(asked, Kind.REPORT, rows, condition)


def _held_or_unmanned(asked: Asked) -> ColumnElement[bool] | None:
    """What this person works on or stands in for; ``None`` for who does neither."""
    works = any(asked.actor.holds(role) for role in (*DEPARTMENT_WIDE, Role.OFFICER))
    unmanned = asked.vacancies.unmanned
    if not works and not unmanned:
        return None
    return or_(held_assignments(asked.actor), own_assignments(asked, (), unmanned))
