"""Splitting a department's part of a task into sub-tasks for the departments below it (逐级分解), and how far they are.

An act of the workflow like those in :mod:`taskboard.services.assignment_acts`, checked and recorded in the same way,
with the same errors. What happens to sub-tasks with their part is in :mod:`taskboard.services.carrying`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, Unpack

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session, aliased

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import Deadline, is_overdue, require_future
from taskboard.domain.decomposition import (
    LARGEST_WEIGHT,
    MOST_SUBTASKS_AT_ONCE,
    RollUp,
    SubtaskFacts,
    check_day,
    percent_reached,
    roll_up,
)
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotAllowed, NotNow
from taskboard.domain.lights import Judgement
from taskboard.domain.permissions import Actor
from taskboard.domain.workflow import (
    ASSIGNMENT_MOVES,
    Act,
    AssignmentRole,
    AssignmentState,
    DeadlineOrigin,
    TaskState,
)
from taskboard.models import Assignment, Department, HistoryEntry, Plan, Task, TaskLineage
from taskboard.services import notices
from taskboard.services.cases import Acting, Case, check_below, open_case, open_cases
from taskboard.services.issuing import issue_case
from taskboard.services.lights import LIGHT_COLUMNS, light_of
from taskboard.services.paging import Page, fetch_page
from taskboard.services.visibility import visible_tasks

if TYPE_CHECKING:
    from taskboard.services.tasks import Branch

SUBTASKS_PER_PAGE = 50
LONGEST_TITLE = 300


@dataclass(frozen=True)
class SubtaskOrder:
    """One sub-task as it is to be; without a day it is due when the part is."""

    department_id: int
    title: str = ""
    """without one it has the title of the task above"""
    due_on: date | None = None
    weight: int = 1


class SubtaskRefused(Invalid):
    """One of several sub-tasks cannot be as it was asked for; ``number`` counts them from 0."""

    def __init__(self, number: int, refusal: Invalid) -> None:
        facts = {name: value for name, value in refusal.facts.items() if name not in ("field", "problem")}
        super().__init__(refusal.field, refusal.problem, **facts)
        self.number = number


def decompose(
    session: Session, assignment_id: int, *, orders: Sequence[SubtaskOrder], **by: Unpack[Acting]
) -> HistoryEntry:
    """Split the assignment into sub-tasks, which are issued at once: all of them or none.

    Each goes to a department below, keeps the source of the task above and is due with the assignment at the latest.
    Raises :class:`SubtaskRefused` for one that cannot be so.
    """
    case = open_case(session, Act.DECOMPOSE, assignment_id=assignment_id, **by)
    if case.earlier:
        return case.earlier
    if not orders:
        raise Invalid("orders", "subtasks_missing")
    if len(orders) > MOST_SUBTASKS_AT_ONCE:
        raise Invalid("orders", "subtasks_too_many", most=MOST_SUBTASKS_AT_ONCE)
    query = select(Department).where(Department.id.in_({one.department_id for one in orders}))
    departments = {one.id: one for one in session.scalars(query)}
    for number, order in enumerate(orders):
        try:
            _check(case, order, departments.get(order.department_id))
        except Invalid as refusal:
            raise SubtaskRefused(number, refusal) from None
    tasks = _make(case, orders, departments)
    entry = case.finish(facts={"subtasks": [one.id for one in tasks]})
    _issue(case, tasks, by)
    return entry


def check_permission(part: Branch) -> None:
    """Raise :class:`NotAllowed` or :class:`NotNow` where who sees this part may not split it now."""
    if Act.DECOMPOSE in part.acts:
        return
    if (part.state, Act.DECOMPOSE) in ASSIGNMENT_MOVES:
        raise NotAllowed(act=Act.DECOMPOSE)
    raise NotNow(act=Act.DECOMPOSE, state=part.state)


def _check(case: Case, order: SubtaskOrder, department: Department | None) -> None:
    part = case.assignment
    if department is None:
        raise Invalid("department", "subtask_department_missing")
    check_below(department, case.departments[part.department_id])
    if department.kind is DepartmentKind.COLLECTIVE:
        raise Invalid("department", "lead_collective", name=department.name)
    if not department.is_active:
        raise Invalid("department", "department_inactive")
    if len(order.title) > LONGEST_TITLE:
        raise Invalid("title", "too_long", limit=LONGEST_TITLE)
    if not 1 <= order.weight <= LARGEST_WEIGHT:
        raise Invalid("weight", "subtask_weight", most=LARGEST_WEIGHT)
    if order.due_on is not None:
        require_future("due_on", order.due_on, case.today)
        check_day("due_on", order.due_on, part_due_on=part.due_on, today=case.today)


def _make(case: Case, orders: Sequence[SubtaskOrder], departments: Mapping[int, Department]) -> list[Task]:
    """The sub-tasks as drafts, with their assignments and where they come from."""
    session, part = case.session, case.assignment
    tasks = [_task(case, order) for order in orders]
    session.add_all(tasks)
    session.flush()
    lineage = [part.id, *(one.id for one in case.lineage)]
    for task, order in zip(tasks, orders, strict=True):
        session.add(
            Assignment(
                task_id=task.id,
                department_id=order.department_id,
                role=AssignmentRole.LEAD,
                name_as_written=departments[order.department_id].name,
                is_confirmed=True,
                due_on=task.due_on,
            )
        )
        session.add_all(
            TaskLineage(task_id=task.id, assignment_id=one, distance=distance)
            for distance, one in enumerate(lineage, start=1)
        )
    session.flush()
    return tasks


def _task(case: Case, order: SubtaskOrder) -> Task:
    above = case.task
    due_on = order.due_on or _usual_day(case)
    return Task(
        plan_id=above.plan_id,
        measure_id=above.measure_id,
        body_id=above.body_id,
        parent_id=above.id,
        position=above.position,
        title=order.title.strip() or above.title,
        created_at=case.now,
        weight=order.weight,
        due_on=due_on,
        is_ongoing=due_on is None,
        deadline_origin=DeadlineOrigin.ONGOING if due_on is None else DeadlineOrigin.DECIDED,
        recurrence=above.recurrence,
    )


def _usual_day(case: Case) -> date | None:
    """The day of the part; where that is past, the sub-task is late from the beginning as the part is, from today."""
    due_on = case.assignment.due_on
    return None if due_on is None else max(due_on, case.today)


def _issue(case: Case, tasks: Sequence[Task], by: Acting) -> None:
    issuing: Acting = {**by, "version": None}
    cases = open_cases(case.session, Act.ISSUE, [one.id for one in tasks], **issuing)
    entries = {}
    for one in cases.values():
        one.check()
        entries[one.task.id] = issue_case(
            one, None, Deadline(one.task.due_on, one.task.is_ongoing, one.task.deadline_origin)
        )
    notices.issued(list(cases.values()), entries)


# What a page shows of sub-tasks

_Lead = aliased(Assignment, name="lead_of_subtask")
LEADING = (
    select(_Lead.id)
    .where(_Lead.task_id == Task.id, _Lead.role == AssignmentRole.LEAD)
    .order_by(_Lead.state == AssignmentState.WITHDRAWN, _Lead.position, _Lead.id)
    .limit(1)
    .correlate(Task)
    .scalar_subquery()
)
"""id of the assignment that answers for a sub-task; one that was handed on does not, if another took it"""


class SubtaskRow(NamedTuple):
    """A sub-task as the page of the task above shows it."""

    task_id: int
    assignment_id: int
    """the part it came from"""
    title: str
    state: TaskState
    due_on: date | None
    is_ongoing: bool
    weight: int
    department: str
    percent: int | None
    light: Judgement


@dataclass(frozen=True)
class Subtasks:
    """What came of a task's parts, of what one person may see."""

    progress: Mapping[int, RollUp]
    """by the assignment that was split"""
    page: Page[SubtaskRow]


