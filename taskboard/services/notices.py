"""Notices of people's acts: queued in the transaction of the act, addressed through posts, never to who acted.

The facts of each mail carry what its template in ``templates/mail/`` shows; links are paths, to which the renderer adds
the public address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.outbox import MailKind
from taskboard.domain.roles import Role
from taskboard.domain.workflow import OPEN_ASSIGNMENT, AssignmentRole, AssignmentState
from taskboard.models import Assignment, HistoryEntry, Person, Plan, Task
from taskboard.services.answerable import people_answerable, supervisors_of
from taskboard.services.cases import Case
from taskboard.services.outbox import queue_mail
from taskboard.services.people import Holder

MOST_TASKS_IN_A_MAIL = 20


def issued(cases: Sequence[Case], entries: Mapping[int, HistoryEntry]) -> None:
    """Tell each department what was handed to it: one mail a person for the whole batch, whatever plans it is of."""
    if not cases:
        return
    first = cases[0]
    session = first.session
    concerned = [(case, one) for case in cases for one in case.assignments if one.state in OPEN_ASSIGNMENT]
    liaisons = people_answerable(session, {one.department_id for _, one in concerned}, Role.LIAISON, today=first.today)
    received: dict[Holder, list[tuple[Case, Assignment]]] = {}
    for case, one in concerned:
        for person in liaisons[one.department_id] or supervisors_of(
            session, case.situation.body_path, today=case.today
        ):
            received.setdefault(person._replace(is_stand_in=False), []).append((case, one))
    plans = _plan_titles(session, {case.task.plan_id for case in cases})
    batch = min(entries[case.task.id].id for case in cases)
    for person, branches in received.items():
        facts = {
            "actor": first.actor.name,
            "plans": sorted({plans[case.task.plan_id] for case, _ in branches}),
            "total": len(branches),
            "tasks": [_branch_facts(case, one) for case, one in branches[:MOST_TASKS_IN_A_MAIL]],
            "path": "/my-tasks?show=to_acknowledge",
        }
        _queue(first, person, f"issued:{batch}", "issued", facts)


def submitted(case: Case, entry: HistoryEntry) -> None:
    """Tell whoever decides next: the head to sign off, the lead about a partner's, the supervisors about a lead's."""
    one = case.assignment
    if one.state is AssignmentState.HEAD_REVIEW:
        people = _people_of(case, [one], Role.HEAD)
        decision = "sign_off"
    elif one.role is AssignmentRole.PARTNER:
        people = _people_of(case, [lead for lead in case.leads if lead.state in OPEN_ASSIGNMENT], Role.LIAISON)
        decision = "accept"
    else:
        people = supervisors_of(case.session, case.situation.body_path, today=case.today)
        decision = "review"
    _tell(case, entry, people, "submitted", decision=decision, department=_department(case, one), **_late(one))


def accepted(case: Case, entry: HistoryEntry) -> None:
    """Tell a partner that the lead took its submission over."""
    _tell(case, entry, _workers(case, [case.assignment]), "accepted")


def returned(case: Case, entry: HistoryEntry, assignments: Sequence[Assignment]) -> None:
    """Tell those whose submission comes back, why, and by when it is to be corrected."""
    days = {one.due_on.isoformat() for one in assignments if one.due_on}
    _tell(case, entry, _workers(case, assignments), "returned", is_inside=False, correct_by=min(days) if days else None)


def returned_inside(case: Case, entry: HistoryEntry, submitter_id: int | None) -> None:
    """Tell who submitted that the head wants it improved."""
    people = _workers(case, [case.assignment])
    if submitter_id is not None:
        people = [*people, *_holders(case.session, [submitter_id])]
    _tell(case, entry, people, "returned", is_inside=True, correct_by=None)


def closed(case: Case, entry: HistoryEntry) -> None:
    """Tell all departments that took part how the task was closed."""
    took_part = [one for one in case.assignments if one.state is not AssignmentState.WAIVED]
    task = case.task
    _tell(
        case,
        entry,
        _workers(case, took_part),
        "closed",
        closure=task.closure.value if task.closure else None,
        verification=task.verification.value if task.verification else None,
    )


def changed(case: Case, entry: HistoryEntry, assignments: Sequence[Assignment] | None = None) -> None:
    """Tell the departments that the supervisors suspended, resumed, terminated, reopened or corrected the task."""
    if assignments is None:
        assignments = [one for one in case.assignments if one.state in OPEN_ASSIGNMENT]
    before = (entry.before or {}).get("task", {})
    _tell(
        case,
        entry,
        _workers(case, assignments),
        "changed",
        act=entry.act.value,
        due_on_before=before.get("due_on"),
        is_deadline_new="due_on" in before,
        review_on=(entry.after or {}).get("act", {}).get("review_on"),
    )


def dispatched(case: Case, entry: HistoryEntry) -> None:
    """Tell the officer that the assignment is theirs now."""
    officer_id = case.assignment.officer_id
    if officer_id is not None and entry.after is not None:
        people = _holders(case.session, [officer_id])
        _tell(case, entry, people, "dispatched", department=_department(case, case.assignment))


# Who is told


def _workers(case: Case, assignments: Iterable[Assignment]) -> list[Holder]:
    """The liaisons and officers of the branches; the supervisors for a department that has nobody."""
    assignments = list(assignments)
    officers = [one.officer_id for one in assignments if one.officer_id is not None]
    return [*_people_of(case, assignments, Role.LIAISON), *_holders(case.session, officers)]


def _people_of(case: Case, assignments: Iterable[Assignment], role: Role) -> list[Holder]:
    found = people_answerable(case.session, {one.department_id for one in assignments}, role, today=case.today)
    people = [one for holders in found.values() for one in holders]
    if not all(found.values()):
        people += supervisors_of(case.session, case.situation.body_path, today=case.today)
    return people


def _holders(session: Session, person_ids: Iterable[int]) -> list[Holder]:
    query = select(Person.id, Person.name, Person.email).where(Person.id.in_(set(person_ids)), Person.is_active)
    return [Holder(*row) for row in session.execute(query)]


# What they are told


def _tell(case: Case, entry: HistoryEntry, people: Iterable[Holder], template: str, **facts: Any) -> None:
    plan = _plan_titles(case.session, {case.task.plan_id})[case.task.plan_id]
    facts = {
        "actor": case.actor.name,
        "plan": plan,
        "task": _task_facts(case.task),
        "reason": entry.reason,
        "departments": _departments(case),
        "path": f"/tasks/{case.task.id}",
        **facts,
    }
    for person in {one.person_id: one for one in people}.values():
        _queue(case, person, f"act:{entry.id}", template, facts)


def _queue(case: Case, person: Holder, subject: str, template: str, facts: Mapping[str, Any]) -> None:
    if person.email is None or person.person_id == case.actor.person_id:
        return
    queue_mail(
        case.session,
        key=f"{subject}:{person.person_id}",
        kind=MailKind.NOTICE,
        person_id=person.person_id,
        to_address=person.email,
        template=template,
        facts={"person": person.name, **facts},
        now=case.now,
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


def _branch_facts(case: Case, assignment: Assignment) -> dict[str, Any]:
    return {
        **_task_facts(case.task),
        "due_on": assignment.due_on.isoformat() if assignment.due_on else None,
        "role": assignment.role.value,
        "department": _department(case, assignment),
        "departments": _departments(case),
    }


def _department(case: Case, assignment: Assignment) -> str:
    return case.departments[assignment.department_id].name


def _departments(case: Case) -> dict[str, list[str]]:
    """Who else got it: the names by role."""
    return {
        role.value: [_department(case, one) for one in case.assignments if one.role is role] for role in AssignmentRole
    }


def _late(assignment: Assignment) -> dict[str, int]:
    return {"days_late": assignment.days_late}


def _plan_titles(session: Session, plan_ids: Iterable[int]) -> dict[int, str]:
    rows = session.execute(select(Plan.id, Plan.title).where(Plan.id.in_(set(plan_ids))))
    return {row.id: row.title for row in rows}
