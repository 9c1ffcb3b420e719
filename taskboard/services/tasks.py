"""One task with all that belongs to it, as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import TimeLimit
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import NotFound
from taskboard.domain.lights import Judgement, judge
from taskboard.domain.permissions import (
    Actor,
    acts_on_assignment,
    acts_on_task,
    may_order,
    may_see_task,
    places_for_files,
    stands_in,
)
from taskboard.domain.plan_parsing.reading import Recurrence
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    OWING,
    UNDER_WAY,
    Act,
    AssignmentRole,
    AssignmentState,
    Closure,
    DeadlineOrigin,
    PastDeadline,
    TaskState,
    Verification,
)
from taskboard.models import Assignment, Department, Measure, Person, Plan, ProgressReport, Task
from taskboard.services.actors import Holder
from taskboard.services.answerable import posts_answerable
from taskboard.services.cases import describe, vacant_roles
from taskboard.services.decomposition import ParentLink, Subtasks, find_parent, list_subtasks
from taskboard.services.department_names import load_old_names
from taskboard.services.lights import facts_of
from taskboard.services.lineage import load_lineages
from taskboard.services.requests import (
    ExtensionRow,
    ObjectionRow,
    find_asked,
    find_asking,
    list_extensions,
    list_objections,
)
from taskboard.services.succession_records import former_holders
from taskboard.services.suspensions import Suspension, find_suspension
from taskboard.services.task_history import HISTORY_SHOWN, HistoryRow, Holders, list_history
from taskboard.services.turns import Return, load_returns

REPORTS_SHOWN = 30


@dataclass(frozen=True)
class Source:
    """The measure as the plan's document states it."""

    path: list[str]
    heading: str | None
    text: str
    units_as_written: str | None
    deadline_text: str | None


@dataclass(frozen=True)
class Branch:
    """One department on the task, with what this person may do there now."""

    id: int
    version: int
    department_id: int
    department: str
    formerly: list[str]
    """the departments that it belonged to before their succession"""
    role: AssignmentRole
    state: AssignmentState
    due_on: date | None
    light: Judgement
    officer_id: int | None
    officer: str | None
    liaisons: list[str]
    needs_sign_off: bool
    is_confirmed: bool
    acknowledged_at: datetime | None
    submitted_at: datetime | None
    submitted_by: str | None
    days_late: int
    percent: int | None
    last_reported_at: datetime | None
    acts: frozenset[Act]
    stands_in: bool
    """this person does some of it for the department, which has nobody of its own for it"""
    vacancies: tuple[Role, ...]
    """which of its own posts of head and liaison nobody holds"""
    signs_instead: list[str] | None
    """who signs off at the department above for want of a head of its own, nobody where it falls to who decides;
    ``None`` where nothing is to be signed by somebody else"""
    limits: Mapping[Act, TimeLimit]
    """the time there is for what is asked of somebody here now, by the act"""
    objection: ObjectionRow | None
    """the one that is not decided"""
    extension: ExtensionRow | None
    """the request that is not decided"""
    returned: Return | None
    """the submission that came back, while it is to be corrected"""
    is_collective: bool
    """it has no posts, so none of them is vacant"""

    @property
    def is_owing(self) -> bool:
        return self.state in OWING


class ReportRow(NamedTuple):
    """One report as the task's page shows it."""

    id: int
    assignment_id: int
    department: str
    author: str
    reported_at: datetime
    is_unchanged: bool
    done: str
    problems: str
    next_step: str
    help_needed: str
    percent: int | None
    why_lower: str
    period: str | None


