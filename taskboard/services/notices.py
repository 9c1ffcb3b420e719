"""Notices of people's acts: queued in the transaction of the act, addressed through posts, never to who acted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from taskboard.domain.absences import is_reached
from taskboard.domain.lights import ACKNOWLEDGE_LIMIT
from taskboard.domain.orders import OrderAct, OrderKind
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    OPEN_ASSIGNMENT,
    Act,
    AssignmentRole,
    AssignmentState,
    limit_of,
)
from taskboard.labels.orders import order_number
from taskboard.models import (
    Assignment,
    Extension,
    HistoryEntry,
    SupervisionOrder,
)
from taskboard.services.actors import Holder
from taskboard.services.answerable import officers_hearing, people_hearing
from taskboard.services.calendar import load_calendar
from taskboard.services.history import part_of
from taskboard.services.notice_recipients import (
    Recipient,
    deciding,
    department_of,
    leaders_in_charge,
    officers,
    people_of,
    workers,
)
from taskboard.services.plan_access import plan_titles
from taskboard.services.telling import (
    MOST_TASKS_IN_A_MAIL,
    branch_facts,
    own_task_facts,
    queue_for,
    tell_of,
)

if TYPE_CHECKING:
    from taskboard.services.cases import Case


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
    vacant = [department_of(case, one) for case, one in concerned if not is_reached(liaisons[one.department_id])]
    without_liaison = list(dict.fromkeys(vacant))
    for case, one, recipient in _recipients(concerned, liaisons):
        received.setdefault(recipient.person.person_id, []).append((recipient, case, one))
    plans = plan_titles(first.session, {case.task.plan_id for case in cases})
    batch = min(entries[case.task.id].id for case in cases)
    calendar = load_calendar(first.session)
    people = 0
    for rows in received.values():
        facts = {
            "plans": sorted({plans[case.task.plan_id] for _, case, _ in rows}),
            "total": len(rows),
            "tasks": [branch_facts(case, one) for _, case, one in rows[:MOST_TASKS_IN_A_MAIL]],
            "acknowledge_by": calendar.add(first.today, ACKNOWLEDGE_LIMIT).isoformat(),
            "path": "/my-tasks?show=to_acknowledge",
        }
        people += queue_for(first, f"issued:{batch}", "issued", [recipient for recipient, _, _ in rows], facts)
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
        told = [Recipient(person, Role.LIAISON, department_of(case, one)) for person in people]
        if not is_reached(people):
            if case.task.body_id not in supervisors:
                supervisors[case.task.body_id] = deciding(case)
            told += supervisors[case.task.body_id]
        for recipient in told:
            yield case, one, recipient


def submitted(case: Case, entry: HistoryEntry) -> None:
    """Tell whoever decides next: the head to sign off, the lead about a partner's, the supervisors about a lead's."""
    one = case.assignment
    if one.state is AssignmentState.HEAD_REVIEW:
        people, decision = people_of(case, [one], Role.HEAD), "sign_off"
    elif one.role is AssignmentRole.PARTNER:
        leads = [lead for lead in case.leads if lead.state in OPEN_ASSIGNMENT]
        people, decision = people_of(case, leads, Role.LIAISON), "accept"
    else:
        people, decision = deciding(case), "review"
    tell_of(
        case,
        entry,
        people,
        "submitted",
        decision=decision,
        department=department_of(case, one),
        days_late=one.days_late,
    )


def accepted(case: Case, entry: HistoryEntry) -> None:
    """Tell a partner that the lead took its submission over."""
    tell_of(case, entry, workers(case, [case.assignment]), "accepted", department=department_of(case, case.assignment))


def returned(case: Case, entry: HistoryEntry, assignments: Sequence[Assignment]) -> None:
    """Tell those whose submission comes back, why, and by when it is to be corrected."""
    days = [one.due_on.isoformat() for one in assignments if one.due_on]
    tell_of(
        case, entry, workers(case, assignments), "returned", is_inside=False, correct_by=min(days) if days else None
    )


def returned_inside(case: Case, entry: HistoryEntry) -> None:
    """Tell the department's liaison and officer that the head wants it improved."""
    tell_of(case, entry, workers(case, [case.assignment]), "returned", is_inside=True, correct_by=None)


def closed(case: Case, entry: HistoryEntry) -> None:
    """Tell all departments that took part how the task was closed."""
    took_part = [one for one in case.assignments if one.state is not AssignmentState.WAIVED]
    task = case.task
    tell_of(
        case,
        entry,
        workers(case, took_part),
        "closed",
        closure=task.closure.value if task.closure else None,
        verification=task.verification.value if task.verification else None,
    )


