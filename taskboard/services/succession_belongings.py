"""What a department that others follow has besides its work: posts, memberships, supervision."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from taskboard.domain.roles import Role
from taskboard.models import (
    Department,
    DepartmentMember,
    ImportDraft,
    Person,
    PersonPost,
    Plan,
    Task,
)


class PostLine(NamedTuple):
    """A post that would end here and begin at the successor."""

    id: int
    person: str
    role: Role
    from_on: date
    to_on: date | None


class MemberLine(NamedTuple):
    """A membership in a group that would go over to the successor."""

    id: int
    group: str
    from_on: date
    to_on: date | None


def list_posts(session: Session, department: Department, today: date) -> list[PostLine]:
    query = (
        select(PersonPost.id, Person.name, PersonPost.role, PersonPost.from_on, PersonPost.to_on)
        .join(Person, Person.id == PersonPost.person_id)
        .where(PersonPost.department_id == department.id, or_(PersonPost.to_on.is_(None), PersonPost.to_on >= today))
        .order_by(PersonPost.id)
    )
    return [PostLine(*row) for row in session.execute(query)]


def list_memberships(session: Session, department: Department, today: date) -> list[MemberLine]:
    query = (
        select(DepartmentMember.id, Department.name, DepartmentMember.from_on, DepartmentMember.to_on)
        .join(Department, Department.id == DepartmentMember.group_id)
        .where(
            DepartmentMember.member_id == department.id,
            or_(DepartmentMember.to_on.is_(None), DepartmentMember.to_on >= today),
        )
        .order_by(DepartmentMember.id)
    )
    return [MemberLine(*row) for row in session.execute(query)]


def move_posts(session: Session, department: Department, successor: Department, today: date) -> None:
    """Posts end with yesterday and begin today at the successor; what was served stays under the old name."""
    query = select(PersonPost).where(
        PersonPost.department_id == department.id, or_(PersonPost.to_on.is_(None), PersonPost.to_on >= today)
    )
    for post in session.scalars(query).all():
        begins, ends = max(post.from_on, today), post.to_on
        has_it = select(PersonPost.id).where(
            PersonPost.person_id == post.person_id,
            PersonPost.role == post.role,
            PersonPost.department_id == successor.id,
            or_(PersonPost.to_on.is_(None), PersonPost.to_on >= begins),
        )
        if ends is not None:
            has_it = has_it.where(PersonPost.from_on <= ends)
        is_new = session.scalars(has_it).first() is None
        if post.from_on >= today and is_new:
            post.department_id = successor.id
            continue
        if is_new:
            session.add(
                PersonPost(
                    person_id=post.person_id, department_id=successor.id, role=post.role, from_on=begins, to_on=ends
                )
            )
        if post.from_on >= today:
            session.delete(post)
        else:
            post.to_on = today - timedelta(days=1)
    session.flush()


def move_memberships(session: Session, department: Department, successor: Department, today: date) -> None:
    query = select(DepartmentMember).where(
        DepartmentMember.member_id == department.id,
        or_(DepartmentMember.to_on.is_(None), DepartmentMember.to_on >= today),
    )
    for time in session.scalars(query).all():
        begins, ends = max(time.from_on, today), time.to_on
        has_it = select(DepartmentMember.id).where(
            DepartmentMember.group_id == time.group_id,
            DepartmentMember.member_id == successor.id,
            or_(DepartmentMember.to_on.is_(None), DepartmentMember.to_on >= begins),
        )
        if ends is not None:
            has_it = has_it.where(DepartmentMember.from_on <= ends)
        is_new = session.scalars(has_it).first() is None
        if is_new:
            session.add(DepartmentMember(group_id=time.group_id, member_id=successor.id, from_on=begins, to_on=ends))
        if time.from_on >= today:
            session.delete(time)
        else:
            time.to_on = today - timedelta(days=1)
    session.flush()


def move_supervision(session: Session, department_id: int, successor_id: int) -> None:
    """Plans are watched over by the successor from now on, their closed tasks too: to watch over them is no work."""
    for model in (Plan, Task, ImportDraft):
        session.execute(
            update(model)
            .where(model.body_id == department_id)
            .values(body_id=successor_id)
            .execution_options(synchronize_session=False)
        )
    session.expire_all()