@dataclass(frozen=True)
class TaskDetail:
    """A task as its page shows it."""

    id: int
    version: int
    title: str
    state: TaskState
    plan_id: int
    plan: str
    body: str
    position: int
    source: Source
    due_on: date | None
    original_due_on: date | None
    is_ongoing: bool
    deadline_origin: DeadlineOrigin
    past_deadline: PastDeadline | None
    recurrence: Recurrence | None
    issued_at: datetime | None
    closed_at: datetime | None
    closure: Closure | None
    verification: Verification | None
    branches: list[Branch]
    reports: list[ReportRow]
    has_older_reports: bool
    history: list[HistoryRow]
    has_older_history: bool
    acts: frozenset[Act]
    may_order: bool
    """this person may send formal orders about it"""
    attaches_to: frozenset[int | None]
    """the branches to which this person may add files, ``None`` among them for the task itself"""
    archived_at: datetime | None
    suspension: Suspension | None
    objections: list[ObjectionRow]
    extensions: list[ExtensionRow]
    parent: ParentLink | None
    """of a sub-task: whose part of which task it came from"""
    subtasks: Subtasks | None
    """what came of its parts, of what this person may see"""

    @property
    def leads(self) -> list[Branch]:
        return [one for one in self._standing if one.role is AssignmentRole.LEAD]

    @property
    def partners(self) -> list[Branch]:
        return [one for one in self._standing if one.role is AssignmentRole.PARTNER]

    @property
    def _standing(self) -> list[Branch]:
        """The branches without those that were taken off; all of a task that ended with every one of them."""
        return [one for one in self.branches if one.state is not AssignmentState.WITHDRAWN] or self.branches

    def find_branch(self, assignment_id: int) -> Branch:
        """The branch of this id; raises :class:`NotFound` where it is not of this task."""
        for one in self.branches:
            if one.id == assignment_id:
                return one
        raise NotFound(subject="assignment")


# Built once: for a page of a few rows each, building a statement takes longer than running it.
_TASK = (
    select(
        Task,
        Plan.title,
        Measure.path,
        Measure.heading,
        Measure.text,
        Measure.units_as_written,
        Measure.deadline_text,
    )
    .join(Measure, Measure.id == Task.measure_id)
    .join(Plan, Plan.id == Task.plan_id)
    .where(Task.id == bindparam("task_id"))
)
_ASSIGNMENTS = (
    select(Assignment).where(Assignment.task_id == bindparam("task_id")).order_by(Assignment.position, Assignment.id)
)
_DEPARTMENTS = select(Department).where(Department.id.in_(bindparam("department_ids", expanding=True)))
_REPORTS = (
    select(ProgressReport, Person.name)
    .join(Person, Person.id == ProgressReport.author_id)
    .where(ProgressReport.assignment_id.in_(bindparam("assignment_ids", expanding=True)))
    .order_by(ProgressReport.id.desc())
    .limit(REPORTS_SHOWN + 1)
)
_NAMES = select(Person.id, Person.name).where(Person.id.in_(bindparam("person_ids", expanding=True)))


