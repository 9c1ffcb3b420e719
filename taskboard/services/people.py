"""People and their accounts. All acts here are for administrators; what people hold is in ``posts.py``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, Unpack

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.models import Department, FailedSignIn, Person, PersonPost
from taskboard.services.account_links import end_links
from taskboard.services.accounts import end_sessions, normal_username
from taskboard.services.actors import held_on, require_role
from taskboard.services.department_access import people_in_sight
from taskboard.services.history import Writing, find_repeated, record_change
from taskboard.services.holdings import check_nothing_hangs
from taskboard.services.paging import PAGE_SIZE, Page, fetch_page
from taskboard.services.posts import PostRow, check_administrator_remains, posts_of

READERS = (Role.ADMINISTRATOR, Role.SUPERVISOR)
USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,79}")
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
LONGEST_EMAIL = 254
INVISIBLE = ("Cc", "Cf", "Cs")
"""zero-width and direction marks among them: two names that look the same must be the same"""


@dataclass(frozen=True)
class PersonValues:
    """What is filled in about a person. Without an address nobody can be sent a mail."""

    username: str
    name: str
    email: str | None = None


class PersonRow(NamedTuple):
    """A person as lists show them, with the posts they hold today."""

    id: int
    username: str
    name: str
    email: str | None
    is_active: bool
    has_password: bool
    posts: list[PostRow]


# Finding


def get_person(session: Session, person_id: int, *, actor: Actor) -> Person:
    """The person, for people who may read the directory; raises :class:`NotFound`."""
    require_role(actor, *READERS)
    seen = people_in_sight(session, actor)
    person = session.scalars(select(Person).where(Person.id == person_id, seen)).one_or_none()
    if person is None:
        raise NotFound()
    return person


def _person(session: Session, person_id: int) -> Person:
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound()
    return person


def list_people(
    session: Session, *, actor: Actor, today: date, words: str = "", number: int = 1, size: int = PAGE_SIZE
) -> Page[PersonRow]:
    """A page of people, switched-off accounts last; ``words`` narrow it to names and departments that contain them."""
    require_role(actor, *READERS)
    query = select(
        Person.id, Person.username, Person.name, Person.email, Person.is_active, Person.password_hash.is_not(None)
    )
    query = query.where(people_in_sight(session, actor)).order_by(Person.is_active.desc(), Person.id)
    if words:
        query = query.where(_is_called(words, today))
    page = fetch_page(session, query, number=number, size=size)
    posts = posts_of(session, [row[0] for row in page.rows], held_on(today))
    return page.of([PersonRow._make((*row, posts.get(row[0], []))) for row in page.rows])


def _is_called(words: str, today: date) -> ColumnElement[bool]:
    at_such_a_department = (
        select(PersonPost.person_id)
        .join(Department, Department.id == PersonPost.department_id)
        .where(Department.name.contains(words, autoescape=True), held_on(today))
    )
    return or_(
        Person.name.contains(words, autoescape=True),
        Person.username.contains(normal_username(words), autoescape=True),
        Person.email.icontains(words, autoescape=True),
        Person.id.in_(at_such_a_department),
    )


# Keeping


def add_person(
    session: Session,
    values: PersonValues,
    *,
    password_hash: str | None = None,
    must_change_password: bool = True,
    **by: Unpack[Writing],
) -> Person:
    """An account for somebody; without a password nobody can sign in to it yet.

    A password that somebody else chose must be changed with the first sign-in.

    Raises :class:`Invalid` where the account name or the address cannot be used.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    values = _checked(session, values, person_id=None)
    person = Person(
        username=values.username,
        name=values.name,
        email=values.email,
        password_hash=password_hash,
        must_change_password=must_change_password and password_hash is not None,
    )
    try:
        # Two people who add the same account side by side pass the check above; the unique key stops one of them.
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        raise Invalid("username", "username_taken", username=values.username) from None
    _record(session, person.id, Change.ADDED, after=_recorded(person), **by)
    return person


