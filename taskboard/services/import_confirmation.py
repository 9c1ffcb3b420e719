"""What a confirmed import makes: the plan, its measures and draft tasks, their assignments, new departments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from taskboard.domain.history import Change, Subject
from taskboard.domain.import_arrangement import sources_of
from taskboard.domain.imports import NAME_LENGTH, Row, in_plan_order
from taskboard.domain.permissions import Actor
from taskboard.domain.plan_parsing.reading import Target
from taskboard.domain.report_rhythms import rhythm_origin
from taskboard.domain.workflow import AssignmentRole, DeadlineOrigin
from taskboard.models import (
    Assignment,
    ImportDraft,
    Measure,
    Plan,
    PlanDefaultDepartment,
    PlanSource,
    Task,
    TaskTarget,
)
from taskboard.services.department_names import add_alias, match_names
from taskboard.services.departments import create_department
from taskboard.services.history import record_change
from taskboard.services.import_review import Identity, Review, ReviewRow, ReviewUnit
from taskboard.services.open_drafts import open_draft


def make_plan(
    session: Session, draft: ImportDraft, review: Review, *, actor: Actor, now: datetime, entrance: str
) -> Plan:
    """The plan of a review without hindrances, with all that belongs to it."""
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
    departments = settle_departments(session, review, body_id=draft.body_id)
    _add_defaults(session, plan, review, departments)
    add_tasks(session, plan, review, departments, open_draft(draft).readings, now=now)
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


def settle_departments(session: Session, review: Review, *, body_id: int) -> dict[Identity, int]:
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
) -> None:
    """Measures and draft tasks for the included rows, numbered from ``first_position`` in the document's order."""
    ordered = _ordered(review)
    measures = [
        make_measure(plan, position, one.row, reading_of(one.row, readings))
        for position, one in enumerate(ordered, start=first_position)
    ]
    session.add_all(measures)
    session.flush()
    tasks = [_task(plan, measure, one, now) for measure, one in zip(measures, ordered, strict=True)]
    session.add_all(tasks)
    session.flush()
    for task, one in zip(tasks, ordered, strict=True):
        session.add_all(_assignments(task, one, departments))
        session.add_all(_targets(task, one.row.entry.targets))
    session.flush()


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
        recurrence=one.row.entry.recurrence,
    )


def _targets(task: Task, targets: Iterable[Target]) -> Iterator[TaskTarget]:
    for position, one in enumerate(targets, start=1):
        yield TaskTarget(
            task_id=task.id,
            position=position,
            words=one.words,
            quantity=one.quantity,
            unit=one.unit,
            comparison=one.comparison,
            value=one.value,
            upper=one.upper,
            base_year=one.base_year,
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
