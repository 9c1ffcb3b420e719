"""Which reminders are due and for whom, and the record that each was decided once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Select, and_, exists, literal, or_, select, union_all
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.help_requests import HelpState
from taskboard.domain.mail_items import Item
from taskboard.domain.outbox import CATCH_UP_DAYS, SCHEDULED, UNDELIVERED
from taskboard.domain.periods import Rhythm, due_day, periods_about
from taskboard.domain.plan_reminders import RuleChange, adjust, from_plain
from taskboard.domain.reminders import (
    BEFORE_IT_IS_LATE,
    LONGEST_WARNING,
    RULES,
    Anchor,
    Decision,
    DueReminder,
    Recipient,
    ReminderSubject,
    Rule,
    due_reminders,
)
from taskboard.domain.workflow import OWING, UNDER_WAY, AssignmentRole, AssignmentState, TaskState
from taskboard.models import (
    Assignment,
    Extension,
    HelpRequest,
    OutboxMessage,
    Plan,
    Reminder,
    Task,
)
from taskboard.services.among import among, gathered, taken_apart
from taskboard.services.inserts import insert_found_where_free
from taskboard.services.periods import misses_report
from taskboard.services.postholders import Holder, Postholders
from taskboard.services.suspensions import first_lead

AWAITING_DECISION = frozenset({AssignmentState.HEAD_REVIEW, AssignmentState.SUBMITTED, AssignmentState.OBJECTED})
LEFT_OUT = frozenset({AssignmentState.WITHDRAWN, AssignmentState.WAIVED})
LAST_RULE = {rule.anchor: rule.code for rule in RULES}
"""after which nothing more comes for the same anchor"""


class PlanRules:
    """The rules of each plan: the usual ones where its supervisors changed none."""

    def __init__(self, changes: Mapping[int, Mapping[str, RuleChange]]) -> None:
        self._rules = {plan_id: adjust(of_plan) for plan_id, of_plan in changes.items()}

    @property
    def plan_ids(self) -> list[int]:
        """The plans that have rules of their own."""
        return list(self._rules)

    def of(self, plan_id: int) -> Sequence[Rule]:
        return self._rules.get(plan_id, RULES)

    def are_own(self, plan_id: int) -> bool:
        """Whether the plan has rules of its own."""
        return plan_id in self._rules


def load_rules(session: Session) -> PlanRules:
    """The rules of all plans."""
    query = select(Plan.id, Plan.reminder_changes).where(Plan.reminder_changes.is_not(None))
    return PlanRules({plan_id: from_plain(changes) for plan_id, changes in session.execute(query)})


def may_be_due(
    session: Session,
    today: date,
    *,
    calendar: WorkingCalendar,
    rhythms: Iterable[Rhythm] = (),
    own_rules: Collection[int] = (),
    made_up_from: date | None = None,
    besides: Collection[int] = (),
) -> ColumnElement[bool]:
    """Condition on assignment and task for what some rule could speak of today: what the daily scan reads.

    ``rhythms`` are those that plans have, ``own_rules`` the plans with rules of their own. With ``made_up_from`` also
    those whose last reminder was decided on that day or later; ``besides`` also these assignments.
    """
    undecided_from = made_up_from or today + timedelta(days=1)
    owes = Assignment.state.in_(OWING)
    is_past_its_last = _was_decided(LAST_RULE[Anchor.DEADLINE], Assignment.deadline_version, undecided_from)
    is_receipt_settled = _was_decided(LAST_RULE[Anchor.ISSUE], 0, undecided_from)
    # One after the other, each by an index of its own: joined by OR they would be looked for in every assignment.
    found: list[Select[int]] = [
        *(_ids(owes, condition) for condition in _warning_conditions(today, calendar, undecided_from)),
        _ids(owes, Assignment.due_on < today, ~is_past_its_last),
        _ids(Assignment.state == AssignmentState.PENDING, ~is_receipt_settled),
        _ids(Assignment.state.in_(AWAITING_DECISION)),
        select(Extension.assignment_id).where(Extension.decided_at.is_(None)),
        select(HelpRequest.assignment_id).where(HelpRequest.state == HelpState.OPEN),
        *_report_queries(rhythms, today, calendar, undecided_from),
        select(first_lead()).select_from(Task).where(Task.state == TaskState.SUSPENDED).correlate(None),
    ]
    if own_rules:
        found.append(_ids(owes, Assignment.task_id.in_(select(Task.id).where(Task.plan_id.in_(own_rules)))))
    if besides:
        found.append(_ids(among(session, Assignment.id, besides)))
    is_alive = or_(Task.state.in_(UNDER_WAY), stands_for_a_suspended_task())
    return and_(is_alive, Assignment.id.in_(union_all(*found)))


def _ids(*conditions: ColumnElement[bool]) -> Select[int]:
    """The ids of the assignments that meet these conditions, whatever query they are part of."""
    return select(Assignment.id).where(*conditions).correlate(None)


def stands_for_a_suspended_task() -> ColumnElement[bool]:
    """Condition on assignment and task: it is the one by which mails tell of the task's review."""
    return and_(Task.state == TaskState.SUSPENDED, Assignment.id == first_lead())


