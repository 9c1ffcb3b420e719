"""Who answers for a department today: the holders of its posts, or whoever the posts fall to where they are vacant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import BindParameter, and_, bindparam, or_, select, true
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.permissions import DEPARTMENT_WIDE, Actor
from taskboard.domain.roles import Role
from taskboard.models import Department, Person, PersonPost
from taskboard.services.actors import TODAY, Holder, has_holder, held_on

DEPARTMENT_IDS: BindParameter[Sequence[int]] = bindparam("department_ids", expanding=True)

_PARENTS = select(Department.id, Department.parent_id).where(Department.id.in_(DEPARTMENT_IDS))
_HOLDERS = (
    select(PersonPost.role, PersonPost.department_id, Person.id, Person.name, Person.email)
    .distinct()
    .join(Person, Person.id == PersonPost.person_id)
    .where(
        PersonPost.department_id.in_(DEPARTMENT_IDS),
        PersonPost.role.in_(bindparam("roles", expanding=True)),
        Person.is_active,
        held_on(TODAY),
    )
    .order_by(PersonPost.department_id, Person.name, Person.id)
)


def people_answerable(
    session: Session, department_ids: Iterable[int], role: Role, *, today: date
) -> dict[int, list[Holder]]:
    """Per department the holders of the role, else those of its parent; nobody where both are vacant. Two queries."""
    return posts_answerable(session, department_ids, (role,), today=today)[role]


def posts_answerable(
    session: Session, department_ids: Iterable[int], roles: Collection[Role], *, today: date
) -> dict[Role, dict[int, list[Holder]]]:
    """The same for several roles at once."""
    wanted = set(department_ids)
    parents = dict(session.execute(_PARENTS, {"department_ids": list(wanted)}).all())
    holders = _holders(session, wanted | {one for one in parents.values() if one is not None}, roles, today)
    found: dict[Role, dict[int, list[Holder]]] = {role: {} for role in roles}
    for role, of_role in found.items():
        for department_id, parent_id in parents.items():
            above = holders.get((role, parent_id), []) if parent_id is not None else []
            stand_ins = [one._replace(is_stand_in=True) for one in above]
            of_role[department_id] = holders.get((role, department_id)) or stand_ins
    return found


class Vacancies(NamedTuple):
    """Departments for which who decides about the task stands in: nobody there or at the parent is head …"""

    headless: tuple[int, ...] = ()
    unmanned: tuple[int, ...] = ()
    """… or neither head nor liaison"""


def find_vacancies(session: Session, actor: Actor, *, today: date) -> Vacancies:
    """Which departments this person may have to stand in for; one query, none for who decides about no task.

    For supervisors it can be any, for who speaks for a department those below it, to which it gives sub-tasks.
    """
    above = {post.path for post in actor.posts if post.role in DEPARTMENT_WIDE}
    if not actor.is_supervisor and not above:
        return Vacancies()
    reach = true() if actor.is_supervisor else or_(*(Department.path.startswith(path) for path in sorted(above)))
    head, liaison = (
        and_(~has_holder(Department.id, role, today), ~has_holder(Department.parent_id, role, today))
        for role in (Role.HEAD, Role.LIAISON)
    )
    query = select(Department.id, liaison).where(Department.kind == DepartmentKind.UNIT, reach, head)
    rows = session.execute(query).all()
    return Vacancies(tuple(row[0] for row in rows), tuple(row[0] for row in rows if row[1]))


def supervisors_of(session: Session, path: str, *, today: date) -> list[Holder]:
    """The supervisors at this place in the tree and above it; one query."""
    bodies = [int(part) for part in path.split("/") if part]
    found = _holders(session, set(bodies), (Role.SUPERVISOR,), today)
    return list({one.person_id: one for body in bodies for one in found.get((Role.SUPERVISOR, body), [])}.values())


def _holders(
    session: Session, department_ids: set[int], roles: Collection[Role], today: date
) -> dict[tuple[Role, int], list[Holder]]:
    asked = {"department_ids": list(department_ids), "roles": list(roles), "today": today}
    found: dict[tuple[Role, int], list[Holder]] = defaultdict(list)
    for row in session.execute(_HOLDERS, asked):
        found[row.role, row.department_id].append(Holder(row.id, row.name, row.email))
    return found
