"""Notices of people's acts: queued in the transaction of the act, addressed through posts, never to who acted.

The facts of each mail carry what its template in ``templates/mail/`` shows, and the posts for which the person gets it;
links are paths, to which the renderer adds the public address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.absences import deputy_facts, is_reached, with_deputies
from taskboard.domain.lights import ACKNOWLEDGE_LIMIT
from taskboard.domain.orders import OrderAct, OrderKind
from taskboard.domain.outbox import MailKind
from taskboard.domain.permissions import DEPARTMENT_WIDE, Actor, Post, may_see_task
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    OPEN_ASSIGNMENT,
    Act,
    AssignmentRole,
    AssignmentState,
    DeadlineOrigin,
    TaskState,
    limit_of,
)
from taskboard.labels.orders import order_number
from taskboard.models import (
    Assignment,
    Department,
    Extension,
    HistoryEntry,
    Person,
    PersonPost,
    Plan,
    SupervisionOrder,
    Task,
)
from taskboard.services.absences import load_away
from taskboard.services.actors import Holder, held_on, load_portfolios
from taskboard.services.answerable import officers_hearing, people_hearing, supervisors_hearing
from taskboard.services.calendar import load_calendar
from taskboard.services.history import part_of
from taskboard.services.outbox import queue_mail

if TYPE_CHECKING:
    from taskboard.services.cases import Case

MOST_TASKS_IN_A_MAIL = 20


class Recipient(NamedTuple):
    """Somebody who is told, and the post for which they are."""

    person: Holder
    role: Role
    department: str


class Told(NamedTuple):
    """Whom the notices of an issue reached, and whom they could not."""

    people: int
    """how many were told; who acted is not"""
    without_address: list[str]
    """names of those among them who got no mail, only a message in the product"""
    without_liaison: list[str]
    """departments for which the supervisors stand in"""


NOBODY_TOLD = Told(0, [], [])


def issued(
    cases: Sequence[Case], entries: Mapping[int, HistoryEntry], *, only: Sequence[Assignment] | None = None
) -> Told:
    """Tell each department what was handed to it: one mail to a person for the whole batch.

    ``only`` are the assignments that are new where a department comes to a task that was issued before.
    """
    if not cases:
        return NOBODY_TOLD
    first = cases[0]
    received: dict[int, list[tuple[Recipient, Case, Assignment]]] = {}
    wanted = [(case, one) for case in cases for one in case.assignments if only is None or one in only]
    concerned = [(case, one) for case, one in wanted if one.state in OPEN_ASSIGNMENT]
    liaisons = people_hearing(
        first.session, {one.department_id for _, one in concerned}, Role.LIAISON, today=first.today
    )
    vacant = [_department(case, one) for case, one in concerned if not is_reached(liaisons[one.department_id])]
    without_liaison = list(dict.fromkeys(vacant))
    for case, one, recipient in _recipients(concerned, liaisons):
        received.setdefault(recipient.person.person_id, []).append((recipient, case, one))
    plans = _plan_titles(first.session, {case.task.plan_id for case in cases})
    batch = min(entries[case.task.id].id for case in cases)
    calendar = load_calendar(first.session)
    people = 0
    for rows in received.values():
        facts = {
            "plans": sorted({plans[case.task.plan_id] for _, case, _ in rows}),
            "total": len(rows),
            "tasks": [_branch_facts(case, one) for _, case, one in rows[:MOST_TASKS_IN_A_MAIL]],
            "acknowledge_by": calendar.add(first.today, ACKNOWLEDGE_LIMIT).isoformat(),
            "path": "/my-tasks?show=to_acknowledge",
        }
        people += _queue(first, f"issued:{batch}", "issued", [recipient for recipient, _, _ in rows], facts)
    return Told(people, _without_address(first, received.values()), without_liaison)


def _without_address(case: Case, received: Iterable[Sequence[tuple[Recipient, Case, Assignment]]]) -> list[str]:
    people = [rows[0][0].person for rows in received]
    return [
        one.name for one in people if one.email is None and not one.is_away and one.person_id != case.actor.person_id
    ]


def _recipients(
    concerned: Iterable[tuple[Case, Assignment]], liaisons: Mapping[int, Sequence[Holder]]
) -> Iterable[tuple[Case, Assignment, Recipient]]:
    supervisors: dict[int, list[Recipient]] = {}
    for case, one in concerned:
        people = liaisons[one.department_id]
        told = [Recipient(person, Role.LIAISON, _department(case, one)) for person in people]
        if not is_reached(people):
            if case.task.body_id not in supervisors:
                supervisors[case.task.body_id] = _supervisors(case)
            told += supervisors[case.task.body_id]
        for recipient in told:
            yield case, one, recipient


def submitted(case: Case, entry: HistoryEntry) -> None:
    """Tell whoever decides next: the head to sign off, the lead about a partner's, the supervisors about a lead's."""
    one = case.assignment
    if one.state is AssignmentState.HEAD_REVIEW:
        people, decision = _people_of(case, [one], Role.HEAD), "sign_off"
    elif one.role is AssignmentRole.PARTNER:
        leads = [lead for lead in case.leads if lead.state in OPEN_ASSIGNMENT]
        people, decision = _people_of(case, leads, Role.LIAISON), "accept"
    else:
        people, decision = _supervisors(case), "review"
    _tell(
        case,
        entry,
        people,
        "submitted",
        decision=decision,
        department=_department(case, one),
        days_late=one.days_late,
    )


def accepted(case: Case, entry: HistoryEntry) -> None:
    """Tell a partner that the lead took its submission over."""
    _tell(case, entry, _workers(case, [case.assignment]), "accepted", department=_department(case, case.assignment))


def returned(case: Case, entry: HistoryEntry, assignments: Sequence[Assignment]) -> None:
    """Tell those whose submission comes back, why, and by when it is to be corrected."""
    days = [one.due_on.isoformat() for one in assignments if one.due_on]
    _tell(case, entry, _workers(case, assignments), "returned", is_inside=False, correct_by=min(days) if days else None)


def returned_inside(case: Case, entry: HistoryEntry) -> None:
    """Tell the department's liaison and officer that the head wants it improved."""
    _tell(case, entry, _workers(case, [case.assignment]), "returned", is_inside=True, correct_by=None)


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
        is_deadline_new="due_on" in before,
        due_on_before=before.get("due_on"),
        review_on=(entry.after or {}).get("act", {}).get("review_on"),
    )


