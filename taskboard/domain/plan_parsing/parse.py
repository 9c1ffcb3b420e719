"""The one way in: blocks of text and tables → the plan they state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from msgspec import structs

from taskboard.domain.calendar import WorkingCalendar
from taskboard.domain.plan_parsing.attach import (
    add_prose_clauses,
    attach_clauses,
    candidates_without_clause,
    drop_doubtful_prose,
    items_with_clauses,
)
from taskboard.domain.plan_parsing.blocks import Block, Table
from taskboard.domain.plan_parsing.clause_readings import IN_TEXT
from taskboard.domain.plan_parsing.coverage import marked_by_coverage
from taskboard.domain.plan_parsing.digests import is_digest, read_reports
from taskboard.domain.plan_parsing.identity import Identity, read_identity
from taskboard.domain.plan_parsing.items import Item, heading_of
from taskboard.domain.plan_parsing.lines import Line, Pages, read_pages
from taskboard.domain.plan_parsing.measures import Context, measure_of_item, measure_of_passage, measure_of_row
from taskboard.domain.plan_parsing.mentions import Anchor
from taskboard.domain.plan_parsing.noise import is_noise
from taskboard.domain.plan_parsing.numbering import Kind
from taskboard.domain.plan_parsing.outline import Node, build_outline
from taskboard.domain.plan_parsing.problems import Code, problem
from taskboard.domain.plan_parsing.reading import (
    Origin,
    ParsedMeasure,
    ParsedPlan,
    Problem,
    ReportRhythm,
    SecondLook,
)
from taskboard.domain.plan_parsing.rhythm import asks_all_for_reports, read_rhythm, sentences_with_rhythm
from taskboard.domain.plan_parsing.seasons import read_seasons
from taskboard.domain.plan_parsing.second_look import with_second_look, words_of
from taskboard.domain.plan_parsing.sections import is_closing_article
from taskboard.domain.plan_parsing.speeches import is_press_conference, read_steps, rows_of_steps
from taskboard.domain.plan_parsing.statements import read_statements
from taskboard.domain.plan_parsing.tables import WorkList, read_table
from taskboard.domain.plan_parsing.text import Places, Text, join_texts, read_text, squeezed
from taskboard.domain.plan_parsing.text_tables import text_tables


def parse_plan(blocks: Sequence[Block], *, calendar: WorkingCalendar | None = None) -> ParsedPlan:
    """The plan that the blocks state; what is wrong with the document stands in its problems, nothing is raised.

    ``calendar`` serves deadlines such as 15个工作日内; without it they have no date and say so.
    """
    first = look_first(blocks, calendar=calendar)
    return first.look_again().of(first.plan)


@dataclass
class FirstLook:
    """A plan as it was read from beginning to end, and what it takes to look at it again as a whole."""

    plan: ParsedPlan
    blocks: Sequence[Block]
    pages: Pages
    context: Context

    def look_again(self) -> SecondLook:
        """The doubts of a second look, and what was left out beside the measures."""
        plan, pages = self.plan, self.pages
        words = words_of(plan.measures, self.context.plain_texts)
        measures = with_second_look(words, day=plan.date, horizon=plan.horizon)
        lines = [part.text for part in pages.parts if isinstance(part, Line)]
        seen = marked_by_coverage(measures, words, plan.candidates, self.blocks, lines=lines, sources=pages.sources)
        unread = [
            measure_of_passage(one.line, one.names, self.context, where=partial(str, one.where))
            for one in seen.passages
        ]
        pairs = enumerate(zip(plan.measures, seen.measures, strict=True))
        changed = {number: after for number, (before, after) in pairs if after is not before}
        return SecondLook(changed, tuple(seen.problems), tuple(unread))


def look_first(blocks: Sequence[Block], *, calendar: WorkingCalendar | None = None) -> FirstLook:
    """The first half of :func:`parse_plan`: who waits for the plan can take it while it is looked at again."""
    pages = read_pages(blocks)
    parts, lists = text_tables(pages)
    lines = [part for part in parts if isinstance(part, Line)]
    work_lists = [work for _, work in lists] + _table_blocks(parts, pages)
    document = _understand(lines, work_lists, pages, calendar)
    if not lines and not work_lists:
        plan = _plan(document, (), (), [problem(Code.NOTHING_TO_READ)])
    else:
        plan = _read_measures(document, lines, [work for work in work_lists if work.rows])
    return FirstLook(plan, blocks, pages, document.context)


@dataclass
class Document:
    """What is known of the document before its measures are read."""

    identity: Identity
    context: Context
    columns_found: bool
    lines: list[Text]
    """all that is said in running text, for what holds for the whole document"""


def _table_blocks(parts: Iterable[Line | Table], pages: Pages) -> list[WorkList]:
    by_identity = {id(pages.parts[n]): block for n, block in pages.table_blocks.items()}
    found = []
    for part in parts:
        if isinstance(part, Table):
            work = read_table(part, by_identity[id(part)], pages.sources)
            if work is not None:
                found.append(work)
    return found


def _understand(
    lines: Sequence[Line], work_lists: Sequence[WorkList], pages: Pages, calendar: WorkingCalendar | None
) -> Document:
    titles = [title for work in work_lists for title in work.titles]
    notes = [note for work in work_lists for note in work.notes]
    frame = [*pages.dropped, *_frame_cells(pages)]
    identity = read_identity([line.text for line in lines], frame, titles)
    everything = join_texts([*(line.text for line in lines), *notes], "\n")
    anchor = Anchor(identity.date, identity.year, calendar, read_seasons(everything.plain, identity.year))
    context = Context(anchor, read_statements(everything), pages.sources)
    return Document(identity, context, pages.columns_found, [*(line.text for line in lines), *notes])


LONGEST_FRAME = 12
"""rows; the table in which a site says what it knows of a document is not longer"""


def _frame_cells(pages: Pages) -> list[Text]:
    """成文日期 | 2024年2月8日 in the table of a web page's frame, as lines of that frame."""
    found = []
    for part in pages.parts:
        if isinstance(part, Table) and len(part.rows) <= LONGEST_FRAME:
            pairs = (pair for row in part.rows for pair in pairwise(row))
            said = (read_text(f"{name.text.strip().rstrip(':：')}：{cell.text.strip()}") for name, cell in pairs)
            found += [line for line in said if is_noise(line.plain)]
    return found


