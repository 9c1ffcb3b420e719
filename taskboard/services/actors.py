"""Who acts: a person with the posts they hold today, their own and those that fall to them for want of a holder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Date, Integer, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import SQLCoreOperations

from taskboard.domain.absences import both_names
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import NotAllowed
from taskboard.domain.permissions import DEPARTMENT_WIDE, Actor, Portfolio, Post
from taskboard.domain.roles import Role
from taskboard.models import Department, Person, PersonPost, PortfolioItem

TODAY = bindparam("today", type_=Date)
"""for statements that are built once: building one with its subqueries takes longer than running it"""
PERSON_ID = bindparam("person_id", type_=Integer)

ROLE_ORDER = {role: number for number, role in enumerate(Role)}


@dataclass(frozen=True)
class HeldPost:
    """A post with the department's name, for showing."""

    role: Role
    department_id: int
    department: str
    path: str
    is_stand_in: bool = False


class Holder(NamedTuple):
    """Somebody who holds a post; a stand-in holds it at the department above.

    ``deputy_for`` names those for whom somebody hears of a matter; who ``is_away`` reads of it in the product alone.
    """

    person_id: int
    name: str
    email: str | None
    is_stand_in: bool = False
    deputy_for: str | None = None
    is_away: bool = False

    def away(self) -> Holder:
        return self._replace(is_away=True)

    def hearing_for(self, absent: Holder) -> Holder:
        return self._replace(deputy_for=both_names(self.deputy_for, absent.name), is_stand_in=absent.is_stand_in)


def held_on(day: date | BindParameter[date], post: type[PersonPost] = PersonPost) -> ColumnElement[bool]:
    """Whether a post is held on the day; its last day still counts."""
    return and_(post.from_on <= day, or_(post.to_on.is_(None), post.to_on >= day))


def load_actor(session: Session, person_id: int, *, today: date) -> Actor:
    """The person with the posts they hold today; without any where the account is switched off or unknown."""
    name = session.scalar(select(Person.name).where(Person.id == person_id)) or ""
    posts = load_posts(session, person_id, today=today)
    return make_actor(person_id, name, posts, load_portfolio(session, person_id, posts))


def make_actor(person_id: int, name: str, posts: list[HeldPost], portfolio: Portfolio | None) -> Actor:
    return Actor(
        person_id=person_id,
        name=name,
        posts=tuple(Post(one.role, one.department_id, one.path, one.is_stand_in) for one in posts),
        portfolio=portfolio,
    )


def load_portfolio(session: Session, person_id: int, posts: Iterable[HeldPost]) -> Portfolio | None:
    """What a leader watches over; no query for anybody else. None where the administrator set no list."""
    if not any(post.role is Role.LEADER for post in posts):
        return None
    return load_portfolios(session, [person_id]).get(person_id)


def load_portfolios(session: Session, person_ids: Iterable[int]) -> dict[int, Portfolio]:
    """The portfolios of those who have one; one query."""
    rows = session.execute(
        select(PortfolioItem.person_id, Department.path, PortfolioItem.plan_id)
        .outerjoin(Department, Department.id == PortfolioItem.department_id)
        .where(PortfolioItem.person_id.in_(list(person_ids)))
        .order_by(PortfolioItem.person_id, Department.path)
    )
    found: dict[int, Portfolio] = {}
    for person_id, path, plan_id in rows:
        known = found.get(person_id, Portfolio())
        found[person_id] = Portfolio(
            paths=(*known.paths, path) if path is not None else known.paths,
            plan_ids=known.plan_ids | {plan_id} if plan_id is not None else known.plan_ids,
        )
    return found


def load_posts(session: Session, person_id: int, *, today: date) -> list[HeldPost]:
    """The posts of today, the person's own first; two queries.

    A head or liaison stands in at each department directly below theirs that has nobody in that role.
    """
    own = _own_posts(session, person_id, today)
    if not any(post.role in DEPARTMENT_WIDE for post in own):
        return own
    return own + _stand_in_posts(session, person_id, today)


def _own_posts(session: Session, person_id: int, today: date) -> list[HeldPost]:
    rows = session.execute(_OWN_POSTS, {"person_id": person_id, "today": today})
    posts = [HeldPost(*row) for row in rows]
    return sorted(posts, key=lambda post: (ROLE_ORDER[post.role], post.path))


def _stand_in_posts(session: Session, person_id: int, today: date) -> list[HeldPost]:
    rows = session.execute(_STAND_IN_POSTS, {"person_id": person_id, "today": today})
    return [HeldPost(*row, is_stand_in=True) for row in rows]


_Held, _Holder = aliased(PersonPost, name="held"), aliased(Person, name="holder")
"""made once: to make an alias costs more than the rest of the condition"""


def has_holder(
    department_id: SQLCoreOperations[int] | SQLCoreOperations[int | None],
    role: SQLCoreOperations[Role] | Role,
    today: date | BindParameter[date],
) -> ColumnElement[bool]:
    """Whether somebody who is not switched off holds the role at the department today."""
    return (
        exists()
        .where(_Held.department_id == department_id, _Held.role == role, held_on(today, _Held))
        .where(_Holder.id == _Held.person_id, _Holder.is_active)
    )


def require_role(actor: Actor, *roles: Role) -> None:
    """Raise :class:`NotAllowed` unless the person holds one of the roles somewhere."""
    if not any(actor.holds(role) for role in roles):
        raise NotAllowed()


_OWN_POSTS = (
    select(PersonPost.role, Department.id, Department.name, Department.path)
    .distinct()
    .join(Department, Department.id == PersonPost.department_id)
    .join(Person, Person.id == PersonPost.person_id)
    .where(PersonPost.person_id == PERSON_ID, Person.is_active, held_on(TODAY))
)

_STAND_IN_POSTS = (
    select(PersonPost.role, Department.id, Department.name, Department.path)
    .distinct()
    .join(Department, Department.parent_id == PersonPost.department_id)
    .join(Person, Person.id == PersonPost.person_id)
    .where(
        PersonPost.person_id == PERSON_ID,
        Person.is_active,
        PersonPost.role.in_(DEPARTMENT_WIDE),
        held_on(TODAY),
        Department.is_active,
        Department.kind == DepartmentKind.UNIT,
        ~has_holder(Department.id, PersonPost.role, TODAY),
    )
    .order_by(Department.path)
)
