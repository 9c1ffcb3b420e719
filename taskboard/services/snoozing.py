"""Reminders put off to the next working day: whose and of what, who sees that, and what comes again afterwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, or_, select, tuple_, update
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.local_time import local_date
from taskboard.domain.outbox import CATCH_UP_DAYS
from taskboard.domain.permissions import Actor
from taskboard.domain.snoozing import Span, next_span
from taskboard.domain.workflow import OWING, UNDER_WAY
from taskboard.models import Assignment, Department, Person, ReminderSnooze, Task
from taskboard.services.history import record_change
from taskboard.services.inserts import change_rows
from taskboard.services.visibility import held_assignments, overseen_assignments


class Matter(NamedTuple):
    """What somebody wants to hear no more of today."""

    assignment_id: int
    task_id: int
    title: str
    department: str
    is_open: bool
    """whether anything is left to be reminded of"""


def get_matter(session: Session, assignment_id: int, actor: Actor) -> Matter:
    """An assignment on which this person works; raises :class:`NotFound`."""
    is_open = and_(Assignment.state.in_(OWING), Task.state.in_(UNDER_WAY))
    query = (
        select(Assignment.id, Assignment.task_id, Task.title, Department.name, is_open)
        .join(Task, Task.id == Assignment.task_id)
        .join(Department, Department.id == Assignment.department_id)
        .where(Assignment.id == assignment_id, held_assignments(actor))
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(subject="task")
    return Matter(*row)


def snooze(
    session: Session, assignment_id: int, *, actor: Actor, now: datetime, entrance: str, calendar: WorkingCalendar
) -> Span:
    """Remind this person of the assignment no more before the next working day; twice on a day is once.

    Raises :class:`NotFound`, and :class:`Invalid` where it was put off too many days in a row or nothing is left to be
    reminded of.
    """
    matter, today = get_matter(session, assignment_id, actor), local_date(now)
    if not matter.is_open:
        raise Invalid("", "nothing_to_snooze")
    # Two clicks at once: the second waits for the first.
    session.execute(select(Assignment.id).where(Assignment.id == assignment_id).with_for_update())
    last = session.scalars(
        select(ReminderSnooze)
        .where(ReminderSnooze.person_id == actor.person_id, ReminderSnooze.assignment_id == assignment_id)
        .order_by(ReminderSnooze.day.desc())
        .limit(1)
    ).one_or_none()
    before = Span(last.until_on, last.in_a_row) if last else None
    span = next_span(before, today=today, calendar=calendar)
    if span == before:
        return span
    session.add(
        ReminderSnooze(
            person_id=actor.person_id,
            assignment_id=assignment_id,
            day=today,
            until_on=span.until_on,
            in_a_row=span.in_a_row,
            at=now,
        )
    )
    record_change(
        session,
        # Not the task's: partners read its record, and this is between the person and who watches over the task.
        subject=Subject.ACCOUNT,
        subject_id=actor.person_id,
        act=Change.SNOOZED,
        actor=actor,
        now=now,
        entrance=entrance,
        after={
            "task": matter.title,
            "department": matter.department,
            "until_on": span.until_on,
            "in_a_row": span.in_a_row,
        },
    )
    return span


# Who sees it


def find_day_of_return(session: Session, assignment_id: int, actor: Actor, *, today: date) -> date | None:
    """The day on which this person's reminders of it come again; None where they are not put off."""
    query = select(ReminderSnooze.until_on).where(
        ReminderSnooze.person_id == actor.person_id,
        ReminderSnooze.assignment_id == assignment_id,
        ReminderSnooze.until_on > today,
    )
    return session.scalars(query.order_by(ReminderSnooze.until_on.desc()).limit(1)).one_or_none()


class Snooze(NamedTuple):
    """What supervisors and colleagues read of it."""

    person: str
    until_on: date
    in_a_row: int
    person_id: int


def list_snoozes(
    session: Session, assignment_ids: Collection[int], actor: Actor, *, today: date
) -> dict[int, list[Snooze]]:
    """Who wants to hear no more of these assignments today, for who watches over them or works on them."""
    query = (
        select(ReminderSnooze.assignment_id, Person.name, ReminderSnooze.until_on, ReminderSnooze.in_a_row, Person.id)
        .join(Person, Person.id == ReminderSnooze.person_id)
        .join(Assignment, Assignment.id == ReminderSnooze.assignment_id)
        .join(Task, Task.id == Assignment.task_id)
        .where(ReminderSnooze.assignment_id.in_(assignment_ids), ReminderSnooze.until_on > today)
        .where(or_(overseen_assignments(actor), held_assignments(actor)))
        .order_by(ReminderSnooze.at)
    )
    found: dict[int, list[Snooze]] = defaultdict(list)
    for row in session.execute(query):
        found[row.assignment_id].append(Snooze(*row[1:]))
    return found


# What a morning makes of it


@dataclass(frozen=True)
class Snoozes:
    """Pairs of person and assignment: of what nothing is said today, and of what something has to be said again."""

    active: frozenset[tuple[int, int]]
    over: frozenset[tuple[int, int]]

    @property
    def over_ids(self) -> set[int]:
        return {assignment_id for _, assignment_id in self.over}


def load_snoozes(session: Session, *, today: date) -> Snoozes:
    """Those that hold today, and those that are over since and whose reminders did not come again."""
    query = select(ReminderSnooze.person_id, ReminderSnooze.assignment_id, ReminderSnooze.until_on).where(
        or_(
            ReminderSnooze.until_on > today,
            and_(
                ReminderSnooze.until_on.between(today - timedelta(days=CATCH_UP_DAYS), today),
                ReminderSnooze.told_again_on.is_(None),
            ),
        )
    )
    rows = session.execute(query).all()
    active = frozenset((row.person_id, row.assignment_id) for row in rows if row.until_on > today)
    return Snoozes(active, frozenset((row.person_id, row.assignment_id) for row in rows) - active)


def mark_told_again(session: Session, pairs: Iterable[tuple[int, int]], *, today: date) -> int:
    """Write down that a mail of today says again what was put off; how many that were."""
    wanted = sorted(pairs)
    if not wanted:
        return 0
    over = update(ReminderSnooze).where(
        tuple_(ReminderSnooze.person_id, ReminderSnooze.assignment_id).in_(wanted),
        ReminderSnooze.until_on <= today,
        ReminderSnooze.told_again_on.is_(None),
    )
    return change_rows(session, over.values(told_again_on=today))
