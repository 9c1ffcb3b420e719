"""What a department may ask of the supervisors about its assignment: an objection (退单) or an extension (延期).

Time limits stand in the workflow's table; here are the rules that no state can tell. :class:`Invalid` is raised where
one is broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import TimeLimit, time_limit
from taskboard.domain.errors import Invalid
from taskboard.domain.workflow import Act


class ObjectionResult(StrEnum):
    """How an objection ended; one whose assignment ended otherwise was never decided, it lapsed."""

    UPHELD = "upheld"
    REFUSED = "refused"
    LAPSED = "lapsed"


class ExtensionResult(StrEnum):
    """How a request for more time ended; it lapses when the deadline was moved or the work ended otherwise."""

    GRANTED = "granted"
    SHORTENED = "shortened"
    REFUSED = "refused"
    LAPSED = "lapsed"


@dataclass(frozen=True)
class ObjectionFacts:
    """What decides whether a department may still object: since when it has the assignment, and what was decided."""

    issued_on: date
    results: tuple[ObjectionResult, ...] = ()
    """of its objections since then"""


def check_objection(facts: ObjectionFacts, *, today: date, calendar: WorkingCalendar) -> TimeLimit:
    """The time that is left for it; raises :class:`Invalid` after it, or where one was refused before."""
    if ObjectionResult.REFUSED in facts.results:
        raise Invalid("objection", "objection_refused_before")
    limit = time_limit(Act.OBJECT, facts.issued_on, today=today, calendar=calendar)
    if limit.is_over:
        raise Invalid("objection", "objection_too_late", last_on=limit.last_on)
    return limit


def check_extension(due_on: date | None, *, is_asked: bool, today: date) -> date:
    """The deadline that may be asked to move; raises :class:`Invalid` after it, without one, or while one is asked."""
    if due_on is None:
        raise Invalid("extension", "extension_without_deadline")
    if is_asked:
        raise Invalid("extension", "extension_asked_before")
    if today > due_on:
        raise Invalid("extension", "extension_too_late", due_on=due_on)
    return due_on


def check_asked_day(asked_due_on: date, due_on: date) -> None:
    """A day asked for lies after the deadline."""
    if asked_due_on <= due_on:
        raise Invalid("asked_due_on", "extension_not_later", due_on=due_on)


def extension_result(granted: date, *, asked: date, due_on: date, today: date) -> ExtensionResult:
    """What granting this day amounts to; raises :class:`Invalid` for a day that is none of what may be granted.

    The day that was asked for may be past by now: who submitted by then is on time.
    """
    if granted == asked:
        return ExtensionResult.GRANTED
    if granted > asked:
        raise Invalid("due_on", "extension_beyond_asked", asked=asked)
    if granted <= due_on:
        raise Invalid("due_on", "extension_not_later", due_on=due_on)
    if granted < today:
        raise Invalid("due_on", "before_today", today=today)
    return ExtensionResult.SHORTENED


def day_after_objection(due_on: date, raised_on: date, decided_on: date, calendar: WorkingCalendar) -> date:
    """The deadline moved by the working days that a lead's objection was open."""
    return calendar.add(due_on, calendar.between(raised_on, decided_on))


def is_deadline_held(own: date | None, task_day: date | None, *, asks: bool, a_lead_asks: bool) -> bool:
    """Whether a branch's day is held: it asks itself, or a lead asks about the deadline that the branch shares."""
    return asks or (a_lead_asks and own is not None and own == task_day)
