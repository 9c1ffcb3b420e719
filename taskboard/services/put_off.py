"""Notices that people want with their morning mail: each is told in one, and in another one only if that was lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from taskboard.domain.outbox import CATCH_UP_DAYS, UNDELIVERED, OutboxState
from taskboard.models import OutboxMessage, Person
from taskboard.services.inserts import change_rows

_Carrier = aliased(OutboxMessage, name="carrier")


class Reader(NamedTuple):
    """Somebody for whom notices wait."""

    person_id: int
    name: str
    email: str | None


@dataclass(frozen=True)
class PutOff:
    """One notice, with what a mail shows of it."""

    id: int
    template: str
    facts: dict[str, Any]
    created_at: datetime

    def as_facts(self) -> dict[str, Any]:
        return {"template": self.template, "facts": self.facts, "at": self.created_at.isoformat()}


def list_readers(session: Session, *, today: date) -> list[Reader]:
    """The people for whom notices wait today, in the order of their ids."""
    query = (
        select(Person.id, Person.name, Person.email)
        .where(Person.is_active, Person.id.in_(_waiting(OutboxMessage.person_id, today)))
        .order_by(Person.id)
    )
    return [Reader(*row) for row in session.execute(query)]


def load_waiting(session: Session, person_ids: Collection[int], *, today: date) -> dict[int, list[PutOff]]:
    """What waits for these people, the oldest first. It stays locked until the mail that tells of it is written."""
    query = (
        _waiting(
            OutboxMessage.person_id,
            today,
            OutboxMessage.id,
            OutboxMessage.template,
            OutboxMessage.facts,
            OutboxMessage.created_at,
        )
        .where(OutboxMessage.person_id.in_(person_ids))
        .order_by(OutboxMessage.created_at, OutboxMessage.id)
        .with_for_update(of=OutboxMessage)
    )
    found: dict[int, list[PutOff]] = defaultdict(list)
    for person_id, *row in session.execute(query):
        found[person_id].append(PutOff(*row))
    return found


def mark_told(session: Session, notices: Sequence[PutOff], key: str) -> int:
    """Write down that the mail with this key tells of them."""
    carrier = select(OutboxMessage.id).where(OutboxMessage.key == key).scalar_subquery()
    told = update(OutboxMessage).where(OutboxMessage.id.in_([one.id for one in notices]))
    return change_rows(session, told.values(state=OutboxState.TOLD, told_in_id=session.scalar(select(carrier))))


def _waiting(person_id: Any, today: date, *columns: Any) -> Any:
    """What nobody told yet, and what was told in a mail that did not arrive and will not."""
    recent = _Carrier.for_day.between(today - timedelta(days=CATCH_UP_DAYS), today)
    was_lost: ColumnElement[bool] = and_(
        OutboxMessage.state == OutboxState.TOLD,
        OutboxMessage.told_in_id.in_(select(_Carrier.id).where(recent, _Carrier.state.in_(UNDELIVERED))),
    )
    return select(person_id, *columns).where(or_(OutboxMessage.state == OutboxState.PUT_OFF, was_lost))
