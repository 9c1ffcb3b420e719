"""Departments that follow others: mergers, splits and duties that go over, as one explicit step.

:func:`preview_succession` shows what would move, :func:`carry_out_succession` moves it: open assignments with a row of
history on every task, the departments below, posts and memberships, in one transaction, and one mail to each person
concerned. Nothing that is closed moves, and the old department keeps its names: who looks for one of them is led on to
the successor (:mod:`taskboard.domain.department_matching`).

One department stands once on a task. Where the successor has the task already the stronger role stays: see
:class:`taskboard.domain.departments.WorkOutcome`.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeAlias, Unpack

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from taskboard.domain.departments import DepartmentKind, SuccessionKind, WorkOutcome
from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.history import Change
from taskboard.domain.local_time import local_date
from taskboard.domain.outbox import MailKind
from taskboard.domain.permissions import Actor
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
from taskboard.labels import label
from taskboard.models import (
    Assignment,
    Department,
    DepartmentMember,
    DepartmentName,
    DepartmentSuccession,
    DepartmentSuccessor,
    ImportDraft,
    Person,
    PersonPost,
    Plan,
    SuccessionWork,
    Task,
)
from taskboard.services import history
from taskboard.services.actors import Holder, held_on, require_role
from taskboard.services.answerable import people_answerable, supervisors_of
from taskboard.services.department_access import get_department
from taskboard.services.department_records import record_department
from taskboard.services.department_tree import lock_directory, move
from taskboard.services.history import Writing
from taskboard.services.outbox import queue_mail
from taskboard.services.paging import count_rows

LONGEST_REASON = 500
MOST_TASKS_IN_A_MAIL = 20
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
    "percent",
    "last_reported_at",
)
"""what a branch has got to: the successor's own branch takes it over where the old one leads"""


@dataclass(frozen=True)
class SuccessionOrder:
    """Who follows a department, since when and why.

    ``allotted`` names the successor for single assignments by their ids; an assignment that is not named goes to the
    first successor, or where only some duties go over, stays. ``mark`` is that of the preview which was agreed to.
    """

    successor_ids: Sequence[int]
    from_on: date
    reason: str
    mark: str
    kind: SuccessionKind
    allotted: Mapping[int, int] = field(default_factory=dict)
    moves_posts: bool = True


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


class PostLine(NamedTuple):
    """A post that would end here and begin at the successor."""

    id: int
    person: str
    role: Role
    from_on: date
    to_on: date | None


class MemberLine(NamedTuple):
    """A membership in a group that would go over to the successor."""

    id: int
    group: str
    from_on: date
    to_on: date | None


@dataclass(frozen=True)
class SuccessionPreview:
    """All that would move, and ``mark``, by which it is known whether something changed since it was looked at."""

    department: Department
    successors: list[Department]
    work: list[WorkRow]
    children: list[Department]
    posts: list[PostLine]
    memberships: list[MemberLine]
    names: list[str]
    plans: int
    """plans over which the department watches"""
    mark: str

    @property
    def conflicts(self) -> list[WorkRow]:
        """The assignments whose task a successor has already."""
        return [row for row in self.work if any(one is not WorkOutcome.MOVES for one in row.outcomes.values())]


# Looking


def preview_succession(
    session: Session, department_id: int, successor_ids: Sequence[int], *, actor: Actor, today: date
) -> SuccessionPreview:
    """What would move if these departments followed; raises :class:`Invalid` where they cannot."""
    require_role(actor, Role.ADMINISTRATOR)
    department = get_department(session, department_id, actor=actor)
    successors = _successors(session, department, successor_ids)
    tasks = _open_tasks(session, department)
    work = _work(session, department, successors, tasks)
    children = list(
        session.scalars(
            select(Department)
            .where(Department.parent_id == department.id, Department.is_active)
            .order_by(Department.id)
        )
    )
    posts = _posts(session, department, today)
    memberships = _memberships(session, department, today)
    names = list(
        session.scalars(
            select(DepartmentName.name)
            .where(DepartmentName.department_id == department.id)
            .order_by(DepartmentName.is_official.desc(), DepartmentName.id)
        )
    )
    plans = count_rows(session, select(Plan.id).where(Plan.body_id == department.id))
    seen = [
        [department.id, department.version, *[one.id for one in successors]],
        [[task.id, task.version] for task, _ in tasks],
        [[one.id, one.version] for _, branches in tasks for one in branches],
        [[one.id, one.version] for one in children],
        [[one.id, str(one.to_on)] for one in posts],
        [[one.id, str(one.to_on)] for one in memberships],
        plans,
    ]
    mark = hashlib.sha256(json.dumps(seen).encode()).hexdigest()
    return SuccessionPreview(department, successors, work, children, posts, memberships, names, plans, mark)


