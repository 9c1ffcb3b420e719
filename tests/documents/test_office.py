"""Old formats that only LibreOffice reads: used where it is there, said plainly where it is not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from taskboard.documents import office
from taskboard.documents.document import DocumentError, DocumentNote, DocumentProblem
from taskboard.documents.isolation import Limits, read_document_safely

RTF = b"{\\rtf1\\ansi{\\fonttbl\\f0 SimSun;}\\f0 " + "".join(f"\\u{ord(c)}?" for c in "一、甲任务").encode() + b"\\par}"

needs_office = pytest.mark.skipif(office.find_office() is None, reason="LibreOffice is not installed")


@needs_office
@pytest.mark.deep
def test_a_format_that_nothing_else_reads_is_converted() -> None:
    document = read_document_safely(RTF, limits=Limits(seconds=60))

    assert [block.text for block in document.blocks] == ["一、甲任务"]
    assert DocumentNote.CONVERTED in document.notes


def test_without_libreoffice_the_format_is_refused_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "find_office", lambda: None)

    with pytest.raises(DocumentError) as caught:
        read_document_safely(RTF)

    assert caught.value.problem is DocumentProblem.UNSUPPORTED
    assert caught.value.facts["format"] == "rtf"


def stand_in(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in place of LibreOffice that does as the script says; ``$result`` is the folder for what it makes."""
    program = folder / "soffice"
    find_result = 'while [ "$1" != --outdir ]; do shift; done; result=$2; mkdir -p $result'
    program.write_text(f"#!/bin/sh\n{find_result}\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(office, "find_office", lambda: str(program))


def test_what_the_program_makes_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, "printf made > $result/document.docx", monkeypatch)

    assert office.convert(b"any", "rtf", seconds=20) == b"made"


@pytest.mark.parametrize("script", ["exit 1", "exit 0", "kill -9 $$"])
def test_a_program_that_fails_or_makes_nothing_gives_nothing(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, script, monkeypatch)

    assert office.convert(b"any", "rtf", seconds=20) is None


def test_a_program_that_hangs_ends_with_all_that_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pids = tmp_path / "pids"
    stand_in(tmp_path, f"sleep 60 & echo $! > {pids}.new; mv {pids}.new {pids}; wait", monkeypatch)

    assert office.convert(b"any", "rtf", seconds=1) is None

    started = int(pids.read_text())
    for _ in range(50):
        if not _is_running(started):
            break
        time.sleep(0.1)
    assert not _is_running(started)


def test_the_program_gets_no_settings_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKBOARD_SECRET_KEY", "very-secret")
    stand_in(tmp_path, "env > $result/document.docx; ulimit -v >> $result/document.docx", monkeypatch)

    made = office.convert(b"any", "rtf", seconds=20)

    assert made is not None
    assert b"very-secret" not in made
    assert b"HOME=" in made
    assert made.splitlines()[-1] == str(office.MEMORY_BYTES // 1024).encode()


def test_formats_that_nothing_converts_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, "printf made > $result/document.docx", monkeypatch)

    assert office.convert(b"any", "program", seconds=20) is None


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A process that ended but that nobody asked about still has its number.
    state = Path(f"/proc/{process}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
