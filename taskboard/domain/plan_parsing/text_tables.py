"""Work lists in running text: lines with tabs, bars or wide gaps between the cells, or one cell a line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise, takewhile

from taskboard.domain.plan_parsing.blocks import Table
from taskboard.domain.plan_parsing.divided_lines import (
    BAR,
    BREAKS_OFF,
    GOES_ON,
    OF_BLANKS,
    cells_between,
    cells_of,
    lines_of_tables,
    separator_of_names,
)
from taskboard.domain.plan_parsing.fields import UNIT_FIELDS, Field, field_named
from taskboard.domain.plan_parsing.lines import Line, Pages
from taskboard.domain.plan_parsing.noise import is_noise
from taskboard.domain.plan_parsing.numbering import read_label
from taskboard.domain.plan_parsing.table_headers import FEWEST_ROWS, columns_of, find_header, with_merged_names
from taskboard.domain.plan_parsing.tables import NOTE, WorkList, read_grid
from taskboard.domain.plan_parsing.text import EMPTY, Text, join_texts, squeezed
from taskboard.domain.plan_parsing.time_limits import is_time_limit
from taskboard.domain.plan_parsing.units import is_unit_list
from taskboard.domain.plan_parsing.unseparated_tables import unseparated_columns, unseparated_list


def text_tables(pages: Pages) -> tuple[list[Line | Table], list[tuple[int, WorkList]]]:
    """Work lists written as lines with tabs or | between the cells; also gives what is left."""
    rest: list[Line | Table] = []
    lists: list[tuple[int, WorkList]] = []
    run: list[Line] = []
    inside_cell = _lines_inside_cells(pages.parts)
    inside_table = lines_of_tables(pages.parts)
    skipped = 0
    for number, part in enumerate([*pages.parts, None]):
        if skipped:
            skipped -= 1
            continue
        is_divided = number in inside_table
        if isinstance(part, Line) and not is_divided and (columns := unseparated_columns(part.text.plain)):
            below = takewhile(lambda one: isinstance(one, Line), pages.parts[number + 1 :])
            work, skipped = unseparated_list([one for one in below if isinstance(one, Line)], columns)
            if work is not None:
                lists.append((len(rest), work))
                continue
        if isinstance(part, Line) and (
            is_divided
            or cells_of(part.text)
            or (run and (number in inside_cell or part.text.plain.strip() == "|" or _closes_last_row(part, run)))
        ):
            run.append(part)
            continue
        if run:
            work, above = _list_in(run)
            if work is not None:
                pages.dropped += [text for text in above if is_noise(text.plain)]
                rest += [Line(text) for text in above if not is_noise(text.plain)]
                lists.append((len(rest), work))
            else:
                rest += run
            run = []
        if part is not None:
            rest.append(part)
    return rest, lists


MOST_LINES_IN_A_CELL = 8


def _lines_inside_cells(parts: Sequence[Line | Table]) -> set[int]:
    """Positions of lines without a bar between two lines that end with one (a |⏎b |⏎c⏎d |)."""
    inside: set[int] = set()
    pending: list[int] = []
    after_bar = False
    for number, part in enumerate(parts):
        if not isinstance(part, Line):
            pending, after_bar = [], False
        elif part.text.plain.rstrip().endswith("|"):
            inside.update(pending)
            pending, after_bar = [], True
        elif after_bar and len(part.text) < 400 and len(pending) < MOST_LINES_IN_A_CELL:
            pending.append(number)
        else:
            pending, after_bar = [], False
    return inside


ENDS_ROWS_WITH_BAR = 0.6
"""of the lines with cells, so many end with a bar where each row does"""


def _whole_rows(run: Sequence[Line]) -> list[Text]:
    """The lines of a table; where its rows end with a bar, a row that is broken inside cells is put together."""
    texts = [line.text for line in run]
    of_several = [text for text in texts if text.plain.count("|") > 1]
    closed = sum(text.plain.rstrip().endswith("|") for text in of_several)
    if len(of_several) < FEWEST_ROWS or closed < ENDS_ROWS_WITH_BAR * len(of_several):
        return texts
    # A line with all the bars of a row is one: its last cell is filled where that of the others is empty.
    usual, _ = Counter(text.plain.count("|") for text in of_several).most_common(1)[0]
    rows: list[Text] = []
    pending: list[Text] = []
    for text in texts:
        pending.append(text)
        if text.plain.rstrip().endswith("|") or (len(pending) == 1 and text.plain.count("|") >= usual):
            rows.append(join_texts(pending, "\n"))
            pending = []
    return [*rows, *pending]


def _list_in(run: list[Line]) -> tuple[WorkList | None, list[Text]]:
    """The work list in lines with cells, and what stands in them above the names of its columns."""
    texts = _whole_rows(run)
    rows = [_cells_by_look(text) for text in texts]
    if all(len(row) <= 1 for row in rows):
        texts, rows = [], _rows_of_cells(run)
    kept = [number for number, row in enumerate(rows) if not all(DIVIDING.fullmatch(cell.plain) for cell in row)]
    texts, rows = [texts[number] for number in kept if texts], [rows[number] for number in kept]
    header, _ = find_header(rows)
    if header is None:
        return None, []
    above = [cell for row in rows[:header] for cell in row if len(cell)]
    names = texts[header] if texts else EMPTY
    if texts:
        rows = _divided_as(texts, rows, header)
    rows = with_merged_names(_put_together(rows[header:]))
    header, _ = find_header(rows)
    if header is None:
        return None, []
    width = len(rows[header])
    placed: set[int] = set()
    if texts and separator_of_names(names) in OF_BLANKS:
        columns = columns_of(rows[header])
        for number, row in enumerate(rows):
            if number > header and 1 < len(row) != width:
                rows[number] = _placed(row, columns, width)
                placed.add(number)
    grid = [_padded(row, width) for row in rows]
    return read_grid(grid, merged_cells_resolved=False, placed=placed), above


DIVIDING = re.compile(r"[-:\s—]*")


def _cells_by_look(text: Text) -> list[Text]:
    separator = separator_of_names(text)
    return cells_of(text) or (cells_between(text, separator) if separator in OF_BLANKS else [text])


def _divided_as(texts: Sequence[Text], rows: Sequence[list[Text]], header: int) -> list[list[Text]]:
    """The rows, each divided by what divides the names of the columns, where that stands in its line."""
    separator = separator_of_names(texts[header])
    within_bars = separator is BAR and texts[header].plain.startswith("|")
    divided = []
    for text, row in zip(texts, rows, strict=True):
        cells = cells_between(text, separator)
        if separator is BAR and len(cells) > 1:
            cells = cells[1:] if within_bars and not cells[0].plain else cells
            cells = cells[:-1] if not cells[-1].plain else cells
        divided.append(cells if len(cells) > 1 else row)
    return divided


def _put_together(rows: Sequence[list[Text]]) -> list[list[Text]]:
    """The rows below the names of the columns, the first of ``rows``, where one that is broken inside cells is one."""
    usual, _ = Counter(map(len, rows)).most_common(1)[0]
    width = max(usual, len(rows[0]))
    whole: list[list[Text]] = []
    columns: dict[int, Field] = {}
    for row, following in zip(rows, _divided_below(rows), strict=True):
        if len(whole) < FEWEST_ROWS:
            columns = columns_of(whole[0]) if whole else {}
        if whole and _goes_on(whole[-1], row, following, columns, width):
            last = whole[-1]
            of_units = columns.get(len(last) - 1) in UNIT_FIELDS
            whole[-1] = [*last[:-1], join_texts([last[-1], row[0]], "\n" if of_units else ""), *row[1:]]
        else:
            whole.append(row)
    return whole


def _divided_below(rows: Sequence[list[Text]]) -> list[list[Text]]:
    """For each row the next one below that has several cells; the last ones have none."""
    below: list[list[Text]] = []
    following: list[Text] = [EMPTY]
    for row in reversed(rows):
        below.append(following)
        following = row if len(row) > 1 else following
    return below[::-1]


def _goes_on(
    last: Sequence[Text], row: Sequence[Text], following: Sequence[Text], columns: dict[int, Field], width: int
) -> bool:
    """Whether a line of cells is the rest of the row above it, which broke off inside its last cell."""
    if len(row) > 1:
        return _completes(last, row, width)
    broken, rest = last[-1].plain, row[0].plain
    if NOTE.match(rest) or (read_label(rest) is not None and "。" not in rest):
        return False
    meaning = columns.get(len(last) - 1)
    return (
        BREAKS_OFF.search(broken) is not None
        or GOES_ON.match(rest) is not None
        or (meaning in UNIT_FIELDS and is_unit_list(row[0]) and is_unit_list(last[-1]))
        or (meaning is Field.DEADLINE and is_time_limit(broken + rest))
        or _completes(last, following, width)
    )


def _completes(last: Sequence[Text], row: Sequence[Text], width: int) -> bool:
    """Whether a short row and cells that open no row of their own make one that is no wider than others."""
    opens = not row[0].plain or _is_numbered(row) or NOTE.match(row[0].plain) is not None
    return not opens and len(last) < width and len(last) + len(row) - 1 <= width


def _is_numbered(row: Sequence[Text]) -> bool:
    return bool(row) and bool(re.fullmatch(r"\d{1,4}", row[0].plain.strip()))


def _padded(row: list[Text], width: int) -> list[Text]:
    return [*row, *[EMPTY] * (width - len(row))] if len(row) < width else row


def _rows_of_cells(run: list[Line]) -> list[list[Text]]:
    """Cells one a line: the header reaches to the first running number, and each such number begins a row."""
    cells = _cells_one_a_line(run)
    named = [field_named(cell.plain) for cell in cells[:16]]
    first = next((n for n, name in enumerate(named) if name is Field.NUMBER), None)
    if first is None and cells and NUMBER_NAME.fullmatch(squeezed(cells[0].plain)):
        first = 0
    if first is None:
        return []
    begin = next((n for n in range(first + 2, len(named)) if cells[n].plain.strip() in ("1", "一")), None)
    if begin is None:
        return []
    header = cells[first:begin]
    columns = [field_named(cell.plain) for cell in header]
    rows, awaited = [header], 1
    for cell in cells[begin:]:
        if cell.plain.strip() == str(awaited) or (len(rows[-1]) >= len(header) and cell.plain.strip().isdigit()):
            awaited = int(cell.plain.strip()) + 1
            rows.append([cell])
        elif len(rows) == 1 or (len(rows[-1]) >= len(header) and rows[-1][0].plain.strip() not in ("", "1")):
            rows.append([cell])
        else:
            rows[-1].append(cell)
    above: list[Text] = []
    for number, row in enumerate(rows[1:], start=1):
        if len(row) < len(header):
            rows[number] = _with_merged_cells(row, columns, above)
        above = rows[number]
    return [rows[0], *(row[: len(header)] for row in rows[1:])]


NUMBER_NAME = re.compile(r"[\u4e00-\u9fff]{0,4}号|N[oO]\.?")
NUMBER_CELL = re.compile(r"\s*\d{1,4}\s?\|\s*$")
LONGEST_LAST_CELL = 40


def _row_ends_without_bar(run: Sequence[Line]) -> set[int]:
    """Positions of lines that close a row without a bar, before the number that opens the next, where rows do so."""
    ends = {
        number
        for number, (line, below) in enumerate(pairwise(run))
        if not line.text.plain.rstrip().endswith("|") and NUMBER_CELL.match(below.text.plain)
    }
    return ends if len(ends) >= FEWEST_ROWS else set()


def _closes_last_row(line: Line, run: Sequence[Line]) -> bool:
    """Whether a short line below a table is its last cell, as other rows of it end without a bar."""
    is_short = len(line.text) <= LONGEST_LAST_CELL and "。" not in line.text.plain
    return is_short and run[-1].text.plain.rstrip().endswith("|") and bool(_row_ends_without_bar(run))


def _cells_one_a_line(run: Sequence[Line]) -> list[Text]:
    """The cells of lines that each end one with a bar; a name broken over lines is put together."""
    cells: list[Text] = []
    pending: list[Text] = []
    without_bar = _row_ends_without_bar(run)
    for number, line in enumerate(run):
        ends = line.text.plain.rstrip().endswith("|") or number in without_bar
        pending.append(line.text.strip(" |"))
        if ends:
            together = join_texts(pending, "\n")
            is_name = len(pending) > 1 and field_named(together.plain) is not None
            cells.append(join_texts(pending) if is_name else together)
            pending = []
    return [*cells, *pending]


MOST_MERGED = 4


def _with_merged_cells(row: list[Text], columns: Sequence[Field | None], above: Sequence[Text]) -> list[Text]:
    """A row that lacks the cells it shares with the row above: they are put where the others fit best."""
    missing = len(columns) - len(row)
    if not above or missing > MOST_MERGED or len(columns) > 12:
        return row
    best, best_score = row, -1.0
    for left_out in combinations(range(1, min(len(columns), len(above))), missing):
        own = iter(row)
        filled = [above[n] if n in left_out and n < len(above) else next(own) for n in range(len(columns))]
        score = sum(
            _fits(cell, column)
            for n, (cell, column) in enumerate(zip(filled, columns, strict=True))
            if n not in left_out
        )
        if score > best_score:
            best, best_score = filled, score
    return best


MOST_COLUMNS = 16


def _placed(row: list[Text], columns: Mapping[int, Field], width: int) -> list[Text]:
    """A row where blanks divide the cells, which show no empty one and may stand inside one, with as many cells as
    the others have: each stands below the name that it suits best.
    """
    row = _without_blanks_inside(row, columns, width)
    if len(row) >= width or width > MOST_COLUMNS:
        return row
    first = int(columns.get(0) is Field.NUMBER and _is_numbered(row))
    cells = row[first:]
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())] * (len(cells) + 1)
    best[:-1] = [(-1.0, ())] * len(cells)
    # From the right: what the cells behind reach at best, each of them below one of the columns seen so far.
    for column in range(width - 1, first - 1, -1):
        for number, cell in enumerate(cells):
            behind, places = best[number + 1]
            score = behind + _fits(cell, columns.get(column)) if behind >= 0 else -1.0
            if score >= best[number][0] and score >= 0:
                best[number] = (score, (column, *places))
    filled = dict(zip(best[0][1], cells, strict=True))
    return [*row[:first], *(filled.get(column, EMPTY) for column in range(first, width))]


def _without_blanks_inside(row: list[Text], columns: Mapping[int, Field], width: int) -> list[Text]:
    """A row with more cells than others: the parts of a name (张 伟) are one, and those of the longest text."""
    cells = list(row)
    while len(cells) > width:
        pairs = (n for n, (cell, after) in enumerate(pairwise(cells)) if len(cell) == 1 == len(after))
        texts = (n for n, meaning in columns.items() if meaning in (Field.ACTION, Field.TASK))
        joined = next(pairs, None)
        joined = max(texts, default=0) if joined is None else joined
        cells[joined : joined + 2] = [join_texts(cells[joined : joined + 2], " ")]
    return cells


def _fits(cell: Text, column: Field | None) -> float:
    """How well a text suits a column, from 0 to 1."""
    plain = squeezed(cell.plain)
    if column in UNIT_FIELDS:
        return float(is_unit_list(cell))
    if column is Field.DEADLINE:
        return float(is_time_limit(plain) or bool(TIME_VALUE.match(plain)))
    if column is Field.PERSON:
        return float(2 <= len(plain) <= 9 and not is_unit_list(cell))
    if column in (Field.ACTION, Field.TASK):
        return 0.8 if len(plain) > 6 and not is_unit_list(cell) else 0.3
    return 0.2


TIME_VALUE = re.compile(r"^(?:全年|持续|长期|常态|每[月季年]|年[内底]|立即|(?:20\d\d年)?\d{1,2}月)")
