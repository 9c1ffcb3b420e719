"""Importing a plan: read a document, review it as a draft, confirm it once.

Nothing of a draft is a plan, measure, task or department before :func:`confirm_import`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import PurePosixPath
from typing import NamedTuple, Unpack

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from taskboard.documents.document import Document, DocumentError, DocumentProblem
from taskboard.documents.isolation import parse_document_safely, parse_text_safely
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, Stale
from taskboard.domain.import_arrangement import (
    Rearrangement,
    arrangement_to_json,
    rearrange,
)
from taskboard.domain.import_decisions import decisions_from_json, decisions_to_json, stored_arrangement
from taskboard.domain.imports import Decisions, Obstacle
from taskboard.domain.permissions import Actor
from taskboard.domain.plan_parsing.blocks import Block, count_characters
from taskboard.domain.plan_parsing.reading import ParsedPlan
from taskboard.domain.roles import Role
from taskboard.labels.imports import PASTED_NAME, UNNAMED
from taskboard.models import (
    Department,
    DepartmentName,
    ImportDraft,
    Person,
    Plan,
    PlanSource,
)
from taskboard.services.confirmations import Tell, tell_nobody
from taskboard.services.history import Writing
from taskboard.services.import_confirmation import make_plan
from taskboard.services.import_records import facts_of, record_discarded, record_read
from taskboard.services.import_review import Hindrance, review_draft
from taskboard.services.open_drafts import hand_on, open_draft
from taskboard.services.plans import supervised_bodies
from taskboard.services.readings import blocks_to_json, reading_to_json
from taskboard.services.scans import ScanRow, get_scan, list_scans

KEPT_UNTOUCHED = timedelta(days=30)
SOURCE_NAME_LENGTH = 255

# Reading


@dataclass(frozen=True)
class Source:
    """A document that was read but not stored yet."""

    name: str
    content: bytes
    sha256: str
    document: Document
    plan: ParsedPlan


def fingerprint(content: bytes) -> str:
    """The SHA-256 by which a document is known again."""
    return sha256(content).hexdigest()


def read_file(content: bytes, name: str, *, calendar: WorkingCalendar | None = None) -> Source:
    """Read an uploaded file in a process of its own.

    Takes seconds for a large file, so call it outside every transaction. Raises ``DocumentError``.
    """
    name = bare_name(name)
    document, plan = parse_document_safely(content, name, calendar=calendar)
    _refuse_scraps(document, plan)
    return Source(name, content, fingerprint(content), document, plan)


def read_pasted(text: str, *, calendar: WorkingCalendar | None = None) -> Source:
    """The same for a text that somebody pasted. Raises ``DocumentError``."""
    document, plan = parse_text_safely(text, calendar=calendar)
    _refuse_scraps(document, plan)
    content = text.encode("utf-8", errors="replace")
    return Source(PASTED_NAME, content, fingerprint(content), document, plan)


FEWEST_CHARACTERS = 40
"""written characters; a document with fewer and nothing like a measure is a scrap, or not the file that was meant"""


def _refuse_scraps(document: Document, plan: ParsedPlan) -> None:
    if plan.measures or plan.candidates or plan.unread:
        return
    characters = count_characters(document.blocks)
    if characters < FEWEST_CHARACTERS:
        raise DocumentError(DocumentProblem.NO_PLAN, characters=characters)


def bare_name(name: str) -> str:
    """The file's own name: browsers of old send the folder too, and a name is shown, never used as a path."""
    bare = PurePosixPath(name.replace("\\", "/")).name
    printable = "".join(character for character in bare if character.isprintable())
    return printable[-SOURCE_NAME_LENGTH:] or UNNAMED


# Drafts


class DraftRow(NamedTuple):
    """A draft in a list."""

    id: int
    title: str | None
    source_name: str
    body_name: str
    created_by: str
    updated_at: datetime


class PlanRow(NamedTuple):
    """A plan that came from the same document."""

    id: int
    title: str
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True)
class Same:
    """Where this person has met the same document before."""

    plans: list[PlanRow] = field(default_factory=list)
    drafts: list[DraftRow] = field(default_factory=list)
    scans: list[ScanRow] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.plans or self.drafts or self.scans)


def list_importing_bodies(session: Session, actor: Actor) -> list[Department]:
    """The bodies for which this person may import, by name."""
    ids = [post.department_id for post in actor.posts if post.role is Role.SUPERVISOR]
    query = select(Department).where(Department.id.in_(ids)).order_by(Department.name)
    return list(session.scalars(query)) if ids else []


