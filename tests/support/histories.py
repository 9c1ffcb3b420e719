"""Random histories of tasks through the real services, and the rules that hold after every act of them.

A :class:`Driver` lets random people do random acts on random days. A :class:`Judge` looks at the database before and
after each, and raises :class:`BrokenRule`. What it expects it works out by itself, not with the product's functions.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from taskboard.domain import deadlines
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import DomainError
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    ASSIGNMENT_MOVES,
    TASK_MOVES,
    Act,
    AssignmentState,
    Closure,
    Party,
    PastDeadline,
    TaskState,
    Verification,
)
from taskboard.models import Assignment, Department, Extension, HistoryEntry, Objection, ProgressReport, Task
from taskboard.services import corrections, extensions, objections, overdue, reports, workflow
from taskboard.services.calendar import load_calendar
from taskboard.services.workflow import IssueOrder
from tests.support import factories
from tests.support.factories import NOW

Row = Mapping[str, Any]
OPEN = {"pending", "in_progress", "head_review", "submitted", "objected"}
OWES = {"pending", "in_progress", "head_review"}
RUNS = {"issued", "in_progress", "submitted"}
PAST_THE_VERSION = {"version", "percent", "last_reported_at", "reported_until"}
"""a report makes nobody's open form stale"""
NOT_TRIED = {Act.PLAN_PROGRESS, Act.SET_RED, Act.LIFT_RED, Act.DECOMPOSE}
"""they touch nothing that these rules are about"""


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

    @property
    def open_extensions(self) -> dict[int, Row]:
        return {one["assignment_id"]: one for one in self.extensions if one["decided_at"] is None}


# Made once: to build a statement anew costs more than to run it.
_OF_BRANCHES = bindparam("ids", expanding=True)
_TASK = select(Task.__table__).where(Task.id == bindparam("task_id"))
_BRANCHES = select(Assignment.__table__).where(Assignment.task_id == bindparam("task_id"))
_EXTENSIONS, _OBJECTIONS = (
    select(model.__table__).where(model.assignment_id.in_(_OF_BRANCHES)).order_by(model.id)
    for model in (Extension, Objection)
)
_COUNTS = select(
    select(func.count()).where(HistoryEntry.task_id == bindparam("task_id")).scalar_subquery(),
    select(func.count()).where(ProgressReport.assignment_id.in_(_OF_BRANCHES)).scalar_subquery(),
)


def look(session: Session, task_id: int) -> Seen:
    session.flush()
    connection = session.connection()

    def rows(statement: Select[Any], **values: Any) -> list[Row]:
        return [dict(one) for one in connection.execute(statement, values).mappings()]

    [task] = rows(_TASK, task_id=task_id)
    branches = {one["id"]: one for one in rows(_BRANCHES, task_id=task_id)}
    ids = list(branches)
    [(entries, written)] = connection.execute(_COUNTS, {"task_id": task_id, "ids": ids})
    return Seen(task, branches, rows(_EXTENSIONS, ids=ids), rows(_OBJECTIONS, ids=ids), entries, written)


