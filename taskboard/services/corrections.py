"""What supervisors correct of a task besides its deadline: its departments, and the document's wording it goes by.

They are acts of the workflow (``Act.CORRECT``) like :func:`taskboard.services.task_acts.correct_deadline`, checked and
recorded in the same way, and raise the same errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Unpack

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotNow
from taskboard.domain.history import Change, Subject
from taskboard.domain.workflow import OWING, Act, AssignmentRole, AssignmentState, TaskState
from taskboard.models import Assignment, Department, HistoryEntry, Measure, Task
from taskboard.services import history, notices
from taskboard.services.cases import Acting, Case, open_case
from taskboard.services.deadlines import set_own_deadline
from taskboard.services.department_names import find_department, match_names
from taskboard.services.lineage import name_measure

CORRECTABLE = frozenset(
    {TaskState.DRAFT, TaskState.ISSUED, TaskState.IN_PROGRESS, TaskState.SUBMITTED, TaskState.SUSPENDED}
)
"""the states from which the workflow's table knows the act"""


def correct_departments(
    session: Session,
    task_id: int,
    *,
    leads: Sequence[int],
    partners: Sequence[int],
    reason: str = "",
    **by: Unpack[Acting],
) -> HistoryEntry:
    """Give the task these lead and partner departments.

    Once it is issued, a department that is added starts at pending and one that is left out ends withdrawn; what the
    others did stays. Of a draft they are simply replaced.
    """
    case = open_case(session, Act.CORRECT, task_id=task_id, **by)
    return case.earlier or _correct_departments(case, leads, partners, reason)


def name_departments(
    session: Session,
    task_id: int,
    *,
    lead: Sequence[str],
    partners: Sequence[str],
    reason: str = "",
    **by: Unpack[Acting],
) -> HistoryEntry:
    """The same by names, as somebody typed them; raises :class:`Invalid` for a name that no department goes by."""
    case = open_case(session, Act.CORRECT, task_id=task_id, **by)
    if case.earlier:
        return case.earlier
    named = match_names(session, [*lead, *partners])

    def find_ids(names: Sequence[str], field: str) -> list[int]:
        found = [named[name] or find_department(session, name, field=field) for name in names]
        return list(dict.fromkeys(one.id for one in found))

    return _correct_departments(case, find_ids(lead, "lead"), find_ids(partners, "partners"), reason)


def _correct_departments(case: Case, leads: Sequence[int], partners: Sequence[int], reason: str = "") -> HistoryEntry:
    reason_given = case.reason(reason)
    roles = dict.fromkeys(leads, AssignmentRole.LEAD) | dict.fromkeys(partners, AssignmentRole.PARTNER)
    departments = _check_departments(case, leads, partners)
    before = _named(case)
    stood = {one.department_id for one in case.assignments if one.state is not AssignmentState.WITHDRAWN}
    case.departments = {**case.departments, **departments}
    concerned = _take_out(case, roles) + _put_in(case, roles)
    # What is decided about the departments is decided about the task: who saw the old ones decides anew.
    flag_modified(case.task, "state")
    case.session.flush()
    entry = case.finish(
        reason=reason_given,
        facts={"departments_before": before, "departments_after": _named(case)},
    )
    if case.situation.state is not TaskState.DRAFT:
        # For a department that comes to it, the task is not changed but new, and waits for its receipt.
        added = [one for one in concerned if one.department_id not in stood and one.state is AssignmentState.PENDING]
        kept = [one for one in case.assignments if one not in concerned and one.state in OWING]
        notices.issued([case], {case.task.id: entry}, only=added)
        notices.changed(case, entry, [*(one for one in concerned if one not in added), *kept])
    return entry


def _check_departments(case: Case, leads: Sequence[int], partners: Sequence[int]) -> dict[int, Department]:
    wanted = {*leads, *partners}
    query = select(Department).where(Department.id.in_(wanted))
    departments = {one.id: one for one in case.session.scalars(query)}
    if len(departments) < len(wanted):
        raise Invalid("departments", "unknown")
    if not leads:
        raise Invalid("lead", "lead_missing")
    for both in sorted(set(leads) & set(partners)):
        raise Invalid("partners", "department_twice", name=departments[both].name)
    standing = {one.department_id for one in case.assignments if one.state is not AssignmentState.WITHDRAWN}
    if any(not departments[one].is_active for one in wanted - standing):
        raise Invalid("departments", "department_inactive")
    for one in sorted(wanted - standing):
        case.check_below(departments[one])
    if case.task.state is not TaskState.DRAFT:
        for one in leads:
            if departments[one].kind is DepartmentKind.COLLECTIVE:
                raise Invalid("lead", "lead_collective", name=departments[one].name)
    return departments


