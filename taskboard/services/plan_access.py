"""Plans for those who work on what belongs to them: as their supervisors may change them, and their titles."""

from __future__ import annotations

from collections.abc import Iterable

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


def plan_titles(session: Session, plan_ids: Iterable[int]) -> dict[int, str]:
    """The titles by id; one query."""
    return dict(session.execute(select(Plan.id, Plan.title).where(Plan.id.in_(set(plan_ids)))).all())
