"""The README of the trials names each of them, and its commands are such as the program takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tools.chaos import __main__ as command
from tools.chaos.table import Row

README = Path(command.__file__).with_name("README.md")
COMMANDS = re.findall(r"`python -m tools\.chaos([^`]*)`", README.read_text())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, bool]]:
    """What would have been run; nothing is."""
    asked = []

    def run(name: str, kind: str, *, is_short: bool) -> list[Row]:
        asked.append((name, kind, is_short))
        return []

    monkeypatch.setattr(command, "run", run)
    return asked


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_of_the_readme_is_taken(words: str, asked: list[tuple[str, str, bool]]) -> None:
    assert command.main(shlex.split(words)) == 0
    assert asked


def test_the_readme_has_a_line_for_each_trial(asked: list[tuple[str, str, bool]]) -> None:
    alone = {words.strip() for words in COMMANDS}

    assert alone >= set(command.SCRIPTS)
    command.main([])
    assert {(name, kind) for name, kind, _ in asked} == {
        (name, kind) for name in command.SCRIPTS for kind in command.KINDS
    }


def test_a_trial_that_breaks_off_has_missed_its_figures_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        @staticmethod
        def run(kind: str, *, is_short: bool) -> list[Row]:
            if kind == "sqlite":
                raise TimeoutError("nobody took over")
            return [Row(kind, "0", "0", is_kept=True)]

    monkeypatch.setattr("tools.chaos.__main__.importlib.import_module", lambda _name: Broken)

    assert command.main(["leaders"]) == 1
    said = capsys.readouterr().out
    assert "nobody took over" in said
    assert "postgresql" in said
