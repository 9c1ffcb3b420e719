"""What a confirmed import makes: the plan, its measures and draft tasks, their assignments, new departments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from taskboard.domain.history import Change, Subject
from taskboard.domain.import_arrangement import sources_of
from taskboard.domain.imports import NAME_LENGTH, Row, in_plan_order
from taskboard.domain.permissions import Actor
from taskboard.domain.report_rhythms import rhythm_origin
from taskboard.domain.workflow import AssignmentRole, DeadlineOrigin
from taskboard.models import (
    Assignment,
    Base,
    ImportDraft,
    Measure,
    Plan,
    PlanDefaultDepartment,
    PlanSource,
    Task,
    TaskTarget,
)
from taskboard.services.confirmations import Tell, tell_nobody
from taskboard.services.department_names import add_alias, match_names
from taskboard.services.department_records import record_department, values_of
from taskboard.services.departments import create_department
from taskboard.services.history import Writing, record_change
from taskboard.services.import_review import Identity, Review, ReviewRow, ReviewUnit
from taskboard.services.open_drafts import open_draft


def make_plan(
    session: Session,
    draft: ImportDraft,
    review: Review,
    *,
    actor: Actor,
    now: datetime,
    entrance: str,
    tell: Tell = tell_nobody,
) -> Plan:
    """The plan of a review without hindrances, with all that belongs to it; ``tell`` hears how far it is."""
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
        report_rhythm=facts.report_rhythm,
        report_day=facts.report_day,
        rhythm_origin=rhythm_origin(
            (facts.report_rhythm, facts.report_day),
            (review.read_facts.report_rhythm, review.read_facts.report_day),
            is_stated=bool(review.rhythm_words),
        ),
    )
    session.add(plan)
    session.flush()
    session.add(PlanSource(plan_id=plan.id, content=draft.content, blocks=draft.blocks))
    by: Writing = {"actor": actor, "now": now, "entrance": entrance}
    departments = settle_departments(session, review, body_id=draft.body_id, **by)
    _add_defaults(session, plan, review, departments)
    add_tasks(session, plan, review, departments, open_draft(draft).readings, now=now, tell=tell)
    record_change(
        session,
        subject=Subject.PLAN,
        subject_id=plan.id,
        act=Change.CONFIRMED,
        actor=actor,
        now=now,
        entrance=entrance,
        after={
            "title": plan.title,
            "body_id": plan.body_id,
            "source_name": plan.source_name,
            "sha256": plan.source_sha256,
            "horizon_on": plan.horizon_on,
        },
    )
    return plan


def settle_departments(session: Session, review: Review, *, body_id: int, **by: Unpack[Writing]) -> dict[Identity, int]:
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
            record_department(session, created.id, Change.ADDED, after=values_of(created), **by)
            settled[unit.identity] = created.id
    _keep_spellings(session, units, settled)
    return settled


def _keep_spellings(session: Session, units: Iterable[ReviewUnit], settled: Mapping[Identity, int]) -> None:
    """A name that a person mapped to a department is known from now on; what a rule found, it finds again."""
    departments = {unit.name: settled[unit.identity] for unit in units if unit.rule is None}
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


def add_tasks(
    session: Session,
    plan: Plan,
    review: Review,
    departments: Mapping[Identity, int],
    readings: Mapping[str, dict[str, Any]],
    *,
    now: datetime,
    first_position: int = 1,
    tell: Tell = tell_nobody,
) -> None:
    """Measures and draft tasks for the included rows, numbered from ``first_position`` in the document's order.

    They are written some at a time and as plain rows: thousands of objects would take ten times as long.
    """
    session.flush()
    ordered = list(enumerate(_ordered(review), start=first_position))
    for start in range(0, len(ordered), AT_ONCE):
        tell(start, len(ordered))
        some = ordered[start : start + AT_ONCE]
        _add_measures(session, plan, some, readings)
        _add_tasks(session, plan, some, now)
        ids = _ids_by_position(session, Task, plan, some)
        rows = [(ids[position], one) for position, one in some]
        _insert(session, Assignment, (values for row in rows for values in _assignments(*row, departments)))
        _insert(session, TaskTarget, (values for row in rows for values in _targets(*row)))
    tell(len(ordered), len(ordered))


AT_ONCE = 100
"""measures that are written together"""

Numbered = tuple[int, ReviewRow]
"""a row with its position in the plan"""


def _add_measures(
    session: Session, plan: Plan, some: Sequence[Numbered], readings: Mapping[str, dict[str, Any]]
) -> None:
    values = (_measure(plan, position, one.row, reading_of(one.row, readings)) for position, one in some)
    _insert(session, Measure, values)


def _add_tasks(session: Session, plan: Plan, some: Sequence[Numbered], now: datetime) -> None:
    measures = _ids_by_position(session, Measure, plan, some)
    _insert(session, Task, (_task(plan, measures[position], position, one, now) for position, one in some))


def _insert(session: Session, kind: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    values = list(rows)
    if values:
        session.execute(insert(kind), values)


def _ids_by_position(
    session: Session, kind: type[Measure] | type[Task], plan: Plan, some: Sequence[Numbered]
) -> dict[int, int]:
    """The ids of what was just written, which no database gives back in their order; sub-tasks have none yet."""
    is_among = kind.position.between(some[0][0], some[-1][0])
    query = select(kind.position, kind.id).where(kind.plan_id == plan.id, is_among)
    return {row.position: row.id for row in session.execute(query)}


def _ordered(review: Review) -> list[ReviewRow]:
    """The included rows in the order of the plan."""
    by_key = {one.row.key: one for one in review.rows}
    ordered = in_plan_order([one.row for one in review.rows], review.decisions.arrangement)
    return [by_key[row.key] for row in ordered if row.entry.is_included]


def reading_of(row: Row, readings: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The measure as it was read; where people cut or joined it, all that it was made of, and which characters."""
    first, *rest = [readings[source] for source in sources_of(row.parts)]
    if not rest and row.parts[0].is_whole:
        return first
    parts = [{"source": part.source, "start": part.start, "end": part.end} for part in row.parts]
    return {**first, "parts": parts, "joined_with": rest}


