"""The scripts of ``tools/chaos`` in their short forms; ``python -m tools.chaos`` runs the long ones."""

from __future__ import annotations

import gc
import importlib
import warnings
from typing import Any

import pytest

from tools.chaos.__main__ import KINDS, SCRIPTS
from tools.chaos.table import Row, print_table

TRIALS = [(script, kind) for script in SCRIPTS for kind in KINDS]


@pytest.mark.parametrize(("script", "kind"), TRIALS)
def test_the_engine_stands_it(script: str, kind: str) -> None:
    trial: Any = importlib.import_module(f"tools.chaos.{script}")

    with warnings.catch_warnings():
        # Connections to a database that is taken away, or of a trial that is over, are closed by whoever finds them.
        warnings.simplefilter("ignore", ResourceWarning)
        rows: list[Row] = trial.run(kind, is_short=True)
        # What is left is found here, and not in the middle of another test.
        gc.collect()

    assert [row for row in rows if not row.is_kept] == []


def test_a_missed_figure_ends_the_command_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [Row("a", "0", "0", is_kept=True), Row("b", "0", "1", is_kept=False), Row("c", "0", "no room", is_kept=None)]

    assert print_table(rows) == 1
    assert print_table([rows[0], rows[2]]) == 0
    assert "MISSED" in capsys.readouterr().out
