"""Work lists in tables: which column says what, and one measure from every data row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from taskboard.domain.plan_parsing.blocks import Cell, Table
from taskboard.domain.plan_parsing.clauses import (
    Reading,
    read_fields,
    read_persons,
    read_role_sentence,
    read_unit_value,
)
from taskboard.domain.plan_parsing.fields import FIELD_NAME, UNIT_FIELDS, Field, field_named
from taskboard.domain.plan_parsing.lines import Line, Pages
from taskboard.domain.plan_parsing.text import EMPTY, Source, Text, join_texts, read_text, squeezed, without_ranges
from taskboard.domain.plan_parsing.units import looks_like_unit


@dataclass
class Row:
    """One data row: the texts of its columns by what they say."""

    number: str
    heading: Text
    action: Text
    reading: Reading
    deadline: Text
    units_as_written: str
    cells: list[Text] = field(default_factory=list)
    section: str = ""
    filled_down: bool = False
    """whether an empty cell was read as continuing the one above"""


@dataclass
class WorkList:
    """A table that assigns work: its rows, and whether it has columns for units and for time."""

    rows: list[Row]
    has_units: bool
    has_deadline: bool
    notes: list[Text] = field(default_factory=list)
    titles: list[Text] = field(default_factory=list)
    position: int = 0


Grid = Sequence[Sequence[Text]]


def read_table(table: Table, block: int, sources: list[Source]) -> WorkList | None:
    """The work list in a table block; nothing when no row looks like its header."""
    texts: dict[int, Text] = {}
    grid: list[list[Text]] = []
    for row in table.rows:
        grid.append([_cell_text(cell, block, sources, texts) for cell in row])
    return read_grid(grid, merged_cells_resolved=True, continuation=_continuations(table))


def _cell_text(cell: Cell, block: int, sources: list[Source], texts: dict[int, Text]) -> Text:
    if id(cell) not in texts:
        sources.append(Source(block, cell.row, cell.column))
        texts[id(cell)] = read_text(cell.text, len(sources) - 1).strip()
    return texts[id(cell)]


def _continuations(table: Table) -> set[tuple[int, int]]:
    return {
        (r, c) for r, row in enumerate(table.rows) for c, cell in enumerate(row) if cell.row != r or cell.column != c
    }


def read_grid(
    grid: Grid, *, merged_cells_resolved: bool, continuation: set[tuple[int, int]] | None = None
) -> WorkList | None:
    """The work list in a grid of texts. Without resolved merges an empty cell continues the one above."""
    header_row, columns = find_header(grid)
    if header_row is None:
        return None
    work = WorkList([], bool(UNIT_FIELDS & set(columns.values())), Field.DEADLINE in columns.values())
    work.titles = [cells[0] for cells in grid[:header_row] if cells and _is_one_text(cells)]
    section = ""
    above: dict[int, Text] = {}
    first = header_row + 1
    while first < len(grid) and _is_second_header(grid[first]):
        columns.update(_columns_of(grid[first]))
        first += 1
    for number in range(first, len(grid)):
        cells = list(grid[number])
        if _is_blank(cells) or _is_repeated_header(cells, columns):
            continue
        single = _single_text(cells)
        if single is not None:
            if NOTE.match(single.plain.strip()):
                work.notes.append(single)
            else:
                section = single.plain.strip()
                above = {}
            continue
        if NOTE.match(next((cell.plain for cell in cells if len(cell)), "")):
            work.notes.append(join_texts(cells, " "))
            continue
        if _is_section(cells, columns):
            section, above = cells_text(cells), {}
            continue
        filled = False
        if not merged_cells_resolved:
            filled = _fill_down(cells, columns, above)
        above = dict(enumerate(cells))
        row = read_row(cells, columns)
        row.section, row.filled_down = section, filled
        if len(row.action) or len(row.heading):
            work.rows.append(row)
    return work if work.rows else None


CHINESE_NUMBER = re.compile(r"[(（]?[一二三四五六七八九十]{1,3}[)）]?")


def _is_section(cells: Sequence[Text], columns: dict[int, Field]) -> bool:
    """一 | 大力提振消费 | | |: a row with a Chinese number and a title, and nothing assigned."""
    numbers = [cells[c].plain.strip() for c, f in columns.items() if f is Field.NUMBER and c < len(cells)]
    filled = {id(cell) for cell in cells if len(cell)}
    return bool(numbers) and bool(CHINESE_NUMBER.fullmatch(numbers[0])) and len(filled) <= 2


def cells_text(cells: Sequence[Text]) -> str:
    """The words of a row that is no data row."""
    return " ".join(dict.fromkeys(cell.plain.strip() for cell in cells if len(cell)))


NOTE = re.compile(r"^(?:备?注|说明|填表说明|备注说明)\s?[:：\d.、]|^(?:合计|总计|小计)$")
FEWEST_KNOWN_HEADERS = 2


def find_header(grid: Grid) -> tuple[int | None, dict[int, Field]]:
    """The row whose cells are names of columns, one for units or time among them, and what each column says."""
    best: tuple[int | None, dict[int, Field]] = (None, {})
    best_score = 0
    for number, cells in enumerate(grid[:12]):
        columns = _columns_of(cells)
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


def _columns_of(cells: Sequence[Text]) -> dict[int, Field]:
    columns: dict[int, Field] = {}
    for column, cell in enumerate(cells):
        if 0 < len(squeezed(cell.plain)) <= 24:
            named = field_named(cell.plain)
            if named is not None:
                columns[column] = named
    return columns


def _is_second_header(cells: Sequence[Text]) -> bool:
    """A header over two rows repeats or refines the names."""
    names = [squeezed(cell.plain) for cell in cells if len(cell)]
    return (
        bool(names)
        and all(field_named(name) is not None and len(name) <= 12 for name in names)
        and not any(re.match(r"^\d", n) for n in names)
    )


def _is_repeated_header(cells: Sequence[Text], columns: dict[int, Field]) -> bool:
    """A table that goes on over a page may repeat its header."""
    again = _columns_of(cells)
    return sum(again.get(column) is meaning for column, meaning in columns.items()) >= max(2, len(columns) - 1)


def _is_blank(cells: Sequence[Text]) -> bool:
    return not any(len(cell) for cell in cells)


def _is_one_text(cells: Sequence[Text]) -> bool:
    return _single_text(cells) is not None


def _single_text(cells: Sequence[Text]) -> Text | None:
    """The only text of a row: one cell over all columns, or one filled cell among empty ones that is no number."""
    filled = [cell for cell in cells if len(cell)]
    if not filled:
        return None
    if all(cell is filled[0] for cell in cells):
        return filled[0]
    distinct = {id(cell): cell for cell in filled}
    if (
        len(distinct) == 1
        and not re.fullmatch(r"\d{1,3}", filled[0].plain.strip())
        and len(cells) > 2
        and cells[0] is filled[0]
    ):
        return filled[0]
    return None


def _fill_down(cells: list[Text], columns: dict[int, Field], above: dict[int, Text]) -> bool:
    """Empty cells of merged columns take the text above: units and time only together with their neighbours."""
    filled = False
    leads = [c for c, f in columns.items() if f in (Field.LEAD, Field.RESPONSIBLE)]
    units_empty = all(not len(cells[c]) for c in columns if columns[c] in UNIT_FIELDS and c < len(cells))
    for column, meaning in columns.items():
        if column >= len(cells) or len(cells[column]) or column not in above or not len(above[column]):
            continue
        if meaning is Field.CATEGORY or (
            meaning in UNIT_FIELDS and (units_empty or column == leads[:1][0] if leads else units_empty)
        ):
            cells[column] = above[column]
            filled = filled or meaning in UNIT_FIELDS
        elif meaning is Field.DEADLINE:
            cells[column] = above[column]
            filled = True
    return filled


def read_row(cells: Sequence[Text], columns: dict[int, Field]) -> Row:
    """The fields of one row; a cell may hold whole clauses of its own."""
    by_field: dict[Field, list[Text]] = {}
    for column, meaning in columns.items():
        if column < len(cells) and len(cells[column]):
            texts = by_field.setdefault(meaning, [])
            if not any(text is cells[column] for text in texts):
                texts.append(cells[column])
    reading, written = _read_units(by_field)
    tasks = by_field.get(Field.TASK, [])
    actions = by_field.get(Field.ACTION, [])
    categories = by_field.get(Field.CATEGORY, [])
    heading = tasks[0] if tasks else categories[-1] if categories and actions else EMPTY
    action = join_texts(actions, "\n") if actions else (tasks[0] if tasks else EMPTY)
    if not actions and tasks:
        heading = tasks[0] if len(tasks[0]) <= 40 and len(tasks) > 1 else (categories[-1] if categories else EMPTY)
        action = join_texts(tasks, "\n") if len(tasks) == 1 else join_texts(tasks[1:], "\n")
    deadline = join_texts(by_field.get(Field.DEADLINE, []), "\n")
    if not len(deadline) and reading.time_limits:
        deadline = reading.time_limits[-1]
    number = next((squeezed(text.clean) for text in by_field.get(Field.NUMBER, [])), "")
    reading.persons += [name for text in by_field.get(Field.PERSON, []) for name in read_persons(text.plain)]
    return Row(number.strip("、.．"), heading, action, reading, deadline, written, list(cells))


def _read_units(by_field: dict[Field, list[Text]]) -> tuple[Reading, str]:
    reading = Reading()
    written = []
    for meaning in (Field.LEAD, Field.RESPONSIBLE, Field.PARTNER):
        for text in by_field.get(meaning, []):
            written.append(text.clean.replace("\n", "、"))
            cell = Reading()
            if FIELD_NAME.search(text.plain):
                cell = read_fields(text)
            elif (sentence := read_role_sentence(text)) is not None and meaning is not Field.PARTNER:
                cell = sentence
            else:
                read_unit_value(meaning, _joined_breaks(text), cell)
            reading.merge(cell)
    if Field.LEAD in by_field and Field.RESPONSIBLE in by_field:
        reading.partners = list(reading.order)
    return reading, "\t".join(written)


BREAK = re.compile(r"(?<=[\u4e00-\u9fff])\n(?=[\u4e00-\u9fff])")


def _joined_breaks(text: Text) -> Text:
    """A line break inside a name (市自然资源⏎局) is closed; one between whole names stays."""
    closed = []
    for found in BREAK.finditer(text.plain):
        before = re.split("[、,;/\n]", text.plain[: found.start()])[-1].strip()
        after = re.split("[、,;/\n]", text.plain[found.end() :], maxsplit=1)[0].strip()
        whole = looks_like_unit(before) and looks_like_unit(after) and len(after) >= 3
        if not whole and looks_like_unit(before + after):
            closed.append((found.start(), found.end()))
    return without_ranges(text, closed)


# --- tables in running text ----------------------------------------------------------------------


def text_tables(pages: Pages) -> tuple[list[Line | Table], list[tuple[int, WorkList]]]:
    """Work lists written as lines with tabs or | between the cells; also gives what is left."""
    rest: list[Line | Table] = []
    lists: list[tuple[int, WorkList]] = []
    run: list[Line] = []
    for part in [*pages.parts, None]:
        if isinstance(part, Line) and (_cells_in(part.text) or (run and _may_continue(part.text, run))):
            run.append(part)
            continue
        if run:
            work, used = _list_in(run)
            if work is not None:
                lists.append((len(rest), work))
                rest += run[used:]
            else:
                rest += run
            run = []
        if part is not None:
            rest.append(part)
    return rest, lists


TAB, BAR = re.compile("\t"), re.compile(r"\|")
WIDE_GAP = re.compile(r" {2,}")
FEWEST_SPACED_CELLS = 4


def _cells_in(text: Text) -> list[tuple[int, int]]:
    """The ranges of the cells of a line that tabs, | or wide gaps divide; none when there are too few."""
    plain = text.plain
    if "\t" in plain:
        return _divided(plain, TAB)
    if plain.count("|") >= 2 or plain.rstrip().endswith("|"):
        ranges = _divided(plain, BAR)
        filled = [n for n, (start, end) in enumerate(ranges) if plain[start:end].strip()]
        return ranges[filled[0] : filled[-1] + 1] if filled else []
    ranges = _divided(plain, WIDE_GAP)
    return ranges if len(ranges) >= FEWEST_SPACED_CELLS else []


def _divided(plain: str, separator: re.Pattern[str]) -> list[tuple[int, int]]:
    ranges, start = [], 0
    for found in separator.finditer(plain):
        ranges.append((start, found.start()))
        start = found.end()
    return [*ranges, (start, len(plain))]


def _may_continue(text: Text, run: list[Line]) -> bool:
    """A line without separator inside a list whose cells stand on lines of their own (a |⏎b |⏎c)."""
    return run[-1].text.plain.rstrip().endswith("|") and len(text) < 400


def _list_in(run: list[Line]) -> tuple[WorkList | None, int]:
    rows = [[line.text[a:b].strip() for a, b in _cells_in(line.text)] or [line.text] for line in run]
    if all(len(row) <= 1 for row in rows):
        rows = _rows_of_cells(run)
    if not rows:
        return None, 0
    rows = [row for row in rows if not all(re.fullmatch(r"[-:\s—]*", cell.plain) for cell in row)]
    header, _ = find_header(rows)
    if header is None:
        return None, 0
    rows = _glued(rows)
    header, _ = find_header(rows)
    if header is None:
        return None, 0
    width = len(rows[header])
    grid = [_padded(row, width) for row in rows]
    return read_grid(grid, merged_cells_resolved=False), len(run)


def _glued(rows: list[list[Text]]) -> list[list[Text]]:
    """A row that is broken inside a cell (分 管⏎领导) is put together: two short rows that make a whole one."""
    width = max(len(row) for row in rows)
    glued: list[list[Text]] = []
    for row in rows:
        if glued and len(glued[-1]) < width and len(glued[-1]) + len(row) - 1 <= width and not _is_numbered(row):
            last = glued[-1]
            glued[-1] = [*last[:-1], join_texts([last[-1], row[0]]), *row[1:]]
        else:
            glued.append(row)
    return glued


def _is_numbered(row: list[Text]) -> bool:
    return bool(row) and bool(re.fullmatch(r"\d{1,3}", row[0].plain.strip()))


def _padded(row: list[Text], width: int) -> list[Text]:
    return [*row, *[EMPTY] * (width - len(row))] if len(row) < width else row


def _rows_of_cells(run: list[Line]) -> list[list[Text]]:
    """Cells one a line: the width is where the running number starts again below its header."""
    cells = [line.text.strip(" |") for line in run]
    named = [field_named(cell.plain) for cell in cells[:14]]
    first = next((n for n, name in enumerate(named) if name is Field.NUMBER), None)
    if first is None:
        return []
    width = next(
        (
            n - first
            for n in range(first + 2, min(len(cells), first + 14))
            if re.fullmatch(r"1|一", cells[n].plain.strip())
        ),
        None,
    )
    if width is None:
        return []
    return [cells[n : n + width] for n in range(first, len(cells), width)]
