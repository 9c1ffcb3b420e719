"""The usual people with departments below them that work on sub-tasks, and the services as they call them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import NotFound
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentState
from taskboard.models import Assignment, HistoryEntry, Task
from taskboard.services import assignment_acts, decomposition
from taskboard.services.decomposition import SubtaskOrder
from taskboard.services.tasks import get_task
from tests.support import factories
from tests.support.office import TODAY, Office

TOMORROW = TODAY + timedelta(days=1)
CALENDAR = WorkingCalendar()


class Tree(Office):
    """The office, with two sections below the lead department and an institute below the first of them."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        lead = self.usual.lead
        self.north = factories.make_department(session, "市发展改革委北区分局", parent=lead)
        self.south = factories.make_department(session, "市发展改革委南区分局", parent=lead)
        self.institute = factories.make_department(session, "北区信息中心", parent=self.north)
        self.people = {
            name: factories.make_person(session, name, (role, place), username=name)
            for name, role, place in (
                ("bei", Role.LIAISON, self.north),
                ("hou", Role.HEAD, self.north),
                ("nan", Role.LIAISON, self.south),
                ("xin", Role.LIAISON, self.institute),
            )
        }
        self.posts = {
            "bei": (Role.LIAISON, self.north),
            "hou": (Role.HEAD, self.north),
            "nan": (Role.LIAISON, self.south),
            "xin": (Role.LIAISON, self.institute),
        }

    def person(self, name: str) -> Actor:
        if name in self.people:
            return factories.actor_of(self.people[name], self.posts[name])
        return self.usual.actor(name)

    def act(self, act: Any, subject_id: int, who: str, **more: Any) -> HistoryEntry:
        return self.do(act, subject_id, self.person(who), **more)

    def split(self, task: Task, *orders: SubtaskOrder, who: str = "li", **more: Any) -> list[Task]:
        """The sub-tasks of the lead's part; without orders one for each section."""
        wanted = orders or (SubtaskOrder(self.north.id, "北区落实"), SubtaskOrder(self.south.id, "南区落实"))
        self.act(decomposition.decompose, self.branch(task).id, who, orders=wanted, **more)
        return self.subtasks(task)

    def subtasks(self, task: Task) -> list[Task]:
        return list(self.session.scalars(select(Task).where(Task.parent_id == task.id).order_by(Task.id)))

    def own(self, subtask: Task) -> Assignment:
        """The only assignment of a sub-task."""
        return self.session.scalars(select(Assignment).where(Assignment.task_id == subtask.id)).one()

    def submit(self, subtask: Task, who: str) -> None:
        one = self.own(subtask)
        if one.state is AssignmentState.PENDING:
            self.act(assignment_acts.acknowledge, one.id, who)
        self.act(assignment_acts.submit, one.id, who)

    def sees(self, task: Task, who: str) -> bool:
        try:
            get_task(self.session, task.id, self.person(who), today=TODAY, calendar=CALENDAR)
        except NotFound:
            return False
        return True
