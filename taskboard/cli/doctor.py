"""``taskboard doctor``: on one screen, what is wrong with this installation and what to do about it."""

from __future__ import annotations

import shutil
import smtplib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from taskboard.cli.application import is_migrated, load_settings, make_app
from taskboard.config import MailTransport, Settings
from taskboard.domain.jobs import SCHEDULES, Daily, JobState
from taskboard.domain.outbox import BEFORE_THE_WIRE, OutboxState
from taskboard.extensions import current_settings, effective_settings, now, read_session, today, transaction
from taskboard.labels.databases import database_trouble
from taskboard.labels.jobs import JOBS
from taskboard.labels.mail_servers import smtp_reason
from taskboard.labels.times import moment_words
from taskboard.mail.message import UnusableAddress, parse_sender
from taskboard.mail.transport import parse_smtp_url, try_to_sign_in
from taskboard.services import jobs, mail_gate, outbox_upkeep
from taskboard.services.arrangements import missing_year
from taskboard.services.database import find_damage, try_to_write

LEAST_FREE = 1024**3
DATABASE = "数据库"
ASKING = "doctor-asks-the-database"
ANSWER_SECONDS = 40.0
"""longer than a writer waits for SQLite's lock, and than a large file takes to be looked through"""


class Health(StrEnum):
    GOOD = "✔"
    DOUBTFUL = "▲"
    BAD = "✘"


@dataclass(frozen=True)
class Finding:
    """One line of the screen; what is to be done where something is wrong."""

    health: Health
    subject: str
    words: str
    remedy: str = ""


@click.command()
def doctor() -> None:
    """逐项检查数据库、邮件、日历、调度程序和磁盘；有问题时给出办法，退出码为 1。"""
    app = make_app(load_settings())
    with app.app_context():
        findings = list(_examine(app))
    for one in findings:
        click.echo(f"{one.health.value} {one.subject}：{one.words}")
        if one.remedy:
            click.echo(f"    → {one.remedy}")
    if any(one.health is Health.BAD for one in findings):
        raise click.ClickException("有问题需要处理，见上面标 ✘ 的各项。")
    click.echo("没有需要马上处理的问题。")


def _examine(app: Flask) -> Iterator[Finding]:
    settings = current_settings()
    database = _answer_in_time(app)
    yield database
    yield _disk(settings.instance_dir)
    if database.health is Health.BAD:
        if settings.mail_transport is not MailTransport.NONE:
            yield _mail_server(settings)
        return
    session = read_session()
    yield _scheduler(session, now())
    yield from _failed_jobs(session)
    yield _mail_server(effective_settings())
    yield _outbox(session, now())
    yield _addresses(session)
    yield _calendar(session, today())


def _answer_in_time(app: Flask) -> Finding:
    """How the database is, asked in a thread of its own: one that hangs must not keep the screen from coming."""
    found: list[Finding] = []

    def ask() -> None:
        with app.app_context():
            found.append(_database(app))

    asking = threading.Thread(target=ask, name=ASKING, daemon=True)
    asking.start()
    asking.join(timeout=ANSWER_SECONDS)
    if found:
        return found[0]
    words = f"{ANSWER_SECONDS:.0f} 秒内没有答复"
    return Finding(Health.BAD, DATABASE, words, "查看数据库服务是否卡住；没有好转时重新启动它。")


def _database(app: Flask) -> Finding:
    """Reached, of the right shape, whole, and open for writing."""
    try:
        if not is_migrated(app):
            return Finding(Health.BAD, DATABASE, "还没有升级到当前版本", "运行 taskboard migrate。")
        if damage := find_damage(read_session()):
            return Finding(
                Health.BAD, DATABASE, f"文件损坏：{damage}", "停止服务，用 taskboard restore 恢复最近的备份。"
            )
        with transaction() as session:
            try_to_write(session)
    except SQLAlchemyError as error:
        trouble = database_trouble(error)
        return Finding(Health.BAD, DATABASE, f"不能读写：{trouble.words}", trouble.remedy)
    return Finding(Health.GOOD, DATABASE, "可以读写，结构是当前版本")


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    words = f"实例目录 {folder} 所在磁盘剩余 {free / 1024**3:.1f} GiB"
    if free < LEAST_FREE:
        return Finding(Health.BAD, "磁盘", words, "清理磁盘或换到更大的磁盘；空间用尽时不能再保存任何内容。")
    return Finding(Health.GOOD, "磁盘", words)


