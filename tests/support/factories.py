"""People, departments, plans and tasks for tests: a factory fills in everything the test does not talk about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.permissions import Actor, Post
from taskboard.domain.roles import Role
from taskboard.domain.workflow import AssignmentRole, AssignmentState, DeadlineOrigin, TaskState
from taskboard.models import (
    Assignment,
    Department,
    DepartmentName,
    Measure,
    Person,
    PersonPost,
    Plan,
    Task,
)
from taskboard.services.history import Writing

PASSWORD = "correct horse 督办"
LONG_AGO = date(2015, 1, 1)
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""Monday 23 November 2026, nine o'clock in Shanghai"""

_numbers = count(1)


@cache
def password_hash() -> str:
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


def make_department(
    session: Session,
    name: str | None = None,
    *,
    parent: Department | None = None,
    kind: DepartmentKind = DepartmentKind.UNIT,
    needs_sign_off: bool = False,
) -> Department:
    [department] = _make_departments(
        session, [name or f"第{next(_numbers)}局"], parent=parent, kind=kind, needs_sign_off=needs_sign_off
    )
    return department


def _make_departments(
    session: Session,
    names: Sequence[str],
    *,
    parent: Department | None,
    kind: DepartmentKind = DepartmentKind.UNIT,
    needs_sign_off: bool = False,
) -> list[Department]:
    made = [
        Department(name=name, kind=kind, parent_id=parent.id if parent else None, needs_sign_off=needs_sign_off)
        for name in names
    ]
    session.add_all(made)
    session.flush()
    for one in made:
        one.path = f"{parent.path if parent else '/'}{one.id}/"
        session.add(DepartmentName(department_id=one.id, name=one.name, key=match_key(one.name), is_official=True))
    session.flush()
    return made


def match_key(name: str) -> str:
    # late, so that tests of other floors do not depend on it
    from taskboard.domain.department_names import match_key as fold

    return fold(name)


def make_person(session: Session, name: str, *posts: tuple[Role, Department], username: str | None = None) -> Person:
    [person] = _make_people(session, [(username or f"user{next(_numbers)}", name, posts)])
    return person


def _make_people(
    session: Session, wanted: Sequence[tuple[str, str, Sequence[tuple[Role, Department]]]]
) -> list[Person]:
    """People by user name, name and posts, in as few statements as may be: nearly every test begins with some."""
    made = [
        Person(username=username, name=name, email=f"{username}@example.org", password_hash=password_hash())
        for username, name, _ in wanted
    ]
    session.add_all(made)
    session.flush()
    for person, (_, _, posts) in zip(made, wanted, strict=True):
        for role, department in posts:
            session.add(PersonPost(person_id=person.id, department_id=department.id, role=role, from_on=LONG_AGO))
    session.flush()
    return made


def actor_of(person: Person, *posts: tuple[Role, Department]) -> Actor:
    """The actor that the given posts make of a person, without asking the database."""
    return Actor(
        person_id=person.id,
        name=person.name,
        posts=tuple(Post(role=role, department_id=one.id, path=one.path) for role, one in posts),
    )


NOBODY = Actor(person_id=0, name="")
"""acts where a test does not care who does"""


def writing_by(actor: Actor) -> Writing:
    """Who changes the directory, for the services that ask when and from where."""
    return {"actor": actor, "now": NOW, "entrance": "test"}


def make_plan(session: Session, *, body: Department, imported_by: Person, title: str = "优化营商环境工作要点") -> Plan:
    plan = Plan(
        title=title,
        body_id=body.id,
        imported_at=NOW,
        imported_by_id=imported_by.id,
        source_name="要点.txt",
        source_sha256=f"{next(_numbers):064x}",
        dated_on=date(2026, 1, 15),
    )
    session.add(plan)
    session.flush()
    return plan


def make_task(session: Session, *, title: str | None = None, **more: Any) -> Task:
    """A task with its measure and one assignment per department; a draft's assignments are pending."""
    [task] = make_tasks(session, [title], **more)
    return task


