"""People, departments, plans and tasks for tests: a factory fills in everything the test does not talk about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count

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
    name = name or f"第{next(_numbers)}局"
    department = Department(
        name=name, kind=kind, parent_id=parent.id if parent else None, needs_sign_off=needs_sign_off
    )
    session.add(department)
    session.flush()
    department.path = f"{parent.path if parent else '/'}{department.id}/"
    session.add(DepartmentName(department_id=department.id, name=name, key=match_key(name), is_official=True))
    session.flush()
    return department


def match_key(name: str) -> str:
    # late, so that tests of other floors do not depend on it
    from taskboard.domain.department_names import match_key as fold

    return fold(name)


def make_person(session: Session, name: str, *posts: tuple[Role, Department], username: str | None = None) -> Person:
    username = username or f"user{next(_numbers)}"
    person = Person(username=username, name=name, email=f"{username}@example.org", password_hash=password_hash())
    session.add(person)
    session.flush()
    for role, department in posts:
        session.add(PersonPost(person_id=person.id, department_id=department.id, role=role, from_on=LONG_AGO))
    session.flush()
    return person


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


def make_task(
    session: Session,
    *,
    plan: Plan,
    lead: Department,
    partners: tuple[Department, ...] = (),
    state: TaskState = TaskState.IN_PROGRESS,
    assignment_state: AssignmentState = AssignmentState.IN_PROGRESS,
    due_on: date | None = None,
    title: str | None = None,
    issued_at: datetime | None = None,
) -> Task:
    """A task with its measure and one assignment per department; a draft's assignments are pending."""
    position = next(_numbers)
    title = title or f"推进第{position}项工作"
    measure = Measure(
        plan_id=plan.id,
        position=position,
        path=["一", str(position)],
        heading=title,
        text=f"{title}，加强统筹协调。",
        units_as_written=f"责任单位：{'、'.join(one.name for one in (lead, *partners))}",
        deadline_text=None,
        reading={},
    )
    session.add(measure)
    session.flush()
    task = Task(
        plan_id=plan.id,
        measure_id=measure.id,
        body_id=plan.body_id,
        position=position,
        title=title,
        created_at=NOW - timedelta(days=100),
        state=state,
        due_on=due_on,
        original_due_on=due_on,
        deadline_origin=DeadlineOrigin.STATED if due_on else DeadlineOrigin.MISSING,
        deadline_version=1 if due_on else 0,
        issued_at=(issued_at or NOW - timedelta(days=90)) if state is not TaskState.DRAFT else None,
    )
    session.add(task)
    session.flush()
    if state is TaskState.DRAFT:
        assignment_state = AssignmentState.PENDING
    for number, department in enumerate((lead, *partners)):
        session.add(
            Assignment(
                task_id=task.id,
                department_id=department.id,
                role=AssignmentRole.PARTNER if number else AssignmentRole.LEAD,
                name_as_written=department.name,
                is_confirmed=True,
                position=number,
                state=assignment_state,
                due_on=due_on,
            )
        )
    session.flush()
    return task


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
    lead = make_department(session, "市发展改革委", parent=body)
    partner = make_department(session, "市财政局", parent=body)
    other = make_department(session, "市教育局", parent=body)
    return Usual(
        body=body,
        lead=lead,
        partner=partner,
        other=other,
        li=make_person(session, "李联络", (Role.LIAISON, lead), username="li"),
        wang=make_person(session, "王配合", (Role.LIAISON, partner), username="wang"),
        zhao=make_person(session, "赵旁观", (Role.LIAISON, other), username="zhao"),
        gao=make_person(session, "高主任", (Role.HEAD, lead), username="gao"),
        qian=make_person(session, "钱承办", (Role.OFFICER, lead), username="qian"),
        chen=make_person(session, "陈督查", (Role.SUPERVISOR, body), username="chen"),
        liu=make_person(session, "刘领导", (Role.LEADER, body), username="liu"),
        sun=make_person(session, "孙管理", (Role.ADMINISTRATOR, body), username="sun"),
    )
