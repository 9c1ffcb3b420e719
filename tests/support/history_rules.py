"""What holds of a task after every act on it, told from what the database says before and after.

What the :class:`Judge` expects it works out by itself, not with the product's functions; :class:`BrokenRule` says what
does not hold. What holds of tasks and their sub-tasks together is in :mod:`tests.support.subtask_rules`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from taskboard.domain import deadlines
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import Act
from taskboard.models import Assignment, Extension, HistoryEntry, Objection, ProgressReport, Task, TaskLineage
from taskboard.services import overdue

Row = Mapping[str, Any]
OPEN = {"pending", "in_progress", "head_review", "submitted", "objected"}
OWES = {"pending", "in_progress", "head_review"}
RUNS = {"issued", "in_progress", "submitted"}
PAST_THE_VERSION = {"version", "percent", "last_reported_at", "reported_until"}
"""a report makes nobody's open form stale"""


class BrokenRule(AssertionError):
    """A rule of the domain does not hold after an act."""


def require(holds: object, rule: str, *facts: object) -> None:
    if not holds:
        raise BrokenRule(rule, *facts)


class Seen(NamedTuple):
    """All that the database says about one task."""

    task: Row
    branches: dict[int, Row]
    extensions: list[Row]
    objections: list[Row]
    entries: int
    reports: int
    lineage: tuple[int, ...]
    """the assignments that a sub-task came from, the nearest first"""

    @property
    def open_extensions(self) -> dict[int, Row]:
        return {one["assignment_id"]: one for one in self.extensions if one["decided_at"] is None}


Family = dict[int, Seen]
"""a task with all that came of its parts, by id: what stands above comes before what stands below"""

# Made once: to build a statement anew costs more than to run it.
_IDS = bindparam("ids", expanding=True)
_CAME_OF = select(TaskLineage.task_id).join(Assignment).where(Assignment.task_id == bindparam("root_id"))
_TASKS = select(Task.__table__).where(or_(Task.id == bindparam("root_id"), Task.id.in_(_CAME_OF))).order_by(Task.id)
_BRANCHES = select(Assignment.__table__).where(Assignment.task_id.in_(_IDS)).order_by(Assignment.id)
_EXTENSIONS, _OBJECTIONS = (
    select(model.__table__)
    .join(Assignment, model.assignment_id == Assignment.id)
    .where(Assignment.task_id.in_(_IDS))
    .order_by(model.id)
    for model in (Extension, Objection)
)
_ENTRIES = (
    select(HistoryEntry.task_id, func.count()).where(HistoryEntry.task_id.in_(_IDS)).group_by(HistoryEntry.task_id)
)
_REPORTS = (
    select(Assignment.task_id, func.count())
    .join(ProgressReport, ProgressReport.assignment_id == Assignment.id)
    .where(Assignment.task_id.in_(_IDS))
    .group_by(Assignment.task_id)
)
_LINEAGE = select(TaskLineage.__table__).where(TaskLineage.task_id.in_(_IDS)).order_by(TaskLineage.distance)


def look(session: Session, root_id: int) -> Family:
    """The task and all that came of it, at whatever distance."""
    session.flush()
    connection = session.connection()

    def rows(statement: Select[Any], **values: Any) -> list[Row]:
        return [dict(one) for one in connection.execute(statement, values).mappings()]

    tasks = rows(_TASKS, root_id=root_id)
    ids = [one["id"] for one in tasks]
    branches = rows(_BRANCHES, ids=ids)
    task_of = {one["id"]: one["task_id"] for one in branches}
    asked, objected = rows(_EXTENSIONS, ids=ids), rows(_OBJECTIONS, ids=ids)
    entries, reports = (
        {row[0]: row[1] for row in connection.execute(one, {"ids": ids})} for one in (_ENTRIES, _REPORTS)
    )
    lineage = rows(_LINEAGE, ids=ids)
    return {
        task["id"]: Seen(
            task,
            {one["id"]: one for one in branches if one["task_id"] == task["id"]},
            [one for one in asked if task_of[one["assignment_id"]] == task["id"]],
            [one for one in objected if task_of[one["assignment_id"]] == task["id"]],
            entries.get(task["id"], 0),
            reports.get(task["id"], 0),
            tuple(one["assignment_id"] for one in lineage if one["task_id"] == task["id"]),
        )
        for task in tasks
    }


def within(day: date | None, latest: date | None) -> date | None:
    """The day, or the last one that is allowed; no day is later than any."""
    return day if latest is None else min(day or latest, latest)


@dataclass(frozen=True)
class Step:
    """One act that was tried."""

    task_id: int
    act: Act
    actor: Actor
    now: datetime
    branch_id: int | None
    given: Mapping[str, Any]

    @property
    def today(self) -> date:
        return local_date(self.now)


