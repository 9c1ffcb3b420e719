"""What people open: the list of their own tasks, and one task with all that belongs to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Executable,
    Integer,
    Select,
    and_,
    bindparam,
    false,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.deadlines import TimeLimit
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import NotFound
from taskboard.domain.history import Change, RecordedAct
from taskboard.domain.lights import Judgement, Light, due_soon_until, judge
from taskboard.domain.periods import ReportDue, Rhythm
from taskboard.domain.permissions import (
    DEPARTMENT_WIDE,
    Actor,
    acts_on_assignment,
    acts_on_task,
    may_see_task,
)
from taskboard.domain.plan_parsing.reading import Recurrence
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    OPEN_ASSIGNMENT,
    OPEN_TASK,
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
from taskboard.models import Assignment, Department, HistoryEntry, Measure, Person, Plan, ProgressReport, Task
from taskboard.services.answerable import find_vacancies, people_answerable
from taskboard.services.cases import describe, vacant_roles
from taskboard.services.lights import LIGHT_COLUMNS, LightTwin, facts_of, light_of, light_twin
from taskboard.services.overdue import overdue_assignments
from taskboard.services.paging import PAGE_SIZE, Page, last_page
from taskboard.services.periods import owed_report
from taskboard.services.requests import (
    ExtensionRow,
    ObjectionRow,
    find_asked,
    find_asking,
    list_extensions,
    list_objections,
)
from taskboard.services.succession_records import FormerHolder, former_holders
from taskboard.services.visibility import department_ids, held_assignments, supervised_assignments, task_value

REPORTS_SHOWN = 30
HISTORY_SHOWN = 100


# My tasks


class Show(StrEnum):
    """Which of one's tasks a list shows."""

    ALL = "all"
    OVERDUE = "overdue"
    DUE_SOON = "due_soon"
    TO_ACKNOWLEDGE = "to_acknowledge"
    TO_DECIDE = "to_decide"


class TaskRow(NamedTuple):
    """One assignment in a list of tasks, with its light."""

    assignment_id: int
    task_id: int
    title: str
    plan: str
    department_id: int
    department: str
    role: AssignmentRole
    state: AssignmentState
    task_state: TaskState
    due_on: date | None
    is_ongoing: bool
    officer: str | None
    percent: int | None
    last_reported_at: datetime | None
    light: Judgement
    report_due: ReportDue | None
    """the report that is owed next, where the plan has a rhythm"""


@dataclass(frozen=True)
class MyTasks:
    """A page of one's tasks, and how many there are under each heading."""

    page: Page[TaskRow]
    counts: Mapping[Show, int]


