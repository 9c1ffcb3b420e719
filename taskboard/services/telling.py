"""How people are told of an act: one mail to each, with the facts that its template shows.

The facts of each mail carry what its template in ``templates/mail/`` shows, and the posts for which the person gets it;
links are paths, to which the renderer adds the public address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy.orm import Session

from taskboard.domain.absences import deputy_facts, is_reached
from taskboard.domain.outbox import MailKind
from taskboard.domain.permissions import Actor
from taskboard.domain.workflow import AssignmentRole, AssignmentState, DeadlineOrigin, TaskState
from taskboard.models import Assignment, HistoryEntry, Task
from taskboard.services.notice_recipients import Recipient, department_of
from taskboard.services.outbox import queue_mail
from taskboard.services.plan_access import plan_titles

if TYPE_CHECKING:
    from taskboard.services.cases import Case


MOST_TASKS_IN_A_MAIL = 20


class Telling(NamedTuple):
    """In which transaction notices are queued, by whose act and when."""

    session: Session
    actor: Actor
    now: datetime


def tell(telling: Telling, people: Iterable[Recipient], subject: str, template: str, facts: Mapping[str, Any]) -> None:
    """One mail to each of these people, whatever their posts; ``subject`` is what the mail is once about."""
    posts: dict[int, list[Recipient]] = {}
    for one in people:
        posts.setdefault(one.person.person_id, []).append(one)
    for recipients in posts.values():
        _queue(telling, subject, template, recipients, facts)


def tell_of(
    case: Case, entry: HistoryEntry, people: Iterable[Recipient], template: str, *, key: str = "act", **facts: Any
) -> None:
    """One mail to each of these people with what every mail about the task says, and these facts besides."""
    facts = {
        "plan": plan_titles(case.session, {case.task.plan_id})[case.task.plan_id],
        "task": _task_facts(case.task),
        "reason": entry.reason,
        "departments": _departments(case),
        "path": f"/tasks/{case.task.id}",
        **facts,
    }
    tell(Telling(case.session, case.actor, case.now), people, f"{key}:{entry.id}", template, facts)


def queue_for(case: Case, subject: str, template: str, posts: Sequence[Recipient], facts: Mapping[str, Any]) -> bool:
    """The same for one person with these posts; ``False`` where the person acted."""
    return _queue(Telling(case.session, case.actor, case.now), subject, template, posts, facts)


def _queue(telling: Telling, subject: str, template: str, posts: Sequence[Recipient], facts: Mapping[str, Any]) -> bool:
    """Who is away gets it in the product alone, unless through a post for which nobody else is there."""
    person = posts[0].person
    if person.person_id == telling.actor.person_id:
        return False
    named = {
        (one.department, one.role): {
            "department": one.department,
            "role": one.role.value,
            "is_stand_in": one.person.is_stand_in,
            **deputy_facts(one.person.deputy_for),
        }
        for one in posts
    }
    return queue_mail(
        telling.session,
        key=f"{subject}:{person.person_id}",
        kind=MailKind.NOTICE,
        person_id=person.person_id,
        to_address=person.email,
        template=template,
        facts={"person": person.name, "actor": telling.actor.name, "posts": list(named.values()), **facts},
        now=telling.now,
        is_away=not is_reached(one.person for one in posts),
    )


def _task_facts(task: Task) -> dict[str, Any]:
    return {
        "title": task.title,
        "path": f"/tasks/{task.id}",
        "state": task.state.value,
        "due_on": task.due_on.isoformat() if task.due_on else None,
        "is_ongoing": task.is_ongoing,
        "deadline_origin": task.deadline_origin.value,
    }


def own_task_facts(task: Task, assignment: Assignment) -> dict[str, Any]:
    """The task with the day that this branch must keep."""
    facts = {**_task_facts(task), "due_on": assignment.due_on.isoformat() if assignment.due_on else None}
    if assignment.due_on != task.due_on:
        # A day of its own was set by somebody, wherever the task's comes from.
        facts["deadline_origin"] = DeadlineOrigin.DECIDED.value
    return facts


def branch_facts(case: Case, assignment: Assignment) -> dict[str, Any]:
    return {
        **own_task_facts(case.task, assignment),
        "role": assignment.role.value,
        "department": department_of(case, assignment),
        "departments": _departments(case),
    }


def _departments(case: Case) -> dict[str, list[str]]:
    """Who else got it: the names by role."""
    withdrawn = {AssignmentState.WITHDRAWN}
    if case.task.state is TaskState.TERMINATED:
        # The end of a task withdraws them all: those who stood on it until then are named.
        gone = {one.id for one in case.situation.assignments if one.state in withdrawn}
    else:
        gone = {one.id for one in case.assignments if one.state in withdrawn}
    standing = [one for one in case.assignments if one.id not in gone]
    return {role.value: [department_of(case, one) for one in standing if one.role is role] for role in AssignmentRole}
