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
    """What the document's own rhythm suggests for the plan, with its day; none where it has one of another kind."""
    rhythm = _RHYTHMS.get(read.kind, PlanRhythm.NONE) if read else PlanRhythm.NONE
    if read is None or rhythm is PlanRhythm.NONE:
        return PlanRhythm.NONE, None
    return rhythm, read.weekday if rhythm is PlanRhythm.WEEKLY else read.day


def is_day_of(rhythm: PlanRhythm, day: int) -> bool:
    """Whether this rhythm can name the day."""
    return rhythm is not PlanRhythm.NONE and 1 <= day <= LAST_DAY.get(rhythm, DAYS_OF_MONTH)
