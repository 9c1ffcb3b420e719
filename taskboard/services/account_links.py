"""Links to set a password with: made by an administrator or asked for, sent by mail or handed over, used once.

A mail carries in its facts the salt of its link, never the token: that is made of the secret key when the mail is
written. What the outbox keeps of the mail has a mask in its place.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, NamedTuple, Unpack

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from taskboard.domain.account_links import (
    LIFETIMES,
    RESET_WINDOW,
    RESETS_PER_ACCOUNT,
    RESETS_PER_ADDRESS,
    LinkPurpose,
    derive_token,
    fingerprint,
)
from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.outbox import MailKind
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.models import AccountLink, FailedSignIn, Person, ResetRequest
from taskboard.services.accounts import (
    USERNAME_LENGTH,
    Locked,
    end_sessions,
    locked_until,
    normal_username,
    source_of,
)
from taskboard.services.actors import require_role
from taskboard.services.history import Writing, record_change
from taskboard.services.outbox import queue_mail

REQUESTS_AT_ONCE = 100


class OpenLink(NamedTuple):
    """A link that can still be used."""

    id: int
    person_id: int
    purpose: LinkPurpose
    is_by_mail: bool
    made_at: datetime
    expires_at: datetime
    name: str
    username: str
    password_hash: str | None


# Making


def make_link(
    session: Session, person_id: int, *, secret_key: str, is_by_mail: bool, **by: Unpack[Writing]
) -> str | None:
    """Let an administrator invite somebody, or help somebody who has a password and lost it; earlier links end.

    By mail nothing comes back. Otherwise the token does, to be handed over: it cannot be asked for again.
    Raises :class:`Invalid` where the account is switched off, or has no address to send to.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    person = session.get(Person, person_id, with_for_update=True)
    if person is None:
        raise NotFound()
    if not person.is_active:
        raise Invalid("link", "account_switched_off")
    if is_by_mail and person.email is None:
        raise Invalid("link", "account_without_address")
    purpose = LinkPurpose.RESET if person.password_hash else LinkPurpose.INVITATION
    made = _make(session, person, purpose, secret_key, is_by_mail=is_by_mail, now=by["now"], made_by=by["actor"])
    _record(
        session,
        person.id,
        Change.LINK_MADE,
        after={"purpose": purpose, "is_by_mail": is_by_mail, "expires_at": made.link.expires_at},
        **by,
    )
    return None if is_by_mail else made.token


class _Made(NamedTuple):
    link: AccountLink
    token: str


def _make(
    session: Session,
    person: Person,
    purpose: LinkPurpose,
    secret_key: str,
    *,
    is_by_mail: bool,
    now: datetime,
    made_by: Actor | None = None,
) -> _Made:
    end_links(session, person.id, now=now)
    salt = secrets.token_urlsafe(24)
    token = derive_token(secret_key, purpose, salt)
    link = AccountLink(
        person_id=person.id,
        purpose=purpose,
        fingerprint=fingerprint(token),
        is_by_mail=is_by_mail,
        made_at=now,
        expires_at=now + LIFETIMES[purpose],
        made_by_id=made_by.person_id if made_by else None,
    )
    session.add(link)
    session.flush()
    if is_by_mail and person.email is not None:
        queue_mail(
            session,
            key=f"account-link:{link.id}",
            kind=MailKind.NOTICE,
            person_id=person.id,
            to_address=person.email,
            template=purpose.value,
            facts={
                "person": person.name,
                "username": person.username,
                "actor": made_by.name if made_by else None,
                "expires_at": link.expires_at.isoformat(),
                "account_link": {"purpose": purpose.value, "salt": salt},
            },
            now=now,
            valid_until=link.expires_at,
        )
    return _Made(link, token)


