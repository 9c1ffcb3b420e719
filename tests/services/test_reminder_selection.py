"""What the daily scan reads: the SQL twin of the rules leaves out nothing of which a rule would speak."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select, true
from sqlalchemy.orm import Session

from taskboard.domain.history import Subject
from taskboard.domain.reminders import ANCHOR_FIELDS, Anchor, due_reminders
from taskboard.domain.workflow import OPEN_ASSIGNMENT, Act, TaskState
from taskboard.models import Assignment, Extension, HistoryEntry, Plan, Task
from taskboard.services.mail_items import load_items
from taskboard.services.periods import load_rhythms
from taskboard.services.reminders import (
    find_due,
    load_decided,
    load_rules,
    may_be_due,
    record_decisions,
    subject_of,
)
from tests.services.test_lights import CALENDAR, TODAY, add_random_histories, moment

DAYS = [TODAY - timedelta(days=6), TODAY, TODAY + timedelta(days=3)]
OWN_RULES = {"due_3": {"is_on": True, "days": 5, "to": None}, "overdue_3": {"is_on": False, "days": None, "to": None}}


def add_matters(session: Session, chance: random.Random) -> None:
    """Requests for more time, suspensions with a day of review, a plan with its own rules, and what was decided."""
    session.scalars(select(Plan).order_by(Plan.id.desc())).first().reminder_changes = OWN_RULES  # type: ignore[union-attr]
    author_id = session.scalars(select(Plan.imported_by_id)).first()
    assert author_id is not None
    for one in session.scalars(select(Assignment)):
        if one.state in OPEN_ASSIGNMENT and one.due_on and chance.random() < 0.3:
            session.add(
                Extension(
                    assignment_id=one.id,
                    asked_by_id=author_id,
                    asked_at=moment(chance, chance.choice([0, 1, 2, 5])),
                    cause="等待上级文件",
                    progress="已起草",
                    due_on=one.due_on,
                    asked_due_on=one.due_on + timedelta(days=30),
                    decided_at=chance.choice([None, None, moment(chance, 0)]),
                )
            )
    for task in session.scalars(select(Task).where(Task.state == TaskState.SUSPENDED)):
        review_on = TODAY + timedelta(days=chance.choice([-9, -2, -1, 0, 1, 40]))
        session.add(
            HistoryEntry(
                act=Act.SUSPEND,
                at=moment(chance, 20),
                actor_id=author_id,
                entrance="web",
                subject=Subject.TASK,
                task_id=task.id,
                after={"act": {"review_on": review_on.isoformat()}},
            )
        )
    session.flush()
    add_decisions(session, chance)


def add_decisions(session: Session, chance: random.Random) -> None:
    """What was decided by some morning of the last days: with each milestone all that fell due before it."""
    rules = load_rules(session)
    for item in load_items(session, true()):
        decided_on = TODAY - timedelta(days=chance.choice([1, 1, 1, 2, 4, 9, 400]))
        subject = subject_of(item, today=TODAY, calendar=CALENDAR)
        due = due_reminders(subject, decided=(), today=decided_on, calendar=CALENDAR, rules=rules.of(item.plan_id))
        record_decisions(session, due, today=decided_on)


def assert_nothing_is_left_out(session: Session, today: date, made_up_from: date | None) -> Counter[str]:
    rules = load_rules(session)
    everything = load_items(session, true())
    due = find_due(
        everything,
        load_decided(session, everything),
        today=today,
        calendar=CALENDAR,
        rules=rules,
        made_up_from=made_up_from,
    )
    condition = may_be_due(
        session,
        today,
        calendar=CALENDAR,
        rhythms=load_rhythms(session),
        own_rules=rules.plan_ids,
        made_up_from=made_up_from,
    )
    read = {item.assignment_id: item for item in load_items(session, condition)}

    left_out = {item.assignment_id: (item, reminder.rule.code) for item, reminder in due}
    for assignment_id in read:
        left_out.pop(assignment_id, None)
    assert not left_out, list(left_out.values())[:3]
    assert {item.assignment_id: item for item in everything if item.assignment_id in read} == read
    assert len(read) < 0.8 * len(everything)
    return Counter(reminder.rule.anchor.value for _, reminder in due)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_daily_scan_reads_everything_of_which_a_rule_speaks(session: Session, seed: int) -> None:
    chance = random.Random(seed)
    add_random_histories(session, chance, 300)
    add_matters(session, chance)

    seen: Counter[str] = Counter()
    for today in DAYS:
        for made_up_from in (None, today - timedelta(days=3)):
            seen += assert_nothing_is_left_out(session, today, made_up_from)

    assert set(seen) == {Anchor.REPORT.value, *(anchor.value for anchor in ANCHOR_FIELDS)}


def test_an_assignment_is_read_again_where_somebody_asks_for_it(session: Session) -> None:
    add_random_histories(session, random.Random(3), 40)
    quiet = {item.assignment_id for item in load_items(session, true())}
    quiet -= {item.assignment_id for item in load_items(session, may_be_due(session, TODAY, calendar=CALENDAR))}
    alive = {one.assignment_id for one in load_items(session, Task.state == TaskState.IN_PROGRESS)} & quiet

    read = load_items(session, may_be_due(session, TODAY, calendar=CALENDAR, besides=alive))

    assert alive
    assert alive <= {item.assignment_id for item in read}


def test_what_is_decided_counts_once_however_often_it_is_written_down(session: Session) -> None:
    chance = random.Random(4)
    add_random_histories(session, chance, 60)
    items = load_items(session, true())
    due = find_due(items, {}, today=TODAY, calendar=CALENDAR, rules=load_rules(session))
    reminders = [reminder for _, reminder in due]
    many = sum(len(one.decided) for one in reminders)

    first, second = (record_decisions(session, part, today=TODAY) for part in (reminders[:20], reminders))

    assert first == sum(len(one.decided) for one in reminders[:20])
    assert second == many - first
    assert record_decisions(session, reminders, today=TODAY) == 0
    assert (
        find_due(items, load_decided(session, items), today=TODAY, calendar=CALENDAR, rules=load_rules(session)) == []
    )
