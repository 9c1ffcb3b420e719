"""``taskboard demo``: the product with invented data of its own, for looking at it. Mails go to a page, not out."""

from __future__ import annotations

import secrets
from pathlib import Path

import click
from flask import Flask
from sqlalchemy import select

from taskboard.cli import demo_data
from taskboard.cli.application import is_migrated, load_app, log_to_terminal, migrate_database
from taskboard.cli.serve import host_option, listen, port_option, run_in_one_process
from taskboard.config import MailTransport, Settings
from taskboard.domain.jobs import JobName
from taskboard.extensions import now, read_session, today, transaction
from taskboard.jobs.runner import run_by_hand
from taskboard.models import Person
from taskboard.services.calendar import load_calendar

FOLDER = Path("instance") / "demo"


@click.command()
@host_option
@port_option
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    show_default=True,
    help="演示数据放在这里；删掉这个文件夹就重新开始。",
)
def demo(host: str, port: int, folder: Path) -> None:
    """启动演示：自带单位、人员、计划和任务，邮件只在页面上显示。"""
    log_to_terminal()
    # Found out before the folder is filled: that takes a while.
    listen(host, port).close()
    app = prepare_demo(folder.resolve(), f"http://{host}:{port}")

    def announce() -> None:
        click.echo(f"\n演示已启动：http://{host}:{port}\n可用下面的账号登录：\n{demo_data.accounts_text()}")
        click.echo("邮件显示在“演示邮箱”页面。按 Ctrl+C 停止。\n")

    run_in_one_process(app, host, port, announce=announce)


def prepare_demo(folder: Path, public_url: str) -> Flask:
    """The demo's application with its database migrated and filled."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        secret_key=_kept_secret(folder / "secret-key"),
        instance_dir=folder,
        database_url=f"sqlite:///{folder / 'taskboard.db'}",
        public_url=public_url,
        mail_transport=MailTransport.MAILBOX,
        mail_from="督办台账 <taskboard@yunze.example>",
        is_demo=True,
    )
    app = load_app(settings, needs_migration=False)
    if not is_migrated(app):
        click.echo("正在准备演示数据库……")
        migrate_database(app)
    with app.app_context():
        if read_session().scalar(select(Person.id).limit(1)) is None:
            click.echo("正在填入演示数据……")
            with transaction() as session:
                demo_data.fill(session, now=now())
            last_working_day = load_calendar(read_session()).on_or_before(today())
            # So that there are reminders to look at whatever day it is.
            run_by_hand(app, JobName.MORNING_MAIL, last_working_day)
    return app


def _kept_secret(path: Path) -> str:
    """The demo's own secret, made at its first start, so that sign-ins outlive a restart."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), encoding="ascii")
    return path.read_text(encoding="ascii")
