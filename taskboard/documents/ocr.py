"""Scanned PDF files and pictures, with the optional extra ``taskboard[ocr]``: recognised page by page, apart.

A page takes seconds, so this belongs into the background: ``recognise_safely`` tells its progress, and a page that
takes too long or ends the process costs only itself.
"""

from __future__ import annotations

import json
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import IO, Any

from taskboard.documents.document import Document, DocumentError, DocumentKind, DocumentNote, DocumentProblem
from taskboard.documents.isolation import command_for, environment, parse_pages_safely, refusal_of
from taskboard.documents.layout import Page
from taskboard.documents.recognised_numbers import restore_numbers
from taskboard.documents.wire import from_plain
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.plan_parsing.reading import ParsedPlan

PACKAGES = ("rapidocr", "onnxruntime")
MAX_PAGES = 200
CHUNK = 1 << 16

Progress = Callable[[int, int], None]
"""called with the pages that are done and the pages in all, first when the file is open; what it raises ends the
recognition"""


@dataclass(frozen=True)
class OcrLimits:
    """What recognition may use: ``page_seconds`` for each page, ``start_seconds`` for loading, ``memory_bytes``."""

    page_seconds: float = 60
    start_seconds: float = 60
    memory_bytes: int = 3 * 1024**3


DEFAULT_LIMITS = OcrLimits()


def can_recognise() -> bool:
    """Whether the extra is installed."""
    return all(find_spec(name) is not None for name in PACKAGES)


def recognise_safely(
    data: bytes,
    *,
    calendar: WorkingCalendar | None = None,
    progress: Progress | None = None,
    limits: OcrLimits = DEFAULT_LIMITS,
) -> tuple[Document, ParsedPlan]:
    """The document in a scanned PDF file or a picture, and its plan; text layers are read as they are.

    Raises ``DocumentError``: no_recognition without the extra, no_text, and whatever reading such a file raises.
    """
    if not can_recognise():
        raise DocumentError(DocumentProblem.NO_RECOGNITION)
    work = _Work(progress or _say_nothing)
    while not work.is_done:
        with _recogniser(data, work.next_page, limits) as process:
            work.take(process, limits)
    if not any(page.pieces for page in work.pages):
        raise DocumentError(DocumentProblem.NO_TEXT)
    pages, restored = restore_numbers(work.pages)
    notes = [DocumentNote.RECOGNISED]
    notes += [DocumentNote.NUMBERS_RESTORED] if restored else []
    notes += [DocumentNote.SCANNED_PAGES] if work.given_up else []
    kind = DocumentKind.PDF if work.is_pdf else DocumentKind.IMAGE
    return parse_pages_safely(pages, kind=kind, notes=notes, scanned_pages=work.given_up, calendar=calendar)


class _Work:
    """What is recognised so far, over as many processes as it takes."""

    def __init__(self, progress: Progress) -> None:
        self.pages: list[Page] = []
        self.given_up: list[int] = []
        self.next_page = 1
        self.is_pdf = True
        self._total: int | None = None
        self._progress = progress

    @property
    def is_done(self) -> bool:
        return self._total is not None and self.next_page > self._total

    def take(self, process: subprocess.Popen[bytes], limits: OcrLimits) -> None:
        """Take pages from this process until it has no more; one that it fails at is given up."""
        assert process.stdout is not None
        lines = _Lines(process.stdout)
        head = lines.next(limits.start_seconds)
        if head is None:
            raise DocumentError(DocumentProblem.CRASHED)
        if "error" in head:
            raise refusal_of(head["error"])
        self._total, self.is_pdf = int(head["pages"]), bool(head["is_pdf"])
        self._progress(self.next_page - 1, self._total)
        while not self.is_done:
            answer = lines.next(limits.page_seconds)
            if answer is not None and "error" in answer:
                raise refusal_of(answer["error"])
            number, self.next_page = self.next_page, self.next_page + 1
            if answer is None:
                self.given_up.append(number)
            elif answer["page"] is not None:
                self.pages.append(from_plain(Page, answer["page"]))
            self._progress(number, self._total)
            if answer is None:
                return


class _Lines:
    """JSON lines of a pipe, each within its time."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._held = b""

    def next(self, seconds: float) -> Mapping[str, Any] | None:
        """The next line; ``None`` when there is no more, or none in time."""
        ends_at = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipe, selectors.EVENT_READ)
            while b"\n" not in self._held:
                if not selector.select(max(0.0, ends_at - time.monotonic())):
                    return None
                chunk = self._pipe.read1(CHUNK)  # type: ignore[attr-defined]  # a buffered pipe has it
                if not chunk:
                    return None
                self._held += chunk
        line, _, self._held = self._held.partition(b"\n")
        answer: Mapping[str, Any] = json.loads(line)
        return answer


@contextmanager
def _recogniser(data: bytes, first_page: int, limits: OcrLimits) -> Iterator[subprocess.Popen[bytes]]:
    """A process that recognises from this page on; it ends with the block."""
    order = {"first_page": first_page, "memory_bytes": limits.memory_bytes, "max_pages": MAX_PAGES}
    process = subprocess.Popen(
        child_command(),
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        try:
            assert process.stdin is not None
            with suppress(BrokenPipeError):
                # It reads all of this before it does anything else.
                process.stdin.write(json.dumps(order).encode() + b"\n" + data)
                process.stdin.close()
            yield process
        finally:
            process.kill()


def child_command() -> Sequence[str]:
    return command_for("taskboard.documents.ocr_child")


def _say_nothing(done: int, total: int) -> None:
    """The progress of somebody who does not want to know."""
