"""What the process does that reads a file of strangers: its limits first, one file, its answer in JSON, and the end.

A request is a line of JSON (what to do), then the file's bytes. Where processes can be forked ``nursery`` runs this in
a copy of one that is loaded already; elsewhere ``isolation`` starts it afresh, with the request on standard input.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from taskboard.documents.document import Document, DocumentError, DocumentKind, DocumentProblem
from taskboard.documents.layout import Page, blocks_of
from taskboard.documents.limits import forbid_network_and_programs, limit_resources, limit_time
from taskboard.documents.reader import read_document
from taskboard.documents.rows import read_rows
from taskboard.documents.text import read_text
from taskboard.documents.wire import calendar_from_plain, from_json, to_json
from taskboard.domain.plan_parsing.parse import look_first


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
    """Answer the request on standard input, one part a line, and give the exit code."""
    with _take_over_output() as output:
        for part in answer(sys.stdin.buffer):
            output.write(part + b"\n")
    return 0


def answer(request: BinaryIO) -> Iterator[bytes]:
    """The document, its plan, and what a second look changes in it, each in JSON, or why there is none; from its first
    line on the process is limited as that line says. Who asked can open each part while the next is worked out.
    """
    order = json.loads(request.readline())
    limit_time(order["seconds"])
    limit_resources(memory=order["memory_bytes"], seconds=order["seconds"])
    forbid_network_and_programs()
    try:
        yield from _answer(order, request.read())
    except DocumentError as error:
        facts = {name: value for name, value in error.facts.items() if name != "problem"}
        yield to_json({"error": {"problem": error.problem, "facts": facts}})
    except (MemoryError, RecursionError):
        yield to_json({"error": {"problem": DocumentProblem.TOO_COMPLEX, "facts": {}}})


REHEARSED = """關於印發2026年工作要點的通知
（2026年1月5日）
一、推进试点工作。新增3家以上，比2025年增长10%，每月调度一次。（牵头单位：市财政局；配合单位：市商务局、各区县政府；完成时限：2026年6月底前）
二、完善制度，持续推进，第三季度前完成。由市教育局牵头，市民政局、市水务局等部门按职责分工负责。
序号\t工作任务\t责任单位\t完成时限
1\t建设站点5处\t市民政局、市水务局\t长期坚持
2\t完成改造\t市教育局\t2026年年底
"""
"""a text of our own with a little of everything"""


def rehearse() -> None:
    """Read once what no stranger sent, so that what is made on first use (patterns, tables of characters) is there for
    whoever is forked from this process.
    """
    look_first(read_text(REHEARSED).blocks).look_again()


def _answer(order: Mapping[str, Any], data: bytes) -> Iterator[bytes]:
    document = READERS[order["form"]](data)
    yield to_json({"document": document})
    if order["parse"]:
        calendar = calendar_from_plain(order["calendar"]) if order["calendar"] else None
        first = look_first(document.blocks, calendar=calendar)
        yield to_json({"plan": first.plan})
        yield to_json({"second_look": first.look_again()})


def _take_over_output() -> BinaryIO:
    """The pipe to the parent, out of reach of any library that prints."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return pipe


if __name__ == "__main__":
    sys.exit(main())