def _successors(session: Session, department: Department, ids: Sequence[int]) -> list[Department]:
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        raise Invalid("successors", "required")
    found = {one.id: one for one in session.scalars(select(Department).where(Department.id.in_(wanted)))}
    for one in wanted:
        successor = found.get(one)
        if successor is None:
            raise Invalid("successors", "unknown")
        if successor.id == department.id:
            raise Invalid("successors", "successor_is_itself")
        if not successor.is_active:
            raise Invalid("successors", "successor_inactive", name=successor.name)
        if successor.kind is DepartmentKind.COLLECTIVE:
            raise Invalid("successors", "successor_is_collective", name=successor.name)
        if successor.path.startswith(department.path):
            raise Invalid("successors", "successor_is_below", name=successor.name)
    if department.kind is DepartmentKind.COLLECTIVE:
        raise Invalid("successors", "collective_has_no_successor")
    if not department.is_active:
        raise Invalid("successors", "department_inactive_already")
    return [found[one] for one in wanted]


def _open_tasks(
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


def _work(
    session: Session,
    department: Department,
    successors: Sequence[Department],
    tasks: Sequence[tuple[Task, list[Assignment]]],
) -> list[WorkRow]:
    titles = dict(
        session.execute(select(Plan.id, Plan.title).where(Plan.id.in_({task.plan_id for task, _ in tasks}))).all()
    )
    rows = []
    for task, branches in tasks:
        old = next(one for one in branches if one.department_id == department.id)
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
                outcomes={one.id: outcome_of(old, _branch(branches, one.id)) for one in successors},
            )
        )
    return rows


def _branch(branches: Iterable[Assignment], department_id: int) -> Assignment | None:
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


def _posts(session: Session, department: Department, today: date) -> list[PostLine]:
    query = (
        select(PersonPost.id, Person.name, PersonPost.role, PersonPost.from_on, PersonPost.to_on)
        .join(Person, Person.id == PersonPost.person_id)
        .where(PersonPost.department_id == department.id, or_(PersonPost.to_on.is_(None), PersonPost.to_on >= today))
        .order_by(PersonPost.id)
    )
    return [PostLine(*row) for row in session.execute(query)]


def _memberships(session: Session, department: Department, today: date) -> list[MemberLine]:
    query = (
        select(DepartmentMember.id, Department.name, DepartmentMember.from_on, DepartmentMember.to_on)
        .join(Department, Department.id == DepartmentMember.group_id)
        .where(
            DepartmentMember.member_id == department.id,
            or_(DepartmentMember.to_on.is_(None), DepartmentMember.to_on >= today),
        )
        .order_by(DepartmentMember.id)
    )
    return [MemberLine(*row) for row in session.execute(query)]


# Carrying out


def carry_out_succession(
    session: Session,
    department_id: int,
    order: SuccessionOrder,
    *,
    request_key: str | None = None,
    **by: Unpack[Writing],
) -> DepartmentSuccession:
    """Move what the preview showed to the successors; called again with the same ``request_key`` it does nothing.

    Raises :class:`Stale` where something changed since the preview, :class:`Invalid` where a rule forbids it.
    """
    actor, today = by["actor"], local_date(by["now"])
    require_role(actor, Role.ADMINISTRATOR)
    earlier = session.scalar(select(DepartmentSuccession).where(DepartmentSuccession.request_key == request_key))
    if request_key is not None and earlier is not None:
        if earlier.department_id != department_id:
            raise Invalid("request_key", "used_before")
        return earlier
    lock_directory(session)
    session.expire_all()
    department = session.get(Department, department_id)
    if department is None:
        raise NotFound()
    successors = _successors(session, department, order.successor_ids)
    _check_order(order, successors, today)
    tasks = _open_tasks(session, department, locked=True)
    preview = preview_succession(session, department_id, order.successor_ids, actor=actor, today=today)
    if preview.mark != order.mark:
        raise Stale(subject="succession")

    step = DepartmentSuccession(
        department_id=department_id,
        kind=order.kind,
        from_on=order.from_on,
        reason=order.reason.strip(),
        decided_at=by["now"],
        decided_by_id=actor.person_id,
        request_key=request_key,
    )
    session.add(step)
    session.flush()
    session.add_all(
        DepartmentSuccessor(succession_id=step.id, successor_id=one.id, position=number)
        for number, one in enumerate(successors)
    )
    moving = [
        (task, branches, successor)
        for task, branches in tasks
        if (successor := _allotted(order, preview, branches, department, successors)) is not None
    ]
    ends = order.kind is not SuccessionKind.TRANSFER
    if ends:
        _move_memberships(session, department, successors[0], today)
        if order.moves_posts:
            _move_posts(session, department, successors[0], today)
    carried = _Carried(session, step, department, by)
    moved = [carried.move_work(task, branches, successor) for task, branches, successor in moving]
    if ends:
        for child in preview.children:
            move(session, session.get_one(Department, child.id), successors[0].id)
        _move_supervision(session, department_id, successors[0].id)
        session.get_one(Department, department_id).is_active = False
        session.flush()
    carried.record(successors, moved, preview)
    carried.tell(moved)
    return step