@dataclass(frozen=True)
class Step:
    """One act that was tried."""

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
    """The rules, with what must be remembered of one history."""

    session: Session
    calendar: WorkingCalendar
    body_id: int
    submissions: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    """days late of each submission that counts, by branch"""
    suspended_on: date | None = None

    def refused(self, before: Seen, after: Seen) -> None:
        require(before == after, "a refused act changes nothing")

    def repeated(self, before: Seen, after: Seen, first: int, again: int) -> None:
        require(first == again and before == after, "a request that is sent twice acts once")

    def accepted(self, step: Step, before: Seen, after: Seen) -> None:
        self._check_record(step, before, after)
        self._check_person(step, before)
        self._check_versions(before, after)
        self._check_deadlines(step, before, after)
        self._check_ends(after)
        self._check_state(before, after)
        self._check_objections(step, before, after)
        self._check_lateness(step, before, after)
        days = {step.today, step.today + timedelta(days=1), after.task["due_on"]} - {None}
        twins = self._twins(after, sorted(days))
        for day, twin in twins.items():
            self._check_overdue(after, day, twin)

    def _check_record(self, step: Step, before: Seen, after: Seen) -> None:
        require(after.entries == before.entries + 1, "each act leaves one entry", step)
        query = select(HistoryEntry).where(HistoryEntry.task_id == after.task["id"]).order_by(HistoryEntry.id.desc())
        entry = self.session.scalars(query.limit(1)).one()
        found = (entry.act, entry.actor_id, entry.at, entry.assignment_id)
        require(found == (step.act, step.actor.person_id, step.now, step.branch_id), "the entry tells the act", step)

    def _check_person(self, step: Step, before: Seen) -> None:
        if step.actor.holds(Role.SUPERVISOR, self.body_id):
            return
        require(step.branch_id is not None, "only supervisors act on a task", step)
        own = before.branches[step.branch_id or 0]
        places = {own["department_id"]}
        if step.act in (Act.ACCEPT_SUBMISSION, Act.RETURN_SUBMISSION, Act.BRING_FORWARD):
            places = {one["department_id"] for one in before.branches.values() if one["role"] == "lead"}
            require(own["role"] == "partner", "a lead decides about partners", step)
        require(any(post.department_id in places for post in step.actor.posts), "the act is theirs", step)
        if step.act in (Act.OBJECT, Act.ASK_EXTENSION, Act.SIGN_OFF, Act.RETURN_INSIDE):
            require(step.actor.holds(Role.HEAD), "heads speak for their department", step)

    def _check_versions(self, before: Seen, after: Seen) -> None:
        pairs = [(before.task, after.task)]
        pairs += [(old, after.branches[number]) for number, old in before.branches.items() if number in after.branches]
        for old, new in pairs:
            changed = {name for name in new if name not in PAST_THE_VERSION and new[name] != old[name]}
            require(new["version"] >= old["version"] + bool(changed), "a change raises the version", changed)

    def _check_deadlines(self, step: Step, before: Seen, after: Seen) -> None:
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
            self.suspended_on = step.today
        elif step.act is Act.RESUME:
            self._check_resumed(step, before, after)

    def _check_resumed(self, step: Step, before: Seen, after: Seen) -> None:
        require(self.suspended_on is not None, "only what was suspended is resumed", step)
        days = step.today - (self.suspended_on or step.today)
        branches = [(old, after.branches[number]) for number, old in before.branches.items() if old["state"] in OPEN]
        for old, new in [(before.task, after.task), *branches]:
            expected = old["due_on"] and old["due_on"] + days
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

    def _check_objections(self, step: Step, before: Seen, after: Seen) -> None:
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
            require(moved == lasted, "the days of a lead's objection are given back", step)

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

    def _twins(self, after: Seen, days: list[date]) -> dict[date, set[int]]:
        """The branches that the database calls overdue on each of these days."""
        columns = (overdue.overdue_assignments(day).label(f"on_{number}") for number, day in enumerate(days))
        query = select(Assignment.id, *columns).join(Task, Task.id == Assignment.task_id)
        rows = self.session.connection().execute(query.where(Task.id == after.task["id"])).all()
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


# The driver

POSTS = {
    "supervisor": (Role.SUPERVISOR, "body"),
    "leader": (Role.LEADER, "body"),
    "administrator": (Role.ADMINISTRATOR, "body"),
    "a_head": (Role.HEAD, "a"),
    "a_liaison": (Role.LIAISON, "a"),
    "a_officer": (Role.OFFICER, "a"),
    "b_head": (Role.HEAD, "b"),
    "b_liaison": (Role.LIAISON, "b"),
    "c_liaison": (Role.LIAISON, "c"),
    "d_head": (Role.HEAD, "d"),
    "d_liaison": (Role.LIAISON, "d"),
}
"""c has no head, and nobody above it is one: the supervisors stand in"""


