"""The outline as a tree: every labelled item with its text, before any clause is looked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from taskboard.domain.plan_parsing.brackets import outer_groups
from taskboard.domain.plan_parsing.fields import AMBIGUOUS_IN_TEXT, BARE_ROLES, FIELD_NAME
from taskboard.domain.plan_parsing.lines import Line
from taskboard.domain.plan_parsing.noise import is_attached_list
from taskboard.domain.plan_parsing.numbering import (
    DATE_OR_COUNT,
    Kind,
    Label,
    read_damaged_label,
    read_label,
    read_step,
)
from taskboard.domain.plan_parsing.text import EMPTY, Text, half_width, join_texts, squeezed
from taskboard.domain.plan_parsing.units import looks_like_unit


@dataclass
class Node:
    """An item of the outline; the root has no label. ``order`` counts items in reading order."""

    label: Label | None
    parent: Node | None
    order: int = 0
    texts: list[Text] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    part: int = 0
    """which part of the document (covering notice, plan, attachment) the item stands in"""
    name: str = ""
    """what stands for the label of a node without number: 附件, 问1"""

    @property
    def text(self) -> Text:
        return join_texts(self.texts, "\n")

    @property
    def path(self) -> tuple[str, ...]:
        above = self.parent.path if self.parent else ()
        own = self.label.text if self.label else self.name
        return (*above, squeezed(own)) if own else above

    @property
    def rank(self) -> int:
        return -1 if self.label is None else int(self.label.kind)

    def walk(self) -> Iterable[Node]:
        """This node and all below it in reading order, without recursion."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def ancestors(self) -> Iterable[Node]:
        """The nodes above, nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


ATTACHMENT = re.compile(r"^附\s?件\s?(?:\d{1,2}|[一二三四五六七八九十]{1,2})?\s?:?$")
SIGNED_DAY = re.compile(
    r"^\(?(?:(?:19|20)\d\d|[二一][〇零九一二三四五六七八]{3})\s?年\s?\S{1,3}\s?月\s?\S{1,3}\s?日(?:印发|制发)?\)?$"
)
SALUTATION = re.compile(r"^[^。;!?]{4,300}:$")
PLAN_TITLE = re.compile(
    r"^[^。;!?:]{0,60}(?:方案|意见|计划|要点|措施|清单|分工表|办法|规划|规定|细则|任务表|举措|安排|台账|分解表|责任表|一览表|任务书|分工|条|工作表|对策建议|纲要|指南|指引|目录|汇总表)(?:\([^()]{1,30}\))?$"
)


def build_outline(lines: Iterable[Line]) -> Node:
    """The tree of the lines; a heading of another document (附件, a title after a signature) starts a new part."""
    root = Node(None, None)
    builder = _Builder(root)
    for line in lines:
        builder.add(line)
    return root


ALIKE = {Kind.NUMBER: Kind.NUMBER_BRACKET, Kind.NUMBER_BRACKET: Kind.NUMBER}
"""labels with a figure that copies exchange: 5. and 5)"""


class _Builder:
    """Adds line after line to the tree."""

    def __init__(self, root: Node) -> None:
        self.root = self.top = self.current = root
        self.count = 0
        self.part = 0
        self.in_attached_list = False
        self.after_signature = False

    def add(self, line: Line) -> None:
        plain = line.text.plain
        if self._starts_part(line, plain):
            return
        for piece, label in split_labels(line, self._awaited()):
            self._add_piece(piece, self._as_in_its_row(label), line)

    def _starts_part(self, line: Line, plain: str) -> bool:
        stripped = plain.strip()
        if ATTACHMENT.match(stripped):
            self._new_part(line.text, "附件")
            return True
        if is_attached_list(stripped):
            self.in_attached_list = True
            return True
        if SIGNED_DAY.match(stripped) and self.count:
            self._leave(line)
            return True
        if SIGNED_DAY.match(stripped):
            self.after_signature = True
        is_title = len(stripped) <= 60 and PLAN_TITLE.match(stripped) and read_label(plain) is None and not line.label
        if is_title and (self.after_signature or self.in_attached_list):
            self._new_part(line.text, "")
            return True
        return False

    def _leave(self, line: Line) -> None:
        """A signature ends what stands above; what follows belongs to no item until the next label."""
        signed = Node(None, self.top, part=self.part)
        while self.current.texts and _is_signature(self.current.texts[-1], self.current):
            signed.texts.insert(0, self.current.texts.pop())
        self.current = signed
        self.current.texts.append(line.text)
        self.top.children.append(self.current)
        self.after_signature = True

    def _new_part(self, title: Text, name: str) -> None:
        self.part += 1
        self.in_attached_list = self.after_signature = False
        node = Node(None, self.root, order=self.count, part=self.part, name=name)
        node.texts.append(title)
        self.root.children.append(node)
        self.top = self.current = node

    def _add_piece(self, piece: Text, label: Label | None, line: Line) -> None:
        if label is None:
            if not self.in_attached_list or SALUTATION.match(piece.plain):
                self.current.texts.append(piece)
            return
        if self.in_attached_list:
            if label.kind is Kind.NUMBER and len(piece) < 80:
                return
            self.in_attached_list = False
        if FIELD_NAME.match(piece.plain) and _is_certain_field(piece.plain):
            self._climb(int(label.kind)).texts.append(piece)
            return
        parent = self._climb(int(label.kind))
        self.count += 1
        self.current = Node(label, parent, order=self.count, part=self.part)
        if len(piece):
            self.current.texts.append(piece)
        parent.children.append(self.current)

    def _as_in_its_row(self, label: Label | None) -> Label | None:
        """6) after 5. is the next of the row and not the first below it: one mark was typed for another."""
        if label is None or label.number < 2 or label.kind not in ALIKE:
            return label
        awaited = self._awaited()
        other = ALIKE[label.kind]
        if label.kind in awaited or awaited.get(other) != label.number:
            return label
        return replace(label, kind=other)

    def _awaited(self) -> dict[Kind, int]:
        """The number that would come next for each kind of label on the way to the root."""
        awaited: dict[Kind, int] = {}
        node: Node | None = self.current
        while node is not None and node is not self.top:
            if node.label is not None:
                awaited.setdefault(node.label.kind, node.label.number + 1)
            node = node.parent
        return awaited

    def _climb(self, rank: int) -> Node:
        node = self.current
        while node is not self.top and node.rank >= rank:
            assert node.parent is not None
            node = node.parent
        if node.label is None and node is not self.top:
            return self.top
        return node


def _is_signature(text: Text, node: Node) -> bool:
    """The name of the issuer on a line of its own above the date."""
    return len(node.texts) > 1 and len(text) <= 30 and looks_like_unit(text.plain.strip())


def _is_certain_field(plain: str) -> bool:
    found = FIELD_NAME.match(plain)
    return found is not None and squeezed(found["name"]) not in AMBIGUOUS_IN_TEXT | BARE_ROLES.keys()


# --- labels inside a line ------------------------------------------------------------------------

NOTHING_AWAITED: Mapping[Kind, int] = {}
BRACKETS_AND_TITLES = re.compile(r"[()\[\]《》]")
INLINE_LABEL = re.compile(
    rf"(?<=[。;!?)\]”])\s{{0,4}}(?=(?:\([一二三四五六七八九十]{{1,3}}\)|\(\d{{1,2}}\)|\d{{1,2}}\)|[①-⑳⑴-⒇㈠-㈩⒈-⒛]|\d{{1,4}}[、.](?:(?!\d)|(?={DATE_OR_COUNT}))"
    r"|[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十百]{1,4}条))"
)


def split_labels(line: Line, awaited: Mapping[Kind, int] = NOTHING_AWAITED) -> list[tuple[Text, Label | None]]:
    """The items in one line: its own label, and labels that follow a full stop and count on from the ones before.

    ``awaited`` are the numbers that would come next; such a one is a label also when its closing mark was lost.
    """
    text = line.text
    pieces: list[tuple[Text, Label | None]] = []
    first = (
        _format_label(line) or read_label(text.plain, text.clean) or read_damaged_label(text.plain, text.clean, awaited)
    )
    nested = _nested_label(text, first, line)
    if first and nested:
        pieces.append((EMPTY, first))
        first = nested
    start = first.end if first else 0
    label = first
    last_numbers: dict[Kind, int] = {first.kind: first.number} if first else {}
    runs_through = _number_that_runs_through(text, first, awaited)
    last_seen: dict[str, int] = {}
    places = _places_of_labels(text.plain)
    groups = iter(outer_groups(text.plain, BRACKETS_AND_TITLES) if places else ())
    group = next(groups, None)
    for end, begin in places:
        while group is not None and group.end <= end:
            group = next(groups, None)
        inside = group is not None and group.start < end
        following = read_label(text.plain, text.clean, begin)
        if inside or following is None or following.end >= len(text):
            continue
        is_first = following.kind is Kind.NUMBER and following.kind not in last_numbers
        is_glued = text.plain[end - 1] not in ENDS_BEFORE_LABEL
        goes_on = is_first and following.number == (awaited.get(Kind.NUMBER) if is_glued else runs_through)
        after_clause = _ends_clause(text.plain, end)
        if not goes_on and not _counts_on(following, last_numbers, text.plain, last_seen, after_clause=after_clause):
            continue
        pieces.append((text[start:end].strip(), label))
        start, label = following.end, following
        last_numbers = {kind: n for kind, n in last_numbers.items() if kind < following.kind}
        last_numbers[following.kind] = following.number
    pieces.append((text[start:].strip(), label))
    return pieces


ENDS_BEFORE_LABEL = "。;!?)]” "
GLUED_HEADING = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|\([一二三四五六七八九十]{1,3}\))[^。;:!?,、()\d]{2,20}(?=\d{1,3}[.、](?!\d)[\u4e00-\u9fff“])"
)
"""a section's title and its first item with nothing between them: 一、做强主导功能1.壮大加工。"""


