"""What a process that touches files of strangers may use: memory, processor time, a clock, no network, no programs."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

REFUSED_EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "pty.")
"""audit events (Python's list of what programs do) that reading a file never needs"""


def limit_resources(*, memory: int, seconds: float) -> None:
    """From here on: ``memory`` bytes beyond what is held, ``seconds`` of processor time, no files, no core dump."""
    if sys.platform == "win32":
        return  # no such limits there; the parent's clock still ends a reading that takes too long
    import resource  # noqa: PLC0415 - exists on Unix only

    _limit(resource.RLIMIT_AS, _held_bytes() + memory)
    # The first limit sends a signal that tells its reason, the second one ends the process in any case.
    whole_seconds = max(1, round(seconds))
    _limit(resource.RLIMIT_CPU, whole_seconds, last=whole_seconds + 5)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)


def limit_time(seconds: float) -> None:
    """End this process by the system's clock, whatever it is busy with."""
    if sys.platform != "win32":
        # Zero would switch the clock off.
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))


def forbid_network_and_programs() -> None:
    """Let this process open no connection and start no program any more; cannot be taken back."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: object) -> None:
    if event.startswith(REFUSED_EVENTS):
        raise PermissionError(f"{event} while reading a file")


def _limit(kind: int, value: int, *, last: int | None = None) -> None:
    """Lower one limit; what the system limits more strictly already stays as it is."""
    import resource  # noqa: PLC0415 - exists on Unix only

    _, ceiling = resource.getrlimit(kind)
    hard = value if last is None else last
    if ceiling != resource.RLIM_INFINITY:
        hard = min(hard, ceiling)
    resource.setrlimit(kind, (min(value, hard), hard))


def _held_bytes() -> int:
    """Address space of this process now; 0 where the system does not tell, so that the limit is the stricter one."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
