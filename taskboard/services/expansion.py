"""Expanding a collective unit (各市人民政府) into its members, so that each owes its own part; also after the issue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState, TaskState
from taskboard.models import Assignment, Department, DepartmentMember, HistoryEntry
from taskboard.services import notices
from taskboard.services.cases import Acting, Case, open_cases
from taskboard.services.corrections import begin_assignment
from taskboard.services.members import belongs_on, members_on


def expand_collective(
    session: Session, task_ids: Iterable[int], *, department_id: int, reason: str = "", **by: Unpack[Acting]
) -> list[HistoryEntry]:
    """Put the members of today in the place of a collective unit on each of these tasks: all of them or none.

    Members take over its role and the name as the document writes it; one that stands on the task already stays once,
    and leads where the unit led. On a task that was issued, they begin at pending now, are told, and the unit stays on
    record as withdrawn. Raises :class:`Invalid` where the unit is not collective or has no members, or the reason is
    missing that the table asks for after the issue; :class:`NotNow` for a task that ended; :class:`NotFound` where a
    task does not name the unit. ``version`` is for one task alone: :class:`Stale` where it changed since.
    """
    wanted = list(dict.fromkeys(task_ids))
    cases = open_cases(session, Act.CORRECT, wanted, **by)
    return [_expand(cases[task_id], department_id, reason, by.get("version")) for task_id in wanted]


def expandable_ids(session: Session, department_ids: Iterable[int], *, today: date) -> set[int]:
    """Which of these departments are collective units with members in use today; one query."""
    query = (
        select(DepartmentMember.group_id)
        .join(Department, Department.id == DepartmentMember.member_id)
        .where(DepartmentMember.group_id.in_(set(department_ids)), belongs_on(today), Department.is_active)
    )
    return set(session.scalars(query))


def _expand(case: Case, department_id: int, reason: str, version: int | None) -> HistoryEntry:
    earlier = case.find_earlier()
    if earlier is not None:
        return earlier
    case.check()
    group = next((one for one in case.assignments if one.department_id == department_id), None)
    if group is None and not _is_collective(case, department_id):
        # Not one that somebody has expanded meanwhile: this task never had it to be expanded.
        raise NotFound(subject="assignment")
    case.check_version(version)
    if group is None or group.state is AssignmentState.WITHDRAWN:
        raise NotFound(subject="assignment")
    members = _members(case, case.departments[department_id])
    reason_given = case.reason(reason)
    facts = {"expanded": department_id, "into": [one.id for one in members]}
    if case.task.state is TaskState.DRAFT:
        _replace_on_draft(case, group, members)
        return case.finish(reason=reason_given, facts=facts)
    added = _add_after_issue(case, group, members)
    entry = case.finish(reason=reason_given, facts=facts)
    notices.issued([case], {case.task.id: entry}, only=added)
    return entry


def _is_collective(case: Case, department_id: int) -> bool:
    department = case.session.get(Department, department_id)
    return department is not None and department.kind is DepartmentKind.COLLECTIVE


def _replace_on_draft(case: Case, group: Assignment, members: Sequence[Department]) -> None:
    assignments = _replaced(case.assignments, group, members)
    case.session.delete(group)
    case.session.flush()
    case.session.add_all(assignments)
    for position, one in enumerate(assignments):
        one.position = position
    # Whoever looks at the draft as it was must not issue it as it is now.
    flag_modified(case.task, "state")
    case.session.flush()
    case.assignments = assignments


def _add_after_issue(case: Case, group: Assignment, members: Sequence[Department]) -> list[Assignment]:
    """Let the members begin that do not stand on the task; gives their assignments."""
    known = {one.department_id: one for one in case.assignments}
    case.departments = {**case.departments, **{one.id: one for one in members}}
    added = []
    for member in members:
        one = known.get(member.id)
        if one is None:
            one = _assignment(group, member)
            one.position = group.position
            case.session.add(one)
            case.assignments = [*case.assignments, one]
        elif one.state is not AssignmentState.WITHDRAWN:
            continue
        one.role = group.role
        begin_assignment(case, one)
        added.append(one)
    group.state = AssignmentState.WITHDRAWN
    flag_modified(case.task, "state")
    case.session.flush()
    return added


def _members(case: Case, unit: Department) -> list[Department]:
    if unit.kind is not DepartmentKind.COLLECTIVE:
        raise Invalid("department", "not_collective", name=unit.name)
    members = [one for one in members_on(case.session, unit.id, case.today) if one.is_active]
    if not members:
        raise Invalid("department", "collective_without_members", name=unit.name)
    return members


def _replaced(assignments: Sequence[Assignment], group: Assignment, members: Sequence[Department]) -> list[Assignment]:
    """The task's assignments in their order, the members in the group's place."""
    standing = {one.department_id: one for one in assignments}
    if group.role is AssignmentRole.LEAD:
        for member in members:
            if member.id in standing:
                standing[member.id].role = AssignmentRole.LEAD
    new = [_assignment(group, member) for member in members if member.id not in standing]
    place = assignments.index(group)
    return [*assignments[:place], *new, *assignments[place + 1 :]]


def _assignment(group: Assignment, member: Department) -> Assignment:
    return Assignment(
        task_id=group.task_id,
        department_id=member.id,
        role=group.role,
        name_as_written=group.name_as_written,
        is_confirmed=True,
        due_on=group.due_on,
    )
