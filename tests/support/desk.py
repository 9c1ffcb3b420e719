"""The usual people at the pages of tasks, with one plan, for tests."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.outbox import OutboxState
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.models import Assignment, Department, OutboxMessage, Plan, ProgressReport, Task
from tests.support import factories
from tests.support.factories import Usual
from tests.support.visitor import Visitor

TODAY = date(2026, 11, 23)
NEXT_WEEK = TODAY + timedelta(days=7)


class Desk:
    """The usual people at the pages, with one plan."""

    def __init__(self, session: Session, usual: Usual, visitor: Visitor) -> None:
        self.session = session
        self.usual = usual
        self.visitor = visitor
        self.plan: Plan = factories.make_plan(session, body=usual.body, imported_by=usual.chen)

    def task(self, state: str = "in_progress", own: str = "in_progress", **more: Any) -> Task:
        more = {"lead": self.usual.lead, "partners": (self.usual.partner,), "due_on": NEXT_WEEK, **more}
        task = factories.make_task(
            self.session, plan=self.plan, state=TaskState(state), assignment_state=AssignmentState(own), **more
        )
        self.session.commit()
        return task

    def branch(self, task: Task, department: Department | None = None) -> Assignment:
        department = department or self.usual.lead
        query = select(Assignment).where(Assignment.task_id == task.id, Assignment.department_id == department.id)
        return self.session.scalars(query).one()

    def as_(self, who: str) -> Visitor:
        return self.visitor.enter(getattr(self.usual, who))

    def address(self, task: Task, slug: str, department: Department | None = None) -> str:
        return f"/tasks/{task.id}/assignments/{self.branch(task, department).id}/{slug}"

    def fresh(self) -> None:
        """Forget what was read, to see what the pages wrote."""
        self.session.rollback()
        self.session.expire_all()

    def reports(self) -> list[ProgressReport]:
        self.fresh()
        return list(self.session.scalars(select(ProgressReport).order_by(ProgressReport.id)))


def hidden(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with this address."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert form is not None, f"no form for {action}"
    return dict(re.findall(r'name="(version|request_key)"[^>]*value="([^"]*)"', form[0]))


def stand_on(desk: Desk, task: Task) -> list[tuple[str, str]]:
    desk.fresh()
    query = select(Department.name, Assignment.role).join(Assignment, Assignment.department_id == Department.id)
    rows = desk.session.execute(query.where(Assignment.task_id == task.id).order_by(Assignment.position))
    return [(name, role.value) for name, role in rows]


def correct(desk: Desk, task: Task, who: str = "chen", **fields: str) -> Any:
    return desk.as_(who).post(f"/tasks/{task.id}/correct-departments", **fields)


def issue(desk: Desk, *tasks: Task, who: str = "chen", **fields: str) -> Any:
    return desk.as_(who).post(f"/plans/{desk.plan.id}/issue", task_id=[str(task.id) for task in tasks], **fields)


def mails(desk: Desk) -> list[str]:
    """The addresses to which something was sent."""
    desk.fresh()
    addresses = select(OutboxMessage.to_address).where(OutboxMessage.state != OutboxState.INBOX_ONLY)
    return sorted(desk.session.scalars(addresses))
