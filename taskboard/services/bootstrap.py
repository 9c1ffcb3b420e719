"""The first administrator of an empty installation: before them nobody may add anybody."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from taskboard.domain.history import Change
from taskboard.domain.permissions import Actor, Post
from taskboard.domain.roles import Role
from taskboard.models import Person
from taskboard.services.department_names import match_names
from taskboard.services.department_records import record_department, values_of
from taskboard.services.departments import create_department
from taskboard.services.history import Writing
from taskboard.services.people import PersonValues, add_person
from taskboard.services.posts import add_post


def create_administrator(
    session: Session,
    values: PersonValues,
    *,
    department: str,
    password_hash: str,
    today: date,
    now: datetime,
    entrance: str = "cli",
) -> Person:
    """An account with the administrator's post at this department, which is created where it is not known yet.

    For whoever runs the server: nobody is asked whether they may. Raises :class:`Invalid` for values that do not do.
    """
    known = match_names(session, [department])[department]
    place = known or create_department(session, name=department)
    installer = Actor(person_id=0, name="", posts=(Post(Role.ADMINISTRATOR, place.id, place.path),))
    by: Writing = {"actor": installer, "now": now, "entrance": entrance}
    if known is None:
        record_department(session, place.id, Change.ADDED, after=values_of(place), **by)
    person = add_person(session, values, password_hash=password_hash, must_change_password=False, **by)
    add_post(session, person.id, role=Role.ADMINISTRATOR, department_id=place.id, from_on=today, **by)
    return person
