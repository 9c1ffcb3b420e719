"""The set-up of ``dev.py``, in a checkout of its own with an installer that only writes down what it was told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import dev
from tests.support.checkout import ROOT

BASE_PYTHON = getattr(sys, "_base_executable", sys.executable)

RECORDING_UV = f"""#!{BASE_PYTHON} -I
import pathlib, subprocess, sys, time
folder = pathlib.Path(__file__).parent
with open(folder / "log", "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "venv":
    subprocess.run([{BASE_PYTHON!r}, "-m", "venv", "--without-pip", sys.argv[-1]], check=True)
if sys.argv[1] == "pip":
    time.sleep(float((folder / "seconds").read_text()))
    sys.exit((folder / "fails").exists())
"""

PRODUCT = """
import pathlib, sys
print("started:", pathlib.Path(__file__).parent, *sys.argv[1:])
"""


@dataclass
class Checkout:
    """A folder with the files the set-up looks at."""

    root: Path
    uv: Path

    def dev(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = self.command(*arguments)
        return subprocess.run(command, env=self.surroundings, text=True, capture_output=True, check=False)

    def command(self, *arguments: str) -> list[str]:
        return [BASE_PYTHON, str(self.root / "dev.py"), *arguments]

    @property
    def surroundings(self) -> dict[str, str]:
        return {"PATH": f"{self.uv.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONUTF8": "1"}

    def installed(self) -> list[str]:
        """What the installer was asked for since the last time, in short: ``venv`` or what to install."""
        log = self.uv.parent / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        words = (line.split() for line in lines)
        return [Path(command[-1]).name if command[0] == "pip" else command[0] for command in words if len(command) > 1]

    def break_installer(self) -> None:
        (self.uv.parent / "fails").touch()

    def mend_installer(self) -> None:
        (self.uv.parent / "fails").unlink()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    root = tmp_path / "checkout"
    root.mkdir()
    for name in ("dev.py", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, root)
    (root / "taskboard").mkdir()
    (root / "taskboard" / "__main__.py").write_text(PRODUCT)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "seconds").write_text("0")
    uv = tools / "uv"
    uv.write_text(RECORDING_UV)
    uv.chmod(0o755)
    return Checkout(root, uv)


ANEW_WITH_TOOLS = ["venv", "requirements-dev.lock", "checkout"]


def test_a_set_up_installs_the_tools_and_the_checkout_itself(checkout: Checkout) -> None:
    ended = checkout.dev("setup")

    assert ended.returncode == 0
    assert checkout.installed() == ANEW_WITH_TOOLS
    assert "requirements-dev.lock" in ended.stderr


def test_a_second_set_up_has_nothing_to_do(checkout: Checkout) -> None:
    checkout.dev("setup")
    checkout.installed()

    ended = checkout.dev("setup")

    assert (ended.returncode, ended.stderr, checkout.installed()) == (0, "", [])


def test_running_needs_the_run_lock_only_and_starts_the_demo(checkout: Checkout) -> None:
    ended = checkout.dev("run", "--port", "8123")

    assert checkout.installed() == ["venv", "requirements.lock"]
    assert ended.stdout == f"started: {checkout.root / 'taskboard'} demo --port 8123\n"


def test_the_product_is_found_from_any_folder_after_a_run(checkout: Checkout, tmp_path: Path) -> None:
    checkout.dev("run")

    python = str(checkout.root / dev.PYTHON.relative_to(ROOT))
    started = subprocess.check_output([python, "-m", "taskboard"], cwd=tmp_path, env=checkout.surroundings, text=True)

    assert started == f"started: {checkout.root / 'taskboard'}\n"


def test_a_run_after_a_test_keeps_the_tools(checkout: Checkout) -> None:
    checkout.dev("setup")
    checkout.installed()

    checkout.dev("run")

    assert checkout.installed() == []


def test_tools_are_added_to_what_a_run_installed(checkout: Checkout) -> None:
    checkout.dev("run")
    checkout.installed()

    checkout.dev("setup")

    assert checkout.installed() == ["requirements-dev.lock", "checkout"]


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.lock", "requirements-dev.lock"])
def test_what_changed_is_installed_on_top(checkout: Checkout, name: str) -> None:
    checkout.dev("setup")
    checkout.installed()
    with (checkout.root / name).open("a") as file:
        file.write("\n# changed\n")

    checkout.dev("setup")

    assert checkout.installed() == ["requirements-dev.lock", "checkout"]


def test_a_set_up_that_stopped_in_the_middle_is_made_anew(checkout: Checkout) -> None:
    checkout.break_installer()
    stopped = checkout.dev("setup")
    checkout.mend_installer()
    checkout.installed()

    ended = checkout.dev("setup")

    assert (stopped.returncode, ended.returncode) == (1, 0)
    assert "再次运行同一命令" in stopped.stderr
    assert checkout.installed() == ANEW_WITH_TOOLS


def test_an_update_that_stopped_in_the_middle_is_made_anew(checkout: Checkout) -> None:
    checkout.dev("run")
    checkout.break_installer()
    checkout.dev("setup")
    checkout.mend_installer()
    checkout.installed()

    checkout.dev("run")

    assert checkout.installed() == ["venv", "requirements.lock"]


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Checkout) -> None:
    checkout.dev("setup")
    checkout.installed()
    (checkout.root / dev.PYTHON.relative_to(ROOT)).unlink()

    checkout.dev("setup")

    assert checkout.installed() == ANEW_WITH_TOOLS


def test_a_checkout_that_was_moved_is_set_up_anew(checkout: Checkout, tmp_path: Path) -> None:
    checkout.dev("setup")
    checkout.installed()
    moved = Checkout(checkout.root.rename(tmp_path / "elsewhere"), checkout.uv)

    moved.dev("setup")

    assert moved.installed() == ["venv", "requirements-dev.lock", "elsewhere"]


def test_two_set_ups_at_once_take_turns(checkout: Checkout) -> None:
    (checkout.uv.parent / "seconds").write_text("0.5")
    starts = [
        subprocess.Popen(checkout.command("setup"), env=checkout.surroundings, text=True, stderr=subprocess.PIPE)
        for _ in range(2)
    ]

    told = sorted(start.communicate()[1] for start in starts)

    assert [start.returncode for start in starts] == [0, 0]
    assert checkout.installed() == ANEW_WITH_TOOLS
    assert "waiting for another set-up" in "".join(told)


def test_a_uv_that_does_not_work_is_passed_over(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout.uv.write_text("#!/bin/sh\nexit 127\n")
    monkeypatch.setenv("PATH", str(checkout.uv.parent))

    assert dev.find_installer(checkout.root / ".venv").name == "pip"


def test_an_unknown_argument_is_refused_where_nobody_takes_it(checkout: Checkout) -> None:
    ended = checkout.dev("run", "--prot", "8123")

    assert ended.returncode == 2
    assert "--prot" in ended.stderr
    assert checkout.installed() == []
