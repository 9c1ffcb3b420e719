"""An installation as ``taskboard migrate`` leaves it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from taskboard.cli import main


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, _compiled_once: None) -> Path:
    """The folder of an installation that was only migrated; the command takes seconds, a copy of what it made none."""
    folder = tmp_path_factory.mktemp("migrated") / "instance"
    environment = {"TASKBOARD_SECRET_KEY": "s3cret-" * 8, "TASKBOARD_INSTANCE": str(folder)}
    result = CliRunner(env=environment).invoke(main, ["migrate"])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def installation(tmp_path: Path, migrated: Path) -> Path:
    """A folder of the test's own with a migrated installation in ``instance``."""
    shutil.copytree(migrated, tmp_path / "instance")
    return tmp_path
