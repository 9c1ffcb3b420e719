"""The scheduler is down for a second, an hour, three days, a month: what it makes up for, and what people get.

What people get is what a real mail server took, and no more may wait for them in the outbox.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from taskboard.app import create_app
from taskboard.clock import SettableClock
from taskboard.domain.jobs import SCHEDULES, Daily, JobName
from taskboard.extensions import db
from taskboard.jobs.scheduler import JobScheduler
from taskboard.services.calendar import seed_calendar
from tests.support.factories import make_plan, make_task, usual_people
from tests.support.smtp import SmtpServer, running_smtp_server
from tools.chaos.senders import message_id_of
from tools.chaos.stage import Stage, stage
from tools.chaos.table import Row

LENGTHS = {
    "1 s": timedelta(seconds=1),
    "1 h": timedelta(hours=1),
    "3 d": timedelta(days=3),
    "30 d": timedelta(days=30),
}
BACK_ON = date(2026, 11, 25)
"""a Wednesday; every job is due on it"""
LONG_BEFORE = date(2026, 10, 12)
DAILY = {job: schedule for job, schedule in SCHEDULES.items() if isinstance(schedule, Daily)}
RUNS = "SELECT state, count(*) FROM job_run WHERE job = :job AND id > :since GROUP BY state"
MOST_MAILS = """
    SELECT coalesce(max(mails), 0) FROM
    (SELECT count(*) AS mails FROM outbox_message WHERE kind <> 'notice' AND id > :since GROUP BY person_id) AS counted
"""


def run(kind: str, *, is_short: bool) -> list[Row]:
    lengths = {"3 d": LENGTHS["3 d"]} if is_short else LENGTHS
    rows = []
    for words, length in lengths.items():
        with stage(kind) as play, running_smtp_server() as server:
            rows.append(_row(play, server, words, length))
    return rows


def _row(play: Stage, server: SmtpServer, words: str, length: timedelta) -> Row:
    """Every job is looked at on its own: down until a moment after it was due."""
    with Session(play.engine) as session:
        seed_calendar(session)
        usual = usual_people(session)
        plan = make_plan(session, body=usual.body, imported_by=usual.chen)
        make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,), due_on=date(2026, 10, 20))
        session.commit()
    catch_ups: dict[JobName, dict[str, int]] = {}
    most_mails = 0
    for job, schedule in DAILY.items():
        back_at = schedule.moment(BACK_ON) + timedelta(milliseconds=500)
        # Something is on record before: a scheduler that never ran has missed nothing.
        _tick(play, job, schedule.moment(LONG_BEFORE) + timedelta(minutes=5))
        last_run, last_mail = _tick(play, job, back_at - length)
        # Nothing was sent before: what waited all the time must not come beside what is made now.
        _tick(play, job, back_at, smtp_url=server.url)
        _tick(play, job, back_at + timedelta(seconds=20), smtp_url=server.url)
        catch_ups[job] = dict(map(tuple, play.rows(RUNS, job=job.value, since=last_run)))
        most_mails = max(most_mails, play.value(MOST_MAILS, since=last_mail))
    kinds: dict[str, str] = dict(map(tuple, play.rows("SELECT message_id, kind FROM outbox_message")))
    copies = Counter(
        address for mail in server.received if kinds[message_id_of(mail)] != "notice" for address in mail.recipients
    )
    most_mails = max(most_mails, *copies.values())
    done = {states.get("done", 0) for states in catch_ups.values()}
    skipped = sorted(states.get("skipped", 0) for states in catch_ups.values())
    failed = sum(states.get("failed", 0) for states in catch_ups.values())
    return Row(
        f"{play.kind}: scheduler down {words}",
        "1 catch-up a job, older ones skipped, ≤ 1 scheduled mail a person",
        f"{min(done)}–{max(done)} catch-ups, {skipped} skipped, {most_mails} mails at most, {copies.total()} arrived",
        done == {1} and failed == 0 and most_mails <= 1 and (length < timedelta(days=1) or min(skipped) >= 1),
    )


def _tick(play: Stage, job: JobName, moment: datetime, *, smtp_url: str = "") -> tuple[int, int]:
    """A scheduler comes up, does what this job has to do, and goes; the last run and mail there are then.

    With the address of a mail server it sends what waits, too.
    """
    app = create_app(play.settings(smtp_url), clock=SettableClock(moment))
    one = JobScheduler(app)
    one.beat()
    one.tick(job)
    if smtp_url:
        one.tick(JobName.DELIVER_MAIL)
    one.stop()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    last_run = play.value("SELECT coalesce(max(id), 0) FROM job_run")
    return last_run, play.value("SELECT coalesce(max(id), 0) FROM outbox_message")
