"""Random histories of tasks and their sub-tasks through the real services.

A :class:`Driver` lets random people do random acts on random days, and asks after each whether the rules hold
(:mod:`tests.support.history_rules` and :mod:`tests.support.subtask_rules`).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

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
from taskboard.models import Department, HistoryEntry, Task
from taskboard.services import (
    assignment_acts,
    corrections,
    decomposition,
    extensions,
    issuing,
    objections,
    reports,
    task_acts,
)
from taskboard.services.calendar import load_calendar
from taskboard.services.decomposition import SubtaskOrder
from taskboard.services.issuing import IssueOrder
from tests.support import factories
from tests.support.factories import NOW
from tests.support.history_rules import OWES, RUNS, BrokenRule, Family, Judge, Row, Seen, Step, look, require
from tests.support.subtask_rules import ENDED, FamilyJudge, part_of

NOT_TRIED = {Act.PLAN_PROGRESS, Act.SET_RED, Act.LIFT_RED}
"""they touch nothing that these rules are about"""
READERS = 6
"""how many people look at the lists at the end of a history"""
LARGEST_FAMILY = 9
"""tasks from which on nothing is split further, for the sake of time"""

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
    "a1_head": (Role.HEAD, "a1"),
    "a1_liaison": (Role.LIAISON, "a1"),
    "a2_liaison": (Role.LIAISON, "a2"),
    "a11_liaison": (Role.LIAISON, "a11"),
    "b1_head": (Role.HEAD, "b1"),
    "b1_liaison": (Role.LIAISON, "b1"),
    "c1_liaison": (Role.LIAISON, "c1"),
    "e1_head": (Role.HEAD, "e1"),
}
"""c has no head, and nobody above it is one: the supervisors stand in, for e in everything"""
TOP = "abcde"
BELOW = {"a": ("a1", "a2", "a11"), "b": ("b1",), "c": ("c1",), "e": ("e1",), "a1": ("a11",)}
"""the departments below one, at whatever distance"""
TWO_POSTS = ("b_liaison", "a11_liaison")
"""one more person who holds both: a matter may meet them at two places"""


class Driver:
    """Histories, each of one task, on one database. The same seed drives the same histories."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session = session
        self.dice = random.Random(seed)
        body = factories.make_department(session, "云泽市人民政府")
        self.places = {"body": body}
        for name in TOP:
            self.places[name] = factories.make_department(session, parent=body, needs_sign_off=name in "bc")
        for name in ("a1", "a2", "a11", "b1", "c1", "e1"):
            above = self.places[name[:-1]]
            self.places[name] = factories.make_department(session, parent=above, needs_sign_off=name in ("a1", "b1"))
        self.cities = factories.make_department(session, parent=body, kind=DepartmentKind.COLLECTIVE)
        self.people: dict[str, Actor] = {}
        for name, (role, place) in POSTS.items():
            post = (role, self.places[place])
            self.people[name] = factories.actor_of(factories.make_person(session, name, post), post)
        posts = [(role, self.places[place]) for role, place in (POSTS[name] for name in TWO_POSTS)]
        self.people["two_posts"] = factories.actor_of(factories.make_person(session, "two_posts", *posts), *posts)
        self.supervisor = self.people["supervisor"]
        chen = factories.make_person(session, "陈导入")
        self.plan = factories.make_plan(session, body=body, imported_by=chen)
        self.calendar = load_calendar(session)
        self.names = {one.id: name for name, one in self.places.items()}
        self.paths = {one.id: one.path for one in (*self.places.values(), self.cities)}
        self.part: Row | None = None
        """what was split into the task at hand"""
        self.done: Counter[Act] = Counter()
        self.refusals: Counter[str] = Counter()
        self.carried: Counter[Act] = Counter()
        """acts that followed from one above"""
        session.commit()

    def run(self, histories: int, steps: int = 24) -> None:
        for _ in range(histories):
            self.run_history(steps)
            self.session.commit()

    def run_history(self, steps: int) -> None:
        now = NOW + timedelta(days=self.dice.randint(0, 200))
        root = self._make_draft(local_date(now))
        unmanned = frozenset({self.places["e"].id})
        body_id = self.places["body"].id
        judge = FamilyJudge(self.session, Judge(self.session, self.calendar), body_id, self.paths, unmanned)
        before = look(self.session, root.id)
        for number in range(steps):
            seen = self._turn_to(before)
            now += timedelta(days=self._days_until_next(seen, local_date(now)), minutes=17)
            step = self._choose(judge, seen, before, now) if number else self._issue(root.id, now)
            before = self._try(judge, step, root.id, before)
            if before[root.id].task["state"] == "terminated" and self.dice.random() < 0.3:
                break
        judge.check_lists(self.dice.sample(list(self.people.values()), READERS), before, local_date(now))

    def _issue(self, task_id: int, now: datetime) -> Step:
        return Step(task_id, Act.ISSUE, self.supervisor, now, None, {})

    def _turn_to(self, family: Family) -> Seen:
        """Now the task that everything came of, now one of what came of it, rather one that goes on."""
        root, *below = family.values()
        running = [seen for seen in below if seen.task["state"] not in ENDED]
        if not below or self.dice.random() < 0.45:
            return root
        return self.dice.choice(running if running and self.dice.random() < 0.9 else below)

    def _days_until_next(self, seen: Seen, today: date) -> int:
        """Mostly few; now and then the deadline for which more time is asked goes by."""
        days = [one["due_on"] for one in seen.open_extensions.values()]
        if days and max(days) >= today and self.dice.random() < 0.3:
            return (max(days) - today).days + 2
        return self.dice.choice([0, 0, 0, 0, 1, 1, 2, 4, 9])

    def _make_draft(self, today: date) -> Task:
        lead, *others = self.dice.sample([self.places[name] for name in TOP], 3)
        partners = others[: self.dice.randint(0, 2)] + [self.cities] * (self.dice.random() < 0.15)
        due_on = today + timedelta(days=self.dice.choice([-5, 3, 10, 20, 40]))
        state = TaskState.DRAFT
        return factories.make_task(
            self.session, plan=self.plan, lead=lead, partners=tuple(partners), state=state, due_on=due_on
        )

    def _try(self, judge: FamilyJudge, step: Step, root_id: int, before: Family) -> Family:
        own = before[step.task_id]
        is_stale = self.dice.random() < 0.04
        stands = own.branches[step.branch_id]["version"] if step.branch_id else own.task["version"]
        more = {"version": stands - 1} if is_stale else {}
        key = f"{step.task_id}-{own.entries}-{step.now.isoformat()}"
        try:
            with self.session.begin_nested():
                entry = self._act(step, request_key=key, **more)
        except DomainError as refusal:
            self.refusals[type(refusal).__name__] += 1
            after = look(self.session, root_id)
            judge.refused(step, refusal, before, after)
            return after
        except BrokenRule:
            raise
        except Exception as failure:
            raise BrokenRule("an act is carried out or refused", step) from failure
        require(not is_stale, "who saw an older version is refused", step)
        self.done[step.act] += 1
        after = look(self.session, root_id)
        judge.accepted(step, before, after)
        self.carried += judge.carried
        if self.dice.random() < 0.1:
            again = self._repeat(step, key)
            judge.repeated(after, look(self.session, root_id), entry.id, again)
        return after

    def _repeat(self, step: Step, key: str) -> int:
        try:
            with self.session.begin_nested():
                return self._act(step, request_key=key).id
        except (DomainError, IntegrityError) as refusal:
            raise BrokenRule("a request that is sent twice is answered", step) from refusal

    def _act(self, step: Step, **more: Any) -> HistoryEntry:
        by = {"actor": step.actor, "now": step.now, "entrance": "test", **more}
        if step.act is Act.ISSUE:
            version = by.pop("version", None)
            return issuing.issue(self.session, IssueOrder(step.task_id, version=version, **self._past(step)), **by)
        act = SERVICES[step.act]
        given = dict(step.given)
        if given.pop("departments", False):
            act = corrections.correct_departments
        return act(self.session, step.branch_id or step.task_id, **given, **by)

    def _past(self, step: Step) -> dict[str, Any]:
        due_on = self.session.scalar(select(Task.due_on).where(Task.id == step.task_id))
        is_past = due_on is not None and due_on < step.today
        return {"past_deadline": PastDeadline.KEEP_AS_LATE} if is_past else {}

    def _choose(self, judge: FamilyJudge, seen: Seen, family: Family, now: datetime) -> Step:
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
            if len(family) > 1:
                # What is felt below, and what a department decides about its sub-tasks by itself.
                ways += [(act, None) for act in (Act.SUSPEND, Act.RESUME) if (state, act) in TASK_MOVES] * 3
            ways = [way for way in ways if way[0] is not Act.UNARCHIVE or task["archived_at"]]
            is_worked_on = task["state"] in RUNS or dice.random() < 0.1
            for number, one in seen.branches.items() if is_worked_on else ():
                own = AssignmentState(one["state"])
                ways += [(act, number) for known, act in ASSIGNMENT_MOVES if known is own and act in USUAL]
                if one["role"] == "partner" and one["state"] in OWES:
                    ways.append((Act.BRING_FORWARD, number))
                if number in seen.open_extensions and own is AssignmentState.SUBMITTED:
                    ways += [(Act.GRANT_EXTENSION, number)] * 6
                if number in seen.open_extensions:
                    ways += [(Act.GRANT_EXTENSION, number), (Act.REFUSE_EXTENSION, number)]
                if own is AssignmentState.OBJECTED:
                    ways += [(Act.UPHOLD_OBJECTION, number)] * 3
                if own is AssignmentState.IN_PROGRESS:
                    ways += [(Act.SUBMIT, number)] * (5 if number in seen.open_extensions else 2)
                    ways += [(Act.DECOMPOSE, number)] * self._wish_to_split(one["department_id"], number, family)
        act, number = dice.choice(ways or [(Act.REOPEN, None)])
        people = list(self.people.values())
        deciding = [one for one in people if judge.decides(one, task["id"], family)]
        actor = (
            self._who(act, number, seen, deciding)
            if dice.random() < 0.93
            else dice.choice([*people, *[self.supervisor] * 4])
        )
        self.part = part_of(family, task["id"])
        given = GIVEN.get(act, lambda _driver, _seen, _number, _today: {})(self, seen, number, local_date(now))
        return Step(task["id"], act, actor, now, number, given)

    def _wish_to_split(self, department_id: int, number: int, family: Family) -> int:
        """How likely the part is to be split: rather once than again, and never by who has nobody below."""
        if self.names.get(department_id) not in BELOW or len(family) >= LARGEST_FAMILY:
            return 0
        return 1 if any(number in seen.lineage for seen in family.values()) else 8

    def _who(self, act: Act, number: int | None, seen: Seen, deciding: list[Actor]) -> Actor:
        if number is None:
            return self.dice.choice(deciding)
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
        return self.dice.choice(fitting or deciding)

    # What goes with an act

    def soon(self, today: date) -> date:
        return today + timedelta(days=self.dice.choice([-1, 1, 5, 12, 30]))

    @property
    def near(self) -> tuple[str, ...]:
        """The departments to which the task at hand may go; now and then others."""
        if self.part is None or self.dice.random() < 0.1:
            return tuple(TOP)
        return BELOW[self.names[self.part["department_id"]]]

    def other(self) -> Department:
        return self.places[self.dice.choice(self.near)]

    def departments_again(self) -> dict[str, Any]:
        """Other departments for the task, not twice the same."""
        near = self.near
        lead, *others = (self.places[name].id for name in self.dice.sample(near, min(4, len(near))))
        leads = [lead, others.pop()] if others and self.dice.random() < 0.3 else [lead]
        return {
            "departments": True,
            "leads": leads,
            "partners": others[: self.dice.randint(0, 2)],
            "reason": "分工调整",
        }

    def orders(self, department_id: int, due_on: date | None, today: date) -> list[SubtaskOrder]:
        """One sub-task or two; now and then for a department that lies elsewhere, or due too late."""
        own = BELOW.get(self.names.get(department_id, ""), ())
        near = own if own and self.dice.random() > 0.05 else tuple(TOP)
        days = [None, None, self.soon(today), *([due_on - timedelta(days=3), due_on] if due_on else [])]
        return [
            SubtaskOrder(self.places[name].id, f"分解到{name}", self.dice.choice(days), self.dice.choice([1, 1, 3]))
            for name in self.dice.sample(near, min(len(near), self.dice.randint(1, 2)))
        ]


