"""A large office whose scheduler was down for a week: what its people get at the restart, how fast, and how the pages
answer meanwhile."""

from __future__ import annotations

import statistics
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bench.pages import Browser
from bench.seed import TODAY, fill
from taskboard.app import create_app
from taskboard.clock import SettableClock
from taskboard.domain.jobs import SCHEDULES, Daily, JobName
from taskboard.domain.roles import Role
from taskboard.extensions import db
from taskboard.jobs.scheduler import JobScheduler
from taskboard.models import Person, PersonPost
from taskboard.services.calendar import load_calendar, seed_calendar
from tests.support.smtp import SmtpServer, running_smtp_server
from tools.chaos.occurrences import workers
from tools.chaos.stage import START_SECONDS, Stage, stage, wait_for
from tools.chaos.table import Row

DOWN = timedelta(days=7)
SLOWER_AT_MOST = 3.0
PAGES = (("chen", "/waiting"), ("chen", "/overdue"), ("liaison9", "/my-tasks"), ("liaison9", "/tasks/1"))
FEWEST_REQUESTS = 120
WAITING = "SELECT count(*) FROM outbox_message WHERE state IN ('queued', 'claimed', 'sending', 'retry')"
MADE = "SELECT count(*) FROM job_run WHERE job = 'morning-mail' AND state = 'done' AND scheduled_for = :at"
CLAIMS = "SELECT claimed_at FROM outbox_message WHERE claimed_at IS NOT NULL ORDER BY claimed_at"
STATES = "SELECT state, count(*) FROM outbox_message GROUP BY state"


@dataclass(frozen=True)
class Form:
    people: int
    tasks: int
    per_minute: int
    asks_pages: bool


LONG = Form(people=500, tasks=20_000, per_minute=120, asks_pages=True)
"""a cap that a slow machine reaches, too"""
SHORT = Form(people=320, tasks=400, per_minute=120, asks_pages=False)
FIRST_OF_THE_SEED = 302
"""the number of the first person whom the seed leaves free"""


def run(kind: str, *, is_short: bool) -> list[Row]:
    form = SHORT if is_short else LONG
    with stage(kind) as play, running_smtp_server() as server, ExitStack() as web:
        fill(play.database_url, form.tasks)
        back_on = _prepare(play, form)
        port = web.enter_context(workers(play, "")) if form.asks_pages else None
        return _rows(play, server, form, back_on, port)


def _prepare(play: Stage, form: Form) -> date:
    """The rest of the people, and the mails of the day on which the scheduler went down, which nobody sent."""
    with Session(play.engine) as session:
        seed_calendar(session)
        _add_people(session, form.people)
        session.commit()
        calendar = load_calendar(session)
    back_on = calendar.on_or_after(TODAY + timedelta(days=1))
    morning = _schedule().moment(calendar.on_or_before(back_on - DOWN))
    app = create_app(play.settings(), clock=SettableClock(morning + timedelta(minutes=1)))
    one = JobScheduler(app)
    one.beat()
    one.tick(JobName.MORNING_MAIL)
    one.stop()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    return back_on


def _add_people(session: Session, people: int) -> None:
    """Heads, so that each of the first departments has two people who get mail."""
    numbers = range(FIRST_OF_THE_SEED, people + 1)
    names = [{"id": one, "username": f"head{one}", "name": f"负责人{one}"} for one in numbers]
    session.execute(insert(Person), [{**one, "email": f"{one['username']}@example.org"} for one in names])
    posts = [
        {"person_id": one, "department_id": one - FIRST_OF_THE_SEED + 2, "role": Role.HEAD, "from_on": date(2020, 1, 1)}
        for one in numbers
    ]
    session.execute(insert(PersonPost), posts)


def _schedule() -> Daily:
    schedule = SCHEDULES[JobName.MORNING_MAIL]
    assert isinstance(schedule, Daily)
    return schedule


