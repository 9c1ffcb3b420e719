"""What a reading process may no longer do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = str(Path(__file__).parents[2])


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-c", f"from taskboard.documents.limits import *\n{code}"],
        env={"PYTHONPATH": PACKAGE},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    "act",
    [
        "import socket; socket.socket()",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.execv('/bin/true', ['true'])",
    ],
)
def test_no_connection_is_opened_and_no_program_started(act: str) -> None:
    result = run(f"forbid_network_and_programs()\n{act}\nprint('done')")

    assert "while reading a file" in result.stderr
    assert "done" not in result.stdout


def test_memory_is_limited() -> None:
    result = run("limit_resources(memory=50_000_000, seconds=5)\nbytes(10_000_000); print('some')\nbytes(60_000_000)")

    assert result.stdout == "some\n"
    assert "MemoryError" in result.stderr


def test_nothing_is_written(tmp_path: Path) -> None:
    target = tmp_path / "written"

    run(f"limit_resources(memory=50_000_000, seconds=5)\nopen({str(target)!r}, 'w').write('x')")

    assert target.read_text() == ""


def test_the_clock_ends_a_process_that_sleeps() -> None:
    assert run("import time\nlimit_time(0.1)\ntime.sleep(20)").returncode < 0


def test_processor_time_ends_a_process_that_is_busy() -> None:
    assert run("limit_resources(memory=50_000_000, seconds=1)\nwhile True: pass").returncode < 0