def _check_order(order: SuccessionOrder, successors: Sequence[Department], today: date) -> None:
    if not order.reason.strip():
        raise Invalid("reason", "required")
    if len(order.reason) > LONGEST_REASON:
        raise Invalid("reason", "too_long", limit=LONGEST_REASON)
    if order.from_on > today:
        raise Invalid("from_on", "succession_in_future", today=today)
    if order.kind is SuccessionKind.MERGER and len(successors) > 1:
        raise Invalid("successors", "merger_has_one_successor")
    if order.kind is SuccessionKind.SPLIT and len(successors) < 2:
        raise Invalid("successors", "split_has_several_successors")


def _allotted(
    order: SuccessionOrder,
    preview: SuccessionPreview,
    branches: Iterable[Assignment],
    department: Department,
    successors: Sequence[Department],
) -> Department | None:
    old = _branch(branches, department.id)
    if old is None:
        return None
    named = order.allotted.get(old.id)
    if named is None:
        return None if order.kind is SuccessionKind.TRANSFER else successors[0]
    try:
        return next(one for one in successors if one.id == named)
    except StopIteration:
        raise Invalid("successors", "unknown") from None


class _Moved(NamedTuple):
    task: Task
    assignment: Assignment
    """the branch that goes on"""
    successor: Department
    outcome: WorkOutcome


_Told: TypeAlias = dict[int, tuple[Holder, list[tuple[str, Role, bool]], dict[int, _Moved]]]


@dataclass(frozen=True)
class _Carried:
    """One step while it is carried out."""

    session: Session
    step: DepartmentSuccession
    department: Department
    by: Writing

    def move_work(self, task: Task, branches: list[Assignment], successor: Department) -> _Moved:
        """Let the successor go on with one task, and write it into the task's history."""
        before = history.snapshot(task, branches)
        old = next(one for one in branches if one.department_id == self.department.id)
        own = _branch(branches, successor.id)
        outcome = outcome_of(old, own)
        going_on = own or old
        if own is None:
            old.department_id = successor.id
        else:
            if outcome is not WorkOutcome.JOINS:
                _take_over(own, old)
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
        return _Moved(task, going_on, successor, outcome)

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

    def record(self, successors: Sequence[Department], moved: Sequence[_Moved], preview: SuccessionPreview) -> None:
        """Write the step into the trail of the old department and of each successor."""
        ends = self.step.kind is not SuccessionKind.TRANSFER
        facts = {"succession": self.step.id, "succession_kind": self.step.kind, "from_on": self.step.from_on}
        after = {
            **facts,
            "successors": [one.name for one in successors],
            "tasks": [one.task.id for one in moved],
            "is_active": not ends,
            "children_moved": [one.name for one in preview.children] if ends else [],
        }
        before = {"is_active": True}
        self._record(self.department.id, before, after)
        for one in successors:
            tasks = [work.task.id for work in moved if work.successor.id == one.id]
            self._record(one.id, {}, {**facts, "took_over_from": self.department.name, "tasks": tasks})

    def _record(self, department_id: int, before: dict[str, Any], after: dict[str, Any]) -> None:
        record_department(
            self.session,
            department_id,
            Change.MERGED,
            before=before,
            after=after,
            reason=self.step.reason,
            **self.by,
        )

    def tell(self, moved: Sequence[_Moved]) -> None:
        """One mail to each person for everything that moved: the successors' liaisons, and the tasks' supervisors."""
        told = self._concerned(moved)
        plan_ids = {one.task.plan_id for one in moved}
        plans = dict(self.session.execute(select(Plan.id, Plan.title).where(Plan.id.in_(plan_ids))).all())
        for person, posts, works in told.values():
            if person.email is None or person.person_id == self.by["actor"].person_id:
                continue
            queue_mail(
                self.session,
                key=f"succession:{self.step.id}:{person.person_id}",
                kind=MailKind.NOTICE,
                person_id=person.person_id,
                to_address=person.email,
                template="succession",
                facts={
                    "person": person.name,
                    "actor": self.by["actor"].name,
                    "posts": [
                        {"department": name, "role": role.value, "is_stand_in": is_stand_in}
                        for name, role, is_stand_in in posts
                    ],
                    "department": self.department.name,
                    "kind": label(self.step.kind),
                    "from_on": self.step.from_on.isoformat(),
                    "reason": self.step.reason,
                    "total": len(works),
                    "tasks": [_facts(work, plans) for work in list(works.values())[:MOST_TASKS_IN_A_MAIL]],
                    "path": "/my-tasks",
                },
                now=self.by["now"],
            )

    def _concerned(self, moved: Sequence[_Moved]) -> _Told:
        """Who is told of which work, and for which posts; of drafts only the supervisors know."""
        told: _Told = {}

        def add(person: Holder, department: str, role: Role, work: _Moved) -> None:
            _, posts, works = told.setdefault(person.person_id, (person, [], {}))
            works[work.task.id] = work
            post = (department, role, person.is_stand_in)
            if post not in posts:
                posts.append(post)

        today = local_date(self.by["now"])
        issued = [one for one in moved if one.task.state is not TaskState.DRAFT]
        liaisons = people_answerable(self.session, {one.successor.id for one in issued}, Role.LIAISON, today=today)
        for one in issued:
            for person in liaisons[one.successor.id]:
                add(person, one.successor.name, Role.LIAISON, one)
        body_ids = {one.task.body_id for one in moved}
        bodies = self.session.scalars(select(Department).where(Department.id.in_(body_ids))).all()
        for body in bodies:
            for person in supervisors_of(self.session, body.path, today=today):
                for one in moved:
                    if one.task.body_id == body.id:
                        add(person, body.name, Role.SUPERVISOR, one)
        return told


