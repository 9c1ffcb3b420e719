"""``taskboard jobs …``: the scheduled jobs, listed and run by hand."""

from __future__ import annotations

from datetime import datetime

import click

from taskboard.cli.application import load_app
from taskboard.domain.jobs import SCHEDULES, Daily, JobName
from taskboard.extensions import now, read_session, today
from taskboard.jobs.runner import run_by_hand
from taskboard.labels import label
from taskboard.labels.jobs import JOBS, facts_words, schedule_words
from taskboard.labels.times import day_words, moment_words, weekday_words
from taskboard.services.calendar import load_calendar
from taskboard.services.jobs import find_heartbeat, find_last_run


@click.group()
def jobs() -> None:
    """定时作业：查看、手工运行。"""


@jobs.command("list")
def list_jobs() -> None:
    """列出定时作业、上次和下次运行。"""
    with load_app().app_context():
        session = read_session()
        calendar = load_calendar(session)
        for job, schedule in SCHEDULES.items():
            click.echo(f"{job.value}　{JOBS[job]}（{schedule_words(schedule)}）")
            last = find_last_run(session, job)
            if last is None:
                click.echo("  上次：尚未运行")
            else:
                click.echo(f"  上次：{moment_words(last.started_at)} {label(last.state)}，{facts_words(last.facts)}")
            if isinstance(schedule, Daily):
                click.echo(f"  下次：{moment_words(schedule.next_after(now(), calendar))}")
        heartbeat = find_heartbeat(session, now=now())
        if heartbeat is None or not heartbeat.is_alive:
            click.echo("调度程序没有在运行。")
        else:
            click.echo(f"调度程序在运行：{heartbeat.holder}，最近一次 {moment_words(heartbeat.at)}。")


@jobs.command("run")
@click.argument("name", type=click.Choice([job.value for job in JobName]))
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="按这一天运行，默认今天。")
def run_job(name: str, day: datetime | None) -> None:
    """立即运行一次 NAME；重复运行不会重复提醒或重复发信。"""
    job = JobName(name)
    app = load_app()
    with app.app_context():
        on = day.date() if day is not None else today()
    facts = run_by_hand(app, job, on)
    click.echo(f"{JOBS[job]}（{day_words(on)} {weekday_words(on)}）：{facts_words(facts)}。")
    if trouble := facts.get("trouble"):
        raise click.ClickException(str(trouble))
