"""What holds of a task and its sub-tasks together after every act on one of them.

What should follow below is worked out here once more, from the rows before and after, not by the product's functions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.errors import DomainError, NotAllowed, NotFound
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import Act
from taskboard.models import Task
from taskboard.services import decomposition, visibility
from tests.support.history_rules import OPEN, RUNS, Family, Judge, Row, Seen, Step, require, within

ENDED = {"closed", "terminated"}
DELIVERED = {"accepted", "not_submitted", "waived"}
SOURCE = ("plan_id", "measure_id", "body_id")
SPEAKS = {Role.HEAD, Role.LIAISON}


def part_of(family: Family, task_id: int) -> Row | None:
    """The assignment that was split into this task; None for one that no part came to."""
    lineage = family[task_id].lineage
    return next(
        (seen.branches[lineage[0]] for seen in family.values() if lineage and lineage[0] in seen.branches), None
    )


def latest_day(family: Family, task_id: int, today: date) -> date | None:
    """The last day that the task may be due on; None where nothing bounds it."""
    part = part_of(family, task_id)
    return None if part is None or part["due_on"] is None else max(part["due_on"], today)


@dataclass
class FamilyJudge:
    """The rules of one history, a task with all that came of it."""

    session: Session
    judge: Judge
    body_id: int
    paths: Mapping[int, str]
    """of the departments"""
    unmanned: frozenset[int]
    """departments that nobody speaks for: the supervisors stand in"""
    set_on: dict[tuple[str, int], date] = field(default_factory=dict)
    """when the day of each task and branch was set last"""
    rests_with_part: dict[int, bool] = field(default_factory=dict)
    """of each suspended sub-task, whether it was suspended together with its part"""

    carried: Counter[Act] = field(default_factory=Counter)
    """what followed from the last act"""

    def refused(self, step: Step, refusal: DomainError, before: Family, after: Family) -> None:
        require(before == after, "a refused act changes nothing")
        if isinstance(refusal, (NotAllowed, NotFound)):
            require(not self._may_try(step, before), "who may act is not told that they may not", step)

    def _may_try(self, step: Step, family: Family) -> bool:
        """Whether the act is this person's, be it time for it or not: of those on a task and of splitting a part."""
        if step.branch_id is None:
            return self.decides(step.actor, step.task_id, family)
        seen = family[step.task_id]
        if step.act is not Act.DECOMPOSE or seen.task["state"] == "draft":
            return False  # a draft exists for its supervisors only
        place = seen.branches[step.branch_id]["department_id"]
        return any(step.actor.holds(role, place) for role in SPEAKS)

    def repeated(self, before: Family, after: Family, first: int, again: int) -> None:
        require(first == again and before == after, "a request that is sent twice acts once")

    def decides(self, actor: Actor, task_id: int, family: Family) -> bool:
        """Supervisors decide about a task, and about a sub-task who speaks for the department that split its part."""
        part = part_of(family, task_id)
        if part is None or part["department_id"] in self.unmanned:
            return actor.holds(Role.SUPERVISOR, self.body_id)
        return any(post.role in SPEAKS and post.department_id == part["department_id"] for post in actor.posts)

    def accepted(self, step: Step, before: Family, after: Family) -> None:
        self.carried.clear()
        own_before, own_after = before[step.task_id], after[step.task_id]
        self.judge.check_record(step, own_before, own_after)
        if not self.decides(step.actor, step.task_id, before):
            self.judge.check_person(step, own_before)
        self.judge.check(step, own_before, own_after, latest=latest_day(after, step.task_id, step.today))
        self._remember(step, step.task_id, is_carried=False)
        self._check_split(step, before, after)
        self._check_submission(step, before)
        for task_id in after:
            if task_id in before and task_id != step.task_id:
                self._check_follower(step, task_id, before, after)
        self._check_family(step, before, after)
        self.judge.check_overdue(after, step.today)

    def _remember(self, step: Step, task_id: int, *, is_carried: bool) -> None:
        if step.act is Act.SUSPEND:
            self.rests_with_part[task_id] = is_carried

    def _check_split(self, step: Step, before: Family, after: Family) -> None:
        """What a part is split into goes further down, keeps its source, and is issued at once."""
        made = [task_id for task_id in after if task_id not in before]
        orders = step.given["orders"] if step.act is Act.DECOMPOSE else ()
        require(len(made) == len(orders), "only a split makes sub-tasks, each that was asked for", step)
        if not orders:
            return
        above = after[step.task_id]
        part = above.branches[step.branch_id or 0]
        require(part["state"] == "in_progress", "a part is split while it is worked on", step)
        place = self.paths[part["department_id"]]
        for task_id, order in zip(made, orders, strict=True):
            seen = after[task_id]
            task, [branch] = seen.task, seen.branches.values()
            require(seen.lineage == (part["id"], *above.lineage), "a sub-task knows where it came from", step)
            require([task[one] for one in SOURCE] == [above.task[one] for one in SOURCE], "it keeps the source", step)
            found = (task["state"], branch["state"], branch["role"], seen.entries)
            require(found == ("issued", "pending", "lead", 1), "it is issued when it is made", step, found)
            path = self.paths[branch["department_id"]]
            require(path.startswith(place) and path != place, "work is split downward", step)
            expected = order.due_on or (part["due_on"] and max(part["due_on"], step.today))
            days = {task["due_on"], task["original_due_on"], branch["due_on"]}
            require(days == {expected}, "it is due as asked, or with the part", step, days, expected)

    def _check_submission(self, step: Step, before: Family) -> None:
        if step.act is Act.SUBMIT and not step.given["why_without_subtasks"]:
            owing = [
                task_id
                for task_id, seen in before.items()
                if seen.lineage[:1] == (step.branch_id,) and seen.task["state"] in ("issued", "in_progress")
            ]
            require(not owing, "who submits while sub-tasks owe says why", step, owing)

    def _check_follower(self, step: Step, task_id: int, before: Family, after: Family) -> None:
        """Another task than that of the act stays as it was, unless it lies below and its part says otherwise."""
        old, new = before[task_id], after[task_id]
        expected = self._expected(task_id, old, after, step.today)
        if not set(old.lineage) & before[step.task_id].branches.keys():
            expected = None
        if expected is None:
            require(old == new, "an act is felt below only, and only where it matters", step, task_id, old, new)
            return
        self.carried[expected] += 1
        carried = replace(step, task_id=task_id, act=expected, branch_id=None, given={})
        entry = self.judge.check_record(carried, old, new)
        told = (entry.after or {}).get("act", {}).get("carried_from")
        require(told == new.task["parent_id"], "an entry says which task above was followed", step, told)
        latest = latest_day(after, task_id, step.today)
        self.judge.check(carried, old, new, latest=latest)
        self._remember(carried, task_id, is_carried=True)
        self._check_followed(carried, old, new, latest)

    def _expected(self, task_id: int, old: Seen, after: Family, today: date) -> Act | None:
        """What becomes of a sub-task by how its part stands now."""
        part = part_of(after, task_id)
        state = old.task["state"]
        if part is None or state in ENDED:
            return None
        above = after[part["task_id"]].task["state"]
        if above == "terminated" or part["state"] == "withdrawn":
            return Act.TERMINATE
        if above == "closed" or part["state"] in DELIVERED:
            return Act.CLOSE
        rests = above == "suspended" or part["state"] == "objected"
        if rests and state != "suspended":
            return Act.SUSPEND
        if not rests and state == "suspended" and self.rests_with_part[task_id]:
            return Act.RESUME
        latest = latest_day(after, task_id, today)
        rows = [old.task, *(one for one in old.branches.values() if one["state"] in OPEN)]
        return Act.CORRECT if any(one["due_on"] != within(one["due_on"], latest) for one in rows) else None

    def _check_followed(self, step: Step, old: Seen, new: Seen, latest: date | None) -> None:
        was, state = old.task["state"], new.task["state"]
        match step.act:
            case Act.TERMINATE:
                require(state == "terminated", "a sub-task is terminated with its part", step)
            case Act.CLOSE:
                closure = "done" if was == "submitted" else "ended_undone"
                require((state, new.task["closure"]) == ("closed", closure), "it is closed with its part", step)
            case Act.SUSPEND:
                require(state == "suspended", "it rests with its part", step)
            case Act.RESUME:
                require(state in RUNS, "it goes on with its part", step)
            case _:
                require(state == was, "an earlier day changes nothing else", step)
                require(new.task["due_on"] == within(old.task["due_on"], latest), "an earlier day is taken over", step)

    def _check_family(self, step: Step, before: Family, after: Family) -> None:
        for kind, number, row, earlier in _rows(before, after):
            if earlier is None or earlier["due_on"] != row["due_on"]:
                self.set_on[kind, number] = step.today
        for task_id, seen in after.items():
            part = part_of(after, task_id)
            if part is None or seen.task["state"] in ENDED:
                continue
            above = after[part["task_id"]].task["state"]
            require(above not in ENDED and part["state"] in OPEN, "what came of an ended part has ended", step, task_id)
            if above == "suspended" or part["state"] == "objected":
                require(seen.task["state"] == "suspended", "while a part rests, what came of it does", step, task_id)
            if part["due_on"] is None:
                continue
            rows = [("task", seen.task), *(("branch", one) for one in seen.branches.values() if one["state"] in OPEN)]
            for kind, row in rows:
                bound = max(part["due_on"], self.set_on[kind, row["id"]])
                is_kept = row["due_on"] is not None and row["due_on"] <= bound
                require(is_kept, "a sub-task is due with its part at the latest", step, row, part)

    # What people see of it

    def check_lists(self, actors: Iterable[Actor], family: Family, today: date) -> None:
        """Everybody sees what is theirs, and meets a matter once in lists."""
        for actor in actors:
            seen = {task_id for task_id in family if self._sees(actor, task_id, family)}
            found = self._ids(visibility.visible_tasks(actor), family)
            require(found == seen, "a sub-task is seen above and by its own, by nobody else", actor, found, seen)
            above = {task_id: {part["task_id"] for part in _lineage(family, task_id)} for task_id in family}
            topmost = {task_id for task_id in seen if not above[task_id] & seen}
            found = self._ids(visibility.topmost_tasks(actor), family)
            require(found == topmost, "lists count a matter once", actor, found, topmost)
            for task_id, rolled_up in decomposition.progress_of(self.session, family, actor, today=today).items():
                require(rolled_up.percent == _progress(family, task_id, seen), "progress rolls up", actor, task_id)

    def _ids(self, condition: object, family: Family) -> set[int]:
        return set(self.session.scalars(select(Task.id).where(Task.id.in_(family), condition)))  # type: ignore[arg-type]

    def _sees(self, actor: Actor, task_id: int, family: Family) -> bool:
        if actor.holds(Role.SUPERVISOR, self.body_id):
            return True
        if family[task_id].task["state"] == "draft":
            return False
        if actor.holds(Role.LEADER, self.body_id):
            return True
        own = [*family[task_id].branches.values(), *_lineage(family, task_id)]
        return any(_holds(actor, one) for one in own)


