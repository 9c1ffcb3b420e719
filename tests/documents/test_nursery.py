"""The nursery: a fresh process for each question, and how each of them ended."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from taskboard.documents.nursery import Nursery, NurseryLost

PACKAGE = str(Path(__file__).parents[2])
SERVE = """
import json, os, signal, socket, sys, time
from taskboard.documents.nursery import serve
def answer(request):
    {answer}
serve(socket.socket(fileno=os.dup(0)), answer, warm_up=lambda: None)
"""


def nursery(answer: str) -> Nursery:
    code = SERVE.format(answer=answer)
    return Nursery([sys.executable, "-P", "-c", code], {"PYTHONPATH": PACKAGE, "PATH": os.environ["PATH"]})


@pytest.fixture(scope="module")
def echo() -> Iterator[Nursery]:
    """Answers each question with its process and the question."""
    made = nursery("return [str(os.getpid()).encode() + b' ', request.read()]")
    yield made
    made.close()


def test_each_question_is_answered_by_a_process_of_its_own(echo: Nursery) -> None:
    answers = [echo.ask(b"x" * 200_000, seconds=5, take=bytes) for _ in range(3)]

    assert [status for _, status in answers] == [0, 0, 0]
    assert all(parts[1] == b"x" * 200_000 for parts, _ in answers)
    assert len({parts[0] for parts, _ in answers}) == 3


def test_a_part_of_an_answer_is_taken_while_the_next_is_worked_out() -> None:
    made = nursery("yield b'document'; time.sleep(0.5); yield b'plan'")
    taken: list[tuple[bytes, float]] = []

    _, status = made.ask(b"", seconds=5, take=lambda part: taken.append((part, time.monotonic())))

    (first, at_first), (second, at_second) = taken
    assert (first, second, status) == (b"document", b"plan", 0)
    assert at_second - at_first > 0.3
    made.close()


def test_a_reader_that_is_ended_while_it_sends_a_part_says_how_it_ended() -> None:
    made = nursery("yield b'whole'; signal.setitimer(signal.ITIMER_REAL, 0.3); yield b'x' * 50_000_000")

    def read_slowly(part: bytes) -> bytes:
        time.sleep(1)
        return part

    assert made.ask(b"", seconds=5, take=read_slowly) == ([b"whole"], -signal.SIGALRM)
    made.close()


def test_questions_of_many_threads_do_not_get_mixed_up(echo: Nursery) -> None:
    replies: dict[int, bytes] = {}

    def ask(number: int) -> None:
        replies[number] = echo.ask(b"%d" % number * 50_000, seconds=10, take=bytes)[0][1]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert replies == {number: b"%d" % number * 50_000 for number in range(1, 9)}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
        ("os.kill(os.getpid(), signal.SIGXCPU)", -signal.SIGXCPU),
        ("os._exit(3)", 3),
        ("signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(9)", -signal.SIGALRM),
    ],
)
def test_how_a_reader_ended_is_told(answer: str, status: int) -> None:
    made = nursery(answer)

    assert made.ask(b"question" * 100_000, seconds=5, take=bytes) == ([], status)
    made.close()


def test_what_went_wrong_in_a_reader_is_told_too() -> None:
    made = nursery("raise ValueError('no such thing')")

    (reply,), status = made.ask(b"", seconds=5, take=bytes)

    assert status == 0
    assert b"no such thing" in reply
    made.close()


def test_nobody_waits_for_a_reader_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskboard.documents.nursery.GRACE_SECONDS", 0.5)
    made = nursery("signal.setitimer(signal.ITIMER_REAL, 5); time.sleep(5)")
    started = time.monotonic()

    with pytest.raises(TimeoutError):
        made.ask(b"", seconds=0.1, take=bytes)

    assert time.monotonic() - started < 4
    made.close()


def test_a_nursery_that_dies_while_somebody_asks_is_lost_and_the_next_question_starts_another() -> None:
    made = nursery("os.kill(os.getppid(), signal.SIGKILL) if request.read() == b'kill' else None; return [b'alive']")

    for _ in range(2):
        with pytest.raises(NurseryLost):
            made.ask(b"kill", seconds=5, take=bytes)

    made.close()
    assert made.ask(b"hello", seconds=5, take=bytes) == ([b"alive"], 0)
    made.close()


def test_a_nursery_ends_with_the_process_that_asked() -> None:
    made = nursery("return []")
    made.ask(b"", seconds=5, take=bytes)
    process = made._process
    assert process is not None

    made.close()

    assert process.returncode == 0


def test_readers_get_neither_secrets_nor_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKBOARD_SECRET_KEY", "very-secret")
    with socket.socket() as listening:
        os.set_inheritable(listening.fileno(), True)
        made = nursery(
            "links = [os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if int(n) > 2 "
            "and os.path.lexists(f'/proc/self/fd/{n}')]; return [json.dumps([dict(os.environ), links]).encode()]"
        )
        (reply,), _ = made.ask(b"", seconds=5, take=bytes)
        made.close()

    assert b"PYTHONPATH" in reply
    assert b"very-secret" not in reply
    # One socket: the one that the question came through.
    assert reply.count(b"socket:") == 1
