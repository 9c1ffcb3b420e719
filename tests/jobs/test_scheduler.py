"""However many schedulers are started, one is at work, and each thing is done once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from taskboard.clock import SettableClock
from taskboard.domain.jobs import JobName, JobState, SchedulerEventKind
from taskboard.domain.local_time import ZONE
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.jobs import catalogue, scheduler
from taskboard.jobs.context import JobContext
from taskboard.jobs.scheduler import JobScheduler
from taskboard.models import JobRun, OutboxMessage, SchedulerLease
from taskboard.services import jobs, outbox_sending
from taskboard.services.jobs import LeaseLost
from taskboard.services.outbox import queue_mail
from tests.support.factories import NOBODY, Usual, make_plan, make_task, usual_people
from tests.support.smtp import SmtpServer


@pytest.fixture
def usual(session: Session) -> Usual:
    usual = usual_people(session)
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,), due_on=datetime(2026, 11, 20).date())  # noqa: DTZ001
    session.commit()
    return usual


class Watch:
    """The watch by which schedulers judge each other's silence."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def pair(app: APIFlask, watch: Watch) -> tuple[JobScheduler, JobScheduler]:
    """Two schedulers that beat and tick when the test says so."""
    return JobScheduler(app, holder="a", watch=watch), JobScheduler(app, holder="b", watch=watch)


def let_fall_silent(silent: JobScheduler, heir: JobScheduler, watch: Watch) -> None:
    """The heir sees the lease, and sees it again unchanged when the holder ought to have been heard of long ago."""
    heir.beat()
    assert heir.epoch is None
    watch.seconds += 9
    heir.beat()
    assert heir.epoch is not None


def runs(session: Session, job: JobName = JobName.MORNING_MAIL) -> list[tuple[datetime, JobState]]:
    session.rollback()
    rows = session.execute(
        select(JobRun.scheduled_for, JobRun.state).where(JobRun.job == job).order_by(JobRun.scheduled_for)
    )
    return [(scheduled_for.astimezone(ZONE), state) for scheduled_for, state in rows]


def at(text_: str) -> datetime:
    return datetime.fromisoformat(text_).replace(tzinfo=ZONE)


def mail_count(session: Session) -> int:
    session.rollback()
    return len(session.scalars(select(OutboxMessage.id)).all())


def test_one_of_two_schedulers_is_in_charge(
    pair: tuple[JobScheduler, JobScheduler], session: Session, usual: Usual
) -> None:
    for one in pair:
        one.beat()
    for one in pair * 2:
        one.tick(JobName.MORNING_MAIL)

    assert [one.epoch for one in pair] == [1, None]
    assert runs(session) == [(at("2026-11-23 08:30"), JobState.DONE)]
    # liaison and head of the lead, liaison of the partner, supervisor, leader
    assert mail_count(session) == 5


def test_the_second_takes_over_when_the_first_falls_silent_and_repeats_nothing(
    pair: tuple[JobScheduler, JobScheduler], session: Session, usual: Usual, watch: Watch
) -> None:
    first, second = pair
    first.beat()
    first.tick(JobName.MORNING_MAIL)

    let_fall_silent(first, second, watch)
    second.tick(JobName.MORNING_MAIL)

    assert second.epoch == 2
    assert runs(session) == [(at("2026-11-23 08:30"), JobState.DONE)]
    assert mail_count(session) == 5


def test_a_scheduler_that_slept_through_its_lease_writes_nothing(
    pair: tuple[JobScheduler, JobScheduler], session: Session, usual: Usual, watch: Watch
) -> None:
    asleep, awake = pair
    asleep.beat()
    let_fall_silent(asleep, awake, watch)

    asleep.tick(JobName.MORNING_MAIL)

    assert runs(session) == []
    assert mail_count(session) == 0
    assert asleep.epoch is None


