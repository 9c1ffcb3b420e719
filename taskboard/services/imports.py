"""Importing a plan: read a document, review it as a draft, confirm it once.

Nothing of a draft is a plan, measure, task or department before :func:`confirm_import`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from taskboard.documents.document import Document
from taskboard.documents.isolation import parse_document_safely, parse_text_safely
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.department_names import match_key
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotAllowed, NotFound, Stale
from taskboard.domain.imports import (
    KIND_OF_CHOICE,
    NAME_LENGTH,
    Decisions,
    Due,
    Entry,
    NameChoice,
    NameDecision,
    Obstacle,
    PlanFacts,
    Row,
    decisions_from_json,
    decisions_to_json,
    due_of,
    guess_kind,
    obstacles_of_entry,
    read_facts,
    review_rows,
)
from taskboard.domain.permissions import Actor
from taskboard.domain.plan_parsing.reading import ParsedPlan, Problem
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentRole, DeadlineOrigin
from taskboard.labels.imports import PASTED_NAME, UNNAMED
from taskboard.models import (
    Assignment,
    Department,
    DepartmentName,
    ImportDraft,
    Measure,
    Person,
    Plan,
    PlanDefaultDepartment,
    PlanSource,
    Task,
)
from taskboard.services.departments import add_alias, create_department, match_names, suggest_all
from taskboard.services.readings import (
    blocks_to_json,
    notes_from_json,
    plan_from_json,
    reading_to_json,
    readings_by_key,
)

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
    name = _bare_name(name)
    document, plan = parse_document_safely(content, name, calendar=calendar)
    return Source(name, content, fingerprint(content), document, plan)


def read_pasted(text: str, *, calendar: WorkingCalendar | None = None) -> Source:
    """The same for a text that somebody pasted. Raises ``DocumentError``."""
    document, plan = parse_text_safely(text, calendar=calendar)
    content = text.encode("utf-8", errors="replace")
    return Source(PASTED_NAME, content, fingerprint(content), document, plan)


def _bare_name(name: str) -> str:
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

    def __bool__(self) -> bool:
        return bool(self.plans or self.drafts)


def list_importing_bodies(session: Session, actor: Actor) -> list[Department]:
    """The bodies for which this person may import, by name."""
    ids = [post.department_id for post in actor.posts if post.role is Role.SUPERVISOR]
    query = select(Department).where(Department.id.in_(ids)).order_by(Department.name)
    return list(session.scalars(query)) if ids else []


def find_same(session: Session, sha: str, *, actor: Actor, besides: int | None = None) -> Same:
    """Plans and open drafts of the same content that this person supervises; ``besides`` leaves one draft out."""
    paths = _supervised_paths(actor)
    if not paths:
        return Same()
    below = or_(*(Department.path.startswith(path, autoescape=True) for path in paths))
    plans = session.execute(
        select(Plan.id, Plan.title, Plan.imported_at, Person.name)
        .join(Person, Person.id == Plan.imported_by_id)
        .join(Department, Department.id == Plan.body_id)
        .where(Plan.source_sha256 == sha, below)
        .order_by(Plan.id)
    )
    drafts = [row for row in list_drafts(session, actor, sha=sha) if row.id != besides]
    return Same([PlanRow(*row) for row in plans], drafts)


def list_drafts(session: Session, actor: Actor, *, sha: str | None = None) -> list[DraftRow]:
    """Open drafts of the bodies that this person supervises, the last touched first."""
    paths = _supervised_paths(actor)
    if not paths:
        return []
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
        .where(ImportDraft.plan_id.is_(None))
        .where(or_(*(Department.path.startswith(path, autoescape=True) for path in paths)))
        .order_by(ImportDraft.updated_at.desc(), ImportDraft.id.desc())
    )
    if sha is not None:
        query = query.where(ImportDraft.source_sha256 == sha)
    return [DraftRow(*row) for row in session.execute(query)]


def _supervised_paths(actor: Actor) -> list[str]:
    return [post.path for post in actor.posts if post.role is Role.SUPERVISOR]


def list_known_names(session: Session) -> list[str]:
    """Every name by which an active department is known, for completing what somebody types."""
    query = select(DepartmentName.name).join(Department, Department.id == DepartmentName.department_id)
    return list(session.scalars(query.where(Department.is_active).order_by(DepartmentName.id)))


def start_import(session: Session, source: Source, *, body_id: int, actor: Actor, now: datetime) -> ImportDraft:
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
    return draft


def get_draft(session: Session, draft_id: int, actor: Actor) -> ImportDraft:
    """The draft; raises ``NotFound`` where it is not of a body that this person supervises."""
    return _seen_by(session, session.get(ImportDraft, draft_id), actor)


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


def read_again(session: Session, *, draft_id: int | None, plan_id: int | None, actor: Actor) -> tuple[bytes, str]:
    """Content and name of a document met before, for importing it once more without a second upload."""
    if draft_id is not None:
        draft = get_draft(session, draft_id, actor)
        return draft.content, draft.source_name
    plan = session.get(Plan, plan_id) if plan_id is not None else None
    body = session.get_one(Department, plan.body_id) if plan else None
    if plan is None or body is None or not actor.supervises(body.path):
        raise NotFound(subject="plan")
    return session.get_one(PlanSource, plan.id).content, plan.source_name


def discard_draft(session: Session, draft_id: int, *, actor: Actor) -> None:
    """Throw the draft away with all that was entered; a confirmed one stays as the way to its plan."""
    draft = _lock_draft(session, draft_id, actor)
    if draft.plan_id is None:
        session.delete(draft)
        session.flush()


def remove_untouched_drafts(session: Session, *, now: datetime) -> int:
    """Remove open drafts that nobody touched for 30 days; how many they were."""
    query = delete(ImportDraft).where(ImportDraft.plan_id.is_(None), ImportDraft.updated_at < now - KEPT_UNTOUCHED)
    return len(list(session.scalars(query.returning(ImportDraft.id))))


# Review


@dataclass(frozen=True)
class ReviewUnit:
    """A unit of a row: a department of the directory, or a new one (``new_key``) where that is decided."""

    name: str
    department_id: int | None = None
    department_name: str | None = None
    kind: DepartmentKind | None = None
    new_key: str | None = None
    is_active: bool = True

    @property
    def identity(self) -> tuple[str, int | str]:
        """Equal for two names exactly when they would end as one department."""
        return ("id", self.department_id) if self.department_id is not None else ("new", self.new_key or self.name)

    @property
    def is_collective(self) -> bool:
        return self.kind is DepartmentKind.COLLECTIVE


class Suggestion(NamedTuple):
    department_id: int
    name: str


@dataclass(frozen=True)
class UnknownName:
    """A unit that the directory does not know, with all spellings of it in this document.

    ``decision`` is what a person chose, ``proposal`` what happens when nobody chooses: a name that resembles a known
    one has none, so that no second department of the same unit comes to be in silence.
    """

    key: str
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    guessed_kind: DepartmentKind
    suggestions: tuple[Suggestion, ...]
    decision: NameDecision | None = None

    @property
    def name(self) -> str:
        """The spelling that becomes the official name."""
        return _official(self.names)

    @property
    def proposal(self) -> NameDecision | None:
        if self.suggestions:
            return None
        return NameDecision(_CREATE[self.guessed_kind])

    @property
    def effective(self) -> NameDecision | None:
        return self.decision or self.proposal


def _official(names: Iterable[str]) -> str:
    """The longest spelling is the least abbreviated."""
    return max(names, key=len)


_CREATE = {kind: choice for choice, kind in KIND_OF_CHOICE.items()}


@dataclass(frozen=True)
class Hindrance:
    """One obstacle and where it stands: at a row, at an unknown name, or at the import as a whole."""

    obstacle: Obstacle
    row_key: str | None = None
    name_key: str | None = None


@dataclass(frozen=True)
class ReviewRow:
    """One measure with its units resolved against the directory."""

    row: Row
    lead: tuple[ReviewUnit, ...]
    partners: tuple[ReviewUnit, ...]
    due: Due
    obstacles: tuple[Obstacle, ...]


@dataclass(frozen=True)
class Review:
    """A draft as it stands: everything the page shows, and what stands in the way of confirming."""

    draft_id: int
    version: int
    facts: PlanFacts
    read_facts: PlanFacts
    rows: tuple[ReviewRow, ...]
    defaults: tuple[ReviewUnit, ...]
    unknown: tuple[UnknownName, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    decisions: Decisions
    hindrances: tuple[Hindrance, ...]

    @property
    def included(self) -> list[ReviewRow]:
        return [one for one in self.rows if one.row.entry.is_included]

    @property
    def with_inferred_lead(self) -> list[ReviewRow]:
        """Rows whose lead only confirming makes certain."""
        return [one for one in self.included if one.row.has_inferred_lead]

    @property
    def with_collective_lead(self) -> list[ReviewRow]:
        """Rows that cannot be issued before the lead is one unit."""
        return [one for one in self.included if any(unit.is_collective for unit in one.lead)]


def review_draft(session: Session, draft: ImportDraft) -> Review:
    """The draft with its names looked up in the directory as it is now."""
    plan = plan_from_json(draft.reading)
    decisions = decisions_from_json(plan, draft.decisions)
    facts = decisions.facts or read_facts(plan)
    rows = review_rows(plan, decisions.entries or {})
    directory = _Directory(session, rows, facts, decisions.names or {})
    reviewed = tuple(_review_row(row, facts, directory) for row in rows)
    return Review(
        draft_id=draft.id,
        version=draft.version,
        facts=facts,
        read_facts=read_facts(plan),
        rows=reviewed,
        defaults=tuple(directory.unit(name) for name in facts.defaults),
        unknown=tuple(directory.unknown.values()),
        problems=plan.problems,
        notes=tuple(notes_from_json(draft.reading)),
        decisions=decisions,
        hindrances=tuple(_hindrances(facts, reviewed, directory)),
    )


def _review_row(row: Row, facts: PlanFacts, directory: _Directory) -> ReviewRow:
    lead = tuple(map(directory.unit, row.entry.lead))
    partners = tuple(map(directory.unit, row.entry.partners))
    obstacles = obstacles_of_entry(row.entry, row.parsed, facts)
    if {unit.identity for unit in lead} & {unit.identity for unit in partners}:
        obstacles.append(Obstacle.SAME_DEPARTMENT)
    if not all(unit.is_active for unit in (*lead, *partners)):
        obstacles.append(Obstacle.DEPARTMENT_INACTIVE)
    return ReviewRow(row, lead, partners, due_of(row.entry, row.parsed, facts), tuple(obstacles))


def _hindrances(facts: PlanFacts, rows: Iterable[ReviewRow], directory: _Directory) -> Iterator[Hindrance]:
    included = [one for one in rows if one.row.entry.is_included]
    if not included:
        yield Hindrance(Obstacle.NOTHING_INCLUDED)
    if not facts.title:
        yield Hindrance(Obstacle.TITLE_EMPTY)
    for unknown in directory.unknown.values():
        obstacle = directory.obstacle_of(unknown)
        if obstacle is not None:
            yield Hindrance(obstacle, name_key=unknown.key)
    for one in included:
        yield from (Hindrance(obstacle, row_key=one.row.key) for obstacle in one.obstacles)


class _Directory:
    """The names of one draft against the directory: known, new by decision, or still open."""

    def __init__(
        self, session: Session, rows: Iterable[Row], facts: PlanFacts, decided: Mapping[str, NameDecision]
    ) -> None:
        used = _names_in_use(rows, facts)
        targets = {one.same_as for one in decided.values() if one.choice is NameChoice.SAME_AS and one.same_as}
        self.known = match_names(session, sorted(used.keys() | targets))
        self.unknown = self._group(session, used, decided)

    def _group(
        self, session: Session, used: Mapping[str, list[int]], decided: Mapping[str, NameDecision]
    ) -> dict[str, UnknownName]:
        groups: dict[str, dict[str, list[int]]] = {}
        for name, numbers in used.items():
            if self.known.get(name) is None:
                groups.setdefault(match_key(name), {})[name] = numbers
        suggested = suggest_all(session, [_official(names) for names in groups.values()]) if groups else {}
        return {
            key: UnknownName(
                key=key,
                names=tuple(names),
                numbers=tuple(sorted({number for numbers in names.values() for number in numbers})),
                guessed_kind=guess_kind(_official(names)),
                suggestions=tuple(Suggestion(one.id, one.name) for one, _ in suggested[_official(names)]),
                decision=decided.get(key),
            )
            for key, names in groups.items()
        }

    def unit(self, name: str) -> ReviewUnit:
        """What the name stands for, as far as that is known or decided."""
        department = self.known.get(name)
        if department is not None:
            return _known_unit(name, department)
        return replace(self._new_unit(match_key(name), seen=frozenset()), name=name)

    def _new_unit(self, key: str, *, seen: frozenset[str]) -> ReviewUnit:
        unknown = self.unknown.get(key)
        decision = unknown.effective if unknown else None
        if not key or unknown is None or decision is None or key in seen:
            return ReviewUnit(key)
        if decision.choice is not NameChoice.SAME_AS:
            return ReviewUnit(unknown.name, kind=KIND_OF_CHOICE[decision.choice], new_key=key)
        target = self.known.get(decision.same_as)
        if target is not None:
            return _known_unit(unknown.name, target)
        return self._new_unit(match_key(decision.same_as), seen=seen | {key})

    def obstacle_of(self, unknown: UnknownName) -> Obstacle | None:
        if not unknown.key:
            return Obstacle.NAME_UNREADABLE
        if unknown.effective is None:
            return Obstacle.NAME_UNDECIDED
        unit = self.unit(unknown.name)
        if unit.department_id is None and unit.new_key is None:
            return Obstacle.TARGET_UNKNOWN
        return None


def _known_unit(name: str, department: Department) -> ReviewUnit:
    return ReviewUnit(name, department.id, department.name, department.kind, is_active=department.is_active)


def _names_in_use(rows: Iterable[Row], facts: PlanFacts) -> dict[str, list[int]]:
    used: dict[str, list[int]] = {name: [] for name in facts.defaults}
    for row in rows:
        if row.entry.is_included:
            for name in row.entry.names:
                used.setdefault(name, []).append(row.number)
    return used


# Deciding


def save_decisions(
    session: Session, draft_id: int, changes: Decisions, *, version: int, actor: Actor, now: datetime
) -> ImportDraft:
    """Keep what a person entered; parts that are absent from ``changes`` stay as they are.

    Raises ``Stale`` when somebody else saved since ``version`` was shown, ``NotFound`` for a confirmed draft's fields.
    """
    draft = _lock_draft(session, draft_id, actor)
    _require_current(draft, version)
    plan = plan_from_json(draft.reading)
    before = decisions_from_json(plan, draft.decisions)
    after = Decisions(
        facts=changes.facts or before.facts,
        entries={**(before.entries or {}), **(changes.entries or {})},
        names={**(before.names or {}), **(changes.names or {})},
    )
    stored = decisions_to_json(plan, after)
    if stored != decisions_to_json(plan, before):
        draft.decisions = stored
        draft.updated_at = now
        session.flush()
    return draft


def _require_current(draft: ImportDraft, version: int) -> None:
    if draft.plan_id is not None or draft.version != version:
        raise Stale(subject="import_draft", version=draft.version, plan_id=draft.plan_id)


def confirm_import(
    session: Session, draft_id: int, *, version: int, leads_are_checked: bool, actor: Actor, now: datetime
) -> Plan:
    """Make the plan with its measures, draft tasks, assignments and new departments; again, give the same plan.

    ``leads_are_checked`` says that the person looked at the leads that were only inferred; without it an import that
    has such leads is refused. Raises ``Invalid`` with the ``hindrances`` in its facts, and ``Stale``.
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
    if hindrances:
        raise Invalid("import", "unresolved", hindrances=hindrances)
    plan = _make_plan(session, draft, review, actor=actor, now=now)
    departments = _settle_departments(session, review, body_id=draft.body_id, now=now)
    _add_defaults(session, plan, review, departments)
    _add_tasks(session, plan, review, departments, readings_by_key(draft.reading), now=now)
    draft.plan_id = plan.id
    draft.updated_at = now
    # The document lives on beside the plan.
    draft.content = b""
    draft.blocks = []
    session.flush()
    return plan


