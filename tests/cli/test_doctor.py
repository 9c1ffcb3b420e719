"""``taskboard doctor``: what is wrong, on one screen, and what to do about it."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from taskboard import extensions
from taskboard.cli import main


def doctor(folder: Path, **more: str) -> Result:
    environment = {
        "TASKBOARD_SECRET_KEY": "a key that only signs the cookies of tests",
        "TASKBOARD_INSTANCE": str(folder / "instance"),
    }
    return CliRunner(env={**environment, **more}).invoke(main, ["doctor"])


@pytest.fixture
def database(installation: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(installation / "instance" / "taskboard.db", isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO scheduler_lease (id, holder, epoch, heartbeat_at, beat, is_released)"
            " VALUES (1, 'a', 1, '2026-01-01 00:00:00.000000', 1, 0)"
        )
        yield connection


def test_it_says_what_is_wrong_and_what_to_do(installation: Path, database: sqlite3.Connection) -> None:
    answer = doctor(installation)

    assert answer.exit_code == 1
    assert "✔ 数据库：可以读写" in answer.output
    assert "✘ 调度程序：没有在运行" in answer.output
    assert "→ 启动 taskboard serve" in answer.output
    assert "▲ 邮件服务器：没有设置" in answer.output


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (date(2026, 10, 31), "✔ 工作日历：2026 年的安排已确认"),
        (date(2026, 11, 1), "▲ 工作日历：2027 年的安排还是预估的"),
        (date(2027, 3, 1), "✘ 工作日历：2027 年的安排是预估的"),
    ],
)
def test_it_asks_for_the_year_that_is_missing(
    installation: Path, monkeypatch: pytest.MonkeyPatch, today: date, words: str
) -> None:
    monkeypatch.setattr(import_module("taskboard.cli.doctor"), "today", lambda: today)

    answer = doctor(installation)

    assert words in answer.output
    assert ("粘贴到“工作日历”页" in answer.output) is not words.startswith("✔")


def test_it_notices_a_database_that_takes_no_writes(installation: Path, database: sqlite3.Connection) -> None:
    database.execute("CREATE TRIGGER full BEFORE UPDATE ON scheduler_lease BEGIN SELECT RAISE(FAIL, 'full'); END")

    assert "✘ 数据库：不能读写：full" in doctor(installation).output


def test_it_says_of_a_file_that_is_locked_who_may_hold_it(
    installation: Path, database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extensions, "BUSY_TIMEOUT_MS", 50)
    database.execute("BEGIN IMMEDIATE")

    answer = doctor(installation)

    assert "✘ 数据库：不能读写：另一个程序一直占着写锁（database is locked）" in answer.output
    assert "→ 结束占用它的程序" in answer.output
    assert "✔ 磁盘" in answer.output


@pytest.mark.parametrize(
    ("job", "words", "remedy"),
    [
        ("seal-trail", "✘ 封存审计记录", "→ 排除原因；它会自己再试，也可以运行 taskboard jobs run seal-trail。"),
        ("clean-up", "✘ 清理过期数据", "→ 排除原因后运行 taskboard jobs run clean-up。"),
    ],
)
def test_it_says_of_a_job_that_failed_why_and_whether_it_tries_again(
    installation: Path, database: sqlite3.Connection, job: str, words: str, remedy: str
) -> None:
    database.execute(
        "INSERT INTO job_run (job, scheduled_for, epoch, started_at, finished_at, state, attempts, error)"
        f" VALUES ('{job}', '2026-11-01 00:00:00', 1, '2026-11-01 00:00:00', '2026-11-01 00:00:00', 'failed', 1,"
        " 'Traceback\nValueError: it broke')"
    )

    answer = doctor(installation)

    assert f"{words}：2026-11-01 08:00 失败：ValueError: it broke" in answer.output
    assert remedy in answer.output


def test_it_notices_a_damaged_file(installation: Path, database: sqlite3.Connection) -> None:
    [root] = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'mail_address'").fetchone()
    [size] = database.execute("PRAGMA page_size").fetchone()
    database.close()
    with (installation / "instance" / "taskboard.db").open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"x" * size)

    answer = doctor(installation)

    assert "✘ 数据库：文件损坏：" in answer.output
    assert "→ 停止服务，用 taskboard restore" in answer.output


def test_it_knows_a_database_that_was_not_migrated(tmp_path: Path) -> None:
    answer = doctor(tmp_path)

    assert answer.exit_code == 1
    assert "运行 taskboard migrate" in answer.output


@pytest.mark.parametrize(
    ("url", "words", "remedy"),
    [
        ("sqlite:///{folder}/nowhere/x.db", "文件打不开（unable to open database file）", "文件夹要存在"),
        ("sqlite:///{folder}/broken.db", "文件不是数据库（file is not a database）", "taskboard restore"),
        ("postgresql://127.0.0.1:1/none", "数据库服务没有运行，或不在这个地址（", "启动 PostgreSQL"),
        ("postgresql://127.0.0.1:{silent}/none", "没有答复（", "是否卡住"),
    ],
)
def test_a_database_that_cannot_be_asked_keeps_nothing_else_from_being_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, words: str, remedy: str
) -> None:
    monkeypatch.setattr(import_module("taskboard.app"), "CONNECT_SECONDS", 2)
    (tmp_path / "broken.db").write_bytes(b"x" * 8192)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = url.format(folder=tmp_path, silent=silent.getsockname()[1])

        answer = doctor(tmp_path, TASKBOARD_DATABASE_URL=address, TASKBOARD_SMTP_URL="smtp://127.0.0.1:1")

    assert answer.exit_code == 1
    assert f"✘ 数据库：不能读写：{words}" in answer.output
    assert remedy in answer.output
    assert "✔ 磁盘" in answer.output
    assert "✘ 邮件服务器：127.0.0.1:1 连不上：对方拒绝连接" in answer.output


def test_a_database_that_hangs_does_not_keep_the_screen_from_coming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor_module = import_module("taskboard.cli.doctor")
    monkeypatch.setattr(doctor_module, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://127.0.0.1:{silent.getsockname()[1]}/none?connect_timeout=2"

        answer = doctor(tmp_path, TASKBOARD_DATABASE_URL=url)

    for asking in [thread for thread in threading.enumerate() if thread.name == doctor_module.ASKING]:
        asking.join(timeout=10)
    assert answer.exit_code == 1
    assert "✘ 数据库：0 秒内没有答复" in answer.output
    assert "✔ 磁盘" in answer.output


def test_a_folder_that_cannot_be_had_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "instance").write_text("a file in its place")

    answer = doctor(tmp_path)

    assert answer.exit_code == 1
    assert f"实例目录 {tmp_path / 'instance'} 不能用：已经存在" in answer.output
    assert "TASKBOARD_INSTANCE" in answer.output
