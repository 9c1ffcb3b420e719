"""What hangs on an assignment besides its own state: orders, requests, help asked for, reports of periods, sub-tasks.

An assignment that changes its department keeps all of it. Where the successor's own assignment goes on in its place,
:func:`take_along` brings to that what is not settled yet, so that nothing waits at an assignment which has ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from taskboard.domain.help_requests import UNENDED
from taskboard.domain.local_time import local_date
from taskboard.domain.orders import OrderState
from taskboard.domain.requests import ExtensionResult, ObjectionResult
from taskboard.models import (
    Assignment,
    Extension,
    HandLight,
    HelpRequest,
    Objection,
    PeriodReport,
    SupervisionOrder,
    TaskLineage,
)

UNSETTLED_ORDER = (OrderState.OPEN, OrderState.REPLIED)


class LooseEnds(NamedTuple):
    """How much hangs on one assignment."""

    orders: int = 0
    objections: int = 0
    extensions: int = 0
    help_requests: int = 0
    subtasks: int = 0


def count_loose_ends(session: Session, assignment_ids: Collection[int]) -> dict[int, LooseEnds]:
    """What hangs on each of these assignments and is not settled; five queries."""
    unsettled: dict[str, tuple[type[SupervisionOrder | Objection | Extension | HelpRequest | TaskLineage], object]] = {
        "orders": (SupervisionOrder, SupervisionOrder.state.in_(UNSETTLED_ORDER)),
        "objections": (Objection, Objection.decided_at.is_(None)),
        "extensions": (Extension, Extension.decided_at.is_(None)),
        "help_requests": (HelpRequest, HelpRequest.state.in_(UNENDED)),
        "subtasks": (TaskLineage, TaskLineage.distance == 1),
    }
    counted = {
        kind: dict(
            session.execute(
                select(model.assignment_id, func.count())
                .where(model.assignment_id.in_(assignment_ids), condition)  # type: ignore[arg-type] # of its own model
                .group_by(model.assignment_id)
            ).all()
        )
        for kind, (model, condition) in unsettled.items()
    }
    return {
        one: LooseEnds(**{kind: numbers.get(one, 0) for kind, numbers in counted.items()}) for one in assignment_ids
    }


def total_of(ends: Sequence[LooseEnds]) -> LooseEnds:
    """All of them together."""
    total: Counter[str] = Counter()
    for one in ends:
        total.update(one._asdict())
    return LooseEnds(**total)


def take_along(
    session: Session, old: Assignment, own: Assignment, *, takes_over: bool, actor_id: int, now: datetime
) -> None:
    """Bring what is not settled at ``old`` to ``own``, the successor's assignment on the same task.

    ``takes_over`` where that stands from now on where ``old`` had got to: then the requests and the reports of periods
    are those of ``old``, and what the successor had asked for in its former role lapses. Else it goes on as it was: of
    the requests only a wish for more time against the same day is still one, where it asked for none itself.
    """
    session.flush()
    _bring(session, SupervisionOrder, old, own, SupervisionOrder.state.in_(UNSETTLED_ORDER))
    _bring(session, HelpRequest, old, own, HelpRequest.state.in_(UNENDED))
    _bring_lights(session, old, own, local_date(now))
    _bring_subtasks(session, old, own)
    decided = {"decided_by_id": actor_id, "decided_at": now}
    if takes_over:
        _lapse(session, own, **decided)
        _bring(session, Objection, old, own, Objection.decided_at.is_(None))
        _bring(session, Extension, old, own, Extension.decided_at.is_(None))
        _bring_periods(session, old, own)
    elif old.is_held and not own.is_held and own.role is old.role and own.due_on == old.due_on:
        _bring(session, Extension, old, own, Extension.decided_at.is_(None))
        own.is_held = True
    _lapse(session, old, **decided)
    old.is_held = False


def _bring(
    session: Session,
    model: type[SupervisionOrder | HelpRequest | Objection | Extension],
    old: Assignment,
    own: Assignment,
    condition: ColumnElement[bool],
) -> None:
    values: dict[str, object] = {"assignment_id": own.id}
    if issubclass(model, SupervisionOrder | HelpRequest):
        values["version"] = model.version + 1
    session.execute(
        update(model)
        .where(model.assignment_id == old.id, condition)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def _lapse(session: Session, assignment: Assignment, **decided: object) -> None:
    """End what nobody has to decide any more."""
    for model, result in ((Objection, ObjectionResult.LAPSED), (Extension, ExtensionResult.LAPSED)):
        session.execute(
            update(model)
            .where(model.assignment_id == assignment.id, model.decided_at.is_(None))
            .values(result=result, **decided)
            .execution_options(synchronize_session=False)
        )


def _bring_lights(session: Session, old: Assignment, own: Assignment, today: date) -> None:
    session.execute(
        update(HandLight)
        .where(HandLight.assignment_id == old.id, HandLight.ends_on > today)
        .values(assignment_id=own.id)
        .execution_options(synchronize_session=False)
    )


def _bring_subtasks(session: Session, old: Assignment, own: Assignment) -> None:
    """Sub-tasks come out of the assignment that goes on; one that came out of both is that already."""
    there = aliased(TaskLineage)
    known = exists().where(there.task_id == TaskLineage.task_id, there.assignment_id == own.id)
    session.execute(
        update(TaskLineage)
        .where(TaskLineage.assignment_id == old.id, ~known)
        .values(assignment_id=own.id)
        .execution_options(synchronize_session=False)
    )


def _bring_periods(session: Session, old: Assignment, own: Assignment) -> None:
    """For each period the report of ``old`` stands, and with it its figures; those of ``own`` stay in the history."""
    query = select(PeriodReport).where(or_(PeriodReport.assignment_id == old.id, PeriodReport.assignment_id == own.id))
    rows = session.scalars(query.order_by(PeriodReport.id)).all()
    standing = {row.period: row for row in rows if row.assignment_id == own.id}
    for row in rows:
        if row.assignment_id != old.id:
            continue
        known = standing.get(row.period)
        if known is None:
            row.assignment_id = own.id
        else:
            known.report_id, known.due_on, known.first_reported_at = row.report_id, row.due_on, row.first_reported_at
