"""A plan comes again: an import under review compared with a plan that runs.

Nothing that runs changes without a decision: ``revision_decisions.py`` carries them out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotFound
from taskboard.domain.import_arrangement import sources_of
from taskboard.domain.permissions import Actor
from taskboard.domain.plan_comparison import Comparison, Field, Pair, Side, Whole, compare_measures, titles_resemble
from taskboard.domain.plan_parsing.reading import ParsedMeasure, ParsedPlan
from taskboard.domain.workflow import OPEN_TASK, AssignmentRole, DeadlineOrigin, TaskState
from taskboard.models import Assignment, Department, ImportDraft, Measure, Plan, Task
from taskboard.services.corrections import CORRECTABLE
from taskboard.services.import_review import Review, ReviewRow, ReviewUnit, review_draft
from taskboard.services.imports import get_draft
from taskboard.services.ledger import standing
from taskboard.services.open_drafts import open_draft
from taskboard.services.plans import supervised_plans
from taskboard.services.readings import measure_as_arranged


class Resembling(NamedTuple):
    """A plan that the document under review may be a new edition of."""

    id: int
    title: str
    imported_at: datetime


@dataclass(frozen=True)
class Running:
    """A task of the plan as it stands, beside the measure it goes by."""

    task_id: int
    version: int
    position: int
    title: str
    text: str
    state: TaskState
    due_on: date | None
    is_ongoing: bool
    leads: dict[int, str]
    """names by the ids of the departments"""
    partners: dict[int, str]

    @property
    def is_draft(self) -> bool:
        return self.state is TaskState.DRAFT

    @property
    def may_change(self) -> bool:
        return self.state in CORRECTABLE

    @property
    def may_end(self) -> bool:
        return self.is_draft or self.state in OPEN_TASK


@dataclass(frozen=True)
class Known:
    """A measure that is in both documents; ``offers`` are the fields that can be taken over from the new one."""

    running: Running
    row: ReviewRow
    offers: tuple[Field, ...]
    is_moved: bool
    is_certain: bool

    @property
    def key(self) -> str:
        return self.row.row.key


@dataclass(frozen=True)
class Revision:
    """A draft beside a plan: what is new, what changed, what is gone, what only moved, what stayed."""

    draft_id: int
    version: int
    title: str
    plan_id: int
    plan: str
    plan_version: int
    added: tuple[ReviewRow, ...]
    changed: tuple[Known, ...]
    removed: tuple[Running, ...]
    moved: tuple[Known, ...]
    unchanged: tuple[Known, ...]
    review: Review
    joined: Mapping[int, Running]
    """task that is gone from the new document → the one into whose measure a person joined its words there"""
    parted: Mapping[str, Running]
    """key of an added row → the task that goes on in another part of the same measure"""

    @property
    def can_apply(self) -> bool:
        """Whether nothing stands in the way in the draft itself (unknown names, missing leads)."""
        return not self.review.hindrances

    @property
    def asks_for_decisions(self) -> bool:
        """Whether the documents differ in anything that could be taken over."""
        return bool(self.added or self.changed or self.removed)


def find_resembling(session: Session, draft: ImportDraft, title: str, *, actor: Actor) -> list[Resembling]:
    """Plans of the draft's body whose title resembles the given one, the last imported first."""
    query = (
        select(Plan.id, Plan.title, Plan.imported_at)
        .where(Plan.body_id == draft.body_id, supervised_plans(actor))
        .order_by(Plan.imported_at.desc(), Plan.id.desc())
    )
    return [Resembling(*row) for row in session.execute(query) if titles_resemble(row.title, title)]


def compare(session: Session, draft_id: int, plan_id: int, *, actor: Actor) -> Revision:
    """The draft beside the plan.

    Raises :class:`NotFound` for what this person does not supervise, for a plan of another body, and for a draft that
    became something else already.
    """
    draft = get_draft(session, draft_id, actor)
    plan = get_plan(session, plan_id, draft, actor)
    if draft.plan_id is not None:
        raise NotFound(subject="import_draft")
    return compare_with(session, draft, plan)


def get_plan(session: Session, plan_id: int, draft: ImportDraft, actor: Actor) -> Plan:
    """The plan, if this person supervises it and it is of the draft's body; raises :class:`NotFound`."""
    plan = session.scalars(select(Plan).where(Plan.id == plan_id, supervised_plans(actor))).one_or_none()
    if plan is None or plan.body_id != draft.body_id:
        raise NotFound(subject="plan")
    return plan


def compare_with(session: Session, draft: ImportDraft, plan: Plan) -> Revision:
    """The draft beside the plan; asks for nobody."""
    review = review_draft(session, draft)
    rows = {one.row.key: one for one in review.included}
    running, measures = _running(session, plan.id)
    found = compare_measures(
        [_old_side(one, measures[one.task_id]) for one in running.values()],
        [_new_side(one, open_draft(draft).plan) for one in rows.values()],
    )
    known = [_known(pair, running[int(pair.old.key)], rows[pair.new.key], measures) for pair in found.pairs]
    by_row = {one.key: one.running for one in known}
    return Revision(
        draft_id=draft.id,
        version=draft.version,
        title=review.facts.title,
        plan_id=plan.id,
        plan=plan.title,
        plan_version=plan.version,
        added=tuple(rows[one.key] for one in found.added),
        changed=tuple(one for one in known if one.offers),
        removed=_removed(found, running),
        moved=tuple(one for one in known if one.is_moved and not one.offers),
        unchanged=tuple(one for one in known if not one.is_moved and not one.offers),
        review=review,
        joined={int(task): by_row[row] for task, row in found.joined.items()},
        parted={row: running[int(task)] for row, task in found.parted.items()},
    )


