"""``taskboard serve``, ``taskboard scheduler``: the web server and the scheduler, in one process or several."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import click
import waitress
from flask import Flask
from sqlalchemy import make_url
from waitress import wasyncore

from taskboard.cli.application import load_app, log_to_terminal
from taskboard.config import MailTransport, Settings
from taskboard.extensions import current_settings, effective_settings, read_session
from taskboard.jobs.scheduler import JobScheduler
from taskboard.labels.operating_system import reason_words
from taskboard.mail.transport import parse_smtp_url
from taskboard.services import setup

log = logging.getLogger(__name__)

THREADS = 8
BACKLOG = 1024
THREADS_PER_WORKER = 4
GRACE_SECONDS = 20
RESTART_PAUSES = (1, 2, 5, 15, 30)
"""seconds before the scheduler's process is started anew, growing while it keeps failing"""
STEADY_SECONDS = 120
LAST_PORT = 65535

host_option = click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址。")
port_option = click.option(
    "--port", type=click.IntRange(1, LAST_PORT), default=8000, show_default=True, help="监听的端口。"
)


@click.command()
@host_option
@port_option
@click.option(
    "--workers", type=click.IntRange(1, 64), default=None, help="用 gunicorn 开这么多个进程，调度程序另成一个进程。"
)
def serve(host: str, port: int, workers: int | None) -> None:
    """启动网站和定时作业。"""
    log_to_terminal()
    app = load_app()
    # Found out before anything starts: gunicorn would say it in its own words, five times.
    listen(host, port).close()
    with app.app_context():
        click.echo("\n".join(installation_words(effective_settings(), host, port)))
    announce_set_up(app, host, port)
    if workers is None:
        run_in_one_process(app, host, port)
    else:
        run_in_many_processes(host, port, workers)


def installation_words(settings: Settings, host: str, port: int) -> list[str]:
    """Where the site is, on which database it stands, and by which server mails go; without passwords."""
    mail = {MailTransport.NONE: "没有设置，邮件留在发件箱里", MailTransport.MAILBOX: "不发出，显示在页面上"}
    words = mail.get(settings.mail_transport, "")
    if settings.mail_transport is MailTransport.SMTP and settings.smtp_url:
        server = parse_smtp_url(settings.smtp_url)
        words = f"{server.scheme}://{server.host}:{server.port}"
    return [
        f"网站：http://{host}:{port}（对外地址 {settings.public_url}）",
        f"数据库：{make_url(settings.database_url).render_as_string(hide_password=True)}",
        f"邮件服务器：{words}",
    ]


def announce_set_up(app: Flask, host: str, port: int) -> None:
    """While there is no account, say where to set everything up, with the code that keeps strangers out."""
    with app.app_context():
        if setup.is_open(read_session()):
            code = setup.setup_code(current_settings().secret_key)
            click.echo(
                f"还没有账号。请在浏览器打开 http://{host}:{port}/setup?code={code} 完成首次设置（设置码 {code}）。"
            )


@click.command()
def scheduler() -> None:
    """只启动定时作业；网站另外启动时用。"""
    log_to_terminal()
    ending = Ending()
    job_scheduler = JobScheduler(load_app(), on_fatal=ending.fail)
    with ending.raised_on_signals():
        job_scheduler.start()
        threading.Event().wait()
    finish(job_scheduler, ending.code)


def web_application() -> Flask:
    """What gunicorn's workers serve."""
    return load_app()


# One process


def run_in_one_process(app: Flask, host: str, port: int, *, announce: Callable[[], None] = lambda: None) -> NoReturn:
    """Serve with waitress, the scheduler beside it in threads, until told to stop; never returns."""
    server = waitress.create_server(
        app,
        sockets=[listen(host, port)],
        threads=THREADS,
        ident=None,
        # It would take the headers of proxies away; which of them count is for the application to say.
        clear_untrusted_proxy_headers=False,
    )
    ending = Ending()
    job_scheduler = JobScheduler(app, on_fatal=ending.fail)
    with ending.raised_on_signals():
        job_scheduler.start()
        announce()
        # It ends on SystemExit, after the requests at work.
        server.run()
    server.close()
    # Their answers are still to be written: nobody else turns this loop any more.
    wasyncore.loop(timeout=0.1, map=server._map, count=5)
    finish(job_scheduler, ending.code)


def listen(host: str, port: int) -> socket.socket:
    """The socket to serve on; ends the command where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise click.ClickException(
            f"不能在 {host}:{port} 上监听（{reason_words(error)}）。请用 --port 换一个端口。"
        ) from None


def finish(job_scheduler: JobScheduler, code: int) -> NoReturn:
    """Stop the scheduler and end the process, without waiting for ever for a mail server that hangs."""
    is_idle = job_scheduler.stop()
    log.info("stopped")
    if not is_idle:
        os._exit(code)
    sys.exit(code)


class Ending:
    """How and why this process ends: told to (0), or because it cannot go on (1)."""

    def __init__(self) -> None:
        self.code = 0

    def fail(self) -> None:
        """End from any thread, so that the service manager starts the process anew."""
        self.code = 1
        os.kill(os.getpid(), signal.SIGTERM)

    @contextmanager
    def raised_on_signals(self) -> Iterator[None]:
        """Within it SIGTERM and SIGINT raise ``SystemExit`` in the main thread; leaving it, the exit is caught."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            raise SystemExit(self.code)

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        except SystemExit:
            pass
        finally:
            for number in before:
                # A second signal must not interrupt the end.
                signal.signal(number, signal.SIG_IGN)


# Several processes


def run_in_many_processes(host: str, port: int, workers: int) -> NoReturn:
    """Watch over gunicorn and the scheduler's process until told to stop, or until gunicorn ends; never returns."""
    ending = Ending()
    web = subprocess.Popen(_gunicorn(host, port, workers))
    keeper = Keeper([sys.executable, "-m", "taskboard", "scheduler"])
    with ending.raised_on_signals():
        while web.poll() is None:
            keeper.look_after()
            time.sleep(0.5)
    _end([process for process in (web, keeper.process) if process is not None])
    # gunicorn ends by itself only where it cannot go on, such as when its port is taken.
    sys.exit(ending.code or max(web.returncode, 0))


def _gunicorn(host: str, port: int, workers: int) -> list[str]:
    settings = {
        "bind": f"{host}:{port}",
        "workers": workers,
        "worker-class": "gthread",
        "threads": THREADS_PER_WORKER,
        "graceful-timeout": GRACE_SECONDS // 2,
    }
    options = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
    # Without its control socket, which two installations of one user would share.
    return [sys.executable, "-m", "gunicorn", *options, "--no-control-socket", "taskboard.cli.serve:web_application()"]


class Keeper:
    """Keeps one process running: one that ended is started anew, after a pause that grows while it keeps failing."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._failures = 0
        self._start_at = time.monotonic()
        self._started_at = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def look_after(self) -> None:
        now = time.monotonic()
        if self.process is None:
            if now >= self._start_at:
                self.process = subprocess.Popen(self._command)
                self._started_at = now
            return
        code = self.process.poll()
        if code is None:
            return
        is_steady = now - self._started_at > STEADY_SECONDS
        self._failures = 0 if is_steady else min(self._failures + 1, len(RESTART_PAUSES) - 1)
        self._start_at = now + RESTART_PAUSES[self._failures]
        self.process = None
        log.warning("the scheduler ended with %s; it is started again in %s s", code, RESTART_PAUSES[self._failures])


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for process in processes:
        try:
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("process %s does not end and is killed", process.pid)
            process.kill()
            process.wait()
