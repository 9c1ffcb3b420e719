"""What the process does that reads a file of strangers: its limits first, then one file, one JSON answer, and the end.

A request is a line of JSON (what to do), then the file's bytes. Where processes can be forked ``nursery`` runs this in
a copy of one that is loaded already; elsewhere ``isolation`` starts it afresh, with the request on standard input.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from taskboard.documents.document import Document, DocumentError, DocumentKind, DocumentProblem
from taskboard.documents.layout import Page, blocks_of
from taskboard.documents.limits import forbid_network_and_programs, limit_resources, limit_time
from taskboard.documents.reader import read_document
from taskboard.documents.rows import read_rows
from taskboard.documents.text import read_text
from taskboard.documents.wire import calendar_from_plain, from_json, to_json
from taskboard.domain.plan_parsing.parse import parse_plan


def _read_pasted(data: bytes) -> Document:
    return read_text(data.decode("utf-8"))


def _read_pages(data: bytes) -> Document:
    return Document(tuple(blocks_of(from_json(list[Page], data))), DocumentKind.PDF)


READERS: Mapping[str, Callable[[bytes], Document]] = {
    "file": read_document,
    "pasted": _read_pasted,
    "pages": _read_pages,
    "rows": read_rows,
}
"""form of what is sent → what reads it"""


def main() -> int:
    """Answer the request on standard input and give the exit code."""
    with _take_over_output() as output:
        output.write(answer(sys.stdin.buffer))
    return 0


def answer(request: BinaryIO) -> bytes:
    """The answer to this request; from its first line on the process is limited as that line says."""
    order = json.loads(request.readline())
    limit_time(order["seconds"])
    limit_resources(memory=order["memory_bytes"], seconds=order["seconds"])
    forbid_network_and_programs()
    try:
        return _answer(order, request.read())
    except DocumentError as error:
        facts = {name: value for name, value in error.facts.items() if name != "problem"}
        return to_json({"error": {"problem": error.problem, "facts": facts}})
    except (MemoryError, RecursionError):
        return to_json({"error": {"problem": DocumentProblem.TOO_COMPLEX, "facts": {}}})


def _answer(order: Mapping[str, Any], data: bytes) -> bytes:
    document = READERS[order["form"]](data)
    if not order["parse"]:
        return to_json({"document": document, "plan": None})
    calendar = calendar_from_plain(order["calendar"]) if order["calendar"] else None
    return to_json({"document": document, "plan": parse_plan(document.blocks, calendar=calendar)})


def _take_over_output() -> BinaryIO:
    """The pipe to the parent, out of reach of any library that prints."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return pipe


if __name__ == "__main__":
    sys.exit(main())