def find_same(session: Session, sha: str, *, actor: Actor, besides: int | None = None) -> Same:
    """Plans, open drafts and scans of one content that this person supervises; ``besides`` leaves one draft out."""
    plans = session.execute(
        select(Plan.id, Plan.title, Plan.imported_at, Person.name)
        .join(Person, Person.id == Plan.imported_by_id)
        .join(Department, Department.id == Plan.body_id)
        .where(Plan.source_sha256 == sha, supervised_bodies(actor))
        .order_by(Plan.id)
    )
    drafts = [row for row in list_drafts(session, actor, sha=sha) if row.id != besides]
    return Same([PlanRow(*row) for row in plans], drafts, list_scans(session, actor, sha=sha))


def list_drafts(session: Session, actor: Actor, *, sha: str | None = None) -> list[DraftRow]:
    """Open drafts of the bodies that this person supervises, the last touched first."""
    query = (
        select(
            ImportDraft.id,
            ImportDraft.reading["title"].as_string(),
            ImportDraft.source_name,
            Department.name,
            Person.name,
            ImportDraft.updated_at,
        )
        .join(Department, Department.id == ImportDraft.body_id)
        .join(Person, Person.id == ImportDraft.created_by_id)
        .where(ImportDraft.plan_id.is_(None), supervised_bodies(actor))
        .order_by(ImportDraft.updated_at.desc(), ImportDraft.id.desc())
    )
    if sha is not None:
        query = query.where(ImportDraft.source_sha256 == sha)
    return [DraftRow(*row) for row in session.execute(query)]


def list_known_names(session: Session) -> list[str]:
    """Every name by which an active department is known, for completing what somebody types."""
    query = select(DepartmentName.name).join(Department, Department.id == DepartmentName.department_id)
    return list(session.scalars(query.where(Department.is_active).order_by(DepartmentName.id)))


def start_import(
    session: Session, source: Source, *, body_id: int, actor: Actor, now: datetime, entrance: str
) -> ImportDraft:
    """Keep what was read as a draft under review for one body; raises ``NotAllowed`` for a body of others."""
    if not actor.holds(Role.SUPERVISOR, body_id):
        raise NotAllowed(act="import")
    draft = ImportDraft(
        body_id=body_id,
        created_by_id=actor.person_id,
        updated_at=now,
        source_name=source.name,
        source_sha256=source.sha256,
        content=source.content,
        blocks=blocks_to_json(source.document.blocks),
        reading=reading_to_json(source.document, source.plan),
        decisions={},
    )
    session.add(draft)
    session.flush()
    record_read(session, draft, actor=actor, now=now, entrance=entrance)
    return draft


def get_draft(session: Session, draft_id: int, actor: Actor) -> ImportDraft:
    """The draft; raises ``NotFound`` where it is not of a body that this person supervises."""
    return _seen_by(session, session.get(ImportDraft, draft_id), actor)


def list_source_blocks(draft: ImportDraft) -> list[Block]:
    """The document as it was read, block by block; none for a confirmed draft, whose document is with its plan."""
    return open_draft(draft).blocks if draft.plan_id is None else []


def _lock_draft(session: Session, draft_id: int, actor: Actor) -> ImportDraft:
    draft = session.get(ImportDraft, draft_id, with_for_update=True, populate_existing=True)
    return _seen_by(session, draft, actor)


def _seen_by(session: Session, draft: ImportDraft | None, actor: Actor) -> ImportDraft:
    if draft is None:
        raise NotFound(subject="import_draft")
    body = session.get_one(Department, draft.body_id)
    if not actor.supervises(body.path):
        raise NotFound(subject="import_draft")
    return draft


def read_again(
    session: Session, *, draft_id: int | None, plan_id: int | None, scan_id: int | None = None, actor: Actor
) -> tuple[bytes, str]:
    """Content and name of a document met before, for importing it once more without a second upload."""
    if scan_id is not None:
        scan = get_scan(session, scan_id, actor)
        if scan.draft_id is None:
            return scan.content, scan.source_name
        draft_id = scan.draft_id
    if draft_id is not None:
        draft = get_draft(session, draft_id, actor)
        if draft.plan_id is None:
            return draft.content, draft.source_name
        plan_id = draft.plan_id
    plan = session.get(Plan, plan_id) if plan_id is not None else None
    body = session.get_one(Department, plan.body_id) if plan else None
    if plan is None or body is None or not actor.supervises(body.path):
        raise NotFound(subject="plan")
    return session.get_one(PlanSource, plan.id).content, plan.source_name


def discard_draft(session: Session, draft_id: int, **by: Unpack[Writing]) -> None:
    """Throw the draft away with all that was entered; a confirmed one stays as the way to its plan."""
    draft = _lock_draft(session, draft_id, by["actor"])
    if draft.plan_id is None:
        record_discarded(session, draft.id, facts_of(draft), **by)
        session.delete(draft)
        session.flush()


