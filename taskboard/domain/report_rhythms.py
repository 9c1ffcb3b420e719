"""How often the departments report on a plan as a whole, as its supervisors decide it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from taskboard.domain.plan_parsing.reading import ReportRhythm, RhythmKind


class PlanRhythm(StrEnum):
    """How often reports on a plan are due."""

    NONE = "none"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"


class RhythmOrigin(StrEnum):
    """How the rhythm of a plan is known."""

    STATED = "stated"
    DEFAULT = "default"
    """the document names none: reports are due monthly unless somebody decides otherwise"""
    DECIDED = "decided"


USUAL = PlanRhythm.MONTHLY
LAST_DAY: Mapping[PlanRhythm, int] = {PlanRhythm.WEEKLY: 7}
"""the greatest day that can be named: of a week from Monday, else of a month, where 31 is the last one of any"""
DAYS_OF_MONTH = 31

_RHYTHMS: Mapping[RhythmKind, PlanRhythm] = {
    RhythmKind.WEEKLY: PlanRhythm.WEEKLY,
    RhythmKind.MONTHLY: PlanRhythm.MONTHLY,
    RhythmKind.QUARTERLY: PlanRhythm.QUARTERLY,
    RhythmKind.HALF_YEARLY: PlanRhythm.HALF_YEARLY,
}


def suggested_rhythm(read: ReportRhythm | None) -> tuple[PlanRhythm, int | None]:
    """The plan's rhythm with its day: what the document names, monthly where it names nothing.

    A document that names another kind (every two weeks, on listed days) gets none: that is for a person to decide.
    """
    if read is None:
        return USUAL, None
    rhythm = _RHYTHMS.get(read.kind, PlanRhythm.NONE)
    if rhythm is PlanRhythm.NONE:
        return PlanRhythm.NONE, None
    return rhythm, read.weekday if rhythm is PlanRhythm.WEEKLY else read.day


def rhythm_origin(
    chosen: tuple[PlanRhythm, int | None], suggested: tuple[PlanRhythm, int | None], *, is_stated: bool
) -> RhythmOrigin:
    """How a rhythm that was suggested by a document, and perhaps changed by a person, is known."""
    if chosen != suggested:
        return RhythmOrigin.DECIDED
    return RhythmOrigin.STATED if is_stated else RhythmOrigin.DEFAULT


def is_day_of(rhythm: PlanRhythm, day: int) -> bool:
    """Whether this rhythm can name the day."""
    return rhythm is not PlanRhythm.NONE and 1 <= day <= LAST_DAY.get(rhythm, DAYS_OF_MONTH)
