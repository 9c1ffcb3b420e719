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
from taskboard.services.requests import find_asking, settle_requests


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
    before: history.Snapshot = field(default_factory=dict)

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
        """Let the task follow its lead assignments, end the requests that came to nothing, and write the record."""
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

    Whether the act is allowed is left to :meth:`Case.check`. A request key is made one per task.
    """
    request_key = by.get("request_key")
    wanted = sorted(set(task_ids))
    tasks = session.scalars(
        select(Task)
        .where(Task.id.in_(wanted))
        .order_by(Task.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    assignments = defaultdict(list)
    query = select(Assignment).where(Assignment.task_id.in_(wanted)).order_by(Assignment.position, Assignment.id)
    for one in session.scalars(query.execution_options(populate_existing=True)):
        assignments[one.task_id].append(one)
    named = {one.department_id for ones in assignments.values() for one in ones} | {task.body_id for task in tasks}
    departments = {one.id: one for one in session.scalars(select(Department).where(Department.id.in_(named)))}
    vacant = vacant_roles(session, named, today=local_date(by["now"]))

    asking = find_asking(session, [one for ones in assignments.values() for one in ones])
    cases = {}
    for task in tasks:
        situation = describe(task, assignments[task.id], departments, vacant, asking)
        if may_see_task(by["actor"], situation):
            cases[task.id] = Case(
                session=session,
                task=task,
                assignments=assignments[task.id],
                departments=departments,
                situation=situation,
                act=act,
                actor=by["actor"],
                now=by["now"],
                entrance=by["entrance"],
                request_key=f"{request_key}:{task.id}" if request_key else None,
                before=history.snapshot(task, assignments[task.id]),
            )
    if len(cases) < len(wanted):
        raise NotFound()
    return cases


def describe(
    task: Task,
    assignments: Iterable[Assignment],
    departments: Mapping[int, Department],
    vacant: Mapping[int, frozenset[Role]],
    asking: Collection[int],
) -> TaskSituation:
    """What permissions need to know of a task; ``asking`` are the assignments for which more time was asked."""
    return TaskSituation(
        state=task.state,
        body_path=departments[task.body_id].path,
        is_archived=task.archived_at is not None,
        plan_id=task.plan_id,
        assignments=tuple(
            AssignmentSituation(
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
            for one in assignments
        ),
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
