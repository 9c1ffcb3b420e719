"""The usual people with one plan, and the services of the workflow as they call them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.permissions import Actor
from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.models import Assignment, Department, HistoryEntry, OutboxMessage, Task
from taskboard.services import assignment_acts, issuing
from taskboard.services.issuing import IssueOrder
from tests.support import factories
from tests.support.factories import NOW, Usual

TODAY = date(2026, 11, 23)
YESTERDAY = TODAY - timedelta(days=1)
NEXT_WEEK = TODAY + timedelta(days=7)
FIVE_WORKING_DAYS_ON = date(2026, 11, 30)


class Office:
    """The usual people with one plan, and the services as they call them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.usual: Usual = factories.usual_people(session)
        self.plan = factories.make_plan(session, body=self.usual.body, imported_by=self.usual.chen)

    def task(self, state: str = "in_progress", own: str = "in_progress", **more: Any) -> Task:
        more = {"lead": self.usual.lead, "partners": (self.usual.partner,), "due_on": NEXT_WEEK, **more}
        return factories.make_task(
            self.session, plan=self.plan, state=TaskState(state), assignment_state=AssignmentState(own), **more
        )

    def do(
        self, act: Callable[..., HistoryEntry], subject: Any, who: str | Actor, *, now: datetime = NOW, **more: Any
    ) -> HistoryEntry:
        actor = self.usual.actor(who) if isinstance(who, str) else who
        return act(self.session, subject, actor=actor, now=now, entrance="test", **more)

    def issue(self, task: Task, who: str = "chen", **order: Any) -> HistoryEntry:
        return self.do(issuing.issue, IssueOrder(task.id, **order), who)

    def branch(self, task: Task, department: Department | None = None) -> Assignment:
        department = department or self.usual.lead
        query = select(Assignment).where(Assignment.task_id == task.id, Assignment.department_id == department.id)
        return self.session.scalars(query).one()

    def submitted_task(self, **more: Any) -> Task:
        """A task whose lead submitted without waiting for its partners."""
        task = self.task(**more)
        self.do(assignment_acts.submit, self.branch(task).id, "li", why_without_partners="不等")
        return task

    def partner_branch(self, task: Task) -> Assignment:
        return self.branch(task, self.usual.partner)

    def mails(self) -> list[tuple[str, str]]:
        """(template, address) of every queued mail, sorted."""
        query = select(OutboxMessage.template, OutboxMessage.to_address)
        return sorted((row[0], row[1].partition("@")[0]) for row in self.session.execute(query))

    def history(self, task: Task) -> list[HistoryEntry]:
        query = select(HistoryEntry).where(HistoryEntry.task_id == task.id).order_by(HistoryEntry.id)
        return list(self.session.scalars(query))
