"""Random histories through the real services: the rules of the domain hold after every act, whoever did what when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy, randoms
from sqlalchemy.orm import Session

from taskboard.domain import deadlines, permissions
from taskboard.domain import decomposition as domain_decomposition
from taskboard.domain.deadlines import Deadline, is_overdue
from taskboard.domain.decomposition import carried_act, percent_reached
from taskboard.domain.permissions import Actor, AssignmentSituation, TaskSituation, supervises_task
from taskboard.domain.requests import ObjectionFacts
from taskboard.domain.workflow import (
    Act,
    AssignmentRole,
    AssignmentState,
    Closure,
    Move,
    TaskState,
    assignment_move,
    carried_state,
)
from taskboard.models import Assignment, HistoryEntry, Task
from taskboard.services import (
    assignment_acts,
    carrying,
    cases,
    decomposition,
    extensions,
    history,
    objections,
    task_acts,
    visibility,
)
from taskboard.services.cases import Case
from taskboard.services.deadlines import set_deadline
from taskboard.services.history import record
from tests.support.histories import NOT_TRIED, Driver
from tests.support.history_rules import BrokenRule

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CARRIED = {Act.SUSPEND, Act.RESUME, Act.TERMINATE, Act.CLOSE, Act.CORRECT}
"""what an act above can make of a sub-task"""


@on_sqlite
def test_the_rules_hold_through_sixty_random_histories(session: Session) -> None:
    driver = Driver(session, seed=11)

    driver.run(60)

    assert set(driver.done) == set(Act) - NOT_TRIED
    assert set(driver.carried) == CARRIED
    assert {"Invalid", "NotAllowed", "NotFound", "NotNow", "Stale", "SubtaskRefused"} <= set(driver.refusals)


def run_thrown(driver: Driver, dice: SearchStrategy[Random], *, histories: int, throw: int) -> int:
    """How many histories ran to their end; hypothesis throws their dice, and shrinks one that breaks a rule."""
    ended = 0

    @seed(throw)
    @settings(max_examples=histories, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(dice=dice)
    def drive(dice: Random) -> None:
        nonlocal ended
        driver.dice = dice
        driver.run(1)
        ended += 1

    drive()
    return ended


@on_sqlite
def test_the_rules_hold_through_histories_that_hypothesis_throws(session: Session) -> None:
    driver = Driver(session, seed=0)

    run_thrown(driver, randoms(use_true_random=False), histories=25, throw=25)

    # It begins with the smallest throws, which chance hardly makes: the first person, the first act, the same day.
    assert sum(driver.done.values()) > 0
    assert sum(driver.refusals.values()) > 0


@pytest.mark.deep
@on_sqlite
@pytest.mark.parametrize("throw", range(2026, 2046))
def test_the_rules_hold_through_a_hundred_random_histories_of_each_of_twenty_throws(
    session: Session, throw: int
) -> None:
    driver = Driver(session, seed=throw)

    # By a generator each, whose dice reach far; throw by throw hypothesis would keep to the small ones.
    ended = run_thrown(driver, randoms(use_true_random=True), histories=100, throw=throw)

    assert ended >= 100
    # A hundred may pass a rare act by; the sixty of above have all of them.
    assert len(set(Act) - NOT_TRIED - set(driver.done)) <= 2
    assert {Act.SUSPEND, Act.RESUME, Act.TERMINATE} <= set(driver.carried)


@pytest.mark.deep
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("number", range(3026, 3031))
def test_they_hold_on_the_other_database_too(session: Session, number: int) -> None:
    driver = Driver(session, seed=number)

    driver.run(100)

    assert len(set(Act) - NOT_TRIED - set(driver.done)) <= 2


# Planted faults: each is switched in by itself, and a few histories find it

REACH = 240
"""how many histories there are to find one"""


def _never_late(due_on: date | None, submitted_on: date | None, today: date) -> int:
    return 0


def _deadline_kept_silently(task: Task, deadline: Deadline, *, followed_by: Iterable[Assignment]) -> None:
    task.due_on, task.is_ongoing, task.deadline_origin = deadline.due_on, deadline.is_ongoing, deadline.origin


def _original_moved_along(task: Task, deadline: Deadline, *, followed_by: Iterable[Assignment]) -> None:
    set_deadline(task, deadline, followed_by=followed_by)
    task.original_due_on = deadline.due_on


def _branches_left_open(act: Act, role: AssignmentRole, state: AssignmentState, **_: object) -> AssignmentState:
    return carried_state(act, role, state) if act is not Act.TERMINATE else state


def _recorded_twice(session: Session, **more: Any) -> HistoryEntry:
    record(session, **{**more, "request_key": None})
    return record(session, **more)


def _due_day_is_late(task: TaskState, state: AssignmentState, due_on: date | None, day: date, *, is_held: bool) -> bool:
    return is_overdue(task, state, due_on, day + timedelta(days=1), is_held=is_held)


def _anybody(actor: Actor, task: object, assignment: AssignmentSituation, act: Act) -> Move[AssignmentState]:
    return assignment_move(assignment.state, act)


def _supervisors_too(actor: Actor, task: TaskSituation) -> bool:
    return supervises_task(actor, task) or actor.supervises(task.body_path)


def _supervisors_alone(actor: Actor, task: TaskSituation) -> bool:
    return actor.supervises(task.body_path)


def _as_long_as_you_like(facts: ObjectionFacts, **_: object) -> None:
    return None


def _all_that_was_suspended(task: TaskState, part: AssignmentState, subtask: TaskState, **_: object) -> Act | None:
    return carried_act(task, part, subtask, was_carried=True)


def _left_open_with_its_part(task: TaskState, part: AssignmentState, subtask: TaskState, **more: bool) -> Act | None:
    act = carried_act(task, part, subtask, **more)
    return None if act in (Act.CLOSE, Act.TERMINATE) else act


def _in_full(state: TaskState, closure: Closure | None, reported: int | None) -> int | None:
    return 100 if state is TaskState.CLOSED else percent_reached(state, closure, reported)


FAULTS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "lateness is not measured": (assignment_acts, "days_late", _never_late),
    "a withdrawn submission stays late": (assignment_acts, "days_late_before_submission", lambda _, one: one.days_late),
    "suspended days count": (task_acts, "postpone", lambda *_, **__: None),
    "a deadline moves without its version": (task_acts, "set_deadline", _deadline_kept_silently),
    "the original deadline moves along": (task_acts, "set_deadline", _original_moved_along),
    "terminated branches stay open": (task_acts, "carried_state", _branches_left_open),
    "the task does not follow its leads": (cases, "derived_task_state", lambda current, _: current),
    "requests outlive what they are about": (cases, "settle_requests", lambda *_, **__: None),
    "anybody may act on an assignment": (cases, "permitted_assignment_move", _anybody),
    "an act is recorded twice": (history, "record", _recorded_twice),
    "a request sent twice acts twice": (history, "find_repeated", lambda *_, **__: None),
    "a department objects as long as it likes": (objections, "check_objection", _as_long_as_you_like),
    "an objection's days are lost": (objections, "day_after_objection", lambda due_on, *_: due_on),
    "an extension does not judge anew": (extensions, "judge_submission_anew", lambda *_: None),
    "the due day is late": (deadlines, "is_overdue", _due_day_is_late),
    "an older version is as good": (Case, "check_version", lambda *_: None),
    "nothing is felt below": (cases, "carry", lambda *_: []),
    "sub-tasks outlive their part": (carrying, "carried_act", _left_open_with_its_part),
    "what a department suspended goes on with its part": (carrying, "carried_act", _all_that_was_suspended),
    "sub-tasks stay due after a part that moved": (carrying, "keep_within", lambda *_: False),
    "a sub-task may be due after its part": (cases, "check_day", lambda *_, **__: None),
    "a sub-task is split as late as one likes": (decomposition, "check_day", lambda *_, **__: None),
    "supervisors decide about sub-tasks, too": (permissions, "supervises_task", _supervisors_too),
    "departments do not decide about their sub-tasks": (permissions, "supervises_task", _supervisors_alone),
    "work is split sideways": (decomposition, "check_below", lambda *_: None),
    "owing sub-tasks are not asked about": (assignment_acts, "count_owing_subtasks", lambda *_: 0),
    "lists count sub-tasks too": (visibility, "topmost_tasks", visibility.visible_tasks),
    "a sub-task that ended undone counts in full": (domain_decomposition, "percent_reached", _in_full),
}


@pytest.mark.deep
@on_sqlite
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(session: Session, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    place, name, wrong = FAULTS[fault]
    driver = Driver(session, seed=5)
    monkeypatch.setattr(place, name, wrong)

    with pytest.raises(BrokenRule):
        driver.run(REACH)
