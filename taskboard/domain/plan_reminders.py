"""The rules of reminding as a plan's supervisors change them, and what they would bring from a day on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import Invalid
from taskboard.domain.reminders import RULES, Anchor, Recipient, ReminderSubject, Rule, rules_about
from taskboard.domain.workflow import AssignmentRole, AssignmentState

NEVER_OFF = frozenset({"acknowledge_1", "overdue_1"})
"""duty notices: that something was issued and that it is overdue is always told"""

MOST_DAYS_BEFORE = 45
MOST_WORKING_DAYS_BEFORE = 20
MOST_WORKING_DAYS_BEFORE_A_REPORT = 5
MOST_WORKING_DAYS_AFTER = 20

DAYS_IN_FIVE_WORKING_DAYS = 7

OF_REPLIES = frozenset({Recipient.ADDRESSEE, Recipient.AUTHOR})
OF_GIVEN_REPLIES = frozenset({Recipient.AUTHOR, Recipient.SUPERVISOR})


@dataclass(frozen=True)
class RuleChange:
    """What a plan does differently: ``days`` as a number without its sign, in the rule's own unit."""

    is_on: bool = True
    days: int | None = None
    to: frozenset[Recipient] | None = None


class Upcoming(NamedTuple):
    """A milestone that lies ahead."""

    day: date
    rule: Rule
    anchor_on: date


def days_of(rule: Rule) -> int:
    """How far the milestone lies from its anchor, without the sign; 0 on the day itself."""
    return abs(rule.working_days or rule.days)


def most_days(rule: Rule) -> int:
    """The farthest that a plan may set the milestone from its anchor."""
    if rule.days:
        return MOST_DAYS_BEFORE
    if rule.working_days > 0:
        return MOST_WORKING_DAYS_AFTER
    return MOST_WORKING_DAYS_BEFORE_A_REPORT if rule.anchor is Anchor.REPORT else MOST_WORKING_DAYS_BEFORE


def possible_recipients(rule: Rule) -> frozenset[Recipient]:
    """Through which posts somebody can be told by this rule: a reply is owed by who it is asked of,
    and decided on by who asked."""
    match rule.anchor:
        case Anchor.REPLY:
            return OF_REPLIES
        case Anchor.REPLY_GIVEN:
            return OF_GIVEN_REPLIES
        case _:
            return frozenset(Recipient) - OF_REPLIES


def check_change(rule: Rule, change: RuleChange) -> None:
    """Raises :class:`Invalid` for what no plan may do; its field is the rule's code."""
    if not change.is_on and rule.code in NEVER_OFF:
        raise Invalid(rule.code, "rule_never_off")
    if change.to is not None and not change.to & possible_recipients(rule):
        raise Invalid(rule.code, "rule_to_nobody")
    if change.days is None or change.days == days_of(rule):
        return
    if not days_of(rule) or not 1 <= change.days <= most_days(rule):
        raise Invalid(rule.code, "rule_days", most=most_days(rule))


def check_order(changes: Mapping[str, RuleChange]) -> None:
    """Milestones about the same thing keep their order: an escalation never comes before what it follows.

    Raises :class:`Invalid` for the first that would; its field is the rule's code.
    """
    latest: dict[tuple[Anchor, frozenset[AssignmentState], frozenset[AssignmentRole]], Rule] = {}
    for rule in RULES:
        changed = _changed(rule, changes.get(rule.code))
        if changed is None:
            continue
        about = (rule.anchor, rule.states, rule.roles)
        before = latest.get(about)
        if before is not None and _reach(changed) < _reach(before):
            raise Invalid(rule.code, "rule_order")
        latest[about] = changed


def difference(rule: Rule, change: RuleChange) -> RuleChange | None:
    """The change without what is the usual anyway; None where nothing is left."""
    days = None if change.days == days_of(rule) else change.days
    wanted = None if change.to is None else change.to & possible_recipients(rule)
    to = None if wanted == rule.to else wanted
    return None if change.is_on and days is None and to is None else RuleChange(change.is_on, days, to)


def adjust(changes: Mapping[str, RuleChange], rules: Sequence[Rule] = RULES) -> tuple[Rule, ...]:
    """The rules with a plan's changes, about each thing again in the order of their days."""
    kept = [_changed(rule, changes.get(rule.code)) for rule in rules]
    places = {anchor: place for place, anchor in enumerate(Anchor)}
    return tuple(sorted((one for one in kept if one is not None), key=lambda one: (places[one.anchor], _reach(one))))


def _changed(rule: Rule, change: RuleChange | None) -> Rule | None:
    if change is None:
        return rule
    if not change.is_on:
        return None
    days = days_of(rule) if change.days is None else change.days
    if rule.days:
        rule = replace(rule, days=days if rule.days > 0 else -days)
    elif rule.working_days:
        rule = replace(rule, working_days=days if rule.working_days > 0 else -days)
    return rule if change.to is None else replace(rule, to=change.to)


def _reach(rule: Rule) -> float:
    """Days from the anchor, roughly: enough to put a rule counted in days among those counted in working days."""
    return rule.days or rule.working_days * DAYS_IN_FIVE_WORKING_DAYS / 5


def upcoming(
    subject: ReminderSubject, rules: Iterable[Rule], *, today: date, calendar: WorkingCalendar
) -> list[Upcoming]:
    """The milestones from today on, if everything stays as it is."""
    found = [
        Upcoming(rule.milestone(anchor_on, calendar), rule, anchor_on)
        for rule, anchor_on in rules_about(subject, rules)
    ]
    return sorted((one for one in found if one.day >= today), key=lambda one: one.day)


def to_plain(changes: Mapping[str, RuleChange]) -> dict[str, Any]:
    """As JSON keeps it."""
    return {
        code: {
            "is_on": one.is_on,
            "days": one.days,
            "to": sorted(recipient.value for recipient in one.to) if one.to is not None else None,
        }
        for code, one in changes.items()
    }


def from_plain(plain: Mapping[str, Any] | None) -> dict[str, RuleChange]:
    """Back from JSON; a rule that no longer exists is left out."""
    known = {rule.code for rule in RULES}
    return {
        code: RuleChange(
            is_on=one["is_on"],
            days=one["days"],
            to=frozenset(Recipient(name) for name in one["to"]) if one["to"] is not None else None,
        )
        for code, one in (plain or {}).items()
        if code in known
    }
