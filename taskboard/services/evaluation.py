"""How right readings of plan documents are, by the right ones beside them, and what their marks are worth."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import SequenceMatcher
from typing import Any

from taskboard.domain.plan_parsing.brackets import split_outside
from taskboard.domain.plan_parsing.text import read_text

Reading = Mapping[str, Any]
"""a reading as values, in the form that ``reading_to_dict`` gives and that gold files have"""

Measure = Mapping[str, Any]

FIELDS = ("lead", "partners", "deadline", "recurrence")
SAME_ENOUGH = 0.6
"""the least likeness of two measures that are taken for one"""


@dataclass(frozen=True)
class WrongField:
    """One field that differs from the right reading, and whether the reading itself asked to look at it."""

    document: str
    measure: str
    name: str
    expected: str
    found: str
    marked: bool


@dataclass(frozen=True)
class Figures:
    """Counts over one document or several; sums of them are figures again, the rates are computed from them."""

    expected: int = 0
    found: int = 0
    matched: int = 0
    leads: int = 0
    leads_right: int = 0
    partners_right: int = 0
    partners_extra: int = 0
    partners_missed: int = 0
    deadlines: int = 0
    deadlines_right: int = 0
    dated: int = 0
    dated_right: int = 0
    rhythms: int = 0
    rhythms_right: int = 0
    fields: int = 0
    fields_marked: int = 0
    fields_wrong: int = 0
    fields_wrong_marked: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def precision(self) -> float | None:
        return _share(self.matched, self.found)

    @property
    def recall(self) -> float | None:
        return _share(self.matched, self.expected)

    @property
    def f1(self) -> float | None:
        return _share(2 * self.matched, self.expected + self.found)

    @property
    def lead(self) -> float | None:
        """Share of matched measures whose leads are the right ones."""
        return _share(self.leads_right, self.leads)

    @property
    def partners_f1(self) -> float | None:
        both = 2 * self.partners_right
        return _share(both, both + self.partners_extra + self.partners_missed)

    @property
    def deadline(self) -> float | None:
        return _share(self.deadlines_right, self.deadlines)

    @property
    def deadline_dated(self) -> float | None:
        """The same over measures that have a date."""
        return _share(self.dated_right, self.dated)

    @property
    def recurrence(self) -> float | None:
        return _share(self.rhythms_right, self.rhythms)

    @property
    def marked(self) -> float | None:
        """Share of all fields that are marked for review."""
        return _share(self.fields_marked, self.fields)

    @property
    def wrong_marked(self) -> float | None:
        """Share of the wrong fields that are marked for review."""
        return _share(self.fields_wrong_marked, self.fields_wrong)


RATES = (
    "precision",
    "recall",
    "f1",
    "lead",
    "partners_f1",
    "deadline",
    "deadline_dated",
    "recurrence",
    "marked",
    "wrong_marked",
)
"""the rates of ``Figures`` in the order in which they are shown"""


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True)
class Evaluation:
    """The figures of one document, and what was wrong in it."""

    document: str
    figures: Figures
    missed: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    wrong: tuple[WrongField, ...] = field(default=())


def evaluate(document: str, reading: Reading, expected: Reading) -> Evaluation:
    """``reading`` compared with the right one; measures are matched by their words, best first."""
    right: Sequence[Measure] = expected["measures"]
    found: Sequence[Measure] = reading["measures"]
    pairs = match_measures(right, found)
    defaults = comparable_units(expected.get("defaults"))
    figures = Figures(expected=len(right), found=len(found), matched=len(pairs))
    wrong: list[WrongField] = []
    for one, other in pairs:
        counted, differing = _compare(document, right[one], found[other], defaults)
        figures += counted
        wrong += differing
    taken, used = {one for one, _ in pairs}, {other for _, other in pairs}
    return Evaluation(
        document,
        figures,
        tuple(_name(measure) for n, measure in enumerate(right) if n not in taken),
        tuple(_name(measure) for n, measure in enumerate(found) if n not in used),
        tuple(wrong),
    )


def total(evaluations: Iterable[Evaluation]) -> Figures:
    """The figures of all documents together: measures count, not documents."""
    return sum((one.figures for one in evaluations), Figures())


def _name(measure: Measure) -> str:
    return str(measure.get("heading") or measure.get("text_head") or "")


# --- fields --------------------------------------------------------------------------------------


def _compare(
    document: str, right: Measure, found: Measure, defaults: frozenset[str]
) -> tuple[Figures, list[WrongField]]:
    leads = comparable_units(right.get("lead")), comparable_units(found.get("lead"))
    partners = comparable_units(right.get("partners")) - defaults, comparable_units(found.get("partners")) - defaults
    day = right.get("deadline") or None
    is_right = {
        "lead": leads[0] == leads[1],
        "partners": partners[0] == partners[1],
        "deadline": day == (found.get("deadline") or None),
    }
    if "recurrence" in right:  # a right reading may leave it out, then it is not compared
        is_right["recurrence"] = (right["recurrence"] or None) == (found.get("recurrence") or None)
    marks = set(found.get("review") or ())
    wrong = [
        WrongField(document, _name(right), name, _shown(right.get(name)), _shown(found.get(name)), name in marks)
        for name, ok in is_right.items()
        if not ok
    ]
    has_lead = bool(leads[0] or leads[1])
    counted = Figures(
        leads=has_lead,
        leads_right=has_lead and is_right["lead"],
        partners_right=len(partners[0] & partners[1]),
        partners_extra=len(partners[1] - partners[0]),
        partners_missed=len(partners[0] - partners[1]),
        deadlines=1,
        deadlines_right=is_right["deadline"],
        dated=day is not None,
        dated_right=day is not None and is_right["deadline"],
        rhythms="recurrence" in is_right,
        rhythms_right=is_right.get("recurrence", False),
        fields=len(is_right),
        fields_marked=len(marks & set(is_right)),
        fields_wrong=len(wrong),
        fields_wrong_marked=sum(one.marked for one in wrong),
    )
    return counted, wrong


def _shown(value: object) -> str:
    return "、".join(value) if isinstance(value, list | tuple) else str(value or "")


GROUP_IN_NAME = re.compile(r"^(?P<unit>[^(]+?)(?:及|以及)(?P<group>(?:各|省|市|县|区|有关|相关|专项|所属).+)$")
LEVEL_BEFORE = re.compile(r"^(?:[省市县区州]委(?=.)|[省市县区州](?!场|级|直|州|县|区|、)(?=..))")
ETC = re.compile(r"等(?:有关)?(?:部门|单位)?$")


def comparable_units(names: Iterable[str] | None) -> frozenset[str]:
    """Names without what two right readings may write differently: width, script, 省 or 市 before, 各, 等."""
    comparable: set[str] = set()
    for name in names or ():
        plain = "".join(read_text(name).plain.split())
        for start, end in split_outside(plain, "、,;/"):
            together = GROUP_IN_NAME.match(plain[start:end])
            for single in together.groups() if together else (plain[start:end],):
                bare = LEVEL_BEFORE.sub("", ETC.sub("", single.strip("。.:")).removeprefix("各"))
                comparable.add(bare)
    return frozenset(comparable - {""})


# --- matching ------------------------------------------------------------------------------------


def match_measures(right: Sequence[Measure], found: Sequence[Measure]) -> list[tuple[int, int]]:
    """Positions of the measures that are the same, most alike first; of equals the nearest in order."""
    ours = [_words(one) for one in right]
    theirs = [_words(other) for other in found]
    likely = []
    for n, one in enumerate(ours):
        for m, other in enumerate(theirs):
            likeness = _likeness(one, other)
            if likeness >= SAME_ENOUGH:
                apart = abs(n / len(ours) - m / len(theirs))
                likely.append((-likeness, apart, n, m))
    taken: set[int] = set()
    used: set[int] = set()
    pairs = []
    for _, _, n, m in sorted(likely):
        if n not in taken and m not in used:
            taken.add(n)
            used.add(m)
            pairs.append((n, m))
    return sorted(pairs)


def _words(measure: Measure) -> tuple[str, str]:
    """The first words and the heading, nothing but letters and figures."""
    head = str(measure.get("text_head") or str(measure.get("text") or "")[:60])
    return _only_words(head), _only_words(str(measure.get("heading") or ""))


def _only_words(text: str) -> str:
    return re.sub(r"[\W_]+", "", read_text(text).plain)


SHORTEST_START, SHORTEST_PART, PART = 6, 8, 18


def _likeness(one: tuple[str, str], other: tuple[str, str]) -> float:
    """From 0 to 1: the same beginning, one inside the other, the same heading, else how many characters agree."""
    (head, heading), (other_head, other_heading) = one, other
    best = 0.0
    if head and other_head:
        shared = min(len(head), len(other_head))
        if shared >= SHORTEST_START and head[:shared] == other_head[:shared]:
            return 1.0
        if _is_inside(head, other_head) or _is_inside(other_head, head):
            return 0.95
        matcher = SequenceMatcher(None, head, other_head[: len(head) + 12], autojunk=False)
        if matcher.quick_ratio() >= SAME_ENOUGH / 2:
            best = matcher.ratio()
    if heading and heading == other_heading:
        best = max(best, 0.9 if best > 0.25 or not (head and other_head) else SAME_ENOUGH)
    starts = ((heading, other_head), (other_heading, head), (heading, other_heading))
    if any(len(a) >= 5 and len(b) >= 5 and (a.startswith(b) or b.startswith(a)) for a, b in starts):
        best = max(best, 0.85)
    return best


def _is_inside(part: str, whole: str) -> bool:
    return len(part) >= SHORTEST_PART and part[:PART] in whole
