"""What a document's own words suggest for the reports on its plan, and how that is known."""

from __future__ import annotations

import pytest

from taskboard.domain.plan_parsing.reading import ReportRhythm, RhythmKind
from taskboard.domain.report_rhythms import PlanRhythm, RhythmOrigin, rhythm_origin, suggested_rhythm


def test_a_document_that_names_no_rhythm_is_reported_on_monthly() -> None:
    assert suggested_rhythm(None) == (PlanRhythm.MONTHLY, None)


@pytest.mark.parametrize(
    ("read", "suggested"),
    [
        (ReportRhythm(RhythmKind.WEEKLY, "每周五", weekday=5), (PlanRhythm.WEEKLY, 5)),
        (ReportRhythm(RhythmKind.MONTHLY, "每月20日前", day=20), (PlanRhythm.MONTHLY, 20)),
        (ReportRhythm(RhythmKind.QUARTERLY, "每季度末"), (PlanRhythm.QUARTERLY, None)),
        (ReportRhythm(RhythmKind.HALF_YEARLY, "每半年"), (PlanRhythm.HALF_YEARLY, None)),
        (ReportRhythm(RhythmKind.FORTNIGHTLY, "每两周"), (PlanRhythm.NONE, None)),
        (ReportRhythm(RhythmKind.DATED, "6月30日前", day=30), (PlanRhythm.NONE, None)),
    ],
)
def test_a_rhythm_that_the_document_names_is_kept(read: ReportRhythm, suggested: tuple[PlanRhythm, int | None]) -> None:
    assert suggested_rhythm(read) == suggested


@pytest.mark.parametrize(
    ("chosen", "is_stated", "origin"),
    [
        ((PlanRhythm.MONTHLY, None), False, RhythmOrigin.DEFAULT),
        ((PlanRhythm.MONTHLY, None), True, RhythmOrigin.STATED),
        ((PlanRhythm.MONTHLY, 20), False, RhythmOrigin.DECIDED),
        ((PlanRhythm.NONE, None), True, RhythmOrigin.DECIDED),
    ],
)
def test_what_a_person_changed_is_decided(
    chosen: tuple[PlanRhythm, int | None], is_stated: bool, origin: RhythmOrigin
) -> None:
    assert rhythm_origin(chosen, (PlanRhythm.MONTHLY, None), is_stated=is_stated) is origin
