"""A plan comes again: which measures of the new document are those of the old one, and what became of each.

Measures are known again by their words and their order, never by their labels: a revised document renumbers. The way is
described in ``docs/adr/0009-measures-are-known-by-their-words.md``.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from rapidfuzz import fuzz

LEAST_RESEMBLANCE = 55.0
"""of 100; below it two sentences share no more than the wording that all plans share"""
CERTAIN_RESEMBLANCE = 75.0
"""from here on nobody needs to be asked whether the two are the same measure"""
PIECE = 3
"""characters of the pieces by which likely partners are found without comparing each with each"""
LIKELY = 8
"""how many likely partners a measure is compared with"""
MANY = 200
"""measures that may share a piece; the limit keeps the time in proportion to the length of the plans"""
TITLE_RESEMBLANCE = 70.0


class Field(StrEnum):
    """What of a measure can differ between two documents."""

    WORDING = "wording"
    DEADLINE = "deadline"
    LEAD = "lead"
    PARTNERS = "partners"


class Whole(NamedTuple):
    """A measure as it stands in the document, before a person cut it up or joined it with others."""

    key: str
    heading: str
    text: str


@dataclass(frozen=True)
class Side:
    """A measure as one document has it. ``facts`` are the values of its fields, beside its wording.

    ``made_of`` are the measures of which a person made it, where it is not one of the document just as it stands.
    """

    key: str
    heading: str
    text: str
    facts: Mapping[Field, Hashable]
    made_of: tuple[Whole, ...] = ()


@dataclass(frozen=True)
class Pair:
    """The same measure in both documents. ``resemblance`` of the wording is 100 where nothing but spelling differs."""

    old: Side
    new: Side
    changed: tuple[Field, ...]
    is_moved: bool
    resemblance: float
    is_part: bool = False
    """whether the words of the old one are certainly among those of which a person made the new one"""

    @property
    def is_certain(self) -> bool:
        return self.is_part or self.resemblance >= CERTAIN_RESEMBLANCE


@dataclass(frozen=True)
class Comparison:
    """What became of the measures: the pairs and the added ones in the new order, the removed ones in the old."""

    pairs: tuple[Pair, ...]
    added: tuple[Side, ...]
    removed: tuple[Side, ...]
    joined: Mapping[str, str] = field(default_factory=dict)
    """key of a removed measure → key of the new one in which a person joined its words with those of others"""
    parted: Mapping[str, str] = field(default_factory=dict)
    """key of an added measure → key of the old one that goes on in another part of the same measure"""

    @property
    def changed(self) -> list[Pair]:
        return [one for one in self.pairs if one.changed]

    @property
    def moved(self) -> list[Pair]:
        """What only stands elsewhere."""
        return [one for one in self.pairs if one.is_moved and not one.changed]

    @property
    def unchanged(self) -> list[Pair]:
        return [one for one in self.pairs if not one.changed and not one.is_moved]


def compare_measures(old: Sequence[Side], new: Sequence[Side]) -> Comparison:
    """The measures of two documents, each list in its document's order; time grows with their length, not its square.

    Every measure of each side stands in the result exactly once.
    """
    matches = _recognise(old, new)
    followed, joined = _follow(old, new, matches)
    matches |= followed
    stayed = _longest_rising([matches[place] for place in sorted(matches)])
    partner = {theirs: mine for mine, theirs in matches.items()}
    pairs = tuple(
        _pair(old[partner[place]], one, is_moved=place not in stayed)
        for place, one in enumerate(new)
        if place in partner
    )
    return Comparison(
        pairs=pairs,
        added=tuple(one for place, one in enumerate(new) if place not in partner),
        removed=tuple(one for place, one in enumerate(old) if place not in matches),
        joined={old[mine].key: new[theirs].key for mine, theirs in joined.items()},
        parted=_parted(old, new, partner),
    )


def titles_resemble(one: str, other: str) -> bool:
    """Whether two plans may be versions of one document: a draft for comment and the final text, a yearly update."""
    mine, theirs = _without_years(fold(one)), _without_years(fold(other))
    return bool(mine and theirs) and fuzz.ratio(mine, theirs) >= TITLE_RESEMBLANCE


def _without_years(title: str) -> str:
    return "".join(char for char in title if not char.isdigit()).replace("征求意见稿", "")


def fold(text: str) -> str:
    """The text without what a new edition changes for no reason: widths, blanks, punctuation, capital letters."""
    kept = (char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char)[0] in "LNS")
    return "".join(kept).casefold()


def _pair(old: Side, new: Side, *, is_moved: bool) -> Pair:
    resemblance = 100.0 if fold(old.text) == fold(new.text) else fuzz.ratio(fold(old.text), fold(new.text))
    changed = tuple(name for name in Field if _differs(name, old, new))
    wholes = [_words(Side(*whole, facts={})) for whole in new.made_of]
    is_part = any(fuzz.ratio(_words(old), words) >= CERTAIN_RESEMBLANCE for words in wholes)
    return Pair(old, new, changed, is_moved, resemblance, is_part)


def _differs(name: Field, old: Side, new: Side) -> bool:
    if name is Field.WORDING:
        return (fold(old.heading), fold(old.text)) != (fold(new.heading), fold(new.text))
    return old.facts.get(name) != new.facts.get(name)


# Recognising: places of the old list → places of the new one


def _recognise(old: Sequence[Side], new: Sequence[Side]) -> dict[int, int]:
    mine, theirs = [_words(one) for one in old], [_words(one) for one in new]
    matches = _match_equal(mine, theirs)
    rest = [place for place in range(len(old)) if place not in matches]
    taken = set(matches.values())
    free = [place for place in range(len(new)) if place not in taken]
    expected = _expected_places(matches, len(old))
    likely = sorted(
        (-resemblance, abs(place - expected[known]), known, place)
        for known, place, resemblance in _likely_pairs(mine, theirs, rest, free)
        # What a person cut up or joined follows the measures it was made of, unless its own words leave no doubt.
        if resemblance >= CERTAIN_RESEMBLANCE or not new[place].made_of
    )
    # The greatest resemblance is taken first; between equals the one that keeps the order.
    for _, _, known, place in likely:
        if known not in matches and place not in taken:
            matches[known] = place
            taken.add(place)
    return matches


def _follow(
    old: Sequence[Side], new: Sequence[Side], matches: Mapping[int, int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Old measures that are known again in the measures of which a person made new ones: in what each goes on, and
    into what it was joined where another goes on there.

    It goes on in the first part that no other goes on in.
    """
    lost = [known for known in range(len(old)) if known not in matches]
    holders = _holders(new)
    wholes = {whole.key: whole for one in new for whole in one.made_of}
    keys = list(wholes)
    found = _recognise([old[known] for known in lost], [Side(*wholes[key], facts={}) for key in keys])
    taken = set(matches.values())
    followed: dict[int, int] = {}
    joined: dict[int, int] = {}
    for place, whole in sorted(found.items()):
        parts = holders[keys[whole]]
        free = next((part for part in parts if part not in taken), None)
        if free is None:
            joined[lost[place]] = parts[0]
        else:
            followed[lost[place]] = free
            taken.add(free)
    return followed, joined


