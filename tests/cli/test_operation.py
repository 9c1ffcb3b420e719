"""Setting up and running an installation from the command line, in processes of their own."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

import psutil
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from taskboard.cli import main
from tests.mail.test_bounces import report as bounce_report
from tests.support.visitor import found_token

SECRET = secrets.token_urlsafe(48)


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {"TASKBOARD_SECRET_KEY": SECRET, "TASKBOARD_INSTANCE": str(folder / "instance"), **more}


def invoke(folder: Path, *arguments: str, typed: str | None = None, **more: str) -> Result:
    return CliRunner(env=environment(folder, **more)).invoke(main, arguments, input=typed)


def value(folder: Path, query: str) -> object:
    engine = create_engine(f"sqlite:///{folder / 'instance' / 'taskboard.db'}")
    with engine.connect() as connection:
        found: object = connection.execute(text(query)).scalar()
    engine.dispose()
    return found


# Setting up


def test_migrating_makes_the_database_and_its_calendar(installation: Path) -> None:
    assert value(installation, "SELECT count(*) FROM calendar_year") == 23
    assert value(installation, "SELECT is_working_day FROM calendar_day WHERE day = '2026-10-10'") == 1


def test_migrating_again_changes_nothing(installation: Path) -> None:
    result = invoke(installation, "migrate")

    assert (result.exit_code, result.output) == (0, "数据库已是当前版本。\n")


@pytest.mark.parametrize("key", ["", "change-me", "short"])
@pytest.mark.parametrize("command", [["serve"], ["scheduler"], ["migrate"], ["jobs", "list"]])
def test_without_a_secret_of_its_own_nothing_starts(tmp_path: Path, key: str, command: list[str]) -> None:
    result = invoke(tmp_path, *command, TASKBOARD_SECRET_KEY=key)

    assert result.exit_code == 1
    assert "TASKBOARD_SECRET_KEY" in result.output


@pytest.mark.parametrize("command", [["serve"], ["serve", "--workers", "2"], ["scheduler"], ["jobs", "list"]])
def test_a_database_of_another_shape_is_refused(tmp_path: Path, command: list[str]) -> None:
    result = invoke(tmp_path, *command)

    assert result.exit_code == 1
    assert "taskboard migrate" in result.output


def test_a_database_that_cannot_be_reached_is_said_to_be(tmp_path: Path) -> None:
    result = invoke(tmp_path, "serve", TASKBOARD_DATABASE_URL="postgresql://127.0.0.1:1/none?connect_timeout=1")

    assert result.exit_code == 1
    assert "连不上数据库" in result.output


def test_the_first_administrator_is_made_with_their_department(installation: Path) -> None:
    typed = "\n".join(["Admin", "孙管理", "云泽市人民政府", "一个足够长的口令 2026", "一个足够长的口令 2026"]) + "\n"

    result = invoke(installation, "create-administrator", typed=typed)

    assert result.exit_code == 0, result.output
    assert value(installation, "SELECT role FROM post") == "administrator"
    assert value(installation, "SELECT name FROM department") == "云泽市人民政府"
    assert value(installation, "SELECT username FROM user_account") == "admin"
    assert "一个足够长的口令" not in result.output


@pytest.mark.parametrize(("username", "password"), [("admin", "123"), ("李 四", "一个足够长的口令 2026")])
def test_an_administrator_who_cannot_be_is_refused_in_words(installation: Path, username: str, password: str) -> None:
    result = invoke(
        installation,
        "create-administrator",
        TASKBOARD_ADMIN_USERNAME=username,
        TASKBOARD_ADMIN_NAME="孙管理",
        TASKBOARD_ADMIN_DEPARTMENT="云泽市人民政府",
        TASKBOARD_ADMIN_PASSWORD=password,
    )

    assert result.exit_code == 1
    assert result.output.startswith("错误：")
    assert value(installation, "SELECT count(*) FROM user_account") == 0
    assert value(installation, "SELECT count(*) FROM department") == 0


# Jobs


def test_jobs_are_listed_with_their_times(installation: Path) -> None:
    result = invoke(installation, "jobs", "list")

    assert result.exit_code == 0, result.output
    assert "morning-mail　晨报和周报（工作日 08:30）" in result.output
    assert "尚未运行" in result.output
    assert "调度程序没有在运行" in result.output


def test_a_job_is_run_by_hand_for_a_day_and_says_in_chinese_what_it_did(installation: Path) -> None:
    weekday = invoke(installation, "jobs", "run", "morning-mail", "--on", "2026-11-23")
    sunday = invoke(installation, "jobs", "run", "morning-mail", "--on", "２０２６年１１月２２日")
    listed = invoke(installation, "jobs", "list")

    assert weekday.stdout == "晨报和周报（2026年11月23日 星期一）：周报：生成邮件 0 封，提醒 0 项。\n"
    assert sunday.stdout == "晨报和周报（2026年11月22日 星期日）：非工作日，不发邮件。\n"
    assert "成功" in listed.output


def test_a_job_that_does_not_exist_is_refused(installation: Path) -> None:
    assert invoke(installation, "jobs", "run", "no-such-job").exit_code == 2
    ahead = invoke(installation, "jobs", "run", "roundups", "--on", "2048-12-31")
    assert (ahead.exit_code, "这一天还没有到，没有运行" in ahead.output) == (1, True)
    impossible = invoke(installation, "jobs", "run", "morning-mail", "--on", "2099-12-31")
    assert impossible.exit_code == 1
    assert "之间的日期运行" in impossible.output
    assert invoke(installation, "jobs", "run", "morning-mail", "--on", "yesterday").exit_code == 2


def test_a_mail_server_that_is_down_is_said_to_be(installation: Path) -> None:
    insert = (
        "INSERT INTO user_account (id, username, name, is_active, session_epoch, version)"
        " VALUES (1, 'li', '李', 1, 0, 1)",
        "INSERT INTO outbox_message (key, kind, person_id, to_address, template, facts, message_id, created_at,"
        " next_attempt_at, state, attempts, subject, text, html) VALUES ('k', 'notice', 1, 'li@example.org', 'issued',"
        " '{}', 'id', '2026-11-01 00:00:00.000000', '2026-11-01 00:00:00.000000', 'queued', 0, 's', 't', 'h')",
    )
    engine = create_engine(f"sqlite:///{installation / 'instance' / 'taskboard.db'}")
    with engine.begin() as connection:
        for statement in insert:
            connection.execute(text(statement))
    engine.dispose()

    result = invoke(installation, "jobs", "run", "deliver-mail", TASKBOARD_SMTP_URL=f"smtp://127.0.0.1:{free_port()}")

    assert result.exit_code == 1
    assert "待重试 1 封" in result.output
    assert "连不上邮件服务器" in result.output


# Processes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(folder: Path, *arguments: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A taskboard command as a process; whatever of it is left is killed at the end."""
    log = folder / "log.txt"
    surroundings = {**os.environ, **environment(folder, **more)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "taskboard", *arguments],
            cwd=folder,
            env=surroundings,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        for one in family(process.pid):
            one.kill()
        process.wait()


