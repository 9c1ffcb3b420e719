"""Drafts of imports as the services know them, for tests: started, reviewed, decided and confirmed by chen."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import func, select

from taskboard.domain.imports import Decisions
from taskboard.models import (
    Assignment,
    Department,
    DepartmentName,
    Measure,
    Plan,
    PlanDefaultDepartment,
    PlanSource,
    Task,
)
from taskboard.services import imports
from taskboard.services.import_review import review_draft
from tests.support.factories import NOW
from tests.support.importing import TEXT, read


def start(session, usual, text=TEXT):
    source = read(text)
    return imports.start_import(
        session, source, body_id=usual.body.id, actor=usual.actor("chen"), now=NOW, entrance="test"
    )


def review(session, draft):
    return review_draft(session, draft)


def row(session, draft, key):
    return next(one for one in review(session, draft).rows if one.row.key == key)


def change(session, draft, key, chen, **fields):
    entry = replace(row(session, draft, key).row.entry, **fields)
    return imports.save_decisions(
        session, draft.id, Decisions(entries={key: entry}), version=draft.version, actor=chen, now=NOW
    )


def name_it(session, draft, name, decision, chen):
    key = next(one.key for one in review(session, draft).unknown if name in one.names)
    return imports.save_decisions(
        session, draft.id, Decisions(names={key: decision}), version=draft.version, actor=chen, now=NOW
    )


def confirm(session, draft, chen, *, leads_are_checked=True):
    return imports.confirm_import(
        session,
        draft.id,
        version=draft.version,
        leads_are_checked=leads_are_checked,
        actor=chen,
        now=NOW,
        entrance="test",
    )


def tasks_of(session, plan):
    return list(session.scalars(select(Task).where(Task.plan_id == plan.id).order_by(Task.position)))


def units_of(session, task):
    query = (
        select(Assignment.role, Department.name)
        .join(Department, Department.id == Assignment.department_id)
        .where(Assignment.task_id == task.id)
        .order_by(Assignment.position)
    )
    return [(role, name) for role, name in session.execute(query)]


def counts(session):
    tables = (Plan, PlanSource, Measure, Task, Assignment, Department, DepartmentName, PlanDefaultDepartment)
    return {table.__name__: session.scalar(select(func.count()).select_from(table)) for table in tables}