def _holders(new: Sequence[Side]) -> dict[str, list[int]]:
    """Measure of the document → places of what was made of it."""
    holders: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(new):
        for whole in one.made_of:
            holders[whole.key].append(place)
    return holders


def _parted(old: Sequence[Side], new: Sequence[Side], partner: Mapping[int, int]) -> dict[str, str]:
    found: dict[str, str] = {}
    for places in _holders(new).values():
        goes_on = next((place for place in places if place in partner), None)
        if goes_on is not None:
            found |= {new[place].key: old[partner[goes_on]].key for place in places if place not in partner}
    return found


def _words(side: Side) -> str:
    """What a measure is known by. A heading that opens the text is not counted twice."""
    heading, text = fold(side.heading), fold(side.text)
    return text if text.startswith(heading) else heading + text


def _match_equal(mine: Sequence[str], theirs: Sequence[str]) -> dict[int, int]:
    """Measures with the very same words; of several the first goes with the first."""
    places: dict[str, list[int]] = defaultdict(list)
    for place in reversed(range(len(theirs))):
        places[theirs[place]].append(place)
    return {known: places[words].pop() for known, words in enumerate(mine) if words and places.get(words)}


def _expected_places(matches: Mapping[int, int], length: int) -> list[int]:
    """Where each old measure would stand now if it had kept its place behind the one before it."""
    expected, after = [], 0
    for known in range(length):
        after = matches[known] + 1 if known in matches else after
        expected.append(after)
    return expected


def _likely_pairs(
    mine: Sequence[str], theirs: Sequence[str], rest: Sequence[int], free: Sequence[int]
) -> Iterator[tuple[int, int, float]]:
    """Old and new places whose words resemble each other enough, with how much they do."""
    holders: dict[str, list[int]] = defaultdict(list)
    for place in free:
        for piece in _pieces(theirs[place]):
            holders[piece].append(place)
    # What stands in a fifth of all measures, or in very many, is wording of the kind and tells nothing apart.
    common = max(20, min(MANY, len(free) // 5))
    for known in rest:
        shared: Counter[int] = Counter()
        for piece in _pieces(mine[known]):
            if len(holders.get(piece, ())) <= common:
                shared.update(holders.get(piece, ()))
        for place, _ in shared.most_common(LIKELY):
            resemblance = fuzz.ratio(mine[known], theirs[place], score_cutoff=LEAST_RESEMBLANCE)
            if resemblance:
                yield known, place, resemblance


def _pieces(words: str) -> set[str]:
    return {words[start : start + PIECE] for start in range(max(1, len(words) - PIECE + 1))}


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """The numbers of a longest rising run: what kept its order. All others were moved."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        low = bisect_left(ends, number)
        before[number] = ends[low - 1] if low else None
        ends[low : low + 1] = [number]
    kept: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return kept
