"""What successions have left behind: the steps of a department, its successors, who worked on an assignment before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from taskboard.domain.departments import SuccessionKind, WorkOutcome
from taskboard.models import (
    Assignment,
    Department,
    DepartmentSuccession,
    DepartmentSuccessor,
    Person,
    SuccessionWork,
)


class SuccessionRow(NamedTuple):
    """A step as the pages of both departments show it."""

    id: int
    kind: SuccessionKind
    from_on: date
    reason: str
    decided_at: datetime
    decided_by: str
    department_id: int
    department: str
    successors: list[tuple[int, str]]
    works: int


class FormerHolder(NamedTuple):
    """Under whose name the work on an assignment was done before ``until``."""

    assignment_id: int
    department_id: int
    department: str
    until: datetime
    outcome: WorkOutcome


def list_successions(session: Session, department_id: int) -> list[SuccessionRow]:
    """The steps in which the department was followed by others or followed others, the latest first."""
    as_successor = select(DepartmentSuccessor.succession_id).where(DepartmentSuccessor.successor_id == department_id)
    query = (
        select(DepartmentSuccession, Person.name, Department.name)
        .join(Person, Person.id == DepartmentSuccession.decided_by_id)
        .join(Department, Department.id == DepartmentSuccession.department_id)
        .where(or_(DepartmentSuccession.department_id == department_id, DepartmentSuccession.id.in_(as_successor)))
        .order_by(DepartmentSuccession.id.desc())
    )
    steps = session.execute(query).all()
    ids = [one.id for one, _, _ in steps]
    successors: dict[int, list[tuple[int, str]]] = defaultdict(list)
    named = (
        select(DepartmentSuccessor.succession_id, Department.id, Department.name)
        .join(Department, Department.id == DepartmentSuccessor.successor_id)
        .where(DepartmentSuccessor.succession_id.in_(ids))
        .order_by(DepartmentSuccessor.position)
    )
    for succession_id, successor_id, name in session.execute(named):
        successors[succession_id].append((successor_id, name))
    works: dict[int, int] = defaultdict(int)
    for succession_id in session.scalars(
        select(SuccessionWork.succession_id).where(SuccessionWork.succession_id.in_(ids))
    ):
        works[succession_id] += 1
    return [
        SuccessionRow(
            one.id,
            one.kind,
            one.from_on,
            one.reason,
            one.decided_at,
            decided_by,
            one.department_id,
            department,
            successors[one.id],
            works[one.id],
        )
        for one, decided_by, department in steps
    ]


def former_holders(session: Session, task_id: int) -> list[FormerHolder]:
    """Who worked on the assignments of a task before a succession, so that their work is shown under their name."""
    query = (
        select(
            SuccessionWork.assignment_id,
            Department.id,
            Department.name,
            DepartmentSuccession.decided_at,
            SuccessionWork.outcome,
        )
        .join(DepartmentSuccession, DepartmentSuccession.id == SuccessionWork.succession_id)
        .join(Department, Department.id == DepartmentSuccession.department_id)
        .join(Assignment, Assignment.id == SuccessionWork.assignment_id)
        .where(Assignment.task_id == task_id)
        .order_by(DepartmentSuccession.id)
    )
    return [FormerHolder(*row) for row in session.execute(query)]


def successors_of(session: Session, department_ids: Iterable[int]) -> dict[int, list[Department]]:
    """Who followed each department that has ended, by its latest step; the main successor first."""
    query = (
        select(DepartmentSuccession.department_id, DepartmentSuccession.id, Department)
        .join(DepartmentSuccessor, DepartmentSuccessor.succession_id == DepartmentSuccession.id)
        .join(Department, Department.id == DepartmentSuccessor.successor_id)
        .where(
            DepartmentSuccession.department_id.in_(set(department_ids)),
            DepartmentSuccession.kind != SuccessionKind.TRANSFER,
        )
        .order_by(DepartmentSuccession.id, DepartmentSuccessor.position)
    )
    latest: dict[int, int] = {}
    found: dict[int, list[Department]] = defaultdict(list)
    for old, step, successor in session.execute(query):
        if latest.get(old) != step:
            latest[old], found[old] = step, []
        found[old].append(successor)
    return dict(found)
