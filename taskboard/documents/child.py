"""The process that reads files of strangers: its limits first, then one file, one JSON answer, and the end.

Started by ``isolation``; on standard input comes a line of JSON (what to do), then the file's bytes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from taskboard.documents.document import Document, DocumentError, DocumentProblem
from taskboard.documents.reader import read_document
from taskboard.documents.text import read_text
from taskboard.documents.wire import calendar_from_plain, to_json

Parse = Callable[[Document], Any]


def main() -> int:
    """Answer one request and give the exit code."""
    answer = _take_over_output()
    request = json.loads(sys.stdin.buffer.readline())
    # Modules are loaded before the limits are set: what they need is ours, what comes after is the file's.
    parse = _parser(request["calendar"]) if request["parse"] else None
    _limit_resources(memory=request["memory_bytes"], seconds=request["cpu_seconds"])
    with answer:
        answer.write(_answer(request, parse))
    return 0


def _answer(request: Mapping[str, Any], parse: Parse | None) -> bytes:
    try:
        data = sys.stdin.buffer.read()
        document = read_text(data.decode("utf-8")) if request["is_pasted"] else read_document(data)
        plan = parse(document) if parse else None
        return to_json({"document": document, "plan": plan})
    except DocumentError as error:
        facts = {name: value for name, value in error.facts.items() if name != "problem"}
        return to_json({"error": {"problem": error.problem, "facts": facts}})
    except (MemoryError, RecursionError):
        return to_json({"error": {"problem": DocumentProblem.TOO_COMPLEX, "facts": {}}})


def _parser(calendar: Mapping[str, Any] | None) -> Parse:
    from taskboard.domain.plan_parsing import parse_plan  # noqa: PLC0415 - not loaded when only blocks are asked for

    known = calendar_from_plain(calendar) if calendar else None
    return lambda document: parse_plan(document.blocks, calendar=known)


def _take_over_output() -> BinaryIO:
    """The pipe to the parent, out of reach of any library that prints."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return pipe


def _limit_resources(*, memory: int, seconds: int) -> None:
    """Memory beyond what the interpreter holds already, processor time, no files, no core dump."""
    if sys.platform == "win32":
        return  # no such limits there; the parent's clock still ends a reading that takes too long
    import resource  # noqa: PLC0415 - exists on Unix only

    _limit(resource.RLIMIT_AS, _held_bytes() + memory)
    # The first limit sends a signal that tells its reason, the second one ends the process in any case.
    _limit(resource.RLIMIT_CPU, seconds, last=seconds + 5)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)


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


if __name__ == "__main__":
    sys.exit(main())
