"""Headers of tables: which column says what, told by its name or, where that is unknown, by its cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from taskboard.domain.plan_parsing.fields import UNIT_FIELDS, UNIT_WORD, Field, field_named
from taskboard.domain.plan_parsing.text import EMPTY, Text, squeezed
from taskboard.domain.plan_parsing.time_limits import is_time_limit
from taskboard.domain.plan_parsing.units import is_unit_list

Grid = Sequence[Sequence[Text]]
FEWEST_KNOWN_HEADERS = 2


def find_header(grid: Grid) -> tuple[int | None, dict[int, Field]]:
    """The row whose cells are names of columns, one for units or time among them, and what each column says."""
    best: tuple[int | None, dict[int, Field]] = (None, {})
    best_score = 0
    for number, cells in enumerate(grid[:12]):
        columns = columns_of(cells)
        known = set(columns.values())
        decisive = known & (UNIT_FIELDS | {Field.DEADLINE, Field.PERSON})
        content = known & {Field.TASK, Field.ACTION, Field.CATEGORY}
        score = len(columns) + 2 * len(known)
        if (
            len(known) >= FEWEST_KNOWN_HEADERS
            and ((decisive and content) or (Field.NUMBER in known and len(content) >= 1))
            and score > best_score
        ):
            best, best_score = (number, columns), score
    return best


def columns_of(cells: Sequence[Text]) -> dict[int, Field]:
    """What each column says whose name is known."""
    columns: dict[int, Field] = {}
    for column, cell in enumerate(cells):
        named = column_named(cell.plain)
        if named is not None:
            columns[column] = named
    return columns


def columns_below(cells: Sequence[Text], header: Sequence[Text]) -> dict[int, Field]:
    """What the second row of a header says: 主要 below 责任单位 is 主要责任单位."""
    columns = columns_of(cells)
    for column, (cell, above) in enumerate(zip(cells, header, strict=False)):
        if column not in columns and cell is not above and len(cell) and column_named(above.plain) in UNIT_FIELDS:
            named = column_named(squeezed(cell.plain) + squeezed(above.plain))
            if named is not None:
                columns[column] = named
    return columns


MOST_LOWER_ROWS = 3
LONGEST_LOWER_NAME = 12


def with_merged_names(grid: Sequence[list[Text]]) -> list[list[Text]]:
    """The rows of a pasted table, whose first are names of columns: one that was merged over several columns or rows
    stands at each of its places again, as in a table that tells of its merged cells.
    """
    rows = [list(cells) for cells in grid]
    lower = next(
        (n for n, cells in enumerate(rows[1:], start=1) if not _are_lower_names(cells, rows[n - 1])), len(rows)
    )
    if not 1 < lower <= 1 + MOST_LOWER_ROWS:
        return rows
    width = max(map(len, rows[:lower]))
    for number in range(lower):
        rows[number] += [EMPTY] * (width - len(rows[number]))
    for above, below in pairwise(rows[:lower]):
        for column, name in enumerate(below):
            if len(name) and not len(above[column]) and column:
                above[column] = above[column - 1]
        for column, name in enumerate(below):
            if not len(name):
                below[column] = above[column]
    return rows


def _are_lower_names(cells: Sequence[Text], above: Sequence[Text]) -> bool:
    """Whether a row names parts of columns above it: short words that stand below names merged over several columns
    only, and nothing in the first column.
    """
    filled = [column for column, cell in enumerate(cells) if len(cell)]
    if not filled or not filled[0] or any(len(cells[column]) > LONGEST_LOWER_NAME for column in filled):
        return False

    def is_free(column: int) -> bool:
        return column >= len(above) or not len(above[column])

    below_none = sum(map(is_free, filled))
    return below_none > 0 and all(
        is_free(column) or (is_free(column + 1) and column + 1 < len(cells)) for column in filled
    )


ONLOOKERS = re.compile(
    r"验收|督导|督办|督查|监督|监管|审核|考核|评估|填报|报送|指导|联系(?:单位|部门|点)|来源|依据|出处|提出|交办|受益|地点|区域|范围|上年|原"
)
"""names of columns whose units look on, report or are told where something is"""
UNIT_NAME = re.compile(UNIT_WORD)
OBJECTS = re.compile(r"领域|对象|类别|类型|行业|场所|名称$")
"""names of columns that tell what is dealt with, never who does it, even where that is called 机构 or 单位"""
ROWS_LOOKED_AT = 40
MOST_OF_THEM = 0.8


def columns_by_content(header: Sequence[Text], rows: Grid, columns: Mapping[int, Field]) -> dict[int, Field]:
    """What columns with an unknown name say, told by their cells, where no column with a known name says it."""
    found: dict[int, Field] = {}
    named = set(columns.values())
    # 抽查对象 may hold what looks like units, too: a column whose name speaks of units is asked first.
    for column, name in sorted(enumerate(header), key=lambda at: not UNIT_NAME.search(squeezed(at[1].plain))):
        cells = [row[column] for row in rows[:ROWS_LOOKED_AT] if column < len(row) and len(row[column])]
        if column in columns or not len(name) or len(cells) < FEWEST_ROWS:
            continue
        if ONLOOKERS.search(squeezed(name.plain)) or OBJECTS.search(squeezed(name.plain)):
            continue
        meaning = _meaning_of(cells, named)
        if meaning is not None:
            found[column] = meaning
            named.add(meaning)
    return found


def _meaning_of(cells: Sequence[Text], named: set[Field]) -> Field | None:
    if _mostly(cells, is_unit_list):
        if not named & {Field.LEAD, Field.RESPONSIBLE}:
            return Field.RESPONSIBLE
        return None if Field.PARTNER in named or {Field.LEAD, Field.RESPONSIBLE} <= named else Field.PARTNER
    if Field.DEADLINE not in named and _mostly(cells, lambda cell: is_time_limit(cell.plain)):
        return Field.DEADLINE
    longest = max(len(cell) for cell in cells)
    if not named & {Field.ACTION} and Field.TASK in named and longest >= SHORTEST_ACTION and _mostly(cells, _is_wordy):
        return Field.ACTION
    return None


SHORTEST_ACTION = 8


def _mostly(cells: Sequence[Text], holds: Callable[[Text], bool]) -> bool:
    return sum(map(holds, cells)) >= MOST_OF_THEM * len(cells)


def _is_wordy(cell: Text) -> bool:
    return len(cell) >= SHORTEST_ACTION and not is_unit_list(cell) and not is_time_limit(cell.plain)


LONGEST_COLUMN_NAME = 24


@lru_cache(maxsize=4096)
def column_named(plain: str) -> Field | None:
    """What a column of this name says; nothing where the words name none."""
    if plain.isdigit() or (len(plain) > LONGEST_COLUMN_NAME and len(squeezed(plain)) > LONGEST_COLUMN_NAME):
        return None
    return field_named(plain) if plain else None


def is_second_header(cells: Sequence[Text]) -> bool:
    """A header over two rows repeats or refines the names."""
    names = [squeezed(cell.plain) for cell in cells if len(cell)]
    return (
        bool(names)
        and all(field_named(name) is not None and len(name) <= 12 for name in names)
        and not any(re.match(r"^\d", n) for n in names)
    )


def shares_cells(cells: Sequence[Text], header: Sequence[Text]) -> bool:
    """Whether names of columns reach down into a row (序号 beside 一季度 below 节点目标): it is one of the header."""
    return any(cell is name for cell, name in zip(cells, header, strict=False) if len(cell))


def is_repeated_header(cells: Sequence[Text], columns: dict[int, Field]) -> bool:
    """A table that goes on over a page may repeat its header."""
    awaited = max(2, len(columns) - 1)
    missing = len(columns) - awaited
    # From the right, where units and limits stand that repeat and are known already.
    for column, meaning in reversed(columns.items()):
        if column >= len(cells) or column_named(cells[column].plain) is not meaning:
            missing -= 1
            if missing < 0:
                return False
    return missing >= 0


FEWEST_ROWS = 2
"""what one row alone shows may be chance"""
