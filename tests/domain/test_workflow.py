"""The tables of the workflow: walked whole, and the rules they must keep."""

from __future__ import annotations

from itertools import product

import pytest

from taskboard.domain.errors import NotNow
from taskboard.domain.workflow import (
    ASSIGNMENT_MOVES,
    CLOSING_ENDS,
    OPEN_ASSIGNMENT,
    OPEN_TASK,
    TASK_MOVES,
    Act,
    AssignmentRole,
    AssignmentState,
    Party,
    PastDeadline,
    TaskState,
    assignment_move,
    carried_state,
    derived_task_state,
    issue_leads_to,
    submission_leads_to,
    task_move,
)

ENDED = set(AssignmentState) - OPEN_ASSIGNMENT


def test_every_pair_is_either_in_the_table_or_refused_with_act_and_state() -> None:
    for state, act in product(TaskState, Act):
        if (state, act) in TASK_MOVES:
            assert task_move(state, act) is TASK_MOVES[state, act]
            continue
        with pytest.raises(NotNow) as refusal:
            task_move(state, act)
        assert refusal.value.facts == {"act": act, "state": state}


def test_every_pair_of_the_assignment_is_either_in_the_table_or_refused() -> None:
    for state, act in product(AssignmentState, Act):
        if (state, act) in ASSIGNMENT_MOVES:
            assert assignment_move(state, act) is ASSIGNMENT_MOVES[state, act]
            continue
        with pytest.raises(NotNow):
            assignment_move(state, act)


def test_only_supervisors_act_on_the_task_as_a_whole() -> None:
    assert {party for move in TASK_MOVES.values() for party in move.by} == {Party.SUPERVISOR}


def test_no_act_leads_out_of_an_ended_assignment() -> None:
    assert {state for state, _ in ASSIGNMENT_MOVES} <= OPEN_ASSIGNMENT


def test_a_terminated_task_stays_terminated() -> None:
    moves = {act: move for (state, act), move in TASK_MOVES.items() if state is TaskState.TERMINATED}

    assert set(moves) == {Act.ARCHIVE, Act.UNARCHIVE}
    assert all(move.to is None for move in moves.values())


@pytest.mark.parametrize(
    ("act", "needs_reason"),
    [
        (Act.RETURN, True),
        (Act.SUSPEND, True),
        (Act.TERMINATE, True),
        (Act.REOPEN, True),
        (Act.CLOSE, False),
        (Act.ISSUE, False),
        (Act.RESUME, False),
    ],
)
def test_acts_that_take_something_from_a_department_need_a_reason(act: Act, needs_reason: bool) -> None:
    assert {move.needs_reason for (_, one), move in TASK_MOVES.items() if one is act} == {needs_reason}


@pytest.mark.parametrize(
    ("leads", "state"),
    [
        (["pending"], TaskState.ISSUED),
        (["pending", "in_progress"], TaskState.ISSUED),
        (["in_progress"], TaskState.IN_PROGRESS),
        (["in_progress", "submitted"], TaskState.IN_PROGRESS),
        (["head_review"], TaskState.IN_PROGRESS),
        (["submitted"], TaskState.SUBMITTED),
        (["submitted", "accepted"], TaskState.SUBMITTED),
        (["submitted", "withdrawn"], TaskState.SUBMITTED),
        (["submitted", "objected"], TaskState.SUBMITTED),
        (["objected", "pending"], TaskState.ISSUED),
    ],
)
def test_the_state_of_a_task_under_way_follows_from_its_leads(leads: list[str], state: TaskState) -> None:
    states = [AssignmentState(one) for one in leads]

    assert derived_task_state(TaskState.IN_PROGRESS, states) is state


@pytest.mark.parametrize("state", [TaskState.DRAFT, TaskState.SUSPENDED, TaskState.CLOSED, TaskState.TERMINATED])
def test_a_state_that_people_decided_does_not_follow_from_the_leads(state: TaskState) -> None:
    assert derived_task_state(state, [AssignmentState.SUBMITTED]) is state


def test_a_task_without_a_counting_lead_stays_as_it_is() -> None:
    assert derived_task_state(TaskState.ISSUED, [AssignmentState.OBJECTED]) is TaskState.ISSUED


@pytest.mark.parametrize(
    ("needs_sign_off", "by_head", "state"),
    [
        (True, False, AssignmentState.HEAD_REVIEW),
        (True, True, AssignmentState.SUBMITTED),
        (False, False, AssignmentState.SUBMITTED),
        (False, True, AssignmentState.SUBMITTED),
    ],
)
def test_where_a_submission_leads(needs_sign_off: bool, by_head: bool, state: AssignmentState) -> None:
    assert submission_leads_to(needs_sign_off=needs_sign_off, by_head=by_head) is state


def test_a_task_put_on_record_as_history_is_never_under_way() -> None:
    assert issue_leads_to(PastDeadline.RECORD) is TaskState.TERMINATED
    assert {issue_leads_to(one) for one in (None, PastDeadline.KEEP_AS_LATE, PastDeadline.NEW_DATE)} == {
        TaskState.ISSUED
    }


def test_closing_leaves_no_branch_open() -> None:
    for role, state, end in product(AssignmentRole, AssignmentState, CLOSING_ENDS):
        assert carried_state(Act.CLOSE, role, state, open_branches_end_as=end) in ENDED


def test_closing_accepts_what_was_submitted_and_leaves_ended_branches_alone() -> None:
    for role in AssignmentRole:
        assert carried_state(Act.CLOSE, role, AssignmentState.SUBMITTED) is AssignmentState.ACCEPTED
        for state in ENDED:
            assert carried_state(Act.CLOSE, role, state) is state


def test_a_return_touches_submitted_leads_only() -> None:
    for role, state in product(AssignmentRole, AssignmentState):
        moves = role is AssignmentRole.LEAD and state is AssignmentState.SUBMITTED
        expected = AssignmentState.IN_PROGRESS if moves else state
        assert carried_state(Act.RETURN, role, state) is expected


def test_termination_ends_every_open_branch() -> None:
    for role, state in product(AssignmentRole, AssignmentState):
        expected = AssignmentState.WITHDRAWN if state in OPEN_ASSIGNMENT else state
        assert carried_state(Act.TERMINATE, role, state) is expected


def test_every_open_task_can_be_terminated_and_corrected() -> None:
    for state in OPEN_TASK:
        assert (state, Act.TERMINATE) in TASK_MOVES
        assert (state, Act.CORRECT) in TASK_MOVES
