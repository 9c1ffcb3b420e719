"""Readings that are kept between requests: found again, never mixed up, and bounded."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from sqlalchemy.orm import Session

from taskboard.domain.import_arrangement import Rearrangement
from taskboard.domain.import_decisions import stored_arrangement
from taskboard.domain.imports import Decisions, PlanFacts
from taskboard.models import ImportDraft
from taskboard.services import imports
from taskboard.services.imports import Source
from taskboard.services.open_drafts import MOST_DRAFTS, open_draft
from tests.support.factories import NOW, Usual

TEXT = """云泽市2026年重点工作要点
1.推进一网通办。2026年底前，高频事项全部上线。（责任单位：市发改委、市财政局）
2.清理收费项目。全面清理涉企收费。（市财政局牵头）
"""


@cache
def read(text: str = TEXT) -> Source:
    return imports.read_pasted(text)


def start(session: Session, usual: Usual, minute: int = 0) -> ImportDraft:
    return imports.start_import(
        session,
        read(),
        body_id=usual.body.id,
        actor=usual.actor("chen"),
        now=NOW + timedelta(minutes=minute),
        entrance="test",
    )


def test_a_reading_is_taken_up_once_and_handed_on_when_somebody_saves(session: Session, usual: Usual) -> None:
    draft = start(session, usual)
    opened = open_draft(draft)

    imports.save_decisions(
        session,
        draft.id,
        Decisions(facts=PlanFacts(title="改过的名称")),
        version=draft.version,
        actor=usual.actor("chen"),
        now=NOW + timedelta(seconds=1),
    )

    assert open_draft(draft) is opened
    assert opened.proposed(stored_arrangement(draft.decisions)).plan is opened.plan


def test_a_rearrangement_changes_what_is_proposed_and_not_what_was_read(session: Session, usual: Usual) -> None:
    draft = start(session, usual)
    opened = open_draft(draft)
    before = [row.key for row in opened.proposed(stored_arrangement(draft.decisions)).rows]

    imports.rearrange_measures(
        session, draft.id, Rearrangement.DOWN, "m1", version=draft.version, actor=usual.actor("chen"), now=NOW
    )

    assert open_draft(draft) is opened
    after = [row.key for row in opened.proposed(stored_arrangement(draft.decisions)).rows]
    assert (before, after) == (["m1", "m2"], ["m2", "m1"])


def test_another_draft_with_the_id_of_a_discarded_one_is_not_taken_for_it(session: Session, usual: Usual) -> None:
    draft = start(session, usual)
    opened = open_draft(draft)
    imports.discard_draft(session, draft.id, actor=usual.actor("chen"), now=NOW, entrance="test")

    again = start(session, usual, minute=1)

    assert open_draft(again) is not opened


def test_only_the_drafts_that_were_opened_last_are_kept(session: Session, usual: Usual) -> None:
    drafts = [start(session, usual, minute) for minute in range(MOST_DRAFTS + 1)]
    opened = [open_draft(one) for one in drafts]

    assert open_draft(drafts[-1]) is opened[-1]
    assert open_draft(drafts[0]) is not opened[0]