def _places_of_labels(plain: str) -> list[tuple[int, int]]:
    """Where labels may stand inside a line: the end of what is before each, and its own beginning."""
    places = [found.span() for found in INLINE_LABEL.finditer(plain)]
    glued = [(found.end(), found.end()) for found in GLUED_HEADING.finditer(plain)]
    return sorted({*places, *glued}) if glued else places


LONGEST_FIELD = 300


def _ends_clause(plain: str, end: int) -> bool:
    """Whether a clause ends here: …负责）5. or 责任单位：A、B。5."""
    if plain[end - 1 : end] in ")]":
        return True
    if plain[end - 1 : end] != "。":
        return False
    start = plain.rfind("。", max(0, end - LONGEST_FIELD), end - 1) + 1
    return bool(start) and FIELD_NAME.match(plain, start) is not None


LONGEST_TITLE_IN_LINE = 20


def _number_that_runs_through(text: Text, first: Label | None, awaited: Mapping[Kind, int]) -> int | None:
    """The number of the first item in a section that stands in one line (二、健康成长类。4.…) and goes on counting."""
    if first is None or first.kind >= Kind.NUMBER or text.plain.find("。") - first.end > LONGEST_TITLE_IN_LINE:
        return None
    return awaited.get(Kind.NUMBER)