def _holds(actor: Actor, branch: Row) -> bool:
    place = branch["department_id"]
    if any(actor.holds(role, place) for role in SPEAKS):
        return True
    return branch["officer_id"] == actor.person_id and actor.holds(Role.OFFICER, place)


def _lineage(family: Family, task_id: int) -> list[Row]:
    """The assignments that the task came from."""
    wanted = family[task_id].lineage
    return [one for seen in family.values() for one in seen.branches.values() if one["id"] in wanted]


def _progress(family: Family, task_id: int, seen: set[int]) -> int | None:
    """The percent of what came of a task: full for what was delivered, what was reported for the rest, by weight."""
    total = reached = 0
    is_known = False
    for one in family.values():
        task = one.task
        if task["parent_id"] != task_id or task["state"] == "terminated" or task["id"] not in seen:
            continue
        branches = sorted(one.branches.values(), key=lambda branch: (branch["position"], branch["id"]))
        standing = [branch for branch in branches if branch["role"] == "lead" and branch["state"] != "withdrawn"]
        percent = standing[0]["percent"] if standing else None
        if task["state"] == "submitted" or task["closure"] in ("done", "long_term"):
            percent = 100
        total += task["weight"]
        reached += task["weight"] * (percent or 0)
        is_known = is_known or percent is not None
    return reached // total if is_known else None


def _rows(before: Family, after: Family) -> Iterator[tuple[str, int, Row, Row | None]]:
    """Every task and branch as it stands now, with what it was."""
    for task_id, seen in after.items():
        old = before.get(task_id)
        yield "task", task_id, seen.task, old and old.task
        for number, branch in seen.branches.items():
            yield "branch", number, branch, old and old.branches.get(number)
