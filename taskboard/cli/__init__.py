"""The command line: ``taskboard …``."""

from __future__ import annotations

import click

from taskboard import __version__
from taskboard.cli.audit import audit
from taskboard.cli.backup import backup, restore
from taskboard.cli.database import create_first_administrator, migrate, show_setup_code
from taskboard.cli.demo import demo
from taskboard.cli.doctor import doctor
from taskboard.cli.jobs import jobs
from taskboard.cli.mail import mail
from taskboard.cli.plans import plans
from taskboard.cli.serve import scheduler, serve
from taskboard.cli.words import speak_chinese

speak_chinese()


@click.group()
@click.version_option(__version__)
def main() -> None:
    """督办台账：计划文件 → 任务 → 进展 → 逾期 → 提醒 → 周报。"""


for command in (
    serve,
    scheduler,
    demo,
    migrate,
    show_setup_code,
    create_first_administrator,
    jobs,
    mail,
    plans,
    audit,
    doctor,
    backup,
    restore,
):
    main.add_command(command)