def _warning_conditions(today: date, calendar: WorkingCalendar, undecided_from: date) -> list[ColumnElement[bool]]:
    """For deadlines that are near: who was not yet told the last of what can be told of that day by now.

    With it was decided all that came before it.
    """
    days_by_rule: dict[str, list[date]] = defaultdict(list)
    for count in range(LONGEST_WARNING.days + 1):
        due_on = today + timedelta(days=count)
        told = [rule.code for rule in DEADLINE_RULES if rule.milestone(due_on, calendar) <= today]
        if told:
            days_by_rule[told[-1]].append(due_on)
    return [
        and_(Assignment.due_on.in_(days), ~_was_decided(code, Assignment.deadline_version, undecided_from))
        for code, days in days_by_rule.items()
    ]


DEADLINE_RULES = tuple(rule for rule in RULES if rule.anchor is Anchor.DEADLINE)
REPORT_RULES = tuple(rule for rule in RULES if rule.anchor is Anchor.REPORT)


def _report_queries(
    rhythms: Iterable[Rhythm], today: date, calendar: WorkingCalendar, undecided_from: date
) -> list[Select[int]]:
    """For each report due about now: the assignments that owe it, did not report, and were not told the last of it."""
    found = []
    for rhythm, role in product(rhythms, AssignmentRole):
        for period in periods_about(rhythm, today):
            due_on = due_day(rhythm, period, role, calendar)
            told = [rule for rule in REPORT_RULES if rule.milestone(due_on, calendar) <= today]
            if told:
                is_told = _was_decided(told[-1].code, 0, undecided_from, anchor_on=due_on)
                owing = _ids(Assignment.role == role, misses_report(rhythm, period, calendar), ~is_told)
                found.append(owing.join(Task, Task.id == Assignment.task_id).join(Plan, Plan.id == Task.plan_id))
    return found


def _was_decided(
    rule: str, version: ColumnElement[int] | int | Any, before: date, *, anchor_on: date | None = None
) -> ColumnElement[bool]:
    return exists().where(
        Reminder.rule == rule,
        Reminder.assignment_id == Assignment.id,
        Reminder.deadline_version == version,
        Reminder.decided_on < before,
        *([Reminder.anchor_on == anchor_on] if anchor_on else []),
    )


def open_or_left_since(since: datetime) -> ColumnElement[bool]:
    """Condition for what a weekly digest speaks of: everything under way, and what was submitted or ended lately."""
    return or_(
        and_(Task.state.in_(UNDER_WAY), Assignment.state.in_(OWING | AWAITING_DECISION)),
        stands_for_a_suspended_task(),
        and_(
            Task.state.not_in((TaskState.DRAFT, TaskState.TERMINATED)),
            or_(
                Assignment.submitted_at >= since,
                Assignment.accepted_at >= since,
                and_(Task.closed_at >= since, Assignment.state.not_in(LEFT_OUT)),
            ),
        ),
    )


