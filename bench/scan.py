"""How long the morning takes over a million tasks, and how much memory, against a bare read of what it finds.

    python -m bench.scan [--tasks 1000000] [--database sqlite]

Of the tasks 15 % are open, and 2 % have something due today: a deadline that is near or past, a receipt that is
lacking, a submission that waits. Each has a lead and a partner, and for both of them it is due: of a million tasks
20,000 have something due, and the job decides 40,000 reminders. The figures are those of the job as the scheduler runs
it, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from datetime import date, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from bench.many import Size, fill
from taskboard.app import create_app
from taskboard.clock import SettableClock
from taskboard.domain.jobs import JobName
from taskboard.domain.local_time import at_local
from taskboard.jobs.runner import run_by_hand
from taskboard.services import jobs
from tests.support import databases
from tools.chaos.stage import ROOT, Stage, settings_of, stage
from tools.chaos.table import Row, print_table

TODAY = date(2026, 11, 25)
"""a Wednesday: the mails are no weekly digests"""
HALF_PAST_EIGHT = at_local(TODAY, time_of_day(8, 30))
DEPARTMENTS = 1000
MOST_SECONDS, MOST_MIB = 5.0, 300
KINDS = ("sqlite", "postgresql")
FOUND = """
    SELECT assignment.*, task.title, task.state, task.issued_at, plan.title, department.name, department.path
    FROM assignment JOIN task ON task.id = assignment.task_id JOIN plan ON plan.id = task.plan_id
    JOIN department ON department.id = assignment.department_id
    WHERE assignment.id IN (SELECT assignment_id FROM reminder WHERE decided_on = :today)
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scan", description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--database", choices=KINDS)
    parser.add_argument("--inside", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        print(json.dumps(run_inside(*arguments.inside)))
        return 0
    try:
        kinds = [arguments.database] if arguments.database else KINDS
        rows = [row for kind in kinds for row in measure(kind, arguments.tasks)]
    finally:
        databases.remove(databases.this_run())
    return print_table(rows)


def measure(kind: str, tasks: int) -> list[Row]:
    share = tasks // 100
    size = Size(tasks, open=15 * share, due=2 * share, late=share, near=2 * share, departments=DEPARTMENTS)
    with stage(kind) as play:
        started = time.perf_counter()
        fill(play.engine, size, TODAY)
        remember_digest(play)
        print(f"{kind}: filled in {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        seen = run_outside(play)
        floor = read_bare(play)
    seconds, mib = seen["seconds"], seen["mib"]
    return [
        Row(
            f"{kind}: the morning over {tasks:,} tasks",
            f"≤ {MOST_SECONDS:.0f} s",
            f"{seconds:.1f} s ({seen['cpu']:.1f} s of a processor) for {seen['found']:,} due, {seen['mails']:,} mails"
            f" ({seconds / floor:.0f} × a bare read of these rows: {floor:.2f} s)",
            seconds <= MOST_SECONDS,
        ),
        Row(f"{kind}: its memory", f"≤ {MOST_MIB} MiB", f"{mib} MiB", mib <= MOST_MIB),
    ]


def remember_digest(play: Stage) -> None:
    """The digest of this week went out on Monday."""
    monday = TODAY - timedelta(days=TODAY.weekday())
    with Session(play.engine) as session:
        then = at_local(monday, time_of_day(8, 30))
        jobs.record_run(session, job=JobName.MORNING_MAIL, epoch=1, now=then, facts={"is_digest": True})
        session.commit()


def run_outside(play: Stage) -> dict[str, Any]:
    """The job in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "bench.scan", "--inside", play.database_url, str(play.folder)]
    answer = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    seen: dict[str, Any] = json.loads(answer.stdout)
    return seen


def run_inside(database_url: str, folder: str) -> dict[str, Any]:
    app = create_app(settings_of(database_url, Path(folder), ""), clock=SettableClock(HALF_PAST_EIGHT))
    started, started_cpu = time.perf_counter(), time.process_time()
    facts: Any = run_by_hand(app, JobName.MORNING_MAIL, TODAY)
    return {
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - started_cpu,
        "mib": most_memory(),
        "found": facts["reminders"],
        "mails": facts["queued"],
    }


def most_memory() -> int:
    """The most memory this process ever held, in MiB.

    Not by ``ru_maxrss``: a new process takes that over from the one that started it, which has filled the database.
    """
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) // 1024


def read_bare(play: Stage) -> float:
    """Seconds for fetching the rows that the scan found, and nothing else."""
    engine = create_engine(play.database_url)
    with engine.connect() as connection:
        best = float("inf")
        for _ in range(3):
            started = time.perf_counter()
            connection.execute(text(FOUND), {"today": TODAY.isoformat()}).fetchall()
            best = min(best, time.perf_counter() - started)
    engine.dispose()
    return best


if __name__ == "__main__":
    sys.exit(main())
