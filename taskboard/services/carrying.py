"""Sub-tasks follow what happens to the part they came from: :func:`carry` is called at the end of every act.

What follows is decided by :func:`taskboard.domain.decomposition.carried_act`; a sub-task that would now be due after
its part takes over the day of the part. Each sub-task gets its own entry in its history, each person one notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from taskboard.domain.decomposition import (
    CARRIED_FROM,
    carried_act,
    carried_branch_end,
    carried_closure,
    latest_day,
)
from taskboard.domain.local_time import local_date
from taskboard.domain.workflow import (
    ENDED_TASK,
    Act,
    TaskState,
    Verification,
    carried_state,
)
from taskboard.models import Assignment, HistoryEntry, Task, TaskLineage
from taskboard.services import history, notices
from taskboard.services.branches import end_branch
from taskboard.services.deadlines import keep_within, postpone

if TYPE_CHECKING:
    from taskboard.services.cases import Case


class Follower(NamedTuple):
    """A sub-task that followed, with the entry of its history."""

    case: Case
    entry: HistoryEntry


def carry(case: Case, entry: HistoryEntry) -> list[Follower]:
    """Let the sub-tasks of the case's assignments follow, and theirs; a fixed number of queries for each level."""
    followers: list[Follower] = []
    level = [case] if _is_felt_below(case) else []
    while level:
        moved = _carry_level(case, level, entry)
        followers += moved
        level = [one.case for one in moved]
    if followers:
        notices.carried(case, entry, [one.case for one in followers])
    return followers


def _is_felt_below(case: Case) -> bool:
    """Whether the act changed what sub-tasks go by: a state or a day of the task or of one of its branches."""
    if case.act is Act.ISSUE:
        return False
    _, new = history.changes(case.before, history.snapshot(case.task, case.assignments))
    return any(values.keys() & {"state", "due_on"} for part, values in new.items() if part in case.before)


def _carry_level(first: Case, level: Sequence[Case], entry: HistoryEntry) -> list[Follower]:
    session = first.session
    parts = {one.id: (above, one) for above in level for one in above.assignments}
    rows = session.execute(
        select(Task, TaskLineage.assignment_id)
        .join(TaskLineage, TaskLineage.task_id == Task.id)
        .where(TaskLineage.assignment_id.in_(parts), TaskLineage.distance == 1, Task.state.not_in(ENDED_TASK))
        .order_by(Task.id)
        .with_for_update(of=Task)
        .execution_options(populate_existing=True)
    ).all()
    if not rows:
        return []
    cases = first.load_below([task for task, _ in rows])
    suspensions = _suspensions(session, [task.id for task, _ in rows if task.state is TaskState.SUSPENDED])
    found = []
    for task, assignment_id in rows:
        above, part = parts[assignment_id]
        below = cases[task.id]
        if _follow(below, above, part, suspensions.get(task.id)):
            below.carried_from = above.task.id
            found.append(Follower(below, below.record(reason=entry.reason, facts=_facts(below, entry))))
    return found


def _suspensions(session: Session, task_ids: Sequence[int]) -> dict[int, HistoryEntry]:
    """How each of these tasks came to be suspended."""
    last = (
        select(func.max(HistoryEntry.id))
        .where(HistoryEntry.task_id.in_(task_ids), HistoryEntry.act == Act.SUSPEND)
        .group_by(HistoryEntry.task_id)
    )
    found = session.scalars(select(HistoryEntry).where(HistoryEntry.id.in_(last))) if task_ids else ()
    return {one.task_id: one for one in found if one.task_id is not None}


def _follow(below: Case, above: Case, part: Assignment, suspended: HistoryEntry | None) -> bool:
    """Do to the sub-task what follows; whether there was anything to do."""
    task = below.task
    was_carried = suspended is not None and CARRIED_FROM in (suspended.after or {}).get("act", {})
    latest = latest_day(part.due_on, below.today)
    act = carried_act(above.task.state, part.state, task.state, was_carried=was_carried)
    match act:
        case Act.TERMINATE:
            for one in below.assignments:
                end_branch(one, carried_state(act, one.role, one.state), below.now)
            task.state = TaskState.TERMINATED
        case Act.CLOSE:
            _close(below)
        case Act.SUSPEND:
            task.state = TaskState.SUSPENDED
        case Act.RESUME if suspended is not None:
            task.state = TaskState.IN_PROGRESS
            days = (below.today - local_date(suspended.at)).days
            postpone(task, below.assignments, days=days, latest=latest)
    is_open = task.state not in ENDED_TASK
    is_earlier = is_open and keep_within(task, below.assignments, latest)
    below.act = act or Act.CORRECT
    return act is not None or is_earlier


def _close(below: Case) -> None:
    task = below.task
    task.closure, task.verification = carried_closure(task.state), Verification.SELF_REPORTED
    end = carried_branch_end(task.state)
    for one in below.assignments:
        end_branch(one, carried_state(Act.CLOSE, one.role, one.state, open_branches_end_as=end), below.now)
    task.state, task.closed_at = TaskState.CLOSED, below.now


def _facts(below: Case, entry: HistoryEntry) -> dict[str, str] | None:
    review_on = (entry.after or {}).get("act", {}).get("review_on")
    return {"review_on": review_on} if below.act is Act.SUSPEND and review_on else None
