"""Who is liaison of which department: changed for many departments at once, shown before, one mail to each person.

The new liaison begins on the day, the former ones end the day before: no day is without one, so nothing waits for
nobody. What is dispatched to somebody as officer is a post of another kind and stays in their hands.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, Unpack

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.history import Change
from taskboard.domain.local_time import local_date
from taskboard.domain.outbox import MailKind
from taskboard.domain.permissions import Actor, may_name_liaison
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OPEN_ASSIGNMENT, OPEN_TASK
from taskboard.models import Assignment, Department, Person, PersonPost, Task
from taskboard.services.accounts import normal_username
from taskboard.services.actors import held_on
from taskboard.services.history import Writing, find_repeated
from taskboard.services.holdings import check_nothing_hangs
from taskboard.services.outbox import queue_mail
from taskboard.services.posts import appoint, close_post, take_away
from taskboard.services.visibility import visible_tasks

ONE_DAY = timedelta(days=1)
MOST_AT_ONCE = 150
"""departments: they stand in the address of the page, and gunicorn takes one of at most 4094 characters"""


class LiaisonRow(NamedTuple):
    """A department with its liaisons of today; ``staff`` are others who hold a post there."""

    department_id: int
    department: str
    liaisons: list[tuple[int, str]]
    staff: list[str]
    open_work: int
    """assignments under way, which the new liaison goes on with"""


class LiaisonChange(NamedTuple):
    """What would become of one department."""

    department_id: int
    department: str
    successor_id: int
    successor: str
    former: list[tuple[int, str]]
    """who would be liaison no longer"""
    open_work: int


@dataclass(frozen=True)
class LiaisonPreview:
    """All changes, who would be told of them, and the mark by which it is known whether something changed since."""

    changes: list[LiaisonChange]
    told: list[str]
    mark: str


class LiaisonResult(NamedTuple):
    done: int
    told: int
    is_repeated: bool = False


def departments_to_change(session: Session, task_ids: Collection[int], *, actor: Actor) -> list[int]:
    """The departments with open work on these tasks whose liaison this person may name, in the order of
    the directory."""
    query = (
        select(Department.id, Department.path)
        .distinct()
        .join(Assignment, Assignment.department_id == Department.id)
        .join(Task, Task.id == Assignment.task_id)
        .where(
            Assignment.task_id.in_(task_ids),
            visible_tasks(actor),
            Assignment.state.in_(OPEN_ASSIGNMENT),
            Department.is_active,
            Department.kind == DepartmentKind.UNIT,
        )
        .order_by(Department.id)
    )
    found = session.execute(query).all()
    return [one.id for one in found if may_name_liaison(actor, one.id, one.path)]


def list_liaisons(session: Session, department_ids: Sequence[int], *, actor: Actor, today: date) -> list[LiaisonRow]:
    """Who is liaison of each of these departments now; :class:`NotFound` where one is not this person's to change."""
    departments = _departments(session, department_ids, actor)
    work = _open_work(session, departments)
    liaisons: dict[int, list[tuple[int, str]]] = defaultdict(list)
    staff: dict[int, list[str]] = defaultdict(list)
    query = (
        select(PersonPost.department_id, PersonPost.role, Person.id, Person.name)
        .join(Person, Person.id == PersonPost.person_id)
        .where(PersonPost.department_id.in_(departments), Person.is_active, held_on(today))
        .order_by(PersonPost.id)
    )
    for department_id, role, person_id, name in session.execute(query):
        if role is Role.LIAISON:
            liaisons[department_id].append((person_id, name))
        elif name not in staff[department_id]:
            staff[department_id].append(name)
    return [
        LiaisonRow(one.id, one.name, liaisons[one.id], staff[one.id], work.get(one.id, 0))
        for one in departments.values()
    ]


