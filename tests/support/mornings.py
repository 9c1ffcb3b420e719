"""Mornings in a test: let the job of a day run, and read whom it told what."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from apiflask import APIFlask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.domain.jobs import JobName
from taskboard.domain.outbox import SCHEDULED, OutboxState
from taskboard.jobs.runner import run_by_hand
from taskboard.models import Department, OutboxMessage, Person, Plan, Task
from tests.support.factories import make_task

MONDAY = date(2026, 11, 23)
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(days=n) for n in (1, 2, 3, 4))
NEXT_MONDAY = MONDAY + timedelta(days=7)


LONG_ISSUED = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


def add_task(session: Session, plan: Plan, lead: Department, **more: Any) -> Task:
    """A task of the plan that was issued weeks ago, committed."""
    task = make_task(session, plan=plan, lead=lead, **{"issued_at": LONG_ISSUED} | more)
    session.commit()
    return task


def mails(session: Session, **where: Any) -> list[OutboxMessage]:
    """Everything in the outbox of which this holds, in the order in which it came there."""
    session.rollback()
    return list(session.scalars(select(OutboxMessage).filter_by(**where).order_by(OutboxMessage.id)))


def run(app: APIFlask, day: date) -> dict[str, Any]:
    """Let the morning's job make its mails."""
    return dict(run_by_hand(app, JobName.MORNING_MAIL, day))


def scheduled(session: Session, day: date) -> dict[str, OutboxMessage]:
    """The scheduled mails of the day, by user name."""
    session.rollback()
    names = {person.id: person.username for person in session.scalars(select(Person))}
    query = select(OutboxMessage).where(OutboxMessage.for_day == day, OutboxMessage.kind.in_(SCHEDULED))
    return {names[mail.person_id]: mail for mail in session.scalars(query.order_by(OutboxMessage.id))}


def said(mail: OutboxMessage) -> dict[str, list[Any]]:
    """The daily sections of a mail with the tasks of their rows, or the instructions."""
    return {one["code"]: [_id(row) for row in one["rows"]] for one in mail.facts["sections"]}


def parts_of(mail: OutboxMessage) -> dict[str, dict[str, list[Any]]]:
    """The sections of a digest by hat."""
    return {
        part["hat"]: {one["code"]: [_id(row) for row in one["rows"]] for one in part["sections"]}
        for part in mail.facts["parts"]
    }


def _id(row: dict[str, Any]) -> Any:
    return row["task_id"] if "task_id" in row else row["instruction_id"]


def told(session: Session, day: date) -> dict[str, dict[str, list[Any]]]:
    """What each person was reminded of on the day, by user name; ``{}`` is a digest alone."""
    return {name: said(mail) for name, mail in scheduled(session, day).items()}


def deliver_all(session: Session) -> None:
    """Let everything that was queued have arrived."""
    session.rollback()
    query = update(OutboxMessage).where(OutboxMessage.state == OutboxState.QUEUED)
    session.execute(query.values(state=OutboxState.SENT))
    session.commit()
