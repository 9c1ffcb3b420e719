"""Days left and days late: the one definition of time for lists, lights, reminders, mails and exports.

A deadline is a day in Asia/Shanghai and inclusive: the due day is on time. Overdue is a fact that follows from the
deadline, the submission and today; it is never stored. ``services/overdue.py`` holds its SQL twin.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import Invalid
from taskboard.domain.workflow import (
    OWING,
    UNDER_WAY,
    Act,
    AssignmentState,
    DeadlineOrigin,
    PastDeadline,
    TaskState,
    limit_of,
)

CORRECTION_WORKING_DAYS = 5
LONGEST_SUSPENSION_MONTHS = 3


@dataclass(frozen=True)
class Deadline:
    """A task's deadline as it stands or as it was decided; no day and not ongoing means nobody chose yet."""

    due_on: date | None
    is_ongoing: bool
    origin: DeadlineOrigin


ONGOING = Deadline(due_on=None, is_ongoing=True, origin=DeadlineOrigin.ONGOING)


def days_left(due_on: date, today: date) -> int:
    """Calendar days from today to the deadline: 0 on the due day, negative after it."""
    return (due_on - today).days


def is_overdue(
    task_state: TaskState, state: AssignmentState, due_on: date | None, today: date, *, is_held: bool = False
) -> bool:
    """Whether the deadline is past and nothing was submitted; an ongoing task (no deadline) never is.

    ``is_held`` while an extension asked for in time is not decided: refused, it was overdue from the deadline on.
    """
    if due_on is None or is_held:
        return False
    return task_state in UNDER_WAY and state in OWING and days_left(due_on, today) < 0


def days_late(due_on: date | None, submitted_on: date | None, today: date) -> int:
    """Calendar days past the deadline at the submission, or by today while nothing was submitted; 0 when on time."""
    if due_on is None:
        return 0
    return max(0, -days_left(due_on, submitted_on or today))


def require_future(field: str, day: date, today: date) -> None:
    """A day set by a person is today or later; raises :class:`Invalid` naming the field."""
    if day < today:
        raise Invalid(field, "before_today", today=today)


@dataclass(frozen=True)
class TimeLimit:
    """Until when somebody must act. ``working_days_left`` is 0 on the last day and negative after it."""

    last_on: date
    working_days_left: int
    is_estimated: bool = False
    """it ends in a year whose working days are not officially known yet, and may move when they are"""

    @property
    def is_over(self) -> bool:
        return self.working_days_left < 0


def time_limit(act: Act, since: date, *, today: date, calendar: WorkingCalendar) -> TimeLimit:
    """The time the table gives for an act, counted from the day that made it possible."""
    return limit_until(calendar.add(since, limit_of(act)), today=today, calendar=calendar)


DECISION_LIMIT = 2
"""working days that whoever must decide on something has, where the table sets no time of its own"""


def decision_limit(since: date, *, today: date, calendar: WorkingCalendar) -> TimeLimit:
    """The usual time for a decision on what is there since that day."""
    return limit_until(calendar.add(since, DECISION_LIMIT), today=today, calendar=calendar)


def limit_until(last_on: date, *, today: date, calendar: WorkingCalendar) -> TimeLimit:
    """The time until the end of a day."""
    left = calendar.between(today, last_on)
    # A day off right after the last day is over it, though no working day has passed.
    return TimeLimit(last_on, left if today <= last_on else min(left, -1), calendar.is_estimated(last_on))


def deadline_at_issue(
    stands: Deadline, *, new_day: date | None, is_ongoing: bool, past: PastDeadline | None, today: date
) -> Deadline:
    """The deadline a task is issued with: the one that stands, or the one decided in its place.

    Raises :class:`Invalid` where nobody chose a day or "ongoing", or where a day already past was not decided upon.
    """
    if is_ongoing:
        return ONGOING
    if new_day is not None:
        require_future("due_on", new_day, today)
        return Deadline(new_day, False, stands.origin if new_day == stands.due_on else DeadlineOrigin.DECIDED)
    if stands.is_ongoing:
        return stands
    if stands.due_on is None:
        raise Invalid("due_on", "deadline_missing")
    if stands.due_on < today and past in (None, PastDeadline.NEW_DATE):
        problem = "deadline_past" if past is None else "required"
        raise Invalid("past_deadline" if past is None else "due_on", problem, due_on=stands.due_on)
    return stands


def default_correction_day(due_on: date | None, today: date, calendar: WorkingCalendar) -> date:
    """By when a returned submission is to be corrected, unless another day is set."""
    earliest = calendar.add(today, CORRECTION_WORKING_DAYS)
    return earliest if due_on is None else max(due_on, earliest)


def latest_review_day(today: date) -> date:
    """The last day on which a suspension that begins today must be looked at again."""
    year, month = divmod(today.year * 12 + today.month - 1 + LONGEST_SUSPENSION_MONTHS, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))
