"""From an item or a table row to a measure: every field with its words, its place and how it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec
from msgspec import structs

from taskboard.domain.plan_parsing.clause_readings import IN_TEXT, Assigned, Form, Who, who_by
from taskboard.domain.plan_parsing.clauses import find_clauses
from taskboard.domain.plan_parsing.deadlines import choose_deadline, find_deadlines, is_forecast
from taskboard.domain.plan_parsing.doubts import UNITS, Doubt, add, noted
from taskboard.domain.plan_parsing.items import Item, heading_of, whole_text
from taskboard.domain.plan_parsing.mentions import Anchor, Mention, Why
from taskboard.domain.plan_parsing.outline import Node
from taskboard.domain.plan_parsing.problems import Code, problem
from taskboard.domain.plan_parsing.prose_clauses import find_prose_clauses
from taskboard.domain.plan_parsing.reading import Origin, ParsedMeasure, Problem, Recurrence, Span
from taskboard.domain.plan_parsing.recurrences import recurrence_in_limit, recurrence_in_text
from taskboard.domain.plan_parsing.review import Doubts, doubtful_fields
from taskboard.domain.plan_parsing.second_look import with_doubts
from taskboard.domain.plan_parsing.statements import Statements
from taskboard.domain.plan_parsing.tables import Row
from taskboard.domain.plan_parsing.targets import read_targets
from taskboard.domain.plan_parsing.text import EMPTY, Source, Text, spans_of, squeezed
from taskboard.domain.plan_parsing.time_limits import read_time_limit

HEAD_LENGTH = 28

Where = Callable[[], str]
"""says where a measure stands, which only its problems want to know"""


@dataclass
class Context:
    """What all measures of a document share."""

    anchor: Anchor
    statements: Statements
    sources: list[Source]
    problems: list[Problem] = field(default_factory=list)
    prose_is_usual: bool = False
    """whether most clauses of the document stand in running text, so that one more is no surprise"""
    plain_texts: dict[str, str] = field(default_factory=dict)
    """the text of a measure → the same ready for matching, as it was read"""


class When(msgspec.Struct, frozen=True, gc=False):
    """The deadline and rhythm of a measure, with the words they came from."""

    mention: Mention | None
    words: Text
    recurrence: Recurrence | None
    rhythm_words: Text
    others: tuple[Mention, ...] = ()
    passed_over: tuple[Mention, ...] = ()
    from_limit: bool = False


def text_head(text: Text) -> str:
    return squeezed(text.clean)[:HEAD_LENGTH]


# --- items ---------------------------------------------------------------------------------------


def measure_of_item(item: Item, context: Context, *, where: Where, spoken: bool = False) -> ParsedMeasure:
    """The measure that an item with or without clauses states; ``spoken`` in a speech, where 今年底 may be no limit."""
    body = whole_text(item)
    heading, heading_end = _heading(item, body)
    contents = [clause.content for clause in item.clauses if clause.reading.has_units]
    written = " | ".join(content.clean.replace("\n", "") for content in contents)
    who = who_by([clause.reading for clause in item.clauses], written)
    when = _when(body, who.time_limits, context.anchor, heading_end, spoken=spoken)
    doubts = Doubts(
        several_clauses=len(contents) > 1,
        from_below=item.clause_from_below,
        prose=not context.prose_is_usual and any(clause.form in IN_TEXT for clause in item.clauses),
        stray=bool(who.stray),
        damaged=any(clause.reading.damaged for clause in item.clauses),
        run_together=_text_after_clause(item),
    )
    return _measure(
        item.node.path,
        heading,
        body,
        who,
        when,
        context=context,
        doubts=doubts,
        where=where,
        own_words=_end_of_own_words(item),
    )


SHORTEST_OWN_WORDS = 4
LONGEST_REMAINDER = 6


def _text_after_clause(item: Item) -> bool:
    """Whether more words follow in the line of the last bracketed clause: two items may have run together."""
    brackets = [clause for clause in item.clauses if clause.form is Form.BRACKET and clause.reading.has_units]
    if not brackets or item.clause_from_below:
        return False
    end = max(clause.end for clause in brackets)
    rest = item.text.plain[end:].split("\n", 1)[0].strip(" 。;")
    return len(rest) > LONGEST_REMAINDER and len(item.text.plain[: brackets[0].start].strip()) > LONGEST_HEADING_LINE


LONGEST_HEADING_LINE = 30


def _end_of_own_words(item: Item) -> int:
    """Where the first clause in running text begins, unless the item begins with it."""
    first = min(item.clauses, key=lambda clause: clause.start, default=None)
    if first is None or first.form is not Form.PROSE or first.start < SHORTEST_OWN_WORDS:
        return len(item.text)
    return first.start


def _heading(item: Item, body: Text) -> tuple[Text | None, int]:
    heading, end = heading_of(body)
    if heading is None and item.node.label is not None and item.node.label.text.endswith(("是", "要")):
        comma = body.plain.find(",")
        if 4 <= comma <= 30:
            return body[:comma].strip(), comma
    return heading, end


def measure_of_passage(line: Text, names: Sequence[Text], context: Context, *, where: Where) -> ParsedMeasure:
    """The measure that a line outside all items would be; where no clause can be read in it, of the ``names`` the
    first leads. Its units are always to be looked at.
    """
    line = line.strip()
    clauses = find_clauses(line)
    if not any(clause.reading.has_units for clause in clauses):
        clauses = find_prose_clauses(line)
    # The problems of what was not taken are told by its own one.
    own = Context(context.anchor, context.statements, context.sources)
    measure = measure_of_item(Item(Node(None, None, texts=[line]), line, clauses), own, where=where)
    if not measure.text:
        spans = {**measure.spans, "text": spans_of(line, context.sources)}
        measure = structs.replace(measure, text=line.clean, text_head=text_head(line), spans=spans)
    if not (measure.lead or measure.partners):
        measure = _led_by_the_first(measure, names, context.sources)
    found = noted(measure.doubts)
    add(found, Doubt.CLAUSE_UNREAD, UNITS)
    return with_doubts(measure, found)


def _led_by_the_first(measure: ParsedMeasure, names: Sequence[Text], sources: list[Source]) -> ParsedMeasure:
    lead, *partners = dict.fromkeys(squeezed(name.clean) for name in names)
    places = {"lead": names[:1], "partners": names[1:]}
    spans = {
        field: tuple(span for name in found for span in spans_of(name, sources)) for field, found in places.items()
    }
    return structs.replace(
        measure,
        lead=(lead,),
        partners=tuple(partners),
        units_as_written="、".join((lead, *partners)),
        origins={
            **measure.origins,
            "lead": Origin.INFERRED,
            "partners": Origin.STATED if partners else Origin.MISSING,
        },
        inferred={**measure.inferred, "lead": "first_listed_leads"},
        spans={**measure.spans, **{field: found for field, found in spans.items() if found}},
    )


# --- rows ----------------------------------------------------------------------------------------


def measure_of_row(row: Row, path: tuple[str, ...], context: Context, *, where: Where) -> ParsedMeasure:
    """The measure that a table row states."""
    limits = [row.deadline] if row.deadline.plain else []
    return _measure(
        path,
        row.heading if row.heading.plain else None,
        row.action if row.action.plain else row.heading,
        row.who,
        _when(row.action, limits, context.anchor, 0),
        context=context,
        doubts=_doubts_about(row),
        where=where,
    )


NO_DOUBTS = Doubts()


def _doubts_about(row: Row) -> Doubts:
    damaged = row.unseparated or row.units_guessed
    if not (row.filled_down or damaged or row.who.stray):
        return NO_DOUBTS
    return Doubts(filled_down=row.filled_down, stray=bool(row.who.stray), damaged=damaged, run_together=row.unseparated)


LONGEST_PROMISE = 120
"""characters of a step in a speech that is about one thing; in a longer one 今年底 speaks of one sentence of it"""


# --- shared --------------------------------------------------------------------------------------


def _when(body: Text, limits: Sequence[Text], anchor: Anchor, heading_end: int, *, spoken: bool = False) -> When:
    """An explicit 完成时限 wins over dates in the text."""
    recurrence, rhythm_words = None, EMPTY
    for limit in limits:
        recurrence = recurrence or recurrence_in_limit(limit.plain)
        rhythm_words = limit if recurrence and not rhythm_words.plain else rhythm_words
    if recurrence is None and (found := recurrence_in_text(body.plain)):
        recurrence, rhythm_words = found[0], body[found[1] : found[2]]
    if limits:
        mention, limit = _last_of(limits, anchor)
        return When(mention, limit, recurrence, rhythm_words, from_limit=True)
    passed_over: list[Mention] = []
    in_text = find_deadlines(body.plain, anchor, heading_end=heading_end, passed_over=passed_over)
    if spoken and len(body) > LONGEST_PROMISE:
        in_text = [mention for mention in in_text if not is_forecast(mention)]
    mention = choose_deadline(in_text)
    words = body[mention.start : mention.end] if mention else EMPTY
    others = tuple(other for other in in_text if other is not mention)
    return When(mention, words, recurrence, rhythm_words, others, tuple(passed_over))


def _last_of(limits: Sequence[Text], anchor: Anchor) -> tuple[Mention | None, Text]:
    """The latest of several limits; where none has a day it is the first of them."""
    read = [(read_time_limit(limit.plain, anchor), limit) for limit in limits]
    return read[0] if len(read) == 1 else max(read, key=_day)


def _day(limit: tuple[Mention | None, Text]) -> date:
    mention, _ = limit
    return mention.date if mention is not None and mention.date is not None else date.min


def _measure(
    path: tuple[str, ...],
    heading: Text | None,
    body: Text,
    who: Who,
    when: When,
    *,
    context: Context,
    doubts: Doubts,
    where: Where,
    own_words: int | None = None,
) -> ParsedMeasure:
    assigned, written, mention = who.assigned, who.as_written or None, when.mention
    text = body.clean.strip()
    context.plain_texts[text] = body.plain.strip()
    context.problems += _deadline_problems(when, where)
    context.problems += [problem(Code.UNIT_UNREAD, where(), text.clean) for text in who.stray]
    if written and not assigned.leads:
        context.problems.append(problem(Code.LEAD_MISSING, where()))
    targets = read_targets(body, context.anchor.year)
    origins, inferred = _origins(assigned, when, context)
    places = (
        ("text", (body,)),
        ("heading", (heading,) if heading is not None else ()),
        ("lead", who.leads),
        ("partners", who.partners),
        ("deadline", (when.words,)),
        ("recurrence", (when.rhythm_words,)),
        ("targets", [body[one.start : one.end] for one in targets]),
    )
    doubtful = doubtful_fields(
        assigned,
        mention,
        others=when.others,
        passed_over=when.passed_over,
        limit=when.words.plain if when.from_limit else "",
        anchor=context.anchor,
        recurrence=when.recurrence,
        text=body.plain,
        doubts=doubts,
        from_limit=when.from_limit,
    )
    return ParsedMeasure(
        path,
        squeezed(heading.clean) if heading is not None else None,
        text,
        squeezed(body.clean[:own_words])[:HEAD_LENGTH],
        lead=assigned.lead_names,
        partners=assigned.partner_names,
        units_as_written=written,
        deadline=mention.date if mention is not None else None,
        deadline_text=_deadline_text(when),
        recurrence=when.recurrence,
        persons=tuple(dict.fromkeys(who.persons)),
        targets=tuple([one.target for one in targets]),
        origins=origins,
        inferred=inferred,
        review=tuple(doubtful),
        doubts=doubtful,
        spans=_spans_by_field(places, context.sources),
    )


def _spans_by_field(places: Iterable[tuple[str, Sequence[Text]]], sources: list[Source]) -> dict[str, tuple[Span, ...]]:
    """Where these texts stand, by field; a field without any is left out."""
    spans: dict[str, tuple[Span, ...]] = {}
    for name, texts in places:
        if not texts:
            continue
        found = spans_of(texts[0], sources) if len(texts) == 1 else _spans_of_all(texts, sources)
        if found:
            spans[name] = found
    return spans


def _spans_of_all(texts: Iterable[Text], sources: list[Source]) -> tuple[Span, ...]:
    return tuple([span for text in texts for span in spans_of(text, sources)])


def _deadline_text(when: When) -> str | None:
    if when.from_limit:
        return squeezed(when.words.clean).strip("。；;，,") or None
    if when.mention is not None:
        return when.mention.text if when.mention.why_not is Why.RECURRING else squeezed(when.words.clean)
    return None


REASONS = {
    Why.YEAR_LOST: Code.DEADLINE_YEAR_LOST,
    Why.NO_YEAR: Code.DEADLINE_WITHOUT_YEAR,
    Why.NO_DOCUMENT_DATE: Code.DEADLINE_WITHOUT_DOCUMENT_DATE,
    Why.NO_CALENDAR: Code.DEADLINE_WITHOUT_CALENDAR,
    Why.IMPOSSIBLE: Code.DEADLINE_IMPOSSIBLE,
}


def _deadline_problems(when: When, where: Where) -> list[Problem]:
    mention = when.mention
    if mention is None:
        unread = when.from_limit and when.recurrence is None and len(when.words)
        return [problem(Code.DEADLINE_UNREAD, where(), when.words.clean)] if unread else []
    code = REASONS.get(mention.why_not) if mention.why_not else None
    return [problem(code, where(), mention.text)] if code else []


def _origins(assigned: Assigned, when: When, context: Context) -> tuple[Mapping[str, Origin], Mapping[str, str]]:
    """How each field is known; an inferred one names its rule."""
    lead = deadline = MISSING
    inferred: dict[str, str] = {}
    if assigned.leads:
        stated = (
            assigned.lead_is_stated
            or context.statements.first_leads
            or len(assigned.leads) + len(assigned.partners) == 1
        )
        lead = STATED if stated else INFERRED
        if not stated:
            inferred["lead"] = "first_listed_leads"
    if when.mention is not None and when.mention.date is not None:
        deadline = STATED if when.mention.year_stated else INFERRED
        if not when.mention.year_stated:
            inferred["deadline"] = "year_of_document"
    origins = {
        "lead": lead,
        "partners": STATED if assigned.partners else MISSING,
        "deadline": deadline,
        "recurrence": MISSING if when.recurrence is None else STATED,
    }
    return origins, inferred


STATED, INFERRED, MISSING = Origin.STATED, Origin.INFERRED, Origin.MISSING
"""looked up once: a class of names takes its time, and each measure asks four times"""
