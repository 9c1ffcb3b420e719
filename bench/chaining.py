"""What the chain over the trail costs those who write beside it.

    python -m bench.chaining [--inserts 300] [--database sqlite]

Writers insert one entry a transaction, in blocks of which every second has a process beside it that seals without a
pause, which is harder than in the product, where it seals once a minute. Figures are of one run, both sides in turn.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.synchronize import Event

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from taskboard.domain.history import Change, Subject
from taskboard.extensions import IS_WRITING
from taskboard.services import trail
from taskboard.services.history import record_change
from tests.support import databases
from tools.chaos.stage import START_SECONDS, Stage, engine_of, stage, wait_for
from tools.chaos.table import Row, print_table

KINDS = ("sqlite", "postgresql")
BLOCKS = 6
LONGEST_WAIT = 1.0
"""of a writer for the chain, in times of what the insert takes"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.chaining", description=__doc__)
    parser.add_argument("--inserts", type=int, default=300, help="of a block")
    parser.add_argument("--database", choices=KINDS)
    chosen = parser.parse_args()
    try:
        kinds = [chosen.database] if chosen.database else KINDS
        rows = [measure_writers(kind, chosen.inserts) for kind in kinds]
    finally:
        databases.remove(databases.this_run())
    return print_table(rows)


def measure_writers(kind: str, inserts: int) -> Row:
    """How much longer an insert takes while the chain is sealed beside it."""
    alone: list[float] = []
    beside: list[float] = []
    with stage(kind) as play, sealing(play) as may_seal:
        write_entries(play.engine, inserts)
        may_seal.set()
        wait_for(lambda: play.value("SELECT count(*) FROM history_seal"), seconds=START_SECONDS, what="the first seal")
        for _ in range(BLOCKS):
            may_seal.set()
            beside += write_entries(play.engine, inserts)
            may_seal.clear()
            time.sleep(0.5)
            alone += write_entries(play.engine, inserts)
        sealed = play.value("SELECT count(*) FROM history_seal")
    waits = {part: _at(beside, part) / _at(alone, part) - 1 for part in (50, 95)}
    seen = ", ".join(f"p{part} {_at(alone, part) * 1000:.1f} → {_at(beside, part) * 1000:.1f} ms" for part in waits)
    return Row(
        f"{kind}: {BLOCKS * inserts} inserts beside the chain",
        f"the wait is at most {LONGEST_WAIT:g} insert",
        f"{seen}; {sealed} sealed",
        sealed > 0 and max(waits.values()) <= LONGEST_WAIT,
    )


def write_entries(engine: Engine, number: int) -> list[float]:
    """Seconds of each of so many transactions with one entry."""
    seconds = []
    for one in range(number):
        begun = time.perf_counter()
        with Session(engine) as session:
            session.connection(execution_options={IS_WRITING: True})
            record_change(
                session,
                subject=Subject.SETTING,
                subject_id=None,
                act=Change.CHANGED,
                actor=None,
                now=datetime.now(UTC),
                entrance="bench",
                after={"number": one},
            )
            session.commit()
        seconds.append(time.perf_counter() - begun)
    return seconds


@contextmanager
def sealing(play: Stage) -> Iterator[Event]:
    """A process that seals while the event is set."""
    context = multiprocessing.get_context("spawn")
    may_seal, is_over = context.Event(), context.Event()
    process = context.Process(target=seal, args=(play.database_url, may_seal, is_over))
    process.start()
    try:
        yield may_seal
    finally:
        is_over.set()
        may_seal.set()
        process.join(30)


def seal(database_url: str, may_seal: Event, is_over: Event) -> None:
    """Seal one portion after the other, as the job does, but without ever resting."""
    engine, last_id = engine_of(database_url), None
    while may_seal.wait() and not is_over.is_set():
        with Session(engine) as session:
            session.connection(execution_options={IS_WRITING: True})
            last_id = trail.seal_next(session, now=datetime.now(UTC), after_id=last_id).last_id
            session.commit()
    engine.dispose()


def _at(seconds: list[float], part: int) -> float:
    return statistics.quantiles(seconds, n=100)[part - 1]


if __name__ == "__main__":
    raise SystemExit(main())
