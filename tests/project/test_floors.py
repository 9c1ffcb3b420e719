"""The floors of the house: kept by the code, and told by the documentation as the contract states them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.support.checkout import ROOT


def test_every_module_stands_on_its_floor() -> None:
    ended = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        text=True,
        encoding="utf-8",
        capture_output=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout


def test_the_documentation_tells_the_floors_in_the_contract_s_order() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = [one for one in project["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
    floors = [floor for layer in contract["layers"] for floor in re.findall(r"\w+", layer)]

    [told] = re.findall(
        r"^ +(cli → .*)$", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"), re.MULTILINE
    )

    assert re.findall(r"\w+", told) == floors


def test_a_request_asks_for_the_calendar_once() -> None:
    web = ROOT / "taskboard" / "web"

    loading = [path.name for path in sorted(web.rglob("*.py")) if "load_calendar" in path.read_text(encoding="utf-8")]

    assert loading == ["once.py"]
