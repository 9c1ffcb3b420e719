"""Reading files of strangers in a process of their own, so that the worst file costs one process and some seconds.

The reading process gets the file through a pipe and nothing else: no sockets, no database, no settings of this one.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

import taskboard
from taskboard.documents.document import Document, DocumentError, DocumentKind, DocumentNote, DocumentProblem
from taskboard.documents.layout import Page
from taskboard.documents.nursery import Nursery, NurseryLost
from taskboard.documents.office import convert
from taskboard.documents.reader import MAX_BYTES
from taskboard.documents.wire import SentDocument, calendar_to_plain, from_json, to_json
from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.plan_parsing.reading import ParsedPlan, SecondLook

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What one reading may use: ``seconds`` of time (and of processor), ``memory_bytes`` beyond the empty process."""

    seconds: float = 20
    memory_bytes: int = 512 * 1024 * 1024


DEFAULT_LIMITS = Limits()

Part = Document | ParsedPlan | SecondLook
Answer = tuple[Document, ParsedPlan | None]

AT_ONCE = max(2, os.cpu_count() or 1)
"""readings at the same time in one server process; more would only take each other's memory and time"""

_places = threading.BoundedSemaphore(AT_ONCE)

INHERITED_SETTINGS = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT", "TMPDIR")
"""environment that an interpreter may need to start; secrets and addresses stay here"""

CONVERTING_SHARE = 0.8
"""of the time that is left; the rest is for reading the result"""

CAN_FORK = sys.platform != "win32"

TRACE_SHOWN = 2_000


def read_document_safely(data: bytes, filename: str | None = None, *, limits: Limits = DEFAULT_LIMITS) -> Document:
    """``read_document`` in a process of its own; ``filename`` is for the log only.

    Raises ``DocumentError``, also when that process dies.
    """
    document, _ = _ask(data, filename=filename, limits=limits)
    return document


def read_rows_safely(data: bytes, filename: str | None = None, *, limits: Limits = DEFAULT_LIMITS) -> Document:
    """The tables of a workbook or CSV text, every cell where it stands, read in a process of its own.

    Raises ``DocumentError``, also when that process dies.
    """
    document, _ = _ask(data, filename=filename, form="rows", limits=limits)
    return document


