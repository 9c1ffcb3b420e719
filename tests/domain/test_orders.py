"""When an order is proposed, and where each act on one leads."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import NotNow
from taskboard.domain.orders import (
    ORDER_MOVES,
    Given,
    OrderAct,
    OrderGround,
    OrderKind,
    OrderState,
    Proposal,
    order_move,
    propose,
)

CALENDAR = WorkingCalendar()
DUE = date(2026, 11, 2)
"""a Monday"""
FIFTH, TENTH = date(2026, 11, 9), date(2026, 11, 16)
LIMIT = date(2026, 11, 12)


def yellow(state: OrderState = OrderState.OPEN, due_on: date = LIMIT) -> Given:
    return Given(OrderKind.YELLOW, state, due_on)


@pytest.mark.parametrize(
    ("today", "given", "kind", "ground"),
    [
        (date(2026, 11, 8), [], None, None),
        (FIFTH, [], OrderKind.YELLOW, OrderGround.LATE),
        (date(2026, 11, 15), [], OrderKind.YELLOW, OrderGround.LATE),
        (TENTH, [], OrderKind.RED, OrderGround.LONG_LATE),
        (FIFTH, [yellow()], None, None),
        (LIMIT, [yellow()], None, None),
        (date(2026, 11, 13), [yellow()], OrderKind.RED, OrderGround.YELLOW_PASSED),
        (date(2026, 11, 13), [yellow(OrderState.REPLIED)], None, None),
        (date(2026, 11, 13), [yellow(OrderState.WITHDRAWN)], None, None),
        (TENTH, [yellow(OrderState.SETTLED)], OrderKind.RED, OrderGround.LONG_LATE),
        (TENTH, [Given(OrderKind.RED, OrderState.WITHDRAWN, LIMIT)], None, None),
        (TENTH, [Given(OrderKind.REMINDER_NOTE, OrderState.OPEN, DUE)], OrderKind.RED, OrderGround.LONG_LATE),
    ],
)
def test_what_the_rules_propose(
    today: date, given: list[Given], kind: OrderKind | None, ground: OrderGround | None
) -> None:
    found = propose(DUE, given, issued_on=DUE - timedelta(days=60), today=today, calendar=CALENDAR)

    assert (found and found.kind, found and found.ground) == (kind, ground)


def test_a_holiday_puts_the_proposal_off() -> None:
    with_holiday = WorkingCalendar(holidays=[FIFTH])

    assert propose(DUE, [], issued_on=None, today=FIFTH, calendar=with_holiday) is None


def test_nobody_is_escalated_before_they_had_the_work_for_as_long() -> None:
    long_past = DUE - timedelta(days=200)

    def proposed(today: date) -> Proposal | None:
        return propose(long_past, [], issued_on=DUE, today=today, calendar=CALENDAR)

    assert proposed(DUE) is None
    assert proposed(FIFTH) == Proposal(OrderKind.YELLOW, OrderGround.LATE, FIFTH)
    assert proposed(TENTH) == Proposal(OrderKind.RED, OrderGround.LONG_LATE, TENTH)


@pytest.mark.parametrize("state", list(OrderState))
@pytest.mark.parametrize("act", list(OrderAct))
def test_every_act_leads_where_the_table_says_or_nowhere(state: OrderState, act: OrderAct) -> None:
    if (state, act) in ORDER_MOVES:
        assert order_move(state, act) is ORDER_MOVES[state, act]
        return
    with pytest.raises(NotNow):
        order_move(state, act)


def test_what_was_settled_or_withdrawn_stays_so() -> None:
    ended = {OrderState.SETTLED, OrderState.WITHDRAWN}

    assert not [state for state, _ in ORDER_MOVES if state in ended]
