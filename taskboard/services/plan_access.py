"""Plans as their supervisors may change them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotFound
from taskboard.domain.permissions import Actor
from taskboard.models import Department, Plan


def supervised_plan(session: Session, plan_id: int, actor: Actor, *, lock: bool = False) -> Plan:
    """The plan, held against other writers with ``lock``; raises :class:`NotFound` for who does not supervise it."""
    query = select(Plan, Department.path).join(Department, Department.id == Plan.body_id).where(Plan.id == plan_id)
    if lock:
        query = query.with_for_update(of=Plan).execution_options(populate_existing=True)
    found = session.execute(query).one_or_none()
    if found is None or not actor.supervises(found.path):
        raise NotFound(subject="plan")
    plan: Plan = found.Plan
    return plan