def _plan(
    document: Document,
    measures: Iterable[ParsedMeasure],
    candidates: Iterable[ParsedMeasure],
    problems: Iterable[Problem],
) -> ParsedPlan:
    identity = document.identity
    measures = list(measures)
    columns = [problem(Code.COLUMNS_REORDERED)] if document.columns_found else []
    return ParsedPlan(
        title=identity.title,
        issuer=identity.issuer,
        date=identity.date,
        measures=tuple(measures),
        candidates=tuple(candidates),
        defaults=document.context.statements.defaults,
        problems=(*problems, *columns, *document.context.problems),
        document_number=identity.number,
        horizon=identity.horizon,
        rhythm=_report_rhythm(document, measures),
    )


def _report_rhythm(document: Document, measures: Iterable[ParsedMeasure]) -> ReportRhythm | None:
    """The rhythm of reports that the document asks for outside its measures, else in one that speaks to all."""
    context = document.context
    sentences = sentences_with_rhythm(document.lines)
    taken = Places(span for measure in measures for span in measure.spans.get("text", ()))
    outside = [sentence for sentence in sentences if not taken.hold(sentence, context.sources)]
    to_all = [sentence for sentence in sentences if asks_all_for_reports(sentence.plain)]
    return read_rhythm([*outside, *to_all], context.anchor, context.sources)


def _read_measures(document: Document, lines: Sequence[Line], work_lists: Sequence[WorkList]) -> ParsedPlan:
    context = document.context
    top = attach_clauses(build_outline(lines))
    add_prose_clauses(top)
    drop_doubtful_prose(top)
    items = items_with_clauses(top)
    with_units = [work for work in work_lists if any(row.who.names_units for row in work.rows)]
    if not items and not with_units:
        return _without_clauses(document, lines, top, work_lists)
    prose = sum(any(clause.form in IN_TEXT for clause in item.clauses) for item in items)
    context.prose_is_usual = prose * 2 >= len(items)
    rows = _measures_of_lists(with_units, top, context)
    problems = [*_unused_parent_clauses(top), *_numbering_problems(top)]
    if any(work.unseparated for work in work_lists):
        problems.append(problem(Code.TABLE_WITHOUT_SEPARATORS))
    if rows and items:
        items, replaced = _not_in_table(items, rows)
        problems += [problem(Code.BODY_REPLACED_BY_TABLE)] if replaced else []
    measures = [measure_of_item(item, context, where=partial(_where, item)) for item in items]
    silent = Context(context.anchor, context.statements, context.sources)
    candidates = [
        measure_of_item(item, silent, where=partial(_where, item))
        for leaves in candidates_without_clause(top, items).values()
        for item in leaves
        if not is_closing_article(item.text.plain)
    ]
    if rows:
        known = {_key(row) for row in rows}
        candidates = [candidate for candidate in candidates if _key(candidate) not in known]
    return _plan(document, [*measures, *rows], candidates, problems)


def _key(measure: ParsedMeasure) -> str:
    return (measure.heading or measure.text_head)[:12]


def _where(item: Item, *, within: str = "") -> str:
    label = item.node.label
    heading, _ = heading_of(item.text)
    words = squeezed(heading.clean) if heading is not None else squeezed(item.text.clean)[:12]
    name = f"第 {label.number} 项" if label is not None and label.kind is Kind.NUMBER else "".join(item.node.path[-2:])
    return f"{within} {name}“{words[:20]}”" if within else f"{name}“{words[:20]}”"


# --- tables --------------------------------------------------------------------------------------


