"""The light of an assignment with its reason: a judgement for people who scan, never the datum itself.

:func:`assess` is the one function for days left, days late, light and reason; ``services/lights.py`` holds its twin in
SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import days_late, days_left, is_overdue
from taskboard.domain.periods import DuePeriod, Rhythm, last_due, missed_in_a_row
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.workflow import OWING, UNDER_WAY, Act, AssignmentRole, AssignmentState, TaskState, limit_of

DUE_SOON_WORKING_DAYS = 3
ACKNOWLEDGE_LIMIT = limit_of(Act.ACKNOWLEDGE)
BEHIND_YELLOW = 10
BEHIND_RED = 30
"""points behind the trajectory: from the first on yellow, beyond the second red"""
MISSED_RED = 2
"""periods in a row without a report"""
HELP_WORKING_DAYS = 5
HAND_LIGHT_DAYS = 30


class Light(StrEnum):
    IDLE = "idle"
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    CLOSED = "closed"


SEVERITY = (Light.RED, Light.YELLOW, Light.GREEN, Light.IDLE, Light.CLOSED)
"""the worst first: what a task with several branches shows"""


class LightReason(StrEnum):
    NOT_ISSUED = "not_issued"
    SUSPENDED = "suspended"
    OBJECTED = "objected"
    CLOSED = "closed"
    CLOSED_LATE = "closed_late"
    TERMINATED = "terminated"
    NOT_SUBMITTED = "not_submitted"
    WITHDRAWN = "withdrawn"
    FOR_INFORMATION = "for_information"
    OVERDUE = "overdue"
    FAR_BEHIND = "far_behind"
    REPORTS_MISSED = "reports_missed"
    SET_BY_HAND = "set_by_hand"
    EXTENSION_ASKED = "extension_asked"
    DUE_SOON = "due_soon"
    BEHIND = "behind"
    REPORT_MISSED = "report_missed"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    HELP_UNANSWERED = "help_unanswered"
    IN_TIME = "in_time"


LIGHT_OF: Mapping[LightReason, Light] = {
    LightReason.NOT_ISSUED: Light.IDLE,
    LightReason.SUSPENDED: Light.IDLE,
    LightReason.OBJECTED: Light.IDLE,
    LightReason.WITHDRAWN: Light.IDLE,
    LightReason.FOR_INFORMATION: Light.IDLE,
    LightReason.CLOSED: Light.CLOSED,
    LightReason.CLOSED_LATE: Light.CLOSED,
    LightReason.TERMINATED: Light.CLOSED,
    LightReason.NOT_SUBMITTED: Light.CLOSED,
    LightReason.OVERDUE: Light.RED,
    LightReason.FAR_BEHIND: Light.RED,
    LightReason.REPORTS_MISSED: Light.RED,
    LightReason.SET_BY_HAND: Light.RED,
    LightReason.EXTENSION_ASKED: Light.YELLOW,
    LightReason.DUE_SOON: Light.YELLOW,
    LightReason.BEHIND: Light.YELLOW,
    LightReason.REPORT_MISSED: Light.YELLOW,
    LightReason.NOT_ACKNOWLEDGED: Light.YELLOW,
    LightReason.HELP_UNANSWERED: Light.YELLOW,
    LightReason.IN_TIME: Light.GREEN,
}
"""every reason belongs to one light, so that a reason says all"""


def reasons_of(light: Light) -> list[LightReason]:
    """The reasons for which this light burns."""
    return [reason for reason, one in LIGHT_OF.items() if one is light]


@dataclass(frozen=True)
class Judgement:
    """A light, why it burns, and the figure its wording needs (days late, working days left, or points behind)."""

    light: Light
    reason: LightReason
    days: int = 0
    is_as_submitted: bool = field(default=False, compare=False)
    """it is the light of the day of the submission: nothing is owed since"""


@dataclass(frozen=True)
class Assessment:
    """Where an assignment stands on a day: calendar days to the deadline (negative after it), days late, its light.

    ``days_left`` is ``None`` where no clock runs. ``days_late`` is what was recorded at the submissions, and what
    has run up since while nothing was submitted.
    """

    days_left: int | None
    days_late: int
    light: Judgement


SETTLED_BY_TASK: Mapping[TaskState, Judgement] = {
    TaskState.DRAFT: Judgement(Light.IDLE, LightReason.NOT_ISSUED),
    TaskState.SUSPENDED: Judgement(Light.IDLE, LightReason.SUSPENDED),
    TaskState.TERMINATED: Judgement(Light.CLOSED, LightReason.TERMINATED),
}
SETTLED_BY_ASSIGNMENT: Mapping[AssignmentState, Judgement] = {
    AssignmentState.OBJECTED: Judgement(Light.IDLE, LightReason.OBJECTED),
    AssignmentState.WAIVED: Judgement(Light.IDLE, LightReason.FOR_INFORMATION),
    AssignmentState.WITHDRAWN: Judgement(Light.IDLE, LightReason.WITHDRAWN),
    AssignmentState.NOT_SUBMITTED: Judgement(Light.CLOSED, LightReason.NOT_SUBMITTED),
}


NO_RHYTHM = Rhythm(PlanRhythm.NONE)


@dataclass(frozen=True)
class LightFacts:
    """What a light is judged by; all of it stands in one row of a list."""

    task_state: TaskState
    state: AssignmentState
    due_on: date | None
    issued_on: date | None
    submitted_on: date | None = None
    days_late: int = 0
    """what was recorded at its submissions; a deadline that moved afterwards does not change it"""
    is_held: bool = False
    """an extension asked for in time is not decided yet"""
    role: AssignmentRole = AssignmentRole.LEAD
    rhythm: Rhythm = NO_RHYTHM
    """of the plan"""
    owing_since: date | None = None
    """since when periods are owed, where that is after the issue"""
    reported_on: date | None = None
    """the day of the last report"""
    percent: int | None = None
    planned: float | None = None
    """percent that the trajectory wants at the end of the period that was reported last; a lead's only"""
    hand_light: tuple[date, date] | None = None
    """the red light set by hand last: the first day it burns, and the first day it does not"""
    help_asked_on: date | None = None
    """since when the oldest request for help is not answered"""