def _make_plan(session: Session, draft: ImportDraft, review: Review, *, actor: Actor, now: datetime) -> Plan:
    facts = review.facts
    plan = Plan(
        title=facts.title,
        body_id=draft.body_id,
        imported_at=now,
        imported_by_id=actor.person_id,
        source_name=draft.source_name,
        source_sha256=draft.source_sha256,
        issuer=facts.issuer or None,
        document_number=facts.document_number or None,
        dated_on=facts.dated_on,
        horizon_on=facts.horizon_on,
    )
    session.add(plan)
    session.flush()
    session.add(PlanSource(plan_id=plan.id, content=draft.content, blocks=draft.blocks))
    return plan


Identity = tuple[str, int | str]


def _settle_departments(session: Session, review: Review, *, body_id: int, now: datetime) -> dict[Identity, int]:
    """The department of every unit of the review: created where it is new, its spellings kept as aliases."""
    settled: dict[Identity, int] = {}
    units = [unit for one in review.included for unit in (*one.lead, *one.partners)] + list(review.defaults)
    names = {unknown.key: unknown for unknown in review.unknown}
    for unit in units:
        if unit.department_id is not None:
            settled[unit.identity] = unit.department_id
        elif unit.identity not in settled:
            assert unit.new_key is not None and unit.kind is not None, "a unit without a decision passed the review"
            created = create_department(session, name=names[unit.new_key].name, kind=unit.kind, parent_id=body_id)
            settled[unit.identity] = created.id
    _keep_spellings(session, units, settled)
    return settled


