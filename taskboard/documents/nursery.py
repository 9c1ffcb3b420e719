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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import BinaryIO, TypeVar

T = TypeVar("T")
Answer = Callable[[BinaryIO], Iterable[bytes]]
"""gives the parts of an answer, each of which is on its way before the next is worked out"""

HEAD = struct.Struct("!4si")
PART = b"part"
"""before each part of an answer, with its length"""
ENDED = b"\x00end"
"""behind the last one, with how the reader ended: its exit code, or the negative number of the signal that ended it;
marked, because a reader may outlive the nursery that would have said so"""

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

    def ask(self, request: bytes, *, seconds: float, take: Callable[[bytes], T]) -> tuple[list[T], int]:
        """What ``take`` makes of each part of the reader's answer, and how it ended (exit code or negative signal).

        A part is taken while the reader works at the next. Raises ``TimeoutError`` when there is no end after
        ``seconds`` and a little, ``NurseryLost`` when nobody is left to answer, and what ``take`` raises.
        """
        try:
            return self._ask(request, seconds, take)
        except NurseryLost:
            # It may have ended for lack of work in the very moment of the question.
            self.close()
            return self._ask(request, seconds, take)

    def _ask(self, request: bytes, seconds: float, take: Callable[[bytes], T]) -> tuple[list[T], int]:
        ends_at = time.monotonic() + seconds + GRACE_SECONDS
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._hand_over(theirs)
            _send(ours, request, ends_at)
            parts: list[T] = []
            while (size := _size_of_part(head := _receive(ours, HEAD.size, ends_at))) is not None:
                content = _receive(ours, size, ends_at)
                if len(content) < size:
                    # The reader was ended while it sent this.
                    return parts, _status(content)
                parts.append(take(content))
            return parts, _status(head)

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


def _send(connection: socket.socket, request: bytes, ends_at: float) -> None:
    # A reader that ended early leaves a broken pipe and says why in its answer.
    with suppress(BrokenPipeError, ConnectionResetError):
        view = memoryview(request)
        while view:
            connection.settimeout(max(0.001, ends_at - time.monotonic()))
            view = view[connection.send(view[:CHUNK]) :]
        connection.shutdown(socket.SHUT_WR)


def _receive(connection: socket.socket, size: int, ends_at: float) -> bytes:
    """So many bytes, or what comes before the connection ends."""
    received = bytearray()
    with suppress(ConnectionResetError):
        while missing := size - len(received):
            connection.settimeout(max(0.001, ends_at - time.monotonic()))
            chunk = connection.recv(min(CHUNK, missing))
            if not chunk:
                break
            received += chunk
    return bytes(received)


def _size_of_part(head: bytes) -> int | None:
    """How long the part behind this head is; ``None`` where it is the head of none."""
    if len(head) < HEAD.size:
        return None
    mark, size = HEAD.unpack(head)
    return int(size) if mark == PART else None


def _status(received: bytes) -> int:
    """How the reader ended, by the last that came. Raises ``NurseryLost`` where nobody said it."""
    mark, status = HEAD.unpack(received[-HEAD.size :].rjust(HEAD.size))
    if mark != ENDED:
        raise NurseryLost
    return int(status)


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
            for part in _parts_or_trace(answer, request):
                connection.sendall(HEAD.pack(PART, len(part)) + part)
        code = 0
    finally:
        os._exit(code)


def _parts_or_trace(answer: Answer, request: BinaryIO) -> Iterator[bytes]:
    try:
        yield from answer(request)
    except Exception:
        yield json.dumps({"trace": traceback.format_exc()}).encode()


def _report_ended(readers: dict[int, socket.socket]) -> None:
    """Say behind each finished reader's answer how it ended, and hang up."""
    while readers:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            return
        with readers.pop(child) as connection, suppress(OSError):
            connection.settimeout(GRACE_SECONDS)
            connection.sendall(HEAD.pack(ENDED, os.waitstatus_to_exitcode(status)))


def main() -> int:
    """Serve the readers of documents, and give the exit code."""
    from taskboard.documents.child import answer, rehearse  # noqa: PLC0415 - the asking side has no use for it

    def warm_up() -> None:
        import_module("taskboard.documents.pdf_page")
        rehearse()

    with socket.socket(fileno=os.dup(sys.stdin.fileno())) as control:
        serve(control, answer, warm_up=warm_up)
    return 0


if __name__ == "__main__":
    sys.exit(main())
