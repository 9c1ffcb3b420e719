"""The scheduled jobs for administrators: last and next runs, what they did, what failed, and running one again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.jobs import SCHEDULES, Daily, JobName, JobState, require_run_day
from taskboard.domain.roles import Role
from taskboard.extensions import effective_settings, now, read_session, today, transaction
from taskboard.labels.jobs import JOBS, PURPOSES, facts_words, schedule_words
from taskboard.models import JobRun
from taskboard.services import jobs, mail_gate, outbox_upkeep, robots
from taskboard.web.forms import Form
from taskboard.web.guards import current_actor, requires
from taskboard.web.jobs.forms import RunForm
from taskboard.web.once import current_calendar

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")


@dataclass(frozen=True)
class RunLine:
    """One run as the page shows it."""

    words: str
    state: JobState
    day: datetime
    started_at: datetime
    did: str
    error: str | None


@dataclass(frozen=True)
class JobLine:
    """One job as the page shows it; ``form`` asks for a run, where the job runs by days."""

    words: str
    name: JobName
    purpose: str
    schedule: str
    last: RunLine | None
    next_at: datetime | None
    form: Form | None


@blueprint.get("")
@requires(Role.ADMINISTRATOR)
def job_list() -> ResponseReturnValue:
    return _page()


@blueprint.post("/<name>/runs")
@requires(Role.ADMINISTRATOR)
def request_run(name: str) -> ResponseReturnValue:
    if name not in list(JobName):
        raise NotFound()
    form = RunForm()
    if not form.validate_on_submit():
        return _page(JobName(name), form), 422
    try:
        require_run_day(JobName(name), form.day.day, today())
        if form.warns(today()):
            return _page(JobName(name), form), 422
        with transaction() as session:
            jobs.request_run(session, JobName(name), day=form.day.day, actor=current_actor(), now=now(), entrance="web")
    except Invalid as error:
        form.show_problem(error)
        return _page(JobName(name), form), 422
    flash("已登记，调度程序将在几秒内运行。重复运行不会重复提醒或重复发信。", "success")
    return redirect(url_for("jobs.job_list"))


def _page(refused: JobName | None = None, form: RunForm | None = None) -> str:
    session = read_session()
    return render_template(
        "jobs/list.html",
        heartbeat=jobs.find_heartbeat(session, now=now()),
        lines=[_line(session, job, form if job is refused else None) for job in JobName],
        runs=[_run_line(run) for run in jobs.list_recent_runs(session)],
        counts=outbox_upkeep.count_by_state(session),
        gate=mail_gate.find_gate(session),
        events=jobs.list_events(session),
        troubled_robots=[one for one in robots.list_robots(session) if one.is_on and one.is_troubled],
        transport=effective_settings().mail_transport,
    )


def _line(session: Session, job: JobName, form: RunForm | None) -> JobLine:
    schedule = SCHEDULES[job]
    last = jobs.find_last_run(session, job)
    is_daily = isinstance(schedule, Daily)
    return JobLine(
        words=JOBS[job],
        name=job,
        purpose=PURPOSES[job],
        schedule=schedule_words(schedule),
        last=_run_line(last) if last else None,
        next_at=schedule.next_after(now(), current_calendar()) if isinstance(schedule, Daily) else None,
        form=form or RunForm(formdata=None, day=today(), prefix="") if is_daily else None,
    )


def _run_line(run: JobRun) -> RunLine:
    job = JobName(run.job)
    return RunLine(
        words=JOBS[job],
        state=run.state,
        day=run.scheduled_for,
        started_at=run.started_at,
        did=facts_words(run.facts) if run.state is JobState.DONE else "",
        error=run.error,
    )
