"""Signing in: passwords, the throttle against guessing, and sessions that end everywhere at once.

Hashing a password takes long on purpose, so it never happens inside a transaction, where it would hold up every other
writer: an entrance calls :func:`begin_sign_in` in one, :func:`is_password` outside, and :func:`complete_sign_in` or
:func:`change_password` in another.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.passwords import FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS, LONGEST, WINDOW, check_password
from taskboard.domain.permissions import Actor
from taskboard.models import FailedSignIn, Person, ResetRequest
from taskboard.services.history import record_change

HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
USERNAME_LENGTH = 80
IPV6_NETWORK = 64
"""one subscriber holds a whole /64, so its addresses count as one"""


@dataclass(frozen=True)
class Attempt:
    """A sign-in on its way. It counts as failed until it is completed, so that guesses side by side all count."""

    failure_id: int
    account: str
    password_hash: str
    person_id: int | None = None


@dataclass(frozen=True)
class Locked:
    """Too many failures, for the account or from the address; even the right password waits until then."""

    until: datetime


def normal_username(username: str) -> str:
    """The form in which account names are kept and compared."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def hash_password(password: str) -> str:
    return HASHER.hash(password)


def begin_sign_in(session: Session, username: str, *, address: str, now: datetime) -> Attempt | Locked:
    """Count the attempt and give what is needed to check the password; an unknown name gives a hash that fits none."""
    account, source = normal_username(username)[:USERNAME_LENGTH], source_of(address)
    session.execute(delete(FailedSignIn).where(FailedSignIn.at <= now - WINDOW))
    locks = [
        locked_until(session, FailedSignIn, FailedSignIn.account == account, FAILURES_PER_ACCOUNT, WINDOW),
        locked_until(session, FailedSignIn, FailedSignIn.address == source, FAILURES_PER_ADDRESS, WINDOW),
    ]
    if any(locks):
        return Locked(max(until for until in locks if until is not None))
    failure = FailedSignIn(account=account, address=source, at=now)
    session.add(failure)
    session.flush()
    person = session.scalar(select(Person).where(Person.username == account, Person.is_active))
    if person is None or person.password_hash is None:
        return Attempt(failure.id, account, _hash_that_fits_none())
    return Attempt(failure.id, account, person.password_hash, person.id)


def is_password(attempt: Attempt, password: str) -> bool:
    """Whether the password is right; takes the same time for accounts that do not exist."""
    return fits(attempt.password_hash, password[: LONGEST + 1]) and attempt.person_id is not None


def fresher_hash(attempt: Attempt, password: str) -> str | None:
    """A new hash where the account's was made with other costs than today's, else None."""
    return hash_password(password) if HASHER.check_needs_rehash(attempt.password_hash) else None


def complete_sign_in(
    session: Session, attempt: Attempt, *, now: datetime, entrance: str, fresher: str | None = None
) -> Person:
    """Let somebody in whose ``attempt`` was found right, and put the fresher hash in the place of theirs.

    Raises :class:`NotFound` where the account was switched off or given another password meanwhile.
    """
    person = confirm_attempt(session, attempt)
    if fresher is not None:
        person.password_hash = fresher
    _record(session, person, Change.SIGNED_IN, now=now, entrance=entrance)
    return person


def confirm_attempt(session: Session, attempt: Attempt) -> Person:
    """Forget the failures of an account whose password was found right; raises like :func:`complete_sign_in`."""
    person = session.get(Person, attempt.person_id) if attempt.person_id else None
    if person is None or not person.is_active or person.password_hash != attempt.password_hash:
        raise NotFound()
    session.execute(delete(FailedSignIn).where(FailedSignIn.account == attempt.account))
    session.flush()
    return person


def new_password(password: str, *, username: str, current_hash: str | None = None) -> str:
    """The hash of a password that is good enough for this account; raises :class:`Invalid` for any other."""
    check_password(password, username=username)
    if current_hash is not None and fits(current_hash, password):
        raise Invalid("password", "password_unchanged")
    return hash_password(password)


def change_password(session: Session, attempt: Attempt, password_hash: str, *, now: datetime, entrance: str) -> Person:
    """Keep the new password of somebody whose ``attempt`` was found right; all sessions of the account end."""
    person = confirm_attempt(session, attempt)
    person.password_hash = password_hash
    person.must_change_password = False
    end_sessions(person)
    _record(session, person, Change.PASSWORD_CHANGED, now=now, entrance=entrance)
    return person


def end_own_sessions(session: Session, person_id: int, *, now: datetime, entrance: str) -> Person:
    """End all sessions of somebody who asks for it themselves; the entrance begins one anew."""
    person = session.get_one(Person, person_id)
    end_sessions(person)
    _record(session, person, Change.SESSIONS_ENDED, now=now, entrance=entrance)
    return person


def record_sign_out(session: Session, person_id: int, *, now: datetime, entrance: str) -> None:
    """Write down that somebody left; their other sessions stay."""
    _record(session, session.get_one(Person, person_id), Change.SIGNED_OUT, now=now, entrance=entrance)


def _record(session: Session, person: Person, act: Change, *, now: datetime, entrance: str) -> None:
    record_change(
        session,
        subject=Subject.ACCOUNT,
        subject_id=person.id,
        act=act,
        actor=Actor(person.id, person.name),
        now=now,
        entrance=entrance,
    )


def end_sessions(person: Person) -> None:
    """Whoever is signed in to this account is signed out with their next request."""
    person.session_epoch += 1


def fits(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hash_that_fits_none() -> str:
    return hash_password("nobody has this password")


def locked_until(
    session: Session,
    kept: type[FailedSignIn] | type[ResetRequest],
    whose: ColumnElement[bool],
    limit: int,
    window: timedelta,
) -> datetime | None:
    """When the last ``limit`` rows of the last ``window`` stop being that many, None where they are fewer."""
    oldest_that_counts = session.scalar(
        select(kept.at).where(whose).order_by(kept.at.desc()).offset(limit - 1).limit(1)
    )
    return None if oldest_that_counts is None else oldest_that_counts + window


def source_of(address: str) -> str:
    """The address whose failures count together."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_NETWORK), strict=False))
    return str(parsed)
