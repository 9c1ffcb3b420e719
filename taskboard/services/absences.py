"""When people are away and who hears for them: entered by themselves, by their head, or by an administrator."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Unpack

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from taskboard.domain.absences import HEARS_FOR, Absence, Away, away_on, check_days
from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import Actor, may_enter_absence
from taskboard.domain.roles import Role
from taskboard.models import Department, Person, PersonAbsence, PersonPost
from taskboard.services.actors import held_on
from taskboard.services.history import Writing, find_repeated, record_change

LONGEST_NOTE = 200


@dataclass(frozen=True)
class AbsenceValues:
    """What is filled in: both days are included, a deputy need not be named."""

    from_on: date
    to_on: date
    deputy_id: int | None = None
    note: str = ""


class AbsenceRow(NamedTuple):
    """One absence as pages show it."""

    id: int
    person_id: int
    from_on: date
    to_on: date
    deputy_id: int | None
    deputy: str | None
    note: str
    is_deputy_gone: bool = False
    """the deputy's posts let them hear of these matters no longer"""

    def is_on(self, day: date) -> bool:
        return self.from_on <= day <= self.to_on


class Colleague(NamedTuple):
    """Somebody, with one of the posts that they hold today."""

    id: int
    name: str
    department: str
    role: Role


# For those who make mails


def load_absences(session: Session, *, since: date) -> list[Absence]:
    """Every absence that is not over on that day; one query."""
    query = select(PersonAbsence).where(PersonAbsence.to_on >= since).order_by(PersonAbsence.id)
    return [Absence(one.person_id, one.from_on, one.to_on, one.deputy_id) for one in session.scalars(query)]


def load_away(session: Session, day: date) -> Away:
    """Who is away on a day, with their deputies; one query."""
    return away_on(load_absences(session, since=day), day)


def away_today(session: Session, person_ids: Collection[int], *, today: date) -> dict[int, AbsenceRow]:
    """Those of these people who are away today; one query."""
    rows = _rows(session, PersonAbsence.person_id.in_(person_ids), PersonAbsence.from_on <= today, today=today)
    return {one.person_id: one for one in rows}


# Who may, and what they see


def get_person(session: Session, person_id: int, *, actor: Actor, today: date) -> Person:
    """The person whose absences this one may enter; raises :class:`NotFound`."""
    person = session.scalar(select(Person).where(Person.id == person_id, Person.is_active))
    departments = [one.department_id for one in session.scalars(_posts_of(person_id, today))]
    if person is None or not may_enter_absence(actor, person_id, departments):
        raise NotFound(subject="person", id=person_id)
    return person


def list_absences(session: Session, person_id: int, *, today: date) -> list[AbsenceRow]:
    """What is not over, the next one first; whether the deputy may still hear is looked up."""
    rows = _rows(session, PersonAbsence.person_id == person_id, today=today)
    fit = {one.id for one in list_colleagues(session, person_id, today=today)} if rows else set()
    return [one._replace(is_deputy_gone=one.deputy_id is not None and one.deputy_id not in fit) for one in rows]


def list_colleagues(session: Session, person_id: int, *, today: date) -> list[Colleague]:
    """Who may hear for this person today, each once: by a post at a department of theirs that sees the same."""
    own = [(one.department_id, one.role) for one in session.scalars(_posts_of(person_id, today))]
    fit = [
        and_(PersonPost.department_id == department_id, PersonPost.role.in_(HEARS_FOR[role]))
        for department_id, role in own
        if role in HEARS_FOR
    ]
    return _colleagues(session, or_(*fit), Person.id != person_id, today=today) if fit else []


def list_team(session: Session, actor: Actor, *, today: date) -> list[Colleague]:
    """The other people of the departments that this person heads."""
    headed = [post.department_id for post in actor.posts if post.role is Role.HEAD]
    if not headed:
        return []
    return _colleagues(session, PersonPost.department_id.in_(headed), Person.id != actor.person_id, today=today)


def _colleagues(session: Session, *which: ColumnElement[bool], today: date) -> list[Colleague]:
    query = (
        select(Person.id, Person.name, Department.name, PersonPost.role)
        .join(PersonPost, PersonPost.person_id == Person.id)
        .join(Department, Department.id == PersonPost.department_id)
        .where(Person.is_active, held_on(today), *which)
        .order_by(Department.path, Person.name, Person.id, PersonPost.id)
    )
    found: dict[int, Colleague] = {}
    for row in session.execute(query):
        found.setdefault(row[0], Colleague(*row))
    return list(found.values())


