"""The open work of a department that others follow: what would become of each assignment, and moving it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from taskboard.domain.departments import WorkOutcome
from taskboard.domain.local_time import local_date
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    OPEN_ASSIGNMENT,
    OPEN_TASK,
    Act,
    AssignmentRole,
    AssignmentState,
    TaskState,
    derived_task_state,
)
from taskboard.models import (
    Assignment,
    Department,
    DepartmentSuccession,
    PersonPost,
    SuccessionWork,
    Task,
)
from taskboard.services import history
from taskboard.services.actors import held_on
from taskboard.services.history import Writing
from taskboard.services.plan_access import plan_titles
from taskboard.services.requests import settle_requests
from taskboard.services.succession_loose_ends import LooseEnds, count_loose_ends, take_along

MOVABLE_TASK = OPEN_TASK | {TaskState.DRAFT}
BRANCH_FIELDS = (
    "role",
    "state",
    "is_confirmed",
    "due_on",
    "acknowledged_at",
    "submitted_at",
    "submitted_by_id",
    "accepted_at",
    "days_late",
    "is_held",
    "percent",
    "last_reported_at",
    "reported_until",
    "owing_since",
)
"""what a branch has got to: the successor's own branch takes it over where the old one leads"""


class WorkRow(NamedTuple):
    """An open assignment, and what would become of it with each successor."""

    assignment_id: int
    task_id: int
    title: str
    plan: str
    position: int
    role: AssignmentRole
    state: AssignmentState
    task_state: TaskState
    due_on: date | None
    outcomes: dict[int, WorkOutcome]
    """by the id of the successor"""
    loose_ends: LooseEnds


class Moved(NamedTuple):
    task: Task
    assignment: Assignment
    """the branch that goes on"""
    successor: Department
    outcome: WorkOutcome


def open_tasks(
    session: Session, department: Department, *, locked: bool = False
) -> list[tuple[Task, list[Assignment]]]:
    """The tasks on which the department has an open branch, each with all its branches, in the order of their ids."""
    open_here = select(Assignment.task_id).where(
        Assignment.department_id == department.id, Assignment.state.in_(OPEN_ASSIGNMENT)
    )
    query = select(Task).where(Task.id.in_(open_here), Task.state.in_(MOVABLE_TASK)).order_by(Task.id)
    if locked:
        query = query.with_for_update()
    tasks = session.scalars(query.execution_options(populate_existing=locked)).all()
    branches: dict[int, list[Assignment]] = defaultdict(list)
    of_these = (
        select(Assignment)
        .where(Assignment.task_id.in_(open_here))
        .order_by(Assignment.position, Assignment.id)
        .execution_options(populate_existing=locked)
    )
    for one in session.scalars(of_these):
        branches[one.task_id].append(one)
    return [(task, branches[task.id]) for task in tasks]


def list_work(
    session: Session,
    department: Department,
    successors: Sequence[Department],
    tasks: Sequence[tuple[Task, list[Assignment]]],
) -> list[WorkRow]:
    titles = plan_titles(session, (task.plan_id for task, _ in tasks))
    olds = {task.id: _of_department(branches, department) for task, branches in tasks}
    loose_ends = count_loose_ends(session, [one.id for one in olds.values()])
    rows = []
    for task, branches in tasks:
        old = olds[task.id]
        rows.append(
            WorkRow(
                assignment_id=old.id,
                task_id=task.id,
                title=task.title,
                plan=titles[task.plan_id],
                position=task.position,
                role=old.role,
                state=old.state,
                task_state=task.state,
                due_on=old.due_on,
                outcomes={one.id: outcome_of(old, branch_of(branches, one.id)) for one in successors},
                loose_ends=loose_ends[old.id],
            )
        )
    return rows


def _of_department(branches: Iterable[Assignment], department: Department) -> Assignment:
    return next(one for one in branches if one.department_id == department.id)


def branch_of(branches: Iterable[Assignment], department_id: int) -> Assignment | None:
    return next((one for one in branches if one.department_id == department_id), None)


def outcome_of(old: Assignment, own: Assignment | None) -> WorkOutcome:
    """What becomes of an open branch; ``own`` is the successor's on the same task, where it has one.

    One that was taken out of the task before counts as none: the successor comes back with the old branch's part.
    """
    if own is None or own.state is AssignmentState.WITHDRAWN:
        return WorkOutcome.MOVES
    if old.role is AssignmentRole.LEAD and own.role is AssignmentRole.PARTNER:
        return WorkOutcome.LEADS_NOW
    if own.state not in OPEN_ASSIGNMENT and own.role is old.role:
        # Its own part is done, the part that it takes over is not.
        return WorkOutcome.MOVES
    return WorkOutcome.JOINS


@dataclass(frozen=True)
class Mover:
    """Moves the work of one department in one step."""

    session: Session
    step: DepartmentSuccession
    department: Department
    by: Writing

    def move(self, task: Task, branches: list[Assignment], successor: Department) -> Moved:
        """Let the successor go on with one task, and write it into the task's history."""
        before = history.snapshot(task, branches)
        old = _of_department(branches, self.department)
        own = branch_of(branches, successor.id)
        outcome = outcome_of(old, own)
        going_on = own or old
        if own is None:
            old.department_id = successor.id
        else:
            takes_over = outcome is not WorkOutcome.JOINS
            if takes_over:
                take_over(own, old)
            take_along(
                self.session,
                old,
                own,
                takes_over=takes_over,
                actor_id=self.by["actor"].person_id,
                now=self.by["now"],
            )
            old.state = AssignmentState.WITHDRAWN
        if not self._has_officer(going_on, successor):
            going_on.officer_id = None
        task.state = derived_task_state(task.state, [one.state for one in branches if one.role is AssignmentRole.LEAD])
        # Whoever looks at the task as it was must not decide on it as it is now.
        flag_modified(task, "state")
        if own is not None and task.state is TaskState.DRAFT:
            # Of a draft nobody keeps what is taken out.
            self.session.delete(old)
            branches.remove(old)
        else:
            self.session.add(
                SuccessionWork(
                    succession_id=self.step.id, assignment_id=old.id, successor_id=successor.id, outcome=outcome
                )
            )
        self.session.flush()
        settle_requests(
            self.session,
            act=Act.CORRECT,
            task=task,
            assignments=branches,
            before=before,
            actor_id=self.by["actor"].person_id,
            now=self.by["now"],
        )
        history.record(
            self.session,
            task=task,
            act=Act.CORRECT,
            before=before,
            after=history.snapshot(task, branches),
            assignment=going_on,
            reason=self.step.reason,
            facts={
                "succession": self.step.id,
                "kind": self.step.kind.value,
                "from_department": self.department.name,
                "to_department": successor.name,
                "role": going_on.role.value,
                "outcome": outcome.value,
            },
            **self.by,
        )
        return Moved(task, going_on, successor, outcome)

    def _has_officer(self, branch: Assignment, successor: Department) -> bool:
        """Whether the branch's officer holds that post at the successor too."""
        today = local_date(self.by["now"])
        held = select(PersonPost.id).where(
            PersonPost.person_id == branch.officer_id,
            PersonPost.department_id == successor.id,
            PersonPost.role == Role.OFFICER,
            held_on(today),
        )
        return self.session.scalars(held).first() is not None


def take_over(own: Assignment, old: Assignment) -> None:
    """Let the successor's branch stand where the old one had got to."""
    for name in BRANCH_FIELDS:
        setattr(own, name, getattr(old, name))
    own.officer_id = old.officer_id
    own.position = min(own.position, old.position)
    own.deadline_version = max(own.deadline_version, old.deadline_version) + 1