def _named(case: Case) -> dict[str, list[str]]:
    """Who stands on the task, for the record: names by role."""
    standing = [one for one in case.assignments if one.state is not AssignmentState.WITHDRAWN]
    return {
        role.value: [case.departments[one.department_id].name for one in standing if one.role is role]
        for role in AssignmentRole
    }


def _take_out(case: Case, roles: Mapping[int, AssignmentRole]) -> list[Assignment]:
    """The assignments of departments that are not wanted any more."""
    gone = [
        one for one in case.assignments if one.department_id not in roles and one.state is not AssignmentState.WITHDRAWN
    ]
    if case.task.state is TaskState.DRAFT:
        for one in gone:
            case.session.delete(one)
        case.assignments = [one for one in case.assignments if one not in gone]
        case.session.flush()
        return []
    for one in gone:
        one.state = AssignmentState.WITHDRAWN
    return gone


def _put_in(case: Case, roles: Mapping[int, AssignmentRole]) -> list[Assignment]:
    """The assignments of wanted departments that are new to the task, come back to it, or changed their role."""
    known = {one.department_id: one for one in case.assignments}
    changed = []
    for position, (department_id, role) in enumerate(roles.items()):
        one = known.get(department_id)
        if one is None:
            one = Assignment(
                task_id=case.task.id,
                department_id=department_id,
                role=role,
                name_as_written=case.departments[department_id].name,
                is_confirmed=True,
                due_on=case.task.due_on,
            )
            case.session.add(one)
            case.assignments = [*case.assignments, one]
            begin_assignment(case, one)
            changed.append(one)
        elif one.state is AssignmentState.WITHDRAWN:
            one.role, one.is_confirmed = role, True
            begin_assignment(case, one)
            changed.append(one)
        elif one.role is not role:
            one.role, one.is_confirmed = role, True
            if one.state not in OWING | {AssignmentState.OBJECTED}:
                # What it delivered in the other role is not what is owed now.
                begin_assignment(case, one)
            elif case.task.state is not TaskState.DRAFT:
                # Another role is another charge, to which the department may object anew.
                one.issued_at = case.now
            changed.append(one)
        one.position = position
    return changed


def begin_assignment(case: Case, one: Assignment) -> None:
    """Let the department begin with it now: pending, with the task's deadline, and with its own right to object.

    What was recorded of its lateness, when it had the work before, stays: nobody is taken off a task and put back to
    be on time.
    """
    is_collective = case.departments[one.department_id].kind is DepartmentKind.COLLECTIVE
    is_waived = is_collective and case.task.state is not TaskState.DRAFT
    one.state = AssignmentState.WAIVED if is_waived else AssignmentState.PENDING
    one.acknowledged_at = one.submitted_at = one.accepted_at = None
    one.submitted_by_id = one.officer_id = None
    one.issued_at = None if case.task.state is TaskState.DRAFT else case.now
    set_own_deadline(one, case.task.due_on)


def correct_wording(
    session: Session, task_id: int, *, measure: Measure, title: str, reason: str = "", **by: Unpack[Acting]
) -> HistoryEntry:
    """Let the task go by another measure of its plan, as a revised document states it.

    The measure it went by stays as it is; the record says which it was.
    """
    case = open_case(session, Act.CORRECT, task_id=task_id, **by)
    if case.earlier:
        return case.earlier
    reason_given = case.reason(reason)
    facts = {"measures": [case.task.measure_id, measure.id], "titles": [case.task.title, title]}
    case.task.measure_id, case.task.title = measure.id, title
    session.flush()
    name_measure(session, case.assignments, measure.id)
    return case.finish(reason=reason_given, facts=facts)


def discard_draft_task(session: Session, task_id: int, **by: Unpack[Acting]) -> None:
    """Take a draft away that will not be issued; only supervisors ever saw it. Its measure and its record stay."""
    case = open_case(session, Act.CORRECT, task_id=task_id, **by)
    if case.task.state is not TaskState.DRAFT:
        raise NotNow(act=Act.CORRECT, state=case.task.state)
    history.record_change(
        session,
        subject=Subject.TASK,
        subject_id=task_id,
        act=Change.DISCARDED,
        actor=by["actor"],
        now=by["now"],
        entrance=by["entrance"],
        before={"title": case.task.title, "plan_id": case.task.plan_id, "measure_id": case.task.measure_id},
    )
    session.execute(delete(Assignment).where(Assignment.task_id == task_id))
    session.execute(delete(Task).where(Task.id == task_id))