def subject_of(item: Item, *, today: date, calendar: WorkingCalendar) -> ReminderSubject:
    return ReminderSubject(
        assignment_id=item.assignment_id,
        task_state=item.task_state,
        state=item.state,
        role=item.role,
        issued_on=item.issued_on,
        due_on=item.due_on,
        deadline_version=item.deadline_version,
        waiting_since=item.waiting_since,
        is_held=item.is_held,
        extension_asked_on=item.extension_asked_on,
        help_asked_on=item.help_asked_on,
        reports_due=item.reports_due(today, calendar),
        review_on=item.review_on,
    )


Taken = frozenset[tuple[Decision, date]]
"""what was decided of one assignment, each with the day on which it was"""
NOTHING: Taken = frozenset()
Decided = Mapping[int, Taken]
"""the same by assignment"""


def load_decided(session: Session, items: Iterable[Item]) -> Decided:
    """What was decided so far for these assignments."""
    query = (
        select(
            Reminder.rule,
            Reminder.deadline_version,
            Reminder.anchor_on,
            Reminder.decided_on,
            gathered(Reminder.assignment_id),
        )
        .where(among(session, Reminder.assignment_id, [item.assignment_id for item in items]))
        .group_by(Reminder.rule, Reminder.deadline_version, Reminder.anchor_on, Reminder.decided_on)
    )
    # By decisions, for thousands of assignments share theirs.
    decided: dict[int, list[tuple[Decision, date]]] = defaultdict(list)
    for rule, version, anchor_on, decided_on, assignment_ids in session.execute(query):
        taken = Decision(rule, version, anchor_on), decided_on
        for assignment_id in taken_apart(assignment_ids):
            decided[assignment_id].append(taken)
    known: dict[Taken, Taken] = {}
    return {assignment_id: known.setdefault(one := frozenset(taken), one) for assignment_id, taken in decided.items()}


def find_due(
    items: Iterable[Item],
    decided: Decided,
    *,
    today: date,
    calendar: WorkingCalendar,
    rules: PlanRules,
    made_up_from: date | None = None,
) -> list[tuple[Item, DueReminder]]:
    """Every reminder that is due and not yet decided.

    What was decided on ``made_up_from`` or later counts as not decided.
    """
    found = []
    # Thousands of assignments share their days: what is due is thought out once for all that are in the same situation.
    known: dict[tuple[ReminderSubject, Taken, int | None], list[DueReminder]] = {}
    for item in items:
        taken = decided.get(item.assignment_id, NOTHING)
        subject = replace(subject_of(item, today=today, calendar=calendar), assignment_id=0)
        situation = subject, taken, item.plan_id if rules.are_own(item.plan_id) else None
        due = known.get(situation)
        if due is None:
            settled = {one for one, on in taken if made_up_from is None or on < made_up_from}
            due = known[situation] = due_reminders(
                subject, decided=settled, today=today, calendar=calendar, rules=rules.of(item.plan_id)
            )
        for reminder in due:
            found.append((item, replace(reminder, assignment_id=item.assignment_id)))
    return found


class Addressed(msgspec.Struct, frozen=True):
    """A reminder for one person, and the post through which it reaches them."""

    item: Item
    reminder: DueReminder
    holder: Holder


def address(
    reminders: Iterable[tuple[Item, DueReminder]], people: Postholders, leads: Mapping[int, Sequence[int]]
) -> dict[int, list[Addressed]]:
    """The reminders by person, each assignment once a thing asked, whatever number of posts it comes through.

    ``leads`` are the lead departments by task.
    """
    found: dict[int, list[Addressed]] = defaultdict(list)
    known: dict[tuple[Any, ...], list[Holder]] = {}
    for item, reminder in reminders:
        asked = _asked(item, reminder, leads)
        holders = known.get(asked)
        if holders is None:
            reached = people.find(item, reminder.topic, reminder.to, lead_ids=leads.get(item.task_id, ()))
            holders = known[asked] = _first_posts(reached)
        for holder in holders:
            found[holder.person_id].append(Addressed(item, reminder, holder))
    return dict(found)