def _removed(found: Comparison, running: Mapping[int, Running]) -> tuple[Running, ...]:
    """Tasks without a measure in the new document; what ended anyway asks for no decision."""
    return tuple(one for one in (running[int(side.key)] for side in found.removed) if one.may_end)


def _running(session: Session, plan_id: int) -> tuple[dict[int, Running], dict[int, Measure]]:
    """The plan's tasks by id in their order, and their measures; two queries."""
    query = (
        select(Assignment.task_id, Assignment.department_id, Assignment.role, Assignment.state, Department.name)
        .join(Department, Department.id == Assignment.department_id)
        .join(Task, Task.id == Assignment.task_id)
        .where(Task.plan_id == plan_id)
        .order_by(Assignment.position, Assignment.id)
    )
    units: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(query):
        units[row.task_id].append(row)
    tasks = session.execute(
        select(Task, Measure)
        .join(Measure, Measure.id == Task.measure_id)
        .where(Task.plan_id == plan_id, Task.parent_id.is_(None))
        .order_by(Task.position)
    ).all()
    return (
        {task.id: _running_task(task, measure, standing(units[task.id])) for task, measure in tasks},
        {task.id: measure for task, measure in tasks},
    )


def _running_task(task: Task, measure: Measure, units: Iterable[Any]) -> Running:
    named = {role: {one.department_id: one.name for one in units if one.role is role} for role in AssignmentRole}
    return Running(
        task_id=task.id,
        version=task.version,
        position=task.position,
        title=task.title,
        text=measure.text,
        state=task.state,
        due_on=task.due_on,
        is_ongoing=task.is_ongoing,
        leads=named[AssignmentRole.LEAD],
        partners=named[AssignmentRole.PARTNER],
    )


# Both sides as their documents state them


def _old_side(running: Running, measure: Measure) -> Side:
    reading = measure.reading
    if "parts" in reading:
        # Cut or joined by a person: its own document states of it what it states of its parts.
        facts = _facts(measure_as_arranged(reading))
    else:
        facts = {
            Field.DEADLINE: (reading.get("deadline"), reading.get("recurrence")),
            Field.LEAD: frozenset(reading.get("lead", ())),
            Field.PARTNERS: frozenset(reading.get("partners", ())),
        }
    return Side(str(running.task_id), measure.heading or "", measure.text, facts)


def _new_side(one: ReviewRow, plan: ParsedPlan) -> Side:
    row, parsed = one.row, one.row.parsed
    is_as_read = row.is_offered or (len(row.parts) == 1 and row.parts[0].is_whole)
    made_of = () if is_as_read else tuple(_whole(source, plan) for source in sources_of(row.parts))
    return Side(row.key, parsed.heading or "", parsed.text, _facts(parsed), made_of)


def _whole(source: str, plan: ParsedPlan) -> Whole:
    parsed = plan.measures[int(source[1:]) - 1]
    return Whole(source, parsed.heading or "", parsed.text)


def _facts(parsed: ParsedMeasure) -> dict[Field, Hashable]:
    return {
        Field.DEADLINE: (
            parsed.deadline.isoformat() if parsed.deadline else None,
            parsed.recurrence.value if parsed.recurrence else None,
        ),
        Field.LEAD: frozenset(parsed.lead),
        Field.PARTNERS: frozenset(parsed.partners),
    }


def _known(pair: Pair, running: Running, one: ReviewRow, measures: Mapping[int, Measure]) -> Known:
    is_read = bool(measures[running.task_id].reading)
    offers = tuple(
        name
        for name in Field
        if running.may_change and _is_offered(name, pair, one, is_read) and _would_change(name, running, one)
    )
    return Known(running, one, offers, pair.is_moved, pair.is_certain)


def _is_offered(name: Field, pair: Pair, one: ReviewRow, is_read: bool) -> bool:
    """Whether the documents differ in it, or a person decided it in the review.

    What the supervisors changed since in the system (an extension, another lead) is no change of the document.
    """
    if name is Field.WORDING:
        return name in pair.changed
    return name in pair.changed or one.row.is_decided(name.value) or not is_read


def _would_change(name: Field, running: Running, one: ReviewRow) -> bool:
    match name:
        case Field.WORDING:
            return True
        case Field.DEADLINE:
            # A document that states no deadline takes none away.
            is_known = one.due.origin is not DeadlineOrigin.MISSING
            return is_known and (one.due.due_on, is_ongoing(one)) != (running.due_on, running.is_ongoing)
        case Field.LEAD:
            return _ids(one.lead) != set(running.leads)
        case Field.PARTNERS:
            return _ids(one.partners) != set(running.partners)


def is_ongoing(one: ReviewRow) -> bool:
    return one.due.origin is DeadlineOrigin.ONGOING


def _ids(units: Iterable[ReviewUnit]) -> set[Hashable]:
    """What stands for the units: ids, and something that no id equals for a department that is new."""
    return {unit.department_id if unit.department_id is not None else unit.identity for unit in units}
