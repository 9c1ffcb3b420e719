"""The lines of a document: noise dropped, columns of a two-column paste put one after the other, wraps undone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from taskboard.domain.plan_parsing.blocks import Block, Paragraph, Table
from taskboard.domain.plan_parsing.clipboard import MOST_LINES_IN_A_ROW, may_open_row, read_row_of_cells
from taskboard.domain.plan_parsing.fields import FIELD_NAME
from taskboard.domain.plan_parsing.identity import TITLE_END
from taskboard.domain.plan_parsing.noise import ends_page, is_noise, noise_inside
from taskboard.domain.plan_parsing.numbering import read_label
from taskboard.domain.plan_parsing.text import Source, Text, join_texts, read_views, text_of, without_ranges


@dataclass(frozen=True)
class Line:
    """One line of running text; ``label`` is a number that the format shows beside it."""

    text: Text
    label: str = ""
    heading_level: int | None = None


@dataclass
class Pages:
    """A document as lines and tables in order, and all its text for what is said once."""

    parts: list[Line | Table]
    sources: list[Source]
    table_blocks: dict[int, int] = field(default_factory=dict)
    """position among the parts → index of the block"""
    dropped: list[Text] = field(default_factory=list)
    """noise lines, which may still hold the date of the document"""
    columns_found: bool = False


def read_pages(blocks: Sequence[Block]) -> Pages:
    """The blocks as clean lines and tables."""
    sources: list[Source] = []
    parts: list[Line | Table] = []
    dropped: list[Text] = []
    page_ended = False
    for part in _with_whole_rows(_parts_of(blocks, sources)):
        if isinstance(part, Table):
            parts.append(part)
            page_ended = False
            continue
        if is_noise(part.text.plain) and not part.label:
            dropped.append(part.text)
            page_ended = page_ended or ends_page(part.text.plain)
            continue
        above = parts[-1] if page_ended and parts else None
        if isinstance(above, Line) and _runs_over_page(above, part):
            parts[-1:] = _joined([above, part])
        else:
            parts.append(part)
        page_ended = False
    parts, columns_found = _columns_in_order(parts)
    parts = _sentences_joined(_unwrapped(parts))
    table_blocks = {id(block): index for index, block in enumerate(blocks) if isinstance(block, Table)}
    blocks_by_position = {n: table_blocks[id(part)] for n, part in enumerate(parts) if isinstance(part, Table)}
    return Pages(parts, sources, blocks_by_position, dropped, columns_found)


def _parts_of(blocks: Sequence[Block], sources: list[Source]) -> list[Line | Table]:
    """The tables and the lines of the paragraphs, whose sources are added to ``sources``."""
    views = read_views({block.text for block in blocks if isinstance(block, Paragraph)})
    parts: list[Line | Table] = []
    for index, block in enumerate(blocks):
        if isinstance(block, Table):
            parts.append(block)
            continue
        sources.append((index, None, None))
        parts += _lines_of(block, text_of(views[block.text], len(sources) - 1))
    return parts


def _with_whole_rows(parts: list[Line | Table]) -> list[Line | Table]:
    """The parts, with one line for each row of a pasted sheet, over however many lines its cells run."""
    whole: list[Line | Table] = []
    number = 0
    while number < len(parts):
        part = parts[number]
        number += 1
        if isinstance(part, Line) and may_open_row(part.text.plain):
            below: list[Text] = []
            for one in parts[number : number + MOST_LINES_IN_A_ROW]:
                if not isinstance(one, Line) or one.label:
                    break
                below.append(one.text)
            row, used = read_row_of_cells(part.text, below)
            part = Line(row, part.label, part.heading_level)
            number += used
        whole.append(part)
    return whole


LINE_BREAK = re.compile(r"[\n\v\f\u2028]")


def _lines_of(block: Paragraph, text: Text) -> Iterable[Line]:
    label, level = block.label, block.heading_level
    start = 0
    for end in [*(found.start() for found in LINE_BREAK.finditer(text.plain)), len(text)]:
        line = text[start:end].strip(" ")
        start = end + 1
        noise = noise_inside(line.plain)
        yield Line(without_ranges(line, noise) if noise else line, label, level)
        label = ""


# --- two columns ---------------------------------------------------------------------------------

GAP = re.compile(r"\S(\s{4,})(?=\S)")
WIDE_SPACE = re.compile(r"\s{4}")
FEWEST_COLUMN_LINES = 5


def _columns_in_order(parts: list[Line | Table]) -> tuple[list[Line | Table], bool]:
    """Lines with a left and a right half, told by one wide gap in each: first all left ones, then the right."""
    ordered: list[Line | Table] = []
    run: list[tuple[Line, tuple[int, int] | None]] = []
    found_any = False
    for part in [*parts, None]:
        if isinstance(part, Line) and len(part.text) <= 200 and "\t" not in part.text.plain:
            plain = part.text.plain
            gaps = [found.span(1) for found in GAP.finditer(plain)] if WIDE_SPACE.search(plain) else []
            run.append((part, gaps[0] if len(gaps) == 1 else None))
            continue
        lines, found = _split_run(run)
        ordered += lines
        found_any = found_any or found
        run = []
        if part is not None:
            ordered.append(part)
    return ordered, found_any


def _split_run(run: list[tuple[Line, tuple[int, int] | None]]) -> tuple[list[Line], bool]:
    result: list[Line] = []
    start = 0
    found_any = False
    while start < len(run):
        end = start
        while end < len(run) and run[end][1] is not None:
            end += 1
        if end - start >= FEWEST_COLUMN_LINES:
            left, right = [], []
            for line, gap in run[start:end]:
                assert gap is not None
                left.append(Line(line.text[: gap[0]], line.label, line.heading_level))
                right.append(Line(line.text[gap[1] :]))
            while end < len(run) and _ends_left_column(left[-1], right[-1], run[end][0]):
                left.append(run[end][0])
                end += 1
            result += [half for half in (*left, *right) if not is_noise(half.text.plain)]
            found_any = True
        else:
            end = max(end, start + 1)
            result += [line for line, _ in run[start:end]]
        start = end
    return result, found_any


def _ends_left_column(left: Line, right: Line, following: Line) -> bool:
    """Whether a line below the two columns is the last of the left one, which is longer and breaks off."""
    here, beside, there = (line.text.plain.strip() for line in (left, right, following))
    breaks_off = here[-1:] not in ENDS_LINE and beside[-1:] in ENDS_LINE
    return breaks_off and bool(there) and read_label(there) is None and not BEGINS_ANEW.match(there)


# --- wrapped lines -------------------------------------------------------------------------------

LONGEST_WRAP = 70
SHORTEST_WRAP = 12
MANY_LINES = 30
"""of so many lines one may be two, joined over a page"""


def _unwrapped(parts: list[Line | Table]) -> list[Line | Table]:
    """Lines cut at a fixed width are put together again; the width is the one that many lines share."""
    width = _wrap_width([len(part.text) for part in parts if isinstance(part, Line)])
    if width is None:
        return parts
    result: list[Line | Table] = []
    pending: list[Line] = []
    for part in parts:
        if pending and isinstance(part, Line) and _goes_on(pending[-1], part, width):
            pending.append(part)
            continue
        result += _joined(pending)
        pending = [part] if isinstance(part, Line) else []
        if isinstance(part, Table):
            result.append(part)
    return [*result, *_joined(pending)]


def _wrap_width(lengths: list[int]) -> int | None:
    counted = Counter(length for length in lengths if SHORTEST_WRAP <= length <= LONGEST_WRAP)
    if len(lengths) < 8 or not counted or max(lengths) > LONGEST_WRAP + 10:
        return None
    # A sentence that was put together over the end of a page is longer than any line of the paper.
    by_length = sorted(counted.elements())
    longest = by_length[max(0, len(by_length) - 1 - len(lengths) // MANY_LINES)]
    full = max(
        range(max(SHORTEST_WRAP, longest - 6), longest + 1), key=lambda n: sum(counted[m] for m in (n - 1, n, n + 1))
    )
    share = sum(counted[n] for n in (full - 1, full, full + 1)) / len(lengths)
    return full if share >= 0.35 else None


def _goes_on(line: Line, following: Line, width: int) -> bool:
    """Whether a line that fills the width runs on into the next one, which then opens no item and no field."""
    if len(line.text) < width - 2 or following.label:
        return False
    plain = following.text.plain
    if _has_cells(line.text.plain) or _has_cells(plain):
        return False
    if (
        TITLE_END.search(line.text.plain.strip())
        and OPENS_PLAN.match(plain)
        and not SENTENCE_MARK.search(line.text.plain)
    ):
        return False
    return read_label(plain) is None and not FIELD_NAME.match(plain)


OPENS_PLAN = re.compile(r"\s*(?:为|根据|按照|依据|围绕|近年|当前|今年|我[省市县区州])")
"""how the first paragraph below a title begins"""


def _joined(lines: list[Line]) -> list[Line]:
    if not lines:
        return []
    first = lines[0]
    return [Line(join_texts(line.text for line in lines), first.label, first.heading_level)]


SHORTEST_CUT = 20


def _runs_over_page(line: Line, following: Line) -> bool:
    """Whether the end of a page cuts a sentence: a long line without its end, and below nothing that begins anew."""
    here, there = line.text.plain.rstrip(), following.text.plain.strip()
    if len(here) < SHORTEST_CUT or here[-1] in ENDS_LINE or following.label or BEGINS_ANEW.match(there):
        return False
    if _has_cells(here) or _has_cells(there):
        return False
    is_sentence = SENTENCE_MARK.search(here) is not None or _depths(here, 0)[0] > 0
    return is_sentence and read_label(there) is None and not FIELD_NAME.match(there)


# --- sentences broken by a hard line break -------------------------------------------------------

LONGEST_BROKEN = 2000
ENDS_LINE = frozenset("。;:!?)]”》…")
SENTENCE_MARK = re.compile(r"[,。;:]")
BEGINS_ANEW = re.compile(
    r"\s*(?:[(\[]|[●•■◆★—]|[一二三四五六七八九十]{1,2}[是要]|附\s?件|注\s?:|抄送|联系人|(?:19|20)\d\d年\d{1,2}月\d{1,2}日\s*$)"
)


def _has_cells(plain: str) -> bool:
    """Whether a bar, a tab or a wide gap may divide cells."""
    return "|" in plain or "\t" in plain or "    " in plain


FEWEST_BREAKS = 3
SHARE_OF_BREAKS = 0.05


def _sentences_joined(parts: list[Line | Table]) -> list[Line | Table]:
    """Lines that break off inside a bracket or a list are put together with the line that goes on.

    Where many do, the document was broken anywhere, and lines that break off inside a sentence are joined too.
    """
    surely = _joined_where(parts, everywhere=False)
    breaks = len(parts) - len(surely)
    if breaks < FEWEST_BREAKS or breaks < SHARE_OF_BREAKS * len(parts):
        return surely
    return _joined_where(parts, everywhere=True)


def _joined_where(parts: list[Line | Table], *, everywhere: bool) -> list[Line | Table]:
    result: list[Line | Table] = []
    pending: list[Line] = []
    depth = length = 0
    for number, part in enumerate(parts):
        goes_on = isinstance(part, Line) and bool(pending) and length <= LONGEST_BROKEN
        if (
            goes_on
            and isinstance(part, Line)
            and (
                _breaks_off(pending[-1], part, depth, everywhere=everywhere)
                or (depth and _is_inside_bracket(pending[-1], parts[number : number + LONGEST_BRACKET]))
            )
        ):
            pending.append(part)
        else:
            result += _joined(pending)
            pending, depth, length = [], 0, 0
            if isinstance(part, Table):
                result.append(part)
                continue
            pending.append(part)
        depth, _ = _depths(part.text.plain, depth)
        length += len(part.text)
    return [*result, *_joined(pending)]


LONGEST_BRACKET = 4
"""lines over which the bracket of a clause is looked for in a narrow column"""


def _is_inside_bracket(line: Line, following: Sequence[Line | Table]) -> bool:
    """Whether a name or list goes on below until its bracket closes, over lines that begin nothing new."""
    here = line.text.plain.strip()
    if not here or here[-1] in ENDS_LINE:
        return False
    for part in following:
        if not isinstance(part, Line) or part.label:
            return False
        there = part.text.plain.strip()
        if not there or read_label(there) is not None or FIELD_NAME.match(there) or _has_cells(there):
            return False
        if _depths(there, 1)[1] < 1:
            return True
        if BRACKET.search(there) or "。" in there:
            return False
    return False


BRACKET = re.compile(r"[()\[\]]")


def _depths(plain: str, depth: int) -> tuple[int, int]:
    """How many brackets are open after the text and at the least inside it; the bracket of a label (1) closes none."""
    lowest = depth
    for found in BRACKET.finditer(plain):
        depth = depth + 1 if found.group() in "([" else max(0, depth - 1)
        lowest = min(lowest, depth)
    return depth, lowest


def _breaks_off(line: Line, following: Line, depth: int, *, everywhere: bool) -> bool:
    """Whether the line ends where no sentence does and the next one begins nothing new; ``depth`` brackets are open."""
    here, there = line.text.plain.strip(), following.text.plain.strip()
    if not here or not there or following.label or _has_cells(here) or _has_cells(there):
        return False
    if FIELD_NAME.match(there) or read_label(there) is not None:
        return False
    if depth and _depths(there, depth)[1] < depth and here[-1] not in "。;:":
        return True
    if here[-1] in ENDS_LINE or BEGINS_ANEW.match(there):
        return False
    if there[0] in ",、。;)]" or (here[-1] in ",、" and SENTENCE_MARK.search(there)):
        return True
    return (
        everywhere and bool(SENTENCE_MARK.search(here) and SENTENCE_MARK.search(there)) and not FIELD_NAME.search(here)
    )