def _measures_of_lists(work_lists: Iterable[WorkList], top: Item, context: Context) -> list[ParsedMeasure]:
    attached = any(item.node.name for item in top.walk())
    measures = []
    for work in work_lists:
        for position, row in enumerate(work.rows, start=1):
            number = row.number or str(position)
            path = ("附件", number) if attached else (number,)
            measures.append(measure_of_row(row, path, context, where=partial("表中第 {} 项".format, number)))
    return measures


def _not_in_table(items: list[Item], rows: Sequence[ParsedMeasure]) -> tuple[list[Item], bool]:
    """Items of the body that no row of the table repeats."""
    headings = {_key(row) for row in rows if row.heading} | {row.text_head[:12] for row in rows}
    kept = []
    for item in items:
        heading, _ = heading_of(item.text)
        words = squeezed((heading or item.text).clean)[:12]
        if words not in headings:
            kept.append(item)
    return kept, len(kept) < len(items)


# --- documents without clauses -------------------------------------------------------------------


def _without_clauses(
    document: Document, lines: Sequence[Line], top: Item, work_lists: Sequence[WorkList]
) -> ParsedPlan:
    context = document.context
    problems = [problem(Code.NO_UNIT_CLAUSE)]
    candidates: list[ParsedMeasure] = []
    if work_lists:
        measures = _measures_of_lists(work_lists, top, context)
    elif is_press_conference(lines):
        measures, candidates = _measures_of_answers(lines, context)
    elif is_digest(lines):
        measures, mixed = _measures_of_reports(lines, context)
        problems += mixed
    else:
        measures = _measures_of_items(top, context)
    if not measures:
        problems.append(problem(Code.NO_MEASURES))
    return _plan(document, measures, candidates, problems)


def _measures_of_items(top: Item, context: Context) -> list[ParsedMeasure]:
    by_part = candidates_without_clause(top, ())
    main = _main_part(by_part)
    leaves = [item for part, items in sorted(by_part.items()) if part >= main for item in items]
    leaves = [item for item in leaves if not is_closing_article(item.text.plain)]
    if leaves:
        return [measure_of_item(item, context, where=partial(_where, item)) for item in leaves]
    measures = []
    for row in rows_of_steps(top.text):
        for label, text in row:
            item = Item(Node(label, None, texts=[text]), text)
            measures.append(measure_of_item(item, context, where=partial(str, label.text)))
    return measures


def _main_part(by_part: dict[int, list[Item]]) -> int:
    """The part with most items: the numbered paragraphs of a covering notice before it are no measures."""
    return max(by_part, key=lambda part: (len(by_part[part]), part), default=0)


def _measures_of_answers(lines: Sequence[Line], context: Context) -> tuple[list[ParsedMeasure], list[ParsedMeasure]]:
    """The steps that the answers promise, and the other rows of steps, which a person may still take."""
    measures: list[ParsedMeasure] = []
    candidates: list[ParsedMeasure] = []
    for step in read_steps(lines):
        question = Node(None, None, name=f"问{step.question}" if step.question else "")
        item = Item(Node(step.label, question, texts=[step.text]), step.text)
        measure = measure_of_item(
            item, context, where=partial(str, f"{question.name} {step.label.text}".strip()), spoken=True
        )
        if step.office:
            measure = structs.replace(
                measure,
                inferred_lead=(step.office,),
                inferred={**measure.inferred, "lead": "office_of_speaker"},
                origins={**measure.origins, "lead": Origin.MISSING},
            )
        (measures if step.is_promised else candidates).append(measure)
    return measures, candidates


def _measures_of_reports(lines: Sequence[Line], context: Context) -> tuple[list[ParsedMeasure], list[Problem]]:
    measures = []
    problems = []
    for report in read_reports(lines):
        if report.interleaved:
            problems.append(problem(Code.INTERLEAVED_COLUMNS, f"{report.label}、{report.title[:24]}"))
        for item in report.recommendations:
            measure = measure_of_item(item, context, where=partial(_where, item, within=report.label))
            measures.append(structs.replace(measure, path=(report.label, *measure.path)))
    return measures, problems


# --- problems of the outline ---------------------------------------------------------------------


def _unused_parent_clauses(top: Item) -> list[Problem]:
    problems = []
    for item in top.walk():
        if (
            item.has_units
            and not item.speaks_for_items
            and any(below is not item and below.has_units for below in item.walk())
        ):
            words = item.clauses[0].content.clean
            problems.append(problem(Code.CLAUSE_OF_PARENT_UNUSED, _where(item), words))
    return problems


def _numbering_problems(top: Item) -> list[Problem]:
    """Gaps and repeats among items with clauses; numbers may also run through the whole document."""
    problems = []
    for item in top.walk():
        numbered = [(child.node.label, child) for child in item.children if child.node.label is not None]
        for (before, _), (label, child) in pairwise(numbered):
            if before.kind is not label.kind or label.text.endswith("号"):
                continue  # the numbers of proposals (第108号) are those of a register and leave gaps
            if label.number == before.number:
                problems.append(problem(Code.NUMBERING_REPEATED, _where(child), label.text))
            elif label.number > before.number + 1:
                problems.append(problem(Code.NUMBERING_GAP, _where(child), label.text))
    return problems
