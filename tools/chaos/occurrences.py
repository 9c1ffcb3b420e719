"""Web workers and three schedulers beside each other, one day after the other: every occurrence is run, and once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from taskboard.domain.local_time import local_date
from tools.chaos.stage import ROOT, SECRET, START_SECONDS, Stage, stage, wait_for
from tools.chaos.table import Row

WORKERS = 4
SCHEDULERS = 3
AT = "03:10"
FIRST_DAY = datetime(2026, 3, 1, 19, 5, tzinfo=UTC)
"""five minutes before the first occurrence, in Shanghai"""
LONG, SHORT = 200, 6
RECORDED = "SELECT scheduled_for FROM job_run WHERE job = 'clean-up' AND state = 'done'"
DONE = "SELECT count(*) FROM job_run WHERE job = 'clean-up' AND state = 'done'"


def run(kind: str, *, is_short: bool) -> list[Row]:
    many = SHORT if is_short else LONG
    rows = []
    for option in ("--reload",) if is_short else ("", "--reload", "--preload"):
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
    late = 0
    for day in range(many):
        if option == "--reload" and day % 50 == 2:
            _reload(play, day)
        play.clock.set(FIRST_DAY + timedelta(days=day, minutes=10))
        try:
            wait_for(lambda day=day: play.value(DONE) > day, seconds=30)  # type: ignore[misc]
        except TimeoutError:
            late += 1
    marks = Counter(name for (name,) in play.rows("SELECT name FROM chaos_mark"))
    recorded = Counter(_day(at) for (at,) in play.rows(RECORDED))
    days = {local_date(FIRST_DAY + timedelta(days=day, minutes=10)).isoformat() for day in range(many)}
    twice = sum(count > 1 for count in (*marks.values(), *recorded.values()))
    missed = len(days - marks.keys() | days - recorded.keys())
    others = len(marks.keys() - days | recorded.keys() - days)
    not_done = play.value("SELECT count(*) FROM job_run WHERE state <> 'done'")
    if option == "--reload":
        wait_for(lambda: _count_loads(play) > WORKERS, seconds=START_SECONDS, what="the new workers")
    loads = _count_loads(play)
    wrong = {"late": late, "for other days": others, "not done": not_done, "without web": not _is_back(port)}
    return Row(
        f"{play.kind}: {WORKERS} workers {option or 'plain'}, {SCHEDULERS} schedulers",
        f"{many} runs, 0 twice, 0 missed",
        f"{marks.total()} runs, {twice} twice, {missed} missed; {loads} starts of web workers"
        + "".join(f"; {count:d} {words}" for words, count in wrong.items() if count),
        (twice, missed) == (0, 0) and not any(wrong.values()) and (loads > WORKERS) == (option == "--reload"),
    )


def _day(scheduled_for: str | datetime) -> str:
    """Its day in Shanghai; SQLite keeps moments as text, in UTC."""
    moment = datetime.fromisoformat(scheduled_for) if isinstance(scheduled_for, str) else scheduled_for
    return local_date(moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _reload(play: Stage, day: int) -> None:
    """Change a file that the web workers look at, until they begin anew: the next occurrence comes meanwhile.

    A worker that has just started takes the file for what it is then.
    """
    before = _log(play).count("Worker reloading")

    def is_noticed() -> bool:
        (play.folder / "reloaded.py").write_text(f"# {day}\n")
        return _log(play).count("Worker reloading") > before

    wait_for(is_noticed, seconds=START_SECONDS, what="a reload")


def _count_loads(play: Stage) -> int:
    return _log(play).count("Booting worker")


def _log(play: Stage) -> str:
    return (play.folder / "web.log").read_text()


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
            [*command, "--no-control-socket", *([option] if option else []), *more],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(lambda: _answers(port), seconds=START_SECONDS, what="the web")
        yield port
    finally:
        web.terminate()
        web.wait(timeout=60)


def _is_back(port: int) -> bool:
    """Whether the web answers in the end, after reloads too; a busy machine takes its time over them."""
    try:
        wait_for(lambda: _answers(port), seconds=START_SECONDS, what="the web")
    except TimeoutError:
        return False
    return True


def _answers(port: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            time.sleep(0.2)
    return False
