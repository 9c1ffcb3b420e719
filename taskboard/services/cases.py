"""A task taken in hand for one act: locked, checked, and put down again with its record.

Every act goes through :func:`open_case` and :meth:`Case.finish`, so that permission, state, version, a repeated
request, the derived state and the history cannot be forgotten by one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NotRequired, TypedDict, Unpack

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from taskboard.domain.decomposition import CARRIED_FROM, check_day, latest_day
from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import (
    DEPARTMENT_WIDE,
    Actor,
    AssignmentSituation,
    TaskSituation,
    may_see_task,
    permitted_assignment_move,
    permitted_task_move,
    stands_in,
)
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    OWING,
    UNDER_WAY,
    Act,
    AssignmentRole,
    AssignmentState,
    Move,
    TaskState,
    derived_task_state,
)
from taskboard.models import Assignment, Department, HistoryEntry, Task
from taskboard.services import history
from taskboard.services.actors import TODAY, has_holder
from taskboard.services.carrying import carry
from taskboard.services.lineage import NO_LINEAGES, Lineages, ids_above, load_lineages
from taskboard.services.requests import find_asking, settle_requests

STANDS_IN = "stands_in"
"""in the facts of an act that was done for a department that has nobody of its own for it"""


class Acting(TypedDict):
    """Who acts, when and from which entrance (``"web"``, ``"cli"``); what of it may be left out comes with a form.

    ``request_key`` makes a request that is sent twice act once; ``version`` is the one that the person saw.
    """

    actor: Actor
    now: datetime
    entrance: str
    request_key: NotRequired[str | None]
    version: NotRequired[int | None]


@dataclass
class Case:
    """One task under one act, by one person, at one moment."""

    session: Session
    task: Task
    assignments: Sequence[Assignment]
    departments: Mapping[int, Department]
    situation: TaskSituation
    act: Act
    actor: Actor
    now: datetime
    entrance: str
    request_key: str | None
    earlier: HistoryEntry | None = None
    """set when this very request was carried out before: nothing is to be done but to answer with it"""
    chosen: Assignment | None = None
    task_move: Move[TaskState] | None = None
    assignment_move: Move[AssignmentState] | None = None
    is_stand_in: bool = False
    """the person acts for a department that has nobody of its own for it"""
    before: history.Snapshot = field(default_factory=dict)
    lineage: Sequence[Assignment] = ()
    """of a sub-task: the assignments that it came from, the nearest first"""
    carried_from: int | None = None
    """the task above, where the act follows from one on that"""

    @property
    def today(self) -> date:
        return local_date(self.now)

    @property
    def assignment(self) -> Assignment:
        if self.chosen is None:
            raise LookupError("this act is on the task, not on one assignment")
        return self.chosen

    @property
    def leads(self) -> list[Assignment]:
        return [one for one in self.assignments if one.role is AssignmentRole.LEAD]

    @property
    def partners(self) -> list[Assignment]:
        return [one for one in self.assignments if one.role is AssignmentRole.PARTNER]

    @property
    def latest_day(self) -> date | None:
        """The last day that a sub-task may be due; None where nothing bounds it."""
        return latest_day(self.lineage[0].due_on, self.today) if self.lineage else None

    def within_part(self, day: date) -> date:
        """The day, or the last one that a sub-task may have: for days that nobody chose."""
        return day if self.latest_day is None else min(day, self.latest_day)

    def load_below(self, tasks: Sequence[Task]) -> dict[int, Case]:
        """Sub-tasks as cases of the same moment and person, whose act is found out for each."""
        return load_cases(self.session, tasks, self.act, actor=self.actor, now=self.now, entrance=self.entrance)

    def check_below(self, department: Department) -> None:
        """Raise :class:`Invalid` where a sub-task would go to a department outside of the one that split its part."""
        if self.lineage:
            check_below(department, self.departments[self.lineage[0].department_id])

    @property
    def chosen_situation(self) -> AssignmentSituation:
        return next(one for one in self.situation.assignments if one.id == self.assignment.id)

    def find_earlier(self) -> HistoryEntry | None:
        """The entry of this very request, where it was carried out before."""
        self.earlier = history.find_repeated(
            self.session, self.request_key, act=self.act, task_id=self.task.id, actor=self.actor
        )
        return self.earlier

    def check(self) -> None:
        """Find the row of the table that the act goes by; raises :class:`NotAllowed` or :class:`NotNow`."""
        if self.chosen is None:
            self.task_move = permitted_task_move(self.actor, self.situation, self.act)
        else:
            self.assignment_move = permitted_assignment_move(
                self.actor, self.situation, self.chosen_situation, self.act
            )
            self.is_stand_in = stands_in(self.actor, self.situation, self.chosen_situation, self.act)

    def check_version(self, version: int | None) -> None:
        """Raise :class:`Stale` where the person decided on what no longer stands."""
        subject = self.chosen or self.task
        if version is not None and version != subject.version:
            raise Stale(version=subject.version)

    def reason(self, text: str | None) -> str | None:
        """The reason given, cleaned; raises :class:`Invalid` where the table asks for one and none was given."""
        move = self.task_move or self.assignment_move
        text = (text or "").strip()
        if move is not None and move.needs_reason and not text:
            raise Invalid("reason", "required")
        return text or None

    def finish(self, *, reason: str | None = None, facts: Mapping[str, Any] | None = None) -> HistoryEntry:
        """Let the task follow its lead assignments, end the requests that came to nothing, and write the record.

        What came of its parts follows it, too. Raises :class:`Invalid` for a sub-task that would be due too late.
        """
        self._check_days()
        entry = self.record(reason=reason, facts=facts)
        carry(self, entry)
        return entry

    def record(self, *, reason: str | None = None, facts: Mapping[str, Any] | None = None) -> HistoryEntry:
        """The same for one task alone; who calls this looks after what came of its parts."""
        self.task.state = derived_task_state(self.task.state, [one.state for one in self.leads])
        self._owe_anew()
        settle_requests(
            self.session,
            act=self.act,
            task=self.task,
            assignments=self.assignments,
            before=self.before,
            actor_id=self.actor.person_id,
            now=self.now,
        )
        if self.carried_from is not None:
            facts = {**(facts or {}), CARRIED_FROM: self.carried_from}
        if self.is_stand_in:
            facts = {**(facts or {}), STANDS_IN: True}
        return history.record(
            self.session,
            task=self.task,
            act=self.act,
            actor=self.actor,
            now=self.now,
            entrance=self.entrance,
            before=self.before,
            after=history.snapshot(self.task, self.assignments),
            assignment=self.chosen,
            reason=reason,
            request_key=self.request_key,
            facts=facts,
        )

    def _check_days(self) -> None:
        """Hold a day that this act sets against that of the part; one set before is not its business."""
        if not self.lineage:
            return
        field_name = "correct_by" if self.act in (Act.RETURN, Act.RETURN_SUBMISSION) else "due_on"
        days = {"task": self.task.due_on, **{history.part_of(one): one.due_on for one in self.assignments}}
        for part, day in days.items():
            known = self.before.get(part, {}).get("due_on", day)
            # While it had ended, its part may have moved to an earlier day.
            is_taken_up = self.act is Act.REOPEN and part == "task"
            if is_taken_up or known != (day.isoformat() if day else None):
                check_day(field_name, day, part_due_on=self.lineage[0].due_on, today=self.today)

    def _owe_anew(self) -> None:
        """Periods are not held against a branch that owed nothing in them: it owes them from now on.

        Who takes back a submission does not come by a new beginning in that way.
        """
        if self.act in (Act.ISSUE, Act.WITHDRAW):
            return
        task_before = self.before.get("task", {}).get("state")
        for one in self.assignments:
            before = self.before.get(history.part_of(one), {}).get("state")
            owed_before = task_before in UNDER_WAY and before in OWING
            if before and not owed_before and self.task.state in UNDER_WAY and one.state in OWING:
                one.owing_since = self.now


def check_below(department: Department, above: Department) -> None:
    """Raise :class:`Invalid` where a sub-task would go to a department that is not below the one that splits."""
    if department.id == above.id or not department.path.startswith(above.path):
        raise Invalid("department", "subtask_not_below", name=department.name, above=above.name)


def open_case(
    session: Session, act: Act, *, task_id: int | None = None, assignment_id: int | None = None, **by: Unpack[Acting]
) -> Case:
    """Lock the task and check that this person may do this to it now.

    Raises :class:`NotFound` (also for what the person may not see), :class:`NotAllowed`, :class:`NotNow`, or
    :class:`Stale` where ``version`` is no longer the one of the task or assignment that the act is on.
    """
    if assignment_id is not None:
        task_id = session.scalar(select(Assignment.task_id).where(Assignment.id == assignment_id))
    if task_id is None:
        raise NotFound()
    case = open_cases(session, act, [task_id], **by)[task_id]
    if assignment_id is not None:
        case.chosen = next(one for one in case.assignments if one.id == assignment_id)
    case.request_key = by.get("request_key")
    if case.find_earlier() is None:
        case.check()
        case.check_version(by.get("version"))
    return case


def open_cases(session: Session, act: Act, task_ids: Iterable[int], **by: Unpack[Acting]) -> dict[int, Case]:
    """Lock several tasks at once, in the order of their ids; :class:`NotFound` where one is not there for this person.

    Whether the act is allowed is left to :meth:`Case.check`. A request key is made one per task. The tasks above
    sub-tasks are locked with them: their days bind each other.
    """
    request_key = by.get("request_key")
    wanted = sorted(set(task_ids))
    locked = session.scalars(
        select(Task)
        .where(Task.id.in_(sorted({*wanted, *ids_above(session, wanted)})))
        .order_by(Task.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    tasks = [task for task in locked if task.id in set(wanted)]
    found = load_cases(session, tasks, act, actor=by["actor"], now=by["now"], entrance=by["entrance"])
    cases = {task_id: case for task_id, case in found.items() if may_see_task(by["actor"], case.situation)}
    if len(cases) < len(wanted):
        raise NotFound()
    for case in cases.values():
        case.request_key = f"{request_key}:{case.task.id}" if request_key else None
    return cases


def load_cases(
    session: Session, tasks: Sequence[Task], act: Act, *, actor: Actor, now: datetime, entrance: str
) -> dict[int, Case]:
    """These tasks, which are locked, as cases of one act; whether this person sees them is not asked. Five queries."""
    wanted = [task.id for task in tasks]
    lineages = load_lineages(session, tasks)
    assignments = defaultdict(list)
    query = select(Assignment).where(Assignment.task_id.in_(wanted)).order_by(Assignment.position, Assignment.id)
    for one in session.scalars(query.execution_options(populate_existing=True)):
        assignments[one.task_id].append(one)
    named = {one.department_id for ones in assignments.values() for one in ones} | {task.body_id for task in tasks}
    named |= lineages.department_ids
    departments = {one.id: one for one in session.scalars(select(Department).where(Department.id.in_(named)))}
    vacant = vacant_roles(session, named, today=local_date(now))
    asking = find_asking(session, [one for ones in assignments.values() for one in ones])
    return {
        task.id: Case(
            session=session,
            task=task,
            assignments=assignments[task.id],
            departments=departments,
            situation=describe(task, assignments[task.id], departments, vacant, asking, lineages=lineages),
            act=act,
            actor=actor,
            now=now,
            entrance=entrance,
            request_key=None,
            before=history.snapshot(task, assignments[task.id]),
            lineage=lineages.of(task.id),
        )
        for task in tasks
    }


def describe(
    task: Task,
    assignments: Iterable[Assignment],
    departments: Mapping[int, Department],
    vacant: Mapping[int, frozenset[Role]],
    asking: Collection[int],
    *,
    lineages: Lineages = NO_LINEAGES,
) -> TaskSituation:
    """What permissions need to know of a task; ``asking`` are the assignments for which more time was asked."""

    def describe_one(one: Assignment) -> AssignmentSituation:
        return AssignmentSituation(
            id=one.id,
            department_id=one.department_id,
            department_path=departments[one.department_id].path,
            role=one.role,
            state=one.state,
            officer_id=one.officer_id,
            submitted_by_id=one.submitted_by_id,
            vacant=vacant[one.department_id],
            asks_extension=one.id in asking,
        )

    return TaskSituation(
        state=task.state,
        body_path=departments[task.body_id].path,
        is_archived=task.archived_at is not None,
        plan_id=task.plan_id,
        assignments=tuple(describe_one(one) for one in assignments),
        lineage=tuple(describe_one(one) for one in lineages.of(task.id)),
        parent_state=lineages.parent_state(task.id),
    )


ROLES_TO_FILL = tuple(sorted(DEPARTMENT_WIDE))

_VACANCIES = select(
    Department.id,
    *(
        and_(~has_holder(Department.id, role, TODAY), ~has_holder(Department.parent_id, role, TODAY))
        for role in ROLES_TO_FILL
    ),
).where(Department.id.in_(bindparam("department_ids", expanding=True)))


def vacant_roles(session: Session, department_ids: Iterable[int], *, today: date) -> dict[int, frozenset[Role]]:
    """Per department the roles of head and liaison that nobody holds, neither here nor at the parent; one query."""
    rows = session.execute(_VACANCIES, {"department_ids": list(set(department_ids)), "today": today})
    return {
        department_id: frozenset(role for role, vacant in zip(ROLES_TO_FILL, flags, strict=True) if vacant)
        for department_id, *flags in rows
    }
