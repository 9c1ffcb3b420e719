"""Scanned documents: kept until their text is recognised in the background, then an import draft like any other.

Whoever reads a scan holds it by a key and for a time; each page renews both. A reader that was lost, or whose scan was
cancelled meanwhile, learns so with its next page and writes nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Unpack
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from taskboard.documents.document import Document, DocumentError, DocumentProblem
from taskboard.documents.ocr import can_recognise
from taskboard.domain.errors import NotAllowed, NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.permissions import Actor
from taskboard.domain.plan_parsing.reading import ParsedPlan
from taskboard.domain.roles import Role
from taskboard.domain.scans import KEPT_FAILED, MOST_TRIES, SILENT_AFTER, UNDER_WAY, ScanState
from taskboard.models import Department, ImportDraft, Person, Scan
from taskboard.services.history import Writing, record_change
from taskboard.services.import_records import record_read
from taskboard.services.inserts import change_rows
from taskboard.services.plans import supervised_bodies
from taskboard.services.readings import blocks_to_json, reading_to_json

# For people


class ScanRow(NamedTuple):
    """A scan in a list that was not recognised yet, or could not be."""

    id: int
    source_name: str
    body_name: str
    created_by: str
    created_at: datetime
    state: ScanState
    pages: int | None
    pages_done: int


@dataclass(frozen=True)
class ScanStatus:
    """How far a scan is; ``before`` counts the scans that come first."""

    state: ScanState
    pages: int | None
    pages_done: int
    before: int
    problem: str | None
    facts: dict[str, Any]
    draft_id: int | None


def keep_scan(
    session: Session, content: bytes, *, name: str, sha: str, body_id: int, actor: Actor, now: datetime
) -> Scan:
    """Keep a scan until it is recognised.

    Raises ``DocumentError`` (no_recognition) without the extra, ``NotAllowed`` for a body of others.
    """
    if not can_recognise():
        raise DocumentError(DocumentProblem.NO_RECOGNITION)
    if not actor.holds(Role.SUPERVISOR, body_id):
        raise NotAllowed(act="import")
    scan = Scan(
        body_id=body_id,
        created_by_id=actor.person_id,
        created_at=now,
        source_name=name,
        source_sha256=sha,
        content=content,
    )
    session.add(scan)
    session.flush()
    return scan


def get_scan(session: Session, scan_id: int, actor: Actor) -> Scan:
    """The scan; raises ``NotFound`` where it is not of a body that this person supervises."""
    scan = session.get(Scan, scan_id)
    if scan is None or not actor.supervises(session.get_one(Department, scan.body_id).path):
        raise NotFound(subject="scan")
    return scan


def status_of(session: Session, scan: Scan) -> ScanStatus:
    """How far it is, and how many others are read before it."""
    earlier = select(func.count()).where(Scan.state.in_(UNDER_WAY), Scan.id < scan.id)
    before = session.scalar(earlier) or 0 if scan.state is ScanState.WAITING else 0
    return ScanStatus(scan.state, scan.pages, scan.pages_done, before, scan.problem, dict(scan.facts), scan.draft_id)


def list_scans(session: Session, actor: Actor, *, sha: str | None = None) -> list[ScanRow]:
    """Scans that wait, are being read or could not be read, of the bodies that this person supervises, in order."""
    query = (
        select(
            Scan.id,
            Scan.source_name,
            Department.name,
            Person.name,
            Scan.created_at,
            Scan.state,
            Scan.pages,
            Scan.pages_done,
        )
        .join(Department, Department.id == Scan.body_id)
        .join(Person, Person.id == Scan.created_by_id)
        .where(Scan.state != ScanState.DONE, supervised_bodies(actor))
        .order_by(Scan.id)
    )
    if sha is not None:
        query = query.where(Scan.source_sha256 == sha)
    return [ScanRow(*row) for row in session.execute(query)]


def cancel_scan(session: Session, scan_id: int, **by: Unpack[Writing]) -> bool:
    """Throw the scan away, also while it is read; false where it was recognised already and nothing is to be done."""
    scan = get_scan(session, scan_id, by["actor"])
    facts = {"source_name": scan.source_name, "sha256": scan.source_sha256, "body_id": scan.body_id}
    if not change_rows(session, delete(Scan).where(Scan.id == scan_id, Scan.state != ScanState.DONE)):
        return False
    record_change(session, subject=Subject.IMPORT, subject_id=None, act=Change.DISCARDED, before=facts, **by)
    return True


def retry_scan(session: Session, scan_id: int, *, actor: Actor) -> None:
    """Let a scan that could not be read wait once more; nothing for one that is on its way."""
    get_scan(session, scan_id, actor)
    again = update(Scan).where(Scan.id == scan_id, Scan.state == ScanState.FAILED)
    change_rows(
        session,
        again.values(state=ScanState.WAITING, problem=None, facts={}, tries=0, pages_done=0, finished_at=None),
    )


def remove_old_scans(session: Session, *, now: datetime) -> int:
    """Remove scans that could not be read and that nobody wanted read again for 30 days; how many they were."""
    old = delete(Scan).where(Scan.state == ScanState.FAILED, Scan.finished_at < now - KEPT_FAILED)
    return change_rows(session, old)


# For who reads them


class ScanLost(Exception):
    """The scan was cancelled, or another reader holds it: this one must not write any more."""


@dataclass(frozen=True)
class HeldScan:
    """A scan in the hands of one reader, who names ``reader`` with all that it reports."""

    id: int
    reader: str
    content: bytes


def has_work(session: Session, *, now: datetime) -> bool:
    """Whether there is a scan to take up."""
    return session.scalar(select(Scan.id).where(_is_free(now)).limit(1)) is not None


def take_next(session: Session, *, now: datetime) -> HeldScan | None:
    """The oldest scan that nobody reads, now held by this reader alone; ``None`` where there is none.

    One that lost five readers counts as unreadable.
    """
    change_rows(
        session, update(Scan).where(_is_free(now), Scan.tries >= MOST_TRIES).values(**_failure("crashed", {}, now))
    )
    first = select(Scan.id).where(_is_free(now)).order_by(Scan.id).limit(1).scalar_subquery()
    reader = str(uuid4())
    # The condition stands in the change too: of two readers that found the same scan, the second changes nothing.
    taken = (
        update(Scan)
        .where(Scan.id == first, _is_free(now))
        .values(
            state=ScanState.READING,
            reader=reader,
            reader_until=now + SILENT_AFTER,
            tries=Scan.tries + 1,
            pages_done=0,
        )
    )
    if not change_rows(session, taken):
        return None
    scan_id, content = session.execute(select(Scan.id, Scan.content).where(Scan.reader == reader)).one()
    return HeldScan(scan_id, reader, content)


def note_page(session: Session, held: HeldScan, *, done: int, pages: int, now: datetime) -> None:
    """Put on record how far the reading is, and stay its reader; raises ``ScanLost``."""
    _require(session, _held(held).values(pages_done=done, pages=pages, reader_until=now + SILENT_AFTER))


def finish_scan(session: Session, held: HeldScan, document: Document, plan: ParsedPlan, *, now: datetime) -> int:
    """Make the import draft of what was recognised; its id. Raises ``ScanLost``."""
    _require(session, _held(held).values(state=ScanState.DONE, reader=None, reader_until=None, finished_at=now))
    scan = session.get_one(Scan, held.id, populate_existing=True)
    draft = ImportDraft(
        body_id=scan.body_id,
        created_by_id=scan.created_by_id,
        updated_at=now,
        source_name=scan.source_name,
        source_sha256=scan.source_sha256,
        content=held.content,
        blocks=blocks_to_json(document.blocks),
        reading=reading_to_json(document, plan),
        decisions={},
    )
    session.add(draft)
    session.flush()
    # The document lives on beside the draft.
    scan.draft_id, scan.content = draft.id, b""
    session.flush()
    record_read(session, draft, actor=None, now=now, entrance="job")
    return draft.id


def fail_scan(session: Session, held: HeldScan, problem: str, facts: dict[str, Any], *, now: datetime) -> None:
    """Put on record why it cannot be read. Raises ``ScanLost``."""
    _require(session, _held(held).values(**_failure(problem, facts, now)))


def put_back(session: Session, held: HeldScan) -> None:
    """Let it wait again, as if it had not been taken. Raises ``ScanLost``."""
    back = {"state": ScanState.WAITING, "reader": None, "reader_until": None, "pages_done": 0, "tries": Scan.tries - 1}
    _require(session, _held(held).values(**back))


def _failure(problem: str, facts: dict[str, Any], now: datetime) -> dict[str, Any]:
    done = {"state": ScanState.FAILED, "reader": None, "reader_until": None, "finished_at": now}
    return {**done, "problem": problem, "facts": facts}


def _is_free(now: datetime) -> ColumnElement[bool]:
    is_silent = and_(Scan.state == ScanState.READING, Scan.reader_until < now)
    return or_(Scan.state == ScanState.WAITING, is_silent)


def _held(held: HeldScan) -> Any:
    return update(Scan).where(Scan.id == held.id, Scan.reader == held.reader, Scan.state == ScanState.READING)


def _require(session: Session, change: Any) -> None:
    if not change_rows(session, change):
        raise ScanLost
