"""What the reading left out: names of departments and limits in the document that no measure holds.

Every name that stands like one of a clause (after a colon, in a bracket, before 牵头, in a cell of its own) must have
become a lead, a partner or a part of an item's text. Where one did not, the measure it stands nearest to is doubtful.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from taskboard.domain.plan_parsing.blocks import Block, Cell, Table
from taskboard.domain.plan_parsing.brackets import split_outside
from taskboard.domain.plan_parsing.doubts import FIELDS, TIMES, UNITS, Doubt, add, noted
from taskboard.domain.plan_parsing.problems import Code, problem
from taskboard.domain.plan_parsing.reading import ParsedMeasure, Problem, Span
from taskboard.domain.plan_parsing.second_look import Words, with_doubts
from taskboard.domain.plan_parsing.text import EMPTY, Source, Text, read_text, spans_of
from taskboard.domain.plan_parsing.units import looks_like_unit
from taskboard.domain.plan_parsing.vocabulary import is_familiar

NAME = re.compile(
    r"(?:(?<=[:,、;。(\[\n\t|由请以和及 ])|^)(?:由|请|以)?(?P<name>[\u4e00-\u9fff]{2,18}?"
    r"(?:厅|局|委|办|部|院|会|处|室|队|行|公司|集团|中心|政府|单位|部门|海关|联|学院|街道|乡镇|办公室)(?:\([^()]{1,12}\))?)"
    r"(?=$|[、,;。)\]\n\t| ]|牵头|负责|配合|领衔|承担|帮办|参与|会同|按职责|分别|共同|等)"
)
OPENS_CLAUSE = frozenset(":([\t|由请")
ROLE_AFTER = re.compile(r"牵头|负责|配合|领衔|承担|帮办|参与")
TIME_CELL = re.compile(
    r"20\d\d|\d{1,2}月|[一二三四五六七八九十]月|季度|年[底内末]|半年|全年|每[年月季]|长期|持续|常态|[底末]前"
)
LONGEST_TIME_CELL = 14
LONGEST_UNIT_CELL = 200
MAY_SAY = re.compile(r"\D|20\d\d")
"""what is neither number nor blank, or a year: the number of a row says neither who nor when"""
SHORTEST_NAME = 3
NOT_ALONE = frozenset("会室")
"""endings that ordinary words have too (年会, 教室): such a name counts only where the document has it as a unit"""


class Place(msgspec.Struct, frozen=True, gc=False):
    """Characters of a block that belong to a measure, and as what."""

    measure: int
    field: str
    span: Span


class HeldCells(msgspec.Struct, gc=False):
    """The cells of a table that one measure holds, by row and column."""

    row: int | None = None
    """where its text stands"""
    cells: list[tuple[int | None, int | None]] = msgspec.field(default_factory=list)
    has_time: bool = False


@dataclass(frozen=True)
class Unread:
    """A passage that reads like part of a clause and belongs to nothing."""

    measure: int | None
    """the measure that it stands in or below; none before the first"""
    words: str
    is_inside: bool
    """whether it stands in the same paragraph or row as its measure"""
    fields: tuple[str, ...] = UNITS
    name: Text = EMPTY
    """the same words with their place, and ``line`` those around them, of what stands outside all measures"""
    line: Text = EMPTY


class Passage(NamedTuple):
    """A line that no measure and no candidate holds, with the names in it that stand as in a clause."""

    line: Text
    names: tuple[Text, ...]
    where: str


class Seen(NamedTuple):
    """What coverage adds to a reading."""

    measures: list[ParsedMeasure]
    problems: list[Problem]
    passages: list[Passage]


class Coverage:
    """Which characters of which blocks the measures of a reading hold; candidates are offered apart and count too."""

    def __init__(self, measures: Sequence[ParsedMeasure], candidates: Iterable[ParsedMeasure]) -> None:
        written = {name for one in measures for name in (*one.lead, *one.partners)}
        self.names = {read_text(name).plain for name in written}
        self.last_characters = {name[-1:] for name in self.names}
        self.places: dict[int, list[Place]] = defaultdict(list)
        held: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.in_cells: dict[int, dict[int, HeldCells]] = defaultdict(lambda: defaultdict(HeldCells))
        """block of a table → measure → what it holds of it"""
        for number, one in enumerate(measures):
            for field, spans in one.spans.items():
                for span in spans:
                    if span.row is not None:
                        in_cells = self.in_cells[span.block][number]
                        in_cells.cells.append((span.row, span.column))
                        if field == "text" and in_cells.row is None:
                            in_cells.row = span.row
                        in_cells.has_time |= field in TIMES
                        continue
                    self.places[span.block].append(Place(number, field, span))
                    if field in HOLDS_NAMES:
                        held[span.block].append((span.start, span.end))
        for one in candidates:
            for span in (span for spans in one.spans.values() for span in spans):
                held[span.block].append((span.start, span.end))
        for places in self.places.values():
            places.sort(key=lambda place: (place.span.start, place.measure))
        self.held = {block: _merged(ranges) for block, ranges in held.items()}

    def is_name(self, name: str) -> bool:
        """Whether the words are a department: one of the reading, or made of the words that such names have."""
        if len(name) < SHORTEST_NAME:
            return False
        return name in self.names or (name[-1] not in NOT_ALONE and is_familiar(name))

    def holds(self, span: Span) -> bool:
        """Whether the first or the last character belongs to the text or the units of an item."""
        ranges = self.held.get(span.block, [])
        return any(_is_in(ranges, position) for position in (span.start, span.end - 1))

    def beginning_in(self, span: Span) -> list[Place]:
        """The places that begin inside these characters."""
        places = self.places.get(span.block, [])
        first = bisect_left(places, span.start, key=lambda place: place.span.start)
        return places[first : bisect_left(places, span.end, first, key=lambda place: place.span.start)]


HOLDS_NAMES = frozenset({"lead", "partners", "text", "heading"})


def _merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _is_in(ranges: Sequence[tuple[int, int]], position: int) -> bool:
    near = bisect_right(ranges, position, key=lambda one: one[0]) - 1
    return near >= 0 and position < ranges[near][1]


def marked_by_coverage(
    measures: Sequence[ParsedMeasure],
    words: Sequence[Words],
    candidates: Sequence[ParsedMeasure],
    blocks: Sequence[Block],
    *,
    lines: Iterable[Text],
    sources: list[Source],
) -> Seen:
    """The measures with doubts for what was left out beside them, and the passages outside them all, with problems.

    ``words`` are those of the measures, ``lines`` the texts of the paragraphs in reading order, ``sources`` what their
    characters count from.
    """
    coverage = Coverage(measures, candidates)
    unread = [*_in_lines(coverage, lines, sources), *_in_tables(coverage, blocks), *_in_texts(coverage, words)]
    odd_rows = _rows_unlike_others(coverage, blocks)
    seen_again = []
    by_measure: dict[int, list[Unread]] = defaultdict(list)
    for one in unread:
        if one.measure is not None:
            by_measure[one.measure].append(one)
    for number, measure in enumerate(measures):
        if number not in by_measure and number not in odd_rows:
            seen_again.append(measure)
            continue
        found = noted(measure.doubts)
        for one in by_measure[number]:
            add(found, Doubt.UNITS_ELSEWHERE if one.fields is UNITS else Doubt.TIME_UNREAD, one.fields)
        if number in odd_rows:
            add(found, Doubt.ROW_UNLIKE_OTHERS, FIELDS)
        seen_again.append(with_doubts(measure, found))
    outside = [one for one in unread if not one.is_inside]
    return Seen(seen_again, list(_problems(measures, outside, sources)), list(_passages(measures, outside)))


def _problems(measures: Sequence[ParsedMeasure], outside: Iterable[Unread], sources: list[Source]) -> Iterator[Problem]:
    """One for all that stands below the same measure."""
    by_measure: dict[int | None, list[Unread]] = defaultdict(list)
    for one in outside:
        by_measure[one.measure].append(one)
    for number, found in by_measure.items():
        told = problem(Code.CLAUSE_UNREAD, _where(measures, number), "、".join(one.words for one in found))
        lines = {id(one.line): one.line for one in found}.values()
        yield replace(told, spans=tuple(span for line in lines for span in spans_of(line, sources)))


def _passages(measures: Sequence[ParsedMeasure], outside: Iterable[Unread]) -> Iterator[Passage]:
    by_line: dict[int, list[Unread]] = defaultdict(list)
    for one in outside:
        by_line[id(one.line)].append(one)
    for found in by_line.values():
        first = found[0]
        yield Passage(first.line, tuple(one.name for one in found), _where(measures, first.measure))


def _where(measures: Sequence[ParsedMeasure], number: int | None) -> str:
    if number is None:
        return "第一项之前"
    measure = measures[number]
    label = measure.path[-1] if measure.path else ""
    return f"{f'第 {label} 项' if label.isdigit() else label}“{(measure.heading or measure.text_head)[:20]}”之后"


# --- running text --------------------------------------------------------------------------------


def _in_lines(coverage: Coverage, lines: Iterable[Text], sources: list[Source]) -> Iterator[Unread]:
    last: int | None = None
    for text in lines:
        inside = [place for span in spans_of(text, sources) for place in coverage.beginning_in(span)]
        owner = inside[0].measure if inside else last
        for found in NAME.finditer(text.plain):
            if not coverage.is_name(found["name"]):
                continue
            name = text[_start_of_name(found) : found.end("name")]
            if any(coverage.holds(span) for span in spans_of(name, sources)):
                continue
            if inside:
                yield Unread(owner, name.plain, is_inside=True)
            elif _stands_like_a_clause(text.plain, found) and not ADDRESSEES.match(text.plain):
                yield Unread(owner, name.plain, is_inside=False, name=name, line=text)
        if inside:
            last = max(place.measure for place in inside)


ADDRESSEES = re.compile(r"\s*各[^。;]{1,200}:\s*$")
"""各县、区人民政府，市直各部门： names those a document is sent to"""


def _start_of_name(found: re.Match[str]) -> int:
    """Where the name itself begins in 本方案由市科技局."""
    return found.start("name") + found["name"].rfind("由") + 1


def _stands_like_a_clause(plain: str, found: re.Match[str]) -> bool:
    before = plain[found.start() - 1 : found.start()]
    return before == "、" or before in OPENS_CLAUSE or ROLE_AFTER.match(plain, found.end()) is not None


def _in_texts(coverage: Coverage, words: Iterable[Words]) -> Iterator[Unread]:
    """Names inside the text of a measure that stand as in a clause: in a bracket, after a colon, before 牵头."""
    for number, one in enumerate(words):
        if not one.measure.units_as_written:
            continue
        plain = one.text_alone
        ends = plain[-1:] in coverage.last_characters
        if ends and any(plain[-length:] in coverage.names for length in LENGTHS_OF_NAMES):
            yield Unread(number, plain[-SHORTEST_NAME:], is_inside=True)
            continue
        if not (BEFORE_NAME.search(plain) or ROLE_AFTER.search(plain)):
            continue
        for found in NAME.finditer(plain):
            if coverage.is_name(found["name"]) and _opens_clause(plain, found):
                yield Unread(number, found["name"], is_inside=True)
                break


BEFORE_NAME = re.compile(r"[:(\[\t|由请\n]")
LENGTHS_OF_NAMES = range(SHORTEST_NAME, 21)


def _opens_clause(plain: str, found: re.Match[str]) -> bool:
    start, end = found.start("name"), found.end("name")
    alone_in_line = plain[max(0, start - 1) : start] in ("", "\n") and plain[end : end + 1] in (
        "",
        "\n",
        "、",
        ",",
        ";",
    )
    return plain[max(0, start - 1) : start] in OPENS_CLAUSE or bool(ROLE_AFTER.match(plain, end)) or alone_in_line


# --- tables --------------------------------------------------------------------------------------


def _in_tables(coverage: Coverage, blocks: Sequence[Block]) -> Iterator[Unread]:
    for number, block in enumerate(blocks):
        if not isinstance(block, Table) or number not in coverage.in_cells:
            continue
        words: dict[int, str] = {}
        for measure, held in coverage.in_cells[number].items():
            if held.row is not None and held.row < len(block.rows):
                yield from _in_row(coverage, measure, held, block.rows[held.row], words)


def _in_row(
    coverage: Coverage, measure: int, held: HeldCells, row: Sequence[Cell], words: dict[int, str]
) -> Iterator[Unread]:
    for cell in row:
        if (cell.row, cell.column) in held.cells or not MAY_SAY.search(cell.text):
            continue
        if len(cell.text) > LONGEST_UNIT_CELL:
            continue
        if id(cell) not in words:
            words[id(cell)] = read_text(cell.text).plain.strip()
        plain = words[id(cell)]
        if _is_all_names(coverage, plain):
            yield Unread(measure, plain, is_inside=True)
        elif not held.has_time and len(plain) <= LONGEST_TIME_CELL and TIME_CELL.search(plain):
            yield Unread(measure, plain, is_inside=True, fields=TIMES)


def _is_all_names(coverage: Coverage, plain: str) -> bool:
    if len(plain) < SHORTEST_NAME or plain.isdigit():
        return False
    pieces = [plain[start:end].strip() for start, end in split_outside(plain, "、,;\n")]
    pieces = [piece for piece in pieces if piece]
    return any(len(piece) >= SHORTEST_NAME for piece in pieces) and all(
        looks_like_unit(piece) and (piece in coverage.names or is_familiar(piece)) for piece in pieces
    )


FEWEST_ROWS = 3
FEWEST_MARKS = 2


def _rows_unlike_others(coverage: Coverage, blocks: Sequence[Block]) -> set[int]:
    """Measures from lines with tabs or bars whose number of cells is not that of most such lines."""
    marks: dict[int, int] = {}
    for number in coverage.places:
        block = blocks[number]
        if not isinstance(block, Table):
            count = block.text.count("\t") or block.text.count("|")
            if count >= FEWEST_MARKS:
                marks[number] = count
    if len(marks) < FEWEST_ROWS:
        return set()
    usual, _ = Counter(marks.values()).most_common(1)[0]
    odd: Mapping[int, int] = {number: count for number, count in marks.items() if count != usual}
    return {place.measure for number in odd for place in coverage.places[number]}
