"""Rows of a spreadsheet as its clipboard writes them: tabs between cells, and quotes around a cell with line breaks.

The quoting is that of RFC 4180, section 2, with a tab in place of the comma: a quoted cell begins and ends with ", and
a " inside it is doubled.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from taskboard.domain.plan_parsing.text import Text, join_texts, without_ranges

MOST_LINES_IN_A_ROW = 60
LONGEST_ROW = 8000
"""characters; what is longer is no row but a text in which a quote is missing"""

OPENS = re.compile(r'(?:^|(?<=\t)) ?"')
CLOSES = re.compile(r'"(?:"")*\s*(?:\t|$)')
WHOLE_CELL = re.compile(r'(?:^|(?<=\t)) ?"(?P<inside>(?:[^"\t]|"")*)" ?(?=\t|$)')
DOUBLED = re.compile('""')
NEEDS_QUOTES = re.compile(r'[\n,]|""')
"""what makes a spreadsheet write quotes around a cell; other quotes were written by a person and stay"""


def may_open_row(plain: str) -> bool:
    """Whether a line may hold a cell in quotes or the beginning of one: one look spares most lines the others."""
    return '"' in plain and ("\t" in plain or plain.startswith('"'))


def read_row_of_cells(line: Text, below: Sequence[Text]) -> tuple[Text, int]:
    """The row that begins with this line, without the quotes around its cells, and how many lines below it takes.

    Such a row goes on until its open cell is closed; where nothing closes it, the quote is one like others.
    """
    row, used = line, 0
    while _is_open(row.plain):
        further = _until_closed(below[used:])
        row, used = join_texts([row, *further], "\n"), used + len(further)
        if not further or len(row) > LONGEST_ROW:
            return line, 0
    return (_unquoted(row), used) if "\t" in row.plain else (line, 0)


def _is_open(plain: str) -> bool:
    """Whether the last cell begins with a quote that does not close."""
    last = plain.rfind("\t") + 1
    return OPENS.match(plain, last) is not None and WHOLE_CELL.match(plain, last) is None


def _until_closed(below: Sequence[Text]) -> list[Text]:
    """The lines up to the first that closes a quoted cell; none where another row begins before that."""
    found: list[Text] = []
    for text in below:
        found.append(text)
        if CLOSES.search(text.plain):
            return found
        if "\t" in text.plain:
            return []
    return []


def _unquoted(row: Text) -> Text:
    """The row without the quotes of quoted cells and with a single quote for each doubled one."""
    marks: list[tuple[int, int]] = []
    found = list(WHOLE_CELL.finditer(row.plain))
    every_cell = len(found) > row.plain.count("\t")
    for cell in found:
        start, end = cell.span("inside")
        if every_cell or NEEDS_QUOTES.search(row.clean, start, end):
            twice = [(one.start(), one.start() + 1) for one in DOUBLED.finditer(row.plain, start, end)]
            marks += [(cell.start(), start), *twice, (end, cell.end())]
    return without_ranges(row, marks) if marks else row
