"""How fast the pages are: against a minimal page that runs the same SQL, and at 100,000 tasks against 10,000.

    python -m bench.pages [--tasks 100000] [--requests 60]

Each figure is a ratio measured in one run, requests in turn, two web processes on each side. The SQL of the floor is
recorded from the real page, so nothing is compared with a page that asks for less.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import flask_migrate
from sqlalchemy import event, select

from bench.seed import PASSWORD, fill
from taskboard.app import create_app
from taskboard.config import Settings
from taskboard.extensions import db
from taskboard.models import HistoryEntry

SECRET = "bench-secret-key-that-is-long-enough-for-the-check"
WEB_PROCESSES = 2
AIM = 3.0
GROWTH_AIM = 1.2


REPORT_ADDRESS = "/tasks/1/assignments/1/report"
REPORT = {"done": "已完成方案起草。", "percent": "50"}
REQUESTS: dict[str, Any] = {
    "waiting": ("chen", "/waiting", None),
    "overdue": ("chen", "/overdue", None),
    "task": ("liaison9", "/tasks/1", None),
    "my-tasks": ("liaison9", "/my-tasks", None),
    "report": ("liaison9", REPORT_ADDRESS, REPORT),
}
"""page → who asks, address, form"""


class Browser:
    """A signed-in client on one kept-open connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}

    def request(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is None:
            self.connection.request("GET", path, headers=headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            self.connection.request("POST", path, body=urlencode(form), headers=headers)
        response = self.connection.getresponse()
        for header in response.headers.get_all("Set-Cookie") or []:
            name, _, value = header.split(";")[0].partition("=")
            self.cookies[name] = value
        return response.status, response.read().decode()

    def sign_in(self, username: str) -> None:
        form = {"username": username, "password": PASSWORD}
        status, _ = self.request("/sign-in", form | hidden_fields(self.request("/sign-in")[1]))
        if status != 302:
            raise SystemExit(f"sign-in of {username} answered {status}")


def hidden_fields(html: str, *, action: str = "") -> dict[str, str]:
    """The hidden inputs of the form whose action ends with ``action`` (of the first form when empty)."""
    forms: list[str] = re.findall(r"<form\b.*?</form>", html, re.S)
    for form in forms:
        head = form[: form.index(">")]
        if not action or f'{action}"' in head:
            return dict(re.findall(r'<input name="([^"]+)" type="hidden" value="([^"]*)"', form))
    raise SystemExit(f"no form {action} in the page")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(module: str, environment: dict[str, str]) -> Iterator[int]:
    """A gunicorn with two processes, as an office runs it; gives the port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--workers", str(WEB_PROCESSES), "--threads", "4"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning", module]
    process = subprocess.Popen(command, env=os.environ | environment)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def build(folder: Path, tasks: int) -> Path:
    """A migrated database with so many tasks; its path."""
    path = folder / f"{tasks}.db"
    app = create_app(settings(path))
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
    fill(f"sqlite:///{path}", tasks)
    return path


def settings(path: Path) -> Settings:
    return Settings(secret_key=SECRET, instance_dir=path.parent, database_url=f"sqlite:///{path}")


def record(path: Path, requests: dict[str, Any]) -> dict[str, Any]:
    """The SQL that each page runs, taken from the application itself."""
    app = create_app(settings(path))
    app.config["WTF_CSRF_ENABLED"] = False
    pages: dict[str, list[Any]] = {}
    statements: list[Any] = []
    with app.app_context():

        @event.listens_for(db.engine, "before_cursor_execute")
        def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
            statements.append(
                [statement, [str(value) if hasattr(value, "isoformat") else value for value in parameters]]
            )

        @event.listens_for(db.engine, "commit")
        def commit(_connection: Any) -> None:
            statements.append(["COMMIT", []])

        @event.listens_for(db.engine, "rollback")
        def rollback(_connection: Any) -> None:
            statements.append(["ROLLBACK", []])

    for name, (username, path_, form) in requests.items():
        client = app.test_client()
        client.post("/sign-in", data={"username": username, "password": PASSWORD})
        statements.clear()
        answer = (
            client.get(path_) if form is None else client.post(path_, data=form | {"request_key": uuid.uuid4().hex})
        )
        if answer.status_code not in {200, 302, 303}:
            raise SystemExit(f"{name}: {path_} answered {answer.status_code}")
        pages[name] = list(statements)
    with app.app_context():
        # As it was stored, for the real page stores a hash of what the form sends.
        fresh = db.session.scalar(select(HistoryEntry.request_key).order_by(HistoryEntry.id.desc()).limit(1))
        db.session.remove()
        db.engine.dispose()
    return {"fresh": fresh, "pages": pages}


def measure(real: Browser, floor: Browser, requests: dict[str, Any], count: int) -> dict[str, tuple[float, float]]:
    """Median milliseconds of each page and of its floor, asked in turn."""
    figures = {}
    for name, (username, path, form) in requests.items():
        real.cookies.clear()
        real.sign_in(username)
        pairs = []
        fields = None if form is None else hidden_fields(real.request("/tasks/1")[1], action=path)
        for number in range(count + 5):
            body = None if form is None else form | (fields or {}) | {"request_key": uuid.uuid4().hex}
            pair = (timed(real, path, body), timed(floor, f"/{name}", None if form is None else {}))
            if number >= 5:
                pairs.append(pair)
        figures[name] = (statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs))
    return figures


def timed(browser: Browser, path: str, form: dict[str, str] | None) -> float:
    start = time.perf_counter()
    status, _ = browser.request(path, form)
    if status not in {200, 302, 303}:
        raise SystemExit(f"{path} answered {status}")
    return (time.perf_counter() - start) * 1000


def grow(small: Browser, large: Browser, count: int) -> float:
    """How many times slower the first page of the overdue list is with more tasks; the two asked in turn."""
    for browser in (small, large):
        browser.cookies.clear()
        browser.sign_in("chen")
    pairs = [(timed(small, "/overdue", None), timed(large, "/overdue", None)) for _ in range(count + 5)][5:]
    return statistics.median(b for _, b in pairs) / statistics.median(a for a, _ in pairs)


@contextmanager
def product(path: Path) -> Iterator[Browser]:
    environment = {"TASKBOARD_SECRET_KEY": SECRET, "TASKBOARD_DATABASE_URL": f"sqlite:///{path}"}
    with served("wsgi:app", environment) as port:
        yield Browser(port)


def run(folder: Path, tasks: int, count: int) -> tuple[dict[str, tuple[float, float]], float]:
    """Milliseconds of each page and of its floor, and the growth of the overdue list."""
    small, large = build(folder, tasks // 10), build(folder, tasks)
    recorded = folder / "recorded.json"
    recorded.write_text(json.dumps(record(large, REQUESTS), ensure_ascii=False), encoding="utf-8")
    floor_environment = {"BENCH_FLOOR": str(recorded), "BENCH_DATABASE": str(large)}
    with product(large) as page, served("bench.floor:app", floor_environment) as floor_port:
        figures = measure(page, Browser(floor_port), REQUESTS, count)
    with product(small) as fewer, product(large) as more:
        return figures, grow(fewer, more, count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=60)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="taskboard-bench-"))
    try:
        figures, growth = run(folder, options.tasks, options.requests)
    finally:
        shutil.rmtree(folder)
    tasks, fewer = f"{options.tasks:,}", f"{options.tasks // 10:,}"
    print(f"{tasks} tasks, 300 departments, {WEB_PROCESSES} web processes; median of {options.requests} requests")
    print(f"{'page':10s} {'ms':>8s} {'floor ms':>9s} {'ratio':>6s} {'aim':>5s}")
    for name, (page, floor) in figures.items():
        print(f"{name:10s} {page:8.1f} {floor:9.1f} {page / floor:6.2f} {AIM:5.1f}")
    print(f"overdue, first page, {tasks} against {fewer} tasks: {growth:.2f} (aim {GROWTH_AIM})")


if __name__ == "__main__":
    main()
