"""``taskboard jobs …``: the scheduled jobs, listed and run by hand."""

from __future__ import annotations

import sys
from datetime import date

import click

from taskboard.cli.application import load_app
from taskboard.cli.words import Day, confirm
from taskboard.domain.errors import Invalid
from taskboard.domain.history import Change
from taskboard.domain.jobs import SCHEDULES, Daily, JobName, require_come
from taskboard.extensions import now, read_session, today, transaction
from taskboard.jobs.runner import run_by_hand
from taskboard.labels import label
from taskboard.labels.errors import problem_words
from taskboard.labels.jobs import JOBS, facts_words, schedule_words
from taskboard.labels.times import day_words, moment_words, weekday_words
from taskboard.services.calendar import load_calendar
from taskboard.services.jobs import find_heartbeat, find_last_run, record_run_by_hand

FIRST_YEAR, LAST_YEAR = 2004, 2050
"""the years for which there is a working calendar, published or computed"""


@click.group()
def jobs() -> None:
    """定时作业：查看、手工运行。"""


@jobs.command("list")
def list_jobs() -> None:
    """列出定时作业、上次和下次运行。"""
    with load_app().app_context():
        session = read_session()
        calendar = load_calendar(session)
        heartbeat = find_heartbeat(session, now=now())
        for job, schedule in SCHEDULES.items():
            click.echo(f"{job.value}　{JOBS[job]}（{schedule_words(schedule)}）")
            last = find_last_run(session, job)
            if last is None and heartbeat is not None and not isinstance(schedule, Daily):
                click.echo(f"  上次：没有要做的，最近一次查看 {moment_words(heartbeat.at)}")
            elif last is None:
                click.echo("  上次：尚未运行")
            else:
                click.echo(f"  上次：{moment_words(last.started_at)} {label(last.state)}，{facts_words(last.facts)}")
            if isinstance(schedule, Daily):
                click.echo(f"  下次：{moment_words(schedule.next_after(now(), calendar))}")
        if heartbeat is None or not heartbeat.is_alive:
            click.echo("调度程序没有在运行。")
        else:
            click.echo(f"调度程序在运行：{heartbeat.holder}，最近一次 {moment_words(heartbeat.at)}。")


def _check_day(job: JobName, day: date, today: date) -> None:
    """A day ahead uses up its reminders, so somebody at a terminal is asked; a script is told."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise click.ClickException(f"只能按 {FIRST_YEAR} 年到 {LAST_YEAR} 年之间的日期运行。")
    try:
        require_come(job, day, today)
    except Invalid as error:
        raise click.ClickException(problem_words(error)) from error
    if day > today:
        click.echo("注意：这一天还没有到。当天该发的提醒现在发出，到时不再重发。", err=True)
        if sys.stdin.isatty():
            confirm("仍要运行吗？")


@jobs.command("run")
@click.argument("name", metavar="NAME", type=click.Choice([job.value for job in JobName]))
@click.option("--on", "day", type=Day(), default=None, help="按这一天运行，如 2026-11-23；默认今天。")
def run_job(name: str, day: date | None) -> None:
    """立即运行一次 NAME；重复运行不会重复提醒或重复发信。"""
    job = JobName(name)
    app = load_app()
    with app.app_context():
        on = day or today()
        _check_day(job, on, today())
        with transaction() as session:
            record_run_by_hand(session, job, on, Change.RUN_BY_HAND, actor=None, now=now(), entrance="cli")
    facts = run_by_hand(app, job, on)
    click.echo(f"{JOBS[job]}（{day_words(on)} {weekday_words(on)}）：{facts_words(facts)}。")
    if trouble := facts.get("trouble"):
        raise click.ClickException(str(trouble))
