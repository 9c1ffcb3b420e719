"""Objections (退单): a department says that an assignment is not its own, and a supervisor decides (裁定).

Acts of the workflow like those in :mod:`taskboard.services.assignment_acts`, checked and recorded in the same way,
with the same errors.
"""

from __future__ import annotations

from datetime import date
from typing import Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.deadlines import Deadline, require_future
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotNow
from taskboard.domain.local_time import local_date
from taskboard.domain.requests import ObjectionResult, check_objection, day_after_objection
from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState, DeadlineOrigin
from taskboard.models import Assignment, Department, HistoryEntry, Objection
from taskboard.services import notices
from taskboard.services.calendar import load_calendar
from taskboard.services.cases import Acting, Case, open_case
from taskboard.services.corrections import begin_assignment
from taskboard.services.deadlines import set_deadline
from taskboard.services.department_names import find_department
from taskboard.services.requests import list_objections, objection_facts


def raise_objection(
    session: Session,
    assignment_id: int,
    *,
    reason: str,
    proposed_department: str = "",
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Say that it is not this department's, and perhaps whose it is; nothing is owed until that is decided."""
    case = open_case(session, Act.OBJECT, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    reason_given = case.reason(reason)
    one = case.assignment
    facts = objection_facts(case.task, one, list_objections(session, [one]))
    check_objection(facts, today=case.today, calendar=load_calendar(session))
    proposed = (
        find_department(session, proposed_department, field="proposed_department") if proposed_department else None
    )
    if proposed is not None and proposed.id == one.department_id:
        raise Invalid("proposed_department", "objection_proposes_itself")
    session.add(
        Objection(
            assignment_id=one.id,
            raised_by_id=case.actor.person_id,
            raised_at=case.now,
            reason=reason_given or "",
            state_before=one.state,
            proposed_department_id=proposed.id if proposed else None,
        )
    )
    one.state = AssignmentState.OBJECTED
    entry = case.finish(reason=reason_given, facts={"proposed": proposed.name} if proposed else None)
    notices.objected(case, entry, proposed=proposed.name if proposed else None)
    return entry


def refuse_objection(session: Session, assignment_id: int, *, reason: str, **by: Unpack[Acting]) -> HistoryEntry:
    """The assignment goes back to what it was, and the department cannot object to it again."""
    case = open_case(session, Act.REFUSE_OBJECTION, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    reason_given = case.reason(reason)
    objection = _open_objection(case)
    case.assignment.state = objection.state_before
    _decide(case, objection, ObjectionResult.REFUSED, reason_given)
    entry = case.finish(reason=reason_given)
    notices.objection_decided(case, entry, new=None)
    return entry


def uphold_objection(
    session: Session,
    assignment_id: int,
    *,
    reason: str,
    department: str = "",
    due_on: date | None = None,
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Take the assignment from the department, and give it to another one that may object in its turn.

    The other one may be left out while a lead remains. Where a lead objected, the task's deadline moves by the working
    days that this took, unless ``due_on`` sets another.
    """
    case = open_case(session, Act.UPHOLD_OBJECTION, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    reason_given = case.reason(reason)
    objection = _open_objection(case)
    other = _find_other(case, department)
    deadline = _deadline_after(case, objection, due_on)
    case.assignment.state = AssignmentState.WITHDRAWN
    if deadline is not None:
        set_deadline(case.task, deadline, followed_by=case.assignments)
    new = _hand_over(case, other) if other else None
    _decide(case, objection, ObjectionResult.UPHELD, reason_given)
    if new is not None:
        session.flush()
        objection.new_assignment_id = new.id
    entry = case.finish(reason=reason_given, facts={"new_department": other.name} if other else None)
    notices.objection_decided(case, entry, new=new)
    return entry


def _open_objection(case: Case) -> Objection:
    query = select(Objection).where(Objection.assignment_id == case.assignment.id, Objection.decided_at.is_(None))
    objection = case.session.scalars(query).one_or_none()
    if objection is None:
        raise NotNow(act=case.act, state=case.assignment.state)
    return objection


def _decide(case: Case, objection: Objection, result: ObjectionResult, reason: str | None) -> None:
    objection.result = result
    objection.decided_by_id, objection.decided_at = case.actor.person_id, case.now
    objection.decision_reason = reason


def _deadline_after(case: Case, objection: Objection, chosen: date | None) -> Deadline | None:
    """The task's deadline once a lead's objection is upheld; none where it stays as it is."""
    task = case.task
    if case.assignment.role is AssignmentRole.PARTNER:
        if chosen is not None:
            raise Invalid("due_on", "objection_of_partner_keeps_day")
        return None
    if chosen is not None:
        require_future("due_on", chosen, case.today)
        return Deadline(chosen, False, DeadlineOrigin.DECIDED)
    if task.due_on is None:
        return None
    raised_on = local_date(objection.raised_at)
    day = case.within_part(day_after_objection(task.due_on, raised_on, case.today, load_calendar(case.session)))
    if day < case.today:
        raise Invalid("due_on", "objection_day_past", day=day)
    return Deadline(day, False, task.deadline_origin)


def _find_other(case: Case, name: str) -> Department | None:
    """The department that is to have it instead; none where nobody need."""
    one = case.assignment
    if not name:
        remaining = [lead for lead in case.leads if lead is not one and lead.state is not AssignmentState.WITHDRAWN]
        if one.role is AssignmentRole.LEAD and not remaining:
            raise Invalid("department", "objection_leaves_no_lead")
        return None
    department = find_department(case.session, name, field="department")
    if department.id == one.department_id:
        raise Invalid("department", "objection_proposes_itself")
    if department.kind is DepartmentKind.COLLECTIVE:
        raise Invalid("department", "department_is_collective")
    if not department.is_active:
        raise Invalid("department", "department_inactive")
    case.check_below(department)
    left = (AssignmentState.WITHDRAWN, AssignmentState.WAIVED)
    standing = {known.department_id: known.role for known in case.assignments if known.state not in left}
    # A partner may become the lead; nobody gets what they have.
    if standing.get(department.id) in (one.role, AssignmentRole.LEAD):
        raise Invalid("department", "department_on_task", name=department.name)
    return department


def _hand_over(case: Case, department: Department) -> Assignment:
    one = case.assignment
    case.departments = {**case.departments, department.id: department}
    new = next((known for known in case.assignments if known.department_id == department.id), None)
    if new is None:
        new = Assignment(
            task_id=case.task.id,
            department_id=department.id,
            role=one.role,
            name_as_written=department.name,
            is_confirmed=True,
            position=one.position,
        )
        case.session.add(new)
        case.assignments = [*case.assignments, new]
    new.role, new.is_confirmed = one.role, True
    begin_assignment(case, new)
    return new
