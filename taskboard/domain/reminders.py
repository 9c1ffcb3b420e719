"""When somebody is to be reminded of an assignment, and who: rules as data, and what is due of them.

Selection is "due, not yet decided, still true", never "the day equals today", so that a holiday or a day of downtime
loses nothing. Several milestones missed in a row become one reminder with the most specific of them, and whoever was
due a missed one gets it too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

import msgspec

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.workflow import OPEN_ASSIGNMENT, OWING, UNDER_WAY, AssignmentRole, AssignmentState, TaskState


class Topic(StrEnum):
    """What a reminder is about; also the sections of the morning mail, in their order."""

    OVERDUE = "overdue"
    DUE_TODAY = "due_today"
    DUE_SOON = "due_soon"
    ACKNOWLEDGE = "acknowledge"
    REPORT = "report"
    DECIDE = "decide"
    REPLY = "reply"
    """a reply to an instruction that is owed"""


BEFORE_IT_IS_LATE = frozenset({Topic.DUE_TODAY, Topic.DUE_SOON})
"""what one of a department is enough to know of; of the rest a head must know, or who stands in for a missing one"""


class Recipient(StrEnum):
    """Through which post a person is reminded; the people are looked up when the mail is made."""

    LIAISON = "liaison"
    OFFICER = "officer"
    HEAD = "head"
    LEAD_LIAISON = "lead_liaison"
    """the liaison of the task's lead departments, who decide on a partner's submission"""
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    ADDRESSEE = "addressee"
    """who owes a leader the reply to an instruction"""
    AUTHOR = "author"
    """the leader who wrote it"""


class Anchor(StrEnum):
    """The day a rule counts from."""

    ISSUE = "issue"
    DEADLINE = "deadline"
    WAITING = "waiting"
    """the day the assignment came into the state in which it waits for a decision"""
    EXTENSION = "extension"
    """the day its department asked for more time"""
    HELP = "help"
    """the day of the oldest request for help that nobody answered"""
    REPORT = "report"
    """the day a report is due for a period in which nothing was reported yet"""
    REVIEW_DAY = "review_day"
    """the day on which a suspended task is to be looked at again"""
    REPLY = "reply"
    """the day by which the reply to an instruction is to come"""
    REPLY_GIVEN = "reply_given"
    """the day of the reply on which the leader has not decided"""


class Span(StrEnum):
    """How long a task was given: long from 180 days, short under 30."""

    LONG = "long"
    MEDIUM = "medium"
    SHORT = "short"


LONG_DAYS = 180
MEDIUM_DAYS = 30
ANY_SPAN = frozenset(Span)
ANY_ROLE = frozenset(AssignmentRole)
ANY_STATE = frozenset(AssignmentState)


@dataclass(frozen=True)
class Rule:
    """One milestone. ``working_days`` or ``days`` (calendar days) are counted from the anchor, before it when negative.

    It holds for assignments in one of ``states``, with one of ``roles``, on tasks of one of ``spans`` and of one of
    ``task_states``.
    """

    code: str
    topic: Topic
    anchor: Anchor
    to: frozenset[Recipient]
    states: frozenset[AssignmentState]
    working_days: int = 0
    days: int = 0
    spans: frozenset[Span] = ANY_SPAN
    roles: frozenset[AssignmentRole] = ANY_ROLE
    task_states: frozenset[TaskState] = UNDER_WAY

    def __hash__(self) -> int:
        return hash(self.code)

    def milestone(self, anchor_on: date, calendar: WorkingCalendar) -> date:
        """The day the reminder falls due: on a day that is not worked, the last working day before it."""
        if self.working_days:
            return calendar.add(anchor_on, self.working_days)
        return calendar.on_or_before(anchor_on + timedelta(days=self.days))


REPORT_WARNING_WORKING_DAYS = 3

LIAISON = frozenset({Recipient.LIAISON})
HEAD = frozenset({Recipient.HEAD})
WORKERS = frozenset({Recipient.LIAISON, Recipient.OFFICER})
WORKERS_AND_HEAD = WORKERS | HEAD
SUPERVISOR = frozenset({Recipient.SUPERVISOR})
LEADER = frozenset({Recipient.LEADER})
LONGER_SPANS = frozenset({Span.LONG, Span.MEDIUM})
PENDING = frozenset({AssignmentState.PENDING})
HEAD_REVIEW = frozenset({AssignmentState.HEAD_REVIEW})
SUBMITTED = frozenset({AssignmentState.SUBMITTED})
OBJECTED = frozenset({AssignmentState.OBJECTED})
ADDRESSEE = frozenset({Recipient.ADDRESSEE})
AUTHOR = frozenset({Recipient.AUTHOR})
LEAD_ONLY = frozenset({AssignmentRole.LEAD})
PARTNER_ONLY = frozenset({AssignmentRole.PARTNER})


def _acknowledge(code: str, to: frozenset[Recipient], working_days: int) -> Rule:
    return Rule(code, Topic.ACKNOWLEDGE, Anchor.ISSUE, to, PENDING, working_days)


def _due(code: str, to: frozenset[Recipient], working_days: int = 0, *, days: int = 0, spans: frozenset[Span]) -> Rule:
    topic = Topic.DUE_SOON if working_days or days else Topic.DUE_TODAY
    return Rule(code, topic, Anchor.DEADLINE, to, OWING, working_days, days, spans)


def _overdue(code: str, to: frozenset[Recipient], working_days: int) -> Rule:
    return Rule(code, Topic.OVERDUE, Anchor.DEADLINE, to, OWING, working_days)


def _extension(code: str, to: frozenset[Recipient], working_days: int) -> Rule:
    return Rule(code, Topic.DECIDE, Anchor.EXTENSION, to, OPEN_ASSIGNMENT, working_days)


def _help(code: str, to: frozenset[Recipient], working_days: int) -> Rule:
    return Rule(code, Topic.DECIDE, Anchor.HELP, to, OPEN_ASSIGNMENT, working_days)


def _suspension(code: str, to: frozenset[Recipient], working_days: int) -> Rule:
    rests = frozenset({TaskState.SUSPENDED})
    return Rule(code, Topic.DECIDE, Anchor.REVIEW_DAY, to, ANY_STATE, working_days, task_states=rests)


def _reply(code: str, to: frozenset[Recipient], working_days: int) -> Rule:
    return Rule(code, Topic.REPLY, Anchor.REPLY, to, ANY_STATE, working_days)


def _reply_given(code: str, to: frozenset[Recipient], working_days: int) -> Rule:
    return Rule(code, Topic.DECIDE, Anchor.REPLY_GIVEN, to, ANY_STATE, working_days)


def _report(code: str, to: frozenset[Recipient], working_days: int) -> Rule:
    return Rule(code, Topic.REPORT, Anchor.REPORT, to, OWING, working_days)


def _decide(
    code: str,
    to: frozenset[Recipient],
    states: frozenset[AssignmentState],
    working_days: int,
    roles: frozenset[AssignmentRole] = ANY_ROLE,
) -> Rule:
    return Rule(code, Topic.DECIDE, Anchor.WAITING, to, states, working_days, roles=roles)


RULES: tuple[Rule, ...] = (
    _acknowledge("acknowledge_1", LIAISON, 1),
    _acknowledge("acknowledge_2", LIAISON | HEAD, 2),
    _due("due_30_days", WORKERS, days=-30, spans=frozenset({Span.LONG})),
    _due("due_10", WORKERS, -10, spans=LONGER_SPANS),
    _due("due_3", WORKERS_AND_HEAD, -3, spans=ANY_SPAN),
    _due("due_1", WORKERS_AND_HEAD, -1, spans=ANY_SPAN),
    _due("due_0", WORKERS_AND_HEAD, spans=ANY_SPAN),
    _overdue("overdue_1", WORKERS_AND_HEAD, 1),
    _overdue("overdue_3", HEAD | LEADER, 3),
    _decide("sign_off_1", HEAD, HEAD_REVIEW, 1),
    _decide("sign_off_2", HEAD | SUPERVISOR, HEAD_REVIEW, 2),
    _decide("partner_1", frozenset({Recipient.LEAD_LIAISON}), SUBMITTED, 1, PARTNER_ONLY),
    _decide("partner_2", frozenset({Recipient.LEAD_LIAISON}) | SUPERVISOR, SUBMITTED, 2, PARTNER_ONLY),
    _decide("review_1", SUPERVISOR, SUBMITTED, 1, LEAD_ONLY),
    _decide("review_2", SUPERVISOR | LEADER, SUBMITTED, 2, LEAD_ONLY),
    _decide("objection_1", SUPERVISOR, OBJECTED, 1),
    _decide("objection_2", SUPERVISOR | LEADER, OBJECTED, 2),
    _extension("extension_1", SUPERVISOR, 1),
    _extension("extension_2", SUPERVISOR | LEADER, 2),
    _help("help_1", SUPERVISOR, 1),
    _help("help_2", SUPERVISOR | LEADER, 2),
    _suspension("suspension_1", SUPERVISOR, 1),
    _suspension("suspension_2", SUPERVISOR | LEADER, 2),
    _reply("reply_1", ADDRESSEE, 1),
    _reply("reply_2", ADDRESSEE | AUTHOR, 2),
    _reply_given("reply_given_1", AUTHOR, 1),
    _reply_given("reply_given_2", AUTHOR | SUPERVISOR, 2),
    _report("report_3", LIAISON, -REPORT_WARNING_WORKING_DAYS),
    _report("report_0", LIAISON, 0),
    _report("report_late_1", LIAISON, 1),
    _report("report_late_3", LIAISON | HEAD, 3),
)
"""in the order in which one becomes more specific than the one before it, within what they are about

