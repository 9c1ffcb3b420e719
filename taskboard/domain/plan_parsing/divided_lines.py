"""Lines whose cells a tab, a bar or a wide gap divides, and the lines between them that belong to the same table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from taskboard.domain.plan_parsing.blocks import Table
from taskboard.domain.plan_parsing.fields import KNOWN_NAMES
from taskboard.domain.plan_parsing.lines import Line
from taskboard.domain.plan_parsing.table_headers import columns_of, find_header
from taskboard.domain.plan_parsing.text import Text, squeezed

TAB, BAR = re.compile("\t"), re.compile(r"\|")
WIDE_GAP = re.compile(r" {2,}")
BLANKS = re.compile(r" +")
"""divide cells only below names of columns that they divide, all of which are known"""
OF_BLANKS = (WIDE_GAP, BLANKS)
"""what shows no empty cell"""
FEWEST_SPACED_CELLS = 4
LINES_LOOKED_AT = 3
"""below names with single blanks between them, for a row that these divide as well"""
FEWEST_SPACED_NAMES = 3
"""cells between wide gaps are taken for a row where there are so many, or so many that are names of columns"""


def separator_of(plain: str) -> re.Pattern[str]:
    """What divides the cells of a line, if anything does."""
    if "\t" in plain:
        return TAB
    return BAR if plain.count("|") >= 2 or plain.rstrip().endswith("|") else WIDE_GAP


def cells_of(text: Text) -> list[Text]:
    """The cells of a line that is a row by its look; none when there are too few."""
    separator = separator_of(text.plain)
    cells = cells_between(text, separator)
    if separator is BAR:
        filled = [number for number, cell in enumerate(cells) if cell.plain]
        return cells[filled[0] : filled[-1] + 1] if filled else []
    return cells if separator is TAB or len(cells) >= FEWEST_SPACED_CELLS else []


def cells_between(text: Text, separator: re.Pattern[str]) -> list[Text]:
    """The cells of a line in a table with this separator: one, where it does not stand in the line."""
    cells, start = [], 0
    for found in separator.finditer(text.plain):
        cells.append(text[start : found.start()].strip())
        start = found.end()
    return [*cells, text[start:].strip()]


def separator_of_names(text: Text) -> re.Pattern[str]:
    """What divides the names of the columns on this line."""
    separator = separator_of(text.plain)
    if separator is WIDE_GAP and WIDE_GAP.search(text.plain) is None:
        names = cells_between(text, BLANKS)
        return BLANKS if len(columns_of(names)) == len(names) >= FEWEST_SPACED_CELLS else separator
    return separator


def lines_of_tables(parts: Sequence[Line | Table]) -> set[int]:
    """Positions of the lines of tables that begin with names of columns, whatever they look like by themselves:
    rows, parts of rows that are broken inside cells, and titles of sections between rows.
    """
    inside: set[int] = set()
    table: _OpenTable | None = None
    for number, part in enumerate(parts):
        if not isinstance(part, Line):
            table = None
        elif (opened := _opened_by(part.text, parts[number + 1 : number + 1 + LINES_LOOKED_AT])) is not None:
            table = opened
            inside.add(number)
        elif table is not None:
            inside.update(table.take(number, part.text))
            table = None if table.is_over else table
    return inside


def _opened_by(text: Text, below: Sequence[Line | Table]) -> _OpenTable | None:
    """The table that begins with this line of names; nothing when most of its cells are no names of columns."""
    separator = separator_of_names(text)
    cells = cells_between(text, separator)
    if len(cells) < FEWEST_SPACED_NAMES or NUMBER.match(cells[0].plain):
        return None
    header, _ = find_header([cells])
    if header is None or not _are_names(cells):
        return None
    if separator is BLANKS and not any(_is_row_of_blanks(one, len(cells)) for one in below):
        return None
    return _OpenTable(separator, len(cells), len(cells), cells[-1].plain)


def _is_row_of_blanks(part: Line | Table, width: int) -> bool:
    """Whether a line below names with single blanks between them is divided in the same way."""
    cells = cells_between(part.text, BLANKS) if isinstance(part, Line) else []
    return len(cells) >= max(FEWEST_SPACED_CELLS, width - 2) and NUMBER.match(cells[0].plain) is not None


def _are_names(cells: Sequence[Text]) -> bool:
    """Whether most of the cells are known names of columns, and not because the first of them is empty."""
    return bool(cells[0].plain) and 2 * len(columns_of(cells)) > sum(1 for cell in cells if cell.plain)


NUMBER = re.compile(r"(\d{1,4})[.、]?$")
BREAKS_OFF = re.compile(r"(?:[、,(\[“《及和与]|\([^()]*)$")
GOES_ON = re.compile(r"[、,;。)\]”》]")
MOST_LINES_BETWEEN = 8
LONGEST_BETWEEN = 400


@dataclass
class _OpenTable:
    """A table of which more lines may follow, and what is known of its last row."""

    separator: re.Pattern[str]
    width: int
    cells: int
    """of the last row, over all its lines"""
    last_name: str
    """what a name of a column begins with that may be broken over lines; nothing below the first row"""
    number: int = 0
    last: str = ""
    """the last line of the last row; nothing before the first row"""
    between: list[int] = field(default_factory=list)
    """lines without a separator: they belong to the table if a row follows"""
    is_over: bool = False

    def take(self, position: int, text: Text) -> list[int]:
        """The lines that now prove to belong to the table, this one among them if it does."""
        cells = cells_between(text, self.separator)
        if len(cells) == 1:
            return self._take_undivided(position, text.plain)
        if squeezed(self.last_name + cells[0].plain) in KNOWN_NAMES:
            self.width = self.cells = self.width + len(cells) - 1
            self.last_name = cells[-1].plain
            return self._taken(position)
        found = NUMBER.match(cells[0].plain)
        goes_on = found is None and self.cells + len(cells) - 1 <= self.width
        is_next = found is not None and int(found[1]) == self.number + 1
        if (
            self.separator in OF_BLANKS
            and not goes_on
            and not is_next
            and len(cells) < min(self.width, FEWEST_SPACED_CELLS)
        ):
            # The two halves of a signature stand apart, too.
            if BREAKS_OFF.search(text.plain) is None:
                self.is_over = True
                return []
            self.between.append(position)
            self.cells = len(cells)
            return []
        self.cells = self.cells + len(cells) - 1 if goes_on else len(cells)
        self.width = max(self.width, self.cells)
        self.number = int(found[1]) if found else self.number
        self.last, self.last_name = text.plain, ""
        return self._taken(position)

    def _taken(self, position: int) -> list[int]:
        taken, self.between = [*self.between, position], []
        return taken

    def _take_undivided(self, position: int, plain: str) -> list[int]:
        if self.last and not self.between and (BREAKS_OFF.search(self.last) or GOES_ON.match(plain)):
            self.last = plain
            return [position]
        self.is_over = len(plain) > LONGEST_BETWEEN or len(self.between) >= MOST_LINES_BETWEEN
        self.between.append(position)
        return []
