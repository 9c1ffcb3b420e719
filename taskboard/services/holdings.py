"""What open work hangs on one person alone, so that it would be left without anybody when they go."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from taskboard.domain.errors import Invalid
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OPEN_ASSIGNMENT, OPEN_TASK, AssignmentState, TaskState
from taskboard.models import Assignment, Department, Extension, Person, PersonPost, Task
from taskboard.services.actors import Holder, held_on
from taskboard.services.answerable import people_answerable, supervisors_of

ANSWERING = (Role.HEAD, Role.LIAISON)


class DispatchedWork(NamedTuple):
    """An open assignment that is in the hands of an officer."""

    assignment_id: int
    task_id: int
    title: str
    department_id: int
    department: str
    due_on: date | None


class SolePost(NamedTuple):
    """A post that nobody else holds, with the open work that comes to it."""

    post_id: int
    role: Role
    department_id: int
    department: str
    from_on: date
    to_on: date | None
    open_work: int
    """assignments of the department, or tasks that nobody else supervises"""
    undecided: int
    """of these, how many wait for a decision of whoever holds the post"""
    stand_ins: tuple[str, ...]
    """who would act without a successor"""


@dataclass(frozen=True)
class Holdings:
    """Everything that needs a new holder before somebody goes."""

    work: tuple[DispatchedWork, ...] = ()
    posts: tuple[SolePost, ...] = ()

    @property
    def count(self) -> int:
        return len(self.work) + sum(one.open_work for one in self.posts)


def check_nothing_hangs(
    session: Session, person_id: int, *, gone_on: date, post_id: int | None = None, vacated: Collection[int] = ()
) -> None:
    """Raise :class:`Invalid` where open work would be left without anybody from ``gone_on``."""
    found = find_holdings(session, person_id, gone_on=gone_on, post_id=post_id)
    left = Holdings(found.work, tuple(one for one in found.posts if one.post_id not in vacated))
    if left.count:
        raise Invalid("leaving", "work_hangs", count=left.count)


def find_holdings(session: Session, person_id: int, *, gone_on: date, post_id: int | None = None) -> Holdings:
    """What would be left without anybody from ``gone_on``, the first day without this person, or without one post."""
    query = (
        select(PersonPost, Department)
        .join(Department, Department.id == PersonPost.department_id)
        .where(PersonPost.person_id == person_id, or_(PersonPost.to_on.is_(None), PersonPost.to_on >= gone_on))
        .order_by(Department.path, PersonPost.id)
    )
    if post_id is not None:
        query = query.where(PersonPost.id == post_id)
    rows = session.execute(query).all()
    posts = [one for post, department in rows if (one := _sole_post(session, post, department, gone_on)) is not None]
    served = {post.department_id for post, _ in rows if post.role is Role.OFFICER} if post_id is not None else None
    return Holdings(tuple(_dispatched(session, person_id, served)), tuple(posts))


def _dispatched(session: Session, person_id: int, departments: set[int] | None) -> list[DispatchedWork]:
    query = (
        select(
            Assignment.id, Assignment.task_id, Task.title, Assignment.department_id, Department.name, Assignment.due_on
        )
        .join(Task, Task.id == Assignment.task_id)
        .join(Department, Department.id == Assignment.department_id)
        .where(Assignment.officer_id == person_id, Assignment.state.in_(OPEN_ASSIGNMENT), Task.state.in_(OPEN_TASK))
        .order_by(Department.path, Assignment.due_on, Assignment.id)
    )
    if departments is not None:
        query = query.where(Assignment.department_id.in_(departments))
    return [DispatchedWork(*row) for row in session.execute(query)]


def _sole_post(session: Session, post: PersonPost, department: Department, gone_on: date) -> SolePost | None:
    """The post with its work where it would be left to nobody, None where others hold it or nothing is open."""
    if post.role in ANSWERING:
        if _has_colleague(session, post, gone_on):
            return None
        open_work, undecided = _work_of_department(session, department.id, post.role)
        parents = people_answerable(session, [department.id], post.role, today=gone_on)[department.id]
        stand_ins = [one for one in parents if one.is_stand_in] or supervisors_of(
            session, department.path, today=gone_on
        )
    elif post.role is Role.SUPERVISOR:
        open_work, undecided = _work_of_supervisor(session, post, department.path, gone_on)
        stand_ins = []
    else:
        return None
    if not open_work:
        return None
    return SolePost(
        post_id=post.id,
        role=post.role,
        department_id=department.id,
        department=department.name,
        from_on=post.from_on,
        to_on=post.to_on,
        open_work=open_work,
        undecided=undecided,
        stand_ins=_names(stand_ins, without=post.person_id),
    )


def _names(holders: Collection[Holder], *, without: int) -> tuple[str, ...]:
    return tuple(one.name for one in holders if one.person_id != without)


def _has_colleague(session: Session, post: PersonPost, day: date) -> bool:
    other, colleague = aliased(PersonPost), aliased(Person)
    held = exists().where(
        other.department_id == post.department_id,
        other.role == post.role,
        other.person_id != post.person_id,
        held_on(day, other),
        colleague.id == other.person_id,
        colleague.is_active,
    )
    return bool(session.scalar(select(held)))


def _work_of_department(session: Session, department_id: int, role: Role) -> tuple[int, int]:
    """Open assignments of a department, and how many of them wait for its head's signature or its receipt."""
    waits = AssignmentState.HEAD_REVIEW if role is Role.HEAD else AssignmentState.PENDING
    query = (
        select(func.count(), func.count().filter(Assignment.state == waits))
        .join(Task, Task.id == Assignment.task_id)
        .where(Assignment.department_id == department_id)
        .where(Assignment.state.in_(OPEN_ASSIGNMENT), Task.state.in_(OPEN_TASK))
    )
    open_work, undecided = session.execute(query).one()
    return open_work, undecided


def _work_of_supervisor(session: Session, post: PersonPost, path: str, gone_on: date) -> tuple[int, int]:
    """Open tasks of bodies at or below the post that nobody else supervises, and those that wait for a decision."""
    bodies = session.execute(
        select(Department.id, Department.path).where(
            Department.path.startswith(path), exists().where(Task.body_id == Department.id, Task.state.in_(OPEN_TASK))
        )
    )
    alone = [
        body_id
        for body_id, body_path in bodies
        if not _names(supervisors_of(session, body_path, today=gone_on), without=post.person_id)
    ]
    if not alone:
        return 0, 0
    is_open: Select[int] = (
        select(func.count()).select_from(Task).where(Task.body_id.in_(alone), Task.state.in_(OPEN_TASK))
    )
    asks = exists().where(
        Assignment.task_id == Task.id,
        or_(
            Assignment.state == AssignmentState.OBJECTED,
            exists().where(and_(Extension.assignment_id == Assignment.id, Extension.result.is_(None))),
        ),
    )
    waiting = is_open.where(or_(Task.state == TaskState.SUBMITTED, asks))
    return session.scalar(is_open) or 0, session.scalar(waiting) or 0