def _keep_spellings(session: Session, units: Iterable[ReviewUnit], settled: Mapping[Identity, int]) -> None:
    """A name that a person mapped to a department is known from now on."""
    departments = {unit.name: settled[unit.identity] for unit in units}
    known = match_names(session, sorted(departments))
    for name, department_id in departments.items():
        if known.get(name) is None and match_names(session, [name])[name] is None:
            add_alias(session, department_id, name)


def _add_defaults(session: Session, plan: Plan, review: Review, departments: Mapping[Identity, int]) -> None:
    seen: set[int] = set()
    for unit in review.defaults:
        department_id = departments[unit.identity]
        if department_id not in seen:
            seen.add(department_id)
            session.add(PlanDefaultDepartment(plan_id=plan.id, department_id=department_id, name_as_written=unit.name))


def _add_tasks(
    session: Session,
    plan: Plan,
    review: Review,
    departments: Mapping[Identity, int],
    readings: Mapping[str, dict[str, Any]],
    *,
    now: datetime,
) -> None:
    measures = [
        _measure(plan, position, one.row, readings[one.row.key])
        for position, one in enumerate(_ordered(review), start=1)
    ]
    session.add_all(measures)
    session.flush()
    tasks = [_task(plan, measure, one, now) for measure, one in zip(measures, _ordered(review), strict=True)]
    session.add_all(tasks)
    session.flush()
    for task, one in zip(tasks, _ordered(review), strict=True):
        session.add_all(_assignments(task, one, departments))
    session.flush()


