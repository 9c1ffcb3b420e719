"""Work lists in tables: one measure from every data row, what its columns say told by ``table_headers``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, pairwise

import msgspec
from msgspec import structs

from taskboard.domain.plan_parsing.blocks import Table
from taskboard.domain.plan_parsing.clause_fields import read_fields, read_persons, read_unit_value
from taskboard.domain.plan_parsing.clause_readings import Reading, Who, who_by
from taskboard.domain.plan_parsing.fields import FIELD_NAME, UNIT_FIELDS, Field
from taskboard.domain.plan_parsing.role_sentences import read_role_sentence
from taskboard.domain.plan_parsing.shared_clauses import lead_of_section
from taskboard.domain.plan_parsing.table_headers import (
    Grid,
    column_named,
    columns_below,
    columns_by_content,
    find_header,
    is_repeated_header,
    is_second_header,
    shares_cells,
)
from taskboard.domain.plan_parsing.text import (
    EMPTY,
    OFFSET_BITS,
    Source,
    Text,
    join_texts,
    read_views,
    squeezed,
    stripped,
    text_of,
    without_ranges,
)
from taskboard.domain.plan_parsing.units import looks_like_unit


class Row(msgspec.Struct):
    """One data row: the texts of its columns by what they say."""

    number: str
    heading: Text
    action: Text
    who: Who
    deadline: Text
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


def read_table(table: Table, block: int, sources: list[Source]) -> WorkList | None:
    """The work list in a table block; nothing when no row looks like its header."""
    read = read_views({cell.text for row in table.rows for cell in row})
    views = {raw: NO_VIEWS if raw in NOTHING else stripped(one) for raw, one in read.items()}
    cells = [cell for row in table.rows for cell in row]
    first = len(sources)
    sources += [(block, cell.row, cell.column) for cell in cells]
    texts = [text_of(views[cell.text], source) for source, cell in enumerate(cells, start=first)]
    merged: dict[int, Text] = {}
    for number, cell in enumerate(cells):
        if cell.row_span > 1 or cell.column_span > 1:
            # A merged cell is the same text at every position.
            texts[number] = merged.setdefault(id(cell), texts[number])
    ends = accumulate(map(len, table.rows), initial=0)
    return read_grid([texts[start:end] for start, end in pairwise(ends)], merged_cells_resolved=True)


NO_VIEWS = ("", "", 0)


def read_grid(grid: Grid, *, merged_cells_resolved: bool, placed: Collection[int] = ()) -> WorkList | None:
    """The work list in a grid of texts. Without resolved merges an empty cell continues the one above.

    ``placed`` are the rows whose cells were put below their columns by what they say.
    """
    cards = _cards_in(grid)
    if cards:
        return _read_cards(cards)
    header_row, columns = find_header(grid)
    if header_row is None:
        return None
    by_content = columns_by_content(grid[header_row], grid[header_row + 1 :], columns)
    columns |= by_content
    units_guessed = bool(UNIT_FIELDS & set(by_content.values()))
    work = WorkList([], bool(UNIT_FIELDS & set(columns.values())), Field.DEADLINE in columns.values())
    work.titles = [cells[0] for cells in grid[:header_row] if _single_text(cells, _filled(cells)) is not None]
    section, section_lead = "", None
    above: dict[int, Text] = {}
    first = header_row + 1
    while first < len(grid) and (is_second_header(grid[first]) or shares_cells(grid[first], grid[header_row])):
        columns.update(columns_below(grid[first], grid[header_row]))
        first += 1
    for number in range(first, len(grid)):
        cells = list(grid[number])
        filled_cells = _filled(cells)
        if not filled_cells or is_repeated_header(cells, columns):
            continue
        single = _single_text(cells, filled_cells)
        if NOTE.match(filled_cells[0].plain.strip()) or _is_total(filled_cells):
            work.notes.append(single or join_texts(cells, " "))
            continue
        if single is not None or _is_section(filled_cells, cells, columns):
            section, section_lead, above = cells_text(cells), lead_of_section(filled_cells[-1]), {}
            continue
        filled = False
        if not merged_cells_resolved:
            # Where blanks show no empty cell, a limit that is missing may be one of none.
            to_fill = {c: f for c, f in columns.items() if f is not Field.DEADLINE} if number in placed else columns
            filled = _fill_down(cells, to_fill, above, leads_too=section_lead is None)
            above = dict(enumerate(cells))
            cells = [EMPTY if cell.plain in NOTHING else cell for cell in cells]
        row = read_row(cells, columns)
        if section_lead is not None:
            row.who = _led_by(section_lead, row.who)
        row.section, row.filled_down, row.units_guessed = section, filled, units_guessed or number in placed
        if row.action.plain or row.heading.plain:
            work.rows.append(row)
    return work if work.rows else None


def _led_by(lead: Reading, who: Who) -> Who:
    """A row that names only who helps, or nobody, with the lead of its section."""
    if who.assigned.leads:
        return who
    first = who_by([lead], "、".join(unit.said.clean for unit in lead.leads))
    others = tuple(unit for unit in who.assigned.partners if unit.name not in first.assigned.lead_names)
    assigned = first.assigned._replace(partners=others, partner_names=tuple(unit.name for unit in others))
    written = "\t".join(filter(None, (first.as_written, who.as_written)))
    return structs.replace(who, assigned=assigned, leads=first.leads, as_written=written)


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
            named = column_named(name.plain)
            if name is value or not len(name):
                continue
            if len(name) > LONGEST_CARD_NAME or column_named(value.plain) is not None:
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


NUMBER_AND_TITLE = 2


def _is_section(filled: Sequence[Text], cells: Sequence[Text], columns: dict[int, Field]) -> bool:
    """一 | 大力提振消费 | | |: a row with a Chinese number and a title, and nothing assigned."""
    if len(set(map(id, filled))) > NUMBER_AND_TITLE:
        return False
    number = next((cells[c].plain.strip() for c, f in columns.items() if f is Field.NUMBER and c < len(cells)), "")
    return CHINESE_NUMBER.fullmatch(number) is not None


def cells_text(cells: Sequence[Text]) -> str:
    """The words of a row that is no data row."""
    return " ".join(dict.fromkeys(cell.plain.strip() for cell in cells if len(cell)))


TOTAL = r"(?:本[页类项]\s?)?[合总小共累]\s{0,4}计(?:$|\s?[:：(\d])"
NOTE = re.compile(rf"^(?:备?注|说明|填表说明|备注说明)\s?[:：\d.、]|^{TOTAL}")
LONGEST_TOTAL = 8
NOTHING = frozenset(("—", "——", "-", "--", "－", "–", "/"))
"""what people write into a cell that holds nothing"""


def _is_total(filled: Sequence[Text]) -> bool:
    """Whether the second cell of a row says that it sums up (经济发展 | 小计 | 6项)."""
    words = filled[1].plain if len(filled) > 1 else ""
    return words[-1:] == "计" and len(words) <= LONGEST_TOTAL and NOTE.match(words) is not None


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


def _fill_down(cells: list[Text], columns: Mapping[int, Field], above: dict[int, Text], *, leads_too: bool) -> bool:
    """Empty cells of merged columns take the text above: units and time only together with their neighbours.

    Not ``leads_too`` where an empty cell means the lead of the section.
    """
    filled = False
    leads = [c for c, f in columns.items() if f in (Field.LEAD, Field.RESPONSIBLE)]
    numbers = [c for c, f in columns.items() if f is Field.NUMBER and c < len(cells)]
    tasks = [c for c, f in columns.items() if f is Field.TASK and c < len(cells)]
    goes_on = bool(numbers) and not any(len(cells[c]) for c in numbers)
    units_empty = all(not len(cells[c]) for c in columns if columns[c] in UNIT_FIELDS and c < len(cells))
    for column, meaning in columns.items():
        if column >= len(cells) or len(cells[column]) or column not in above or not len(above[column]):
            continue
        if meaning is Field.LEAD and not leads_too:
            continue
        is_outer = meaning is Field.TASK and any(c > column and len(cells[c]) for c in tasks)
        if is_outer or (goes_on and meaning in (Field.NUMBER, Field.TASK) and _has_content(cells, columns)):
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


def _has_content(cells: Sequence[Text], columns: Mapping[int, Field]) -> bool:
    return any(f is Field.ACTION and c < len(cells) and len(cells[c]) for c, f in columns.items())


def read_row(cells: Sequence[Text], columns: dict[int, Field]) -> Row:
    """The fields of one row; a cell may hold whole clauses of its own."""
    by_field = _by_field(cells, columns)
    who = _who_in(by_field)
    tasks = by_field.get(Field.TASK, [])
    actions = by_field.get(Field.ACTION, [])
    categories = by_field.get(Field.CATEGORY, [])
    heading = tasks[0] if tasks else categories[-1] if categories and actions else EMPTY
    action = join_texts(actions, "\n") if actions else (tasks[0] if tasks else EMPTY)
    if not actions and tasks:
        heading = tasks[0] if len(tasks[0]) <= 40 and len(tasks) > 1 else (categories[-1] if categories else EMPTY)
        action = join_texts(tasks, "\n") if len(tasks) == 1 else join_texts(tasks[1:], "\n")
    deadline = join_texts(by_field.get(Field.DEADLINE, []), "\n")
    if not deadline.plain and who.time_limits:
        deadline = who.time_limits[-1]
    numbers = by_field.get(Field.NUMBER)
    number = squeezed(numbers[0].clean) if numbers else ""
    if Field.PERSON in by_field:
        named = [name for text in by_field[Field.PERSON] for name in read_persons(text.plain)]
        who = structs.replace(who, persons=[*who.persons, *named])
    return Row(number.strip("、.．"), heading, action, who, deadline)


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


def _who_in(by_field: Mapping[Field, list[Text]]) -> Who:
    texts: list[Text] = []
    cells: list[tuple[Field, str, str]] = []
    for meaning in COLUMNS_OF_UNITS:
        for text in by_field.get(meaning, ()):
            texts.append(text)
            cells.append((meaning, text.clean, text.plain))
    anywhere = _who_anywhere(tuple(cells))
    return Who(
        anywhere.assigned,
        [_placed(text, texts) for text in anywhere.leads],
        [_placed(text, texts) for text in anywhere.partners],
        anywhere.as_written,
        anywhere.persons,
        [_placed(text, texts) for text in anywhere.time_limits],
        [_placed(text, texts) for text in anywhere.stray],
    )


COLUMNS_OF_UNITS = (Field.LEAD, Field.RESPONSIBLE, Field.PARTNER)


@lru_cache(maxsize=4096)
def _who_anywhere(cells: tuple[tuple[Field, str, str], ...]) -> Who:
    """What these cells say wherever they stand, read once: a ledger names the same departments in row after row.

    The positions of its texts count from 0 in each cell, which stands for their source.
    """
    reading = Reading()
    for number, (meaning, clean, plain) in enumerate(cells):
        place = Text(clean, plain, number << OFFSET_BITS)
        reading.merge_moved(_read_unit_cell(meaning, clean, plain), place)
    written = "\t".join(clean.replace("\n", "、") for _, clean, _ in cells)
    return who_by([reading], written)


def _placed(text: Text, cells: Sequence[Text]) -> Text:
    """A text of ``_who_anywhere`` where these cells stand."""
    if not text.plain:
        return text
    first = text.at if isinstance(text.at, int) else text.at[0]
    return text.moved_to(cells[first >> OFFSET_BITS])


@lru_cache(maxsize=4096)
def _read_unit_cell(meaning: Field, clean: str, plain: str) -> Reading:
    """What a cell of such a column says; its positions count from 0."""
    text = Text(clean, plain, 0)
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
