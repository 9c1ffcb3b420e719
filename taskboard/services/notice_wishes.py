"""How people want the notices that are no duty, and the digest; what follows for a notice that is queued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.notice_kinds import NoticeWish, Stream, is_personal, state_by_wish
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.domain.permissions import Actor
from taskboard.models import Person
from taskboard.services.history import record_change

MASK = "***"


@dataclass(frozen=True)
class Wishes:
    notices: NoticeWish
    digest: bool


def first_state(session: Session, kind: MailKind, template: str, person_id: int) -> OutboxState:
    """How a mail begins its life: duty goes out, what is personal as its recipient wants it."""
    if not is_personal(kind, template):
        return OutboxState.QUEUED
    wish = session.scalar(select(Person.notice_wish).where(Person.id == person_id))
    return state_by_wish(template, wish or NoticeWish.AT_ONCE)


def without_digest(session: Session) -> frozenset[int]:
    """The people who want no weekly digest: of it they get what is duty."""
    return frozenset(session.scalars(select(Person.id).where(Person.wants_digest.is_(False))))


def get_wishes(session: Session, person_id: int) -> Wishes:
    """Raises :class:`NotFound` for who has no account any more."""
    person = _person(session, person_id)
    return Wishes(person.notice_wish, person.wants_digest)


def set_wishes(session: Session, person_id: int, wishes: Wishes, *, now: datetime, entrance: str) -> bool:
    """Keep what somebody wants from now on; whether that is anything new.

    What was put off to the next morning mail comes with it all the same: it was promised, and nothing else will tell of
    it.
    """
    person = _person(session, person_id, lock=True)
    before = Wishes(person.notice_wish, person.wants_digest)
    if before == wishes:
        return False
    person.notice_wish, person.wants_digest = wishes.notices, wishes.digest
    record_change(
        session,
        subject=Subject.ACCOUNT,
        subject_id=person.id,
        act=Change.CHANGED,
        actor=Actor(person.id, person.name),
        now=now,
        entrance=entrance,
        before={"notice_wish": before.notices, "wants_digest": before.digest},
        after={"notice_wish": wishes.notices, "wants_digest": wishes.digest},
    )
    return True


def leave(session: Session, person_id: int, stream: Stream, *, now: datetime, entrance: str) -> bool:
    """End what one link ends; twice is once. Raises :class:`NotFound` for who has no account any more."""
    wishes = get_wishes(session, person_id)
    match stream:
        case Stream.NOTICES:
            wishes = Wishes(NoticeWish.NONE, wishes.digest)
        case Stream.DIGEST:
            wishes = Wishes(wishes.notices, digest=False)
    return set_wishes(session, person_id, wishes, now=now, entrance=entrance)


def has_account(session: Session, person_id: int) -> bool:
    """Whether this person still has an account that is in use."""
    return bool(session.scalar(select(exists().where(Person.id == person_id, Person.is_active))))


def has_address(session: Session, person_id: int) -> bool:
    """Whether anything can be mailed to this person at all."""
    return bool(_person(session, person_id).email)


def masked_recipient(session: Session, person_id: int) -> str:
    """Whose link it is, so that they know themselves and nobody else learns the address; raises :class:`NotFound`."""
    person = _person(session, person_id)
    return masked(person.email) if person.email else f"{person.name[:1]}{MASK}"


def has_left(session: Session, person_id: int, stream: Stream) -> bool:
    """Whether there is nothing left to end."""
    wishes = get_wishes(session, person_id)
    return wishes.notices is NoticeWish.NONE if stream is Stream.NOTICES else not wishes.digest


def masked(address: str) -> str:
    """``w***@example.org``"""
    name, _, place = address.partition("@")
    return f"{name[:1]}{MASK}@{place}"


def _person(session: Session, person_id: int, *, lock: bool = False) -> Person:
    query = select(Person).where(Person.id == person_id, Person.is_active)
    person = session.scalar(query.with_for_update() if lock else query)
    if person is None:
        raise NotFound(subject="person", id=person_id)
    return person
