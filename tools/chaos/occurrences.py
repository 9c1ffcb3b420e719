"""Web workers and three schedulers beside each other, one day after the other: every occurrence is run, and once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tools.chaos.stage import ROOT, SECRET, START_SECONDS, Stage, stage, wait_for
from tools.chaos.table import Row

WORKERS = 4
SCHEDULERS = 3
AT = "03:10"
FIRST_DAY = datetime(2026, 3, 1, 19, 5, tzinfo=UTC)
"""five minutes before the first occurrence, in Shanghai"""
LONG, SHORT = 200, 6
DONE = "SELECT count(*) FROM job_run WHERE job = 'clean-up' AND state = 'done'"


def run(kind: str, *, is_short: bool) -> list[Row]:
    many = SHORT if is_short else LONG
    rows = []
    for option in ("--reload",) if is_short else ("--reload", "--preload"):
        with stage(kind) as play, workers(play, option) as port:
            rows.append(_row(play, many, option, port))
    return rows


def _row(play: Stage, many: int, option: str, port: int) -> Row:
    play.clock.set(FIRST_DAY)
    children = [
        play.start(daily={"clean-up": AT}, tick_seconds=0.3, heartbeat_seconds=0.5, silence_seconds=4)
        for _ in range(SCHEDULERS)
    ]
    for child in children:
        child.wait_until_up()
    wait_for(lambda: play.leader()[0], seconds=60, what="a leader")
    missed = 0
    for day in range(many):
        if option == "--reload" and day % 50 == 2:
            (play.folder / "reloaded.py").write_text(f"# {day}\n")
        play.clock.set(FIRST_DAY + timedelta(days=day, minutes=10))
        try:
            wait_for(lambda day=day: play.value(DONE) > day, seconds=30)  # type: ignore[misc]
        except TimeoutError:
            missed += 1
    runs = play.value("SELECT count(*) FROM chaos_mark")
    twice = play.value("SELECT count(*) FROM (SELECT name FROM chaos_mark GROUP BY name HAVING count(*) > 1) AS twice")
    skipped = play.value("SELECT count(*) FROM job_run WHERE state <> 'done'")
    is_kept = runs == many and twice == 0 and skipped == 0 and missed == 0 and _answers(port)
    return Row(
        f"{play.kind}: {WORKERS} workers {option}, {SCHEDULERS} schedulers",
        f"{many} runs, 0 twice, 0 missed",
        f"{runs} runs, {twice} twice, {skipped + missed} missed",
        is_kept,
    )


@contextmanager
def workers(play: Stage, option: str) -> Iterator[int]:
    """gunicorn with the application as ``wsgi:app``; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    extra = play.folder / "reloaded.py"
    extra.write_text("")
    more = ["--reload-extra-file", str(extra)] if option == "--reload" else []
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TASKBOARD_SECRET_KEY": SECRET,
        "TASKBOARD_INSTANCE": str(play.folder),
        "TASKBOARD_DATABASE_URL": play.database_url,
    }
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS)]
    with (Path(play.folder) / "web.log").open("wb") as log:
        web = subprocess.Popen(
            [*command, "--no-control-socket", option, *more], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        wait_for(lambda: _answers(port), seconds=START_SECONDS, what="the web")
        yield port
    finally:
        web.terminate()
        web.wait(timeout=60)


def _answers(port: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            time.sleep(0.2)
    return False