def family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def status(port: int, path: str) -> int:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            code: int = answer.status
            return code
    except HTTPError as error:
        with error:
            return error.code
    except (URLError, OSError):
        return 0


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        log = (folder / "log.txt").read_text()
        assert process.poll() is None, log
        assert time.monotonic() < deadline, log
        time.sleep(0.2)


def stop(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> tuple[int, list[psutil.Process]]:
    """Tell it to stop; its exit code, and which processes of its family are still there."""
    members = family(process.pid)
    process.send_signal(number)
    code = process.wait(timeout=40)
    _, alive = psutil.wait_procs(members, timeout=5)
    return code, alive


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_runs_pages_and_jobs_in_one_process_and_stops_cleanly(installation: Path, number: signal.Signals) -> None:
    port = free_port()
    with running(installation, "serve", "--port", str(port)) as process:
        wait_until(lambda: status(port, "/healthz/scheduler") == 200, process, installation)

        assert status(port, "/sign-in") == 200
        assert stop(process, number) == (0, [])

    log = (installation / "log.txt").read_text()
    assert "Traceback" not in log
    # It stepped down: the next one need not wait until it was silent for long enough.
    assert value(installation, "SELECT is_released FROM scheduler_lease") == 1


@pytest.mark.parametrize(("proxies", "address"), [("0", "127.0.0.1"), ("1", "192.0.2.7")])
def test_serve_believes_the_address_of_a_visitor_only_behind_a_proxy(
    installation: Path, proxies: str, address: str
) -> None:
    make_administrator(installation)
    port = free_port()
    with running(installation, "serve", "--port", str(port), TASKBOARD_TRUSTED_PROXIES=proxies) as process:
        wait_until(lambda: status(port, "/healthz") == 200, process, installation)
        sign_in_wrongly(port, forwarded_for="192.0.2.7")

    assert value(installation, "SELECT address FROM failed_sign_in") == address


def make_administrator(installation: Path) -> None:
    """Somebody who can sign in: without anybody every page leads to the first set-up."""
    made = invoke(
        installation,
        "create-administrator",
        TASKBOARD_ADMIN_USERNAME="admin",
        TASKBOARD_ADMIN_NAME="孙管理",
        TASKBOARD_ADMIN_DEPARTMENT="云泽市人民政府",
        TASKBOARD_ADMIN_PASSWORD="一个足够长的口令 2026",
    )
    assert made.exit_code == 0, made.output


def sign_in_wrongly(port: int, *, forwarded_for: str) -> None:
    browser = build_opener(HTTPCookieProcessor())
    browser.addheaders = [("X-Forwarded-For", forwarded_for)]
    with browser.open(f"http://127.0.0.1:{port}/sign-in", timeout=10) as page:
        token = found_token(page.read().decode())
    form = urlencode({"csrf_token": token, "username": "nobody", "password": "a wrong password"}).encode()
    with pytest.raises(HTTPError) as refused:
        browser.open(f"http://127.0.0.1:{port}/sign-in", form, timeout=10)
    with refused.value as answer:
        assert answer.status == 422


def test_serve_with_workers_runs_the_scheduler_as_a_process_of_its_own_and_ends_with_all_of_them(
    installation: Path,
) -> None:
    port = free_port()
    with running(installation, "serve", "--port", str(port), "--workers", "2") as process:
        wait_until(lambda: status(port, "/healthz/scheduler") == 200, process, installation)

        commands = [" ".join(one.cmdline()) for one in family(process.pid)]
        assert sum("taskboard scheduler" in command for command in commands) == 1
        assert sum("gunicorn" in command for command in commands) == 3
        code, left = stop(process)

    assert (code, left) == (0, [])
    assert "Traceback" not in (installation / "log.txt").read_text()


def test_a_scheduler_process_that_dies_is_started_again(installation: Path) -> None:
    port = free_port()
    with running(installation, "serve", "--port", str(port), "--workers", "1") as process:
        wait_until(lambda: status(port, "/healthz/scheduler") == 200, process, installation)
        first = scheduler_process(process)
        assert first is not None
        first.kill()

        wait_until(lambda: scheduler_process(process) not in (None, first), process, installation)
        assert stop(process)[1] == []


def scheduler_process(process: subprocess.Popen[bytes]) -> psutil.Process | None:
    for one in family(process.pid):
        try:
            if "scheduler" in one.cmdline() and one.status() != psutil.STATUS_ZOMBIE:
                return one
        except psutil.NoSuchProcess:
            continue
    return None


def test_a_port_that_is_taken_is_said_to_be(installation: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        result = invoke(installation, "serve", "--port", str(taken.getsockname()[1]))

    assert result.exit_code == 1
    assert "--port" in result.output


def test_the_demo_starts_with_people_and_mails_and_a_second_time_within_seconds(tmp_path: Path) -> None:
    port = free_port()
    arguments = ("demo", "--port", str(port), "--folder", str(tmp_path / "demo"))
    with running(tmp_path, *arguments) as process:
        wait_until(lambda: status(port, "/healthz/scheduler") == 200, process, tmp_path)
        log = (tmp_path / "log.txt").read_text()
        assert stop(process) == (0, [])
    assert f"http://127.0.0.1:{port}" in log
    for words in ("督查员", "联络员", "系统管理员", "密码"):
        assert words in log
    secret = (tmp_path / "demo" / "secret-key").read_text()

    with running(tmp_path, *arguments) as process:
        wait_until(lambda: status(port, "/healthz") == 200, process, tmp_path)
        stop(process)

    assert (tmp_path / "demo" / "secret-key").read_text() == secret
    assert not (tmp_path / "instance").exists()
    engine = create_engine(f"sqlite:///{tmp_path / 'demo' / 'taskboard.db'}")
    with engine.connect() as connection:
        kinds = set(connection.execute(text("SELECT DISTINCT kind FROM outbox_message")).scalars())
        accounts = connection.execute(text("SELECT count(*) FROM user_account WHERE username = 'chen'")).scalar()
    engine.dispose()
    assert kinds == {"notice", "weekly_digest"}
    assert accounts == 1


# The first set-up


def test_the_set_up_code_is_shown_until_there_is_an_account(installation: Path) -> None:
    shown = invoke(installation, "setup-code")
    assert shown.exit_code == 0
    assert len(shown.output.strip()) == len("AAAA-BBBB-CCCC")

    invoke(
        installation,
        "create-administrator",
        TASKBOARD_ADMIN_USERNAME="admin",
        TASKBOARD_ADMIN_NAME="孙管理",
        TASKBOARD_ADMIN_DEPARTMENT="云泽市人民政府",
        TASKBOARD_ADMIN_PASSWORD="一个足够长的口令 2026",
    )

    assert invoke(installation, "setup-code").exit_code == 1


def test_the_administrator_is_asked_for_nothing_before_the_database_is_ready(tmp_path: Path) -> None:
    result = invoke(tmp_path, "create-administrator", typed="admin\n")

    assert result.exit_code == 1
    assert "账号:" not in result.output
    assert "taskboard migrate" in result.output


def test_only_the_owner_reads_the_instance_folder_and_the_database(installation: Path) -> None:
    folder = installation / "instance"

    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "taskboard.db").stat().st_mode & 0o777 == 0o600


# Bounces


def test_a_message_that_is_no_bounce_is_left_alone_and_is_no_failure(installation: Path) -> None:
    result = invoke(installation, "mail", "bounce", typed="Subject: hello\n\nhello\n")

    assert (result.exit_code, result.output) == (0, "不是永久退信的通知，不作处理。\n")


def test_a_forged_bounce_says_that_it_is_none_of_ours(installation: Path) -> None:
    result = invoke(installation, "mail", "bounce", typed=bounce_report().decode())

    assert result.exit_code == 0
    assert "没有发给该邮箱的这封邮件" in result.output