class ParentLink(NamedTuple):
    """Where a sub-task comes from: whose part of which task. Without an id the task above is not for this person."""

    task_id: int | None
    title: str
    department: str


def list_subtasks(
    session: Session, task_id: int, actor: Actor, *, today: date, calendar: WorkingCalendar, number: int = 1
) -> Subtasks | None:
    """The sub-tasks of a task's parts, what is due first on top; None where this person sees none.

    One query where there are none, four otherwise.
    """
    # Most tasks have none, and the question itself is long.
    if session.scalar(select(Task.id).where(Task.parent_id == task_id).limit(1)) is None:
        return None
    facts = _load_facts(session, [task_id], actor, today)
    if not facts:
        return None
    by_part: dict[int, list[SubtaskFacts]] = defaultdict(list)
    for _, part_id, one in facts:
        by_part[part_id].append(one)
    query = (
        select(
            Task.id,
            TaskLineage.assignment_id.label("part_id"),
            Task.title,
            Task.state.label("task_state"),
            Task.due_on.label("task_due_on"),
            Task.is_ongoing,
            Task.weight,
            Department.name.label("department"),
            Assignment.percent.label("reported"),
            Task.closure,
            *LIGHT_COLUMNS,
        )
        .join(TaskLineage, and_(TaskLineage.task_id == Task.id, TaskLineage.distance == 1))
        .join(Assignment, Assignment.id == LEADING)
        .join(Department, Department.id == Assignment.department_id)
        .join(Plan, Plan.id == Task.plan_id)
        .where(Task.parent_id == task_id, visible_tasks(actor))
        .order_by(Task.closed_at.is_not(None), Task.due_on.asc().nulls_last(), Task.id)
    )
    page = fetch_page(session, query, number=number, size=SUBTASKS_PER_PAGE)
    rows = [
        SubtaskRow(
            task_id=row.id,
            assignment_id=row.part_id,
            title=row.title,
            state=row.task_state,
            due_on=row.task_due_on,
            is_ongoing=row.is_ongoing,
            weight=row.weight,
            department=row.department,
            percent=percent_reached(row.task_state, row.closure, row.reported),
            light=light_of(row, today=today, calendar=calendar),
        )
        for row in page.rows
    ]
    return Subtasks({part_id: roll_up(ones) for part_id, ones in by_part.items()}, page.of(rows))


