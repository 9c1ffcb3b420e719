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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind, SuccessionKind, WorkOutcome
from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.history import Change
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.models import (
    Assignment,
    Department,
    DepartmentName,
    DepartmentSuccession,
    DepartmentSuccessor,
    Plan,
)
from taskboard.services.actors import require_role
from taskboard.services.department_access import get_department
from taskboard.services.department_records import record_department
from taskboard.services.department_tree import lock_directory, move
from taskboard.services.history import Writing
from taskboard.services.paging import count_rows
from taskboard.services.succession_belongings import (
    MemberLine,
    PostLine,
    list_memberships,
    list_posts,
    move_memberships,
    move_posts,
    move_supervision,
)
from taskboard.services.succession_duties import (
    DutyLine,
    HelpLine,
    PortfolioLine,
    list_duties,
    list_owned_help,
    list_portfolios_of,
    move_duties,
    move_meetings,
    move_owned_help,
    move_portfolios,
)
from taskboard.services.succession_loose_ends import LooseEnds, total_of
from taskboard.services.succession_mails import tell_successors
from taskboard.services.succession_work import Moved, Mover, WorkRow, branch_of, list_work, open_tasks

LONGEST_REASON = 500


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


@dataclass(frozen=True)
class SuccessionPreview:
    """All that would move, and ``mark``, by which it is known whether something changed since it was looked at."""

    department: Department
    successors: list[Department]
    work: list[WorkRow]
    children: list[Department]
    posts: list[PostLine]
    memberships: list[MemberLine]
    duties: list[DutyLine]
    owned_help: list[HelpLine]
    portfolios: list[PortfolioLine]
    names: list[str]
    plans: int
    """plans over which the department watches"""
    mark: str

    @property
    def conflicts(self) -> list[WorkRow]:
        """The assignments whose task a successor has already."""
        return [row for row in self.work if any(one is not WorkOutcome.MOVES for one in row.outcomes.values())]

    @property
    def loose_ends(self) -> LooseEnds:
        """What hangs on all the assignments together."""
        return total_of([row.loose_ends for row in self.work])


# Looking


def preview_succession(
    session: Session,
    department_id: int,
    successor_ids: Sequence[int],
    *,
    kind: SuccessionKind,
    from_on: date,
    actor: Actor,
    today: date,
) -> SuccessionPreview:
    """What would move if these departments followed; raises :class:`Invalid` where they cannot, or not yet."""
    require_role(actor, Role.ADMINISTRATOR)
    department = get_department(session, department_id, actor=actor)
    successors = _successors(session, department, successor_ids)
    _check_step(kind, from_on, successors, today)
    tasks = open_tasks(session, department)
    work = list_work(session, department, successors, tasks)
    children = list(
        session.scalars(
            select(Department)
            .where(Department.parent_id == department.id, Department.is_active)
            .order_by(Department.id)
        )
    )
    posts = list_posts(session, department, today)
    memberships = list_memberships(session, department, today)
    duties = list_duties(session, department)
    owned_help = list_owned_help(session, department)
    portfolios = list_portfolios_of(session, department)
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
        [[one.assignment_id, *one.loose_ends] for one in work],
        [[one.id, one.state] for one in duties],
        [one.id for one in owned_help],
        [one.id for one in portfolios],
        plans,
    ]
    mark = hashlib.sha256(json.dumps(seen).encode()).hexdigest()
    return SuccessionPreview(
        department=department,
        successors=successors,
        work=work,
        children=children,
        posts=posts,
        memberships=memberships,
        duties=duties,
        owned_help=owned_help,
        portfolios=portfolios,
        names=names,
        plans=plans,
        mark=mark,
    )


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
    _check_reason(order.reason)
    tasks = open_tasks(session, department, locked=True)
    preview = preview_succession(
        session,
        department_id,
        order.successor_ids,
        kind=order.kind,
        from_on=order.from_on,
        actor=actor,
        today=today,
    )
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
        move_memberships(session, department, successors[0], today)
        if order.moves_posts:
            move_posts(session, department, successors[0], today)
    mover = Mover(session, step, department, by)
    moved = [mover.move(task, branches, successor) for task, branches, successor in moving]
    by_task = {one.task.id: one.successor for one in moved}
    move_duties(session, department, by_task, otherwise=successors[0] if ends else None)
    if ends:
        move_owned_help(session, department, successors[0])
        move_meetings(session, department, successors[0])
        move_portfolios(session, department, successors, **by)
        for child in preview.children:
            move(session, session.get_one(Department, child.id), successors[0].id)
        move_supervision(session, department_id, successors[0].id)
        session.get_one(Department, department_id).is_active = False
        session.flush()
    _record(session, step, successors, moved, children=preview.children if ends else [], **by)
    tell_successors(session, step, department, moved, by)
    return step


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("reason", "required")
    if len(reason) > LONGEST_REASON:
        raise Invalid("reason", "too_long", limit=LONGEST_REASON)


def _check_step(kind: SuccessionKind, from_on: date, successors: Sequence[Department], today: date) -> None:
    """Work moves when the step is confirmed, so nothing is shown for a day that has not come."""
    if from_on > today:
        raise Invalid("from_on", "succession_in_future", today=today)
    if kind is SuccessionKind.MERGER and len(successors) > 1:
        raise Invalid("successors", "merger_has_one_successor")
    if kind is SuccessionKind.SPLIT and len(successors) < 2:
        raise Invalid("successors", "split_has_several_successors")


def _allotted(
    order: SuccessionOrder,
    preview: SuccessionPreview,
    branches: Iterable[Assignment],
    department: Department,
    successors: Sequence[Department],
) -> Department | None:
    old = branch_of(branches, department.id)
    if old is None:
        return None
    named = order.allotted.get(old.id)
    if named is None:
        return None if order.kind is SuccessionKind.TRANSFER else successors[0]
    try:
        return next(one for one in successors if one.id == named)
    except StopIteration:
        raise Invalid("successors", "unknown") from None


def _record(
    session: Session,
    step: DepartmentSuccession,
    successors: Sequence[Department],
    moved: Sequence[Moved],
    *,
    children: Sequence[Department],
    **by: Unpack[Writing],
) -> None:
    """Write the step into the trail of the old department and of each successor."""
    facts = {"succession": step.id, "succession_kind": step.kind, "from_on": step.from_on}
    old = session.get_one(Department, step.department_id)
    after = {
        **facts,
        "successors": [one.name for one in successors],
        "task_ids": [one.task.id for one in moved],
        "is_active": old.is_active,
        "children_moved": [one.name for one in children],
    }
    record_department(session, old.id, Change.MERGED, before={"is_active": True}, after=after, reason=step.reason, **by)
    for one in successors:
        tasks = [work.task.id for work in moved if work.successor.id == one.id]
        taken = {**facts, "took_over_from": old.name, "task_ids": tasks}
        record_department(session, one.id, Change.MERGED, after=taken, reason=step.reason, **by)
