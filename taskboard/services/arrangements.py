"""The yearly arrangement of holidays: what is known of a year, what a notice would change, and taking it over.

Days of reminding are not stored: they follow from the calendar, so that taking an arrangement over moves all of them
with its own transaction. Deadlines are stored and stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Unpack

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import SATURDAY, WorkingCalendar
from taskboard.domain.history import Change, Subject
from taskboard.domain.holiday_notices import Arrangement
from taskboard.domain.permissions import Actor
from taskboard.domain.reminders import LONGEST_WARNING, Anchor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OWING, UNDER_WAY
from taskboard.models import Assignment, CalendarDay, CalendarYear, Task
from taskboard.services.actors import require_role
from taskboard.services.calendar import DayOut, load_calendar
from taskboard.services.history import Writing, record_change
from taskboard.services.inserts import insert_where_free
from taskboard.services.reminders import PlanRules, load_rules

READERS = (Role.ADMINISTRATOR, Role.SUPERVISOR)
NOTICE_SOURCE = "国务院办公厅通知"
WARNING_MONTH = 11
"""from when on the arrangement of the next year is asked for: it is published in October or November"""


@dataclass(frozen=True)
class YearSummary:
    """A year as the calendar page lists it; ``source`` is None for a year that is estimated."""

    year: int
    working_days: int
    days_off: int
    """weekdays off"""
    make_up_days: int
    source: str | None


@dataclass(frozen=True)
class DayChange:
    """A day that would be worked, or would not, other than now."""

    day: date
    is_working_day: bool
    festival: str


@dataclass(frozen=True)
class Move:
    """Reminders of deadlines on ``due_on``: their days now and then; the deadline stays."""

    due_on: date
    assignments: int
    days: tuple[tuple[date, date], ...]


@dataclass(frozen=True)
class Preview:
    """What taking an arrangement over would do."""

    year: int
    was_confirmed: bool
    is_adopted: bool
    """the same was taken over before: nothing is left to confirm"""
    working_days: int
    changes: list[DayChange]
    moves: list[Move]

    @property
    def moved_assignments(self) -> int:
        return sum(move.assignments for move in self.moves)


def list_years(session: Session, *, actor: Actor, today: date) -> list[YearSummary]:
    """The last three years, this one and the next two, the latest first."""
    require_role(actor, *READERS)
    calendar = load_calendar(session)
    sources = {one.year: one.source for one in session.scalars(select(CalendarYear))}
    return [_summary(calendar, year, sources.get(year)) for year in range(today.year + 2, today.year - 4, -1)]


def _summary(calendar: WorkingCalendar, year: int, source: str | None) -> YearSummary:
    return YearSummary(
        year=year,
        working_days=_working_days(calendar, year),
        days_off=sum(day.year == year for day in calendar.holidays),
        make_up_days=sum(day.year == year for day in calendar.workdays),
        source=source,
    )


def list_days(session: Session, year: int, *, actor: Actor) -> list[DayOut]:
    """The days of the year that differ from their weekday, in their order."""
    require_role(actor, *READERS)
    day = CalendarDay
    query = select(day.day, day.is_working_day, day.note).where(_in_year(year)).order_by(day.day)
    return [DayOut(*row) for row in session.execute(query)]


def missing_year(session: Session, *, today: date) -> int | None:
    """The year whose arrangement should be entered by now: this one, or from 1 November the next; None if none is."""
    confirmed = load_calendar(session).confirmed_years
    wanted = [today.year, *([today.year + 1] if today.month >= WARNING_MONTH else [])]
    return next((year for year in wanted if year not in confirmed), None)


def preview_arrangement(session: Session, arrangement: Arrangement, *, actor: Actor, today: date) -> Preview:
    """What would change: days of the calendar, and for the deadlines to come the days of their reminders."""
    require_role(actor, Role.ADMINISTRATOR)
    before = load_calendar(session)
    after = _with(before, arrangement)
    changed = sorted((before.holidays ^ after.holidays) | (before.workdays ^ after.workdays))
    return Preview(
        year=arrangement.year,
        was_confirmed=arrangement.year in before.confirmed_years,
        is_adopted=_stands(session, arrangement),
        working_days=_working_days(after, arrangement.year),
        changes=[
            DayChange(day, after.is_working_day(day), _festival(arrangement, day))
            for day in changed
            if before.is_working_day(day) != after.is_working_day(day)
        ],
        moves=_moves(_open_deadlines(session, changed, today), load_rules(session), before, after, today),
    )


def adopt_arrangement(session: Session, arrangement: Arrangement, **by: Unpack[Writing]) -> bool:
    """Make the arrangement the calendar of its year, in place of what stood there.

    What was adopted before as it is changes nothing: ``False``.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    _hold_year(session, arrangement.year)
    if _stands(session, arrangement):
        return False
    days = _days_out(arrangement)
    concerned = _concerned(arrangement.year, days)
    before = _kept(session, arrangement.year)
    session.execute(delete(CalendarDay).where(concerned))
    session.add_all(CalendarDay(**one._asdict()) for one in days)
    for year in {one.day.year for one in days} | {arrangement.year}:
        _raise_revision(session, year, is_own=year == arrangement.year)
    session.flush()
    record_change(
        session,
        subject=Subject.CALENDAR,
        subject_id=arrangement.year,
        act=Change.CHANGED if before else Change.ADDED,
        before=before,
        after=_kept(session, arrangement.year),
        **by,
    )
    return True