def _nested_label(text: Text, first: Label | None, line: Line) -> Label | None:
    """The lower label that follows at once (一、1、抓好…), with more of its row in the same line."""
    if first is None or line.label or first.kind is Kind.DECIMAL:
        return None
    nested = read_label(text.plain, text.clean, first.end)
    if nested is None or nested.kind <= first.kind or nested.kind is Kind.DECIMAL or nested.end >= len(text):
        return None
    return nested


def _format_label(line: Line) -> Label | None:
    if not line.label:
        return None
    written = line.label.strip()
    folded = half_width(written)
    label = read_label(folded + " ", written + " ") or read_label(folded + "、", written + "、")
    return None if label is None else Label(label.kind, label.number, label.text, 0)


MOST_SKIPPED = 9
"""numbers that may be missing in a row where the item before ends with its clause"""


def _counts_on(
    label: Label, last_numbers: dict[Kind, int], plain: str, last_seen: dict[str, int], *, after_clause: bool
) -> bool:
    """Whether a label continues its row; behind a clause (…负责）5.) a number may stand twice or some be missing."""
    if label.kind in last_numbers:
        step = label.number - last_numbers[label.kind]
        return step == 1 or (after_clause and 0 <= step <= MOST_SKIPPED + 1)
    if label.number == 1:
        return _has_successor(label, plain, last_seen) or _opens_items(label, plain)
    return label.kind in (Kind.CHINESE_BRACKET, Kind.ARTICLE, Kind.CHINESE)