def parse_document_safely(
    data: bytes,
    filename: str | None = None,
    *,
    calendar: WorkingCalendar | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[Document, ParsedPlan]:
    """The document and the plan that is in it, both found in a process of their own. Raises ``DocumentError``."""
    return _with_plan(_ask(data, filename=filename, parse=True, calendar=calendar, limits=limits))


def parse_text_safely(
    text: str, *, calendar: WorkingCalendar | None = None, limits: Limits = DEFAULT_LIMITS
) -> tuple[Document, ParsedPlan]:
    """The same for a text that somebody pasted. Raises ``DocumentError``."""
    data = text.encode("utf-8", errors="replace")
    return _with_plan(_ask(data, form="pasted", parse=True, calendar=calendar, limits=limits))


def parse_pages_safely(
    pages: Sequence[Page],
    *,
    kind: DocumentKind,
    notes: Sequence[DocumentNote],
    scanned_pages: Sequence[int],
    calendar: WorkingCalendar | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[Document, ParsedPlan]:
    """The same for pages that were recognised already. Raises ``DocumentError``."""
    data = to_json(list(pages))
    document, plan = _with_plan(_ask(data, form="pages", parse=True, calendar=calendar, limits=limits))
    known = replace(document, kind=kind, notes=(*notes, *document.notes), scanned_pages=tuple(scanned_pages))
    return known, plan


def _with_plan(answer: Answer) -> tuple[Document, ParsedPlan]:
    document, plan = answer
    if plan is None:
        logger.error("reading a file gave no plan")
        raise DocumentError(DocumentProblem.CRASHED)
    return document, plan


def _ask(
    data: bytes,
    *,
    filename: str | None = None,
    form: str = "file",
    parse: bool = False,
    calendar: WorkingCalendar | None = None,
    limits: Limits,
) -> Answer:
    if not data:
        raise DocumentError(DocumentProblem.EMPTY)
    if len(data) > MAX_BYTES:
        raise DocumentError(DocumentProblem.TOO_LARGE, size=len(data), limit=MAX_BYTES)
    order = {
        "form": form,
        "parse": parse,
        "calendar": calendar_to_plain(calendar) if calendar else None,
        "memory_bytes": limits.memory_bytes,
    }
    if not _places.acquire(timeout=limits.seconds):
        raise DocumentError(DocumentProblem.BUSY)
    try:
        return _read_or_convert(order, data, filename=filename, seconds=limits.seconds)
    finally:
        _places.release()


def _read_or_convert(order: Mapping[str, Any], data: bytes, *, filename: str | None, seconds: float) -> Answer:
    """Read the file, or where nothing here can, what LibreOffice makes of it in the time that is left."""
    ends_at = time.monotonic() + seconds
    try:
        return _read_apart(order, data, filename=filename, seconds=seconds)
    except DocumentError as error:
        if error.problem is not DocumentProblem.UNSUPPORTED:
            raise
        left = CONVERTING_SHARE * (ends_at - time.monotonic())
        converted = convert(data, str(error.facts["format"]), seconds=left)
        if converted is None:
            raise
    document, plan = _read_apart(order, converted, filename=filename, seconds=ends_at - time.monotonic())
    return replace(document, notes=(*document.notes, DocumentNote.CONVERTED)), plan


def _read_apart(order: Mapping[str, Any], data: bytes, *, filename: str | None, seconds: float) -> Answer:
    """What the reading process answers. Raises ``DocumentError``, also when it takes too long or dies."""
    request = json.dumps({**order, "seconds": seconds}).encode() + b"\n" + data
    try:
        parts, status = _ask_nursery(request, seconds) if CAN_FORK else _start_reader(request, seconds)
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        raise DocumentError(DocumentProblem.TOO_SLOW, seconds=round(seconds)) from error
    except NurseryLost as error:
        raise DocumentError(DocumentProblem.CRASHED) from error
    if status == 0:
        match parts:
            case [Document() as document]:
                return document, None
            case [Document() as document, ParsedPlan() as plan, SecondLook() as second]:
                return document, second.of(plan)
    if CAN_FORK and -status in {signal.SIGXCPU, signal.SIGALRM}:
        raise DocumentError(DocumentProblem.TOO_SLOW, seconds=round(seconds))
    logger.error("reading %r ended with code %s", filename, status)
    raise DocumentError(DocumentProblem.CRASHED)


def _ask_nursery(request: bytes, seconds: float) -> tuple[list[Part], int]:
    return _nursery().ask(request, seconds=seconds, take=_open)


@cache
def _nursery() -> Nursery:
    return Nursery(command_for("taskboard.documents.nursery"), environment())


def _start_reader(request: bytes, seconds: float) -> tuple[list[Part], int]:
    """The slower way, for systems without fork: a process of its own from the very beginning."""
    result = subprocess.run(
        command_for("taskboard.documents.child"),
        env=environment(),
        input=request,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=seconds,
        check=False,
    )
    return [_open(line) for line in result.stdout.splitlines()], result.returncode


def command_for(module: str) -> list[str]:
    """The command that runs one of this package's modules in a process of its own."""
    # -P: a file beside the server's working directory must not be taken for a module.
    return [sys.executable, "-P", "-m", module]


class _Sent(msgspec.Struct):
    """One part of what the reading process says: the document, its plan, what changes in it, or why there is none."""

    document: SentDocument | None = None
    plan: ParsedPlan | None = None
    second_look: SecondLook | None = None
    error: dict[str, Any] | None = None
    trace: str | None = None


def _open(part: bytes) -> Part:
    """What this part holds. Raises ``DocumentError`` where it is a refusal or not to be understood."""
    try:
        with _without_collections():
            sent = from_json(_Sent, part)
            if sent.document is not None:
                return sent.document.open()
        if (said := sent.plan or sent.second_look) is not None:
            return said
        if sent.error is not None:
            raise refusal_of(sent.error)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        logger.exception("reading a file gave an answer that cannot be understood")
        raise DocumentError(DocumentProblem.CRASHED) from error
    logger.error("reading a file failed: %s", (sent.trace or "")[-TRACE_SHOWN:])
    raise DocumentError(DocumentProblem.CRASHED)


@contextmanager
def _without_collections() -> Iterator[None]:
    """A long reading is 100,000 new objects at once and no garbage: to look for some takes longer than to make them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def refusal_of(error: Mapping[str, Any]) -> DocumentError:
    """The refusal that another process sent."""
    return DocumentError(DocumentProblem(error["problem"]), **error["facts"])


def environment() -> dict[str, str]:
    """What such a process gets of this one's settings."""
    kept = {name: os.environ[name] for name in INHERITED_SETTINGS if name in os.environ}
    package = str(Path(taskboard.__file__).parent.parent)
    paths = filter(None, (package, os.environ.get("PYTHONPATH")))
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1"}
