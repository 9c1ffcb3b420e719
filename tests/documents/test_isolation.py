"""Reading in a process of its own: the same result, and nothing a file does reaches the process that asked."""

from __future__ import annotations

import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from taskboard.documents import isolation
from taskboard.documents.document import DocumentError, DocumentKind, DocumentProblem
from taskboard.documents.isolation import Limits, parse_document_safely, parse_text_safely, read_document_safely
from taskboard.documents.reader import read_document
from taskboard.documents.wire import calendar_from_plain, calendar_to_plain
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.plan_parsing import parse_plan
from tests.documents.files import cell, make_docx, paragraph, row, table

without_fork = pytest.mark.usefixtures("_without_fork")
PLANS = Path(__file__).parent.parent / "data/plans"


@pytest.fixture
def _without_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on systems whose processes cannot be forked."""
    monkeypatch.setattr(isolation, "CAN_FORK", False)


def test_the_reading_process_gives_what_reading_here_gives() -> None:
    data = (PLANS / "30_docx_table_merged.docx").read_bytes()

    apart = read_document_safely(data, "30.docx")

    assert apart == read_document(data)
    assert any("市商务局" in repr(block) for block in apart.blocks)


def test_the_plan_in_a_file_is_found_in_the_reading_process_and_arrives_whole() -> None:
    data = (PLANS / "34_xlsx_merged.xlsx").read_bytes()

    document, plan = parse_document_safely(data)

    assert plan == parse_plan(document.blocks)
    assert len(plan.measures) == 12


def test_the_working_calendar_reaches_the_parser() -> None:
    text = "2026年工作方案\n（2026年9月28日）\n一、甲任务。自印发之日起3个工作日内完成。（市财政局负责）\n"
    national_days = WorkingCalendar(holidays=[date(2026, 10, day) for day in range(1, 8)], confirmed_years=[2026])

    _, plan = parse_text_safely(text, calendar=national_days)

    assert [measure.deadline for measure in plan.measures] == [date(2026, 10, 8)]


def test_pasted_text_is_read_like_a_file() -> None:
    document, plan = parse_text_safely("一、甲任务。（责任单位：市财政局、市商务局）\r\n二、乙任务。（市商务局负责）")

    assert document.kind is DocumentKind.TEXT
    assert [measure.lead for measure in plan.measures] == [("市财政局",), ("市商务局",)]


def test_merged_cells_are_one_object_on_this_side_too() -> None:
    wide = cell("甲", properties='<w:gridSpan w:val="2"/>')

    (block,) = read_document_safely(make_docx(table(row(wide), row(cell("乙"), cell("丙"))))).blocks

    assert block.rows[0][0] is block.rows[0][1]


def test_many_threads_may_ask_at_once() -> None:
    files = [make_docx(paragraph(f"第{number}份")) for number in range(6)]

    with ThreadPoolExecutor(6) as pool:
        documents = list(pool.map(read_document_safely, files))

    assert [document.blocks[0].text for document in documents] == [f"第{number}份" for number in range(6)]


def test_a_refusal_comes_back_with_its_facts() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document_safely(b"MZ" + b"x" * 100)

    assert caught.value.problem is DocumentProblem.UNSUPPORTED
    assert caught.value.facts["format"] == "program"


def test_a_file_that_wants_too_much_memory_is_refused() -> None:
    data = make_docx("".join(paragraph(f"第{number * number}段") for number in range(100_000)))

    with pytest.raises(DocumentError) as caught:
        read_document_safely(data, limits=Limits(memory_bytes=40_000_000))

    assert caught.value.problem is DocumentProblem.TOO_COMPLEX


def test_a_file_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document_safely(make_docx(paragraph("甲")), limits=Limits(seconds=0))

    assert caught.value.problem is DocumentProblem.TOO_SLOW


@without_fork
@pytest.mark.parametrize("script", ["sleep 9", "exec sleep 9"])
def test_a_reading_process_that_does_not_end_is_given_up(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", _interpreter(tmp_path, f"exec 1>&- 2>&-; {script}"))

    with pytest.raises(DocumentError) as caught:
        read_document_safely("正文".encode(), limits=Limits(seconds=0.2))

    assert caught.value.problem is DocumentProblem.TOO_SLOW


@without_fork
def test_a_process_of_its_own_from_the_beginning_gives_the_same() -> None:
    data = (PLANS / "34_xlsx_merged.xlsx").read_bytes()

    document, plan = parse_document_safely(data)

    assert document == read_document(data)
    assert plan == parse_plan(document.blocks)


def test_a_nursery_that_was_killed_is_replaced() -> None:
    read_document_safely("正文".encode())
    process = isolation._nursery()._process
    assert process is not None
    process.kill()
    process.wait()

    assert [block.text for block in read_document_safely("正文".encode()).blocks] == ["正文"]


@without_fork
def test_nothing_is_started_for_a_file_that_is_empty_or_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent")

    for data, problem in ((b"", DocumentProblem.EMPTY), (b"x" * 50_000_001, DocumentProblem.TOO_LARGE)):
        with pytest.raises(DocumentError) as caught:
            read_document_safely(data)
        assert caught.value.problem is problem


@without_fork
@pytest.mark.parametrize("script", ["kill -SEGV $$", "exit 3", "echo no json", 'echo "{}"'])
def test_a_reading_process_that_dies_or_raves_is_a_refusal_like_others(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", _interpreter(tmp_path, f"cat > /dev/null; {script}"))

    with pytest.raises(DocumentError) as caught:
        read_document_safely("正文".encode())

    assert caught.value.problem is DocumentProblem.CRASHED


@without_fork
def test_the_reading_process_gets_neither_secrets_nor_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    script = f"env > {seen}; ls -l /proc/self/fd >> {seen}; cat > /dev/null"
    monkeypatch.setattr(sys, "executable", _interpreter(tmp_path, script))
    monkeypatch.setenv("TASKBOARD_SECRET_KEY", "very-secret")
    with socket.socket() as listening:
        os.set_inheritable(listening.fileno(), True)

        with pytest.raises(DocumentError):
            read_document_safely("正文".encode())

    assert "PYTHONPATH=" in seen.read_text()
    assert "very-secret" not in seen.read_text()
    assert "socket" not in seen.read_text()


def test_a_working_calendar_travels_whole() -> None:
    calendar = WorkingCalendar(holidays=[date(2026, 10, 1)], workdays=[date(2026, 10, 10)], confirmed_years=[2026])

    arrived = calendar_from_plain(calendar_to_plain(calendar))

    assert not arrived.is_working_day(date(2026, 10, 1))
    assert arrived.is_working_day(date(2026, 10, 10))
    assert arrived.confirmed_years == {2026}


def _interpreter(folder: Path, script: str) -> str:
    """A stand-in for Python that does as the script says."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)