def list_my_tasks(
    session: Session,
    actor: Actor,
    *,
    today: date,
    calendar: WorkingCalendar,
    show: Show = Show.ALL,
    light: Light | None = None,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> MyTasks:
    """The open assignments this person works on, or what waits for their decision, what is due first on top.

    Four queries, five for supervisors, however many tasks there are; three more for those of one light.
    """
    desk = _desk(session, actor, today)
    soon = due_soon_until(today, calendar)
    counts = _count(session, desk, today, soon)
    if light is not None:
        twin = light_twin(session, today=today, calendar=calendar)
        return MyTasks(_page_of_light(session, desk, show, twin, light=light, number=number, size=size), counts)
    total = counts[show]
    number = min(max(1, number), last_page(total, size))
    place = {"size": size, "offset": (number - 1) * size}
    ids = session.scalars(_asked_for(desk, show, today, soon), place)
    rows = _task_rows(session, list(ids), today, calendar)
    return MyTasks(page=Page(rows=rows, number=number, size=size, total=total), counts=counts)


def _page_of_light(
    session: Session, desk: _Desk, show: Show, twin: LightTwin, *, light: Light, number: int, size: int
) -> Page[TaskRow]:
    """The page of what the heading shows with this light."""
    soon = due_soon_until(twin.today, twin.calendar)
    ids = twin.ids(light, _is_asked_for(desk, show, twin.today, soon))
    total = session.scalar(select(func.count()).select_from(ids.subquery())) or 0
    number = min(max(1, number), last_page(total, size))
    ordered = ids.order_by(*DUE_FIRST).limit(size).offset((number - 1) * size)
    rows = _task_rows(session, list(session.scalars(ordered)), twin.today, twin.calendar)
    return Page(rows=rows, number=number, size=size, total=total)


DUE_FIRST = (Assignment.due_on.asc().nulls_last(), Assignment.id)
COUNTED = (Show.ALL, Show.OVERDUE, Show.DUE_SOON, Show.TO_ACKNOWLEDGE)

# The statements of a list are built from some hundred parts, which takes longer than running them: they are kept for
# whoever opens the same list again. Nothing in them comes from the database but what stands in their arguments.
keep_statement = lru_cache(maxsize=1024)


@keep_statement
def _asked_for(desk: _Desk, show: Show, today: date, soon: date) -> Select[int]:
    """Ids of one page of the list, what is due first on top."""
    return (
        select(Assignment.id)
        .join(Task, Task.id == Assignment.task_id)
        .where(_is_asked_for(desk, show, today, soon))
        .order_by(*DUE_FIRST)
        .limit(bindparam("size", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )


def _is_asked_for(desk: _Desk, show: Show, today: date, soon: date) -> ColumnElement[bool]:
    if show is Show.TO_DECIDE:
        return Assignment.id.in_(_awaiting(desk))
    return and_(_mine(desk), _conditions(today, soon)[show])


def _conditions(today: date, soon: date) -> dict[Show, ColumnElement[bool]]:
    is_owed = and_(Assignment.state.in_(OWING), Task.state.in_(UNDER_WAY))
    return {
        Show.ALL: true(),
        Show.OVERDUE: overdue_assignments(today),
        Show.DUE_SOON: and_(is_owed, Assignment.due_on.between(today, soon)),
        Show.TO_ACKNOWLEDGE: and_(Assignment.state == AssignmentState.PENDING, Task.state.in_(UNDER_WAY)),
    }


class _Desk(NamedTuple):
    """Whose list it is, and for which departments a supervisor must stand in: nobody there or above is head …"""

    actor: Actor
    headless: tuple[int, ...] = ()
    unmanned: tuple[int, ...] = ()
    """… or neither head nor liaison"""


def _desk(session: Session, actor: Actor, today: date) -> _Desk:
    if not actor.is_supervisor:
        return _Desk(actor)
    return _Desk(actor, *find_vacancies(session, today=today))


def _mine(desk: _Desk) -> ColumnElement[bool]:
    """Open assignments this person works on or stands in for."""
    is_mine = held_assignments(desk.actor)
    is_open = Assignment.state.in_(OPEN_ASSIGNMENT)
    if desk.unmanned:
        stands_in = Assignment.department_id.in_(desk.unmanned)
        is_mine = or_(is_mine, and_(stands_in, supervised_assignments(desk.actor)))
    return and_(is_mine, is_open, task_value(Task.state).in_(OPEN_TASK))


def _awaiting(desk: _Desk) -> Select[int]:
    """Ids of the assignments that wait for this person's decision."""
    actor = desk.actor
    in_review = Assignment.state == AssignmentState.HEAD_REVIEW
    is_submitted = Assignment.state == AssignmentState.SUBMITTED
    # Only the parts that this person's posts ask for: most people have one or two of them.
    parts = []
    if headed := department_ids(actor, {Role.HEAD}):
        parts.append(_under_way(in_review).where(Assignment.department_id.in_(headed)))
    if spoken_for := department_ids(actor, DEPARTMENT_WIDE):
        lead = aliased(Assignment)
        led = select(lead.task_id).where(
            lead.department_id.in_(spoken_for),
            lead.role == AssignmentRole.LEAD,
            lead.state.in_(OPEN_ASSIGNMENT),
        )
        is_of_a_partner = Assignment.role == AssignmentRole.PARTNER
        parts.append(_under_way(is_submitted).where(is_of_a_partner, Assignment.task_id.in_(led)))
    if actor.is_supervisor:
        is_of_a_lead = Assignment.role == AssignmentRole.LEAD
        is_all_submitted = task_value(Task.state) == TaskState.SUBMITTED
        parts.append(_under_way(is_submitted).where(is_of_a_lead, is_all_submitted, supervised_assignments(actor)))
        if desk.headless:
            stands_in = Assignment.department_id.in_(desk.headless)
            parts.append(_under_way(in_review).where(stands_in, supervised_assignments(actor)))
    if not parts:
        return select(Assignment.id).where(false())
    found = union_all(*parts).subquery()
    return select(found.c.id)


def _under_way(condition: ColumnElement[bool]) -> Select[int]:
    """Ids of the assignments that fulfil the condition, of tasks under way."""
    return select(Assignment.id).where(condition, task_value(Task.state).in_(UNDER_WAY))


def _count(session: Session, desk: _Desk, today: date, soon: date) -> dict[Show, int]:
    counted, awaiting = _counting(desk, today, soon)
    counts = dict(zip(COUNTED, session.execute(counted).one(), strict=True))
    counts[Show.TO_DECIDE] = session.scalar(awaiting) or 0
    return counts


@keep_statement
def _counting(desk: _Desk, today: date, soon: date) -> tuple[Executable, Select[int]]:
    """How much there is under each heading, and how much waits for a decision."""
    conditions = _conditions(today, soon)
    counted = (
        select(*(func.count().filter(conditions[show]) for show in COUNTED))
        .select_from(Assignment)
        .join(Task, Task.id == Assignment.task_id)
        .where(_mine(desk))
    )
    ids = _awaiting(desk).subquery()
    return counted, select(func.count(func.distinct(ids.c.id)))


_TASK_ROWS = (
    select(
        Assignment.id,
        Assignment.task_id,
        Task.title,
        Plan.title.label("plan"),
        Assignment.department_id,
        Department.name.label("department"),
        Assignment.role,
        Assignment.state,
        Task.state.label("task_state"),
        Assignment.due_on,
        Task.is_ongoing,
        Person.name.label("officer"),
        Assignment.percent,
        Assignment.last_reported_at,
        *LIGHT_COLUMNS,
    )
    .join(Task, Task.id == Assignment.task_id)
    .join(Plan, Plan.id == Task.plan_id)
    .join(Department, Department.id == Assignment.department_id)
    .outerjoin(Person, Person.id == Assignment.officer_id)
    .where(Assignment.id.in_(bindparam("assignment_ids", expanding=True)))
    .order_by(Assignment.due_on.asc().nulls_last(), Assignment.id)
)


def _task_rows(session: Session, ids: Sequence[int], today: date, calendar: WorkingCalendar) -> list[TaskRow]:
    return [
        TaskRow(
            assignment_id=row.id,
            task_id=row.task_id,
            title=row.title,
            plan=row.plan,
            department_id=row.department_id,
            department=row.department,
            role=row.role,
            state=row.state,
            task_state=row.task_state,
            due_on=row.due_on,
            is_ongoing=row.is_ongoing,
            officer=row.officer,
            percent=row.percent,
            last_reported_at=row.last_reported_at,
            light=light_of(row, today=today, calendar=calendar),
            report_due=_report_due(row, today, calendar),
        )
        for row in session.execute(_TASK_ROWS, {"assignment_ids": list(ids)})
    ]


def _report_due(row: Any, today: date, calendar: WorkingCalendar) -> ReportDue | None:
    if row.state not in OWING or row.task_state not in UNDER_WAY:
        return None
    since = row.light_owing_since or row.light_issued_at
    rhythm = Rhythm(row.light_rhythm, row.light_day)
    return owed_report(rhythm, row.role, since, row.last_reported_at, today=today, calendar=calendar)


# Drafts of a plan


class Draft(NamedTuple):
    """A draft with what must be settled before it can be issued."""

    id: int
    version: int
    position: int
    title: str
    due_on: date | None
    is_ongoing: bool
    deadline_origin: DeadlineOrigin
    deadline_text: str | None
    is_past: bool
    leads: list[str]
    inferred_leads: list[str]
    collective_leads: list[str]
    partners: list[str]
    for_information: list[str]
    """collective partners: named on the task, owing nothing"""
    without_liaison: list[str]
    """departments whose post is vacant, so that the supervisors stand in"""

    @property
    def has_deadline(self) -> bool:
        return self.is_ongoing or self.due_on is not None


@dataclass(frozen=True)
class Drafts:
    """The drafts of one plan that can be issued together."""

    plan_id: int
    plan: str
    rows: list[Draft]

    @property
    def without_liaison(self) -> list[str]:
        """Each department once whose post is vacant."""
        return list(dict.fromkeys(name for row in self.rows for name in row.without_liaison))


def list_drafts(
    session: Session, plan_id: int, actor: Actor, *, today: date, task_ids: Collection[int] | None = None
) -> Drafts:
    """The plan's drafts, or those of them that are asked for; :class:`NotFound` for who does not supervise the plan.

    Five queries.
    """
    plan = session.execute(
        select(Plan.title, Department.path).join(Department, Department.id == Plan.body_id).where(Plan.id == plan_id)
    ).one_or_none()
    if plan is None or not actor.supervises(plan.path):
        raise NotFound(subject="plan")
    query = (
        select(Task, Measure.deadline_text)
        .join(Measure, Measure.id == Task.measure_id)
        .where(Task.plan_id == plan_id, Task.state == TaskState.DRAFT)
        .order_by(Task.position)
    )
    if task_ids is not None:
        query = query.where(Task.id.in_(task_ids))
    tasks = session.execute(query).all()
    units = _units(session, [task.id for task, _ in tasks], today)
    return Drafts(
        plan_id=plan_id,
        plan=plan.title,
        rows=[_draft(task, deadline_text, units[task.id], today) for task, deadline_text in tasks],
    )


class _Unit(NamedTuple):
    name: str
    role: AssignmentRole
    is_confirmed: bool
    kind: DepartmentKind
    has_liaison: bool


def _units(session: Session, task_ids: Collection[int], today: date) -> dict[int, list[_Unit]]:
    query = (
        select(
            Assignment.task_id,
            Department.id,
            Department.name,
            Assignment.role,
            Assignment.is_confirmed,
            Department.kind,
        )
        .join(Department, Department.id == Assignment.department_id)
        .where(Assignment.task_id.in_(task_ids))
        .order_by(Assignment.position, Assignment.id)
    )
    rows = session.execute(query).all()
    liaisons = people_answerable(session, {row.id for row in rows}, Role.LIAISON, today=today)
    units: dict[int, list[_Unit]] = defaultdict(list)
    for task_id, department_id, name, role, is_confirmed, kind in rows:
        units[task_id].append(_Unit(name, role, is_confirmed, kind, bool(liaisons[department_id])))
    return units


def _draft(task: Task, deadline_text: str | None, units: Sequence[_Unit], today: date) -> Draft:
    leads = [one for one in units if one.role is AssignmentRole.LEAD]
    partners = [one for one in units if one.role is AssignmentRole.PARTNER]
    collective = DepartmentKind.COLLECTIVE
    return Draft(
        id=task.id,
        version=task.version,
        position=task.position,
        title=task.title,
        due_on=task.due_on,
        is_ongoing=task.is_ongoing,
        deadline_origin=task.deadline_origin,
        deadline_text=deadline_text,
        is_past=task.due_on is not None and task.due_on < today,
        leads=[one.name for one in leads],
        inferred_leads=[one.name for one in leads if not one.is_confirmed],
        collective_leads=[one.name for one in leads if one.kind is collective],
        partners=[one.name for one in partners if one.kind is not collective],
        for_information=[one.name for one in partners if one.kind is collective],
        without_liaison=[one.name for one in units if one.kind is not collective and not one.has_liaison],
    )


# One task


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
    limits: Mapping[Act, TimeLimit]
    """the time there is for what is asked of somebody here now, by the act"""
    objection: ObjectionRow | None
    """the one that is not decided"""
    extension: ExtensionRow | None
    """the request that is not decided"""


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
    period: str | None


@dataclass(frozen=True)
class _Holders:
    """Under which name each assignment of a task was worked on, and when: successions hand assignments on."""

    names: Mapping[int, str]
    """of today, by assignment"""
    former: Sequence[FormerHolder]

    def name_at(self, assignment_id: int, moment: datetime) -> str:
        """The name of the department that held the assignment then; work done before a succession keeps its name."""
        held = (one.department for one in self.former if one.assignment_id == assignment_id and moment < one.until)
        return next(held, self.names[assignment_id])

    def find_name(self, assignment_id: int | None, moment: datetime) -> str | None:
        """The same for an act on any assignment or none; of a draft, assignments may be gone."""
        if assignment_id is None or assignment_id not in self.names:
            return None
        return self.name_at(assignment_id, moment)

    def formerly(self, assignment_id: int) -> list[str]:
        """Each other name once, the earliest first."""
        named = [one.department for one in self.former if one.assignment_id == assignment_id]
        return list(dict.fromkeys(name for name in named if name != self.names[assignment_id]))


class Named(NamedTuple):
    """Who stood on a task, by name."""

    leads: list[str]
    partners: list[str]


class HistoryRow(NamedTuple):
    """One act in words that the page can show; each pair is (before, after)."""

    id: int
    at: datetime
    actor: str | None
    """None: the system's own act"""
    act: RecordedAct
    department: str | None
    reason: str | None
    task_states: tuple[TaskState, TaskState] | None
    states: tuple[AssignmentState, AssignmentState] | None
    due_days: tuple[date | None, date | None] | None
    departments: tuple[Named, Named] | None
    """where they were changed"""


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
    archived_at: datetime | None
    objections: list[ObjectionRow]
    extensions: list[ExtensionRow]

    @property
    def leads(self) -> list[Branch]:
        return [one for one in self.branches if one.role is AssignmentRole.LEAD]

    @property
    def partners(self) -> list[Branch]:
        return [one for one in self.branches if one.role is AssignmentRole.PARTNER]

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
# A discarded draft leaves its record behind, and SQLite may give its number to the next task.
_OF_ANOTHER = (
    select(func.coalesce(func.max(HistoryEntry.id), 0))
    .where(HistoryEntry.task_id == bindparam("task_id"), HistoryEntry.act == Change.DISCARDED)
    .scalar_subquery()
)
_HISTORY = (
    select(HistoryEntry, Person.name)
    .outerjoin(Person, Person.id == HistoryEntry.actor_id)
    .where(HistoryEntry.task_id == bindparam("task_id"), HistoryEntry.id > _OF_ANOTHER)
    .order_by(HistoryEntry.id.desc())
    .limit(HISTORY_SHOWN + 1)
)


def get_task(
    session: Session,
    task_id: int,
    actor: Actor,
    *,
    today: date,
    calendar: WorkingCalendar,
    reports_before: int | None = None,
) -> TaskDetail:
    """The task with its source, branches, reports and history; raises :class:`NotFound` where it does not exist for
    this person. ``reports_before`` is the id of a report to see the ones before it. A fixed number of queries."""
    found = session.execute(_TASK, {"task_id": task_id}).one_or_none()
    if found is None:
        raise NotFound(subject="task")
    task, plan, path, heading, text, units_as_written, deadline_text = found
    assignments = session.scalars(_ASSIGNMENTS, {"task_id": task_id}).all()
    named = {one.department_id for one in assignments} | {task.body_id}
    departments = {one.id: one for one in session.scalars(_DEPARTMENTS, {"department_ids": list(named)})}
    vacant = vacant_roles(session, named, today=today)
    situation = describe(task, assignments, departments, vacant, find_asking(session, assignments))
    if not may_see_task(actor, situation):
        raise NotFound(subject="task")

    objections, extensions = list_objections(session, assignments), list_extensions(session, assignments)
    people = _names(session, assignments)
    lights = facts_of(session, [one.id for one in assignments])
    liaisons = people_answerable(session, {one.department_id for one in assignments}, Role.LIAISON, today=today)
    asked = [
        find_asked(task, one, objections=objections, extensions=extensions, today=today, calendar=calendar)
        for one in assignments
    ]
    own_names = {one.id: departments[one.department_id].name for one in assignments}
    holders = _Holders(own_names, former_holders(session, task_id))
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
            acts=acts_on_assignment(actor, situation, its_situation) - closed,
            limits=limits,
            objection=objection,
            extension=extension,
        )
        for one, its_situation, (closed, limits, objection, extension) in zip(
            assignments, situation.assignments, asked, strict=True
        )
    ]
    reports = _reports(session, holders, reports_before)
    history = _history(session, task_id, holders)
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
        archived_at=task.archived_at,
        objections=objections,
        extensions=extensions,
    )


