"""The job that recognises scans: with a stand-in for the recognition, on real rows."""

from __future__ import annotations

import sys
from datetime import date, timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.clock import SettableClock
from taskboard.documents import ocr
from taskboard.domain.jobs import JobName
from taskboard.domain.scans import SILENT_AFTER, ScanState
from taskboard.jobs.catalogue import read_scans
from taskboard.jobs.context import JobContext
from taskboard.jobs.runner import run_by_hand
from taskboard.jobs.scheduler import JobScheduler
from taskboard.models import ImportDraft, JobRun, Scan
from taskboard.services import scans
from tests.documents.pdf_files import make_pdf, picture
from tests.support.factories import NOW, Usual, writing_by

MONDAY = date(2026, 11, 23)
STAND_IN = """
import sys
from taskboard.documents import ocr_child
def engine(image):
    {engine}
ocr_child.load_engine = lambda: engine
sys.exit(ocr_child.main())
"""
ONE_MEASURE = "yield '1.推进一网通办。（责任单位：市财政局、市教育局）', 100, 100, 1500, 144"


@pytest.fixture(autouse=True)
def _recognition(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, ONE_MEASURE)
    monkeypatch.setattr(ocr, "can_recognise", lambda: True)


def stand_in(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    command = [sys.executable, "-P", "-c", STAND_IN.format(engine=engine)]
    monkeypatch.setattr(ocr, "child_command", lambda: command)


def add_scan(session: Session, usual: Usual, content: bytes, name: str = "扫描件.pdf") -> Scan:
    scan = Scan(
        body_id=usual.body.id,
        created_by_id=usual.chen.id,
        created_at=NOW,
        source_name=name,
        source_sha256="a" * 64,
        content=content,
    )
    session.add(scan)
    session.commit()
    return scan


def states(session: Session) -> list[ScanState]:
    session.rollback()
    return list(session.scalars(select(Scan.state).order_by(Scan.id)))


def test_what_waits_is_read_one_after_the_other_and_becomes_drafts(
    app: APIFlask, session: Session, usual: Usual
) -> None:
    add_scan(session, usual, make_pdf(picture(), picture()), "一.pdf")
    add_scan(session, usual, make_pdf(picture()), "二.pdf")

    facts = run_by_hand(app, JobName.READ_SCANS, MONDAY)

    assert facts == {"scans_read": 2, "scans_failed": 0}
    session.rollback()
    drafts = session.scalars(select(ImportDraft).order_by(ImportDraft.id)).all()
    assert [draft.source_name for draft in drafts] == ["一.pdf", "二.pdf"]
    assert drafts[0].reading["measures"][0]["lead"] == ["市财政局"]
    assert drafts[0].reading["document"]["notes"] == ["recognised"]
    assert [(scan.pages_done, scan.pages) for scan in session.scalars(select(Scan).order_by(Scan.id))] == [
        (2, 2),
        (1, 1),
    ]


def test_one_that_cannot_be_read_does_not_stop_the_others(app: APIFlask, session: Session, usual: Usual) -> None:
    add_scan(session, usual, b"%PDF-1.7 broken")
    add_scan(session, usual, make_pdf(picture()))

    facts = run_by_hand(app, JobName.READ_SCANS, MONDAY)

    assert facts == {"scans_read": 1, "scans_failed": 1}
    assert states(session) == [ScanState.FAILED, ScanState.DONE]
    assert session.scalars(select(Scan.problem).order_by(Scan.id)).all() == ["broken", None]


def test_a_scan_that_was_cancelled_while_it_is_read_leaves_nothing(
    app: APIFlask, session: Session, usual: Usual, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = add_scan(session, usual, make_pdf(picture(), picture()))
    note_page = scans.note_page

    def cancel_after_the_first(own, held, *, done, pages, now):  # type: ignore[no-untyped-def]
        note_page(own, held, done=done, pages=pages, now=now)
        if done == 1:
            scans.cancel_scan(own, scan.id, **writing_by(usual.actor("chen")))

    monkeypatch.setattr(scans, "note_page", cancel_after_the_first)
    scan_id = scan.id

    facts = run_by_hand(app, JobName.READ_SCANS, MONDAY)

    assert scan_id
    assert facts == {"scans_read": 0, "scans_failed": 0}
    assert states(session) == []
    assert session.scalars(select(ImportDraft.id)).all() == []


def test_a_server_that_ends_puts_its_scan_back(
    app: APIFlask, session: Session, usual: Usual, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_scan(session, usual, make_pdf(picture(), picture()))
    answers = iter([False, True, True])

    with app.app_context():
        facts = read_scans(JobContext(MONDAY, should_stop=lambda: next(answers)))

    assert facts == {"scans_read": 0, "scans_failed": 0}
    assert states(session) == [ScanState.WAITING]


def test_a_scan_whose_reader_was_killed_is_read_again(
    app: APIFlask, session: Session, usual: Usual, clock: SettableClock
) -> None:
    add_scan(session, usual, make_pdf(picture()))
    assert scans.take_next(session, now=clock.now()) is not None
    session.commit()

    at_once = run_by_hand(app, JobName.READ_SCANS, MONDAY)
    clock.moment += SILENT_AFTER + timedelta(seconds=1)
    later = run_by_hand(app, JobName.READ_SCANS, MONDAY)

    assert at_once["scans_read"] == 0
    assert later["scans_read"] == 1
    assert states(session) == [ScanState.DONE]


def test_of_two_schedulers_only_the_one_in_charge_reads(app: APIFlask, session: Session, usual: Usual) -> None:
    add_scan(session, usual, make_pdf(picture()))
    leader, other = JobScheduler(app, holder="one"), JobScheduler(app, holder="two")
    leader.beat()
    other.beat()

    other.tick(JobName.READ_SCANS)
    untouched = states(session)
    leader.tick(JobName.READ_SCANS)

    assert untouched == [ScanState.WAITING]
    assert states(session) == [ScanState.DONE]
    assert [run.facts for run in session.scalars(select(JobRun))] == [{"scans_read": 1, "scans_failed": 0}]


def test_without_scans_nothing_is_put_on_record(app: APIFlask, session: Session) -> None:
    run_by_hand(app, JobName.READ_SCANS, MONDAY)

    assert session.scalars(select(JobRun.id)).all() == []
