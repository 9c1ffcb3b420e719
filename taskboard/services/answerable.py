"""Who answers for a department today: the holders of its posts, or whoever the posts fall to where they are vacant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.roles import Role
from taskboard.models import Department, Person, PersonPost
from taskboard.services.actors import held_on


class Contact(NamedTuple):
    """Somebody to write to or to name; ``is_stand_in`` where the post belongs to another department."""

    person_id: int
    name: str
    email: str | None
    is_stand_in: bool = False


def people_answerable(
    session: Session, department_ids: Iterable[int], role: Role, *, today: date
) -> dict[int, list[Contact]]:
    """Per department the holders of the role, else those of its parent; nobody where both are vacant. Two queries."""
    wanted = set(department_ids)
    rows = session.execute(select(Department.id, Department.parent_id).where(Department.id.in_(wanted)))
    parents = {row.id: row.parent_id for row in rows}
    holders = _holders(session, wanted | {one for one in parents.values() if one is not None}, role, today)
    return {
        department_id: holders[department_id]
        or [
            one._replace(is_stand_in=True)
            for one in (holders[parents[department_id]] if parents[department_id] else [])
        ]
        for department_id in parents
    }


def supervisors_of(session: Session, path: str, *, today: date) -> list[Contact]:
    """The supervisors at this place in the tree and above it; one query."""
    bodies = [int(part) for part in path.split("/") if part]
    found = _holders(session, set(bodies), Role.SUPERVISOR, today)
    return list({one.person_id: one for body in bodies for one in found[body]}.values())


def _holders(session: Session, department_ids: set[int], role: Role, today: date) -> dict[int, list[Contact]]:
    query = (
        select(PersonPost.department_id, Person.id, Person.name, Person.email)
        .distinct()
        .join(Person, Person.id == PersonPost.person_id)
        .where(PersonPost.department_id.in_(department_ids), PersonPost.role == role, Person.is_active, held_on(today))
        .order_by(PersonPost.department_id, Person.name, Person.id)
    )
    found = defaultdict(list)
    for row in session.execute(query):
        found[row.department_id].append(Contact(row.id, row.name, row.email))
    return found