def assess(facts: LightFacts, *, today: date, calendar: WorkingCalendar) -> Assessment:
    """Days left, days late, light and reason of one assignment on a day."""
    is_running = facts.due_on is not None and facts.task_state in UNDER_WAY and facts.state in OWING
    return Assessment(
        days_left=days_left(facts.due_on, today) if is_running and facts.due_on is not None else None,
        days_late=_days_late(facts, today),
        light=judge(facts, today=today, calendar=calendar),
    )


def _days_late(facts: LightFacts, today: date) -> int:
    if is_overdue(facts.task_state, facts.state, facts.due_on, today, is_held=facts.is_held):
        return max(facts.days_late, days_late(facts.due_on, None, today))
    return facts.days_late


def judge(facts: LightFacts, *, today: date, calendar: WorkingCalendar) -> Judgement:
    """The light of one assignment; the first rule that fits wins.

    A submitted assignment shows the light it had on the day of its submission.
    """
    settled = SETTLED_BY_TASK.get(facts.task_state) or SETTLED_BY_ASSIGNMENT.get(facts.state)
    if settled is not None:
        return settled
    if facts.task_state is TaskState.CLOSED or facts.state is AssignmentState.ACCEPTED:
        reason = LightReason.CLOSED_LATE if facts.days_late else LightReason.CLOSED
        return Judgement(Light.CLOSED, reason, facts.days_late)
    if facts.state is AssignmentState.SUBMITTED and facts.submitted_on is not None:
        # To submit is to report: a submission fills the period in which it was made.
        at_submission = replace(facts, state=AssignmentState.IN_PROGRESS, reported_on=facts.submitted_on)
        return replace(_judge_open(at_submission, facts.submitted_on, calendar), is_as_submitted=True)
    return _judge_open(facts, today, calendar)


