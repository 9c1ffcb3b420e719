"""The posts that people hold: a role at a department, from a day on. Administrators keep them, of whom one remains."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple, Unpack

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.roles import Role
from taskboard.models import Department, Person, PersonPost
from taskboard.services.actors import held_on, require_role
from taskboard.services.history import Writing, record_change
from taskboard.services.holdings import check_nothing_hangs
from taskboard.services.paging import count_rows

ONE_DAY = timedelta(days=1)


class PostRow(NamedTuple):
    """A post as pages show it."""

    id: int
    role: Role
    department_id: int
    department: str
    from_on: date
    to_on: date | None

    def is_held_on(self, day: date) -> bool:
        return self.from_on <= day and (self.to_on is None or self.to_on >= day)


# Finding


def list_posts(session: Session, person_id: int) -> list[PostRow]:
    """All posts of a person, past and coming ones too, the latest first."""
    return posts_of(session, [person_id]).get(person_id, [])


def posts_of(session: Session, people: Iterable[int], *which: ColumnElement[bool]) -> dict[int, list[PostRow]]:
    """The posts of these people by person, the latest first; ``which`` narrows them."""
    query = (
        select(
            PersonPost.person_id,
            PersonPost.id,
            PersonPost.role,
            PersonPost.department_id,
            Department.name,
            PersonPost.from_on,
            PersonPost.to_on,
        )
        .join(Department, Department.id == PersonPost.department_id)
        .where(PersonPost.person_id.in_(list(people)), *which)
        .order_by(PersonPost.from_on.desc(), PersonPost.id.desc())
    )
    found: dict[int, list[PostRow]] = {}
    for row in session.execute(query):
        found.setdefault(row.person_id, []).append(PostRow(*row[1:]))
    return found


# Keeping


def add_post(
    session: Session,
    person_id: int,
    *,
    role: Role,
    department_id: int,
    from_on: date,
    to_on: date | None = None,
    **by: Unpack[Writing],
) -> PersonPost:
    """A role at a department from a day on, to a day (inclusive) or open-ended; raises :class:`Invalid`."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    return appoint(session, person_id, role=role, department_id=department_id, from_on=from_on, to_on=to_on, **by)


def appoint(
    session: Session,
    person_id: int,
    *,
    role: Role,
    department_id: int,
    from_on: date,
    to_on: date | None = None,
    request_key: str | None = None,
    **by: Unpack[Writing],
) -> PersonPost:
    """The same; asks for nobody."""
    if session.get(Person, person_id) is None:
        raise NotFound()
    department = session.get(Department, department_id)
    if department is None:
        raise Invalid("department", "unknown")
    if department.kind is DepartmentKind.COLLECTIVE:
        raise Invalid("department", "department_is_collective")
    if not department.is_active:
        raise Invalid("department", "department_inactive")
    if to_on is not None and to_on < from_on:
        raise Invalid("to_on", "post_ends_before_start")
    post = PersonPost(person_id=person_id, department_id=department_id, role=role, from_on=from_on, to_on=to_on)
    _check_no_overlap(session, post)
    session.add(post)
    session.flush()
    after = _recorded_post(session, post)
    _record(session, post, Change.POST_ADDED, after=after, request_key=request_key, **by)
    return post


def end_post(
    session: Session,
    person_id: int,
    post_id: int,
    *,
    last_day: date,
    today: date,
    vacated: Collection[int] = (),
    **by: Unpack[Writing],
) -> None:
    """Let a post end with that day.

    Raises :class:`Invalid` where it would end before it began, or open work hangs on it alone as in :func:`switch_off`.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    post = session.get(PersonPost, post_id)
    if post is None or post.person_id != person_id:
        raise NotFound()
    if last_day < post.from_on:
        raise Invalid("last_day", "post_ends_before_start")
    if post.role is Role.ADMINISTRATOR:
        check_administrator_remains(session, PersonPost.id != post_id, today=today)
    check_nothing_hangs(session, person_id, gone_on=last_day + ONE_DAY, post_id=post_id, vacated=vacated)
    close_post(session, post, last_day=last_day, **by)


def close_post(session: Session, post: PersonPost, *, last_day: date, **by: Unpack[Writing]) -> None:
    """Write down the last day of a post whose work has been seen to."""
    if post.to_on == last_day:
        return
    before = _recorded_post(session, post)
    post.to_on = last_day
    session.flush()
    _record(session, post, Change.POST_ENDED, before=before, after=_recorded_post(session, post), **by)


def remove_post(session: Session, person_id: int, post_id: int, *, today: date, **by: Unpack[Writing]) -> None:
    """Take away a post that was entered by mistake and has not begun; raises :class:`Invalid` for one that has."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    post = session.get(PersonPost, post_id)
    if post is None:
        return
    if post.person_id != person_id:
        raise NotFound()
    if post.from_on < today:
        raise Invalid("last_day", "post_has_begun")
    if post.role is Role.ADMINISTRATOR:
        check_administrator_remains(session, PersonPost.id != post_id, today=today)
    check_nothing_hangs(session, person_id, gone_on=today, post_id=post_id)
    take_away(session, post, **by)


def take_away(session: Session, post: PersonPost, **by: Unpack[Writing]) -> None:
    """Take away a post that has not served a day; asks for nobody."""
    before = _recorded_post(session, post)
    session.delete(post)
    session.flush()
    _record(session, post, Change.POST_REMOVED, before=before, **by)


def _record(
    session: Session,
    post: PersonPost,
    act: Change,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    request_key: str | None = None,
    **by: Unpack[Writing],
) -> None:
    told: dict[str, Any] = {"before": before, "after": after, "request_key": request_key}
    record_change(session, subject=Subject.PERSON, subject_id=post.person_id, act=act, **told, **by)


def _recorded_post(session: Session, post: PersonPost) -> dict[str, Any]:
    """With the department as it is called now, and its number: on both sides, to say which post it was."""
    department = session.get_one(Department, post.department_id)
    return {
        "post": {
            "role": post.role,
            "department": department.name,
            "department_id": department.id,
            "from_on": post.from_on,
            "to_on": post.to_on,
        }
    }


def _check_no_overlap(session: Session, post: PersonPost) -> None:
    same = select(PersonPost.id).where(
        PersonPost.person_id == post.person_id,
        PersonPost.role == post.role,
        PersonPost.department_id == post.department_id,
        or_(PersonPost.to_on.is_(None), PersonPost.to_on >= post.from_on),
    )
    if post.to_on is not None:
        same = same.where(PersonPost.from_on <= post.to_on)
    if count_rows(session, same):
        raise Invalid("role", "post_overlaps")


def check_administrator_remains(session: Session, others: ColumnElement[bool], *, today: date) -> None:
    """Without an administrator nobody could ever add one again."""
    # Two administrators who remove each other side by side wait for one another here.
    administrators = (
        select(PersonPost.id)
        .join(Person, Person.id == PersonPost.person_id)
        .where(PersonPost.role == Role.ADMINISTRATOR, Person.is_active, held_on(today), PersonPost.to_on.is_(None))
        .with_for_update()
    )
    if session.scalars(administrators).all() and not session.scalars(administrators.where(others)).all():
        raise Invalid("is_active", "last_administrator")