@dataclass
class Judge:
    """The rules, with what must be remembered of the tasks of one history."""

    session: Session
    calendar: WorkingCalendar
    submissions: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    """days late of each submission that counts, by branch"""
    suspended_on: dict[int, date] = field(default_factory=dict)
    """by task"""

    def check(self, step: Step, before: Seen, after: Seen, *, latest: date | None = None) -> None:
        """The rules of one task for the act on it; ``latest`` is the last day that it may be due."""
        self._check_versions(before, after)
        self._check_deadlines(step, before, after, latest)
        self._check_ends(after)
        self._check_state(before, after)
        self._check_objections(step, before, after, latest)
        self._check_lateness(step, before, after)

    def check_record(self, step: Step, before: Seen, after: Seen) -> HistoryEntry:
        """The entry that the act left."""
        require(after.entries == before.entries + 1, "each act leaves one entry", step)
        query = select(HistoryEntry).where(HistoryEntry.task_id == after.task["id"]).order_by(HistoryEntry.id.desc())
        entry = self.session.scalars(query.limit(1)).one()
        found = (entry.act, entry.actor_id, entry.at, entry.assignment_id)
        require(found == (step.act, step.actor.person_id, step.now, step.branch_id), "the entry tells the act", step)
        return entry

    def check_person(self, step: Step, before: Seen) -> None:
        """Who does not decide about the task acts on their own part of it."""
        require(step.branch_id is not None, "only who decides about a task acts on it", step)
        own = before.branches[step.branch_id or 0]
        places = {own["department_id"]}
        if step.act in (Act.ACCEPT_SUBMISSION, Act.RETURN_SUBMISSION, Act.BRING_FORWARD):
            places = {one["department_id"] for one in before.branches.values() if one["role"] == "lead"}
            require(own["role"] == "partner", "a lead decides about partners", step)
        require(any(post.department_id in places for post in step.actor.posts), "the act is theirs", step)
        if step.act in (Act.OBJECT, Act.ASK_EXTENSION, Act.SIGN_OFF, Act.RETURN_INSIDE):
            require(step.actor.holds(Role.HEAD), "heads speak for their department", step)

    def check_overdue(self, after: Family, today: date) -> None:
        days = {today, today + timedelta(days=1), *(seen.task["due_on"] for seen in after.values())} - {None}
        for day, twin in self._twins(after, sorted(days)).items():
            for seen in after.values():
                self._check_overdue(seen, day, twin & seen.branches.keys())

    def _check_versions(self, before: Seen, after: Seen) -> None:
        pairs = [(before.task, after.task)]
        pairs += [(old, after.branches[number]) for number, old in before.branches.items() if number in after.branches]
        for old, new in pairs:
            changed = {name for name in new if name not in PAST_THE_VERSION and new[name] != old[name]}
            require(new["version"] >= old["version"] + bool(changed), "a change raises the version", changed)

    def _check_deadlines(self, step: Step, before: Seen, after: Seen, latest: date | None) -> None:
        pairs = [(before.task, after.task)]
        pairs += [(old, after.branches[number]) for number, old in before.branches.items() if number in after.branches]
        for old, new in pairs:
            moved = new["due_on"] != old["due_on"]
            grown = new["deadline_version"] - old["deadline_version"]
            require(grown >= 1 if moved else grown == 0, "a deadline's version grows when it moves", step)
        if before.task["state"] != "draft":
            same = after.task["original_due_on"] == before.task["original_due_on"]
            require(same, "the original deadline stays", step)
        elif step.act is Act.ISSUE:
            require(
                after.task["original_due_on"] == after.task["due_on"], "the issue fixes the original deadline", step
            )
        if step.act is Act.SUSPEND:
            self.suspended_on[step.task_id] = step.today
        elif step.act is Act.RESUME:
            self._check_resumed(step, before, after, latest)

    def _check_resumed(self, step: Step, before: Seen, after: Seen, latest: date | None) -> None:
        suspended_on = self.suspended_on.pop(step.task_id, None)
        require(suspended_on is not None, "only what was suspended is resumed", step)
        days = step.today - (suspended_on or step.today)
        branches = [(old, after.branches[number]) for number, old in before.branches.items() if old["state"] in OPEN]
        for old, new in [(before.task, after.task), *branches]:
            expected = within(old["due_on"] and old["due_on"] + days, latest)
            require(new["due_on"] == expected, "suspended days are given back", step, old["due_on"], new["due_on"])
        states = {number: one["state"] for number, one in before.branches.items()}
        require(states == {n: one["state"] for n, one in after.branches.items()}, "to resume moves nothing else", step)

    def _check_ends(self, after: Seen) -> None:
        for number, one in after.branches.items():
            if after.task["state"] in ("closed", "terminated"):
                require(one["state"] not in OPEN, "an ended task has no open branch", one)
            if one["state"] not in OPEN:
                require(number not in after.open_extensions, "who owes nothing asks for no time", one)
                require(not one["is_held"], "the day of who owes nothing is not held", one)

    def _check_state(self, before: Seen, after: Seen) -> None:
        state = after.task["state"]
        if state not in RUNS:
            return
        leads = [one["state"] for one in after.branches.values() if one["role"] == "lead"]
        counting = [one for one in leads if one not in ("withdrawn", "objected")]
        if not counting:
            return
        expected = "issued" if "pending" in counting else "in_progress"
        if all(one in ("submitted", "accepted") for one in counting):
            expected = "submitted"
        require(state == expected, "the task follows its leads", state, leads)

    def _check_objections(self, step: Step, before: Seen, after: Seen, latest: date | None) -> None:
        undecided = Counter(one["assignment_id"] for one in after.objections if one["decided_at"] is None)
        expected = {number for number, one in after.branches.items() if one["state"] == "objected"}
        require(undecided == Counter(expected), "an objection is open while the branch is objected", step)
        if step.act is Act.OBJECT:
            branch = before.branches[step.branch_id or 0]
            begun = branch["issued_at"] or before.task["issued_at"]
            refused = [
                one
                for one in before.objections
                if one["assignment_id"] == branch["id"] and one["result"] == "refused" and one["raised_at"] >= begun
            ]
            require(not refused, "one objection to one charge", step)
            require(self._working_days(local_date(begun), step.today) <= 3, "objections come in three days", step)
        if step.act is Act.UPHOLD_OBJECTION and before.task["due_on"] and not step.given.get("due_on"):
            branch = before.branches[step.branch_id or 0]
            raised = next(
                local_date(one["raised_at"])
                for one in before.objections
                if one["assignment_id"] == branch["id"] and one["decided_at"] is None
            )
            lasted = self._working_days(raised, step.today) if branch["role"] == "lead" else 0
            moved = self._working_days(before.task["due_on"], after.task["due_on"])
            is_bounded = after.task["due_on"] == latest and moved < lasted
            require(moved == lasted or is_bounded, "the days of a lead's objection are given back", step)

    def _working_days(self, after: date, until: date) -> int:
        """Working days after the first day up to the second."""
        days = range(1, (until - after).days + 1)
        return sum(self.calendar.is_working_day(after + timedelta(days=number)) for number in days)

    def _check_lateness(self, step: Step, before: Seen, after: Seen) -> None:
        for number, new in after.branches.items():
            old = before.branches.get(number)
            was, now = (old["state"] if old else None), new["state"]
            kept = self.submissions[number]
            if now == "submitted" and was in ("in_progress", "head_review"):
                require(new["submitted_at"] == step.now, "the submission has its moment", step)
                kept.append(max(0, (step.today - new["due_on"]).days) if new["due_on"] else 0)
            elif step.act is Act.WITHDRAW and was == "submitted" and number == step.branch_id:
                kept.pop()
            elif step.act is Act.GRANT_EXTENSION and now == "submitted" and old and new["due_on"] != old["due_on"]:
                kept[-1] = max(0, (local_date(new["submitted_at"]) - new["due_on"]).days)
            expected = max(kept, default=0)
            require(new["days_late"] == expected, "lateness is that of the submissions", step, new, kept)

    def _twins(self, after: Family, days: list[date]) -> dict[date, set[int]]:
        """The branches that the database calls overdue on each of these days."""
        columns = (overdue.overdue_assignments(day).label(f"on_{number}") for number, day in enumerate(days))
        query = select(Assignment.id, *columns).join(Task, Task.id == Assignment.task_id)
        rows = self.session.connection().execute(query.where(Task.id.in_(after))).all()
        return {day: {row[0] for row in rows if row[number]} for number, day in enumerate(days, 1)}

    def _check_overdue(self, after: Seen, day: date, twin: set[int]) -> None:
        lead_asks = any(after.branches[number]["role"] == "lead" for number in after.open_extensions)
        late = set()
        for number, one in after.branches.items():
            shares = lead_asks and one["due_on"] == after.task["due_on"]
            held = number in after.open_extensions or shares
            owes = after.task["state"] in RUNS and one["state"] in OWES
            if owes and not held and one["due_on"] is not None and day > one["due_on"]:
                late.add(number)
        found = {
            number
            for number, one in after.branches.items()
            if deadlines.is_overdue(after.task["state"], one["state"], one["due_on"], day, is_held=one["is_held"])
        }
        require(found == late, "overdue is past, owed and not held", day, found, late)
        require(twin == late, "overdue is the same in SQL", day, twin, late)
