"""How long the weekly digests of ten thousand people take to be composed and queued, against a bare copy of their rows.

    python -m bench.digests [--people 10000] [--database sqlite]

Each department has a head and a liaison, and on average eight assignments that are open.
"""

from __future__ import annotations

import argparse
import sys
import time

from sqlalchemy import text

from bench.many import Size, fill
from bench.scan import KINDS, TODAY, run_outside
from tests.support import databases
from tools.chaos.stage import Stage, stage
from tools.chaos.table import Row, print_table

MOST_SECONDS = 20.0
COPY = "CREATE TABLE bench_copy AS SELECT * FROM outbox_message"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.digests", description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--database", choices=KINDS)
    arguments = parser.parse_args()
    try:
        kinds = [arguments.database] if arguments.database else KINDS
        rows = [measure(kind, arguments.people) for kind in kinds]
    finally:
        databases.remove(databases.this_run())
    return print_table(rows)


def measure(kind: str, people: int) -> Row:
    departments = people // 2
    tasks = people * 4
    size = Size(tasks, open=tasks // 2, due=tasks // 20, late=tasks // 20, near=tasks // 10, departments=departments)
    with stage(kind) as play:
        fill(play.engine, size, TODAY)
        # No digest went out this week, so that this morning's mails are the digests.
        seen = run_outside(play)
        floor = copy_bare(play)
    return Row(
        f"{kind}: weekly digests of {people:,} people",
        f"≤ {MOST_SECONDS:.0f} s",
        f"{seen['seconds']:.1f} s ({seen['cpu']:.1f} s of a processor) for {seen['mails']:,} mails, {seen['mib']} MiB"
        f" ({seen['seconds'] / floor:.0f} × a bare copy of their rows: {floor:.2f} s)",
        seen["seconds"] <= MOST_SECONDS,
    )


def copy_bare(play: Stage) -> float:
    """Seconds for writing the same rows once more, without indexes."""
    started = time.perf_counter()
    with play.engine.begin() as connection:
        connection.execute(text(COPY))
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