def _opens_items(label: Label, plain: str) -> bool:
    """一、做强主导功能1.壮大加工。: the first section in the line that introduces it, with its items behind it."""
    return label.kind is Kind.CHINESE and GLUED_HEADING.match(plain, label.end - len(label.text) - 1) is not None


SECOND = {"(1)": "(2)", "1)": "2)", "①": "②", "⑴": "⑵", "1": "2", "(一)": "(二)", "一": "二、", "⒈": "⒉", "㈠": "㈡"}


def _has_successor(label: Label, plain: str, last_seen: dict[str, int]) -> bool:
    """Whether the second of the row stands later in the same line, so that the first is a label and no remark."""
    second = SECOND.get(half_width(label.text).replace(" ", ""))
    if second is None:
        return False
    if second not in last_seen:
        last_seen[second] = plain.rfind(second)
    return last_seen[second] > label.end


# --- steps ---------------------------------------------------------------------------------------

STEP_START = re.compile(
    r"(?:^|(?<=[。;:,!?)\]”\n\s]))(?=[一二三四五六七八九十]{1,2}(?:是|要)|第[一二三四五六七八九十][,、])"
)


BULLET = re.compile(r"(?:^|(?<=[\n。;:!?)\]”]))\s{0,4}(?P<mark>[●•■◆★▲➢►✦❖◼▪])\s{0,4}(?=\S)")


def split_bullets(text: Text) -> tuple[Text, list[tuple[Label, Text]]]:
    """What stands before the first ●, and the passages that each begin with one."""
    found = list(BULLET.finditer(text.plain))
    if len(found) < 2:
        return text, []
    ends = [mark.start() for mark in found[1:]] + [len(text)]
    return text[: found[0].start()], [
        (Label(Kind.STEP, number, mark["mark"], mark.end()), text[mark.end() : end].strip())
        for number, (mark, end) in enumerate(zip(found, ends, strict=True), start=1)
    ]


def split_steps(text: Text) -> tuple[Text, list[tuple[Label, Text]]]:
    """What stands before 一是, and the steps 一是…二是… that count from one; a second row starts again at one."""
    steps: list[tuple[Label, int]] = []
    expected = 1
    word = ""
    for found in STEP_START.finditer(text.plain):
        label = read_step(text.plain, found.end())
        if label is None:
            continue
        ending = label.text[-1] if label.text[-1] in "是要" else "第"
        if label.number == 1 and (expected == 1 or expected > 2):
            word, expected = ending, 1
        if label.number != expected or ending != word:
            continue
        steps.append((Label(Kind.STEP, label.number, label.text, label.end), found.end()))
        expected += 1
    if len(steps) < 2:
        return text, []
    ends = [start for _, start in steps[1:]] + [len(text)]
    return text[: steps[0][1]], [(label, text[label.end : end]) for (label, _), end in zip(steps, ends, strict=True)]