def _ordered(review: Review) -> list[ReviewRow]:
    """The included rows in the document's order; a candidate taken in goes where its text stands."""
    included = review.included
    if not all(one.row.parsed.spans.get("text") for one in included):
        return included
    return sorted(included, key=lambda one: _beginning(one.row))


def _beginning(row: Row) -> tuple[int, int, int, int]:
    first = row.parsed.spans["text"][0]
    return (first.block, first.row or 0, first.column or 0, first.start)


def _measure(plan: Plan, position: int, row: Row, reading: dict[str, Any]) -> Measure:
    parsed = row.parsed
    return Measure(
        plan_id=plan.id,
        position=position,
        path=list(parsed.path),
        heading=parsed.heading,
        text=parsed.text,
        units_as_written=parsed.units_as_written,
        deadline_text=parsed.deadline_text,
        reading=reading,
    )


def _task(plan: Plan, measure: Measure, one: ReviewRow, now: datetime) -> Task:
    return Task(
        plan_id=plan.id,
        measure_id=measure.id,
        body_id=plan.body_id,
        position=measure.position,
        title=one.row.entry.title,
        created_at=now,
        is_ongoing=one.due.origin is DeadlineOrigin.ONGOING,
        due_on=one.due.due_on,
        deadline_origin=one.due.origin,
        recurrence=one.row.parsed.recurrence,
    )


def _assignments(task: Task, one: ReviewRow, departments: Mapping[Identity, int]) -> Iterator[Assignment]:
    seen: set[int] = set()
    roles = [(unit, AssignmentRole.LEAD) for unit in one.lead] + [(u, AssignmentRole.PARTNER) for u in one.partners]
    for unit, role in roles:
        department_id = departments[unit.identity]
        if department_id in seen:
            continue
        seen.add(department_id)
        yield Assignment(
            task_id=task.id,
            department_id=department_id,
            role=role,
            name_as_written=unit.name[:NAME_LENGTH],
            is_confirmed=True,
            position=len(seen) - 1,
            due_on=task.due_on,
        )


def entry_of(review: Review, key: str) -> Entry:
    """What stands now for one row; raises ``NotFound`` for a key the draft does not have."""
    for one in review.rows:
        if one.row.key == key:
            return one.row.entry
    raise NotFound(subject="measure")