def _names(session: Session, assignments: Sequence[Assignment]) -> dict[int | None, str]:
    wanted = {person for one in assignments for person in (one.officer_id, one.submitted_by_id) if person is not None}
    return dict(session.execute(_NAMES, {"person_ids": list(wanted)}).all())


def _reports(session: Session, holders: _Holders, before: int | None) -> list[ReportRow]:
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
            period=one.period,
        )
        for one, author in session.execute(query, {"assignment_ids": list(holders.names)})
    ]


def _history(session: Session, task_id: int, holders: _Holders) -> list[HistoryRow]:
    rows = session.execute(_HISTORY, {"task_id": task_id})
    return [_history_row(entry, actor, holders) for entry, actor in rows]


def _history_row(entry: HistoryEntry, actor: str | None, holders: _Holders) -> HistoryRow:
    before, after = entry.before or {}, entry.after or {}
    own = f"assignment:{entry.assignment_id}"
    states = _pair(before, after, own, "state")
    task_states = _pair(before, after, "task", "state")
    due = _pair(before, after, own if entry.assignment_id else "task", "due_on")
    return HistoryRow(
        id=entry.id,
        at=entry.at,
        actor=actor,
        act=entry.act,
        department=holders.find_name(entry.assignment_id, entry.at),
        reason=entry.reason,
        task_states=(TaskState(task_states[0]), TaskState(task_states[1])) if task_states else None,
        states=(AssignmentState(states[0]), AssignmentState(states[1])) if states else None,
        due_days=(_day(due[0]), _day(due[1])) if due else None,
        departments=_departments(after.get("act", {})),
    )


def _departments(facts: Mapping[str, Any]) -> tuple[Named, Named] | None:
    """The departments before and after, as the correction recorded them; they may have other names today."""
    if "from_department" in facts:
        return _succession(facts)
    if "departments_before" not in facts:
        return None
    before, after = (
        Named(one[AssignmentRole.LEAD.value], one[AssignmentRole.PARTNER.value])
        for one in (facts["departments_before"], facts["departments_after"])
    )
    return (before, after) if before != after else None


def _succession(facts: Mapping[str, Any]) -> tuple[Named, Named]:
    """The department that handed its assignment on, and the one that follows it."""
    old, new = [facts["from_department"]], [facts["to_department"]]
    if facts["role"] == AssignmentRole.LEAD.value:
        return Named(old, []), Named(new, [])
    return Named([], old), Named([], new)


def _pair(before: Mapping[str, Any], after: Mapping[str, Any], part: str, name: str) -> tuple[Any, Any] | None:
    if name not in after.get(part, {}):
        return None
    return before[part][name], after[part][name]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