def get_task(
    session: Session,
    task_id: int,
    actor: Actor,
    *,
    today: date,
    calendar: WorkingCalendar,
    reports_before: int | None = None,
    subtasks_page: int = 1,
) -> TaskDetail:
    """The task with its source, branches, reports and history; raises :class:`NotFound` where it does not exist for
    this person. ``reports_before`` is the id of a report to see the ones before it. A fixed number of queries."""
    found = session.execute(_TASK, {"task_id": task_id}).one_or_none()
    if found is None:
        raise NotFound(subject="task")
    task, plan, path, heading, text, units_as_written, deadline_text = found
    assignments = session.scalars(_ASSIGNMENTS, {"task_id": task_id}).all()
    lineages = load_lineages(session, [task])
    named = {one.department_id for one in assignments} | {task.body_id} | lineages.department_ids
    departments = {one.id: one for one in session.scalars(_DEPARTMENTS, {"department_ids": list(named)})}
    vacant = vacant_roles(session, named, today=today)
    situation = describe(task, assignments, departments, vacant, find_asking(session, assignments), lineages=lineages)
    if not may_see_task(actor, situation):
        raise NotFound(subject="task")

    objections, extensions = list_objections(session, assignments), list_extensions(session, assignments)
    people = _names(session, assignments)
    lights = facts_of(session, [one.id for one in assignments])
    owing = {one.department_id for one in assignments}
    answerable = posts_answerable(session, owing, (Role.HEAD, Role.LIAISON), today=today)
    heads, liaisons = answerable[Role.HEAD], answerable[Role.LIAISON]
    asked = [
        find_asked(task, one, objections=objections, extensions=extensions, today=today, calendar=calendar)
        for one in assignments
    ]
    own_names = {one.id: departments[one.department_id].name for one in assignments}
    former = former_holders(session, task_id)
    holders = Holders(
        own_names,
        {one.id: one.department_id for one in assignments},
        former,
        load_old_names(session, {*(one.department_id for one in assignments), *(one.department_id for one in former)}),
    )
    returns = load_returns(session, task_id)
    branches = [
        Branch(
            id=one.id,
            version=one.version,
            department_id=one.department_id,
            department=own_names[one.id],
            formerly=holders.formerly(one.id),
            role=one.role,
            state=one.state,
            due_on=one.due_on,
            light=judge(lights[one.id], today=today, calendar=calendar),
            officer_id=one.officer_id,
            officer=people.get(one.officer_id),
            liaisons=[person.name for person in liaisons[one.department_id]],
            needs_sign_off=departments[one.department_id].needs_sign_off,
            is_confirmed=one.is_confirmed,
            acknowledged_at=one.acknowledged_at,
            submitted_at=one.submitted_at,
            submitted_by=people.get(one.submitted_by_id),
            days_late=one.days_late,
            percent=one.percent,
            last_reported_at=one.last_reported_at,
            acts=(acts := acts_on_assignment(actor, situation, its_situation) - closed),
            stands_in=any(stands_in(actor, situation, its_situation, act) for act in acts),
            vacancies=_vacancies(heads[one.department_id], liaisons[one.department_id]),
            signs_instead=_signs_instead(task, one, departments[one.department_id], heads[one.department_id]),
            limits=limits,
            objection=objection,
            extension=extension,
            returned=returns.get(one.id),
            is_collective=departments[one.department_id].kind is DepartmentKind.COLLECTIVE,
        )
        for one, its_situation, (closed, limits, objection, extension) in zip(
            assignments, situation.assignments, asked, strict=True
        )
    ]
    reports = _reports(session, holders, reports_before)
    history = list_history(session, task_id, holders)
    return TaskDetail(
        id=task.id,
        version=task.version,
        title=task.title,
        state=task.state,
        plan_id=task.plan_id,
        plan=plan,
        body=departments[task.body_id].name,
        position=task.position,
        source=Source(path, heading, text, units_as_written, deadline_text),
        due_on=task.due_on,
        original_due_on=task.original_due_on,
        is_ongoing=task.is_ongoing,
        deadline_origin=task.deadline_origin,
        past_deadline=task.past_deadline,
        recurrence=task.recurrence,
        issued_at=task.issued_at,
        closed_at=task.closed_at,
        closure=task.closure,
        verification=task.verification,
        branches=branches,
        reports=reports[:REPORTS_SHOWN],
        has_older_reports=len(reports) > REPORTS_SHOWN,
        history=history[:HISTORY_SHOWN],
        has_older_history=len(history) > HISTORY_SHOWN,
        acts=acts_on_task(actor, situation),
        may_order=may_order(actor, situation),
        attaches_to=places_for_files(actor, situation),
        archived_at=task.archived_at,
        suspension=find_suspension(session, task),
        objections=objections,
        extensions=extensions,
        parent=find_parent(session, task, actor),
        subtasks=list_subtasks(session, task_id, actor, today=today, calendar=calendar, number=subtasks_page),
    )


def _vacancies(heads: Sequence[Holder], liaisons: Sequence[Holder]) -> tuple[Role, ...]:
    people = ((Role.HEAD, heads), (Role.LIAISON, liaisons))
    return tuple(role for role, found in people if all(one.is_stand_in for one in found))


def _signs_instead(
    task: Task, assignment: Assignment, department: Department, heads: Sequence[Holder]
) -> list[str] | None:
    is_owed = task.state in UNDER_WAY and assignment.state in OWING and department.kind is DepartmentKind.UNIT
    is_to_sign = is_owed and department.needs_sign_off
    return [one.name for one in heads] if is_to_sign and all(one.is_stand_in for one in heads) else None


def _names(session: Session, assignments: Sequence[Assignment]) -> dict[int | None, str]:
    wanted = {person for one in assignments for person in (one.officer_id, one.submitted_by_id) if person is not None}
    return dict(session.execute(_NAMES, {"person_ids": list(wanted)}).all())


def _reports(session: Session, holders: Holders, before: int | None) -> list[ReportRow]:
    query = _REPORTS if before is None else _REPORTS.where(ProgressReport.id < before)
    return [
        ReportRow(
            id=one.id,
            assignment_id=one.assignment_id,
            department=holders.name_at(one.assignment_id, one.reported_at),
            author=author,
            reported_at=one.reported_at,
            is_unchanged=one.is_unchanged,
            done=one.done,
            problems=one.problems,
            next_step=one.next_step,
            help_needed=one.help_needed,
            percent=one.percent,
            why_lower=one.why_lower,
            period=one.period,
        )
        for one, author in session.execute(query, {"assignment_ids": list(holders.names)})
    ]