def _take_over(own: Assignment, old: Assignment) -> None:
    """Let the successor's branch stand where the old one had got to."""
    for name in BRANCH_FIELDS:
        setattr(own, name, getattr(old, name))
    own.officer_id = old.officer_id
    own.position = min(own.position, old.position)
    own.deadline_version = max(own.deadline_version, old.deadline_version) + 1


def _move_posts(session: Session, department: Department, successor: Department, today: date) -> None:
    """Posts end with yesterday and begin today at the successor; what was served stays under the old name."""
    query = select(PersonPost).where(
        PersonPost.department_id == department.id, or_(PersonPost.to_on.is_(None), PersonPost.to_on >= today)
    )
    for post in session.scalars(query).all():
        begins, ends = max(post.from_on, today), post.to_on
        has_it = select(PersonPost.id).where(
            PersonPost.person_id == post.person_id,
            PersonPost.role == post.role,
            PersonPost.department_id == successor.id,
            or_(PersonPost.to_on.is_(None), PersonPost.to_on >= begins),
        )
        if ends is not None:
            has_it = has_it.where(PersonPost.from_on <= ends)
        is_new = session.scalars(has_it).first() is None
        if post.from_on >= today and is_new:
            post.department_id = successor.id
            continue
        if is_new:
            session.add(
                PersonPost(
                    person_id=post.person_id, department_id=successor.id, role=post.role, from_on=begins, to_on=ends
                )
            )
        if post.from_on >= today:
            session.delete(post)
        else:
            post.to_on = today - timedelta(days=1)
    session.flush()


def _move_memberships(session: Session, department: Department, successor: Department, today: date) -> None:
    query = select(DepartmentMember).where(
        DepartmentMember.member_id == department.id,
        or_(DepartmentMember.to_on.is_(None), DepartmentMember.to_on >= today),
    )
    for time in session.scalars(query).all():
        begins, ends = max(time.from_on, today), time.to_on
        has_it = select(DepartmentMember.id).where(
            DepartmentMember.group_id == time.group_id,
            DepartmentMember.member_id == successor.id,
            or_(DepartmentMember.to_on.is_(None), DepartmentMember.to_on >= begins),
        )
        if ends is not None:
            has_it = has_it.where(DepartmentMember.from_on <= ends)
        is_new = session.scalars(has_it).first() is None
        if is_new:
            session.add(DepartmentMember(group_id=time.group_id, member_id=successor.id, from_on=begins, to_on=ends))
        if time.from_on >= today:
            session.delete(time)
        else:
            time.to_on = today - timedelta(days=1)
    session.flush()


def _move_supervision(session: Session, department_id: int, successor_id: int) -> None:
    """Plans are watched over by the successor from now on, their closed tasks too: to watch over them is no work."""
    for model in (Plan, Task, ImportDraft):
        session.execute(
            update(model)
            .where(model.body_id == department_id)
            .values(body_id=successor_id)
            .execution_options(synchronize_session=False)
        )
    session.expire_all()


def _facts(work: _Moved, plans: Mapping[int, str]) -> dict[str, object]:
    task, branch = work.task, work.assignment
    return {
        "title": task.title,
        "path": f"/tasks/{task.id}",
        "plan": plans[task.plan_id],
        "due_on": branch.due_on.isoformat() if branch.due_on else None,
        "is_ongoing": task.is_ongoing,
        "deadline_origin": task.deadline_origin.value,
        "role": branch.role.value,
        "department": work.successor.name,
        "outcome": label(work.outcome),
    }