def carried(case: Case, entry: HistoryEntry, followers: Sequence[Case]) -> None:
    """Tell who works on sub-tasks that they followed the task above: one mail to a person for all of them."""
    concerned = [(below, one) for below in followers for one in below.assignments if _works_on(below, one)]
    departments = {one.department_id for _, one in concerned}
    liaisons = people_hearing(case.session, departments, Role.LIAISON, today=case.today)
    working = {one.officer_id: one.department_id for _, one in concerned if one.officer_id is not None}
    officers = officers_hearing(case.session, working, today=case.today)
    received: dict[int, list[tuple[Recipient, Case, Assignment]]] = {}
    for below, one in concerned:
        name = _department(below, one)
        people = [Recipient(person, Role.LIAISON, name) for person in liaisons[one.department_id]]
        people += [Recipient(person, Role.OFFICER, name) for person in officers.get(one.officer_id or 0, ())]
        for recipient in people:
            received.setdefault(recipient.person.person_id, []).append((recipient, below, one))
    plan = _plan_titles(case.session, {case.task.plan_id})[case.task.plan_id]
    for rows in received.values():
        tasks = {
            below.task.id: {**_branch_facts(below, one), "plan": plan, "act": below.act.value} for _, below, one in rows
        }
        facts = {
            "above": case.task.title,
            "reason": entry.reason,
            "total": len(tasks),
            "tasks": list(tasks.values())[:MOST_TASKS_IN_A_MAIL],
            "path": "/my-tasks",
        }
        _queue(case, f"carried:{entry.id}", "carried", [recipient for recipient, _, _ in rows], facts)


def _works_on(below: Case, one: Assignment) -> bool:
    """Whether the branch had something to do before the sub-task followed."""
    before = next(known for known in below.situation.assignments if known.id == one.id)
    return before.state in OPEN_ASSIGNMENT


