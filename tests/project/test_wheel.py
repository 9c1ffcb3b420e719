"""The wheel: what is in it, and that it works without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import dev
from tests.support.checkout import ROOT, committed_files

CARRIED = {"taskboard": "taskboard", "templates": "taskboard/templates", "migrations": "taskboard/migrations"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [built] = folder.glob("*.whl")
    return built


def test_the_wheel_carries_the_package_its_templates_and_migrations_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        carried = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = set()
    for path in committed_files():
        top, *rest = path.relative_to(ROOT).parts
        if top in CARRIED and path.name != ".gitignore":
            expected.add("/".join([CARRIED[top], *rest]))

    assert carried == expected


def test_the_wheel_tells_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name.partition(".dist-info/")[2] for name in archive.namelist()}

    assert {"licenses/LICENSE", "licenses/NOTICE", "entry_points.txt"} <= names


def test_an_installed_wheel_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    python = installed(wheel, tmp_path, dev.find_installer(tmp_path / "venv"))

    shown = run_elsewhere([str(python.parent / "taskboard"), "--help"], tmp_path)
    places = run_elsewhere(
        [str(python), "-c", "from taskboard import paths; print(paths.TEMPLATES, paths.MIGRATIONS)"], tmp_path
    )

    assert "督办" in shown
    assert all(place.startswith(str(tmp_path / "venv")) for place in places.split())


@pytest.mark.deep
@pytest.mark.parametrize("missing", [["uv"], ["uv", "ensurepip"]], ids=["pip", "pip from outside"])
def test_a_wheel_can_be_installed_by_what_the_machine_has(
    wheel: Path, tmp_path: Path, missing: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch, missing)
    installer = dev.find_installer(tmp_path / "venv")

    python = installed(wheel, tmp_path, installer)

    assert "督办" in run_elsewhere([str(python), "-m", "taskboard", "--help"], tmp_path)


def test_a_machine_without_any_installer_is_told_the_one_package_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, ["uv", "ensurepip"])
    monkeypatch.setattr(dev, "answers", lambda command: False)

    with pytest.raises(dev.SetUpError, match="python3-venv"):
        dev.find_installer(ROOT / ".venv")


def hide(monkeypatch: pytest.MonkeyPatch, missing: list[str]) -> None:
    monkeypatch.setattr(dev, "working_uv", lambda: None)
    if "ensurepip" in missing:
        monkeypatch.setattr(dev.importlib.util, "find_spec", lambda name: None)


def installed(wheel: Path, tmp_path: Path, installer: dev.Installer) -> Path:
    """Install the wheel into a new environment that finds its dependencies, but no checkout, where we find them."""
    subprocess.run(installer.make_venv, check=True, capture_output=True)
    subprocess.run([*installer.install, "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    python = tmp_path / "venv" / dev.PYTHON.relative_to(dev.VENV)
    ask = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.check_output(ask, text=True).strip())
    # A folder added through a .pth file does not bring its own .pth files along, and so not the checkout.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run_elsewhere(command: list[str], folder: Path) -> str:
    surroundings = {**os.environ, "PYTHONPATH": "", "PYTHONUTF8": "1"}
    return subprocess.check_output(command, cwd=folder, env=surroundings, text=True, encoding="utf-8")
