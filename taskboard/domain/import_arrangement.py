"""How people cut, joined and ordered what was read of a document, before it becomes a plan.

The reading is never changed: an arrangement says what stands together and in which order, and every step of it can be
taken back. A measure is named by the key that it has as read (``m3``); what was cut off it is named by the character
of its text at which it begins (``m3_57``). So a key means the same words whatever happens around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any

from msgspec import structs

from taskboard.domain.errors import Invalid
from taskboard.domain.plan_parsing.reading import Origin, ParsedMeasure, ParsedPlan, Span

SENTENCE_END = re.compile(r"[。；;！!？?\n]+[”’）)]?\s*")


class Rearrangement(StrEnum):
    """What a person can do to the measures as they were read."""

    SPLIT = "split"
    UNSPLIT = "unsplit"
    MERGE = "merge"
    UNMERGE = "unmerge"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class Arrangement:
    """``cuts``: measure → characters of its text at which a new one begins; ``joined``: measure → the one whose part
    it became; ``order``: keys of the measures, empty for the document's own order.
    """

    cuts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    joined: Mapping[str, str] = field(default_factory=dict)
    order: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.cuts or self.joined or self.order)


AS_READ = Arrangement()


@dataclass(frozen=True)
class Part:
    """Characters ``start`` to ``end`` of the text of one measure as it was read; ``number`` counts its parts from 1."""

    source: str
    start: int
    end: int
    number: int = 1
    count: int = 1

    @property
    def is_whole(self) -> bool:
        return self.count == 1


@dataclass(frozen=True)
class Arranged:
    """One measure as it stands, with the parts of the reading that it consists of; the first gave it its key."""

    key: str
    parsed: ParsedMeasure
    parts: tuple[Part, ...]


def arrange(plan: ParsedPlan, arrangement: Arrangement) -> list[Arranged]:
    """The measures in their order: cut, joined and moved as people decided. Candidates stay apart from all this."""
    pieces = {one.key: one for one in _pieces(plan, arrangement)}
    members: dict[str, list[Arranged]] = {}
    for key in order_keys(list(pieces), arrangement.order):
        members.setdefault(_head(key, arrangement.joined, pieces), []).append(pieces[key])
    return [_join(head, pieces[head], found) for head, found in members.items()]


def every_piece(plan: ParsedPlan, arrangement: Arrangement) -> list[Arranged]:
    """All that can have a decision of its own: what stands, and what became a part of another."""
    standing = {one.key: one for one in arrange(plan, arrangement)}
    return [standing.get(one.key, one) for one in _pieces(plan, arrangement)]


def _head(key: str, joined: Mapping[str, str], known: Mapping[str, Any]) -> str:
    seen = {key}
    while (target := joined.get(key)) in known and target not in seen:
        assert target is not None
        seen.add(target)
        key = target
    return key


def order_keys(natural: Sequence[str], order: Sequence[str]) -> list[str]:
    """The keys in the order that was decided; one that it does not name follows the one it follows by nature."""
    if not order:
        return list(natural)
    known = set(natural)
    result = [key for key in order if key in known]
    placed = set(result)
    before: str | None = None
    for key in natural:
        if key not in placed:
            result.insert(result.index(before) + 1 if before is not None else 0, key)
        before = key
    return result


# Cutting


def split_points(text: str) -> list[int]:
    """The characters at which a sentence begins, except the first."""
    ends = (match.end() for match in SENTENCE_END.finditer(text))
    return [end for end in ends if text[:end].strip() and text[end:].strip()]


def _pieces(plan: ParsedPlan, arrangement: Arrangement) -> Iterator[Arranged]:
    for number, parsed in enumerate(plan.measures, start=1):
        key = f"m{number}"
        cuts = [cut for cut in sorted(arrangement.cuts.get(key, ())) if 0 < cut < len(parsed.text)]
        bounds = [0, *cuts, len(parsed.text)]
        for count, (start, end) in enumerate(pairwise(bounds), start=1):
            part = Part(key, start, end, count, len(bounds) - 1)
            yield Arranged(piece_key(part), cut_measure(parsed, part), (part,))


def piece_key(part: Part) -> str:
    return part.source if part.number == 1 else f"{part.source}_{part.start}"


def cut_measure(parsed: ParsedMeasure, part: Part) -> ParsedMeasure:
    """The measure that these characters are by themselves: with the units of the whole, for a person to check.

    A deadline goes with the words that state it; where they stand apart from the text they hold for every part.
    """
    if part.is_whole:
        return parsed
    text = parsed.text[part.start : part.end].rstrip()
    piece = structs.replace(
        parsed,
        heading=parsed.heading if part.number == 1 else None,
        text=text,
        text_head=text[: max(len(parsed.text_head), 1)],
        targets=tuple(one for one in parsed.targets if one.words in text),
        spans={**parsed.spans, "text": cut_spans(parsed.text, parsed.spans.get("text", ()), part)},
        review=_with(parsed.review, "lead", "partners"),
    )
    words = parsed.deadline_text
    if words and words in parsed.text and words not in text:
        origins = {**parsed.origins, "deadline": Origin.MISSING}
        return structs.replace(
            piece, deadline=None, deadline_text=None, origins=origins, review=_with(piece.review, "deadline")
        )
    return piece


def cut_spans(text: str, spans: Sequence[Span], part: Part) -> tuple[Span, ...]:
    """The spans of these characters of the text; all of them where the text is not its source letter by letter."""
    if sum(one.end - one.start for one in spans) != len(text):
        return tuple(spans)
    found, position = [], 0
    for one in spans:
        length = one.end - one.start
        start, end = max(part.start - position, 0), min(part.end - position, length)
        if start < end:
            found.append(structs.replace(one, start=one.start + start, end=one.start + end))
        position += length
    return tuple(found)


def _with(review: tuple[str, ...], *fields: str) -> tuple[str, ...]:
    return (*review, *(one for one in fields if one not in review))


# Joining


def _join(head: str, first: Arranged, members: Sequence[Arranged]) -> Arranged:
    rest = [one for one in members if one.key != head]
    if not rest:
        return first
    parsed = first.parsed
    for one in rest:
        parsed = join_measures(parsed, one.parsed)
    return Arranged(head, parsed, (*first.parts, *(part for one in rest for part in one.parts)))


def join_measures(first: ParsedMeasure, second: ParsedMeasure) -> ParsedMeasure:
    """One measure of two: led as the first, with the units of both; where they differ it is marked for review."""
    lead = first.lead or second.lead
    partners = [name for name in (*first.partners, *second.lead, *second.partners) if name not in lead]
    dated = first if first.deadline is not None or second.deadline is None else second
    differ = {
        "lead": second.lead not in ((), lead),
        "partners": second.partners not in ((), first.partners) or second.lead not in ((), lead),
        "deadline": (second.deadline, second.deadline_text)
        not in ((None, None), (dated.deadline, dated.deadline_text)),
        "recurrence": second.recurrence not in (None, first.recurrence),
    }
    written = dict.fromkeys(one for one in (first.units_as_written, second.units_as_written) if one)
    return structs.replace(
        first,
        text=f"{first.text}\n{second.text}",
        lead=lead,
        partners=tuple(dict.fromkeys(partners)),
        units_as_written=" | ".join(written) or None,
        deadline=dated.deadline,
        deadline_text=dated.deadline_text or first.deadline_text or second.deadline_text,
        recurrence=first.recurrence or second.recurrence,
        persons=tuple(dict.fromkeys((*first.persons, *second.persons))),
        targets=tuple(dict.fromkeys((*first.targets, *second.targets))),
        origins={
            **first.origins,
            **({"lead": second.origins.get("lead", Origin.MISSING)} if not first.lead else {}),
            **({"deadline": second.origins.get("deadline", Origin.MISSING)} if dated is second else {}),
            **({"partners": Origin.STATED} if partners else {}),
        },
        review=_with(_with(first.review, *second.review), *(name for name, is_so in differ.items() if is_so)),
    )


# Acts


def rearrange(
    plan: ParsedPlan, arrangement: Arrangement, act: Rearrangement, key: str, at: int | None = None
) -> Arrangement:
    """The arrangement after this act on the measure that now stands under ``key``; ``at`` is where it is split.

    Raises ``Invalid`` for what cannot be done, such as a cut inside a sentence or joining the first one to nothing.
    """
    standing = arrange(plan, arrangement)
    place = next((number for number, one in enumerate(standing) if one.key == key), None)
    if place is None:
        raise Invalid("act", "measure_unknown")
    one = standing[place]
    match act:
        case Rearrangement.SPLIT:
            return _split(arrangement, one, at)
        case Rearrangement.UNSPLIT:
            return _unsplit(arrangement, one)
        case Rearrangement.MERGE:
            if place == 0:
                raise Invalid("act", "nothing_before")
            return _merge(arrangement, one, standing[place - 1])
        case Rearrangement.UNMERGE:
            return replace(arrangement, joined={k: v for k, v in arrangement.joined.items() if v != key})
        case Rearrangement.UP | Rearrangement.DOWN:
            return _move(arrangement, [one.key for one in standing], place, -1 if act is Rearrangement.UP else 1)


def points_of(one: Arranged) -> list[int]:
    """Where the measure can be split, as characters of the measure that was read; a joined one is parted first."""
    if len(one.parts) > 1:
        return []
    part, text = one.parts[0], one.parsed.text
    offset = part.start
    return [offset + point for point in split_points(text)]


def _split(arrangement: Arrangement, one: Arranged, at: int | None) -> Arrangement:
    if at is None or at not in points_of(one):
        raise Invalid("act", "no_sentence_begins")
    source = one.parts[0].source
    cuts = sorted({*arrangement.cuts.get(source, ()), at})
    return replace(arrangement, cuts={**arrangement.cuts, source: tuple(cuts)})


def _unsplit(arrangement: Arrangement, one: Arranged) -> Arrangement:
    part = one.parts[0]
    if part.number == 1:
        raise Invalid("act", "not_split")
    cuts = tuple(cut for cut in arrangement.cuts[part.source] if cut != part.start)
    before = max((cut for cut in cuts if cut < part.start), default=0)
    heir = part.source if not before else f"{part.source}_{before}"
    kept = {key: value for key, value in arrangement.cuts.items() if key != part.source}
    joined = {k: heir if v == one.key else v for k, v in arrangement.joined.items() if k != one.key}
    return replace(arrangement, cuts={**kept, **({part.source: cuts} if cuts else {})}, joined=joined)


def _merge(arrangement: Arrangement, one: Arranged, before: Arranged) -> Arrangement:
    """Two parts of the same measure become whole again; anything else becomes a part of the one before."""
    last, first = before.parts[-1], one.parts[0]
    if len(before.parts) == len(one.parts) == 1 and last.source == first.source and last.end == first.start:
        return _unsplit(arrangement, one)
    joined = {key: before.key if head == one.key else head for key, head in arrangement.joined.items()}
    return replace(arrangement, joined={**joined, one.key: before.key})


def _move(arrangement: Arrangement, keys: list[str], place: int, step: int) -> Arrangement:
    other = place + step
    if not 0 <= other < len(keys):
        raise Invalid("act", "at_the_end")
    keys[place], keys[other] = keys[other], keys[place]
    return replace(arrangement, order=tuple(keys))


# As the database keeps it


def arrangement_to_json(arrangement: Arrangement) -> dict[str, Any]:
    """Plain JSON, empty where everything stands as it was read."""
    cuts = {key: list(found) for key, found in arrangement.cuts.items() if found}
    kept = {"cuts": cuts, "joined": dict(arrangement.joined), "order": list(arrangement.order)}
    return {name: value for name, value in kept.items() if value}


def arrangement_from_json(stored: Mapping[str, Any]) -> Arrangement:
    return Arrangement(
        cuts={key: tuple(found) for key, found in stored.get("cuts", {}).items()},
        joined=dict(stored.get("joined", {})),
        order=tuple(stored.get("order", ())),
    )


def sources_of(parts: Iterable[Part]) -> list[str]:
    """The measures as they were read that took part, each once."""
    return list(dict.fromkeys(part.source for part in parts))
