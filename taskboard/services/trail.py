"""The chain over the trail: sealing what was written, and finding what was changed afterwards.

Writers know nothing of the chain. Entries are sealed in transactions of their own, soon after they were written, each
one once. Positions are given in the order of sealing: on PostgreSQL an entry with a lower id may be committed later.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    Row,
    Select,
    SQLColumnExpression,
    String,
    Text,
    cast,
    exists,
    func,
    insert,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import Session

from taskboard.domain.local_time import local_date
from taskboard.domain.trail import FIRST_DIGEST, ChainCheck, Finding, FindingKind, Head, digest_after
from taskboard.models import HistoryEntry, HistorySeal
from taskboard.services.trail_heads import Heads

SEALED_AT_ONCE = 500
"""entries of one transaction: on SQLite it holds up the writers, for some milliseconds"""
READ_AT_ONCE = 5_000
MOST_COUNTED = 10_000
"""beyond this many that wait a number says nothing more"""
LONGEST_TRANSACTION = timedelta(hours=1)
"""an entry whose id is lower than one sealed before that was not written by the application"""
HEADS_DUE = timedelta(days=3)


class Sealed(NamedTuple):
    """How many entries were sealed, and the id from which to go on."""

    number: int
    last_id: int


def seal_next(session: Session, *, now: datetime, after_id: int | None = None) -> Sealed:
    """Seal the next entries, at most :data:`SEALED_AT_ONCE`; none are left where fewer were sealed.

    ``after_id`` is where the last call ended, to spare looking for the place again.
    """
    if session.get_bind().dialect.name == "postgresql":
        # Two who seal side by side would give the same positions; writers of entries and readers do not wait.
        session.execute(text("LOCK TABLE history_seal IN SHARE ROW EXCLUSIVE MODE"))
    start = _settled_id(session, now) if after_id is None else after_id
    unsealed = (
        _entries(session)
        .where(HistoryEntry.id > start, ~exists().where(HistorySeal.entry_id == HistoryEntry.id))
        .order_by(HistoryEntry.id)
        .limit(SEALED_AT_ONCE)
    )
    head = find_head(session)
    position, digest = (head.position, head.digest) if head else (0, FIRST_DIGEST)
    rows = []
    for entry in session.execute(unsealed):
        position += 1
        digest = digest_after(digest, entry)
        rows.append({"position": position, "entry_id": entry.id, "digest": digest, "sealed_at": now})
    if rows:
        session.execute(insert(HistorySeal), rows)
    return Sealed(len(rows), rows[-1]["entry_id"] if rows else start)


class SealedHead(NamedTuple):
    """The last link of the chain."""

    position: int
    digest: str
    sealed_at: datetime


def find_head(session: Session) -> SealedHead | None:
    """``None`` where nothing was sealed yet."""
    query = select(HistorySeal.position, HistorySeal.digest, HistorySeal.sealed_at)
    row = session.execute(query.order_by(HistorySeal.position.desc()).limit(1)).one_or_none()
    return SealedHead(*row) if row else None


def head_of_day(session: Session, *, now: datetime) -> Head | None:
    """What is written down of the chain today, and what a mail to the auditor says of it."""
    head = find_head(session)
    return Head(local_date(now), head.position, head.digest) if head else None


def count_unsealed(session: Session, *, now: datetime) -> int:
    """How many entries wait to be sealed, at most :data:`MOST_COUNTED`."""
    waiting = (
        select(HistoryEntry.id)
        .where(HistoryEntry.id > _settled_id(session, now), ~exists().where(HistorySeal.entry_id == HistoryEntry.id))
        .limit(MOST_COUNTED)
    )
    return session.scalar(select(func.count()).select_from(waiting.subquery())) or 0


def verify(session: Session, heads: Heads, *, now: datetime) -> list[Finding]:
    """Everything that is wrong with the trail, in the order of the chain; seal what waits before.

    Reads all entries, some thousands at a time; the session's transaction decides whether from one view.
    """
    findings = _inserted(session, now)
    check = ChainCheck(findings=[])
    on_record = {one.position: one for one in heads.heads}
    differing = []
    for row in _links(session):
        position, entry_id, digest, *values = tuple(row)
        check.follow(position, entry_id, digest, values if values[0] is not None else None)
        if position in on_record and on_record[position].digest != digest:
            differing.append(Finding(FindingKind.HEAD_DIFFERS, position, entry_id, on_record[position].day))
    cut = [
        Finding(FindingKind.TAIL_CUT, one.position, day=one.day) for one in heads.heads if one.position > check.position
    ]
    return [*findings, *check.findings, *differing, *cut, *heads.unreadable, *_missing_heads(session, heads, now)]


def _links(session: Session) -> Iterable[Row[Any]]:
    """Every seal with the values of its entry, which are all empty where the entry is gone."""
    last = 0
    columns = _entry_columns(session)
    while True:
        query = (
            select(HistorySeal.position, HistorySeal.entry_id.label("sealed_id"), HistorySeal.digest, *columns)
            .outerjoin(HistoryEntry, HistoryEntry.id == HistorySeal.entry_id)
            .where(HistorySeal.position > last)
            .order_by(HistorySeal.position)
            .limit(READ_AT_ONCE)
        )
        rows = session.execute(query).all()
        yield from rows
        if len(rows) < READ_AT_ONCE:
            return
        last = rows[-1].position


def _inserted(session: Session, now: datetime) -> list[Finding]:
    strange = (
        select(HistoryEntry.id)
        .where(HistoryEntry.id <= _settled_id(session, now), ~exists().where(HistorySeal.entry_id == HistoryEntry.id))
        .order_by(HistoryEntry.id)
    )
    return [Finding(FindingKind.INSERTED, None, entry_id) for entry_id in session.scalars(strange)]


def _missing_heads(session: Session, heads: Heads, now: datetime) -> list[Finding]:
    if heads.heads:
        return []
    first = session.scalar(select(HistorySeal.sealed_at).order_by(HistorySeal.position).limit(1))
    return [Finding(FindingKind.HEADS_MISSING)] if first is not None and first < now - HEADS_DUE else []


def _settled_id(session: Session, now: datetime) -> int:
    """Up to which id everything is sealed that will ever be.

    SQLite has one writer at a time, so ids are committed in their order. PostgreSQL gives them out before.
    """
    seals = select(HistorySeal.entry_id)
    if session.get_bind().dialect.name == "sqlite":
        return session.scalar(seals.order_by(HistorySeal.position.desc()).limit(1)) or 0
    old_enough = seals.where(HistorySeal.sealed_at < now - LONGEST_TRANSACTION)
    latest = old_enough.order_by(HistorySeal.position.desc()).limit(READ_AT_ONCE).subquery()
    return session.scalar(select(func.max(latest.c.entry_id))) or 0


def _entries(session: Session) -> Select[Any]:
    return select(*_entry_columns(session))


def _entry_columns(session: Session) -> list[SQLColumnExpression[Any]]:
    """What is sealed of an entry, as the database keeps it: what somebody put there that is no entry is read too."""
    at: SQLColumnExpression[Any] = type_coerce(HistoryEntry.at, String)
    if session.get_bind().dialect.name == "postgresql":
        at = func.to_char(func.timezone("UTC", HistoryEntry.at), "YYYY-MM-DD HH24:MI:SS.US")
    return [
        HistoryEntry.id.label("id"),
        type_coerce(HistoryEntry.subject, String).label("subject"),
        HistoryEntry.subject_id,
        HistoryEntry.task_id,
        type_coerce(HistoryEntry.act, String).label("act"),
        at.label("at"),
        HistoryEntry.actor_id,
        HistoryEntry.entrance,
        HistoryEntry.assignment_id,
        cast(HistoryEntry.before, Text).label("before"),
        cast(HistoryEntry.after, Text).label("after"),
        HistoryEntry.reason,
        HistoryEntry.request_key,
    ]
