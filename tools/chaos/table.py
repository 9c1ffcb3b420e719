"""The table that a script prints: what was tried, the figure it must keep, and what was seen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. ``is_kept`` is ``None`` where it could not be tried, with the reason in ``seen``."""

    test: str
    figure: str
    seen: str
    is_kept: bool | None


def print_table(rows: list[Row]) -> int:
    """Print it; the exit code: 1 when a figure is missed."""
    marks = {True: "kept", False: "MISSED", None: "not tried"}
    cells = [("test", "figure", "seen", "")] + [(row.test, row.figure, row.seen, marks[row.is_kept]) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip(), flush=True)
    return 1 if any(row.is_kept is False for row in rows) else 0
