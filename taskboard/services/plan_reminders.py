"""A plan's rules of reminding: read and changed by its supervisors, and tried on one of its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.errors import NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.permissions import Actor
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
from taskboard.domain.reminders import RULES, Rule
from taskboard.domain.workflow import OPEN_TASK
from taskboard.models import Assignment, Task
from taskboard.services.history import Writing, record_change
from taskboard.services.mail_items import load_items
from taskboard.services.plan_access import supervised_plan
from taskboard.services.postholders import Holder, load_postholders
from taskboard.services.reminders import lead_departments, subject_of

MOST_TASKS_OFFERED = 500


class RuleRow(NamedTuple):
    """One of the rules, and what the plan does differently."""

    rule: Rule
    change: RuleChange | None


@dataclass(frozen=True)
class PlanRulesPage:
    """The rules of a plan, and the tasks on which they can be tried."""

    plan_id: int
    plan: str
    version: int
    rows: list[RuleRow]
    tasks: list[tuple[int, str]]

    @property
    def changed(self) -> int:
        return sum(row.change is not None for row in self.rows)


class Told(NamedTuple):
    """Who will be told what and when, if everything stays as it is."""

    day: date
    is_estimated: bool
    rule: Rule
    anchor_on: date
    department: str
    people: list[str]
    """``王敏（市财政局联络员）``; empty where nobody is there to be told"""


def get_rules(session: Session, plan_id: int, *, actor: Actor) -> PlanRulesPage:
    """Raises :class:`NotFound` for who does not supervise the plan."""
    plan = supervised_plan(session, plan_id, actor)
    changes = from_plain(plan.reminder_changes)
    tasks = (
        select(Task.id, Task.title)
        .where(Task.plan_id == plan_id, Task.state.in_(OPEN_TASK), Task.parent_id.is_(None))
        .order_by(Task.position)
        .limit(MOST_TASKS_OFFERED)
    )
    return PlanRulesPage(
        plan_id=plan.id,
        plan=plan.title,
        version=plan.version,
        rows=[RuleRow(rule, changes.get(rule.code)) for rule in RULES],
        tasks=[(task_id, title) for task_id, title in session.execute(tasks)],
    )


def set_rules(
    session: Session, plan_id: int, changes: Mapping[str, RuleChange], *, version: int, **by: Unpack[Writing]
) -> int:
    """Let the plan remind by these rules from the next morning on; how many differ from the usual ones.

    Raises :class:`Invalid` for a change that no plan may make, :class:`Stale` where somebody changed the plan since
    ``version`` and the rules are not these already, as after a second click. What was reminded of already is not
    reminded of again.
    """
    plan = supervised_plan(session, plan_id, by["actor"], lock=True)
    kept = kept_changes(changes)
    before, wanted = plan.reminder_changes, to_plain(kept) or None
    if wanted == before:
        return len(kept)
    if plan.version != version:
        raise Stale(version=plan.version)
    plan.reminder_changes = wanted
    record_change(
        session,
        subject=Subject.PLAN,
        subject_id=plan.id,
        act=Change.CHANGED,
        before={"reminder_changes": before},
        after={"reminder_changes": wanted},
        **by,
    )
    session.flush()
    return len(kept)


def kept_changes(changes: Mapping[str, RuleChange]) -> dict[str, RuleChange]:
    """The changes that change something; raises :class:`Invalid` for one that no plan may make."""
    kept = {}
    for rule in RULES:
        if rule.code in changes:
            check_change(rule, changes[rule.code])
            if different := difference(rule, changes[rule.code]):
                kept[rule.code] = different
    check_order(changes)
    return kept


def preview(
    session: Session,
    plan_id: int,
    task_id: int,
    changes: Mapping[str, RuleChange],
    *,
    actor: Actor,
    today: date,
    calendar: WorkingCalendar,
) -> list[Told]:
    """Who would be told what of this task from today on, by its departments, with these changes; nothing is stored.

    Raises :class:`NotFound` for a task that is not the plan's.
    """
    supervised_plan(session, plan_id, actor)
    task = session.get(Task, task_id)
    if task is None or task.plan_id != plan_id:
        raise NotFound(subject="task")
    rules = adjust(kept_changes(changes))
    people = load_postholders(session, today=today)
    leads = lead_departments(session, [task_id])[task_id]
    told = []
    for item in load_items(session, Assignment.task_id == task_id):
        for ahead in upcoming(subject_of(item, today=today, calendar=calendar), rules, today=today, calendar=calendar):
            holders = people.find(item, ahead.rule.topic, ahead.rule.to, lead_ids=leads, on=ahead.day)
            told.append(
                Told(
                    ahead.day,
                    calendar.is_estimated(ahead.day),
                    ahead.rule,
                    ahead.anchor_on,
                    item.department,
                    list(dict.fromkeys(_shown(one) for one in holders if not one.is_away)),
                )
            )
    return sorted(told, key=lambda one: one.day)


def _shown(holder: Holder) -> str:
    return holder.name if holder.deputy_for is None else f"{holder.name}（代{holder.deputy_for}）"