def remove_untouched_drafts(session: Session, *, now: datetime) -> int:
    """Remove open drafts that nobody touched for 30 days; how many they were."""
    is_old = (ImportDraft.plan_id.is_(None), ImportDraft.updated_at < now - KEPT_UNTOUCHED)
    query = delete(ImportDraft).where(*is_old)
    columns = (ImportDraft.id, ImportDraft.source_name, ImportDraft.source_sha256, ImportDraft.body_id)
    gone = session.execute(query.returning(*columns)).all()
    for draft_id, name, sha, body_id in gone:
        facts = {"source_name": name, "sha256": sha, "body_id": body_id}
        record_discarded(session, draft_id, facts, actor=None, now=now, entrance="job")
    return len(gone)


# Deciding


def save_decisions(
    session: Session, draft_id: int, changes: Decisions, *, version: int, actor: Actor, now: datetime
) -> ImportDraft:
    """Keep what a person entered; parts that are absent from ``changes`` stay as they are.

    Raises ``Stale`` when somebody else saved since ``version`` was shown, ``NotFound`` for a confirmed draft's fields.
    """
    draft = _lock_draft(session, draft_id, actor)
    _require_current(draft, version)
    opened = open_draft(draft)
    proposed = opened.proposed(stored_arrangement(draft.decisions))
    before = decisions_from_json(proposed, draft.decisions)
    after = Decisions(
        facts=changes.facts or before.facts,
        entries={**(before.entries or {}), **(changes.entries or {})},
        names={**(before.names or {}), **(changes.names or {})},
        arrangement=before.arrangement,
    )
    stored = decisions_to_json(proposed, after)
    if stored != decisions_to_json(proposed, before):
        draft.decisions = stored
        draft.updated_at = now
        session.flush()
        hand_on(draft, opened)
    return draft


def rearrange_measures(
    session: Session,
    draft_id: int,
    act: Rearrangement,
    key: str,
    *,
    at: int | None = None,
    version: int,
    actor: Actor,
    now: datetime,
) -> ImportDraft:
    """Split, join or move a measure, or take that back; what was decided about each measure stays with it.

    Raises ``Invalid`` for what cannot be done, and ``Stale`` like :func:`save_decisions`.
    """
    draft = _lock_draft(session, draft_id, actor)
    _require_current(draft, version)
    opened = open_draft(draft)
    after = rearrange(opened.plan, stored_arrangement(draft.decisions), act, key, at)
    # Decisions are kept as what differs from the proposal, so they follow a measure whose proposal changes.
    draft.decisions = {**draft.decisions, "arrangement": arrangement_to_json(after)}
    draft.updated_at = now
    session.flush()
    hand_on(draft, opened)
    return draft


def _require_current(draft: ImportDraft, version: int) -> None:
    if draft.plan_id is not None or draft.version != version:
        raise Stale(subject="import_draft", version=draft.version, plan_id=draft.plan_id)


def confirm_import(
    session: Session,
    draft_id: int,
    *,
    version: int,
    leads_are_checked: bool,
    units_are_checked: bool = False,
    actor: Actor,
    now: datetime,
    entrance: str,
    tell: Tell = tell_nobody,
) -> Plan:
    """Make the plan with its measures, draft tasks, assignments and new departments; again, give the same plan.

    ``leads_are_checked`` says that the person looked at the leads that were only inferred, ``units_are_checked`` the
    same of names found by a rule that is wrong now and then; without them an import that has such is refused.
    ``tell`` hears how many measures are made, of how many.
    Raises ``Invalid`` with the ``hindrances`` in its facts, and ``Stale``.
    """
    draft = _lock_draft(session, draft_id, actor)
    if draft.plan_id is not None:
        return session.get_one(Plan, draft.plan_id)
    _require_current(draft, version)
    # Two confirmations that create the same department wait for each other here.
    session.get_one(Department, draft.body_id, with_for_update=True)
    review = review_draft(session, draft)
    hindrances = list(review.hindrances)
    if review.with_inferred_lead and not leads_are_checked:
        hindrances.append(Hindrance(Obstacle.LEADS_UNCHECKED))
    if review.with_units_to_look_at and not units_are_checked:
        hindrances.append(Hindrance(Obstacle.UNITS_UNCHECKED))
    if hindrances:
        raise Invalid("import", "unresolved", hindrances=hindrances)
    plan = make_plan(session, draft, review, actor=actor, now=now, entrance=entrance, tell=tell)
    draft.plan_id = plan.id
    draft.updated_at = now
    # The document lives on beside the plan.
    draft.content = b""
    draft.blocks = []
    session.flush()
    return plan