def brought_forward(case: Case, entry: HistoryEntry) -> None:
    """Tell a partner that the lead set it a day of its own."""
    one = case.assignment
    before = (entry.before or {}).get(part_of(one), {})
    _tell(
        case,
        entry,
        _workers(case, [one]),
        "changed",
        task=_own_task_facts(case.task, one),
        act=entry.act.value,
        is_deadline_new="due_on" in before,
        due_on_before=before.get("due_on"),
        review_on=None,
    )


def objected(case: Case, entry: HistoryEntry, *, proposed: str | None) -> None:
    """Tell the supervisors that a department objects, and until when to decide."""
    _tell(
        case,
        entry,
        _supervisors(case),
        "objected",
        department=_department(case, case.assignment),
        role=case.assignment.role.value,
        proposed=proposed,
        decide_by=_decide_by(case, Act.UPHOLD_OBJECTION),
    )


def objection_decided(case: Case, entry: HistoryEntry, *, new: Assignment | None) -> None:
    """Tell the department what became of its objection, and another one that the assignment is now its own."""
    one = case.assignment
    is_upheld = one.state is AssignmentState.WITHDRAWN
    facts: dict[str, Any] = {
        "is_upheld": is_upheld,
        "department": _department(case, one),
        "new_department": _department(case, new) if new else None,
        "task": _own_task_facts(case.task, new or one),
    }
    people = [*_workers(case, [one]), *_people_of(case, [one], Role.HEAD)]
    _tell(case, entry, people, "objection_decided", **facts)
    if new is not None:
        limit = load_calendar(case.session).add(case.today, limit_of(Act.ACKNOWLEDGE))
        _tell(
            case,
            entry,
            _people_of(case, [new], Role.LIAISON),
            "handed_over",
            key="handed_over",
            **facts,
            role=new.role.value,
            acknowledge_by=limit.isoformat(),
        )


def extension_asked(case: Case, entry: HistoryEntry, *, asked_due_on: date, progress: str) -> None:
    """Tell the supervisors that a department asks for more time, and until when to decide."""
    _tell(
        case,
        entry,
        _supervisors(case),
        "extension_asked",
        task=_own_task_facts(case.task, case.assignment),
        department=_department(case, case.assignment),
        asked_due_on=asked_due_on.isoformat(),
        progress=progress,
        decide_by=_decide_by(case, Act.GRANT_EXTENSION),
    )


def extension_decided(case: Case, entry: HistoryEntry, request: Extension, moved: Sequence[Assignment]) -> None:
    """Tell the department what became of its request, and the others whose deadline moved with it."""
    one = case.assignment
    others = [other for other in moved if other is not one and other.state in OPEN_ASSIGNMENT]
    people = [*_people_of(case, [one], Role.HEAD), *_workers(case, [one, *others])]
    _tell(
        case,
        entry,
        people,
        "extension_decided",
        task=_own_task_facts(case.task, one),
        department=_department(case, one),
        result=request.result.value if request.result else None,
        due_on_before=request.due_on.isoformat(),
        asked_due_on=request.asked_due_on.isoformat(),
    )


def _decide_by(case: Case, act: Act) -> str:
    return load_calendar(case.session).add(case.today, limit_of(act)).isoformat()


def ordered(case: Case, entry: HistoryEntry, order: SupervisionOrder) -> None:
    """Tell the department's head and liaison of a formal order, and of a red one the leaders in charge, too."""
    people = _people_of_order(case)
    if order.kind is OrderKind.RED:
        people += _leaders(case)
    _tell_of_order(case, entry, order, people, "ordered", reason=order.text)


def order_replied(case: Case, entry: HistoryEntry, order: SupervisionOrder) -> None:
    """Tell the supervisors what the department replied."""
    _tell_of_order(case, entry, order, _supervisors(case), "order_replied", reason=order.reply)


def order_decided(case: Case, entry: HistoryEntry, order: SupervisionOrder, act: OrderAct) -> None:
    """Tell the department that its reply was enough or not, or that the order was withdrawn."""
    _tell_of_order(case, entry, order, _people_of_order(case), "order_decided", reason=order.decision, act=act.value)