def _first_posts(holders: Iterable[Holder]) -> list[Holder]:
    """Each person once, by the first post that reaches them."""
    first: dict[int, Holder] = {}
    for one in holders:
        first.setdefault(one.person_id, one)
    return list(first.values())


def _asked(item: Item, reminder: DueReminder, leads: Mapping[int, Sequence[int]]) -> tuple[Any, ...]:
    """By which the people to reach are known: the place, and, where somebody hears of it, whose work and which plan."""
    return (
        reminder.to,
        reminder.topic in BEFORE_IT_IS_LATE,
        item.department_id,
        item.body_path,
        item.issuer_id,
        item.officer_id if Recipient.OFFICER in reminder.to else None,
        # Leaders watch over plans, too; and where nobody of the department is there, the supervisors and theirs.
        item.plan_id if Recipient.LEADER in reminder.to else None,
        tuple(leads.get(item.task_id, ())) if Recipient.LEAD_LIAISON in reminder.to else (),
    )


def load_leads(session: Session, reminders: Iterable[tuple[Item, DueReminder]]) -> Mapping[int, Sequence[int]]:
    """The lead departments of the tasks whose leads are asked to decide."""
    return lead_departments(
        session, {item.task_id for item, reminder in reminders if Recipient.LEAD_LIAISON in reminder.to}
    )


def lead_departments(session: Session, task_ids: Collection[int]) -> Mapping[int, Sequence[int]]:
    """The ids of the lead departments by task."""
    leads: dict[int, list[int]] = defaultdict(list)
    query = select(Assignment.task_id, Assignment.department_id).where(
        Assignment.task_id.in_(task_ids),
        Assignment.role == AssignmentRole.LEAD,
        Assignment.state != AssignmentState.WITHDRAWN,
    )
    for task_id, department_id in session.execute(query):
        leads[task_id].append(department_id)
    return leads


def record_decisions(session: Session, reminders: Iterable[DueReminder], *, today: date) -> int:
    """Write down what was decided today, so that it comes once; how many were new."""
    alike: dict[tuple[Decision, date], list[int]] = defaultdict(list)
    for reminder in reminders:
        for taken in reminder.decided.items():
            alike[taken].append(reminder.assignment_id)
    columns = ("assignment_id", "rule", "deadline_version", "anchor_on", "due_on", "decided_on")
    # A statement for each decision, for thousands of assignments share theirs.
    return sum(
        insert_found_where_free(
            session,
            Reminder,
            columns,
            select(
                Assignment.id,
                literal(decision.rule),
                literal(decision.deadline_version),
                literal(decision.anchor_on),
                literal(falls_due),
                literal(today),
            ).where(among(session, Assignment.id, assignment_ids)),
        )
        for (decision, falls_due), assignment_ids in alike.items()
    )


def find_unreached(session: Session, *, today: date) -> dict[int, date]:
    """People whose last scheduled mails did not arrive, with the day of the first of those.

    What those mails said is said again in the next one.
    """
    query = (
        select(OutboxMessage.person_id, OutboxMessage.for_day, OutboxMessage.state)
        .where(OutboxMessage.kind.in_(SCHEDULED))
        .where(OutboxMessage.for_day.between(today - timedelta(days=CATCH_UP_DAYS), today - timedelta(days=1)))
        .order_by(OutboxMessage.for_day, OutboxMessage.id)
    )
    unreached: dict[int, date] = {}
    for person_id, for_day, state in session.execute(query):
        if state not in UNDELIVERED:
            unreached.pop(person_id, None)
        elif for_day is not None:
            unreached.setdefault(person_id, for_day)
    return unreached
