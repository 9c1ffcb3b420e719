"""The mails of a succession: one to each person for everything that moved to them or in their plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.absences import deputy_facts, is_reached
from taskboard.domain.local_time import local_date
from taskboard.domain.outbox import MailKind
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    TaskState,
)
from taskboard.labels import label
from taskboard.models import (
    Department,
    DepartmentSuccession,
)
from taskboard.services.actors import Holder
from taskboard.services.answerable import people_hearing, supervisors_hearing
from taskboard.services.history import Writing
from taskboard.services.outbox import queue_mail
from taskboard.services.plan_access import plan_titles
from taskboard.services.succession_work import Moved

MOST_TASKS_IN_A_MAIL = 20

_Told: TypeAlias = dict[int, tuple[Holder, list[tuple[str, Role, Holder]], dict[int, Moved]]]


def tell_successors(
    session: Session, step: DepartmentSuccession, department: Department, moved: Sequence[Moved], by: Writing
) -> None:
    """One mail to each person for everything that moved: the successors' liaisons, and the tasks' supervisors."""
    told = _concerned(session, moved, today=local_date(by["now"]))
    plans = plan_titles(session, (one.task.plan_id for one in moved))
    for person, posts, works in told.values():
        if person.person_id == by["actor"].person_id:
            continue
        queue_mail(
            session,
            key=f"succession:{step.id}:{person.person_id}",
            kind=MailKind.NOTICE,
            person_id=person.person_id,
            to_address=person.email,
            template="succession",
            facts={
                "person": person.name,
                "actor": by["actor"].name,
                "posts": [
                    {
                        "department": name,
                        "role": role.value,
                        "is_stand_in": one.is_stand_in,
                        **deputy_facts(one.deputy_for),
                    }
                    for name, role, one in posts
                ],
                "department": department.name,
                "kind": label(step.kind),
                "from_on": step.from_on.isoformat(),
                "reason": step.reason,
                "total": len(works),
                "tasks": [_facts(work, plans) for work in list(works.values())[:MOST_TASKS_IN_A_MAIL]],
                "path": "/my-tasks",
            },
            now=by["now"],
            is_away=not is_reached(one for _, _, one in posts),
        )


def _concerned(session: Session, moved: Sequence[Moved], *, today: date) -> _Told:
    """Who is told of which work, and for which posts; of drafts only the supervisors know."""
    told: _Told = {}

    def add(person: Holder, department: str, role: Role, work: Moved) -> None:
        _, posts, works = told.setdefault(person.person_id, (person, [], {}))
        works[work.task.id] = work
        post = (department, role, person)
        if post not in posts:
            posts.append(post)

    issued = [one for one in moved if one.task.state is not TaskState.DRAFT]
    liaisons = people_hearing(session, {one.successor.id for one in issued}, Role.LIAISON, today=today)
    for one in issued:
        for person in liaisons[one.successor.id]:
            add(person, one.successor.name, Role.LIAISON, one)
    body_ids = {one.task.body_id for one in moved}
    bodies = session.scalars(select(Department).where(Department.id.in_(body_ids))).all()
    for body in bodies:
        for person in supervisors_hearing(session, body.path, today=today):
            for one in moved:
                if one.task.body_id == body.id:
                    add(person, body.name, Role.SUPERVISOR, one)
    return told


def _facts(work: Moved, plans: Mapping[int, str]) -> dict[str, object]:
    task, branch = work.task, work.assignment
    return {
        "title": task.title,
        "path": f"/tasks/{task.id}",
        "plan": plans[task.plan_id],
        "due_on": branch.due_on.isoformat() if branch.due_on else None,
        "is_ongoing": task.is_ongoing,
        "deadline_origin": task.deadline_origin.value,
        "role": branch.role.value,
        "department": work.successor.name,
        "outcome": label(work.outcome),
    }
