"""The portfolios of leaders: the departments and plans that an administrator lists for them.

Without a list a leader watches over the department of the post and all below it.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Unpack

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.models import Department, Person, Plan, PortfolioItem
from taskboard.services.actors import require_role
from taskboard.services.history import Writing, record_change

READERS = (Role.ADMINISTRATOR, Role.SUPERVISOR)


class PortfolioRow(NamedTuple):
    """A department or a plan of somebody's portfolio; the other two values are None."""

    id: int
    department_id: int | None
    department: str | None
    plan_id: int | None
    plan: str | None


class PlanChoice(NamedTuple):
    id: int
    title: str


def list_portfolio(session: Session, person_id: int, *, actor: Actor) -> list[PortfolioRow]:
    """What stands in somebody's portfolio, departments first; one query."""
    require_role(actor, *READERS)
    query = (
        select(PortfolioItem.id, PortfolioItem.department_id, Department.name, PortfolioItem.plan_id, Plan.title)
        .outerjoin(Department, Department.id == PortfolioItem.department_id)
        .outerjoin(Plan, Plan.id == PortfolioItem.plan_id)
        .where(PortfolioItem.person_id == person_id)
        .order_by(PortfolioItem.plan_id.is_not(None), Department.path, Plan.id)
    )
    return [PortfolioRow(*row) for row in session.execute(query)]


def list_plan_choices(session: Session, *, actor: Actor) -> list[PlanChoice]:
    """All plans by title, the newest first, for whoever sets portfolios."""
    require_role(actor, Role.ADMINISTRATOR)
    return [PlanChoice(*row) for row in session.execute(select(Plan.id, Plan.title).order_by(Plan.id.desc()))]


def add_to_portfolio(
    session: Session,
    person_id: int,
    *,
    department_id: int | None = None,
    plan_id: int | None = None,
    **by: Unpack[Writing],
) -> None:
    """Let somebody watch over a department and all below it, or over a plan; raises :class:`Invalid`."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    if session.get(Person, person_id) is None:
        raise NotFound()
    if (department_id is None) is (plan_id is None):
        raise Invalid("department", "portfolio_needs_one")
    row = PortfolioItem(person_id=person_id, department_id=department_id, plan_id=plan_id)
    told = _told(session, row)
    try:
        # Two administrators who add the same side by side: the unique key stops one of them.
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Invalid("department" if plan_id is None else "plan", "portfolio_has_it") from None
    _record(session, person_id, Change.PORTFOLIO_ADDED, after=told, **by)


def remove_from_portfolio(session: Session, person_id: int, item_id: int, **by: Unpack[Writing]) -> None:
    """Take a department or plan out; what is not there (any more) is left alone."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    row = session.get(PortfolioItem, item_id)
    if row is None:
        return
    if row.person_id != person_id:
        raise NotFound()
    told = _told(session, row)
    session.delete(row)
    session.flush()
    _record(session, person_id, Change.PORTFOLIO_REMOVED, before=told, **by)


def _told(session: Session, row: PortfolioItem) -> dict[str, Any]:
    if row.department_id is not None:
        department = session.get(Department, row.department_id)
        if department is None:
            raise Invalid("department", "unknown")
        return {"department_id": department.id, "department": department.name}
    plan = session.get(Plan, row.plan_id)
    if plan is None:
        raise Invalid("plan", "unknown")
    return {"plan_id": plan.id, "plan": plan.title}


def _record(
    session: Session,
    person_id: int,
    act: Change,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    **by: Unpack[Writing],
) -> None:
    record_change(session, subject=Subject.PERSON, subject_id=person_id, act=act, before=before, after=after, **by)
