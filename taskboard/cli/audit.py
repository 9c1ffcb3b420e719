"""``taskboard audit …``: whether the trail is whole, and the trail as a file."""

from __future__ import annotations

from pathlib import Path

import click

from taskboard.cli.application import load_app
from taskboard.extensions import current_settings, now, today
from taskboard.jobs.catalogue import seal_all
from taskboard.jobs.context import JobContext
from taskboard.labels.operating_system import reason_words
from taskboard.labels.trail import finding_words
from taskboard.services import trail
from taskboard.services.audit import FORMS, Filter, export_lines, record_export
from taskboard.services.trail_heads import FILE_NAME, read_heads

MOST_SHOWN = 100


@click.group()
def audit() -> None:
    """审计记录：核验、导出。"""


@audit.command()
def verify() -> None:
    """核验整条校验链；发现改动、删除、插入或截断时逐条列出，退出码为 1。"""
    with load_app().app_context():
        context = JobContext(today())
        seal_all(context)
        heads = read_heads(current_settings().instance_dir / FILE_NAME)
        with context.reading() as session:
            findings = trail.verify(session, heads, now=now())
            head = trail.find_head(session)
    for finding in findings[:MOST_SHOWN]:
        click.echo(f"{finding_words(finding)}。")
    if findings:
        raise click.ClickException(f"审计记录不完整：发现 {len(findings)} 处异常。")
    click.echo(f"审计记录完整：{head.position} 条，链头 {head.digest}。" if head else "还没有审计记录。")
    if heads.heads:
        click.echo(f"与 {len(heads.heads)} 个已记下的链头相符。")
    else:
        click.echo("还没有记下链头，所以核对不了记录是否被截短；链头每天由定时作业记下。")


@audit.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> None:
    """把全部审计记录写入 FILE（.jsonl 或 .csv）；文件已存在时不覆盖。"""
    if file.suffix not in FORMS:
        raise click.ClickException(f"文件名须以 {'、'.join(FORMS)} 结尾。")
    with load_app().app_context():
        context = JobContext(today())
        seal_all(context)
        try:
            with file.open("xb") as target, context.reading() as session:
                target.writelines(export_lines(session, Filter(), form=file.suffix, actor=None))
        except FileExistsError:
            raise click.ClickException(f"{file} 已经存在，不覆盖。") from None
        except OSError as error:
            raise click.ClickException(f"写不了 {file}：{reason_words(error)}。") from None
        with context.begin() as session:
            record_export(session, Filter(), form=file.suffix, actor=None, now=now(), entrance="cli")
    click.echo(f"已导出到 {file}。")