def _scheduler(session: Session, moment: datetime) -> Finding:
    heartbeat = jobs.find_heartbeat(session, now=moment)
    if heartbeat is None:
        return Finding(Health.BAD, "调度程序", "从未运行", "启动 taskboard serve 或 taskboard scheduler。")
    words = f"{heartbeat.holder}，最近一次心跳 {moment_words(heartbeat.at)}"
    if not heartbeat.is_alive:
        return Finding(
            Health.BAD, "调度程序", f"没有在运行（{words}）", "启动 taskboard serve 或 taskboard scheduler。"
        )
    return Finding(Health.GOOD, "调度程序", f"在运行：{words}")


def _failed_jobs(session: Session) -> Iterator[Finding]:
    for job, words in JOBS.items():
        last = jobs.find_last_run(session, job)
        if last is not None and last.state is JobState.FAILED:
            why = (last.error or "中断").strip().splitlines()[-1]
            again = f"运行 taskboard jobs run {job.value}"
            remedy = (
                f"排除原因后{again}。"
                if isinstance(SCHEDULES[job], Daily)
                else f"排除原因；它会自己再试，也可以{again}。"
            )
            yield Finding(Health.BAD, words, f"{moment_words(last.started_at)} 失败：{why}", remedy)


def _mail_server(settings: Settings) -> Finding:
    """Whether the server lets us in; no mail is sent."""
    subject = "邮件服务器"
    if settings.mail_transport is MailTransport.MAILBOX:
        return Finding(Health.GOOD, subject, "演示邮箱，不真正发信")
    if settings.smtp_url is None:
        return Finding(
            Health.DOUBTFUL, subject, "没有设置，邮件留在发件箱", "在“设置”中或用 TASKBOARD_SMTP_URL 填写邮件服务器。"
        )
    try:
        parse_sender(settings.mail_from)
    except UnusableAddress:
        return Finding(Health.BAD, subject, f"发件人 {settings.mail_from} 不可用", "在“设置”中改正发件人地址。")
    server = parse_smtp_url(settings.smtp_url)
    place = f"{server.host}:{server.port}"
    try:
        try_to_sign_in(server)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        words = f"{place} 连不上：{smtp_reason(error)}"
        return Finding(Health.BAD, subject, words, "检查地址、端口、加密方式、账号和防火墙。")
    return Finding(Health.GOOD, subject, f"{place} 可以连接")


def _outbox(session: Session, moment: datetime) -> Finding:
    counts = outbox_upkeep.count_by_state(session)
    gate = mail_gate.find_gate(session)
    waiting = sum(counts.get(state, 0) for state in BEFORE_THE_WIRE)
    dead, unknown = counts.get(OutboxState.DEAD, 0), counts.get(OutboxState.UNKNOWN, 0)
    words = f"待发送 {waiting} 封，发送失败 {dead} 封，结果不明 {unknown} 封"
    if gate.held_at is not None:
        return Finding(
            Health.BAD, "发件箱", f"自 {moment_words(gate.held_at)} 起暂停发信，{words}", "在“发件箱”页核对后放行。"
        )
    if gate.failures:
        return Finding(Health.DOUBTFUL, "发件箱", f"邮件服务器连续 {gate.failures} 次不通，{words}", "恢复后自动补发。")
    if unknown or dead:
        return Finding(Health.DOUBTFUL, "发件箱", words, "在“发件箱”页逐封处理：重新发送，或认定已送达。")
    return Finding(Health.GOOD, "发件箱", words)


def _addresses(session: Session) -> Finding:
    off = [one.address for one in mail_gate.list_refused_addresses(session) if one.off_since is not None]
    if not off:
        return Finding(Health.GOOD, "邮箱地址", "没有停用的")
    return Finding(
        Health.DOUBTFUL,
        "邮箱地址",
        f"停用 {len(off)} 个：{'、'.join(off[:5])}",
        "在“人员”中改正邮箱，或在“发件箱”页重新启用。",
    )


def _calendar(session: Session, day: date) -> Finding:
    missing = missing_year(session, today=day)
    if missing is None:
        return Finding(Health.GOOD, "工作日历", f"{day.year} 年的安排已确认")
    if missing == day.year:
        return Finding(
            Health.BAD, "工作日历", f"{missing} 年的安排是预估的", "把国务院办公厅的放假通知粘贴到“工作日历”页。"
        )
    return Finding(
        Health.DOUBTFUL,
        "工作日历",
        f"{missing} 年的安排还是预估的",
        "通知公布后粘贴到“工作日历”页；截止日期不受影响。",
    )
