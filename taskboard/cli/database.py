"""``taskboard migrate``, ``setup-code`` and ``create-administrator``: what a new installation needs first."""

from __future__ import annotations

import click

from taskboard.cli.application import load_app, migrate_database
from taskboard.domain.errors import Invalid
from taskboard.extensions import current_settings, now, read_session, today, transaction
from taskboard.labels.errors import problem_words
from taskboard.services import setup
from taskboard.services.accounts import new_password, normal_username
from taskboard.services.bootstrap import create_administrator
from taskboard.services.people import PersonValues


@click.command()
def migrate() -> None:
    """把数据库升级到当前版本，并填入工作日历和机构更名。"""
    migrate_database(load_app(needs_migration=False))
    click.echo("数据库已是当前版本。")


@click.command("setup-code")
def show_setup_code() -> None:
    """显示首次设置要填写的设置码；已有账号时没有设置码。"""
    with load_app().app_context():
        if not setup.is_open(read_session()):
            raise click.ClickException("已有账号，首次设置已经结束。")
        click.echo(setup.setup_code(current_settings().secret_key))


@click.command("create-administrator")
@click.option("--username", envvar="TASKBOARD_ADMIN_USERNAME", help="登录账号。")
@click.option("--name", envvar="TASKBOARD_ADMIN_NAME", help="姓名。")
@click.option("--email", default="", envvar="TASKBOARD_ADMIN_EMAIL", help="邮箱，可以不填。")
@click.option("--department", envvar="TASKBOARD_ADMIN_DEPARTMENT", help="单位名称；没有的会新建。")
@click.option(
    "--password",
    envvar="TASKBOARD_ADMIN_PASSWORD",
    help="密码；最好不写在命令里，而是按提示输入或用环境变量给出。",
)
def create_first_administrator(
    *, username: str | None, name: str | None, email: str, department: str | None, password: str | None
) -> None:
    """新建一个系统管理员账号。"""
    # First of all, so that nobody types everything in for a database that cannot take it.
    app = load_app()
    username = username or click.prompt("账号")
    name = name or click.prompt("姓名")
    department = department or click.prompt("所在单位（例如本级政府）")
    password = password or click.prompt("密码", hide_input=True, confirmation_prompt="再输一次")
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