def preview_liaisons(session: Session, chosen: Mapping[int, str], *, actor: Actor, today: date) -> LiaisonPreview:
    """What naming these people (by account or name, per department) would do.

    Raises :class:`Invalid` with the field ``liaison_<department>`` for a name that is nobody's who can be meant, and
    :class:`NotFound` for a department that is not this person's to change.
    """
    rows = list_liaisons(session, list(chosen), actor=actor, today=today)
    successors = _find_successors(session, chosen, actor=actor, today=today)
    changes = []
    for row in rows:
        successor = successors[row.department_id]
        former = [one for one in row.liaisons if one[0] != successor.id]
        if successor.id in dict(row.liaisons) and not former:
            continue
        changes.append(
            LiaisonChange(row.department_id, row.department, successor.id, successor.name, former, row.open_work)
        )
    if not changes:
        raise Invalid("liaisons", "liaisons_unchanged")
    told = [person.name for person, _ in _to_tell(session, changes, actor=actor, today=today)]
    seen = [[one.department_id, one.successor_id, [old for old, _ in one.former]] for one in changes]
    return LiaisonPreview(changes, told, hashlib.sha256(json.dumps(seen).encode()).hexdigest())


def change_liaisons(
    session: Session, chosen: Mapping[int, str], *, mark: str, request_key: str | None = None, **by: Unpack[Writing]
) -> LiaisonResult:
    """Do what was shown as ``mark``; the same request again does nothing.

    Raises :class:`Stale` where somebody changed a liaison meanwhile, and what :func:`preview_liaisons` raises.
    """
    actor, today = by["actor"], local_date(by["now"])
    _departments(session, list(chosen), actor)
    session.execute(select(Department.id).where(Department.id.in_(chosen)).order_by(Department.id).with_for_update())
    if find_repeated(session, request_key, act=Change.POST_ADDED, task_id=None, actor=actor):
        return LiaisonResult(0, 0, is_repeated=True)
    shown = preview_liaisons(session, chosen, actor=actor, today=today)
    if shown.mark != mark:
        raise Stale(subject="liaisons")
    mails = _to_tell(session, shown.changes, actor=actor, today=today)
    key = request_key
    for change in shown.changes:
        key = _carry_out(session, change, request_key=key, today=today, by=by)
    for person, rows in mails:
        _tell(session, person, rows, today=today, by=by)
    return LiaisonResult(len(shown.changes), len(mails))


def _carry_out(
    session: Session, change: LiaisonChange, *, request_key: str | None, today: date, by: Writing
) -> str | None:
    """Begin the new post and end the former ones; what is left of the request's key for the next change."""
    held = (
        select(PersonPost)
        .where(PersonPost.department_id == change.department_id, PersonPost.role == Role.LIAISON, held_on(today))
        .order_by(PersonPost.id)
    )
    posts = session.scalars(held).all()
    if change.successor_id not in {one.person_id for one in posts}:
        try:
            appoint(
                session,
                change.successor_id,
                role=Role.LIAISON,
                department_id=change.department_id,
                from_on=today,
                request_key=request_key,
                **by,
            )
        except Invalid as problem:
            raise Invalid(field_of(change.department_id), problem.problem, **problem.facts) from None
        request_key = None
    former = {person_id for person_id, _ in change.former}
    for post in posts:
        if post.person_id not in former:
            continue
        check_nothing_hangs(session, post.person_id, gone_on=today, post_id=post.id)
        if post.from_on == today:
            take_away(session, post, **by)
        else:
            close_post(session, post, last_day=today - ONE_DAY, **by)
    return request_key


def field_of(department_id: int) -> str:
    """The name of the field for a department's new liaison."""
    return f"liaison_{department_id}"


def _departments(session: Session, department_ids: Sequence[int], actor: Actor) -> dict[int, Department]:
    wanted = list(dict.fromkeys(department_ids))
    if not wanted or len(wanted) > MOST_AT_ONCE:
        raise Invalid("liaisons", "liaisons_count", most=MOST_AT_ONCE)
    found = {one.id: one for one in session.scalars(select(Department).where(Department.id.in_(wanted)))}
    for one in wanted:
        if one not in found or not may_name_liaison(actor, one, found[one].path):
            raise NotFound(subject="department")
    return {one: found[one] for one in wanted}


