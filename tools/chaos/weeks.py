"""Every week of 2015–2040, day after day: on which days the weekly digest is made, and how far apart.

What is right is worked out here anew: from the official arrangements as the package of the calendar has them, where
there is one, and from the rule as people are told it.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from itertools import pairwise

import chinese_calendar
from sqlalchemy import update
from sqlalchemy.orm import Session

from taskboard.app import create_app
from taskboard.clock import SettableClock
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.jobs import JobName
from taskboard.domain.local_time import at_local
from taskboard.extensions import db
from taskboard.jobs.scheduler import JobScheduler
from taskboard.models import PersonPost
from taskboard.services.calendar import load_calendar, seed_calendar
from tests.support.factories import make_plan, make_task, usual_people
from tools.chaos.stage import Stage, stage
from tools.chaos.table import Row

LONG = ((date(2014, 12, 29), date(2040, 12, 30)),)
"""from the first day of the first ISO week of 2015 to the last one of 2040"""
SHORT = (
    (date(2017, 9, 25), date(2017, 10, 22)),
    (date(2024, 2, 5), date(2024, 3, 3)),
    (date(2026, 12, 21), date(2027, 1, 10)),
)
"""a week without a working day; one whose only one is a make-up Sunday; week 53, and a year without an arrangement"""
LONG_BEFORE = date(2014, 12, 1)
LAST_OFFICIAL_YEAR = 2026
FEWEST_DAYS_BETWEEN = 3
DIGESTS = """
    SELECT DISTINCT for_day FROM outbox_message JOIN user_account ON user_account.id = person_id
    WHERE kind = 'weekly_digest' AND username = 'chen' ORDER BY for_day
"""
RUNS = "SELECT count(*) FROM job_run WHERE job = 'morning-mail' AND state = 'done'"
TWO_ON_A_DAY = """
    SELECT count(*) FROM (SELECT person_id FROM outbox_message
    WHERE kind <> 'notice' GROUP BY person_id, for_day HAVING count(*) > 1) AS twice
"""


def run(kind: str, *, is_short: bool) -> list[Row]:
    with stage(kind) as play:
        calendar = _people(play)
        return [_row(play, first, last, calendar) for first, last in (SHORT if is_short else LONG)]


def _people(play: Stage) -> WorkingCalendar:
    """One task that is late all the time, so that there is something to say in each digest."""
    with Session(play.engine) as session:
        seed_calendar(session)
        usual = usual_people(session)
        session.execute(update(PersonPost).values(from_on=LONG_BEFORE))
        plan = make_plan(session, body=usual.body, imported_by=usual.chen)
        make_task(session, plan=plan, lead=usual.lead, partners=(usual.partner,), due_on=LONG_BEFORE)
        session.commit()
        return load_calendar(session)


def _row(play: Stage, first: date, last: date, calendar: WorkingCalendar) -> Row:
    runs_before = play.value(RUNS)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    clock = SettableClock(at_local(first, time(0)))
    app = create_app(play.settings(), clock=clock)
    one = JobScheduler(app)
    one.beat()
    for day in days:
        clock.moment = at_local(day, time(8, 30, 5))
        one.tick(JobName.MORNING_MAIL)
    one.stop()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    worked = [day for day in days if _is_worked(day, calendar)]
    runs = play.value(RUNS) - runs_before
    made = [day for (found,) in play.rows(DIGESTS) if first <= (day := _as_date(found)) <= last]
    right, idle, folded = _expected(days, worked)
    closest = min((later - earlier).days for earlier, later in pairwise(made))
    twice = play.value(TWO_ON_A_DAY)
    wrong = sorted(set(made) ^ set(right))
    return Row(
        f"{play.kind}: the weeks from {first} to {last}",
        f"{len(right)} digests as the rule says, none within {FEWEST_DAYS_BETWEEN} days, {len(worked)} mornings",
        f"{len(made)} digests, {idle} weeks without a working day, {folded} folded into the next, {closest} days apart"
        f" at least, {runs} mornings, {twice} mails twice"
        + (f"; wrong: {', '.join(day.isoformat() for day in wrong[:5])}" if wrong else ""),
        not wrong and runs == len(worked) and closest >= FEWEST_DAYS_BETWEEN and twice == 0,
    )


def _is_worked(day: date, calendar: WorkingCalendar) -> bool:
    if day.year <= LAST_OFFICIAL_YEAR:
        return bool(chinese_calendar.is_workday(day))
    return calendar.is_working_day(day)


def _expected(days: list[date], worked: list[date]) -> tuple[list[date], int, int]:
    """The days of the digests; how many weeks have no working day, and how many are folded into the next."""
    made: list[date] = []
    idle = folded = 0
    for monday in days[::7]:
        of_week = [day for day in worked if day.isocalendar()[:2] == monday.isocalendar()[:2]]
        if not of_week:
            idle += 1
        elif made and (of_week[0] - made[-1]).days < FEWEST_DAYS_BETWEEN:
            folded += 1
        else:
            made.append(of_week[0])
    return made, idle, folded


def _as_date(found: date | str) -> date:
    return date.fromisoformat(found) if isinstance(found, str) else found