def _people_of_order(case: Case) -> list[Recipient]:
    return [*_people_of(case, [case.assignment], Role.HEAD), *_people_of(case, [case.assignment], Role.LIAISON)]


def _tell_of_order(
    case: Case, entry: HistoryEntry, order: SupervisionOrder, people: Iterable[Recipient], template: str, **facts: Any
) -> None:
    _tell(
        case,
        entry,
        people,
        template,
        key="order",
        task=_own_task_facts(case.task, case.assignment),
        department=_department(case, case.assignment),
        kind=order.kind.value,
        number=order_number(order.kind, order.year, order.number),
        reply_by=order.due_on.isoformat(),
        path=f"/orders/{order.id}",
        **facts,
    )


def _leaders(case: Case) -> list[Recipient]:
    """The leaders in charge of the task: those whose portfolio, or the place of whose post, has it."""
    held = (
        select(Person.id, Person.name, Person.email, Department.id, Department.name, Department.path)
        .join(PersonPost, PersonPost.person_id == Person.id)
        .join(Department, Department.id == PersonPost.department_id)
        .where(PersonPost.role == Role.LEADER, Person.is_active, held_on(case.today))
        .order_by(Person.id, Department.id)
    )
    rows = case.session.execute(held).all()
    portfolios = load_portfolios(case.session, {row[0] for row in rows})
    leading = {
        (person_id, department): Holder(person_id, name, email)
        for person_id, name, email, department_id, department, path in rows
        if may_see_task(
            Actor(person_id, name, (Post(Role.LEADER, department_id, path),), portfolios.get(person_id)),
            case.situation,
        )
    }
    others = {person_id: leader for (person_id, _), leader in leading.items()}
    return [
        Recipient(one, Role.LEADER, department)
        for (_, department), leader in leading.items()
        for one in leader_hearing(case.session, leader, case.situation.body_path, today=case.today, others=others)
    ]


def leader_hearing(
    session: Session, leader: Holder, path: str, *, today: date, others: Mapping[int, Holder] | None = None
) -> list[Holder]:
    """Who hears what is a leader's: the deputy, too, while the leader is away.

    The deputy has to be one of the ``others`` who see the matter, or to supervise the body at ``path``. Without one
    the leader gets the mail all the same.
    """
    away = load_away(session, today)
    if leader.person_id not in away:
        return [leader]
    may_hear = {**{one.person_id: one for one in supervisors_hearing(session, path, today=today)}, **(others or {})}
    heard = with_deputies([leader], away, lambda _absent, deputy_id: may_hear.get(deputy_id))
    return heard if is_reached(heard) else [leader]


def dispatched(case: Case, entry: HistoryEntry) -> None:
    """Tell the officer that the assignment is theirs now."""
    if entry.after is not None:
        _tell(
            case, entry, _officers(case, [case.assignment]), "dispatched", department=_department(case, case.assignment)
        )


# Who is told


def answering(session: Session, names: Mapping[int, str], *, body: Department | None, today: date) -> list[Recipient]:
    """Heads and liaisons of the departments of these ids; the body's supervisors, if asked, where one has neither."""
    people: list[Recipient] = []
    answered: set[int] = set()
    for role in sorted(DEPARTMENT_WIDE):
        for department_id, holders in people_hearing(session, names, role, today=today).items():
            people += [Recipient(person, role, names[department_id]) for person in holders]
            answered |= {department_id} if is_reached(holders) else set()
    if body is None or answered >= set(names):
        return people
    return [*people, *supervising(session, body, today=today)]


def supervising(session: Session, body: Department, *, today: date) -> list[Recipient]:
    """The supervisors of a body and of those above it."""
    holders = supervisors_hearing(session, body.path, today=today)
    return [Recipient(person, Role.SUPERVISOR, body.name) for person in holders]


def _workers(case: Case, assignments: Iterable[Assignment]) -> list[Recipient]:
    """The liaisons and officers of the branches; the supervisors for a department that has nobody."""
    assignments = list(assignments)
    return [*_people_of(case, assignments, Role.LIAISON), *_officers(case, assignments)]