def test_a_run_in_which_the_lease_is_lost_stops_before_its_next_write(
    app: APIFlask, session: Session, usual: Usual, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = JobScheduler(app, holder="a")
    one.beat()
    prepare = catalogue.digests.prepare_round

    def prepare_and_fall_asleep(*args: Any, **kwargs: Any) -> Any:
        with Session(session.get_bind()) as other:
            other.execute(text("UPDATE scheduler_lease SET epoch = epoch + 1"))
            other.commit()
        return prepare(*args, **kwargs)

    monkeypatch.setattr(catalogue.digests, "prepare_round", prepare_and_fall_asleep)
    one.tick(JobName.MORNING_MAIL)

    assert mail_count(session) == 0
    assert runs(session) == [(at("2026-11-23 08:30"), JobState.RUNNING)]
    assert one.epoch is None


def test_a_job_that_outlived_its_epoch_does_not_take_the_next_one_away(
    app: APIFlask, session: Session, usual: Usual, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = JobScheduler(app, holder="a")
    one.beat()
    prepare = catalogue.digests.prepare_round

    def prepare_while_the_lease_comes_and_goes(*args: Any, **kwargs: Any) -> Any:
        with Session(session.get_bind()) as other:
            other.execute(text("UPDATE scheduler_lease SET epoch = epoch + 1, is_released = true"))
            other.commit()
        one.beat()
        assert one.epoch is None
        one.beat()
        return prepare(*args, **kwargs)

    monkeypatch.setattr(catalogue.digests, "prepare_round", prepare_while_the_lease_comes_and_goes)
    one.tick(JobName.MORNING_MAIL)

    assert mail_count(session) == 0
    assert one.epoch == 3


def test_what_a_dead_scheduler_left_half_done_is_completed_by_the_next(
    pair: tuple[JobScheduler, JobScheduler], session: Session, usual: Usual, clock: SettableClock, watch: Watch
) -> None:
    dead, heir = pair
    dead.beat()
    jobs.begin_run(session, job=JobName.MORNING_MAIL, scheduled_for=at("2026-11-23 08:30"), epoch=1, now=clock.now())
    session.commit()

    let_fall_silent(dead, heir, watch)
    heir.tick(JobName.MORNING_MAIL)

    assert runs(session) == [(at("2026-11-23 08:30"), JobState.DONE)]
    assert mail_count(session) == 5


@pytest.mark.parametrize(("days", "skipped"), [(0, 0), (3, 2), (30, 21)])
def test_after_downtime_one_run_makes_up_for_all(
    app: APIFlask, session: Session, usual: Usual, clock: SettableClock, *, days: int, skipped: int
) -> None:
    one = JobScheduler(app)
    one.beat()
    one.tick(JobName.MORNING_MAIL)
    session.execute(delete(OutboxMessage))
    session.commit()

    clock.moment = at("2026-11-23 09:30") + timedelta(days=days)
    one.tick(JobName.MORNING_MAIL)
    one.tick(JobName.MORNING_MAIL)

    states = [state for _, state in runs(session)]
    assert states.count(JobState.SKIPPED) == skipped
    assert states.count(JobState.DONE) == (2 if days else 1)
    people = session.scalars(select(OutboxMessage.person_id)).all()
    assert len(people) == len(set(people))


def test_a_failing_run_is_on_record_and_tried_again(
    app: APIFlask, session: Session, usual: Usual, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = JobScheduler(app)
    one.beat()
    with monkeypatch.context() as patch:
        patch.setitem(catalogue.JOBS, JobName.MORNING_MAIL, failing)
        one.tick(JobName.MORNING_MAIL)
    assert runs(session) == [(at("2026-11-23 08:30"), JobState.FAILED)]

    one.tick(JobName.MORNING_MAIL)
    assert runs(session) == [(at("2026-11-23 08:30"), JobState.FAILED)]

    clock.moment += timedelta(minutes=6)
    one.beat()
    one.tick(JobName.MORNING_MAIL)
    assert runs(session) == [(at("2026-11-23 08:30"), JobState.DONE)]
    assert mail_count(session) == 5


def test_a_frequent_job_that_failed_and_goes_well_again_is_on_record_as_well_once(
    app: APIFlask, session: Session, usual: Usual, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = JobScheduler(app)
    one.beat()
    with monkeypatch.context() as patch:
        patch.setitem(catalogue.JOBS, JobName.SEAL_TRAIL, failing)
        one.tick(JobName.SEAL_TRAIL)
    assert [state for _, state in runs(session, JobName.SEAL_TRAIL)] == [JobState.FAILED]

    for _ in range(3):
        clock.moment += timedelta(minutes=1)
        one.beat()
        one.tick(JobName.SEAL_TRAIL)

    assert [state for _, state in runs(session, JobName.SEAL_TRAIL)] == [JobState.FAILED, JobState.DONE]


def failing(_context: JobContext) -> dict[str, Any]:
    raise ValueError("it broke")


def test_a_holder_that_is_heard_of_is_left_in_charge_however_long_it_lasts(
    pair: tuple[JobScheduler, JobScheduler], session: Session, watch: Watch
) -> None:
    first, second = pair
    for _ in range(10):
        first.beat()
        second.beat()
        watch.seconds += 6

    assert (first.epoch, second.epoch) == (1, None)


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)])
def test_a_clock_that_is_set_changes_nothing_about_who_is_in_charge(
    pair: tuple[JobScheduler, JobScheduler], session: Session, usual: Usual, clock: SettableClock, step: timedelta
) -> None:
    first, second = pair
    first.beat()
    second.beat()
    first.tick(JobName.MORNING_MAIL)

    clock.moment += step
    for one in pair:
        one.beat()

    assert (first.epoch, second.epoch) == (1, None)


def test_mails_that_a_dead_scheduler_had_in_hand_are_looked_after_by_the_next_at_once(
    pair: tuple[JobScheduler, JobScheduler], session: Session, usual: Usual, clock: SettableClock, watch: Watch
) -> None:
    dead, heir = pair
    dead.beat()
    for number, kind in enumerate((MailKind.NOTICE, MailKind.NOTICE, MailKind.MORNING, MailKind.MORNING)):
        queue_mail(
            session,
            key=str(number),
            kind=kind,
            person_id=usual.li.id,
            to_address="li@example.org",
            template="morning",
            facts={},
            now=clock.now(),
        )
    claimed = outbox_sending.claim(session, by=1, now=clock.now())
    for mail in claimed[::2]:
        assert outbox_sending.start(session, mail, now=clock.now())
    session.commit()

    let_fall_silent(dead, heir, watch)

    session.rollback()
    assert session.scalars(select(OutboxMessage.state).order_by(OutboxMessage.id)).all() == [
        OutboxState.RETRY,
        OutboxState.QUEUED,
        OutboxState.UNKNOWN,
        OutboxState.QUEUED,
    ]


def test_a_run_asked_for_on_the_page_is_carried_out(
    app: APIFlask, session: Session, usual: Usual, clock: SettableClock
) -> None:
    one = JobScheduler(app)
    one.beat()
    one.tick(JobName.MORNING_MAIL)
    jobs.request_run(
        session, JobName.MORNING_MAIL, day=date(2026, 11, 24), actor=NOBODY, now=clock.now(), entrance="test"
    )
    session.commit()

    one.tick(JobName.MORNING_MAIL)

    assert runs(session) == [(at("2026-11-23 08:30"), JobState.DONE), (at("2026-11-24 08:30"), JobState.DONE)]


def test_a_transaction_of_a_job_needs_the_lease(app: APIFlask, session: Session, clock: SettableClock) -> None:
    jobs.acquire_lease(session, holder="a", now=clock.now())
    session.commit()

    with app.app_context(), pytest.raises(LeaseLost), JobContext(clock.now().date(), epoch=7).begin():
        pytest.fail("an old epoch was let in")


# Threads and all


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(scheduler, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(scheduler, "TICK_SECONDS", 0.1)
    monkeypatch.setattr(scheduler, "FIRST_TICK_SECONDS", 0.1)
    yield


def wait_for(condition: Any, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.usefixtures("quick", "usual")
def test_three_schedulers_at_once_make_and_send_every_mail_once(
    mailing: APIFlask, session: Session, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its notices of last month's draft would come before or after the mails that are counted here.
    monkeypatch.setitem(catalogue.JOBS, JobName.ROUNDUPS, lambda _context: {})
    schedulers = [JobScheduler(mailing, holder=str(number)) for number in range(3)]
    for one in schedulers:
        one.start()
    wait_for(lambda: runs(session))
    wait_for(lambda: mail_count(session) == 5)
    leader = next(one for one in schedulers if one.epoch)
    leader.tick(JobName.DELIVER_MAIL)
    for one in schedulers:
        assert one.stop()

    assert runs(session) == [(at("2026-11-23 08:30"), JobState.DONE)]
    recipients = [address for mail in smtp_server.received for address in mail.recipients]
    assert sorted(recipients) == sorted(f"{name}@example.org" for name in ("li", "gao", "wang", "chen", "liu"))
    states = set(session.scalars(select(OutboxMessage.state)))
    assert states == {OutboxState.SENT}


@pytest.mark.usefixtures("quick", "usual")
def test_when_the_leader_stops_another_takes_over_at_once(app: APIFlask, session: Session) -> None:
    first, second = JobScheduler(app, holder="first"), JobScheduler(app, holder="second")
    first.start()
    wait_for(lambda: first.epoch == 1)
    second.start()

    assert first.stop()
    wait_for(lambda: second.epoch == 2)
    assert second.stop()

    session.rollback()
    assert session.scalars(select(SchedulerLease.holder)).one() == "second"


@pytest.mark.usefixtures("quick")
def test_a_clock_that_is_set_is_noticed_and_put_on_record(
    app: APIFlask, session: Session, clock: SettableClock
) -> None:
    one = JobScheduler(app, holder="a")
    one.start()
    wait_for(lambda: one.epoch == 1)

    clock.moment += timedelta(hours=1)
    wait_for(lambda: SchedulerEventKind.CLOCK_STEPPED in kinds_of_events(session))
    assert one.stop()

    event = next(event for event in jobs.list_events(session) if event.kind is SchedulerEventKind.CLOCK_STEPPED)
    assert 3500 < event.facts["seconds"] < 3700
    assert kinds_of_events(session)[0] is SchedulerEventKind.STEPPED_DOWN


def test_a_clock_that_is_set_ahead_by_decades_leaves_one_tick_to_make_up_for() -> None:
    due = at("2026-11-23 08:30")
    now = due + timedelta(days=40 * 365)
    made_up_for: list[datetime] = []
    while due <= now and len(made_up_for) < 10:
        made_up_for.append(due)
        due = scheduler.Again(5).get_next_fire_time(due, now)

    assert len(made_up_for) == 1
    assert due == now + timedelta(seconds=5)


def kinds_of_events(session: Session) -> list[SchedulerEventKind]:
    session.rollback()
    return [event.kind for event in jobs.list_events(session)]


@pytest.mark.usefixtures("quick")
def test_without_a_database_the_scheduler_gives_up_rather_than_run_on_in_silence(
    app: APIFlask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "GIVE_UP_SECONDS", 0.3)
    session.execute(text("DROP TABLE scheduler_lease"))
    session.commit()
    gave_up = threading.Event()

    one = JobScheduler(app, on_fatal=gave_up.set)
    one.start()

    assert gave_up.wait(10)
    one.stop()


@pytest.mark.usefixtures("quick")
def test_a_scheduler_whose_database_hangs_gives_up_too(app: APIFlask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "GIVE_UP_SECONDS", 0.3)
    hangs, gave_up = threading.Event(), threading.Event()

    one = JobScheduler(app, on_fatal=gave_up.set)
    monkeypatch.setattr(one, "beat", lambda: hangs.wait(20))
    one.start()

    assert gave_up.wait(10)
    hangs.set()
    one.stop()


@pytest.mark.usefixtures("quick")
def test_a_database_that_comes_back_is_put_on_record(
    app: APIFlask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = JobScheduler(app, holder="a")
    one.start()
    wait_for(lambda: one.epoch == 1)
    beat = one.beat
    monkeypatch.setattr(one, "beat", failing_beat)
    time.sleep(0.5)
    monkeypatch.setattr(one, "beat", beat)

    wait_for(lambda: SchedulerEventKind.DATABASE_BACK in kinds_of_events(session))
    assert one.stop()


def failing_beat() -> None:
    raise OSError("no database")