def _hold_year(session: Session, year: int) -> None:
    """Of two who take a notice over at once, by two clicks, too, the second waits for what the first wrote."""
    insert_where_free(session, CalendarYear, [{"year": year, "source": NOTICE_SOURCE}])
    held = select(CalendarYear).where(CalendarYear.year == year).with_for_update()
    session.execute(held, execution_options={"populate_existing": True})


def _concerned(year: int, days: Iterable[DayOut]) -> ColumnElement[bool]:
    """The kept days that an arrangement decides: those of its year, and those beyond it that it names."""
    return _in_year(year) | CalendarDay.day.in_([one.day for one in days])


def _stands(session: Session, arrangement: Arrangement) -> bool:
    """Whether a notice was adopted for the year that says the same of its days."""
    known = session.get(CalendarYear, arrangement.year)
    if known is None or known.source != NOTICE_SOURCE:
        return False
    days = _days_out(arrangement)
    kept = session.scalars(select(CalendarDay).where(_concerned(arrangement.year, days)))
    return {DayOut(one.day, one.is_working_day, one.note) for one in kept} == set(days)


def _raise_revision(session: Session, year: int, *, is_own: bool) -> None:
    """Processes notice the change by it. A year that only lends a day to the next one's New Year keeps its source."""
    known = session.get(CalendarYear, year)
    if known is not None:
        known.revision += 1
        known.source = NOTICE_SOURCE if is_own else known.source
    elif is_own:
        session.add(CalendarYear(year=year, source=NOTICE_SOURCE))


def _kept(session: Session, year: int) -> dict[str, list[str]]:
    """The year's days as the trail keeps them."""
    rows = session.execute(
        select(CalendarDay.day, CalendarDay.is_working_day).where(_in_year(year)).order_by(CalendarDay.day)
    ).all()
    kept = {
        "days_off": [day.isoformat() for day, is_worked in rows if not is_worked],
        "make_up_days": [day.isoformat() for day, is_worked in rows if is_worked],
    }
    return {name: days for name, days in kept.items() if days}


def _in_year(year: int) -> ColumnElement[bool]:
    return CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31))


def _days_out(arrangement: Arrangement) -> list[DayOut]:
    """The days as the table keeps them: a weekend is off without being told."""
    off = [DayOut(day, False, name) for day, name in arrangement.days_off.items() if day.weekday() < SATURDAY]
    return sorted([*off, *(DayOut(day, True, name) for day, name in arrangement.make_up_days.items())])


def _with(calendar: WorkingCalendar, arrangement: Arrangement) -> WorkingCalendar:
    """The calendar as it would be."""
    days = _days_out(arrangement)
    told = {one.day for one in days}

    def kept(known: Iterable[date]) -> set[date]:
        return {day for day in known if day.year != arrangement.year and day not in told}

    return WorkingCalendar(
        holidays=kept(calendar.holidays) | {one.day for one in days if not one.is_working_day},
        workdays=kept(calendar.workdays) | {one.day for one in days if one.is_working_day},
        confirmed_years=calendar.confirmed_years | {arrangement.year},
    )


def _festival(arrangement: Arrangement, day: date) -> str:
    return arrangement.days_off.get(day) or arrangement.make_up_days.get(day, "")


class _Deadline(NamedTuple):
    """Assignments of one plan that are due on one day."""

    plan_id: int
    due_on: date
    assignments: int


def _open_deadlines(session: Session, changed: list[date], today: date) -> list[_Deadline]:
    """What still owes something on the days whose reminders could move."""
    if not changed:
        return []
    last = changed[-1] + LONGEST_WARNING
    query = (
        select(Task.plan_id, Assignment.due_on, func.count())
        .join(Task, Task.id == Assignment.task_id)
        .where(Task.state.in_(UNDER_WAY), Assignment.state.in_(OWING), Assignment.due_on.between(today, last))
        .group_by(Task.plan_id, Assignment.due_on)
        .order_by(Assignment.due_on, Task.plan_id)
    )
    return [
        _Deadline(plan_id, due_on, count) for plan_id, due_on, count in session.execute(query) if due_on is not None
    ]


def _moves(
    deadlines: Iterable[_Deadline], rules: PlanRules, before: WorkingCalendar, after: WorkingCalendar, today: date
) -> list[Move]:
    """The deadlines whose reminders move by the rules of their plans, each day once."""
    counts: dict[date, int] = defaultdict(int)
    days: dict[date, dict[tuple[date, date], None]] = defaultdict(dict)
    for one in deadlines:
        of_plan = (rule for rule in rules.of(one.plan_id) if rule.anchor is Anchor.DEADLINE)
        pairs = ((rule.milestone(one.due_on, before), rule.milestone(one.due_on, after)) for rule in of_plan)
        moved = dict.fromkeys(pair for pair in pairs if pair[0] != pair[1] and max(pair) >= today)
        if moved:
            counts[one.due_on] += one.assignments
            days[one.due_on] |= moved
    return [Move(due_on, count, tuple(days[due_on])) for due_on, count in counts.items()]


def _working_days(calendar: WorkingCalendar, year: int) -> int:
    return calendar.between(date(year - 1, 12, 31), date(year, 12, 31))
