"""One scheduler at a time, each occurrence once, and what is said of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotFound
from taskboard.domain.jobs import JobName, JobState, SchedulerEventKind
from taskboard.models import FailedSignIn, ImportDraft, JobRun
from taskboard.services import jobs
from taskboard.services.jobs import BY_HAND, LeaseLost
from tests.support.factories import NOBODY, make_department, make_person

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
HALF_PAST_EIGHT = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
MORNING = JobName.MORNING_MAIL


def begin(session: Session, epoch: int = 1, now: datetime = NOW) -> jobs.Occurrence | None:
    return jobs.begin_run(session, job=MORNING, scheduled_for=HALF_PAST_EIGHT, epoch=epoch, now=now)


def run_of(session: Session) -> JobRun:
    session.expire_all()
    return session.scalars(select(JobRun)).one()


# The lease


def test_the_first_to_ask_is_in_charge_and_the_second_is_not(session: Session) -> None:
    assert jobs.acquire_lease(session, holder="a", now=NOW) == 1
    assert jobs.acquire_lease(session, holder="b", now=NOW) is None


def test_who_has_not_moved_since_it_was_seen_is_replaced_in_a_new_epoch(session: Session) -> None:
    jobs.acquire_lease(session, holder="a", now=NOW)
    silent = jobs.find_pulse(session)

    assert jobs.acquire_lease(session, holder="b", now=NOW) is None
    assert jobs.acquire_lease(session, holder="b", now=NOW, silent=silent) == 2
    assert jobs.acquire_lease(session, holder="c", now=NOW, silent=silent) is None


def test_who_was_heard_of_since_stays_in_charge_whatever_the_clocks_say(session: Session) -> None:
    jobs.acquire_lease(session, holder="a", now=NOW)
    seen = jobs.find_pulse(session)
    jobs.renew_lease(session, epoch=1, now=NOW - timedelta(days=1))

    assert jobs.acquire_lease(session, holder="b", now=NOW + timedelta(days=1), silent=seen) is None


def test_the_old_epoch_may_neither_renew_nor_write(session: Session) -> None:
    jobs.acquire_lease(session, holder="a", now=NOW)
    jobs.acquire_lease(session, holder="b", now=NOW, silent=jobs.find_pulse(session))

    with pytest.raises(LeaseLost):
        jobs.renew_lease(session, epoch=1, now=NOW)
    with pytest.raises(LeaseLost):
        jobs.require_lease(session, 1)
    jobs.require_lease(session, 2)


def test_who_steps_down_leaves_the_place_free_at_once(session: Session) -> None:
    jobs.acquire_lease(session, holder="a", now=NOW)

    jobs.release_lease(session, epoch=1)

    assert jobs.acquire_lease(session, holder="b", now=NOW) == 2
    assert jobs.acquire_lease(session, holder="c", now=NOW) is None


def test_the_heartbeat_says_who_is_in_charge(session: Session) -> None:
    assert jobs.find_heartbeat(session, now=NOW) is None

    jobs.acquire_lease(session, holder="a", now=NOW)

    heartbeat = jobs.find_heartbeat(session, now=NOW)
    assert heartbeat is not None
    assert (heartbeat.holder, heartbeat.is_alive) == ("a", True)
    for far in (timedelta(minutes=1), timedelta(days=-1)):
        late = jobs.find_heartbeat(session, now=NOW + far)
        assert late is not None
        assert not late.is_alive


def test_who_stepped_down_is_not_called_at_work(session: Session) -> None:
    jobs.acquire_lease(session, holder="a", now=NOW)
    jobs.release_lease(session, epoch=1)

    heartbeat = jobs.find_heartbeat(session, now=NOW)

    assert heartbeat is not None
    assert not heartbeat.is_alive


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_beat_goes_on_while_a_job_keeps_the_lease_as_it_is(session: Session, engine: Engine) -> None:
    jobs.acquire_lease(session, holder="a", now=NOW)
    session.commit()
    jobs.require_lease(session, 1)

    with Session(engine) as heart:
        heart.execute(text("SET LOCAL lock_timeout = '200ms'"))
        jobs.renew_lease(heart, epoch=1, now=NOW)
        heart.commit()
    with Session(engine) as rival, pytest.raises(OperationalError):
        rival.execute(text("SET LOCAL lock_timeout = '200ms'"))
        jobs.acquire_lease(rival, holder="b", now=NOW, silent=jobs.find_pulse(rival))


def test_what_befell_the_scheduler_is_kept_and_told_newest_first(session: Session) -> None:
    for minute, kind in enumerate((SchedulerEventKind.TOOK_OVER, SchedulerEventKind.CLOCK_STEPPED)):
        moment = NOW + timedelta(minutes=minute)
        jobs.record_event(session, kind, holder="a", epoch=1, now=moment, facts={"seconds": minute})

    events = jobs.list_events(session)

    assert [(event.kind, event.facts) for event in events] == [
        (SchedulerEventKind.CLOCK_STEPPED, {"seconds": 1}),
        (SchedulerEventKind.TOOK_OVER, {"seconds": 0}),
    ]


# Runs


def test_an_occurrence_is_taken_once(session: Session) -> None:
    assert begin(session) is not None
    assert begin(session, epoch=2) is None
    assert begin(session, epoch=3) is None


def test_a_run_whose_end_could_not_be_written_down_is_taken_on_again_by_the_same_scheduler(session: Session) -> None:
    begin(session, epoch=1)

    assert jobs.list_unfinished(session, MORNING) == [(HALF_PAST_EIGHT, JobState.RUNNING)]
    assert [begin(session, epoch=1) is not None for _ in range(5)] == [True, True, True, True, False]


def test_a_run_says_what_it_did(session: Session) -> None:
    occurrence = begin(session)
    assert occurrence is not None

    jobs.finish_run(session, occurrence, now=NOW, facts={"queued": 3})

    run = run_of(session)
    assert (run.state, run.facts, run.finished_at, run.epoch) == (JobState.DONE, {"queued": 3}, NOW, 1)
    assert begin(session, epoch=2) is None


def test_a_failed_run_is_tried_again_after_a_pause_and_five_times_in_all(session: Session) -> None:
    attempts, now = 0, NOW
    while now < NOW + timedelta(hours=3):
        occurrence = begin(session, now=now)
        if occurrence is not None:
            attempts += 1
            jobs.finish_run(session, occurrence, now=now, error="it broke")
        now += timedelta(minutes=1)

    run = run_of(session)
    assert (attempts, run.attempts, run.error) == (5, 5, "it broke")
    assert jobs.list_unfinished(session, MORNING) == []


def test_a_run_whose_scheduler_died_is_taken_on_by_the_next_one_at_once(session: Session) -> None:
    begin(session, epoch=1)

    jobs.give_up_interrupted(session, epoch=2, now=NOW)

    assert jobs.list_unfinished(session, MORNING) == [(HALF_PAST_EIGHT, JobState.FAILED)]
    assert begin(session, epoch=2) is not None


def test_a_run_by_hand_is_left_alone_for_an_hour(session: Session) -> None:
    begin(session, epoch=BY_HAND)

    jobs.give_up_interrupted(session, epoch=2, now=NOW + timedelta(minutes=30))
    assert begin(session, epoch=2, now=NOW + timedelta(minutes=30)) is None

    jobs.give_up_interrupted(session, epoch=2, now=NOW + timedelta(minutes=61))
    assert begin(session, epoch=2, now=NOW + timedelta(minutes=61)) is not None


def test_repeating_a_run_by_hand_leaves_its_record_as_it_is(session: Session) -> None:
    occurrence = begin(session)
    assert occurrence is not None
    jobs.finish_run(session, occurrence, now=NOW, facts={"queued": 3})

    again = begin(session, epoch=BY_HAND, now=NOW + timedelta(hours=1))
    assert again is not None
    jobs.finish_run(session, again, now=NOW + timedelta(hours=1), facts={"queued": 0})

    run = run_of(session)
    assert (run.facts, run.epoch, run.started_at) == ({"queued": 3}, 1, NOW)


def test_a_run_asked_for_is_taken_on_even_when_it_was_done(session: Session) -> None:
    occurrence = begin(session)
    assert occurrence is not None
    jobs.finish_run(session, occurrence, now=NOW, facts={"queued": 3})

    jobs.request_run(session, MORNING, day=date(2026, 11, 23), actor=NOBODY, now=NOW, entrance="test")

    assert jobs.list_unfinished(session, MORNING) == [(HALF_PAST_EIGHT, JobState.REQUESTED)]
    assert begin(session, epoch=1) is not None


def test_only_jobs_that_run_by_days_can_be_asked_for_a_day(session: Session) -> None:
    with pytest.raises(NotFound):
        jobs.request_run(session, JobName.DELIVER_MAIL, day=date(2026, 11, 23), actor=NOBODY, now=NOW, entrance="test")


def test_skipped_occurrences_are_on_record_once(session: Session) -> None:
    moments = [HALF_PAST_EIGHT - timedelta(days=n) for n in (3, 4)]

    first = jobs.record_skipped(session, job=MORNING, moments=moments, epoch=1, now=NOW)
    second = jobs.record_skipped(session, job=MORNING, moments=moments, epoch=1, now=NOW)

    assert (first, second) == (2, 0)
    assert jobs.find_last_occurrence(session, MORNING, now=NOW) == HALF_PAST_EIGHT - timedelta(days=3)
    assert jobs.find_last_run(session, MORNING) is None


def test_a_run_for_a_day_to_come_does_not_hide_the_days_before_it(session: Session) -> None:
    jobs.begin_run(session, job=MORNING, scheduled_for=HALF_PAST_EIGHT + timedelta(days=30), epoch=BY_HAND, now=NOW)

    assert jobs.find_last_occurrence(session, MORNING, now=NOW) is None


def test_the_last_digest_is_the_last_complete_round_of_them(session: Session) -> None:
    for day, facts in ((16, {"is_digest": True}), (17, {"is_digest": False}), (18, None)):
        moment = datetime(2026, 11, day, 0, 30, tzinfo=UTC)
        occurrence = jobs.begin_run(session, job=MORNING, scheduled_for=moment, epoch=1, now=NOW)
        assert occurrence is not None
        if facts is not None:
            jobs.finish_run(session, occurrence, now=NOW, facts=facts)

    assert jobs.last_digest_on(session, today=date(2026, 11, 18)) == date(2026, 11, 16)
    assert jobs.last_digest_on(session, today=date(2026, 11, 15)) is None


def test_cleaning_up_deletes_what_nobody_needs_and_nothing_else(session: Session) -> None:
    person = make_person(session, "李联络")
    body = make_department(session)
    for days in (10, 100):
        moment = NOW - timedelta(days=days)
        session.add(FailedSignIn(account="li", address="127.0.0.1", at=moment))
        session.add(
            ImportDraft(
                body_id=body.id,
                created_by_id=person.id,
                updated_at=moment,
                source_name="要点.txt",
                source_sha256="0" * 64,
                content=b"",
                blocks=[],
                reading={},
                decisions={},
            )
        )
        jobs.record_run(session, job=JobName.DELIVER_MAIL, epoch=1, now=moment, facts={"sent": 1})
        old = moment - timedelta(days=100)
        jobs.record_event(session, SchedulerEventKind.TOOK_OVER, holder="a", epoch=1, now=old)
    session.flush()

    facts = jobs.clean_up(session, now=NOW)

    assert facts == {"drafts": 1, "failed_sign_ins": 1, "runs": 1, "scans": 0, "robot_messages": 0, "events": 1}
    assert len(session.scalars(select(FailedSignIn)).all()) == 1


def test_what_the_supervisors_are_told_of_jobs_and_mails(session: Session) -> None:
    occurrence = begin(session)
    assert occurrence is not None
    jobs.finish_run(session, occurrence, now=NOW, facts={"without_address": 2})
    jobs.record_run(session, job=JobName.DELIVER_MAIL, epoch=1, now=NOW, facts={}, error="broken")

    facts = jobs.digest_facts(session, since=date(2026, 11, 16))

    assert facts["runs"] == [
        {"job": "morning-mail", "last": NOW.isoformat(), "failed": 0},
        {"job": "deliver-mail", "last": None, "failed": 1},
        {"job": "roundups", "last": None, "failed": 0},
        {"job": "clean-up", "last": None, "failed": 0},
        {"job": "check-trail", "last": None, "failed": 0},
    ]
    assert facts["mails"] == {"sent": 0, "waiting": 0, "failed": 0, "unknown": 0}
    assert facts["without_address"] == 2
