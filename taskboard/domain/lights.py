"""The light of an assignment with its reason: a judgement for people who scan, never the datum itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import days_late, days_left, is_overdue
from taskboard.domain.workflow import Act, AssignmentState, TaskState, limit_of

DUE_SOON_WORKING_DAYS = 3
ACKNOWLEDGE_LIMIT = limit_of(Act.ACKNOWLEDGE)


class Light(StrEnum):
    IDLE = "idle"
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    CLOSED = "closed"


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
    EXTENSION_ASKED = "extension_asked"
    DUE_SOON = "due_soon"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    IN_TIME = "in_time"


@dataclass(frozen=True)
class Judgement:
    """A light, why it burns, and the figure its wording needs (days late, or working days left)."""

    light: Light
    reason: LightReason
    days: int = 0


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
        return _judge_open(facts, AssignmentState.IN_PROGRESS, facts.submitted_on, calendar)
    return _judge_open(facts, facts.state, today, calendar)


def due_soon_until(today: date, calendar: WorkingCalendar) -> date:
    """The last deadline that is due soon today: every day up to it is at most three working days away."""
    return calendar.add(today, DUE_SOON_WORKING_DAYS + 1) - timedelta(days=1)


def _judge_open(facts: LightFacts, state: AssignmentState, day: date, calendar: WorkingCalendar) -> Judgement:
    if is_overdue(TaskState.IN_PROGRESS, state, facts.due_on, day, is_held=facts.is_held):
        return Judgement(Light.RED, LightReason.OVERDUE, days_late(facts.due_on, None, day))
    if facts.due_on is not None and facts.due_on < day:
        return Judgement(Light.YELLOW, LightReason.EXTENSION_ASKED)
    if facts.due_on is not None and days_left(facts.due_on, day) <= 2 * DUE_SOON_WORKING_DAYS + 10:
        left = calendar.between(day, facts.due_on)
        if left <= DUE_SOON_WORKING_DAYS:
            return Judgement(Light.YELLOW, LightReason.DUE_SOON, left)
    if state is AssignmentState.PENDING and _acknowledgement_is_late(facts.issued_on, day, calendar):
        return Judgement(Light.YELLOW, LightReason.NOT_ACKNOWLEDGED)
    return Judgement(Light.GREEN, LightReason.IN_TIME)


def _acknowledgement_is_late(issued_on: date | None, day: date, calendar: WorkingCalendar) -> bool:
    return issued_on is not None and day > calendar.add(issued_on, ACKNOWLEDGE_LIMIT)