def _open_work(session: Session, department_ids: Collection[int]) -> dict[int, int]:
    query = (
        select(Assignment.department_id, func.count())
        .join(Task, Task.id == Assignment.task_id)
        .where(
            Assignment.department_id.in_(department_ids),
            Assignment.state.in_(OPEN_ASSIGNMENT),
            Task.state.in_(OPEN_TASK),
        )
        .group_by(Assignment.department_id)
    )
    return dict(session.execute(query).all())


def _find_successors(session: Session, chosen: Mapping[int, str], *, actor: Actor, today: date) -> dict[int, Person]:
    """The one active person meant for each department, who serves at a place that this person speaks for;
    administrators name anybody. Two queries."""
    active = select(Person).where(Person.is_active)
    if not actor.is_administrator:
        places = [post.path for post in actor.posts if post.role in (Role.SUPERVISOR, Role.HEAD)]
        serving = (
            select(PersonPost.person_id)
            .join(Department, Department.id == PersonPost.department_id)
            .where(held_on(today), or_(*(Department.path.startswith(path) for path in places)))
        )
        active = active.where(Person.id.in_(serving))
    typed = {department_id: (normal_username(words), words.strip()) for department_id, words in chosen.items()}
    accounts = active.where(Person.username.in_({account for account, _ in typed.values()}))
    of_account = {person.username: person for person in session.scalars(accounts)}
    of_name: dict[str, list[Person]] = defaultdict(list)
    for person in session.scalars(active.where(Person.name.in_({name for _, name in typed.values()}))):
        of_name[person.name].append(person)
    found = {}
    for department_id, (account, name) in typed.items():
        meant = [of_account[account]] if account in of_account else of_name[name]
        if len(meant) != 1:
            raise Invalid(field_of(department_id), "successor_unknown", name=chosen[department_id])
        found[department_id] = meant[0]
    return found


def _to_tell(
    session: Session, changes: Sequence[LiaisonChange], *, actor: Actor, today: date
) -> list[tuple[Person, list[tuple[LiaisonChange, Role]]]]:
    """Who gets a mail, with the changes it tells of: new and former liaisons, and the heads of the departments."""
    concerned: dict[int, list[tuple[LiaisonChange, Role]]] = defaultdict(list)
    heads = select(PersonPost.department_id, PersonPost.person_id).where(
        PersonPost.department_id.in_([one.department_id for one in changes]),
        PersonPost.role == Role.HEAD,
        held_on(today),
    )
    of_department: dict[int, list[int]] = defaultdict(list)
    for department_id, person_id in session.execute(heads):
        of_department[department_id].append(person_id)
    for change in changes:
        told = dict.fromkeys([change.successor_id, *(one for one, _ in change.former)], Role.LIAISON)
        told |= {one: Role.HEAD for one in of_department[change.department_id] if one not in told}
        for person_id, role in told.items():
            concerned[person_id].append((change, role))
    people_of = select(Person).where(Person.id.in_(concerned), Person.id != actor.person_id, Person.is_active)
    return [(one, concerned[one.id]) for one in session.scalars(people_of.order_by(Person.id))]


def _tell(
    session: Session, person: Person, rows: Sequence[tuple[LiaisonChange, Role]], *, today: date, by: Writing
) -> None:
    queue_mail(
        session,
        key=f"liaisons:{by['now'].isoformat()}:{by['actor'].person_id}:{person.id}",
        kind=MailKind.NOTICE,
        person_id=person.id,
        to_address=person.email,
        template="liaisons",
        facts={
            "person": person.name,
            "actor": by["actor"].name,
            "from_on": today.isoformat(),
            "posts": [
                {"department": change.department, "role": role.value, "is_stand_in": False} for change, role in rows
            ],
            "changes": [
                {
                    "department": change.department,
                    "successor": change.successor,
                    "former": [name for _, name in change.former],
                    "open_work": change.open_work,
                    "is_new": change.successor_id == person.id,
                }
                for change, _ in rows
            ],
            "path": "/my-tasks",
        },
        now=by["now"],
    )
