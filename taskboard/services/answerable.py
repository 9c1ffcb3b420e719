"""Who answers for a department today: the holders of its posts, or whoever the posts fall to where they are vacant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import BindParameter, and_, bindparam, or_, select, true
from sqlalchemy.orm import Session

from taskboard.domain.absences import HEARS_FOR, is_reached, with_deputies
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.permissions import DEPARTMENT_WIDE, Actor
from taskboard.domain.roles import Role
from taskboard.models import Department, Person, PersonPost
from taskboard.services.absences import load_away
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


def people_hearing(
    session: Session, department_ids: Iterable[int], role: Role, *, today: date
) -> dict[int, list[Holder]]:
    """The same for a notice: deputies in the place of those who are away, who stay in the list, marked."""
    away = load_away(session, today)
    if not away:
        return people_answerable(session, department_ids, role, today=today)
    asked = posts_answerable(session, department_ids, HEARS_FOR[role] | {role}, today=today)
    return {
        department_id: with_deputies(holders, away, _among(asked, HEARS_FOR[role], department_id))
        for department_id, holders in asked[role].items()
    }


def officers_hearing(session: Session, officers: Mapping[int, int], *, today: date) -> dict[int, list[Holder]]:
    """Who hears what is an officer's, by the officer's id: the deputy, too, where they are away.

    ``officers`` are the departments for which each of them works. Who has no deputy there gets the mail all the same:
    nobody else is asked for.
    """
    rows = session.execute(
        select(Person.id, Person.name, Person.email).where(Person.id.in_(list(officers)), Person.is_active)
    )
    own = {row.id: [Holder(*row)] for row in rows}
    away = load_away(session, today)
    if not away.keys() & own.keys():
        return own
    asked = posts_answerable(session, officers.values(), HEARS_FOR[Role.OFFICER], today=today)
    heard = {
        one: with_deputies(holders, away, _among(asked, HEARS_FOR[Role.OFFICER], officers[one]))
        for one, holders in own.items()
    }
    return {one: holders if is_reached(holders) else own[one] for one, holders in heard.items()}


def _among(
    asked: Mapping[Role, Mapping[int, Sequence[Holder]]], roles: Iterable[Role], department_id: int
) -> Callable[[Holder, int], Holder | None]:
    """Finds a deputy among the people of one department."""
    people = {one.person_id: one for role in roles for one in asked[role].get(department_id, ())}
    return lambda _absent, deputy_id: people.get(deputy_id)


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


def supervisors_hearing(session: Session, path: str, *, today: date) -> list[Holder]:
    """The same for a notice; where all of them are away, it goes to their mailboxes rather than to nobody's."""
    holders, away = supervisors_of(session, path, today=today), load_away(session, today)
    if not away:
        return holders
    # A deputy who supervises here is among them.
    hearing = with_deputies(holders, away, lambda _absent, _deputy_id: None)
    return hearing if is_reached(hearing) else holders


def _holders(
    session: Session, department_ids: set[int], roles: Collection[Role], today: date
) -> dict[tuple[Role, int], list[Holder]]:
    asked = {"department_ids": list(department_ids), "roles": list(roles), "today": today}
    found: dict[tuple[Role, int], list[Holder]] = defaultdict(list)
    for row in session.execute(_HOLDERS, asked):
        found[row.role, row.department_id].append(Holder(row.id, row.name, row.email))
    return found
