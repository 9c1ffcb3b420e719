"""One process that has everything loaded and forks a reader for each file: a fresh process without a fresh start.

Loading Python, the readers and the parser takes half a second of processor time, a fork some milliseconds. The nursery
itself never sees a file. ``Nursery`` is the asking side; ``python -m taskboard.documents.nursery`` the other one, with
its end of a socket pair as standard input. Only for Unix: elsewhere processes cannot be forked.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import BinaryIO

Answer = Callable[[BinaryIO], bytes]

STATUS = struct.Struct("!4si")
ENDED = b"\x00end"
"""how the reader ended, behind its answer: its exit code, or the negative number of the signal that ended it; marked,
because a reader may outlive the nursery that would have said so"""

IDLE_SECONDS = 600.0
"""a nursery that nobody asked for so long makes room; the next question starts another one"""
GRACE_SECONDS = 3.0
"""more than a reader's own clock allows it; who has not answered by then never will"""
CHUNK = 1 << 20


class NurseryLost(Exception):
    """The nursery ended in the middle of a reading."""


class Nursery:
    """Readers on demand; may be asked from many threads, and by forks of the process that made it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = tuple(command)
        self._environment = dict(environment)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0
        atexit.register(self.close)

    def ask(self, request: bytes, *, seconds: float) -> tuple[bytes, int]:
        """The reader's answer and how it ended (exit code or negative signal).

        Raises ``TimeoutError`` when there is no end after ``seconds`` and a little, ``NurseryLost`` when nobody is
        left to answer.
        """
        try:
            return self._ask(request, seconds)
        except NurseryLost:
            # It may have ended for lack of work in the very moment of the question.
            self.close()
            return self._ask(request, seconds)

    def _ask(self, request: bytes, seconds: float) -> tuple[bytes, int]:
        ends_at = time.monotonic() + seconds + GRACE_SECONDS
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._hand_over(theirs)
            reply = _converse(ours, request, ends_at)
        mark, status = STATUS.unpack(reply[-STATUS.size :].rjust(STATUS.size))
        if mark != ENDED:
            raise NurseryLost
        return reply[: -STATUS.size], status

    def close(self) -> None:
        """End the nursery; readers that are still busy finish or run into their limits."""
        with self._lock:
            self._forget()

    def _hand_over(self, connection: socket.socket) -> None:
        with self._lock:
            try:
                socket.send_fds(self._connected(), [b"."], [connection.fileno()])
            except OSError as error:
                raise NurseryLost from error

    def _connected(self) -> socket.socket:
        if self._control is not None and self._owner == os.getpid():
            return self._control
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._control, self._owner = ours, os.getpid()
        return ours

    def _forget(self) -> None:
        if self._control is None or self._process is None:
            return
        self._control.close()
        if self._owner == os.getpid():
            self._process.wait()
        self._control = self._process = None


def _converse(connection: socket.socket, request: bytes, ends_at: float) -> bytes:
    """Send all of the request, then read to the end."""
    # A reader that ended early leaves a broken pipe and says why in its answer.
    with suppress(BrokenPipeError, ConnectionResetError):
        view = memoryview(request)
        while view:
            connection.settimeout(max(0.001, ends_at - time.monotonic()))
            view = view[connection.send(view[:CHUNK]) :]
        connection.shutdown(socket.SHUT_WR)
    chunks = []
    with suppress(ConnectionResetError):
        while chunk := _receive(connection, ends_at):
            chunks.append(chunk)
    return b"".join(chunks)


def _receive(connection: socket.socket, ends_at: float) -> bytes:
    connection.settimeout(max(0.001, ends_at - time.monotonic()))
    return connection.recv(CHUNK)


def serve(control: socket.socket, answer: Answer, *, warm_up: Callable[[], object]) -> None:
    """Fork a reader for each connection that arrives, until the asking side is gone or nothing came for long.

    ``warm_up`` runs once, after the first reader is on its way.
    """
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _take_note)
    readers: dict[int, socket.socket] = {}
    is_warm = False
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while ready := selector.select(IDLE_SECONDS):
            files = [key.fileobj for key, _ in ready]
            if woken in files:
                woken.recv(4096)
                _report_ended(readers)
            if control in files:
                connection = _next_connection(control)
                if connection is None:
                    return
                readers[_fork(connection, answer, others=[control, woken, waker, *readers.values()])] = connection
                if not is_warm:
                    warm_up()
                    gc.freeze()
                    is_warm = True


def _take_note(number: int, frame: object) -> None:
    """The wake-up socket tells the loop; a handler must exist for the system to send the signal at all."""


def _next_connection(control: socket.socket) -> socket.socket | None:
    message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
    return socket.socket(fileno=descriptors[0]) if message else None


def _fork(connection: socket.socket, answer: Answer, *, others: Sequence[socket.socket]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # One document and the end: looking for garbage would take a fifth of the time and find nothing.
        gc.disable()
        for other in others:
            other.close()
        with connection, connection.makefile("rb") as request:
            connection.sendall(_answer_or_trace(answer, request))
        code = 0
    finally:
        os._exit(code)


def _answer_or_trace(answer: Answer, request: BinaryIO) -> bytes:
    try:
        return answer(request)
    except Exception:
        return json.dumps({"trace": traceback.format_exc()}).encode()


def _report_ended(readers: dict[int, socket.socket]) -> None:
    """Say behind each finished reader's answer how it ended, and hang up."""
    while readers:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            return
        with readers.pop(child) as connection, suppress(OSError):
            connection.settimeout(GRACE_SECONDS)
            connection.sendall(STATUS.pack(ENDED, os.waitstatus_to_exitcode(status)))


def main() -> int:
    """Serve the readers of documents, and give the exit code."""
    from taskboard.documents.child import answer  # noqa: PLC0415 - the asking side has no use for it
    from taskboard.domain.plan_parsing.script import to_simplified  # noqa: PLC0415 - nor for this

    def warm_up() -> None:
        import_module("taskboard.documents.pdf_page")
        to_simplified("計")

    with socket.socket(fileno=os.dup(sys.stdin.fileno())) as control:
        serve(control, answer, warm_up=warm_up)
    return 0


if __name__ == "__main__":
    sys.exit(main())
