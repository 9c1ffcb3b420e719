"""What the rows of a scheduled mail say of their reader, and of who else is on the task."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import String, select, type_coerce
from sqlalchemy.orm import Session

from taskboard.domain.digests import FigureCode, Part
from taskboard.domain.permissions import DEPARTMENT_WIDE
from taskboard.domain.reminders import Recipient, Topic
from taskboard.domain.roles import Role
from taskboard.domain.snoozing import SNOOZABLE
from taskboard.domain.workflow import AssignmentRole, AssignmentState
from taskboard.models import Assignment
from taskboard.services.among import among
from taskboard.services.mail_items import Places
from taskboard.services.reminders import Addressed
from taskboard.services.reply_reminders import AddressedReply

STAFF = DEPARTMENT_WIDE | {Role.OFFICER}


def mark_rows(sections: Iterable[dict[str, Any]], addressed: Iterable[Addressed]) -> None:
    """Say in each row of the day how it comes to its reader.

    Who works on it may hear no more of it today; a supervisor reads that nobody of the department is there to hear it.
    """
    own, vacant = set(), set()
    for one in addressed:
        if one.holder.role in STAFF:
            own.add(one.item.assignment_id)
        elif one.holder.role is Role.SUPERVISOR and Recipient.SUPERVISOR not in one.reminder.to:
            vacant.add((str(one.reminder.topic), one.item.assignment_id))
    for section in sections:
        for row in section["rows"]:
            row["may_snooze"] = section["code"] in SNOOZABLE and row.get("assignment_id") in own
            row["is_vacant"] = (section["code"], row.get("assignment_id")) in vacant


def name_the_absent(sections: Iterable[dict[str, Any]], lines: Iterable[Addressed | AddressedReply]) -> None:
    """Say in each row of the day for whom its reader hears of it."""
    names = {_mark_of(one): one.holder.deputy_for for one in lines if one.holder.deputy_for is not None}
    if not names:
        return
    for section in sections:
        for row in section["rows"]:
            mark = (section["code"], row.get("assignment_id"), row.get("instruction_id"))
            if mark in names:
                row["deputy_for"] = names[mark]


def _mark_of(line: Addressed | AddressedReply) -> tuple[str, int | None, int | None]:
    if isinstance(line, Addressed):
        return str(line.reminder.topic), line.item.assignment_id, None
    return str(line.reminder.rule.topic), None, line.reminder.owed.instruction_id


def count_all_overdue(sections: Iterable[dict[str, Any]], parts: Iterable[Part]) -> None:
    """The daily section tells of today's milestones only: where a figure below is larger, it names that, too."""
    figures = (figure.now for part in parts for figure in part.figures if figure.code is FigureCode.OVERDUE)
    all_overdue = max(figures, default=0)
    for section in sections:
        if section["code"] == Topic.OVERDUE and all_overdue > section["count"]:
            section["all"] = all_overdue


def name_departments(session: Session, mails: Iterable[Mapping[str, Any]], departments: DepartmentsOfTasks) -> None:
    """Write into each row of these mails which departments are on the task, so that everybody sees who else got it."""
    all_rows = (row for facts in mails for section in _all_sections(facts) for row in section["rows"])
    # A reply to an instruction is of one department only.
    rows = [row for row in all_rows if "task_id" in row]
    departments.know(session, {row["task_id"] for row in rows})
    for row in rows:
        row["departments"] = departments[row["task_id"]]


def _all_sections(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*facts["sections"], *(section for part in facts["parts"] for section in part["sections"])]


DepartmentNames = dict[str, list[str]]
"""by the role in which they are on a task"""


class DepartmentsOfTasks(dict[int, DepartmentNames]):
    """The names of the departments on each task: looked up once, though the tasks come in the mails of many people."""

    def __init__(self) -> None:
        self._alike: dict[tuple[tuple[str, int], ...], DepartmentNames] = {}

    def know(self, session: Session, task_ids: Collection[int]) -> None:
        asked = sorted(task_ids - self.keys())
        if not asked:
            return
        query = (
            select(Assignment.task_id, type_coerce(Assignment.role, String), Assignment.department_id)
            .where(among(session, Assignment.task_id, asked), Assignment.state != AssignmentState.WITHDRAWN)
            .order_by(Assignment.task_id, Assignment.position, Assignment.id)
        )
        involved: dict[int, list[tuple[str, int]]] = {task_id: [] for task_id in asked}
        for task_id, role, department_id in session.connection().execute(query).all():
            involved[task_id].append((role, department_id))
        places = Places(session)
        places.know({department_id for parts in involved.values() for _, department_id in parts})
        for task_id, parts in involved.items():
            self[task_id] = self._named(tuple(parts), places)

    def _named(self, parts: tuple[tuple[str, int], ...], places: Places) -> DepartmentNames:
        """One object for all tasks with the same departments: there are tens of thousands."""
        if parts not in self._alike:
            names: DepartmentNames = {role.value: [] for role in AssignmentRole}
            for role, department_id in parts:
                names[role].append(places[department_id][0])
            self._alike[parts] = names
        return self._alike[parts]
