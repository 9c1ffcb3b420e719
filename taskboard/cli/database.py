"""``taskboard migrate`` and ``taskboard create-administrator``: what a new installation needs first."""

from __future__ import annotations

import click

from taskboard.cli.application import load_app, migrate_database
from taskboard.domain.errors import Invalid
from taskboard.extensions import now, today, transaction
from taskboard.labels.errors import problem_words
from taskboard.services.accounts import new_password, normal_username
from taskboard.services.bootstrap import create_administrator
from taskboard.services.people import PersonValues


@click.command()
def migrate() -> None:
    """把数据库升级到当前版本，并填入工作日历和机构更名。"""
    migrate_database(load_app(needs_migration=False))
    click.echo("数据库已是当前版本。")


@click.command("create-administrator")
@click.option("--username", prompt="账号", envvar="TASKBOARD_ADMIN_USERNAME", help="登录账号。")
@click.option("--name", prompt="姓名", envvar="TASKBOARD_ADMIN_NAME", help="姓名。")
@click.option("--email", default="", envvar="TASKBOARD_ADMIN_EMAIL", help="邮箱，可以不填。")
@click.option(
    "--department",
    prompt="所在单位（例如本级政府）",
    envvar="TASKBOARD_ADMIN_DEPARTMENT",
    help="单位名称；没有的会新建。",
)
@click.option(
    "--password",
    prompt="密码",
    hide_input=True,
    confirmation_prompt="再输一次",
    envvar="TASKBOARD_ADMIN_PASSWORD",
    help="密码；最好不写在命令里，而是按提示输入或用环境变量给出。",
)
def create_first_administrator(*, username: str, name: str, email: str, department: str, password: str) -> None:
    """新建一个系统管理员账号。"""
    app = load_app()
    username = normal_username(username)
    try:
        password_hash = new_password(password, username=username)
        with app.app_context(), transaction() as session:
            values = PersonValues(username=username, name=name.strip(), email=email.strip() or None)
            create_administrator(
                session,
                values,
                department=department.strip(),
                password_hash=password_hash,
                today=today(),
                now=now(),
            )
    except Invalid as error:
        raise click.ClickException(problem_words(error)) from None
    click.echo(f"已新建系统管理员 {username}。")