class Driver:
    """Histories, each of one task, on one database. The same seed drives the same histories."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session = session
        self.dice = random.Random(seed)
        body = factories.make_department(session, "云泽市人民政府")
        self.places = {"body": body}
        for name in "abcd":
            self.places[name] = factories.make_department(session, parent=body, needs_sign_off=name in "bc")
        self.cities = factories.make_department(session, parent=body, kind=DepartmentKind.COLLECTIVE)
        self.people: dict[str, Actor] = {}
        for name, (role, place) in POSTS.items():
            post = (role, self.places[place])
            self.people[name] = factories.actor_of(factories.make_person(session, name, post), post)
        self.supervisor = self.people["supervisor"]
        chen = factories.make_person(session, "陈导入")
        self.plan = factories.make_plan(session, body=body, imported_by=chen)
        self.calendar = load_calendar(session)
        self.departments = {one.id: one for one in (*self.places.values(), self.cities)}
        self.done: Counter[Act] = Counter()
        self.refusals: Counter[str] = Counter()
        session.commit()

    def run(self, histories: int, steps: int = 22) -> None:
        for _ in range(histories):
            self.run_history(steps)
            self.session.commit()

    def run_history(self, steps: int) -> None:
        now = NOW + timedelta(days=self.dice.randint(0, 200))
        task = self._make_draft(local_date(now))
        judge = Judge(self.session, self.calendar, self.places["body"].id)
        before = look(self.session, task.id)
        for number in range(steps):
            now += timedelta(days=self._days_until_next(before, local_date(now)), minutes=17)
            step = self._choose(before, now) if number else Step(Act.ISSUE, self.supervisor, now, None, {})
            before = self._try(judge, step, before)

    def _days_until_next(self, seen: Seen, today: date) -> int:
        """Mostly few; now and then the deadline for which more time is asked goes by."""
        days = [one["due_on"] for one in seen.open_extensions.values()]
        if days and max(days) >= today and self.dice.random() < 0.3:
            return (max(days) - today).days + 2
        return self.dice.choice([0, 0, 0, 0, 1, 1, 2, 4, 9])

    def _make_draft(self, today: date) -> Task:
        lead, *others = self.dice.sample([self.places[name] for name in "abcd"], 3)
        partners = others[: self.dice.randint(0, 2)] + [self.cities] * (self.dice.random() < 0.15)
        due_on = today + timedelta(days=self.dice.choice([-5, 3, 10, 20, 40]))
        state = TaskState.DRAFT
        return factories.make_task(
            self.session, plan=self.plan, lead=lead, partners=tuple(partners), state=state, due_on=due_on
        )

    def _try(self, judge: Judge, step: Step, before: Seen) -> Seen:
        task_id = before.task["id"]
        is_stale = self.dice.random() < 0.04
        stands = before.branches[step.branch_id]["version"] if step.branch_id else before.task["version"]
        more = {"version": stands - 1} if is_stale else {}
        key = f"{task_id}-{before.entries}-{step.now.isoformat()}"
        try:
            with self.session.begin_nested():
                entry = self._act(step, task_id, request_key=key, **more)
        except DomainError as refusal:
            self.refusals[type(refusal).__name__] += 1
            after = look(self.session, task_id)
            judge.refused(before, after)
            return after
        require(not is_stale, "who saw an older version is refused", step)
        self.done[step.act] += 1
        after = look(self.session, task_id)
        judge.accepted(step, before, after)
        if self.dice.random() < 0.1:
            again = self._repeat(step, task_id, key)
            judge.repeated(after, look(self.session, task_id), entry.id, again)
        return after

    def _repeat(self, step: Step, task_id: int, key: str) -> int:
        try:
            with self.session.begin_nested():
                return self._act(step, task_id, request_key=key).id
        except DomainError as refusal:
            raise BrokenRule("a request that is sent twice is answered", step) from refusal

    def _act(self, step: Step, task_id: int, **more: Any) -> HistoryEntry:
        by = {"actor": step.actor, "now": step.now, "entrance": "test", **more}
        if step.act is Act.ISSUE:
            version = by.pop("version", None)
            return workflow.issue(self.session, IssueOrder(task_id, version=version, **self._past(step, task_id)), **by)
        act = SERVICES[step.act]
        given = dict(step.given)
        if given.pop("departments", False):
            act = corrections.correct_departments
        return act(self.session, step.branch_id or task_id, **given, **by)

    def _past(self, step: Step, task_id: int) -> dict[str, Any]:
        due_on = self.session.scalar(select(Task.due_on).where(Task.id == task_id))
        is_past = due_on is not None and due_on < step.today
        return {"past_deadline": PastDeadline.KEEP_AS_LATE} if is_past else {}

    def _choose(self, seen: Seen, now: datetime) -> Step:
        """Mostly an act that the state knows, by somebody whose it is; now and then anything by anybody."""
        dice, task = self.dice, seen.task
        state = TaskState(task["state"])
        ways: list[tuple[Act, int | None]] = []
        if dice.random() < 0.12:
            ways = [(act, number) for act in SERVICES if act in TASK_ACTS for number in [None]]
            ways += [(act, number) for act in SERVICES if act not in TASK_ACTS for number in seen.branches]
        else:
            heavy = {Act.SUSPEND, Act.RESUME, Act.CLOSE, Act.REOPEN, Act.RETURN, Act.UNARCHIVE}
            on_task = [act for one, act in TASK_MOVES if one is state]
            ways = [(act, None) for act in on_task if act in heavy or dice.random() < 0.2]
            ways = [way for way in ways if way[0] is not Act.UNARCHIVE or task["archived_at"]]
            for number, one in seen.branches.items():
                own = AssignmentState(one["state"])
                ways += [(act, number) for known, act in ASSIGNMENT_MOVES if known is own and act not in NOT_TRIED]
                if number in seen.open_extensions and own is AssignmentState.SUBMITTED:
                    ways += [(Act.GRANT_EXTENSION, number)] * 6
                if number in seen.open_extensions:
                    ways += [(Act.GRANT_EXTENSION, number), (Act.REFUSE_EXTENSION, number)]
                if own is AssignmentState.OBJECTED:
                    ways += [(Act.UPHOLD_OBJECTION, number)] * 3
                if own is AssignmentState.IN_PROGRESS:
                    ways += [(Act.SUBMIT, number)] * (5 if number in seen.open_extensions else 2)
        act, number = dice.choice(ways or [(Act.REOPEN, None)])
        actor = self._who(act, number, seen) if dice.random() < 0.93 else dice.choice(list(self.people.values()))
        given = GIVEN.get(act, lambda _driver, _seen, _number, _today: {})(self, seen, number, local_date(now))
        return Step(act, actor, now, number, given)

    def _who(self, act: Act, number: int | None, seen: Seen) -> Actor:
        if number is None:
            return self.supervisor
        own = seen.branches[number]
        move = next(move for (_, one), move in ASSIGNMENT_MOVES.items() if one is act)
        places, roles = {own["department_id"]}, {Role(party.value) for party in move.by if party in NAMED}
        if Party.SUBMITTER in move.by:
            fitting = [one for one in self.people.values() if one.person_id == own["submitted_by_id"]]
        else:
            if Party.LEAD in move.by:
                places = {one["department_id"] for one in seen.branches.values() if one["role"] == "lead"}
                roles = {Role.HEAD, Role.LIAISON}
            fitting = [
                one
                for one in self.people.values()
                if any(post.role in roles and post.department_id in places for post in one.posts)
            ]
        return self.dice.choice(fitting or [self.supervisor])

    # What goes with an act

    def soon(self, today: date) -> date:
        return today + timedelta(days=self.dice.choice([-1, 1, 5, 12, 30]))

    def other(self) -> Department:
        return self.places[self.dice.choice("abcd")]

    def departments_again(self) -> dict[str, Any]:
        """Other departments for the task, not twice the same."""
        lead, *others = (self.places[name].id for name in self.dice.sample("abcd", 4))
        leads = [lead, others.pop()] if self.dice.random() < 0.3 else [lead]
        return {
            "departments": True,
            "leads": leads,
            "partners": others[: self.dice.randint(0, 2)],
            "reason": "分工调整",
        }


NAMED = {Party.HEAD, Party.LIAISON, Party.OFFICER}
TASK_ACTS = {act for _, act in TASK_MOVES}
SERVICES: dict[Act, Callable[..., HistoryEntry]] = {
    Act.RETURN: workflow.return_task,
    Act.CLOSE: workflow.close,
    Act.SUSPEND: workflow.suspend,
    Act.RESUME: workflow.resume,
    Act.TERMINATE: workflow.terminate,
    Act.REOPEN: workflow.reopen,
    Act.CORRECT: workflow.correct_deadline,
    Act.ARCHIVE: workflow.archive,
    Act.UNARCHIVE: workflow.unarchive,
    Act.ACKNOWLEDGE: workflow.acknowledge,
    Act.DISPATCH: workflow.dispatch,
    Act.OBJECT: objections.raise_objection,
    Act.REFUSE_OBJECTION: objections.refuse_objection,
    Act.UPHOLD_OBJECTION: objections.uphold_objection,
    Act.ASK_EXTENSION: extensions.ask_extension,
    Act.GRANT_EXTENSION: extensions.grant_extension,
    Act.REFUSE_EXTENSION: extensions.refuse_extension,
    Act.BRING_FORWARD: workflow.bring_forward,
    Act.REPORT: reports.report_progress,
    Act.SUBMIT: workflow.submit,
    Act.SIGN_OFF: workflow.sign_off,
    Act.RETURN_INSIDE: workflow.return_inside,
    Act.WITHDRAW: workflow.withdraw,
    Act.RETURN_SUBMISSION: workflow.return_submission,
    Act.ACCEPT_SUBMISSION: workflow.accept_submission,
}


def _reason(driver: Driver, *_: object) -> dict[str, Any]:
    """Now and then it is forgotten."""
    return {"reason": "" if driver.dice.random() < 0.05 else "情况有变"}


def _returned(driver: Driver, seen: Seen, number: int | None, today: date) -> dict[str, Any]:
    day = driver.dice.choice([None, None, driver.soon(today)])
    return {**_reason(driver), "correct_by": day}


def _corrected(driver: Driver, seen: Seen, number: int | None, today: date) -> dict[str, Any]:
    if driver.dice.random() < 0.5:
        return driver.departments_again()
    if driver.dice.random() < 0.1:
        return {"due_on": None, "is_ongoing": True, **_reason(driver)}
    return {"due_on": driver.soon(today), **_reason(driver)}


def _upheld(driver: Driver, seen: Seen, number: int | None, today: date) -> dict[str, Any]:
    day = driver.soon(today) if driver.dice.random() < 0.2 else None
    return {**_reason(driver), "department": driver.other().name, "due_on": day}


def _granted(driver: Driver, seen: Seen, number: int | None, today: date) -> dict[str, Any]:
    request = seen.open_extensions.get(number or 0)
    if request is None or driver.dice.random() < 0.2:
        return {"due_on": driver.soon(today)}
    return {"due_on": request["asked_due_on"]}


def _asked(driver: Driver, seen: Seen, number: int | None, today: date) -> dict[str, Any]:
    due_on = seen.branches[number or 0]["due_on"] or today
    return {**_reason(driver), "progress": "过半", "asked_due_on": due_on + timedelta(days=driver.dice.choice([3, 15]))}


def _closed(driver: Driver, *_: object) -> dict[str, Any]:
    return {"closure": driver.dice.choice(list(Closure)), "verification": Verification.VERIFIED}


def _dispatched(driver: Driver, *_: object) -> dict[str, Any]:
    return {"officer_id": driver.dice.choice([driver.people["a_officer"].person_id, None])}


GIVEN: dict[Act, Callable[[Driver, Seen, int | None, date], dict[str, Any]]] = {
    Act.RETURN: _returned,
    Act.RETURN_SUBMISSION: _returned,
    Act.CLOSE: _closed,
    Act.SUSPEND: lambda driver, _s, _n, today: {**_reason(driver), "review_on": today + timedelta(days=40)},
    Act.TERMINATE: _reason,
    Act.REOPEN: lambda driver, _s, _n, today: {**_reason(driver), "due_on": driver.soon(today)},
    Act.CORRECT: _corrected,
    Act.DISPATCH: _dispatched,
    Act.OBJECT: _reason,
    Act.REFUSE_OBJECTION: _reason,
    Act.UPHOLD_OBJECTION: _upheld,
    Act.ASK_EXTENSION: _asked,
    Act.GRANT_EXTENSION: _granted,
    Act.REFUSE_EXTENSION: _reason,
    Act.BRING_FORWARD: lambda driver, _s, _n, today: {"due_on": driver.soon(today)},
    Act.REPORT: lambda driver, seen, _n, _t: {
        "done": f"第{seen.entries}次反馈",
        "percent": driver.dice.randint(0, 100),
    },
    Act.SUBMIT: lambda driver, _s, _n, _t: {"why_without_partners": driver.dice.choice(["", "配合单位已函复"])},
    Act.RETURN_INSIDE: _reason,
}
