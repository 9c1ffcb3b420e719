"""``taskboard mail …``: what the mail server hands back."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from taskboard.cli.application import load_app
from taskboard.extensions import now, transaction
from taskboard.labels.operating_system import reason_words
from taskboard.mail.bounces import MOST_BYTES, read_bounces
from taskboard.services.bounces import Noted, note_bounce

WORDS = {
    Noted.NOT_OURS: "{addresses}：没有发给该邮箱的这封邮件，或已经登记过，不作处理。",
    Noted.FAILED: "{addresses}：已登记退信（{words}）。不是邮箱地址的问题，邮箱照常使用。",
    Noted.SWITCHED_OFF: "{addresses}：已登记退信（{words}），该邮箱停用。",
}


@click.group()
def mail() -> None:
    """邮件：登记退信。"""


@mail.command("bounce")
@click.argument("message", type=click.Path(path_type=Path), default="-")
def bounce(message: Path) -> None:
    """登记一封退信（MESSAGE 为文件，不写时从标准输入读）；永久退信才算。

    不是退信的邮件不作处理，也以 0 结束：由邮件服务器调用时，不应因此再产生退信。
    """
    bounces = read_bounces(_read(message))
    if not bounces:
        click.echo("不是永久退信的通知，不作处理。")
        return
    with load_app().app_context():
        for one in bounces:
            with transaction() as session:
                noted = note_bounce(
                    session,
                    message_id=one.message_id,
                    addresses=one.addresses,
                    words=one.words,
                    now=now(),
                    entrance="cli",
                )
            click.echo(WORDS[noted].format(addresses="、".join(one.addresses), words=one.words))


def _read(message: Path) -> bytes:
    if str(message) == "-":
        return sys.stdin.buffer.read(MOST_BYTES)
    try:
        with message.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        raise click.ClickException(f"打不开 {message}：{reason_words(error)}。") from None
