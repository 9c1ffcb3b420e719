"""The leader is killed, or stopped and continued, again and again: who follows, how soon, and who still writes."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from tools.chaos.stage import START_SECONDS, Child, Stage, is_write_locked, stage, wait_for
from tools.chaos.table import Row

TAKEOVER_SECONDS = 15
LAST_MARK = "SELECT max(at) FROM chaos_mark WHERE epoch = :epoch"
FIRST_MARK = "SELECT min(at) FROM chaos_mark WHERE epoch > :epoch"
WRITES_OF_OLD_EPOCHS = """
    SELECT count(*) FROM chaos_mark AS late
    WHERE EXISTS (SELECT 1 FROM chaos_mark AS earlier WHERE earlier.id < late.id AND earlier.epoch > late.epoch)
"""
LATEST = "SELECT coalesce(max(id), 0) FROM chaos_mark"


@dataclass(frozen=True)
class Form:
    kills: int
    stops: int
    stopped_seconds: float
    schedulers: int = 4
    heartbeat_seconds: float = 2.0
    silence_seconds: float = 8.0


LONG = Form(kills=50, stops=10, stopped_seconds=60)
SHORT = Form(kills=1, stops=1, stopped_seconds=3, schedulers=2, heartbeat_seconds=0.3, silence_seconds=1.2)


class Trial:
    """Some schedulers that write as long as they may."""

    def __init__(self, play: Stage, form: Form) -> None:
        self.play, self.form = play, form
        self.children: dict[int, Child] = {}
        self.takeovers: list[float] = []
        self.stopped_while_writing = 0
        for _ in range(form.schedulers):
            self._add()
        wait_for(lambda: self.leading() is not None, seconds=START_SECONDS, what="a first leader")

    def _add(self) -> None:
        child = self.play.start(
            writer="seal-trail",
            heartbeat_seconds=self.form.heartbeat_seconds,
            silence_seconds=self.form.silence_seconds,
        )
        self.children[child.pid] = child

    def leading(self) -> tuple[int, int] | None:
        """The leader's process and epoch, once it has written something in it."""
        pid, epoch = self.play.leader()
        is_writing = pid in self.children and self.play.value(LAST_MARK, epoch=epoch) is not None
        return (pid, epoch) if is_writing else None

    def _wait_for_heir(self, epoch: int, since: float) -> None:
        wait_for(lambda: self.play.value(FIRST_MARK, epoch=epoch) is not None, seconds=90, what="a takeover")
        self.takeovers.append(self.play.value(FIRST_MARK, epoch=epoch) - since)

    def _let_watch(self) -> None:
        """A candidate has to be up and to have seen the leader: it is the takeover that is measured, not its start."""
        wait_for(lambda: self._count_up() >= 2, seconds=START_SECONDS, what="the start of a candidate")
        time.sleep(2 * self.form.heartbeat_seconds + 0.2)

    def _count_up(self) -> int:
        return sum(child.is_up for child in self.children.values())

    def kill(self) -> None:
        self._let_watch()
        leading = self.leading()
        assert leading is not None
        pid, epoch = leading
        killed_at = time.time()
        self.children.pop(pid).kill()
        self._add()
        self._wait_for_heir(epoch, killed_at)

    def stop(self) -> None:
        """Stop the leader, see another take over, let it go on; it must write nothing in its old epoch."""
        self._let_watch()
        leading = self.leading()
        assert leading is not None
        pid, epoch = leading
        stopped_at = self._stop_between_writes(pid)
        self._wait_for_heir(epoch, stopped_at)
        time.sleep(max(0.0, self.form.stopped_seconds - (time.time() - stopped_at)))
        self.children[pid].send(signal.SIGCONT)
        time.sleep(4 * self.form.heartbeat_seconds)
        assert self.children[pid].exit_code is None, "the one that was stopped did not go on"

    def _stop_between_writes(self, pid: int) -> float:
        """On SQLite whoever is stopped within a writing transaction keeps the file's only lock: that is counted."""
        while True:
            self.children[pid].send(signal.SIGSTOP)
            stopped_at = time.time()
            if not is_write_locked(self.play):
                return stopped_at
            self.stopped_while_writing += 1
            self.children[pid].send(signal.SIGCONT)
            time.sleep(0.37)


def run(kind: str, *, is_short: bool) -> list[Row]:
    form = SHORT if is_short else LONG
    with stage(kind) as play:
        trial = Trial(play, form)
        for _ in range(form.kills):
            trial.kill()
        by_kill = max(trial.takeovers)
        trial.takeovers.clear()
        for _ in range(form.stops):
            trial.stop()
        by_stop = max(trial.takeovers)
        late, total = play.value(WRITES_OF_OLD_EPOCHS), play.value(LATEST)
        seen_stop = f"{by_stop:.1f} s"
        if trial.stopped_while_writing:
            seen_stop += f" ({trial.stopped_while_writing} stops within a write were repeated)"
    limit = f"takeover ≤ {TAKEOVER_SECONDS} s"
    return [
        Row(f"{kind}: leader killed ×{form.kills}", limit, f"{by_kill:.1f} s", by_kill <= TAKEOVER_SECONDS),
        Row(
            f"{kind}: leader stopped {form.stopped_seconds:.0f} s and continued ×{form.stops}",
            limit,
            seen_stop,
            by_stop <= TAKEOVER_SECONDS,
        ),
        Row(f"{kind}: writes of an old epoch", "0", f"{late} of {total}", late == 0),
    ]
