"""Who hears of an act: people found through their posts, with who stands in for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.absences import is_reached, with_deputies
from taskboard.domain.permissions import DEPARTMENT_WIDE, Actor, Post, may_see_task
from taskboard.domain.roles import Role
from taskboard.models import Assignment, Department, Person, PersonPost
from taskboard.services.absences import load_away
from taskboard.services.actors import Holder, held_on, load_portfolios
from taskboard.services.answerable import officers_hearing, people_hearing, supervisors_hearing

if TYPE_CHECKING:
    from taskboard.services.cases import Case


class Recipient(NamedTuple):
    """Somebody who is told, and the post for which they are."""

    person: Holder
    role: Role
    department: str


def answering(session: Session, names: Mapping[int, str], *, body: Department | None, today: date) -> list[Recipient]:
    """Heads and liaisons of the departments of these ids; the body's supervisors, if asked, where one has neither."""
    people: list[Recipient] = []
    answered: set[int] = set()
    for role in sorted(DEPARTMENT_WIDE):
        for department_id, holders in people_hearing(session, names, role, today=today).items():
            people += [Recipient(person, role, names[department_id]) for person in holders]
            answered |= {department_id} if is_reached(holders) else set()
    if body is None or answered >= set(names):
        return people
    return [*people, *supervising(session, body, today=today)]


def supervising(session: Session, body: Department, *, today: date) -> list[Recipient]:
    """The supervisors of a body and of those above it."""
    holders = supervisors_hearing(session, body.path, today=today)
    return [Recipient(person, Role.SUPERVISOR, body.name) for person in holders]


def workers(case: Case, assignments: Iterable[Assignment]) -> list[Recipient]:
    """The liaisons and officers of the branches; the supervisors for a department that has nobody."""
    assignments = list(assignments)
    return [*people_of(case, assignments, Role.LIAISON), *officers(case, assignments)]


def people_of(case: Case, assignments: Iterable[Assignment], role: Role) -> list[Recipient]:
    """Who holds the role at the branches' departments; the supervisors, too, where one of them has nobody."""
    departments = {one.department_id: department_of(case, one) for one in assignments}
    found = people_hearing(case.session, departments, role, today=case.today)
    people = [
        Recipient(person, role, departments[department_id])
        for department_id, holders in found.items()
        for person in holders
    ]
    return people if all(map(is_reached, found.values())) else [*people, *deciding(case)]


def officers(case: Case, assignments: Iterable[Assignment]) -> list[Recipient]:
    """The officers into whose hands the branches were put."""
    working = {one.officer_id: one for one in assignments if one.officer_id is not None}
    departments = {officer_id: one.department_id for officer_id, one in working.items()}
    found = officers_hearing(case.session, departments, today=case.today)
    return [
        Recipient(person, Role.OFFICER, department_of(case, working[officer_id]))
        for officer_id, people in found.items()
        for person in people
    ]


def deciding(case: Case) -> list[Recipient]:
    """Who decides about the task: of a sub-task, head and liaison of the department that split its part."""
    if case.lineage:
        above = case.departments[case.lineage[0].department_id]
        people = answering(case.session, {above.id: above.name}, body=None, today=case.today)
        if is_reached(one.person for one in people):
            return people
    holders = supervisors_hearing(case.session, case.situation.body_path, today=case.today)
    return [Recipient(person, Role.SUPERVISOR, case.departments[case.task.body_id].name) for person in holders]


def leaders_in_charge(case: Case) -> list[Recipient]:
    """The leaders whose portfolio, or the place of whose post, has the task."""
    held = (
        select(Person.id, Person.name, Person.email, Department.id, Department.name, Department.path)
        .join(PersonPost, PersonPost.person_id == Person.id)
        .join(Department, Department.id == PersonPost.department_id)
        .where(PersonPost.role == Role.LEADER, Person.is_active, held_on(case.today))
        .order_by(Person.id, Department.id)
    )
    rows = case.session.execute(held).all()
    portfolios = load_portfolios(case.session, {row[0] for row in rows})
    leading = {
        (person_id, department): Holder(person_id, name, email)
        for person_id, name, email, department_id, department, path in rows
        if may_see_task(
            Actor(person_id, name, (Post(Role.LEADER, department_id, path),), portfolios.get(person_id)),
            case.situation,
        )
    }
    others = {person_id: leader for (person_id, _), leader in leading.items()}
    return [
        Recipient(one, Role.LEADER, department)
        for (_, department), leader in leading.items()
        for one in leader_hearing(case.session, leader, case.situation.body_path, today=case.today, others=others)
    ]


def leader_hearing(
    session: Session, leader: Holder, path: str, *, today: date, others: Mapping[int, Holder] | None = None
) -> list[Holder]:
    """Who hears what is a leader's: the deputy, too, while the leader is away.

    The deputy has to be one of the ``others`` who see the matter, or to supervise the body at ``path``. Without one
    the leader gets the mail all the same.
    """
    away = load_away(session, today)
    if leader.person_id not in away:
        return [leader]
    may_hear = {**{one.person_id: one for one in supervisors_hearing(session, path, today=today)}, **(others or {})}
    heard = with_deputies([leader], away, lambda _absent, deputy_id: may_hear.get(deputy_id))
    return heard if is_reached(heard) else [leader]


def department_of(case: Case, assignment: Assignment) -> str:
    """The name of the branch's department."""
    return case.departments[assignment.department_id].name
