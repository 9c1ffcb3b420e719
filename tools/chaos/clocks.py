"""The machine's clock is set, the machine sleeps, the host lives in another zone: the next tick, and the instants."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime, timedelta

from tools.chaos.stage import START_SECONDS, Stage, stage, wait_for
from tools.chaos.table import Row

STEPS = {"+1 h": 3600, "−1 h": -3600, "+1 d": 86400, "−1 d": -86400, "+10 y": 3652 * 86400}
"""the last as of a machine whose clock begins anew at each start, until it hears the time"""
ZONES = ("UTC", "America/New_York", "Europe/Helsinki")
NEXT_TICK_SECONDS = 60
NOON = datetime(2026, 6, 10, 4, 0, tzinfo=UTC)
LAST_TICK = "SELECT coalesce(max(id), 0) FROM chaos_mark WHERE name = 'tick'"
CLOCK_STEPPED, SUSPENDED = "clock_stepped", "suspended"
EVENTS = "SELECT count(*) FROM scheduler_event WHERE kind = :kind"
TWICE = (
    "SELECT count(*) FROM (SELECT name FROM chaos_mark WHERE name <> 'tick' GROUP BY name HAVING count(*) > 1) AS twice"
)
INSTANTS = "SELECT scheduled_for FROM job_run WHERE job = 'clean-up' AND state = 'done' ORDER BY scheduled_for"


def run(kind: str, *, is_short: bool) -> list[Row]:
    steps = {words: STEPS[words] for words in ("−1 h", "+10 y")} if is_short else STEPS
    with stage(kind) as play:
        rows = _steps(play, steps, suspended=0 if is_short else 45)
    if not is_short:
        rows.append(_zones(kind))
    return rows


def _steps(play: Stage, steps: dict[str, int], *, suspended: int) -> list[Row]:
    play.clock.set(NOON)
    child = play.start(daily={"clean-up": "03:10"}, frequent={"seal-trail": 5}, heartbeat_seconds=1)
    wait_for(lambda: play.value(LAST_TICK), seconds=START_SECONDS, what="a first tick")
    rows = []
    for words, seconds in steps.items():
        before = _seen(play, CLOCK_STEPPED)
        play.clock.offset += seconds
        rows.append(_row(play, f"clock {words}", before, CLOCK_STEPPED))
    if suspended:
        before = _seen(play, SUSPENDED)
        child.send(signal.SIGSTOP)
        time.sleep(suspended)
        child.send(signal.SIGCONT)
        rows.append(_row(play, f"stood still {suspended} s", before, SUSPENDED))
    return rows


def _seen(play: Stage, event: str) -> tuple[int, int]:
    """The last tick, and how many such events are on record."""
    return play.value(LAST_TICK), play.value(EVENTS, kind=event)


def _row(play: Stage, words: str, before: tuple[int, int], event: str) -> Row:
    """How soon it ticks twice after that: the first tick may have been on its way."""
    last, events = before
    seconds = wait_for(lambda: play.value(LAST_TICK) >= last + 2, seconds=120, what="the next tick")
    wait_for(lambda: play.value(EVENTS, kind=event) > events, seconds=30, what=f"a record of {event}")
    twice = play.value(TWICE)
    return Row(
        f"{play.kind}: {words}",
        f"next tick ≤ {NEXT_TICK_SECONDS} s, 0 twice, on record",
        f"{seconds:.1f} s, {twice} twice, on record",
        seconds <= NEXT_TICK_SECONDS and twice == 0,
    )


def _zones(kind: str) -> Row:
    instants = {}
    for zone in ZONES:
        with stage(kind) as play:
            play.clock.set(NOON)
            child = play.start(daily={"clean-up": "03:10"}, tick_seconds=0.5, heartbeat_seconds=0.5, zone=zone)
            child.wait_until_up()
            for day in range(1, 4):
                play.clock.set(NOON + timedelta(days=day))
                wait_for(lambda day=day: len(play.rows(INSTANTS)) >= day, seconds=60)  # type: ignore[misc]
            instants[zone] = tuple(str(row[0])[:16] for row in play.rows(INSTANTS))
    return Row(
        f"{kind}: hosts in {', '.join(ZONES)}",
        "same instants",
        " / ".join(sorted({found[-1] for found in instants.values()})),
        len(set(instants.values())) == 1,
    )