NAMED = {Party.HEAD, Party.LIAISON, Party.OFFICER}
TASK_ACTS = {act for _, act in TASK_MOVES}
SELDOM = {Act.DECOMPOSE, Act.BRING_FORWARD, Act.GRANT_EXTENSION, Act.REFUSE_EXTENSION}
"""acts that need more than a state"""
USUAL = {act for _, act in ASSIGNMENT_MOVES} - NOT_TRIED - SELDOM
SERVICES: dict[Act, Callable[..., HistoryEntry]] = {
    Act.RETURN: task_acts.return_task,
    Act.CLOSE: task_acts.close,
    Act.SUSPEND: task_acts.suspend,
    Act.RESUME: task_acts.resume,
    Act.TERMINATE: task_acts.terminate,
    Act.REOPEN: task_acts.reopen,
    Act.CORRECT: task_acts.correct_deadline,
    Act.ARCHIVE: task_acts.archive,
    Act.UNARCHIVE: task_acts.unarchive,
    Act.ACKNOWLEDGE: assignment_acts.acknowledge,
    Act.DISPATCH: assignment_acts.dispatch,
    Act.OBJECT: objections.raise_objection,
    Act.REFUSE_OBJECTION: objections.refuse_objection,
    Act.UPHOLD_OBJECTION: objections.uphold_objection,
    Act.ASK_EXTENSION: extensions.ask_extension,
    Act.GRANT_EXTENSION: extensions.grant_extension,
    Act.REFUSE_EXTENSION: extensions.refuse_extension,
    Act.BRING_FORWARD: assignment_acts.bring_forward,
    Act.DECOMPOSE: decomposition.decompose,
    Act.REPORT: reports.report_progress,
    Act.SUBMIT: assignment_acts.submit,
    Act.SIGN_OFF: assignment_acts.sign_off,
    Act.RETURN_INSIDE: assignment_acts.return_inside,
    Act.WITHDRAW: assignment_acts.withdraw,
    Act.RETURN_SUBMISSION: assignment_acts.return_submission,
    Act.ACCEPT_SUBMISSION: assignment_acts.accept_submission,
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


def _split(driver: Driver, seen: Seen, number: int | None, today: date) -> dict[str, Any]:
    branch = seen.branches[number or 0]
    return {"orders": driver.orders(branch["department_id"], branch["due_on"], today)}


def _submitted(driver: Driver, *_: object) -> dict[str, Any]:
    return {
        "why_without_partners": driver.dice.choice(["", "配合单位已函复"]),
        "why_without_subtasks": driver.dice.choice(["", "下级单位随后补报"]),
    }


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
    Act.SUBMIT: _submitted,
    Act.DECOMPOSE: _split,
    Act.RETURN_INSIDE: _reason,
}
