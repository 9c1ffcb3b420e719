"""Formal orders (交办单, 催办单, 督办单): kinds, states, what leads from one to the next, and when one is proposed.

An order is confirmed by a person and numbered in that moment; nothing here is done by a job. The days of the proposals
are those of the escalation rules: five working days after the deadline yellow, ten red, or the limit of a yellow one.
Nobody is escalated before they had the work for so long: where the deadline was past at the issue, the issue counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import NotNow
from taskboard.domain.workflow import OPEN_ASSIGNMENT, OWING, AssignmentState

YELLOW_AFTER = 5
RED_AFTER = 10
"""working days after the deadline"""


class OrderKind(StrEnum):
    ISSUE_NOTE = "issue_note"
    REMINDER_NOTE = "reminder_note"
    YELLOW = "yellow"
    RED = "red"


class OrderState(StrEnum):
    """Where an order stands. One that was withdrawn keeps its number."""

    OPEN = "open"
    REPLIED = "replied"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"


class OrderGround(StrEnum):
    """Why an order was made: a person thought it right, or a rule proposed it."""

    DECIDED = "decided"
    LATE = "late"
    LONG_LATE = "long_late"
    YELLOW_PASSED = "yellow_passed"


class OrderAct(StrEnum):
    REPLY = "reply"
    RETURN_REPLY = "return_reply"
    SETTLE = "settle"
    WITHDRAW_ORDER = "withdraw_order"


ORDER_MOVES: Mapping[tuple[OrderState, OrderAct], OrderState] = {
    (OrderState.OPEN, OrderAct.REPLY): OrderState.REPLIED,
    (OrderState.REPLIED, OrderAct.RETURN_REPLY): OrderState.OPEN,
    (OrderState.REPLIED, OrderAct.SETTLE): OrderState.SETTLED,
    (OrderState.OPEN, OrderAct.WITHDRAW_ORDER): OrderState.WITHDRAWN,
    (OrderState.REPLIED, OrderAct.WITHDRAW_ORDER): OrderState.WITHDRAWN,
}

USUAL_LIMIT: Mapping[OrderKind, int] = {
    OrderKind.ISSUE_NOTE: 5,
    OrderKind.REMINDER_NOTE: 3,
    OrderKind.YELLOW: 5,
    OrderKind.RED: 3,
}
"""working days to reply, unless the supervisor sets another day"""


def order_move(state: OrderState, act: OrderAct) -> OrderState:
    """Where the act leads; raises :class:`NotNow` where the order's state does not allow it."""
    try:
        return ORDER_MOVES[state, act]
    except KeyError:
        raise NotNow(act=act, state=state) from None


def can_be_ordered(kind: OrderKind, state: AssignmentState) -> bool:
    """Whether an order of this kind can go to a department whose assignment is in this state.

    Who submitted, or objects, is not urged; the note of an issue goes to anybody who has the task.
    """
    return state in (OPEN_ASSIGNMENT if kind is OrderKind.ISSUE_NOTE else OWING)


@dataclass(frozen=True)
class Given:
    """An order that a department already got for the deadline it now has; a withdrawn one is not proposed again."""

    kind: OrderKind
    state: OrderState
    due_on: date


@dataclass(frozen=True)
class Proposal:
    """An order that the rules suggest, and since which day."""

    kind: OrderKind
    ground: OrderGround
    since: date


def propose(
    due_on: date, given: Iterable[Given], *, issued_on: date | None, today: date, calendar: WorkingCalendar
) -> Proposal | None:
    """What the rules propose for an overdue assignment today; none where it was given or it is too early.

    ``given`` are the orders for this deadline: a moved deadline begins anew. ``issued_on`` is the day on which the
    department got the work.
    """
    begins = max(due_on, issued_on or due_on)
    orders = list(given)
    if any(one.kind is OrderKind.RED for one in orders):
        return None
    yellow = [one for one in orders if one.kind is OrderKind.YELLOW]
    passed = [one.due_on for one in yellow if one.state is OrderState.OPEN and one.due_on < today]
    if passed:
        return Proposal(OrderKind.RED, OrderGround.YELLOW_PASSED, min(passed))
    red_on = calendar.add(begins, RED_AFTER)
    if red_on <= today:
        return Proposal(OrderKind.RED, OrderGround.LONG_LATE, red_on)
    yellow_on = calendar.add(begins, YELLOW_AFTER)
    if not yellow and yellow_on <= today:
        return Proposal(OrderKind.YELLOW, OrderGround.LATE, yellow_on)
    return None
