"""Rules of reminding as a plan changes them."""

from __future__ import annotations

from datetime import date

import pytest

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import Invalid
from taskboard.domain.plan_reminders import (
    RuleChange,
    adjust,
    check_change,
    check_order,
    difference,
    from_plain,
    to_plain,
    upcoming,
)
from taskboard.domain.reminders import RULES, Recipient, ReminderSubject, due_reminders
from taskboard.domain.workflow import AssignmentRole, AssignmentState, TaskState

CALENDAR = WorkingCalendar(holidays=[date(2026, 12, 2)], workdays=[date(2026, 12, 5)], confirmed_years=[2026])
BY_CODE = {rule.code: rule for rule in RULES}
SUBJECT = ReminderSubject(
    assignment_id=1,
    task_state=TaskState.IN_PROGRESS,
    state=AssignmentState.IN_PROGRESS,
    role=AssignmentRole.LEAD,
    issued_on=date(2026, 10, 8),
    due_on=date(2026, 12, 31),
    deadline_version=0,
)


def codes_on(day: date, changes: dict[str, RuleChange]) -> list[str]:
    found = due_reminders(SUBJECT, decided=(), today=day, calendar=CALENDAR, rules=adjust(changes))
    return [one.rule.code for one in found]


def test_without_changes_the_rules_are_the_usual_ones_in_their_order_about_each_thing() -> None:
    things = {(rule.anchor, state, role) for rule in RULES for state in rule.states for role in rule.roles}

    for anchor, state, role in things:
        usual, adjusted = (
            [one for one in rules if one.anchor is anchor and state in one.states and role in one.roles]
            for rules in (RULES, adjust({}))
        )
        assert adjusted == usual


def test_a_rule_that_is_off_does_not_speak() -> None:
    day = date(2026, 12, 28)

    assert codes_on(day, {}) == ["due_3"]
    assert codes_on(day, {"due_3": RuleChange(is_on=False)}) == ["due_10"]


def test_the_nearer_milestone_is_the_more_specific_one_whatever_its_name() -> None:
    changes = {"due_3": RuleChange(days=15)}

    assert codes_on(date(2026, 12, 10), changes) == ["due_3"]
    assert codes_on(date(2026, 12, 17), changes) == ["due_10"]


def test_others_are_told() -> None:
    [rule] = [
        one for one in adjust({"overdue_1": RuleChange(to=frozenset({Recipient.LEADER}))}) if one.code == "overdue_1"
    ]

    assert rule.to == {Recipient.LEADER}


@pytest.mark.parametrize(
    ("code", "change", "problem"),
    [
        ("overdue_1", RuleChange(is_on=False), "rule_never_off"),
        ("acknowledge_1", RuleChange(is_on=False), "rule_never_off"),
        ("due_3", RuleChange(to=frozenset()), "rule_to_nobody"),
        ("due_3", RuleChange(days=0), "rule_days"),
        ("due_3", RuleChange(days=21), "rule_days"),
        ("due_30_days", RuleChange(days=46), "rule_days"),
        ("report_3", RuleChange(days=6), "rule_days"),
        ("due_0", RuleChange(days=2), "rule_days"),
    ],
)
def test_what_no_plan_may_do_is_refused_at_its_rule(code: str, change: RuleChange, problem: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_change(BY_CODE[code], change)

    assert (refused.value.field, refused.value.problem) == (code, problem)


def test_what_is_the_usual_anyway_is_no_change() -> None:
    rule = BY_CODE["due_10"]

    assert difference(rule, RuleChange(days=10, to=rule.to)) is None
    assert difference(rule, RuleChange(days=8, to=rule.to)) == RuleChange(days=8)


def test_changes_come_back_from_what_is_kept() -> None:
    changes = {
        "due_10": RuleChange(is_on=False),
        "due_3": RuleChange(days=5, to=frozenset({Recipient.LIAISON, Recipient.LEADER})),
    }

    assert from_plain(to_plain(changes)) == changes
    assert from_plain({**to_plain(changes), "a_rule_of_before": {}}) == changes
    assert from_plain(None) == {}


def test_what_lies_ahead_is_told_day_by_day() -> None:
    ahead = upcoming(SUBJECT, adjust({}), today=date(2026, 12, 20), calendar=CALENDAR)

    assert [(one.rule.code, one.day) for one in ahead] == [
        ("due_3", date(2026, 12, 28)),
        ("due_1", date(2026, 12, 30)),
        ("due_0", date(2026, 12, 31)),
        ("overdue_1", date(2027, 1, 1)),
        ("overdue_3", date(2027, 1, 5)),
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"due_10": 2}, "due_3"),
        ({"overdue_1": 5}, "overdue_3"),
        ({"acknowledge_1": 3}, "acknowledge_2"),
        ({"report_late_1": 4}, "report_late_3"),
    ],
)
def test_milestones_about_the_same_thing_keep_their_order(changes: dict[str, int], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_order({name: RuleChange(days=days) for name, days in changes.items()})

    assert (refused.value.field, refused.value.problem) == (code, "rule_order")


def test_milestones_may_be_moved_together_fall_on_one_day_or_be_off() -> None:
    check_order({"due_10": RuleChange(days=6), "due_3": RuleChange(days=5), "due_1": RuleChange(days=5)})
    check_order({"due_10": RuleChange(days=2), "due_3": RuleChange(is_on=False)})
    check_order({})
