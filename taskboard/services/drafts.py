"""The drafts of a plan, with what must be settled before they can be issued."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import (
    select,
)
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import NotFound
from taskboard.domain.permissions import (
    Actor,
)
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    AssignmentRole,
    DeadlineOrigin,
    TaskState,
)
from taskboard.models import Assignment, Department, Measure, Plan, Task
from taskboard.services.answerable import people_answerable


class Draft(NamedTuple):
    """A draft with what must be settled before it can be issued."""

    id: int
    version: int
    position: int
    title: str
    due_on: date | None
    is_ongoing: bool
    deadline_origin: DeadlineOrigin
    deadline_text: str | None
    is_past: bool
    leads: list[str]
    inferred_leads: list[str]
    collective_leads: list[str]
    partners: list[str]
    for_information: list[str]
    """collective partners: named on the task, owing nothing"""
    without_liaison: list[str]
    """departments whose post is vacant, so that the supervisors stand in"""

    @property
    def has_deadline(self) -> bool:
        return self.is_ongoing or self.due_on is not None


@dataclass(frozen=True)
class Drafts:
    """The drafts of one plan that can be issued together."""

    plan_id: int
    plan: str
    rows: list[Draft]

    @property
    def without_liaison(self) -> list[str]:
        """Each department once whose post is vacant."""
        return list(dict.fromkeys(name for row in self.rows for name in row.without_liaison))


def list_drafts(
    session: Session, plan_id: int, actor: Actor, *, today: date, task_ids: Collection[int] | None = None
) -> Drafts:
    """The plan's drafts, or those of them that are asked for; :class:`NotFound` for who does not supervise the plan.

    Five queries.
    """
    plan = session.execute(
        select(Plan.title, Department.path).join(Department, Department.id == Plan.body_id).where(Plan.id == plan_id)
    ).one_or_none()
    if plan is None or not actor.supervises(plan.path):
        raise NotFound(subject="plan")
    query = (
        select(Task, Measure.deadline_text)
        .join(Measure, Measure.id == Task.measure_id)
        .where(Task.plan_id == plan_id, Task.state == TaskState.DRAFT)
        .order_by(Task.position)
    )
    if task_ids is not None:
        query = query.where(Task.id.in_(task_ids))
    tasks = session.execute(query).all()
    units = _units(session, [task.id for task, _ in tasks], today)
    return Drafts(
        plan_id=plan_id,
        plan=plan.title,
        rows=[_draft(task, deadline_text, units[task.id], today) for task, deadline_text in tasks],
    )


class _Unit(NamedTuple):
    name: str
    role: AssignmentRole
    is_confirmed: bool
    kind: DepartmentKind
    has_liaison: bool


def _units(session: Session, task_ids: Collection[int], today: date) -> dict[int, list[_Unit]]:
    query = (
        select(
            Assignment.task_id,
            Department.id,
            Department.name,
            Assignment.role,
            Assignment.is_confirmed,
            Department.kind,
        )
        .join(Department, Department.id == Assignment.department_id)
        .where(Assignment.task_id.in_(task_ids))
        .order_by(Assignment.position, Assignment.id)
    )
    rows = session.execute(query).all()
    liaisons = people_answerable(session, {row.id for row in rows}, Role.LIAISON, today=today)
    units: dict[int, list[_Unit]] = defaultdict(list)
    for task_id, department_id, name, role, is_confirmed, kind in rows:
        units[task_id].append(_Unit(name, role, is_confirmed, kind, bool(liaisons[department_id])))
    return units


def _draft(task: Task, deadline_text: str | None, units: Sequence[_Unit], today: date) -> Draft:
    leads = [one for one in units if one.role is AssignmentRole.LEAD]
    partners = [one for one in units if one.role is AssignmentRole.PARTNER]
    collective = DepartmentKind.COLLECTIVE
    return Draft(
        id=task.id,
        version=task.version,
        position=task.position,
        title=task.title,
        due_on=task.due_on,
        is_ongoing=task.is_ongoing,
        deadline_origin=task.deadline_origin,
        deadline_text=deadline_text,
        is_past=task.due_on is not None and task.due_on < today,
        leads=[one.name for one in leads],
        inferred_leads=[one.name for one in leads if not one.is_confirmed],
        collective_leads=[one.name for one in leads if one.kind is collective],
        partners=[one.name for one in partners if one.kind is not collective],
        for_information=[one.name for one in partners if one.kind is collective],
        without_liaison=[one.name for one in units if one.kind is not collective and not one.has_liaison],
    )
