"""Roundups: the monthly dispatch table and the quarterly review pack of a supervising body, made once and frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import is_overdue
from taskboard.domain.workflow import OPEN_ASSIGNMENT, UNDER_WAY, AssignmentRole, AssignmentState, TaskState


class RoundupKind(StrEnum):
    MONTHLY = "monthly"
    """the dispatch table of a month"""
    QUARTERLY = "quarterly"
    """the review pack of a quarter"""


class Stretch(NamedTuple):
    """The month or quarter that a roundup is about, both days included."""

    kind: RoundupKind
    first_on: date
    last_on: date

    @property
    def next_last_on(self) -> date:
        """The last day of the month or quarter after it: what falls due until then is announced."""
        return _last_day(_first_day(self.kind, self.last_on + timedelta(days=1)), self.kind)


def _first_day(kind: RoundupKind, day: date) -> date:
    month = day.month if kind is RoundupKind.MONTHLY else (day.month - 1) // 3 * 3 + 1
    return date(day.year, month, 1)


def _last_day(first_on: date, kind: RoundupKind) -> date:
    months = 1 if kind is RoundupKind.MONTHLY else 3
    after = first_on.month - 1 + months
    return date(first_on.year + after // 12, after % 12 + 1, 1) - timedelta(days=1)


def due_stretches(today: date, calendar: WorkingCalendar) -> list[Stretch]:
    """What is to be there by today: of the last month and quarter, from the first working day of this one on.

    So a day of downtime puts it off and loses nothing; that each is made once is for the database to say.
    """
    found = []
    for kind in RoundupKind:
        first_on = _first_day(kind, today)
        if today >= calendar.on_or_after(first_on):
            before = _first_day(kind, first_on - timedelta(days=1))
            found.append(Stretch(kind, before, first_on - timedelta(days=1)))
    return found


@dataclass(frozen=True)
class Branch:
    """One department on one task, as a roundup counts it."""

    task_id: int
    title: str
    plan: str
    department: str
    role: AssignmentRole
    task_state: TaskState
    state: AssignmentState
    due_on: date | None
    is_held: bool
    days_late: int
    """of the submission; 0 on time, and where nothing was submitted"""
    issued_on: date
    closed_on: date | None


class Line(NamedTuple):
    """One line of a list. ``days_late`` is 0 where nothing is late."""

    title: str
    plan: str
    departments: str
    due_on: date | None
    days_late: int = 0
    closed_on: date | None = None


class Group(NamedTuple):
    """A plan or a department with its counts; ``due`` and ``on_time`` are those of the stretch."""

    name: str
    open: int
    overdue: int
    due: int
    on_time: int


@dataclass(frozen=True)
class Figures:
    """What a roundup says, as it was at one moment. Departments on tasks are counted, and tasks where it says so."""

    total: Group
    tasks_issued: int
    tasks_closed: int
    departments: tuple[Group, ...]
    """most overdue first"""
    plans: tuple[Group, ...]
    overdue: tuple[Line, ...]
    """longest first"""
    coming: tuple[Line, ...]
    """due after the stretch, by the end of the next one"""
    closed: tuple[Line, ...]


UNCOUNTED = frozenset({AssignmentState.WITHDRAWN, AssignmentState.WAIVED, AssignmentState.OBJECTED})
"""branches that leave the count of what fell due"""
RESTING = frozenset({TaskState.SUSPENDED, TaskState.TERMINATED})
GIVEN = frozenset({AssignmentState.SUBMITTED, AssignmentState.ACCEPTED})


def compose(branches: Sequence[Branch], stretch: Stretch, today: date) -> Figures:
    """The figures of a stretch as they stand today."""
    overdue = sorted((one for one in branches if _is_overdue(one, today)), key=lambda one: (one.due_on, one.task_id))
    coming = [one for one in branches if _is_open(one) and _falls(one, today, stretch.next_last_on)]
    closed = [one for one in branches if _within(one.closed_on, stretch) and one.task_state is TaskState.CLOSED]
    return Figures(
        total=_group("", branches, stretch, today),
        tasks_issued=len({one.task_id for one in branches if _within(one.issued_on, stretch)}),
        tasks_closed=len({one.task_id for one in closed}),
        departments=_groups(branches, lambda one: one.department, stretch, today),
        plans=_groups(branches, lambda one: one.plan, stretch, today),
        overdue=tuple(
            Line(one.title, one.plan, one.department, one.due_on, (today - one.due_on).days)
            for one in overdue
            if one.due_on is not None
        ),
        coming=tuple(
            Line(one.title, one.plan, one.department, one.due_on)
            for one in sorted(coming, key=lambda one: (one.due_on, one.task_id))
        ),
        closed=_closed_lines(closed),
    )


def _closed_lines(closed: Iterable[Branch]) -> tuple[Line, ...]:
    """One line a task, with its leads."""
    leads: dict[int, list[Branch]] = {}
    for one in closed:
        if one.role is AssignmentRole.LEAD and one.state is not AssignmentState.WITHDRAWN:
            leads.setdefault(one.task_id, []).append(one)
    return tuple(
        Line(
            of_task[0].title,
            of_task[0].plan,
            "、".join(one.department for one in of_task),
            of_task[0].due_on,
            max(one.days_late for one in of_task),
            of_task[0].closed_on,
        )
        for of_task in leads.values()
    )


def _groups(
    branches: Iterable[Branch], name_of: Callable[[Branch], str], stretch: Stretch, today: date
) -> tuple[Group, ...]:
    by_name: dict[str, list[Branch]] = {}
    for one in branches:
        by_name.setdefault(name_of(one), []).append(one)
    groups = (_group(name, found, stretch, today) for name, found in by_name.items())
    shown = (one for one in groups if one.open or one.due)
    return tuple(sorted(shown, key=lambda one: (-one.overdue, -one.open, one.name)))


def _group(name: str, branches: Sequence[Branch], stretch: Stretch, today: date) -> Group:
    due = [one for one in branches if _fell_due(one, stretch)]
    return Group(
        name=name,
        open=sum(_is_open(one) for one in branches),
        overdue=sum(_is_overdue(one, today) for one in branches),
        due=len(due),
        on_time=sum(one.state in GIVEN and one.days_late == 0 for one in due),
    )


def _fell_due(one: Branch, stretch: Stretch) -> bool:
    """Whether it had to be submitted within the stretch; what waits for more time or rests is not counted."""
    is_counted = one.state not in UNCOUNTED and one.task_state not in RESTING and not one.is_held
    return is_counted and _within(one.due_on, stretch)


def _is_open(one: Branch) -> bool:
    return one.task_state in UNDER_WAY and one.state in OPEN_ASSIGNMENT


def _is_overdue(one: Branch, today: date) -> bool:
    return is_overdue(one.task_state, one.state, one.due_on, today, is_held=one.is_held)


def _within(day: date | None, stretch: Stretch) -> bool:
    return day is not None and stretch.first_on <= day <= stretch.last_on


def _falls(one: Branch, from_on: date, to_on: date) -> bool:
    return one.due_on is not None and from_on <= one.due_on <= to_on