def _people_of(case: Case, assignments: Iterable[Assignment], role: Role) -> list[Recipient]:
    departments = {one.department_id: _department(case, one) for one in assignments}
    found = people_hearing(case.session, departments, role, today=case.today)
    people = [
        Recipient(person, role, departments[department_id])
        for department_id, holders in found.items()
        for person in holders
    ]
    return people if all(map(is_reached, found.values())) else [*people, *_supervisors(case)]


def _officers(case: Case, assignments: Iterable[Assignment]) -> list[Recipient]:
    working = {one.officer_id: one for one in assignments if one.officer_id is not None}
    departments = {officer_id: one.department_id for officer_id, one in working.items()}
    found = officers_hearing(case.session, departments, today=case.today)
    return [
        Recipient(person, Role.OFFICER, _department(case, working[officer_id]))
        for officer_id, people in found.items()
        for person in people
    ]


def _supervisors(case: Case) -> list[Recipient]:
    """Who decides about the task: of a sub-task, head and liaison of the department that split its part."""
    if case.lineage:
        above = case.departments[case.lineage[0].department_id]
        deciding = answering(case.session, {above.id: above.name}, body=None, today=case.today)
        if is_reached(one.person for one in deciding):
            return deciding
    holders = supervisors_hearing(case.session, case.situation.body_path, today=case.today)
    return [Recipient(person, Role.SUPERVISOR, case.departments[case.task.body_id].name) for person in holders]


# What they are told


def _tell(
    case: Case, entry: HistoryEntry, people: Iterable[Recipient], template: str, *, key: str = "act", **facts: Any
) -> None:
    facts = {
        "plan": _plan_titles(case.session, {case.task.plan_id})[case.task.plan_id],
        "task": _task_facts(case.task),
        "reason": entry.reason,
        "departments": _departments(case),
        "path": f"/tasks/{case.task.id}",
        **facts,
    }
    tell(Telling(case.session, case.actor, case.now), people, f"{key}:{entry.id}", template, facts)


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
        _queue_one(telling, subject, template, recipients, facts)


def _queue(case: Case, subject: str, template: str, posts: Sequence[Recipient], facts: Mapping[str, Any]) -> bool:
    return _queue_one(Telling(case.session, case.actor, case.now), subject, template, posts, facts)


def _queue_one(
    telling: Telling, subject: str, template: str, posts: Sequence[Recipient], facts: Mapping[str, Any]
) -> bool:
    """One message to the person behind these posts; ``False`` where the person acted.

    Who is away gets it in the product alone, unless it comes to them through a post for which nobody else is there.
    """
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


def _own_task_facts(task: Task, assignment: Assignment) -> dict[str, Any]:
    """The task with the day that this branch must keep."""
    facts = {**_task_facts(task), "due_on": assignment.due_on.isoformat() if assignment.due_on else None}
    if assignment.due_on != task.due_on:
        # A day of its own was set by somebody, wherever the task's comes from.
        facts["deadline_origin"] = DeadlineOrigin.DECIDED.value
    return facts


def _branch_facts(case: Case, assignment: Assignment) -> dict[str, Any]:
    return {
        **_own_task_facts(case.task, assignment),
        "role": assignment.role.value,
        "department": _department(case, assignment),
        "departments": _departments(case),
    }


def _department(case: Case, assignment: Assignment) -> str:
    return case.departments[assignment.department_id].name


def _departments(case: Case) -> dict[str, list[str]]:
    """Who else got it: the names by role."""
    withdrawn = {AssignmentState.WITHDRAWN}
    if case.task.state is TaskState.TERMINATED:
        # The end of a task withdraws them all: those who stood on it until then are named.
        gone = {one.id for one in case.situation.assignments if one.state in withdrawn}
    else:
        gone = {one.id for one in case.assignments if one.state in withdrawn}
    standing = [one for one in case.assignments if one.id not in gone]
    return {role.value: [_department(case, one) for one in standing if one.role is role] for role in AssignmentRole}


def _plan_titles(session: Session, plan_ids: Iterable[int]) -> dict[int, str]:
    rows = session.execute(select(Plan.id, Plan.title).where(Plan.id.in_(set(plan_ids))))
    return {row.id: row.title for row in rows}
