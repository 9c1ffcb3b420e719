"""Scans that wait for recognition: one reader each, whatever happens to readers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from taskboard.documents.document import Document, DocumentError, DocumentKind, DocumentNote, DocumentProblem
from taskboard.domain.errors import NotAllowed, NotFound
from taskboard.domain.history import Change
from taskboard.domain.permissions import Actor
from taskboard.domain.plan_parsing.blocks import Paragraph, Place
from taskboard.domain.plan_parsing.parse import parse_plan
from taskboard.domain.roles import Role
from taskboard.domain.scans import MOST_TRIES, SILENT_AFTER, ScanState
from taskboard.models import HistoryEntry, ImportDraft, Scan
from taskboard.services import scans
from taskboard.services.scans import ScanLost
from tests.support.factories import NOW, Usual, actor_of, make_department, make_person, writing_by

LATER = NOW + SILENT_AFTER + timedelta(seconds=1)
BLOCKS = (Paragraph("1.推进一网通办。（责任单位：市财政局、市教育局）", place=Place(page=1)),)
DOCUMENT = Document(BLOCKS, DocumentKind.PDF, notes=(DocumentNote.RECOGNISED,))
PLAN = parse_plan(BLOCKS)


@pytest.fixture(autouse=True)
def _can_recognise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "can_recognise", lambda: True)


def keep(session: Session, usual: Usual, chen: Actor, name: str = "扫描件.pdf") -> Scan:
    return scans.keep_scan(session, b"scan", name=name, sha="a" * 64, body_id=usual.body.id, actor=chen, now=NOW)


def fresh(session: Session, scan: Scan) -> Scan:
    session.flush()
    return session.get_one(Scan, scan.id, populate_existing=True)


@pytest.fixture
def other(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def test_scans_are_read_in_the_order_in_which_they_came(session: Session, usual: Usual, chen: Actor) -> None:
    first, second = keep(session, usual, chen, "一.pdf"), keep(session, usual, chen, "二.pdf")

    assert scans.status_of(session, second).before == 1
    assert [held.id for held in (scans.take_next(session, now=NOW), scans.take_next(session, now=NOW)) if held] == [
        first.id,
        second.id,
    ]
    assert scans.take_next(session, now=NOW) is None


def test_pages_are_counted_while_it_is_read(session: Session, usual: Usual, chen: Actor) -> None:
    scan = keep(session, usual, chen)
    held = scans.take_next(session, now=NOW)
    assert held is not None

    scans.note_page(session, held, done=3, pages=12, now=NOW)

    status = scans.status_of(session, fresh(session, scan))
    assert (status.state, status.pages_done, status.pages) == (ScanState.READING, 3, 12)


def test_what_was_recognised_becomes_a_draft_of_the_person_who_sent_it(
    session: Session, usual: Usual, chen: Actor
) -> None:
    scan = keep(session, usual, chen)
    held = scans.take_next(session, now=NOW)
    assert held is not None

    draft_id = scans.finish_scan(session, held, DOCUMENT, PLAN, now=NOW)

    draft = session.get_one(ImportDraft, draft_id)
    assert (draft.created_by_id, draft.body_id, draft.content) == (usual.chen.id, usual.body.id, b"scan")
    assert len(draft.reading["measures"]) == 1
    scan = fresh(session, scan)
    assert (scan.state, scan.draft_id, scan.content) == (ScanState.DONE, draft_id, b"")
    entry = session.scalars(select(HistoryEntry)).one()
    assert (entry.act, entry.subject_id, entry.actor_id, entry.entrance) == (Change.READ, draft_id, None, "job")
    assert scans.list_scans(session, chen) == []


def test_a_reader_that_fell_silent_is_replaced_and_writes_nothing_more(
    session: Session, usual: Usual, chen: Actor
) -> None:
    scan = keep(session, usual, chen)
    lost = scans.take_next(session, now=NOW)
    assert lost is not None

    held = scans.take_next(session, now=LATER)

    assert held is not None and held.id == scan.id
    for act in (
        lambda: scans.note_page(session, lost, done=1, pages=2, now=LATER),
        lambda: scans.finish_scan(session, lost, DOCUMENT, PLAN, now=LATER),
        lambda: scans.fail_scan(session, lost, "crashed", {}, now=LATER),
    ):
        with pytest.raises(ScanLost):
            act()
    assert session.scalars(select(ImportDraft)).all() == []


def test_each_page_keeps_its_reader(session: Session, usual: Usual, chen: Actor) -> None:
    keep(session, usual, chen)
    held = scans.take_next(session, now=NOW)
    assert held is not None

    scans.note_page(session, held, done=1, pages=2, now=NOW + SILENT_AFTER)

    assert scans.take_next(session, now=LATER) is None


def test_a_scan_that_loses_its_readers_again_and_again_is_given_up(session: Session, usual: Usual, chen: Actor) -> None:
    scan = keep(session, usual, chen)
    moment = NOW
    for _ in range(MOST_TRIES):
        assert scans.take_next(session, now=moment) is not None
        moment += SILENT_AFTER + timedelta(seconds=1)

    assert scans.take_next(session, now=moment) is None

    scan = fresh(session, scan)
    assert (scan.state, scan.problem) == (ScanState.FAILED, "crashed")


def test_two_readers_never_hold_the_same_scan(session: Session, other: Session, usual: Usual, chen: Actor) -> None:
    keep(session, usual, chen)
    session.commit()

    mine = scans.take_next(session, now=NOW)
    session.commit()
    theirs = scans.take_next(other, now=NOW)
    other.commit()

    assert mine is not None
    assert theirs is None


def test_a_cancelled_scan_is_gone_and_its_reader_learns_so(session: Session, usual: Usual, chen: Actor) -> None:
    scan = keep(session, usual, chen)
    held = scans.take_next(session, now=NOW)
    assert held is not None

    assert scans.cancel_scan(session, scan.id, **writing_by(chen))

    with pytest.raises(ScanLost):
        scans.note_page(session, held, done=1, pages=2, now=NOW)
    assert session.scalars(select(Scan.id)).all() == []
    [entry] = session.scalars(select(HistoryEntry))
    assert (entry.act, entry.actor_id) == (Change.DISCARDED, chen.person_id)
    assert entry.before is not None
    assert entry.before["source_name"]


def test_a_scan_that_was_recognised_is_not_cancelled(session: Session, usual: Usual, chen: Actor) -> None:
    scan = keep(session, usual, chen)
    held = scans.take_next(session, now=NOW)
    assert held is not None
    scans.finish_scan(session, held, DOCUMENT, PLAN, now=NOW)

    assert not scans.cancel_scan(session, scan.id, **writing_by(chen))
    assert len(session.scalars(select(ImportDraft)).all()) == 1


def test_a_scan_that_could_not_be_read_waits_again_when_asked(session: Session, usual: Usual, chen: Actor) -> None:
    scan = keep(session, usual, chen)
    held = scans.take_next(session, now=NOW)
    assert held is not None
    scans.fail_scan(session, held, "no_text", {}, now=NOW)
    assert scans.take_next(session, now=NOW) is None

    scans.retry_scan(session, scan.id, actor=chen)

    assert scans.status_of(session, fresh(session, scan)).problem is None
    assert scans.take_next(session, now=NOW) is not None


def test_a_scan_that_is_put_back_waits_as_before(session: Session, usual: Usual, chen: Actor) -> None:
    scan = keep(session, usual, chen)
    held = scans.take_next(session, now=NOW)
    assert held is not None

    scans.put_back(session, held)

    scan = fresh(session, scan)
    assert (scan.state, scan.tries) == (ScanState.WAITING, 0)


def test_failed_scans_are_removed_after_thirty_days(session: Session, usual: Usual, chen: Actor) -> None:
    keep(session, usual, chen)
    held = scans.take_next(session, now=NOW)
    assert held is not None
    scans.fail_scan(session, held, "no_text", {}, now=NOW)

    assert scans.remove_old_scans(session, now=NOW + timedelta(days=29)) == 0
    assert scans.remove_old_scans(session, now=NOW + timedelta(days=31)) == 1


def test_a_scan_of_others_does_not_exist(session: Session, usual: Usual, chen: Actor) -> None:
    scan = keep(session, usual, chen)
    elsewhere = make_department(session, "另一市政府督查室")
    stranger = actor_of(make_person(session, "赵"), (Role.SUPERVISOR, elsewhere))

    assert scans.list_scans(session, stranger) == []
    with pytest.raises(NotFound):
        scans.cancel_scan(session, scan.id, **writing_by(stranger))
    with pytest.raises(NotFound):
        scans.retry_scan(session, scan.id, actor=stranger)
    with pytest.raises(NotAllowed):
        scans.keep_scan(session, b"x", name="x", sha="b" * 64, body_id=usual.body.id, actor=stranger, now=NOW)


def test_without_the_extra_no_scan_is_kept(
    session: Session, usual: Usual, chen: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scans, "can_recognise", lambda: False)

    with pytest.raises(DocumentError) as caught:
        keep(session, usual, chen)

    assert caught.value.problem is DocumentProblem.NO_RECOGNITION
    assert session.scalars(select(Scan.id)).all() == []
