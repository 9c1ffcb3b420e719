"""States of tasks and assignments, the acts that move them on, who may do each, and what each asks for.

The tables are the rules of ``docs/workflow.md``. A client never sends a state: it names an act, and the tables say
where the act leads. What follows from the lead assignments is derived by :func:`derived_task_state`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from taskboard.domain.errors import NotNow
from taskboard.domain.roles import Role


class TaskState(StrEnum):
    DRAFT = "draft"
    ISSUED = "issued"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    CLOSED = "closed"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


class AssignmentState(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    HEAD_REVIEW = "head_review"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"
    WAIVED = "waived"
    NOT_SUBMITTED = "not_submitted"


class AssignmentRole(StrEnum):
    LEAD = "lead"
    PARTNER = "partner"


class Closure(StrEnum):
    """With what result a task is closed."""

    DONE = "done"
    PARTLY_DONE = "partly_done"
    LONG_TERM = "long_term"
    ENDED_UNDONE = "ended_undone"


class Verification(StrEnum):
    """Whether the supervisors checked the result themselves or took the department's word."""

    VERIFIED = "verified"
    SELF_REPORTED = "self_reported"


class DeadlineOrigin(StrEnum):
    """Where a task's deadline comes from; a task without a date is never given one silently."""

    STATED = "stated"
    INHERITED = "inherited"
    GOAL = "goal"
    DECIDED = "decided"
    ONGOING = "ongoing"
    MISSING = "missing"


class PastDeadline(StrEnum):
    """What is decided about a deadline that is already past when the task is issued."""

    KEEP_AS_LATE = "keep_as_late"
    NEW_DATE = "new_date"
    RECORD = "record"


class Act(StrEnum):
    # on the task
    ISSUE = "issue"
    RETURN = "return"
    CLOSE = "close"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"
    REOPEN = "reopen"
    CORRECT = "correct"
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    # on the assignment
    ACKNOWLEDGE = "acknowledge"
    DISPATCH = "dispatch"
    OBJECT = "object"
    REFUSE_OBJECTION = "refuse_objection"
    UPHOLD_OBJECTION = "uphold_objection"
    ASK_EXTENSION = "ask_extension"
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"
    BRING_FORWARD = "bring_forward"
    DECOMPOSE = "decompose"
    REPORT = "report"
    PLAN_PROGRESS = "plan_progress"
    SET_RED = "set_red"
    LIFT_RED = "lift_red"
    SUBMIT = "submit"
    SIGN_OFF = "sign_off"
    RETURN_INSIDE = "return_inside"
    WITHDRAW = "withdraw"
    RETURN_SUBMISSION = "return_submission"
    ACCEPT_SUBMISSION = "accept_submission"


class Party(StrEnum):
    """In which capacity a person acts on a task or assignment; :mod:`taskboard.domain.permissions` says who is what."""

    SUPERVISOR = "supervisor"
    HEAD = "head"
    LIAISON = "liaison"
    OFFICER = "officer"
    LEAD = "lead"
    """head or liaison of a lead department of the task"""
    SUBMITTER = "submitter"


ROLE_OF_PARTY: Mapping[Party, Role] = {
    Party.SUPERVISOR: Role.SUPERVISOR,
    Party.HEAD: Role.HEAD,
    Party.LIAISON: Role.LIAISON,
    Party.OFFICER: Role.OFFICER,
}


State = TypeVar("State", bound=StrEnum)


@dataclass(frozen=True)
class Move(Generic[State]):
    """Where an act leads from one state.

    ``to`` is ``None`` where the state stays or is worked out from facts (an objection refused goes back to what it
    was). ``limit`` is the time the one who must act has, in working days from what made the act possible.
    """

    to: State | None
    by: frozenset[Party]
    needs_reason: bool = False
    limit: int | None = None
    asks_supervisors: bool = False
    """a request to the supervisors, who do not stand in for a head to make it to themselves"""


SUPERVISOR = frozenset({Party.SUPERVISOR})
HEAD = frozenset({Party.HEAD})
LIAISON_OR_HEAD = frozenset({Party.LIAISON, Party.HEAD})
DEPARTMENT = frozenset({Party.LIAISON, Party.OFFICER, Party.HEAD})
LEAD = frozenset({Party.LEAD})
SUBMITTER = frozenset({Party.SUBMITTER})

