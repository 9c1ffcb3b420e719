"""What a mail knows of an assignment."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import is_overdue
from taskboard.domain.periods import Rhythm, unreported
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.domain.workflow import OWING, UNDER_WAY, AssignmentRole, AssignmentState, DeadlineOrigin, TaskState

NO_RHYTHM = Rhythm(PlanRhythm.NONE)


class Item(msgspec.Struct, frozen=True, gc=False):
    """One assignment, with what a mail tells of it."""

    assignment_id: int
    task_id: int
    title: str
    plan: str
    department_id: int
    department: str
    department_path: str
    body_path: str
    role: AssignmentRole
    state: AssignmentState
    task_state: TaskState
    issued_on: date
    due_on: date | None
    deadline_version: int
    origin: DeadlineOrigin
    is_ongoing: bool
    officer_id: int | None = None
    submitted_on: date | None = None
    ended_on: date | None = None
    """the day it was accepted, or its task closed"""
    waiting_since: date | None = None
    """the day it came into the hands of whoever must decide on it now"""
    is_held: bool = False
    """an extension of its deadline was asked for in time and is not decided"""
    extension_asked_on: date | None = None
    """the day its own department asked for one that is not decided"""
    plan_id: int = 0
    issuer_id: int | None = None
    """of a sub-task: the department that split its part, which decides about it in place of the supervisors"""
    help_asked_on: date | None = None
    """the day of its oldest request for help that nobody answered"""
    rhythm: Rhythm = NO_RHYTHM
    owing_since: date | None = None
    """the day since which its department has had the work; where none is known, that of its issue"""
    reported_on: date | None = None
    """the day of its last report"""
    report_due_on: date | None = None
    """the day of the report that a reminder speaks of"""
    review_on: date | None = None
    """the day on which its suspended task is to be looked at again"""
    returned_on: date | None = None
    """the day on which its submission came back to be corrected"""

    @property
    def mark(self) -> str:
        """By which a mail says it once."""
        return f"assignment:{self.assignment_id}"

    def reports_due(self, today: date, calendar: WorkingCalendar) -> tuple[date, ...]:
        """The days of the reports near today that are owed and not made."""
        if self.rhythm.kind is PlanRhythm.NONE or not self.is_open:
            return ()
        since = self.owing_since or self.issued_on
        facts: dict[str, Any] = {"since": since, "reported_on": self.reported_on, "today": today, "calendar": calendar}
        return unreported(self.rhythm, self.role, **facts)

    def is_overdue(self, day: date) -> bool:
        return is_overdue(self.task_state, self.state, self.due_on, day, is_held=self.is_held)

    def was_overdue(self, day: date) -> bool:
        """Whether it was overdue on an earlier day, by what is known today."""
        if self.due_on is None or self.due_on >= day or self.issued_on > day or self.is_held:
            return False
        if self.state in OWING and self.task_state in UNDER_WAY:
            return True
        left_on = self.submitted_on or self.ended_on
        return left_on is not None and left_on >= day

    def left_since(self, day: date) -> bool:
        """Whether it was submitted or ended on that day or later."""
        return any(one is not None and one >= day for one in (self.submitted_on, self.ended_on))

    @property
    def is_open(self) -> bool:
        return self.task_state in UNDER_WAY and self.state in OWING
