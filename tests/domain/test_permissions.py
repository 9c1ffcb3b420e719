"""Who may see and do what: the usual people in one task, and the corners of the table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taskboard.domain.errors import NotAllowed, NotNow
from taskboard.domain.permissions import (
    Actor,
    AssignmentSituation,
    Portfolio,
    Post,
    TaskSituation,
    acts_on_assignment,
    acts_on_task,
    may_see_task,
    may_sign_off,
    parties,
    permitted_assignment_move,
    permitted_task_move,
)
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    ASSIGNMENT_MOVES,
    TASK_MOVES,
    Act,
    AssignmentRole,
    AssignmentState,
    Party,
    TaskState,
)

BODY, LEAD, PARTNER, OTHER, OUTSIDE = (1, "/1/"), (2, "/1/2/"), (3, "/1/3/"), (4, "/1/4/"), (9, "/9/")


def person(number: int, role: Role, place: tuple[int, str]) -> Actor:
    return Actor(number, f"person {number}", (Post(role, *place),))


LI = person(1, Role.LIAISON, LEAD)
GAO = person(2, Role.HEAD, LEAD)
QIAN = person(3, Role.OFFICER, LEAD)
WANG = person(4, Role.LIAISON, PARTNER)
ZHAO = person(5, Role.LIAISON, OTHER)
CHEN = person(6, Role.SUPERVISOR, BODY)
LIU = person(7, Role.LEADER, BODY)
SUN = person(8, Role.ADMINISTRATOR, BODY)

LEADS = AssignmentSituation(1, *LEAD, AssignmentRole.LEAD, AssignmentState.IN_PROGRESS)
PARTNERS = AssignmentSituation(2, *PARTNER, AssignmentRole.PARTNER, AssignmentState.SUBMITTED)
TASK = TaskSituation(TaskState.IN_PROGRESS, BODY[1], (LEADS, PARTNERS))


@pytest.mark.parametrize("actor", [LI, GAO, WANG, CHEN, LIU, person(10, Role.AUDITOR, BODY)])
def test_those_who_work_on_it_or_watch_over_it_see_a_task(actor: Actor) -> None:
    assert may_see_task(actor, TASK)


@pytest.mark.parametrize(
    "actor",
    [ZHAO, SUN, QIAN, Actor(99, "nobody"), person(11, Role.SUPERVISOR, OUTSIDE), person(12, Role.LEADER, OTHER)],
)
def test_for_everybody_else_it_does_not_exist(actor: Actor) -> None:
    assert not may_see_task(actor, TASK)


def test_a_draft_exists_for_its_supervisors_only() -> None:
    draft = replace(TASK, state=TaskState.DRAFT)

    assert may_see_task(CHEN, draft)
    assert not any(may_see_task(actor, draft) for actor in (LI, GAO, WANG, LIU, SUN))


def test_an_officer_sees_what_was_dispatched_to_them_while_they_hold_the_post() -> None:
    dispatched = replace(TASK, assignments=(replace(LEADS, officer_id=QIAN.person_id), PARTNERS))

    assert may_see_task(QIAN, dispatched)
    assert not may_see_task(replace(QIAN, posts=()), dispatched)
    assert not may_see_task(person(3, Role.OFFICER, OTHER), dispatched)


def test_a_department_whose_number_begins_alike_is_not_below() -> None:
    task = replace(TASK, body_path="/1/22/", assignments=(PARTNERS,))

    assert not may_see_task(person(13, Role.SUPERVISOR, LEAD), task)
    assert may_see_task(person(13, Role.SUPERVISOR, (22, "/1/22/")), task)


def test_a_leader_of_a_department_sees_the_tasks_of_what_lies_below_it() -> None:
    assert may_see_task(person(14, Role.LEADER, LEAD), TASK)


@pytest.mark.parametrize(
    ("portfolio", "is_seen"),
    [
        (None, True),
        (Portfolio(), False),
        (Portfolio(paths=(OTHER[1],)), False),
        (Portfolio(paths=(PARTNER[1],)), True),
        (Portfolio(paths=(BODY[1],)), True),
        (Portfolio(plan_ids=frozenset({5})), True),
        (Portfolio(plan_ids=frozenset({6})), False),
    ],
)
def test_a_leader_with_a_portfolio_sees_what_stands_in_it(portfolio: Portfolio | None, is_seen: bool) -> None:
    task = replace(TASK, plan_id=5)

    assert may_see_task(replace(LIU, portfolio=portfolio), task) is is_seen
    assert acts_on_task(replace(LIU, portfolio=portfolio), task) == frozenset()
    assert not may_see_task(replace(LIU, portfolio=portfolio), replace(task, state=TaskState.DRAFT))


def test_the_portfolio_of_somebody_who_leads_nothing_says_nothing() -> None:
    everything = Portfolio(paths=(BODY[1],), plan_ids=frozenset({0}))

    assert not may_see_task(replace(ZHAO, portfolio=everything), TASK)
    assert may_see_task(replace(CHEN, portfolio=Portfolio()), TASK)


def test_each_person_has_the_capacities_of_their_posts() -> None:
    assert parties(LI, TASK, LEADS) == {Party.LIAISON}
    assert parties(GAO, TASK, LEADS) == {Party.HEAD}
    assert parties(CHEN, TASK, LEADS) == {Party.SUPERVISOR}
    assert parties(LI, TASK, PARTNERS) == {Party.LEAD}
    assert parties(WANG, TASK, LEADS) == set()
    assert parties(LIU, TASK, LEADS) == set()
    assert parties(SUN, TASK) == set()


def test_a_lead_that_was_withdrawn_no_longer_decides_about_partners() -> None:
    task = replace(TASK, assignments=(replace(LEADS, state=AssignmentState.WITHDRAWN), PARTNERS))

    assert parties(LI, task, PARTNERS) == set()


OVERSIGHT = {Act.SET_RED, Act.LIFT_RED, Act.PLAN_PROGRESS}
"""what a supervisor may do to any branch under way, whoever holds the posts"""


def test_supervisors_stand_in_where_nobody_holds_any_post_that_could_act() -> None:
    empty = replace(LEADS, vacant=frozenset({Role.LIAISON, Role.HEAD}))
    headless = replace(LEADS, vacant=frozenset({Role.HEAD}))

    assert acts_on_assignment(CHEN, TASK, empty) == {Act.DISPATCH, Act.DECOMPOSE, Act.REPORT, Act.SUBMIT} | OVERSIGHT
    assert acts_on_assignment(CHEN, TASK, headless) == OVERSIGHT
    assert acts_on_assignment(CHEN, TASK, LEADS) == OVERSIGHT
    assert acts_on_assignment(LIU, TASK, empty) == frozenset()


def test_supervisors_do_not_ask_themselves_in_place_of_a_head() -> None:
    headless = replace(LEADS, vacant=frozenset({Role.HEAD}))

    for act in (Act.OBJECT, Act.ASK_EXTENSION):
        with pytest.raises(NotAllowed):
            permitted_assignment_move(CHEN, TASK, headless, act)


def test_a_submission_needs_no_second_signature_from_the_head_or_who_stands_in() -> None:
    headless = replace(LEADS, vacant=frozenset({Role.HEAD}))

    assert may_sign_off(GAO, TASK, LEADS)
    assert may_sign_off(CHEN, TASK, headless)
    assert not may_sign_off(LI, TASK, headless)
    assert not may_sign_off(CHEN, TASK, LEADS)


def test_only_who_submitted_and_is_still_in_post_withdraws() -> None:
    submitted = replace(LEADS, state=AssignmentState.SUBMITTED, submitted_by_id=LI.person_id)

    assert acts_on_assignment(LI, TASK, submitted) == {Act.WITHDRAW}
    assert acts_on_assignment(GAO, TASK, submitted) == frozenset()
    assert acts_on_assignment(replace(LI, posts=ZHAO.posts), TASK, submitted) == frozenset()


@pytest.mark.parametrize("state", [TaskState.DRAFT, TaskState.SUSPENDED, TaskState.CLOSED, TaskState.TERMINATED])
def test_departments_have_nothing_to_do_on_a_task_that_is_not_under_way(state: TaskState) -> None:
    assert acts_on_assignment(LI, replace(TASK, state=state), LEADS) == frozenset()


def test_what_the_table_offers_and_what_it_permits_are_the_same() -> None:
    for task_state in TaskState:
        task = replace(TASK, state=task_state)
        for actor in (LI, GAO, QIAN, WANG, ZHAO, CHEN, LIU, SUN):
            for act in Act:
                assert _permits_task(actor, task, act) == (act in acts_on_task(actor, task))
                for state in AssignmentState:
                    one = replace(LEADS, state=state, submitted_by_id=LI.person_id, officer_id=QIAN.person_id)
                    offered = act in acts_on_assignment(actor, task, one)
                    assert _permits_assignment(actor, task, one, act) == offered


def _permits_task(actor: Actor, task: TaskSituation, act: Act) -> bool:
    try:
        return permitted_task_move(actor, task, act) is TASK_MOVES[task.state, act]
    except (NotAllowed, NotNow):
        return False


def _permits_assignment(actor: Actor, task: TaskSituation, assignment: AssignmentSituation, act: Act) -> bool:
    try:
        return permitted_assignment_move(actor, task, assignment, act) is ASSIGNMENT_MOVES[assignment.state, act]
    except (NotAllowed, NotNow):
        return False


def test_a_stranger_to_the_act_hears_that_it_is_not_theirs_whatever_the_state() -> None:
    for state in TaskState:
        with pytest.raises(NotAllowed):
            permitted_task_move(LI, replace(TASK, state=state), Act.CLOSE)
    for one in AssignmentState:
        with pytest.raises(NotAllowed):
            permitted_assignment_move(QIAN, TASK, replace(LEADS, state=one), Act.ACKNOWLEDGE)


def test_whose_act_it_is_hears_that_the_state_forbids_it() -> None:
    with pytest.raises(NotNow):
        permitted_task_move(CHEN, TASK, Act.CLOSE)
    with pytest.raises(NotNow):
        permitted_assignment_move(LI, TASK, LEADS, Act.ACKNOWLEDGE)
    with pytest.raises(NotNow):
        permitted_assignment_move(LI, replace(TASK, state=TaskState.SUSPENDED), LEADS, Act.REPORT)


def test_a_request_for_more_time_is_decided_by_supervisors_and_only_where_there_is_one() -> None:
    asking = replace(LEADS, asks_extension=True)
    decisions = {Act.GRANT_EXTENSION, Act.REFUSE_EXTENSION}

    assert acts_on_assignment(CHEN, TASK, asking) == decisions | OVERSIGHT
    assert not acts_on_assignment(GAO, TASK, asking) & decisions
    assert not acts_on_assignment(CHEN, TASK, LEADS) & decisions
    with pytest.raises(NotNow):
        permitted_assignment_move(CHEN, TASK, LEADS, Act.GRANT_EXTENSION)


def test_what_lies_in_the_archive_is_taken_out_before_anything_else() -> None:
    closed = replace(TASK, state=TaskState.CLOSED)
    archived = replace(closed, is_archived=True)

    assert acts_on_task(CHEN, closed) == {Act.REOPEN, Act.ARCHIVE}
    assert acts_on_task(CHEN, archived) == {Act.UNARCHIVE}
    assert acts_on_task(GAO, archived) == frozenset()
    with pytest.raises(NotNow):
        permitted_task_move(CHEN, archived, Act.REOPEN)