def due_soon_until(today: date, calendar: WorkingCalendar) -> date:
    """The last deadline that is due soon today: every day up to it is at most three working days away."""
    return calendar.add(today, DUE_SOON_WORKING_DAYS + 1) - timedelta(days=1)


def unacknowledged_before(day: date, calendar: WorkingCalendar) -> date:
    """What was handed over before this day should be acknowledged by now."""
    return calendar.add(day, -ACKNOWLEDGE_LIMIT)


def unanswered_before(day: date, calendar: WorkingCalendar) -> date:
    """Help that was asked for before this day has waited more than five working days."""
    return calendar.add(day, -HELP_WORKING_DAYS)


def hand_light_ends(set_on: date) -> date:
    """The first day on which a light set by hand does not burn any more."""
    return set_on + timedelta(days=HAND_LIGHT_DAYS)


def points_behind(planned: float | None, percent: int | None) -> float:
    """How far the reports are behind the trajectory; 0 without one: nothing is behind a line that nobody drew."""
    return 0.0 if planned is None else max(0.0, planned - (percent or 0))


def _judge_open(facts: LightFacts, day: date, calendar: WorkingCalendar) -> Judgement:
    reason, figure = _reason(facts, day, calendar)
    return Judgement(LIGHT_OF[reason], reason, figure)


def _reason(facts: LightFacts, day: date, calendar: WorkingCalendar) -> tuple[LightReason, int]:
    """The first rule that holds, with its figure."""
    due_on = facts.due_on or date.max
    behind = points_behind(facts.planned, facts.percent)
    missed = _missed(facts, day, calendar)
    is_pending = facts.state is AssignmentState.PENDING
    rules = (
        (is_overdue(TaskState.IN_PROGRESS, facts.state, facts.due_on, day, is_held=facts.is_held), LightReason.OVERDUE),
        (behind > BEHIND_RED, LightReason.FAR_BEHIND),
        (missed >= MISSED_RED, LightReason.REPORTS_MISSED),
        (_burns(facts.hand_light, day), LightReason.SET_BY_HAND),
        (due_on < day, LightReason.EXTENSION_ASKED),
        (due_on <= due_soon_until(day, calendar), LightReason.DUE_SOON),
        (behind >= BEHIND_YELLOW, LightReason.BEHIND),
        (missed > 0, LightReason.REPORT_MISSED),
        (
            is_pending and _is_before(facts.issued_on, unacknowledged_before(day, calendar)),
            LightReason.NOT_ACKNOWLEDGED,
        ),
        (_is_before(facts.help_asked_on, unanswered_before(day, calendar)), LightReason.HELP_UNANSWERED),
        (True, LightReason.IN_TIME),
    )
    reason = next(reason for holds, reason in rules if holds)
    match reason:
        case LightReason.OVERDUE:
            return reason, days_late(facts.due_on, None, day)
        case LightReason.DUE_SOON:
            return reason, calendar.between(day, due_on)
        case LightReason.FAR_BEHIND | LightReason.BEHIND:
            return reason, round(behind)
        case LightReason.REPORTS_MISSED | LightReason.REPORT_MISSED:
            return reason, missed
        case _:
            return reason, 0


def _burns(hand_light: tuple[date, date] | None, day: date) -> bool:
    return hand_light is not None and hand_light[0] <= day < hand_light[1]


def _missed(facts: LightFacts, day: date, calendar: WorkingCalendar) -> int:
    since = facts.owing_since or facts.issued_on
    if since is None or facts.rhythm.kind is PlanRhythm.NONE:
        return 0
    due = _last_due(facts.rhythm, facts.role, day, calendar)
    return missed_in_a_row(due, since, facts.reported_on)


@lru_cache(maxsize=64)
def _last_due(rhythm: Rhythm, role: AssignmentRole, day: date, calendar: WorkingCalendar) -> tuple[DuePeriod, ...]:
    """Kept, because all rows of a list ask for the same few; a calendar is equal to itself only."""
    return tuple(last_due(rhythm, role, day, calendar, count=MISSED_RED))


def _is_before(day: date | None, limit: date) -> bool:
    return day is not None and day < limit