def change_person(
    session: Session, person_id: int, values: PersonValues, *, version: int, **by: Unpack[Writing]
) -> Person:
    """Save what an administrator changed; raises :class:`Stale` where somebody saved the person since ``version``."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    person = _person(session, person_id)
    if person.version != version:
        raise Stale()
    values = _checked(session, values, person_id=person_id)
    before = _recorded(person)
    if values.email != person.email:
        # What was sent to the old address must not open the account any more.
        end_links(session, person_id, now=by["now"])
    person.username, person.name, person.email = values.username, values.name, values.email
    session.flush()
    _record(session, person_id, Change.CHANGED, before=before, after=_recorded(person), **by)
    return person


def set_password(
    session: Session, person_id: int, password_hash: str, *, request_key: str | None = None, **by: Unpack[Writing]
) -> None:
    """Give somebody a password that they must change when they sign in; a request that was answered changes nothing.

    Their sessions and links end, and what locked the account is forgotten.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    if find_repeated(session, request_key, act=Change.PASSWORD_SET, task_id=None, actor=by["actor"]):
        return
    person = _person(session, person_id)
    person.password_hash = password_hash
    person.must_change_password = True
    end_sessions(person)
    end_links(session, person_id, now=by["now"])
    session.execute(delete(FailedSignIn).where(FailedSignIn.account == person.username))
    session.flush()
    _record(session, person_id, Change.PASSWORD_SET, request_key=request_key, **by)


def switch_off(
    session: Session, person_id: int, *, today: date, vacated: Collection[int] = (), **by: Unpack[Writing]
) -> None:
    """Nobody can sign in to the account any more, and who is signed in is signed out; the name stays in the history.

    Raises :class:`Invalid` while open work hangs on this person alone, except through the posts ``vacated``: those
    somebody decided to leave to the department above (:func:`taskboard.services.leaving.hand_over`).
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    person = _person(session, person_id)
    if not person.is_active:
        return
    check_administrator_remains(session, PersonPost.person_id != person_id, today=today)
    check_nothing_hangs(session, person_id, gone_on=today, vacated=vacated)
    person.is_active = False
    end_sessions(person)
    end_links(session, person_id, now=by["now"])
    session.flush()
    _record(session, person_id, Change.SWITCHED_OFF, **by)


def end_all_sessions(
    session: Session, person_id: int, *, request_key: str | None = None, **by: Unpack[Writing]
) -> None:
    """Sign somebody out everywhere, with a lost telephone for instance; they can sign in again.

    A request that was answered already ends no session that was begun since.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    if find_repeated(session, request_key, act=Change.SESSIONS_ENDED, task_id=None, actor=by["actor"]):
        return
    person = _person(session, person_id)
    end_sessions(person)
    session.flush()
    _record(session, person_id, Change.SESSIONS_ENDED, request_key=request_key, **by)


def switch_on(session: Session, person_id: int, **by: Unpack[Writing]) -> None:
    """The account can be used again."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    person = _person(session, person_id)
    if person.is_active:
        return
    person.is_active = True
    session.flush()
    _record(session, person_id, Change.SWITCHED_ON, **by)


def _record(
    session: Session,
    person_id: int,
    act: Change,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    request_key: str | None = None,
    **by: Unpack[Writing],
) -> None:
    record_change(
        session,
        subject=Subject.PERSON,
        subject_id=person_id,
        act=act,
        before=before,
        after=after,
        request_key=request_key,
        **by,
    )


def _recorded(person: Person) -> dict[str, Any]:
    return {"username": person.username, "name": person.name, "email": person.email}


def check_values(values: PersonValues) -> PersonValues:
    """The values as they are kept; raises :class:`Invalid` for the first that cannot be."""
    kept = _as_kept(values)
    for problem in problems_of_values(values):
        raise problem
    return kept


def problems_of_values(values: PersonValues) -> list[Invalid]:
    """All that is wrong with the values, each with its field."""
    kept = _as_kept(values)
    found = []
    if not kept.name:
        found.append(Invalid("name", "required"))
    if not USERNAME.fullmatch(kept.username):
        found.append(Invalid("username", "username_form"))
    if kept.email and not (len(kept.email) <= LONGEST_EMAIL and EMAIL.fullmatch(kept.email)):
        found.append(Invalid("email", "email_form"))
    return found


def _as_kept(values: PersonValues) -> PersonValues:
    """Names without characters that nobody sees."""
    name = " ".join("".join(char for char in values.name if unicodedata.category(char) not in INVISIBLE).split())
    return PersonValues(username=normal_username(values.username), name=name, email=values.email or None)


def _checked(session: Session, values: PersonValues, *, person_id: int | None) -> PersonValues:
    values = check_values(values)
    owner = session.scalar(select(Person.id).where(Person.username == values.username))
    if owner not in (None, person_id):
        raise Invalid("username", "username_taken", username=values.username)
    return values
