"""The command: run one script or all of them, on one database or both."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from collections.abc import Sequence

from tests.support import databases
from tools.chaos.table import Row, print_table

SCRIPTS = ("occurrences", "leaders", "senders", "downtime", "clocks", "outages", "servers", "weeks", "backlog")
KINDS = ("sqlite", "postgresql")


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__)
    parser.add_argument("script", nargs="*", help=f"any of {', '.join(SCRIPTS)}; without one, all")
    parser.add_argument("--short", action="store_true", help="the form that the test suite runs")
    parser.add_argument("--database", choices=KINDS, help="only on this one")
    arguments = parser.parse_args(words)
    if unknown := set(arguments.script) - set(SCRIPTS):
        parser.error(f"no such script: {', '.join(sorted(unknown))}")
    databases.remove_left_behind()
    try:
        rows = [
            row
            for name in arguments.script or SCRIPTS
            for kind in ([arguments.database] if arguments.database else KINDS)
            for row in run(name, kind, is_short=arguments.short)
        ]
    finally:
        databases.remove(databases.this_run())
    print()
    return print_table(rows)


def run(name: str, kind: str, *, is_short: bool) -> list[Row]:
    """The rows of one script on one database, told at once; one that breaks off has missed its figures."""
    started = time.monotonic()
    try:
        rows: list[Row] = importlib.import_module(f"tools.chaos.{name}").run(kind, is_short=is_short)
    except Exception as error:
        traceback.print_exc()
        rows = [Row(f"{kind}: {name}", "comes to its end", f"{type(error).__name__}: {str(error)[:200]}", False)]
    print(f"{name} on {kind}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    print_table(rows)
    return rows


if __name__ == "__main__":
    sys.exit(main())