UNDER_WAY = frozenset({TaskState.ISSUED, TaskState.IN_PROGRESS, TaskState.SUBMITTED})
"""the states that follow from the lead assignments"""
OPEN_TASK = UNDER_WAY | {TaskState.SUSPENDED}
OWING = frozenset({AssignmentState.PENDING, AssignmentState.IN_PROGRESS, AssignmentState.HEAD_REVIEW})
"""the department still owes its submission (head review does not count as submitted)"""
OPEN_ASSIGNMENT = OWING | {AssignmentState.SUBMITTED, AssignmentState.OBJECTED}
ENDED_TASK = frozenset({TaskState.CLOSED, TaskState.TERMINATED})
"""the states from which a task can be put into the archive"""
MAY_ASK_EXTENSION = OWING - {AssignmentState.PENDING}
"""who has not acknowledged yet does that first"""

TASK_MOVES: Mapping[tuple[TaskState, Act], Move[TaskState]] = {
    (TaskState.DRAFT, Act.ISSUE): Move(TaskState.ISSUED, by=SUPERVISOR),
    (TaskState.SUBMITTED, Act.RETURN): Move(TaskState.IN_PROGRESS, by=SUPERVISOR, needs_reason=True),
    (TaskState.SUBMITTED, Act.CLOSE): Move(TaskState.CLOSED, by=SUPERVISOR),
    (TaskState.IN_PROGRESS, Act.SUSPEND): Move(TaskState.SUSPENDED, by=SUPERVISOR, needs_reason=True),
    (TaskState.SUSPENDED, Act.RESUME): Move(TaskState.IN_PROGRESS, by=SUPERVISOR),
    **{(state, Act.TERMINATE): Move(TaskState.TERMINATED, by=SUPERVISOR, needs_reason=True) for state in OPEN_TASK},
    (TaskState.CLOSED, Act.REOPEN): Move(TaskState.IN_PROGRESS, by=SUPERVISOR, needs_reason=True),
    **{(state, Act.CORRECT): Move(None, by=SUPERVISOR, needs_reason=True) for state in OPEN_TASK},
    (TaskState.DRAFT, Act.CORRECT): Move(None, by=SUPERVISOR),
    **{(state, act): Move(None, by=SUPERVISOR) for state in ENDED_TASK for act in (Act.ARCHIVE, Act.UNARCHIVE)},
}

ASSIGNMENT_MOVES: Mapping[tuple[AssignmentState, Act], Move[AssignmentState]] = {
    (AssignmentState.PENDING, Act.ACKNOWLEDGE): Move(AssignmentState.IN_PROGRESS, by=LIAISON_OR_HEAD, limit=2),
    (AssignmentState.PENDING, Act.DISPATCH): Move(None, by=LIAISON_OR_HEAD),
    (AssignmentState.IN_PROGRESS, Act.DISPATCH): Move(None, by=LIAISON_OR_HEAD),
    (AssignmentState.PENDING, Act.OBJECT): Move(
        AssignmentState.OBJECTED, by=HEAD, needs_reason=True, limit=3, asks_supervisors=True
    ),
    (AssignmentState.IN_PROGRESS, Act.OBJECT): Move(
        AssignmentState.OBJECTED, by=HEAD, needs_reason=True, limit=3, asks_supervisors=True
    ),
    (AssignmentState.OBJECTED, Act.REFUSE_OBJECTION): Move(None, by=SUPERVISOR, needs_reason=True, limit=2),
    (AssignmentState.OBJECTED, Act.UPHOLD_OBJECTION): Move(
        AssignmentState.WITHDRAWN, by=SUPERVISOR, needs_reason=True, limit=2
    ),
    **{
        (state, Act.ASK_EXTENSION): Move(None, by=HEAD, needs_reason=True, asks_supervisors=True)
        for state in MAY_ASK_EXTENSION
    },
    **{
        (state, act): Move(None, by=SUPERVISOR, needs_reason=act is Act.REFUSE_EXTENSION, limit=2)
        for state in OPEN_ASSIGNMENT
        for act in (Act.GRANT_EXTENSION, Act.REFUSE_EXTENSION)
    },
    **{(state, Act.BRING_FORWARD): Move(None, by=LEAD) for state in OWING},
    (AssignmentState.IN_PROGRESS, Act.DECOMPOSE): Move(None, by=LIAISON_OR_HEAD),
    (AssignmentState.IN_PROGRESS, Act.REPORT): Move(None, by=DEPARTMENT),
    **{(state, Act.PLAN_PROGRESS): Move(None, by=SUPERVISOR | LIAISON_OR_HEAD) for state in OWING},
    **{(state, Act.SET_RED): Move(None, by=SUPERVISOR, needs_reason=True) for state in OWING},
    **{(state, Act.LIFT_RED): Move(None, by=SUPERVISOR) for state in OWING},
    (AssignmentState.IN_PROGRESS, Act.SUBMIT): Move(AssignmentState.HEAD_REVIEW, by=DEPARTMENT),
    (AssignmentState.HEAD_REVIEW, Act.SIGN_OFF): Move(AssignmentState.SUBMITTED, by=HEAD),
    (AssignmentState.HEAD_REVIEW, Act.RETURN_INSIDE): Move(AssignmentState.IN_PROGRESS, by=HEAD, needs_reason=True),
    (AssignmentState.HEAD_REVIEW, Act.WITHDRAW): Move(AssignmentState.IN_PROGRESS, by=SUBMITTER),
    (AssignmentState.SUBMITTED, Act.WITHDRAW): Move(AssignmentState.IN_PROGRESS, by=SUBMITTER),
    (AssignmentState.SUBMITTED, Act.RETURN_SUBMISSION): Move(AssignmentState.IN_PROGRESS, by=LEAD, needs_reason=True),
    (AssignmentState.SUBMITTED, Act.ACCEPT_SUBMISSION): Move(AssignmentState.ACCEPTED, by=LEAD),
}