def _rows(play: Stage, server: SmtpServer, form: Form, back_on: date, port: int | None) -> list[Row]:
    morning = _schedule().moment(back_on)
    waited = play.value(WAITING)
    pages = Pages(port) if port is not None else None
    if pages:
        pages.ask()
        before = pages.ask()
    play.clock.set(morning + timedelta(minutes=1))
    child = play.start(is_real=("morning-mail", "deliver-mail"), smtp_url=server.url, mails_per_minute=form.per_minute)

    def is_over() -> bool:
        return bool(play.value(MADE, at=_kept(play, morning))) and not play.value(WAITING)

    if pages:
        wait_for(lambda: play.leader()[0], seconds=START_SECONDS, what="the start of the scheduler")
        busy = pages.ask(until=is_over)
        child.kill()
        # Before and after: what else the machine does is in all three, as far as it can be.
        after = pages.ask()
    else:
        _hurry(play, server, form, is_over)
    copies = Counter(address for mail in server.received for address in mail.recipients)
    rows = [_row_of_mails(play, form, copies, waited), _row_of_caps(play, form)]
    if pages:
        rows.append(_row_of_pages(play, before, busy, after))
    return rows


def _kept(play: Stage, moment: datetime) -> datetime | str:
    """A moment as the database compares it."""
    return moment if play.kind == "postgresql" else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def _hurry(play: Stage, server: SmtpServer, form: Form, is_over: Callable[[], bool]) -> None:
    """Let a minute pass at once whenever the server has had as many mails as it may in one."""
    minutes = 1
    started = time.monotonic()
    while not is_over():
        if len(server.received) >= minutes * form.per_minute:
            play.clock.offset += 61
            minutes += 1
        if time.monotonic() - started > START_SECONDS:
            raise TimeoutError(f"the mails did not leave: {play.rows(STATES)}, {play.log()}")
        time.sleep(0.05)


class Pages:
    """Somebody who opens one page after the other."""

    def __init__(self, port: int) -> None:
        self._browsers = {username: Browser(port) for username, _ in PAGES}
        for username, browser in self._browsers.items():
            browser.sign_in(username)

    def ask(self, *, until: Callable[[], bool] = lambda: True) -> list[float]:
        """The seconds that each answer took, of at least so many, until that holds."""
        taken: list[float] = []
        while len(taken) < FEWEST_REQUESTS or not until():
            for username, path in PAGES:
                started = time.monotonic()
                status, _ = self._browsers[username].request(path)
                taken.append(time.monotonic() - started)
                assert status == 200, f"{path} answered {status}"
        return taken


def _row_of_mails(play: Stage, form: Form, copies: Counter[str], waited: int) -> Row:
    states: dict[str, int] = dict(map(tuple, play.rows(STATES)))
    most = max(copies.values(), default=0)
    others = {state: count for state, count in states.items() if state not in ("sent", "expired")}
    return Row(
        f"{play.kind}: {form.people} people, {form.tasks} tasks, down {DOWN.days} d ({waited} old mails waiting)",
        "≤ 1 scheduled mail a person",
        f"{copies.total()} arrived, {most} at most; {states.get('expired', 0)} old ones expired",
        most == 1 and copies.total() == states.get("sent", 0) and not others and copies.total() > form.per_minute,
    )


def _row_of_caps(play: Stage, form: Form) -> Row:
    """How many were taken up within any minute, by the clock that the sender itself goes by."""
    moments = [_as_seconds(at) for (at,) in play.rows(CLAIMS)]
    most = max(number + 1 - bisect_left(moments, at - 59.999) for number, at in enumerate(moments))
    return Row(
        f"{play.kind}: the same: cap",
        f"≤ {form.per_minute} mails within any minute, and as many at the busiest",
        f"{most} at most",
        most == form.per_minute,
    )


def _as_seconds(at: datetime | str) -> float:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _row_of_pages(play: Stage, before: list[float], busy: list[float], after: list[float]) -> Row:
    """Against all that was asked while no scheduler was at work; both ends are told, for a machine that others use."""
    idle, during = _p95([*before, *after]), _p95(busy)
    return Row(
        f"{play.kind}: the same: pages' p95",
        f"≤ {SLOWER_AT_MOST:.0f} × idle",
        f"{during / idle:.2f} × (idle {_p95(before) * 1000:.0f} ms before and {_p95(after) * 1000:.0f} ms after,"
        f" {during * 1000:.0f} ms over {len(busy)} requests)",
        during <= SLOWER_AT_MOST * idle,
    )


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]