def progress_of(session: Session, task_ids: Collection[int], actor: Actor, *, today: date) -> dict[int, RollUp]:
    """How far the sub-tasks of these tasks are, of what this person may see, by task; one query."""
    facts: dict[int, list[SubtaskFacts]] = defaultdict(list)
    for task_id, _, one in _load_facts(session, task_ids, actor, today):
        facts[task_id].append(one)
    return {task_id: roll_up(ones) for task_id, ones in facts.items()}


def _load_facts(
    session: Session, task_ids: Collection[int], actor: Actor, today: date
) -> list[tuple[int, int, SubtaskFacts]]:
    """The task above, the part and what counts, of each sub-task of these tasks."""
    query = (
        select(
            Task.parent_id,
            TaskLineage.assignment_id,
            Task.state,
            Task.weight,
            Task.closure,
            Assignment.percent,
            Assignment.state.label("own_state"),
            Assignment.due_on,
            Assignment.is_held,
        )
        .join(TaskLineage, and_(TaskLineage.task_id == Task.id, TaskLineage.distance == 1))
        .join(Assignment, Assignment.id == LEADING)
        .where(Task.parent_id.in_(task_ids), visible_tasks(actor))
        .order_by(Task.id)
    )
    return [
        (
            row.parent_id,
            row.assignment_id,
            SubtaskFacts(
                state=row.state,
                weight=row.weight,
                percent=row.percent,
                is_overdue=is_overdue(row.state, row.own_state, row.due_on, today, is_held=row.is_held),
                closure=row.closure,
            ),
        )
        for row in session.execute(query)
    ]


_Above = aliased(Task, name="task_above")
_Splitter = aliased(Department, name="splitter")
_PARENT = (
    select(_Above.id, _Above.title, _Splitter.name)
    .select_from(TaskLineage)
    .join(Assignment, Assignment.id == TaskLineage.assignment_id)
    .join(_Above, _Above.id == Assignment.task_id)
    .join(_Splitter, _Splitter.id == Assignment.department_id)
    .where(TaskLineage.task_id == bindparam("task_id"), TaskLineage.distance == 1)
)


def find_parent(session: Session, task: Task, actor: Actor) -> ParentLink | None:
    """Where a sub-task comes from; None for any other task. One query, two for a sub-task."""
    if task.parent_id is None:
        return None
    above, title, department = session.execute(_PARENT, {"task_id": task.id}).one()
    is_seen = session.scalar(select(Task.id).where(Task.id == above, visible_tasks(actor))) is not None
    return ParentLink(above if is_seen else None, title, department)


# Who it can go to


class Below(NamedTuple):
    """A department to which a part can be given."""

    id: int
    name: str
    is_direct: bool


MOST_BELOW = 500


def departments_below(session: Session, department_id: int) -> list[Below]:
    """The departments in use below this one, those directly below first; one query."""
    above = aliased(Department)
    query = (
        select(Department.id, Department.name, Department.parent_id == department_id)
        .join(above, above.id == department_id)
        .where(
            Department.path.startswith(above.path),
            Department.id != department_id,
            Department.is_active,
            Department.kind == DepartmentKind.UNIT,
        )
        .order_by(Department.parent_id != department_id, Department.path)
        .limit(MOST_BELOW)
    )
    return [Below(row[0], row[1], bool(row[2])) for row in session.execute(query)]
