"""Acts on many tasks at once: what each needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from taskboard.domain.report_rhythms import PlanRhythm


class BulkAct(StrEnum):
    """What is done to the tasks that were chosen from a list."""

    ISSUE_DRAFTS = "issue_drafts"
    REMIND = "remind"
    SET_OFFICER = "set_officer"
    SET_RHYTHM = "set_rhythm"


@dataclass(frozen=True)
class BulkOrder:
    """One act on many tasks.

    ``department_id`` narrows a reminder down to one department, and names the one whose officer is set. ``remark`` is
    what a reminder adds. ``rhythm_day`` is the report's due day, where another than the usual one is wanted.
    """

    act: BulkAct
    task_ids: tuple[int, ...]
    department_id: int | None = None
    officer_id: int | None = None
    rhythm: PlanRhythm = PlanRhythm.NONE
    rhythm_day: int | None = None
    remark: str = ""