def _posts_of(person_id: int, today: date) -> Select[PersonPost]:
    return select(PersonPost).where(PersonPost.person_id == person_id, held_on(today)).order_by(PersonPost.id)


def _rows(session: Session, *which: ColumnElement[bool], today: date) -> list[AbsenceRow]:
    deputy = aliased(Person)
    query = (
        select(
            PersonAbsence.id,
            PersonAbsence.person_id,
            PersonAbsence.from_on,
            PersonAbsence.to_on,
            PersonAbsence.deputy_id,
            deputy.name,
            PersonAbsence.note,
        )
        .outerjoin(deputy, deputy.id == PersonAbsence.deputy_id)
        .where(PersonAbsence.to_on >= today, *which)
        .order_by(PersonAbsence.from_on, PersonAbsence.id)
    )
    return [AbsenceRow(*row) for row in session.execute(query)]


# Entering


def add_absence(
    session: Session, person_id: int, values: AbsenceValues, *, request_key: str | None = None, **by: Unpack[Writing]
) -> None:
    """Write down when somebody is away; a request that was answered already changes nothing.

    Raises :class:`NotFound` for who may not, and :class:`Invalid` for days that cannot be or that are entered already,
    and for a deputy who may not hear of these matters.
    """
    today = local_date(by["now"])
    person = get_person(session, person_id, actor=by["actor"], today=today)
    if find_repeated(session, request_key, act=Change.ABSENCE_ADDED, task_id=None, actor=by["actor"]):
        return
    check_days(values.from_on, values.to_on, today=today)
    # Two who enter it at once: the second waits for the first, and finds the days taken.
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    wanted = Absence(person_id, values.from_on, values.to_on, values.deputy_id)
    for one in load_absences(session, since=values.from_on):
        if one.person_id == person_id and one.overlaps(wanted):
            raise Invalid("from_on", "absence_overlaps", from_on=one.from_on, to_on=one.to_on)
    fit = {one.id: one.name for one in list_colleagues(session, person_id, today=today)}
    if values.deputy_id is not None and values.deputy_id not in fit:
        raise Invalid("deputy", "deputy_unfit")
    absence = PersonAbsence(
        person_id=person_id,
        from_on=values.from_on,
        to_on=values.to_on,
        deputy_id=values.deputy_id,
        note=values.note,
    )
    session.add(absence)
    session.flush()
    record_change(
        session,
        subject=Subject.PERSON,
        subject_id=person.id,
        act=Change.ABSENCE_ADDED,
        after={**_recorded(absence), "deputy": fit.get(values.deputy_id or 0)},
        request_key=request_key,
        **by,
    )


class Ending(StrEnum):
    """What became of an absence that was to end."""

    ENDED = "ended"
    """the person is there again from today on"""
    CANCELLED = "cancelled"
    """it had not begun, or began today: the person was not away at all"""
    OVER = "over"
    """it was over or taken back already"""


def end_absence(session: Session, person_id: int, absence_id: int, **by: Unpack[Writing]) -> Ending:
    """Let an absence of this person end; one that is there no more, or over, stays as it is.

    Raises :class:`NotFound` for who may not enter absences of this person.
    """
    today = local_date(by["now"])
    get_person(session, person_id, actor=by["actor"], today=today)
    absence = session.scalar(
        select(PersonAbsence)
        .where(PersonAbsence.id == absence_id, PersonAbsence.person_id == person_id)
        .with_for_update()
    )
    if absence is None or absence.to_on < today:
        return Ending.OVER
    before, ending = _recorded(absence), Ending.ENDED if absence.from_on < today else Ending.CANCELLED
    if ending is Ending.ENDED:
        absence.to_on = today - timedelta(days=1)
        after = _recorded(absence)
    else:
        session.delete(absence)
        after = {}
    session.flush()
    record_change(
        session,
        subject=Subject.PERSON,
        subject_id=person_id,
        act=Change.ABSENCE_ENDED,
        before=before,
        after=after,
        **by,
    )
    return ending


def _recorded(absence: PersonAbsence) -> dict[str, Any]:
    return {"from_on": absence.from_on, "to_on": absence.to_on, "note": absence.note}