def make_tasks(
    session: Session,
    titles: Sequence[str | None],
    *,
    plan: Plan,
    lead: Department,
    partners: tuple[Department, ...] = (),
    state: TaskState = TaskState.IN_PROGRESS,
    assignment_state: AssignmentState = AssignmentState.IN_PROGRESS,
    due_on: date | None = None,
    issued_at: datetime | None = None,
) -> list[Task]:
    """Tasks that differ in nothing but their titles, in as few statements as one of them would take."""
    departments = (lead, *partners)
    measures = [
        Measure(
            plan_id=plan.id,
            position=position,
            path=["一", str(position)],
            heading=title or f"推进第{position}项工作",
            text=f"{title or f'推进第{position}项工作'}，加强统筹协调。",
            units_as_written=f"责任单位：{'、'.join(one.name for one in departments)}",
            deadline_text=None,
            reading={},
        )
        for position, title in ((next(_numbers), title) for title in titles)
    ]
    session.add_all(measures)
    session.flush()
    tasks = [
        Task(
            plan_id=plan.id,
            measure_id=measure.id,
            body_id=plan.body_id,
            position=measure.position,
            title=measure.heading,
            created_at=NOW - timedelta(days=100),
            state=state,
            due_on=due_on,
            original_due_on=due_on,
            deadline_origin=DeadlineOrigin.STATED if due_on else DeadlineOrigin.MISSING,
            deadline_version=1 if due_on else 0,
            issued_at=(issued_at or NOW - timedelta(days=90)) if state is not TaskState.DRAFT else None,
        )
        for measure in measures
    ]
    session.add_all(tasks)
    session.flush()
    session.add_all(
        Assignment(
            task_id=task.id,
            department_id=department.id,
            role=AssignmentRole.PARTNER if number else AssignmentRole.LEAD,
            name_as_written=department.name,
            is_confirmed=True,
            position=number,
            state=AssignmentState.PENDING if state is TaskState.DRAFT else assignment_state,
            due_on=due_on,
        )
        for task in tasks
        for number, department in enumerate(departments)
    )
    session.flush()
    return tasks


@dataclass(frozen=True)
class Usual:
    """The usual people: li leads, wang is partner, zhao is neither, chen supervises, sun administers."""

    body: Department
    lead: Department
    partner: Department
    other: Department
    li: Person
    wang: Person
    zhao: Person
    gao: Person
    qian: Person
    chen: Person
    liu: Person
    sun: Person

    def actor(self, name: str) -> Actor:
        posts = {
            "li": (Role.LIAISON, self.lead),
            "wang": (Role.LIAISON, self.partner),
            "zhao": (Role.LIAISON, self.other),
            "gao": (Role.HEAD, self.lead),
            "qian": (Role.OFFICER, self.lead),
            "chen": (Role.SUPERVISOR, self.body),
            "liu": (Role.LEADER, self.body),
            "sun": (Role.ADMINISTRATOR, self.body),
        }
        return actor_of(getattr(self, name), posts[name])


def usual_people(session: Session) -> Usual:
    body = make_department(session, "云泽市人民政府")
    lead, partner, other = _make_departments(session, ("市发展改革委", "市财政局", "市教育局"), parent=body)
    li, wang, zhao, gao, qian, chen, liu, sun = _make_people(
        session,
        [
            ("li", "李联络", [(Role.LIAISON, lead)]),
            ("wang", "王配合", [(Role.LIAISON, partner)]),
            ("zhao", "赵旁观", [(Role.LIAISON, other)]),
            ("gao", "高主任", [(Role.HEAD, lead)]),
            ("qian", "钱承办", [(Role.OFFICER, lead)]),
            ("chen", "陈督查", [(Role.SUPERVISOR, body)]),
            ("liu", "刘领导", [(Role.LEADER, body)]),
            ("sun", "孙管理", [(Role.ADMINISTRATOR, body)]),
        ],
    )
    return Usual(body, lead, partner, other, li, wang, zhao, gao, qian, chen, liu, sun)