def changed(case: Case, entry: HistoryEntry, assignments: Sequence[Assignment] | None = None) -> None:
    """Tell the departments that the supervisors suspended, resumed, terminated, reopened or corrected the task."""
    if assignments is None:
        assignments = [one for one in case.assignments if one.state in OPEN_ASSIGNMENT]
    before = (entry.before or {}).get("task", {})
    tell_of(
        case,
        entry,
        workers(case, assignments),
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
        name = department_of(below, one)
        people = [Recipient(person, Role.LIAISON, name) for person in liaisons[one.department_id]]
        people += [Recipient(person, Role.OFFICER, name) for person in officers.get(one.officer_id or 0, ())]
        for recipient in people:
            received.setdefault(recipient.person.person_id, []).append((recipient, below, one))
    plan = plan_titles(case.session, {case.task.plan_id})[case.task.plan_id]
    for rows in received.values():
        tasks = {
            below.task.id: {**branch_facts(below, one), "plan": plan, "act": below.act.value} for _, below, one in rows
        }
        facts = {
            "above": case.task.title,
            "reason": entry.reason,
            "total": len(tasks),
            "tasks": list(tasks.values())[:MOST_TASKS_IN_A_MAIL],
            "path": "/my-tasks",
        }
        queue_for(case, f"carried:{entry.id}", "carried", [recipient for recipient, _, _ in rows], facts)


def _works_on(below: Case, one: Assignment) -> bool:
    """Whether the branch had something to do before the sub-task followed."""
    before = next(known for known in below.situation.assignments if known.id == one.id)
    return before.state in OPEN_ASSIGNMENT


def brought_forward(case: Case, entry: HistoryEntry) -> None:
    """Tell a partner that the lead set it a day of its own."""
    one = case.assignment
    before = (entry.before or {}).get(part_of(one), {})
    tell_of(
        case,
        entry,
        workers(case, [one]),
        "changed",
        task=own_task_facts(case.task, one),
        act=entry.act.value,
        is_deadline_new="due_on" in before,
        due_on_before=before.get("due_on"),
        review_on=None,
    )


def objected(case: Case, entry: HistoryEntry, *, proposed: str | None) -> None:
    """Tell the supervisors that a department objects, and until when to decide."""
    tell_of(
        case,
        entry,
        deciding(case),
        "objected",
        department=department_of(case, case.assignment),
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
        "department": department_of(case, one),
        "new_department": department_of(case, new) if new else None,
        "task": own_task_facts(case.task, new or one),
    }
    people = [*workers(case, [one]), *people_of(case, [one], Role.HEAD)]
    tell_of(case, entry, people, "objection_decided", **facts)
    if new is not None:
        limit = load_calendar(case.session).add(case.today, limit_of(Act.ACKNOWLEDGE))
        tell_of(
            case,
            entry,
            people_of(case, [new], Role.LIAISON),
            "handed_over",
            key="handed_over",
            **facts,
            role=new.role.value,
            acknowledge_by=limit.isoformat(),
        )


def extension_asked(case: Case, entry: HistoryEntry, *, asked_due_on: date, progress: str) -> None:
    """Tell the supervisors that a department asks for more time, and until when to decide."""
    tell_of(
        case,
        entry,
        deciding(case),
        "extension_asked",
        task=own_task_facts(case.task, case.assignment),
        department=department_of(case, case.assignment),
        asked_due_on=asked_due_on.isoformat(),
        progress=progress,
        decide_by=_decide_by(case, Act.GRANT_EXTENSION),
    )


def extension_decided(case: Case, entry: HistoryEntry, request: Extension, moved: Sequence[Assignment]) -> None:
    """Tell the department what became of its request, and the others whose deadline moved with it."""
    one = case.assignment
    others = [other for other in moved if other is not one and other.state in OPEN_ASSIGNMENT]
    people = [*people_of(case, [one], Role.HEAD), *workers(case, [one, *others])]
    tell_of(
        case,
        entry,
        people,
        "extension_decided",
        task=own_task_facts(case.task, one),
        department=department_of(case, one),
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
        people += leaders_in_charge(case)
    _tell_of_order(case, entry, order, people, "ordered", reason=order.text)


def order_replied(case: Case, entry: HistoryEntry, order: SupervisionOrder) -> None:
    """Tell the supervisors what the department replied."""
    _tell_of_order(case, entry, order, deciding(case), "order_replied", reason=order.reply)


def order_decided(case: Case, entry: HistoryEntry, order: SupervisionOrder, act: OrderAct) -> None:
    """Tell the department that its reply was enough or not, or that the order was withdrawn."""
    _tell_of_order(case, entry, order, _people_of_order(case), "order_decided", reason=order.decision, act=act.value)


def _people_of_order(case: Case) -> list[Recipient]:
    return [*people_of(case, [case.assignment], Role.HEAD), *people_of(case, [case.assignment], Role.LIAISON)]


def _tell_of_order(
    case: Case, entry: HistoryEntry, order: SupervisionOrder, people: Iterable[Recipient], template: str, **facts: Any
) -> None:
    tell_of(
        case,
        entry,
        people,
        template,
        key="order",
        task=own_task_facts(case.task, case.assignment),
        department=department_of(case, case.assignment),
        kind=order.kind.value,
        number=order_number(order.kind, order.year, order.number),
        reply_by=order.due_on.isoformat(),
        path=f"/orders/{order.id}",
        **facts,
    )


def dispatched(case: Case, entry: HistoryEntry) -> None:
    """Tell the officer that the assignment is theirs now."""
    if entry.after is not None:
        tell_of(
            case,
            entry,
            officers(case, [case.assignment]),
            "dispatched",
            department=department_of(case, case.assignment),
        )