Yellow and red orders are proposed where they are confirmed. What is still late after ``overdue_3`` stands in the
weekly digest."""


class ReminderSubject(msgspec.Struct, frozen=True):
    """What the rules ask of one assignment."""

    assignment_id: int
    task_state: TaskState
    state: AssignmentState
    role: AssignmentRole
    issued_on: date
    due_on: date | None
    deadline_version: int
    waiting_since: date | None = None
    """the day it was submitted to its head, its lead or the supervisors, or objected to"""
    is_held: bool = False
    """an extension of its deadline was asked for in time and is not decided"""
    extension_asked_on: date | None = None
    """the day its own department asked for one that is not decided"""
    help_asked_on: date | None = None
    """the day of its oldest request for help that nobody answered"""
    reports_due: tuple[date, ...] = ()
    """the days on which reports are due that were not made: of the last period, of this one and of the next"""
    review_on: date | None = None
    """the day on which the suspended task is to be looked at again"""


class Decision(NamedTuple):
    """One milestone taken: what makes it come only once."""

    rule: str
    deadline_version: int
    anchor_on: date


class DueReminder(msgspec.Struct, frozen=True):
    """One line for some people: the most specific rule, and everything that is decided with it."""

    assignment_id: int
    rule: Rule
    topic: Topic
    to: frozenset[Recipient]
    decided: dict[Decision, date]
    """with the day on which each fell due"""

    @property
    def anchor_on(self) -> date:
        """The day that the rule counts from: of several reports that are due, the latest."""
        return max(one.anchor_on for one in self.decided if one.rule == self.rule.code)


def span_of(issued_on: date, due_on: date | None) -> Span:
    """How long the task was given; without a deadline no rule asks."""
    days = (due_on - issued_on).days if due_on else LONG_DAYS
    if days >= LONG_DAYS:
        return Span.LONG
    return Span.MEDIUM if days >= MEDIUM_DAYS else Span.SHORT


def due_reminders(
    subject: ReminderSubject,
    *,
    decided: Collection[Decision],
    today: date,
    calendar: WorkingCalendar,
    rules: Sequence[Rule] = RULES,
) -> list[DueReminder]:
    """What is due by ``today``, not among the ``decided``, and still true: at most one per thing asked of somebody."""
    due: dict[Anchor, list[_Due]] = {}
    for rule, decision in _candidates(subject, rules):
        falls_due = _milestone(rule, decision.anchor_on, calendar)
        if falls_due <= today and decision not in decided and not _is_moot(rule, falls_due, subject):
            due.setdefault(rule.anchor, []).append(_Due(rule, decision, falls_due))
    reminders = (_fold(subject, found, today) for found in due.values())
    return [reminder for reminder in reminders if reminder is not None]


@lru_cache(maxsize=8192)
def _milestone(rule: Rule, anchor_on: date, calendar: WorkingCalendar) -> date:
    """Thousands of assignments share their days."""
    return rule.milestone(anchor_on, calendar)


class _Due(NamedTuple):
    """A milestone that is due and not yet taken."""

    rule: Rule
    decision: Decision
    falls_due: date


def _candidates(subject: ReminderSubject, rules: Iterable[Rule]) -> Iterable[tuple[Rule, Decision]]:
    for rule, anchor_on in rules_about(subject, rules):
        # Only what hangs on the deadline is armed again when that moves.
        version = subject.deadline_version if rule.anchor is Anchor.DEADLINE else 0
        yield rule, Decision(rule.code, version, anchor_on)


def rules_about(subject: ReminderSubject, rules: Iterable[Rule]) -> Iterable[tuple[Rule, date]]:
    """The rules that hold for the assignment as it is now, with the days they count from."""
    span = span_of(subject.issued_on, subject.due_on)
    for rule in _rules_for(tuple(rules), subject.task_state, subject.state, subject.role, span):
        for anchor_on in _anchor_days(rule.anchor, subject):
            yield rule, anchor_on


@lru_cache(maxsize=4096)
def _rules_for(
    rules: tuple[Rule, ...], task_state: TaskState, state: AssignmentState, role: AssignmentRole, span: Span
) -> tuple[Rule, ...]:
    """Which of the rules hold there; the same few answers are asked for again and again."""
    here = (rule for rule in rules if task_state in rule.task_states and state in rule.states)
    return tuple(rule for rule in here if role in rule.roles and span in rule.spans)


def _anchor_days(anchor: Anchor, subject: ReminderSubject) -> Iterable[date]:
    if anchor is Anchor.REPORT:
        return subject.reports_due
    name = ANCHOR_FIELDS.get(anchor)
    day = getattr(subject, name) if name else None
    return () if day is None else (day,)


ANCHOR_FIELDS = {
    Anchor.ISSUE: "issued_on",
    Anchor.DEADLINE: "due_on",
    Anchor.WAITING: "waiting_since",
    Anchor.EXTENSION: "extension_asked_on",
    Anchor.HELP: "help_asked_on",
    Anchor.REVIEW_DAY: "review_on",
}


def _is_moot(rule: Rule, falls_due: date, subject: ReminderSubject) -> bool:
    """Whether the task did not exist yet when it would have warned of the deadline; the issue notice named the day."""
    return rule.topic in (Topic.DUE_SOON, Topic.DUE_TODAY) and falls_due < subject.issued_on


def _fold(subject: ReminderSubject, found: Sequence[_Due], today: date) -> DueReminder | None:
    true_now = [one.rule for one in found if _is_true(one, subject, today)]
    if not true_now:
        return None
    return DueReminder(
        assignment_id=subject.assignment_id,
        rule=true_now[-1],
        topic=_topic(true_now[-1], subject, today),
        to=frozenset().union(*(one.rule.to for one in found)),
        decided={one.decision: one.falls_due for one in found},
    )


def _topic(rule: Rule, subject: ReminderSubject, today: date) -> Topic:
    """A day that is not worked is reminded of before it comes: then it is near, and not today."""
    if rule.topic is Topic.DUE_TODAY and subject.due_on != today:
        return Topic.DUE_SOON
    return Topic.DUE_TODAY if rule.topic is Topic.DUE_SOON and subject.due_on == today else rule.topic


def _is_true(one: _Due, subject: ReminderSubject, today: date) -> bool:
    """Whether what the rule says holds today: nobody is told that a day is near when it is past."""
    rule = one.rule
    if rule.anchor is Anchor.REPORT:
        return (one.decision.anchor_on < today) is (rule.working_days > 0)
    if rule.anchor is not Anchor.DEADLINE or subject.due_on is None:
        return True
    is_past = subject.due_on < today
    if is_past and subject.is_held:
        return False
    return is_past if rule.topic is Topic.OVERDUE else not is_past


LONGEST_WARNING = timedelta(days=45)
"""no rule warns earlier than this before a deadline: what lists may leave out (ten working days around a long holiday
are fewer)"""