def withdraw_link(session: Session, person_id: int, **by: Unpack[Writing]) -> None:
    """Let an administrator end the link that somebody has; where there is none, nothing happens."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    if session.get(Person, person_id) is None:
        raise NotFound()
    if end_links(session, person_id, now=by["now"]):
        _record(session, person_id, Change.LINK_WITHDRAWN, **by)


def end_links(session: Session, person_id: int, *, now: datetime) -> int:
    """End all links of somebody that are still open; how many those were."""
    open_ones = session.scalars(select(AccountLink.id).where(AccountLink.person_id == person_id, *_is_open(now))).all()
    if open_ones:
        session.execute(update(AccountLink).where(AccountLink.id.in_(open_ones)).values(withdrawn_at=now))
    return len(open_ones)


# Asking


def ask_reset(session: Session, username: str, *, address: str, now: datetime) -> Locked | None:
    """Note that somebody wants to reset the password of this account, whether there is one or not.

    Nothing else happens here, so that neither the answer nor its time tells which accounts exist.
    """
    account, source = normal_username(username)[:USERNAME_LENGTH], source_of(address)
    session.execute(delete(ResetRequest).where(ResetRequest.at <= now - RESET_WINDOW))
    locks = [
        locked_until(session, ResetRequest, ResetRequest.account == account, RESETS_PER_ACCOUNT, RESET_WINDOW),
        locked_until(session, ResetRequest, ResetRequest.address == source, RESETS_PER_ADDRESS, RESET_WINDOW),
    ]
    if any(locks):
        return Locked(max(until for until in locks if until is not None))
    session.add(ResetRequest(account=account, address=source, at=now))
    session.flush()
    return None


def answer_reset_requests(session: Session, *, secret_key: str, now: datetime) -> int:
    """Make and queue the links that were asked for, for accounts that can have one; how many those were."""
    waiting = select(ResetRequest).where(ResetRequest.answered_at.is_(None)).order_by(ResetRequest.id)
    made = 0
    for request in session.scalars(waiting.limit(REQUESTS_AT_ONCE).with_for_update(skip_locked=True)).all():
        request.answered_at = now
        person = session.scalar(
            select(Person)
            .where(Person.username == request.account, Person.is_active, Person.email.is_not(None))
            .with_for_update()
        )
        if person is None:
            continue
        _make(session, person, LinkPurpose.RESET, secret_key, is_by_mail=True, now=now)
        _record(session, person.id, Change.RESET_ASKED, actor=None, now=now, entrance="job")
        made += 1
    session.flush()
    return made


def has_reset_requests(session: Session) -> bool:
    """Whether somebody waits for a link."""
    return session.scalar(select(ResetRequest.id).where(ResetRequest.answered_at.is_(None)).limit(1)) is not None


# Using


def find_link(session: Session, token: str, *, now: datetime) -> OpenLink | None:
    """The link that this token opens, None where it was used, withdrawn or is over, or never was."""
    return _first(session, AccountLink.fingerprint == fingerprint(token), now)


def find_open_link(session: Session, person_id: int, *, now: datetime) -> OpenLink | None:
    """The link that somebody has and did not use yet."""
    return _first(session, AccountLink.person_id == person_id, now)


def use_link(session: Session, token: str, password_hash: str, *, now: datetime, entrance: str) -> Person:
    """Set the password by a link, which is used up: sessions end, and what locked the account is forgotten.

    Raises :class:`NotFound` for a link that cannot be used (any more).
    """
    # Of two browsers that use the same link side by side, the second finds it used.
    used = session.scalars(
        update(AccountLink)
        .where(AccountLink.fingerprint == fingerprint(token), *_is_open(now))
        .values(used_at=now)
        .returning(AccountLink.person_id)
    ).one_or_none()
    person = session.get(Person, used, with_for_update=True) if used is not None else None
    if person is None or not person.is_active:
        raise NotFound()
    person.password_hash = password_hash
    person.must_change_password = False
    end_sessions(person)
    end_links(session, person.id, now=now)
    session.execute(delete(FailedSignIn).where(FailedSignIn.account == person.username))
    session.flush()
    _record(
        session, person.id, Change.PASSWORD_CHANGED, actor=Actor(person.id, person.name), now=now, entrance=entrance
    )
    return person


def _first(session: Session, whose: Any, now: datetime) -> OpenLink | None:
    query = (
        select(
            AccountLink.id,
            AccountLink.person_id,
            AccountLink.purpose,
            AccountLink.is_by_mail,
            AccountLink.made_at,
            AccountLink.expires_at,
            Person.name,
            Person.username,
            Person.password_hash,
        )
        .join(Person, Person.id == AccountLink.person_id)
        .where(whose, Person.is_active, *_is_open(now))
        .order_by(AccountLink.id.desc())
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    return OpenLink(*row) if row else None


def _is_open(now: datetime) -> tuple[Any, ...]:
    return (AccountLink.used_at.is_(None), AccountLink.withdrawn_at.is_(None), AccountLink.expires_at > now)


def _record(
    session: Session,
    person_id: int,
    act: Change,
    *,
    actor: Actor | None,
    now: datetime,
    entrance: str,
    after: dict[str, Any] | None = None,
) -> None:
    record_change(
        session,
        subject=Subject.ACCOUNT,
        subject_id=person_id,
        act=act,
        actor=actor,
        now=now,
        entrance=entrance,
        after=after,
    )
