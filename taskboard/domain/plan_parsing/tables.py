"""Work lists in tables: which column says what, and one measure from every data row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations, pairwise, takewhile

from taskboard.domain.plan_parsing.blocks import Cell, Table
from taskboard.domain.plan_parsing.clauses import (
    Reading,
    read_fields,
    read_persons,
    read_role_sentence,
    read_unit_value,
)
from taskboard.domain.plan_parsing.deadlines import is_time_limit
from taskboard.domain.plan_parsing.fields import FIELD_NAME, KNOWN_NAMES, UNIT_FIELDS, UNIT_WORD, Field, field_named
from taskboard.domain.plan_parsing.lines import Line, Pages
from taskboard.domain.plan_parsing.text import EMPTY, Source, Text, join_texts, read_text, squeezed, without_ranges
from taskboard.domain.plan_parsing.units import is_unit_list, looks_like_unit


@dataclass(slots=True)
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
    unseparated: bool = False
    """whether its cells were told apart by their words alone"""
    filled_down: bool = False
    """whether an empty cell was read as continuing the one above"""
    units_guessed: bool = False
    """whether a column of units was told by its cells, since its name is unknown"""


@dataclass
class WorkList:
    """A table that assigns work: its rows, and whether it has columns for units and for time."""

    rows: list[Row]
    has_units: bool
    has_deadline: bool
    notes: list[Text] = field(default_factory=list)
    titles: list[Text] = field(default_factory=list)
    position: int = 0
    unseparated: bool = False
    """whether no marks stood between its cells"""


Grid = Sequence[Sequence[Text]]


def read_table(table: Table, block: int, sources: list[Source]) -> WorkList | None:
    """The work list in a table block; nothing when no row looks like its header."""
    merged: dict[int, Text] = {}
    grid = [[_cell_text(cell, block, sources, merged) for cell in row] for row in table.rows]
    return read_grid(grid, merged_cells_resolved=True)


def _cell_text(cell: Cell, block: int, sources: list[Source], merged: dict[int, Text]) -> Text:
    """The text of a cell; that of a merged one is the same object at every position."""
    known = merged.get(id(cell))
    if known is not None:
        return known
    raw, row, column, height, width = cell
    sources.append(Source(block, row, column))
    text = read_text(raw, len(sources) - 1).strip()
    if height > 1 or width > 1:
        merged[id(cell)] = text
    return text


def read_grid(grid: Grid, *, merged_cells_resolved: bool) -> WorkList | None:
    """The work list in a grid of texts. Without resolved merges an empty cell continues the one above."""
    cards = _cards_in(grid)
    if cards:
        return _read_cards(cards)
    header_row, columns = find_header(grid)
    if header_row is None:
        return None
    by_content = _columns_by_content(grid[header_row], grid[header_row + 1 :], columns)
    columns |= by_content
    units_guessed = bool(UNIT_FIELDS & set(by_content.values()))
    work = WorkList([], bool(UNIT_FIELDS & set(columns.values())), Field.DEADLINE in columns.values())
    work.titles = [cells[0] for cells in grid[:header_row] if _single_text(cells, _filled(cells)) is not None]
    section = ""
    above: dict[int, Text] = {}
    first = header_row + 1
    while first < len(grid) and (_is_second_header(grid[first]) or _shares_cells(grid[first], grid[header_row])):
        columns.update(_columns_below(grid[first], grid[header_row]))
        first += 1
    for number in range(first, len(grid)):
        cells = list(grid[number])
        filled_cells = _filled(cells)
        if not filled_cells or _is_repeated_header(cells, columns):
            continue
        single = _single_text(cells, filled_cells)
        if single is not None:
            if NOTE.match(single.plain.strip()):
                work.notes.append(single)
            else:
                section = single.plain.strip()
                above = {}
            continue
        if NOTE.match(filled_cells[0].plain):
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
        row.section, row.filled_down, row.units_guessed = section, filled, units_guessed
        if len(row.action) or len(row.heading):
            work.rows.append(row)
    return work if work.rows else None


MOST_CARD_ROWS = 60
FEWEST_CARD_FIELDS = 3
LONGEST_CARD_NAME = 12
Card = list[tuple[Field, Text]]


def _cards_in(grid: Grid) -> list[Card]:
    """The cards of tasks in a table whose rows are a name and its value (牵头单位 | 市教育局), perhaps two such beside
    each other; a name that comes again begins the next card.
    """
    width = max((len(cells) for cells in grid), default=0)
    if width not in (2, 4) or not 1 < len(grid) <= MOST_CARD_ROWS:
        return []
    cards: list[Card] = [[]]
    seen: set[str] = set()
    for cells in grid:
        pairs = [(cells[n], cells[n + 1]) for n in range(0, len(cells) - 1, 2)]
        for name, value in pairs:
            named = _column_named(name.plain)
            if name is value or not len(name):
                continue
            if len(name) > LONGEST_CARD_NAME or _column_named(value.plain) is not None:
                return []
            if name.plain in seen:
                cards.append([])
                seen.clear()
            seen.add(name.plain)
            cards[-1].append((named or Field.OTHER, value))
    return cards if all(_is_card(card) for card in cards) else []


def _is_card(card: Card) -> bool:
    fields = {named for named, _ in card}
    return (
        len(fields) >= FEWEST_CARD_FIELDS and bool(fields & UNIT_FIELDS) and bool(fields & {Field.TASK, Field.ACTION})
    )


def _read_cards(cards: Sequence[Card]) -> WorkList:
    rows = [read_row([value for _, value in card], dict(enumerate(named for named, _ in card))) for card in cards]
    return WorkList(rows, has_units=True, has_deadline=any(len(row.deadline) for row in rows))


CHINESE_NUMBER = re.compile(r"[(（]?[一二三四五六七八九十]{1,3}[)）]?")


def _is_section(cells: Sequence[Text], columns: dict[int, Field]) -> bool:
    """一 | 大力提振消费 | | |: a row with a Chinese number and a title, and nothing assigned."""
    number = next((cells[c].plain.strip() for c, f in columns.items() if f is Field.NUMBER and c < len(cells)), "")
    if not CHINESE_NUMBER.fullmatch(number):
        return False
    return len({id(cell) for cell in cells if len(cell)}) <= 2


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
        named = _column_named(cell.plain)
        if named is not None:
            columns[column] = named
    return columns


def _columns_below(cells: Sequence[Text], header: Sequence[Text]) -> dict[int, Field]:
    """What the second row of a header says: 主要 below 责任单位 is 主要责任单位."""
    columns = _columns_of(cells)
    for column, (cell, above) in enumerate(zip(cells, header, strict=False)):
        if column not in columns and cell is not above and len(cell) and _column_named(above.plain) in UNIT_FIELDS:
            named = _column_named(squeezed(cell.plain) + squeezed(above.plain))
            if named is not None:
                columns[column] = named
    return columns


ONLOOKERS = re.compile(
    r"验收|督导|督办|督查|监督|监管|审核|考核|评估|填报|报送|指导|联系(?:单位|部门|点)|来源|依据|出处|提出|交办|受益|地点|区域|范围|上年|原"
)
"""names of columns whose units look on, report or are told where something is"""
UNIT_NAME = re.compile(UNIT_WORD)
OBJECTS = re.compile(r"领域|对象|类别|类型|行业|场所|名称$")
"""names of columns that tell what is dealt with, never who does it, even where that is called 机构 or 单位"""
ROWS_LOOKED_AT = 40
MOST_OF_THEM = 0.8


def _columns_by_content(header: Sequence[Text], rows: Grid, columns: Mapping[int, Field]) -> dict[int, Field]:
    """What columns with an unknown name say, told by their cells, where no column with a known name says it."""
    found: dict[int, Field] = {}
    named = set(columns.values())
    # 抽查对象 may hold what looks like units, too: a column whose name speaks of units is asked first.
    for column, name in sorted(enumerate(header), key=lambda at: not UNIT_NAME.search(squeezed(at[1].plain))):
        cells = [row[column] for row in rows[:ROWS_LOOKED_AT] if column < len(row) and len(row[column])]
        if column in columns or not len(name) or len(cells) < FEWEST_UNSEPARATED_ROWS:
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


def _column_named(plain: str) -> Field | None:
    if plain.isdigit() or (len(plain) > LONGEST_COLUMN_NAME and len(squeezed(plain)) > LONGEST_COLUMN_NAME):
        return None
    return field_named(plain) if plain else None


def _is_second_header(cells: Sequence[Text]) -> bool:
    """A header over two rows repeats or refines the names."""
    names = [squeezed(cell.plain) for cell in cells if len(cell)]
    return (
        bool(names)
        and all(field_named(name) is not None and len(name) <= 12 for name in names)
        and not any(re.match(r"^\d", n) for n in names)
    )


def _shares_cells(cells: Sequence[Text], header: Sequence[Text]) -> bool:
    """Whether names of columns reach down into a row (序号 beside 一季度 below 节点目标): it is one of the header."""
    return any(cell is name for cell, name in zip(cells, header, strict=False) if len(cell))


def _is_repeated_header(cells: Sequence[Text], columns: dict[int, Field]) -> bool:
    """A table that goes on over a page may repeat its header."""
    awaited = max(2, len(columns) - 1)
    missing = len(columns) - awaited
    # From the right, where units and limits stand that repeat and are known already.
    for column, meaning in reversed(columns.items()):
        if column >= len(cells) or _column_named(cells[column].plain) is not meaning:
            missing -= 1
            if missing < 0:
                return False
    return missing >= 0


def _filled(cells: Sequence[Text]) -> list[Text]:
    return [cell for cell in cells if cell.plain]


def _single_text(cells: Sequence[Text], filled: Sequence[Text]) -> Text | None:
    """The only text of a row: one cell over all columns, or one filled cell among empty ones that is no number."""
    if not filled or filled[-1] is not filled[0]:
        return None
    if all(cell is filled[0] for cell in cells):
        return filled[0]
    distinct = {id(cell): cell for cell in filled}
    if (
        len(distinct) == 1
        and not re.fullmatch(r"\d{1,4}", filled[0].plain.strip())
        and len(cells) > 2
        and cells[0] is filled[0]
    ):
        return filled[0]
    return None


def _fill_down(cells: list[Text], columns: dict[int, Field], above: dict[int, Text]) -> bool:
    """Empty cells of merged columns take the text above: units and time only together with their neighbours."""
    filled = False
    leads = [c for c, f in columns.items() if f in (Field.LEAD, Field.RESPONSIBLE)]
    numbers = [c for c, f in columns.items() if f is Field.NUMBER and c < len(cells)]
    goes_on = bool(numbers) and not any(len(cells[c]) for c in numbers)
    units_empty = all(not len(cells[c]) for c in columns if columns[c] in UNIT_FIELDS and c < len(cells))
    for column, meaning in columns.items():
        if column >= len(cells) or len(cells[column]) or column not in above or not len(above[column]):
            continue
        if goes_on and meaning in (Field.NUMBER, Field.TASK) and _has_content(cells, columns):
            cells[column] = above[column]
        elif meaning is Field.CATEGORY or (
            meaning in UNIT_FIELDS and (units_empty or column == leads[:1][0] if leads else units_empty)
        ):
            cells[column] = above[column]
            filled = filled or meaning in UNIT_FIELDS
        elif meaning is Field.DEADLINE:
            cells[column] = above[column]
            filled = True
    return filled


def _has_content(cells: Sequence[Text], columns: dict[int, Field]) -> bool:
    return any(f is Field.ACTION and c < len(cells) and len(cells[c]) for c, f in columns.items())


def read_row(cells: Sequence[Text], columns: dict[int, Field]) -> Row:
    """The fields of one row; a cell may hold whole clauses of its own."""
    by_field = _by_field(cells, columns)
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
    numbers = by_field.get(Field.NUMBER)
    number = squeezed(numbers[0].clean) if numbers else ""
    for text in by_field.get(Field.PERSON, ()):
        reading.persons += read_persons(text.plain)
    return Row(number.strip("、.．"), heading, action, reading, deadline, written, list(cells))


def _by_field(cells: Sequence[Text], columns: dict[int, Field]) -> dict[Field, list[Text]]:
    """The filled cells of a row by what their columns say, one that is merged over several columns once."""
    by_field: dict[Field, list[Text]] = {}
    for column, meaning in columns.items():
        if column >= len(cells) or not cells[column].plain:
            continue
        texts = by_field.get(meaning)
        if texts is None:
            by_field[meaning] = [cells[column]]
        elif not any(text is cells[column] for text in texts):
            texts.append(cells[column])
    return by_field


def _read_units(by_field: dict[Field, list[Text]]) -> tuple[Reading, str]:
    reading = Reading()
    written = []
    for meaning in (Field.LEAD, Field.RESPONSIBLE, Field.PARTNER):
        for text in by_field.get(meaning, ()):
            written.append(text.clean.replace("\n", "、"))
            reading.merge_moved(_read_unit_cell(meaning, text.clean, text.plain), text)
    if Field.LEAD in by_field and Field.RESPONSIBLE in by_field:
        reading.partners = list(reading.order)
    return reading, "\t".join(written)


@lru_cache(maxsize=4096)
def _read_unit_cell(meaning: Field, clean: str, plain: str) -> Reading:
    """What a cell of such a column says, read once: a ledger names the same departments in row after row."""
    text = Text(clean, plain, range(len(plain)))
    if FIELD_NAME.search(plain):
        return read_fields(text)
    sentence = read_role_sentence(text)
    if sentence is not None and meaning is not Field.PARTNER:
        return sentence
    reading = Reading()
    read_unit_value(meaning, _joined_breaks(text), reading)
    return reading


BREAK = re.compile(r"(?<=[\u4e00-\u9fff])\n(?=[\u4e00-\u9fff(])")


def _joined_breaks(text: Text) -> Text:
    """A line break inside a name (市自然资源⏎局) or before its alias is closed; one between whole names stays."""
    closed = []
    for found in BREAK.finditer(text.plain):
        before = re.split("[、,;/\n]", text.plain[: found.start()])[-1].strip()
        after = re.split("[、,;/\n]", text.plain[found.end() :], maxsplit=1)[0].strip()
        whole = looks_like_unit(before) and looks_like_unit(after) and len(after) >= 3
        if after.startswith("(") or (not whole and looks_like_unit(before + after)):
            closed.append((found.start(), found.end()))
    return without_ranges(text, closed)


# --- tables without any separator ---------------------------------------------------------------

UNSEPARATED_LEVEL = "[省市县区镇州旗]"
UNSEPARATED_UNIT = (
    r"(?:各(?:[\u4e00-\u9fff]|\([^()]{1,12}\)){1,14}?|(?:国网|人民银行)[\u4e00-\u9fff]{2,12}?|团(?=[省市县区州]委)"
    rf"|(?:[\u4e00-\u9fff]{{2,3}})?{UNSEPARATED_LEVEL}[\u4e00-\u9fff]{{0,14}}?)"
    r"(?:办公室|委员会|办事处|公司|集团|中心|政府|管委会|单位|部门|街道|乡镇|法院|检察院|总工会|妇联|残联|联合会|支队|大队|供销社|[省市县区州]委|局|委|办|厅|院|部)"
)
UNSEPARATED_FIRST = (
    rf"(?:{UNSEPARATED_LEVEL}(?:妇联|残联|文联|科协|总工会|法院|检察院|供销社)|团[省市县区州]委"
    rf"|(?:(?:国网|人民银行)[\u4e00-\u9fff]{{2,12}}?|各[\u4e00-\u9fff]{{1,14}}?|{UNSEPARATED_LEVEL}[\u4e00-\u9fff]{{1,14}}?)"
    r"(?:办公室|委员会|办事处|公司|集团|中心|政府|管委会|单位|部门|街道|乡镇|法院|检察院|总工会|妇联|残联|联合会|支队|大队|供销社|局|委|办|厅|院|部))"
)
"""a name right after the content, which must begin with its level for its beginning to be seen"""
FURTHER_UNITS = rf"(?:[、,]{UNSEPARATED_UNIT})*"
UNSEPARATED_TAIL = re.compile(
    rf"(?P<first>{UNSEPARATED_FIRST}{FURTHER_UNITS})(?P<second>{UNSEPARATED_FIRST}{FURTHER_UNITS})?"
    r"(?P<time>(?:(?:19|20)\d\d年)?[^。、,]{0,12})$"
)
UNSEPARATED_TAIL_AFTER_PERSON = re.compile(rf"(?P<person>[\u4e00-\u9fff]{{2,3}}){UNSEPARATED_TAIL.pattern}")
LONGEST_TAIL = 160
FEWEST_UNSEPARATED_ROWS = 2
LONGEST_UNKNOWN_NAME = 10


def unseparated_columns(plain: str) -> list[Field]:
    """The columns of a header whose names run together (序号项目名称牵头单位); none when it is no such header.

    A name that is not known is taken for content when known ones stand around it.
    """
    line = squeezed(plain)
    columns: list[Field] = []
    if not line.startswith(("序号", "编号")) or re.search(r"[\t|]|  ", plain.strip()):
        return columns
    while line and len(columns) < 12:
        end = _known_name_at(line)
        if not end:
            end = next((n for n in range(2, min(LONGEST_UNKNOWN_NAME, len(line)) + 1) if _known_name_at(line[n:])), 0)
            if not end:
                return []
        columns.append(field_named(line[:end]) or Field.ACTION)
        line = line[end:]
    enough = len(columns) >= 3 and columns[0] is Field.NUMBER and UNIT_FIELDS & set(columns)
    return columns if enough and not line else []


def _known_name_at(line: str) -> int:
    """How long the known name of a column is that the line begins with; 0 for none."""
    return next((n for n in range(min(14, len(line)), 1, -1) if line[:n] in KNOWN_NAMES), 0)


def _unseparated_list(lines: Sequence[Line], columns: Sequence[Field]) -> tuple[WorkList | None, int]:
    """Rows below such a header: number, content and units told apart by how units end; and how many lines were used."""
    rows: list[Row] = []
    used = 0
    for line in lines:
        awaited = len(rows) + 1
        found = re.match(rf"\s*{awaited}[、.]?(?=[^\d、.])", line.text.plain)
        if not found:
            break
        rows.append(_unseparated_row(line.text[found.end() :], str(awaited), columns))
        used += 1
    if len(rows) < FEWEST_UNSEPARATED_ROWS:
        return None, 0
    return WorkList(rows, has_units=True, has_deadline=Field.DEADLINE in columns, unseparated=True), used


def _unseparated_row(text: Text, number: str, columns: Sequence[Field]) -> Row:
    text = text.strip()
    reading = Reading(damaged=True)
    stop = text.plain.rstrip("。").rfind("。") + 1
    begin = max(stop, len(text) - LONGEST_TAIL)
    has_person = Field.PERSON in columns
    tail = UNSEPARATED_TAIL_AFTER_PERSON if has_person else UNSEPARATED_TAIL
    found = tail.match(text.plain, begin) if stop else tail.search(text.plain, begin)
    if found is None:
        return Row(number, EMPTY, text, reading, EMPTY, "", unseparated=True)
    unit_columns = [column for column in columns if column in UNIT_FIELDS]
    parts = [(name, text[found.start(name) : found.end(name)]) for name in ("first", "second") if found[name]]
    if len(parts) == 1 and len(unit_columns) > 1:
        unit_columns = unit_columns[:1]
    for (_, part), column in zip(parts, unit_columns, strict=False):
        read_unit_value(column, part, reading)
    if len(parts) > len(unit_columns):
        read_unit_value(Field.PARTNER, parts[1][1], reading)
    if has_person:
        reading.persons.append(found["person"])
    written = "\t".join(part.clean for _, part in parts)
    limit = text[found.start("time") : found.end("time")].strip("。 ")
    return Row(
        number,
        EMPTY,
        text[: found.start()].strip(),
        reading,
        limit if is_time_limit(limit.plain) else EMPTY,
        written,
        unseparated=True,
    )


# --- tables in running text ----------------------------------------------------------------------


def text_tables(pages: Pages) -> tuple[list[Line | Table], list[tuple[int, WorkList]]]:
    """Work lists written as lines with tabs or | between the cells; also gives what is left."""
    rest: list[Line | Table] = []
    lists: list[tuple[int, WorkList]] = []
    run: list[Line] = []
    inside_cell = _lines_inside_cells(pages.parts)
    skipped = 0
    for number, part in enumerate([*pages.parts, None]):
        if skipped:
            skipped -= 1
            continue
        if isinstance(part, Line) and (columns := unseparated_columns(part.text.plain)):
            below = takewhile(lambda one: isinstance(one, Line), pages.parts[number + 1 :])
            work, skipped = _unseparated_list([one for one in below if isinstance(one, Line)], columns)
            if work is not None:
                lists.append((len(rest), work))
                continue
        if isinstance(part, Line) and (
            _cells_in(part.text)
            or (run and (number in inside_cell or part.text.plain.strip() == "|" or _closes_last_row(part, run)))
        ):
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
    if len(of_several) < FEWEST_UNSEPARATED_ROWS or closed < ENDS_ROWS_WITH_BAR * len(of_several):
        return texts
    rows: list[Text] = []
    pending: list[Text] = []
    for text in texts:
        pending.append(text)
        if text.plain.rstrip().endswith("|"):
            rows.append(join_texts(pending, "\n"))
            pending = []
    return [*rows, *pending]


def _list_in(run: list[Line]) -> tuple[WorkList | None, int]:
    texts = _whole_rows(run)
    rows = [[text[a:b].strip() for a, b in _cells_in(text)] or [text] for text in texts]
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
    return ends if len(ends) >= FEWEST_UNSEPARATED_ROWS else set()


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
