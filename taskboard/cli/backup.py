"""``taskboard backup`` and ``restore``: everything into one file while people work, and back again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from taskboard.cli.application import load_app, load_settings, migrate_database
from taskboard.cli.words import confirm
from taskboard.extensions import now, transaction
from taskboard.labels.times import moment_words
from taskboard.services.backups import BackupFailed, Manifest, make_backup, verify_backup
from taskboard.services.mail_gate import hold_mail
from taskboard.services.restoring import restore_backup

archive = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@archive
def backup(file: Path) -> None:
    """把数据库、附件和审计链头写入 FILE（.tar.gz），写完逐一读回核对；服务不用停。"""
    settings = load_settings()
    try:
        made = make_backup(
            file.resolve(),
            database_url=settings.database_url,
            instance_dir=settings.instance_dir,
            now=datetime.now(UTC),
        )
    except BackupFailed as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"已备份到 {file}：{_words(made)}，已读回核对。")
    if made.missing:
        raise click.ClickException(f"有 {len(made.missing)} 个附件在目录中找不到：{'、'.join(made.missing[:3])}")


@click.command()
@archive
@click.option("--check", is_flag=True, help="只核对备份是否完整，不恢复。")
@click.option("--yes", is_flag=True, help="不再询问。")
def restore(file: Path, *, check: bool, yes: bool) -> None:
    """用 FILE 替换现有的数据库和附件；原有的改名保留。恢复后暂停发信，等管理员在“发件箱”放行。"""
    settings = load_settings()
    settings.instance_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        if check:
            click.echo(f"备份完整：{_words(verify_backup(file.resolve()))}。")
            return
        if not yes:
            confirm("现有的数据将被备份中的替换（原有的改名保留）。请确认 taskboard 已经停止。继续吗？")
        restored = restore_backup(
            file.resolve(),
            database_url=settings.database_url,
            instance_dir=settings.instance_dir,
            now=datetime.now(UTC),
        )
    except BackupFailed as error:
        raise click.ClickException(str(error)) from None
    app = load_app(settings, needs_migration=False)
    migrate_database(app)
    # Restoring has held it already, unless the backup is older than holding mail.
    with app.app_context(), transaction() as session:
        hold_mail(session, now=now())
    click.echo(f"已恢复：{_words(restored)}。")
    click.echo("发信已暂停：请在“发件箱”页核对备份之前排队的邮件，再放行。")


def _words(manifest: Manifest) -> str:
    made_at = moment_words(datetime.fromisoformat(manifest.made_at))
    return f"{made_at} 的数据，{sum(manifest.rows.values())} 行，附件 {manifest.attachments} 个"