def make_measure(plan: Plan, position: int, row: Row, reading: dict[str, Any]) -> Measure:
    """The measure as the document states it, with its whole reading."""
    return Measure(**_measure(plan, position, row, reading))


def _measure(plan: Plan, position: int, row: Row, reading: dict[str, Any]) -> dict[str, Any]:
    parsed = row.parsed
    return {
        "plan_id": plan.id,
        "position": position,
        "path": list(parsed.path),
        "heading": parsed.heading,
        "text": parsed.text,
        "units_as_written": parsed.units_as_written,
        "deadline_text": parsed.deadline_text,
        "reading": reading,
    }


def _task(plan: Plan, measure_id: int, position: int, one: ReviewRow, now: datetime) -> dict[str, Any]:
    return {
        "plan_id": plan.id,
        "measure_id": measure_id,
        "body_id": plan.body_id,
        "position": position,
        "title": one.row.entry.title,
        "created_at": now,
        "is_ongoing": one.due.origin is DeadlineOrigin.ONGOING,
        "due_on": one.due.due_on,
        "deadline_origin": one.due.origin,
        "recurrence": one.row.entry.recurrence,
    }


def _targets(task_id: int, one: ReviewRow) -> Iterator[dict[str, Any]]:
    for position, target in enumerate(one.row.entry.targets, start=1):
        yield {
            "task_id": task_id,
            "position": position,
            "words": target.words,
            "quantity": target.quantity,
            "unit": target.unit,
            "comparison": target.comparison,
            "value": target.value,
            "upper": target.upper,
            "base_year": target.base_year,
        }


def _assignments(task_id: int, one: ReviewRow, departments: Mapping[Identity, int]) -> Iterator[dict[str, Any]]:
    seen: set[int] = set()
    roles = [(unit, AssignmentRole.LEAD) for unit in one.lead] + [(u, AssignmentRole.PARTNER) for u in one.partners]
    for unit, role in roles:
        department_id = departments[unit.identity]
        if department_id in seen:
            continue
        seen.add(department_id)
        yield {
            "task_id": task_id,
            "department_id": department_id,
            "role": role,
            "name_as_written": unit.name[:NAME_LENGTH],
            "is_confirmed": True,
            "position": len(seen) - 1,
            "due_on": one.due.due_on,
        }
