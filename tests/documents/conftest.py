"""What holds for every file of a stranger, however it was meant."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from taskboard.documents.isolation import parse_text_safely


@pytest.fixture(scope="session")
def _reading_has_begun() -> None:
    """What the first reading starts, and keeps for those after it, is there."""
    parse_text_safely("1.推进一网通办。（责任单位：市财政局）")


@pytest.fixture
def untouched(
    _reading_has_begun: None, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The process that asked goes on as it was: its threads and open files, its folder, no temporary file left."""
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    before = _state()

    yield

    assert _state() == before
    assert list(temporary.iterdir()) == []


def _state() -> tuple[Path, int, int]:
    open_files = Path("/proc/self/fd")
    return (
        Path.cwd(),
        threading.active_count(),
        len(os.listdir(open_files)) if open_files.is_dir() else 0,  # noqa: PTH208 - its own handle would be counted
    )
