"""The jobs that seal the trail and write down its head."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text

from taskboard.domain.history import Change, Subject
from taskboard.domain.jobs import JobName
from taskboard.jobs.runner import run_by_hand
from taskboard.services.history import record_change
from taskboard.services.trail_heads import FILE_NAME, read_heads

DAY = date(2026, 11, 23)


def write(session, clock, number=1):
    for _ in range(number):
        record_change(
            session,
            subject=Subject.SETTING,
            subject_id=None,
            act=Change.CHANGED,
            actor=None,
            now=clock.now(),
            entrance="test",
        )
    session.commit()


def test_the_daily_check_seals_everything_and_writes_the_head_of_the_day_once(app, session, clock, settings):
    write(session, clock, 3)

    facts = [run_by_hand(app, JobName.CHECK_TRAIL, DAY) for _ in range(2)]

    assert facts == [{"entries": 3, "findings": 0}] * 2
    [head] = read_heads(settings.instance_dir / FILE_NAME).heads
    assert (head.day, head.position) == (DAY, 3)


def test_the_next_day_adds_its_own_head(app, session, clock, settings):
    write(session, clock)
    run_by_hand(app, JobName.CHECK_TRAIL, DAY)
    clock.moment += timedelta(days=1)
    write(session, clock)

    run_by_hand(app, JobName.CHECK_TRAIL, DAY + timedelta(days=1))

    heads = read_heads(settings.instance_dir / FILE_NAME).heads
    assert [(one.day, one.position) for one in heads] == [(DAY, 1), (DAY + timedelta(days=1), 2)]


def test_a_chain_that_does_not_hold_gets_no_head(app, session, clock, settings):
    write(session, clock, 2)
    run_by_hand(app, JobName.SEAL_TRAIL, DAY)
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("DROP TRIGGER history_entry_refuses_delete"))
    else:
        session.execute(text("SET session_replication_role = replica"))
    session.execute(text("DELETE FROM history_entry"))
    session.commit()

    facts = run_by_hand(app, JobName.CHECK_TRAIL, DAY)

    assert facts == {"entries": 2, "findings": 2}
    assert read_heads(settings.instance_dir / FILE_NAME).heads == []