def task_move(state: TaskState, act: Act) -> Move[TaskState]:
    """The row of the table; raises :class:`NotNow` where the task's state does not allow the act."""
    try:
        return TASK_MOVES[state, act]
    except KeyError:
        raise NotNow(act=act, state=state) from None


def assignment_move(state: AssignmentState, act: Act) -> Move[AssignmentState]:
    """The row of the table; raises :class:`NotNow` where the assignment's state does not allow the act."""
    try:
        return ASSIGNMENT_MOVES[state, act]
    except KeyError:
        raise NotNow(act=act, state=state) from None


def limit_of(act: Act) -> int:
    """How many working days there are for an act by the table; raises :class:`LookupError` where it sets none."""
    for (_, one), move in ASSIGNMENT_MOVES.items():
        if one is act and move.limit is not None:
            return move.limit
    raise LookupError(f"the table sets no limit for {act.value}")


def submission_leads_to(*, needs_sign_off: bool, by_head: bool) -> AssignmentState:
    """A head's own submission is signed off by being made; some departments need no sign-off at all."""
    if needs_sign_off and not by_head:
        return AssignmentState.HEAD_REVIEW
    return AssignmentState.SUBMITTED


def issue_leads_to(past_deadline: PastDeadline | None) -> TaskState:
    """A task put on record as history ends with its issue: nobody owes anything, and it counts neither way."""
    return TaskState.TERMINATED if past_deadline is PastDeadline.RECORD else TaskState.ISSUED


def derived_task_state(current: TaskState, lead_states: Iterable[AssignmentState]) -> TaskState:
    """The part of a task's state that follows from its lead assignments.

    All leads acknowledged: in progress; all leads submitted: submitted. Leads that were withdrawn or have an objection
    open do not count; where none is left the task stays as it is.
    """
    if current not in UNDER_WAY:
        return current
    counting = set(lead_states) - {AssignmentState.WITHDRAWN, AssignmentState.OBJECTED}
    if not counting:
        return current
    if AssignmentState.PENDING in counting:
        return TaskState.ISSUED
    if counting <= {AssignmentState.SUBMITTED, AssignmentState.ACCEPTED}:
        return TaskState.SUBMITTED
    return TaskState.IN_PROGRESS


CLOSING_ENDS = frozenset({AssignmentState.NOT_SUBMITTED, AssignmentState.WAIVED})
"""how a branch that is still open may end when its task is closed"""


def carried_state(
    act: Act,
    role: AssignmentRole,
    state: AssignmentState,
    *,
    open_branches_end_as: AssignmentState = AssignmentState.NOT_SUBMITTED,
) -> AssignmentState:
    """What an act on the task makes of one of its assignments."""
    is_lead = role is AssignmentRole.LEAD
    match act:
        case Act.RETURN if is_lead and state is AssignmentState.SUBMITTED:
            return AssignmentState.IN_PROGRESS
        case Act.CLOSE if state is AssignmentState.SUBMITTED:
            return AssignmentState.ACCEPTED
        case Act.CLOSE if state in OPEN_ASSIGNMENT:
            # Nothing is owed while an objection is open.
            return AssignmentState.WAIVED if state is AssignmentState.OBJECTED else open_branches_end_as
        case Act.TERMINATE if state in OPEN_ASSIGNMENT:
            return AssignmentState.WITHDRAWN
        case Act.REOPEN if is_lead and state is AssignmentState.ACCEPTED:
            return AssignmentState.IN_PROGRESS
        case _:
            return state
