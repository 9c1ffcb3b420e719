"""Unit clauses: （责任单位：A、B）, 牵头单位：A, （A牵头，B、C按职责分工负责）, 〔A、B〕, 由A会同B负责."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from taskboard.domain.plan_parsing.brackets import Group, outer_groups, split_outside
from taskboard.domain.plan_parsing.deadlines import is_time_limit
from taskboard.domain.plan_parsing.fields import (
    AMBIGUOUS_IN_TEXT,
    BARE_ROLES,
    FIELD_NAME,
    UNIT_FIELDS,
    Field,
    field_named,
)
from taskboard.domain.plan_parsing.statements import without_statements
from taskboard.domain.plan_parsing.text import Text, squeezed, without_ranges
from taskboard.domain.plan_parsing.units import Unit, is_unit_list, looks_like_unit, read_units
from taskboard.domain.plan_parsing.vocabulary import is_familiar


class Form(Enum):
    """How a clause is written."""

    FIELDS = "fields"
    BRACKET = "bracket"
    SENTENCE = "sentence"
    PROSE = "prose"


IN_TEXT = frozenset({Form.SENTENCE, Form.PROSE})
"""forms that ordinary sentences may have too"""


@dataclass(slots=True)
class Reading:
    """What one clause says; ``stray`` are words in it that were not understood."""

    leads: list[Unit] = field(default_factory=list)
    responsible: list[Unit] = field(default_factory=list)
    partners: list[Unit] = field(default_factory=list)
    order: list[Unit] = field(default_factory=list)
    """responsible units and partners in the order written"""
    persons: list[str] = field(default_factory=list)
    time_limits: list[Text] = field(default_factory=list)
    stray: list[Text] = field(default_factory=list)
    damaged: bool = False
    """whether the clause was recognised although a mark of it is lost"""

    @property
    def has_units(self) -> bool:
        return bool(self.leads or self.responsible or self.partners)

    def add(self, role: Field, units: Iterable[Unit]) -> None:
        for unit in units:
            if unit.role_mark == "lead" or (role is Field.LEAD and unit.role_mark != "partner"):
                self.leads.append(unit)
            elif role is Field.PARTNER or unit.role_mark == "partner":
                self.partners.append(unit)
                self.order.append(unit)
            else:
                self.responsible.append(unit)
                self.order.append(unit)

    def merge(self, other: Reading) -> None:
        self.leads += other.leads
        self.responsible += other.responsible
        self.partners += other.partners
        self.order += other.order
        self.persons += other.persons
        self.time_limits += other.time_limits
        self.stray += other.stray
        self.damaged = self.damaged or other.damaged

    def merge_moved(self, other: Reading, place: Text) -> None:
        """Merge what ``other`` says as said at ``place``: its texts were cut out of one with positions from 0."""
        moved: dict[int, Unit] = {}
        for mine, theirs in (
            (self.leads, other.leads),
            (self.responsible, other.responsible),
            (self.partners, other.partners),
            (self.order, other.order),
        ):
            for unit in theirs:
                # A unit stands in several of the lists and must stay one and the same.
                if id(unit) not in moved:
                    moved[id(unit)] = unit.moved_to(place)
                mine.append(moved[id(unit)])
        self.persons += other.persons
        for limit in other.time_limits:
            self.time_limits.append(limit.moved_to(place))
        for stray in other.stray:
            self.stray.append(stray.moved_to(place))
        self.damaged = self.damaged or other.damaged


class Clause(NamedTuple):
    """A clause in a text: characters ``start`` to ``end`` with its brackets, and what it says."""

    start: int
    end: int
    form: Form
    content: Text
    reading: Reading


# --- finding -------------------------------------------------------------------------------------


def find_clauses(text: Text) -> list[Clause]:
    """The clauses of an item in order: bracketed ones, named fields, and a closing sentence of units and verbs."""
    groups = outer_groups(text.plain)
    brackets = _bracket_clauses(text, groups)
    fields = _field_clauses(text, groups)
    found = sorted([*brackets, *fields], key=lambda clause: clause.start)
    if found and found[-1].form is Form.BRACKET:
        found = sorted([*found, *_names_before(text, groups, found[-1])], key=lambda clause: clause.start)
    if not any(clause.reading.leads for clause in found):
        has_units = any(clause.reading.has_units for clause in found)
        damaged = [clause for clause in _damaged_field(text, found) if clause.reading.leads or not has_units]
        found = sorted([*found, *damaged], key=lambda clause: clause.start)
    if not any(clause.reading.has_units for clause in found):
        found += _closing_sentence(text, found)
    return found


def _names_before(text: Text, groups: Iterable[Group], last: Clause) -> list[Clause]:
    """筹建驿站3处（团县委、县人社局）。推出住房500套（县住建局）。: where the last sentence ends with its units, so
    may those before it.
    """
    clauses: list[Clause] = []
    if not is_unit_list(last.content):
        return clauses
    for group in groups:
        inner = text[group.start + 1 : group.end - 1].strip()
        ends_sentence = text.plain[group.end : group.end + 1] in ("。", ";")
        if group.end > last.start or not ends_sentence or text.plain[group.start - 1] in SENTENCE_END_BEFORE:
            continue
        if len(inner) > LONGEST_CLAUSE or not is_unit_list(inner) or NAME_BEFORE.search(text.plain[: group.start]):
            continue
        units = read_units(inner)
        if len(units) > 1 and all(is_familiar(unit.said.plain) for unit in units):
            reading = Reading()
            reading.add(Field.RESPONSIBLE, units)
            clauses.append(Clause(group.start, group.end, Form.BRACKET, inner, reading))
    return clauses


DAMAGED_FIELD = re.compile(
    r"(?:(?<=[。;)\]”])|^|\n)[(\[\s]{0,3}(?P<name>牵头单位|牵头部门|责任单位|责任部门|主办单位|责任科室|责任主体)(?P<lost>[;,.。、?\s]{0,2})"
    r"(?P<value>[^。:\n]{3,300}?)[)\]]?(?=[。\n]|$)"
)


def _damaged_field(text: Text, found: list[Clause]) -> list[Clause]:
    """责任单位市教育局、市财政局: a field whose colon was lost in copying, when nothing but names follows."""
    for field_found in DAMAGED_FIELD.finditer(text.plain):
        value = text[field_found.start("value") : field_found.end("value")].strip(" ?")
        if any(clause.start < field_found.end() and clause.end > field_found.start() for clause in found):
            continue
        if not is_unit_list(value) or not SURE_BODY.search(value.plain):
            continue
        role = field_named(field_found["name"]) or Field.RESPONSIBLE
        reading = Reading(damaged=True)
        reading.add(role, read_units(value))
        start = field_found.start() + (text.plain[field_found.start()] == "\n")
        end = field_found.end() + text.plain.startswith("。", field_found.end())
        return [Clause(start, end, Form.FIELDS, text[start:end].strip(" \n。"), reading)]
    return []


SENTENCE_END_BEFORE = "。;!?)]”\n…,、"
AFTER_CLAUSE = re.compile(r"\s*(?:[。;,.]|$|\n|\(|\[|[一二三四五六七八九十]{1,2}是|\d{1,2}[、.]|[①-⑳⑴-⒇])")
STEP_AFTER = re.compile(
    r"\s*[。;]?\s*$|\s*[。;]?\s*\n|\s*[。;]?\s*(?:[一二三四五六七八九十]{1,2}[是要]|\(|\[|[①-⑳⑴-⒇]|\d{1,2}[、.])"
)


SHORTEST_CLAUSE, LONGEST_CLAUSE = 2, 1500


def _bracket_clauses(text: Text, groups: Iterable[Group]) -> list[Clause]:
    clauses = []
    for group in groups:
        inner = text[group.start + 1 : group.end - 1]
        if not len(inner.strip()) >= 2 or len(inner) > 1500:
            continue
        reading = _read_bracket(inner, text.plain, group.start, group.end)
        if reading is not None:
            clauses.append(Clause(group.start, group.end, Form.BRACKET, inner.strip(), reading))
    return clauses


def _read_bracket(inner: Text, plain: str, start: int, end: int) -> Reading | None:
    content = without_statements(inner)
    if not len(content):
        return None
    named = list(FIELD_NAME.finditer(content.plain))
    if named and named[0].start() <= 2 and _are_fields(named):
        return read_fields(content)
    sentence = read_role_sentence(content, names_may_be_odd=True)
    if sentence is not None:
        return sentence
    if lost := _damaged_field(content, []):
        return lost[0].reading
    before = plain[:start].rstrip()
    ends_sentence = not before or before[-1] in "。;!?)]”"
    ends_item = not plain[end:].strip(" 。;\n") and len(before) > SHORTEST_ITEM and not NAME_BEFORE.search(before)
    if ends_item and not ends_sentence:
        ends_sentence = all(is_familiar(unit.said.plain) for unit in read_units(content))
    names, limits = _without_time_limits(content)
    ends_sentence = ends_sentence or (bool(limits) and ends_item)
    if ends_sentence and STEP_AFTER.match(plain, end) and is_unit_list(names) and _is_surely_a_body(names.plain):
        reading = Reading(time_limits=limits)
        reading.add(Field.RESPONSIBLE, read_units(names))
        return reading
    return None


SHORTEST_ITEM = 6
NAME_BEFORE = re.compile(r"(?:[局委厅办部院会署社站所队]|公司|中心|政府|集团|单位|部门)$")
"""what may stand before an alias: 市政务服务办（市大数据局）"""
SURE_BODY = re.compile(
    r"(?:厅|局|委|办|政府|单位|部门|中心|管委会|法院|检察院|办公室|委员会|分行|支行|海关|集团|公司|政府办|部|处|支队)(?:\(.{1,20}\))?(?:[、,;]|等|$)"
)


def _is_surely_a_body(plain: str) -> bool:
    """Whether a bracket without any keyword names a body and is no remark such as （试行） or （含外资企业）."""
    return bool(SURE_BODY.search(plain)) and not re.match(r"(?:含|不含|包括|除|试|暂|见|详见|如|即|原)", plain)


def _are_fields(named: list[re.Match[str]]) -> bool:
    names = {squeezed(found["name"]) for found in named}
    return bool(names - AMBIGUOUS_IN_TEXT) or len(names) > 1


def _field_clauses(text: Text, groups: list[Group]) -> list[Clause]:
    clauses: list[Clause] = []
    plain = text.plain
    if not _stands_outside(":", plain, groups):
        return clauses
    named = [
        found
        for found in FIELD_NAME.finditer(plain)
        if not any(group.start < found.start() < group.end for group in _near(groups, found.start()))
    ]
    named = [found for found in named if _is_meant_as_field(text, found)]
    for number, found in enumerate(named):
        following = named[number + 1].start() if number + 1 < len(named) else len(plain)
        end = _end_of_value(plain, found.end(), following)
        part = text[found.start() : end]
        reading = read_fields(without_statements(part))
        if clauses and not plain[clauses[-1].end : found.start()].strip(" ,;。\n"):
            last = clauses.pop()
            last.reading.merge(reading)
            clauses.append(Clause(last.start, end, Form.FIELDS, text[last.start : end].strip(), last.reading))
        else:
            clauses.append(Clause(found.start(), end, Form.FIELDS, part.strip(" \n。;,"), reading))
    return [
        clause for clause in clauses if clause.reading.has_units or clause.reading.time_limits or clause.reading.persons
    ]


def _is_meant_as_field(text: Text, found: re.Match[str]) -> bool:
    """A name that a text uses for other things too opens a line; a role alone (牵头：) has units behind it."""
    name = squeezed(found["name"])
    if name in BARE_ROLES:
        end = FIRST_OF_VALUE.match(text.plain, found.end())
        return end is not None and is_unit_list(text[found.end() : end.end()])
    return name not in AMBIGUOUS_IN_TEXT or _starts_line(text.plain, found.start())


FIRST_OF_VALUE = re.compile(r"[^、,;。\s]{2,30}")


def _stands_outside(mark: str, plain: str, groups: Iterable[Group]) -> bool:
    position = 0
    for group in groups:
        if plain.find(mark, position, group.start) >= 0:
            return True
        position = group.end
    return plain.find(mark, position) >= 0


def _near(groups: list[Group], position: int) -> list[Group]:
    index = bisect_right(groups, position, key=lambda group: group.start)
    return groups[max(0, index - 1) : index]


def _starts_line(plain: str, position: int) -> bool:
    before = plain[:position].rstrip(" ")
    return not before or before[-1] in "\n。;"


def _end_of_value(plain: str, start: int, following: int) -> int:
    """A value ends with its line or sentence, unless the line breaks off after a comma or inside a name."""
    position = start
    while position < following:
        character = plain[position]
        if character == "。":
            return position + 1
        if character == "\n":
            before = plain[start:position].rstrip()
            rest = plain[position + 1 : position + 40]
            goes_on = not before or before[-1] in "、,和及" or rest.lstrip()[:1] in "、,"
            if not goes_on:
                return position
        position += 1
    return following


LAST_SENTENCE = re.compile(r"[^。!?\n]{4,300}[。]?\s*$")


def _closing_sentence(text: Text, found: list[Clause]) -> list[Clause]:
    """市教育局牵头，市财政局配合。 as the last sentence of an item, or a line of its own."""
    plain = text.plain.rstrip()
    stripped = plain.rstrip("。;")
    start = _start_of_last_sentence(stripped)
    if start > 1 and is_time_limit(stripped[start:]):
        # 市教育局牵头，市财政局配合。11月底前完成。
        stripped = stripped[:start].rstrip("。;!\n ")
        start = _start_of_last_sentence(stripped)
        plain = plain[: len(stripped) + 1]
    sentence = text[start : len(stripped)].strip()
    if not 3 <= len(sentence) <= 300 or any(clause.start < len(stripped) and clause.end > start for clause in found):
        return []
    by = BY_UNITS.match(sentence.plain)
    if NOT_THE_TASK.search(sentence.plain):
        return []
    reading = _read_prose(sentence[by.end() :]) if by else read_role_sentence(sentence)
    if reading is None or start == 0:
        return []
    return [Clause(start, len(plain), Form.PROSE if by else Form.SENTENCE, sentence, reading)]


def _start_of_last_sentence(plain: str) -> int:
    start = max(plain.rfind(mark) for mark in "。\n;!") + 1
    return start + (plain[start : start + 1] in CLOSING_QUOTES if start and start < len(plain) else 0)


CLOSING_QUOTES = ("”", "’", "」")
"""a quoted task ends with its full stop before them: “培育品牌。”由市商务局牵头"""


BY_UNITS = re.compile(r"^(?:具体|主要)?(?:此项|该项|本项|这项|以上|上述)?(?:工作|任务|事项)?(?:交由|由|请|以|责成)")


# --- prose ---------------------------------------------------------------------------------------

PROSE = re.compile(
    r"(?:^|(?<=[。;,:!\n ”]))(?:具体|主要)?(?:此项|该项|本项|这项|以上|上述)?(?:工作|任务|事项)?"
    r"(?:交由|由|请|以|责成)(?P<part>[^。;!?\n:]{3,160}?)(?=[。;\n]|$)"
)
NOT_THE_TASK = re.compile(r"负责解释|起草|负责日常|解释权|设在|负责人")
PROSE_VERB = re.compile(
    r"(?P<units>.{2,120}?)(?:按(?:照)?职责(?:分工)?|分别|共同|具体|统一)?(?P<verb>牵头|负责|为主|主办|研究提出|研究制定|制定|组织实施)"
)


def find_prose_clauses(text: Text) -> list[Clause]:
    """由A会同B、C等部门负责落实 and 由A牵头…，B、C配合 inside running text."""
    clauses = []
    for found in PROSE.finditer(text.plain):
        part = text[found.start("part") : found.end("part")]
        if NOT_THE_TASK.search(part.plain):
            continue
        reading = _read_prose(part) or _read_together(part)
        if reading is not None:
            end = found.end() + text.plain.startswith("。", found.end())
            clauses.append(Clause(found.start(), end, Form.PROSE, part, reading))
    return clauses or _sentences_together(text)


TOGETHER_SENTENCE = re.compile(r"(?:^|(?<=[。;\n”]))(?P<part>[^。;,!?\n:”]{2,40}?会同[^。;!?\n:]{2,120})")


def _sentences_together(text: Text) -> list[Clause]:
    """省教育厅要会同省财政厅抓紧制定方案, without 由 or 请."""
    clauses = []
    for found in TOGETHER_SENTENCE.finditer(text.plain):
        part = text[found.start("part") : found.end("part")]
        reading = None if NOT_THE_TASK.search(part.plain) else _read_together(part)
        if reading is not None:
            end = found.end() + text.plain.startswith("。", found.end())
            clauses.append(Clause(found.start(), end, Form.PROSE, part, reading))
    return clauses


LEADS_TOGETHER = re.compile(
    r"^(?P<lead>[^,]{2,40}?)(?:牵头)?(?:要|应|须|应当|负责)?,?(?:会同|商(?=[省市县区各国有]))(?P<others>[^,]{2,100})"
)
AFTER_OTHERS = re.compile(
    r"(?:等(?:有关|相关)?(?:部门|单位)?)?(?:研究|制定|制订|提出|对|负责|抓紧|抓好|进行|组织|开展|编制|落实|出台|共同|联合|做好|推进|推动|加强|加快|建立|按照|完善|统筹|指导|督促|尽快|拟定|修订|起草|实施|办理|确定|采取|在|于|根据|结合|按|认真|积极|切实|牵头|承担|具体|依法|定期|\d)"
)
GENERIC_OTHERS = re.compile(r"^(?:各?有关|各?相关|其他)(?:部门|单位|方面)$")


def _read_together(part: Text) -> Reading | None:
    """省编办会同省法制办、省监察厅等部门，对…进行清理: the first leads, the others take part."""
    found = LEADS_TOGETHER.match(part.plain)
    if not found:
        return None
    lead = part[found.start("lead") : found.end("lead")]
    if not is_unit_list(lead):
        return None
    others = part[found.start("others") : found.end("others")]
    for end in [*(cut.start() for cut in AFTER_OTHERS.finditer(others.plain) if cut.start()), len(others)]:
        named = others[:end]
        generic = GENERIC_OTHERS.match(named.plain)
        if not generic and not is_unit_list(named):
            continue
        reading = Reading()
        reading.add(Field.LEAD, read_units(lead))
        if not generic:
            reading.add(Field.PARTNER, read_units(named))
        return reading
    return None


HELPS_WITH = re.compile(r"(?P<units>[^,;。]{2,80}?)(?:配合|协助|协同|参与|支持)(?=[^,;。的]{2,20}$)")
"""由市住建局负责，市财政局协助做好居民工作: who helps with something named takes part"""


def _read_prose(part: Text) -> Reading | None:
    first = PROSE_VERB.match(part.plain)
    if not first:
        return None
    reading = Reading()
    if not _add_group(
        reading, part[: first.end("units")], "lead" if first["verb"] in ("牵头", "为主", "主办") else "do"
    ):
        return None
    rest = part[first.end() :]
    for start, end in split_outside(rest.plain, ","):
        piece = rest[start:end].strip()
        sentence = read_role_sentence(piece)
        if sentence is not None:
            reading.add(Field.PARTNER, [unit._replace(role_mark="") for unit in [*sentence.leads, *sentence.order]])
        elif (helps := HELPS_WITH.match(piece.plain)) and is_unit_list(piece[: helps.end("units")]):
            reading.add(Field.PARTNER, read_units(piece[: helps.end("units")]))
    return reading if reading.leads or reading.responsible else None


# --- reading -------------------------------------------------------------------------------------


def read_fields(content: Text) -> Reading:
    """牵头单位：A；责任单位：B、C；完成时限：6月底前, one or several fields one after another."""
    reading = Reading()
    named = list(FIELD_NAME.finditer(content.plain))
    for number, found in enumerate(named):
        end = named[number + 1].start() if number + 1 < len(named) else len(content)
        role = field_named(found["name"]) or Field.OTHER
        value = _without_stray_brackets(content[found.end() : end].strip(" ,;。\n"))
        glued = GLUED_FIELD.search(value.plain)
        _read_value(role, value[: glued.start()] if glued else value, reading)
        if glued:
            _read_value(field_named(glued["name"]) or Field.OTHER, value[glued.end() :].strip(), reading)
    return reading


GLUED_FIELD = re.compile(r"、(?P<name>(?:责任|牵头|配合|协办|协同|参与|承办)(?:单位|部门))\s?:")
"""牵头单位：市教育局、责任单位：市财政局, with a 、 for the ；"""


def _without_stray_brackets(value: Text) -> Text:
    """A value without a closing bracket at its end that it never opened."""
    while value.plain.endswith((")", "]")) and value.plain.count(value.plain[-1]) > value.plain.count(
        "(" if value.plain[-1] == ")" else "["
    ):
        value = value[: len(value) - 1].strip(" ,;。\n")
    return value


def _read_value(role: Field, value: Text, reading: Reading) -> None:
    if role is Field.PERSON:
        reading.persons += read_persons(value.plain)
    elif role is Field.DEADLINE:
        if len(value):
            reading.time_limits.append(value)
    elif role in UNIT_FIELDS:
        read_unit_value(role, value, reading)


def read_unit_value(role: Field, value: Text, reading: Reading) -> None:
    """The value of a unit field: a list, or a sentence with its own verbs; a time limit in it is kept apart."""
    units_part, limits = _without_time_limits(without_statements(value))
    reading.time_limits += limits
    if role is not Field.PARTNER and _read_first_without_verb(role, units_part, reading):
        return
    sentence = read_role_sentence(units_part)
    if sentence is not None and (role is not Field.LEAD or not sentence.leads):
        if role is Field.PARTNER:
            reading.add(role, [*sentence.leads, *sentence.order])
        else:
            reading.merge(sentence)
        return
    if sentence is not None:
        reading.merge(sentence)
        return
    for unit in read_units(units_part):
        if looks_like_unit(unit.said.plain) or unit.restored or len(unit.name) <= 20:
            reading.add(role, [unit])
        else:
            reading.stray.append(unit.said)


def _read_first_without_verb(role: Field, value: Text, reading: Reading) -> bool:
    """牵头单位：市教育局，市财政局配合: what stands before the comma has the role of the field."""
    parts = split_outside(value.plain, ",;")
    if len(parts) < 2 or _verb_at_end(value.plain[parts[0][0] : parts[0][1]].strip()):
        return False
    first = value[parts[0][0] : parts[0][1]].strip()
    rest = read_role_sentence(value[parts[1][0] :].strip())
    if rest is None or rest.leads or rest.responsible or not is_unit_list(first):
        return False
    reading.add(role, read_units(first))
    reading.merge(rest)
    return True


def _without_time_limits(value: Text) -> tuple[Text, list[Text]]:
    limits: list[tuple[int, int]] = []
    for start, end in split_outside(value.plain, ",;。\n"):
        if is_time_limit(value.plain[start:end]):
            limits.append((start, end))
    return without_ranges(value, limits).strip(" ,;。"), [value[start:end].strip() for start, end in limits]


PERSON_NAME = re.compile(r"[\u4e00-\u9fff·]{2,4}(?:\([^()]*\))?$")


def read_persons(plain: str) -> list[str]:
    """Names, also those written with a space inside (俞 悦)."""
    names: list[str] = []
    for part in re.split(r"[、,;/\n]+", plain):
        words = part.split()
        while words:
            if len(words) > 1 and len(words[0]) == len(words[1]) == 1:
                words[:2] = ["".join(words[:2])]
            names.append(words.pop(0))
    return [name.strip("。.") for name in names if name.strip("。.")]


# --- sentences of units and verbs ----------------------------------------------------------------

MANNER = (
    r"(?:(?:按照?|根据|依照?|依据|结合)?(?:各自|相关|有关|自身|部门|本部门|工作)?(?:职责|职能|职权|权限)"
    r"(?:职责|权限|任务|范围|和)?(?:任务)?(?:分工)?"
    r"|(?:按照?|根据)?(?:各自|任务|工作)?分工|按属地(?:原则|管理)?|分别|共同|具体|联合|各自|统一|密切|积极|主动|依法|等){0,4}"
)
LEAD_VERB = (
    r"(?:总?牵头(?:负责|督导|落实|组织|实施|抓总|推进|承担|协调|抓好|统筹|开展|推动|办理|督办)*"
    r"|主办|主责|主抓|为主(?:负责)?|抓总|负总责|统筹(?:推进|协调|负责))"
)
PARTNER_VERB = (
    r"(?:(?:协助|配合|协同|协办|参与|参加|支持|协作)(?:配合|协助|做好|实施|落实|推进|负责|工作|参与|抓好|开展)*"
    r"|(?:汇总|监督|监管|指导|督促|审核|把关)(?:检查|指导|落实|实施|把关|汇总)*)"
)
DO_VERB = (
    r"(?:(?:负责|落实|抓好|承办|实施|推进|执行|督导|承担|办理|组织|贯彻)"
    r"(?:负责|落实|抓好|组织|实施|推进|执行|推动|开展|承办|办理|工作|到位|督导|贯彻|好|抓落实|抓)*)"
)
VERB_END = re.compile(rf"(?P<manner>{MANNER})(?:(?P<lead>{LEAD_VERB})|(?P<partner>{PARTNER_VERB})|(?P<do>{DO_VERB}))$")
ANY_VERB = re.compile(
    r"牵头|负责|落实|配合|协助|协同|参与|参加|支持|协作|主办|主责|主抓|为主|抓总|统筹|抓好|承办|实施|推进|执行|督导|承担|办理|组织|贯彻|协办"
    r"|汇总|监督|监管|指导|督促|审核|把关"
)
VERB_WINDOW = 40
WITH = re.compile(r"(?:牵头)?(?:会同|商(?=[省市县区各国有]))|(?<=牵头),?会同")
AFTERTHOUGHT = re.compile(r"^(?:下同|以下同|长期|持续).{0,2}$")


def read_role_sentence(content: Text, *, names_may_be_odd: bool = False) -> Reading | None:
    """A牵头，B、C按职责分工负责; nothing when any part is neither units nor units with a verb.

    Where ``names_may_be_odd`` (in brackets) a name beside a known body may be of a kind that is not known.
    """
    if not ANY_VERB.search(content.plain):
        return None
    reading = Reading()
    waiting: list[Text] = []
    closed = False
    groups: list[tuple[str, Text]] = []
    for start, end in _parts_with_verbs(content.plain):
        part = content[start:end].strip()
        verb = _verb_at_end(part.plain)
        if is_time_limit(part.plain):
            reading.time_limits.append(part)
        elif verb is not None:
            kind, cut = verb
            waiting.append(part[:cut])
            groups += [(kind, piece) for piece in waiting if len(piece.strip())]
            closed = closed or any(len(piece.strip()) for piece in waiting)
            waiting = []
        elif AFTERTHOUGHT.match(part.plain):
            continue
        else:
            waiting.append(part)
    if not closed:
        return None
    groups += [("partner", piece) for piece in waiting]
    has_lead = any(kind == "lead" for kind, _ in groups)
    known = names_may_be_odd and any(kind != "partner" and is_unit_list(_bare(piece)) for kind, piece in groups)
    for kind, piece in groups:
        if _add_group(reading, piece, kind, has_lead=has_lead):
            continue
        if known and (part_done := DOES_A_PART.match(piece.plain)) and is_unit_list(piece[: part_done.end("units")]):
            reading.add(Field.PARTNER, read_units(piece[: part_done.end("units")]))
            continue
        if not (known and ODD_NAMES.fullmatch(piece.plain.strip())):
            return None
        reading.add(_role_of(kind, has_lead=has_lead), read_units(piece))
    return reading if reading.has_units else None


DOES_A_PART = re.compile(r"(?P<units>[^,;。]{2,40}?)(?:负责|承担)(?=[^,;。的]{2,20}$)")
"""市农业农村局牵头；市生态环境局负责遥感火点通报: who does one part of the work takes part"""
ODD_NAMES = re.compile(
    r"(?!.*(?:工作|任务|资金|经费|问题|措施|的))[\u4e00-\u9fff()]{4,12}(?:、[\u4e00-\u9fff()]{4,12}){0,9}(?:等)?"
)
"""a list of short words that may be names of bodies: 中铁某桥, 县蔬菜基地"""


AFTER_LEAD_VERB = re.compile(r"牵头(?:负责)?(?P<mark>、)(?=.{2})")


def _parts_with_verbs(plain: str) -> list[tuple[int, int]]:
    """Parts between commas; a 、 after 牵头 (A牵头、B配合) divides as a comma does."""
    parts: list[tuple[int, int]] = []
    for start, end in split_outside(plain, ",;。\n"):
        begin = start
        for found in AFTER_LEAD_VERB.finditer(plain[start:end]):
            parts.append((begin, start + found.start("mark")))
            begin = start + found.end("mark")
        parts.append((begin, end))
    return parts


def _verb_at_end(plain: str) -> tuple[str, int] | None:
    window_start = max(0, len(plain) - VERB_WINDOW)
    found = VERB_END.search(plain, window_start)
    if not found:
        return None
    kind = "lead" if found["lead"] else "partner" if found["partner"] else "do"
    return kind, found.start()


def _add_group(reading: Reading, piece: Text, kind: str, *, has_lead: bool = False) -> bool:
    """Adds the units of ``piece``; false when it is not a list of units."""
    together = WITH.search(piece.plain)
    if together and piece.plain[: together.start()].strip():
        first, others = piece[: together.start()], piece[together.end() :]
        if not is_unit_list(_bare(first)) or not _units_or_generic(others):
            return False
        reading.add(Field.LEAD, read_units(first))
        if not GENERIC_OTHERS.match(others.plain.strip()):
            reading.add(Field.PARTNER, read_units(others))
        return True
    if together:
        if not _units_or_generic(piece[together.end() :]):
            return False
        reading.add(Field.PARTNER, read_units(piece[together.end() :]))
        return True
    bare = _bare(piece)
    if not is_unit_list(bare):
        return False
    reading.add(_role_of(kind, has_lead=has_lead), read_units(bare))
    return True


def _role_of(kind: str, *, has_lead: bool) -> Field:
    """The role that a verb gives; who only carries out leads where nobody else does."""
    return {"lead": Field.LEAD, "partner": Field.PARTNER}.get(kind, Field.PARTNER if has_lead else Field.RESPONSIBLE)


def _units_or_generic(others: Text) -> bool:
    return is_unit_list(others) or bool(re.fullmatch(r"\s*(?:有关|相关|各有关)?(?:部门|单位|方面)\s*", others.plain))


def _bare(piece: Text) -> Text:
    found = re.match(r"\s*(?:具体|主要)?(?:由|请|以)(?=..)", piece.plain)
    return piece[found.end() :] if found else piece


class Assigned(NamedTuple):
    """Who leads and who takes part, from all the clauses of one item."""

    leads: tuple[Unit, ...]
    partners: tuple[Unit, ...]
    lead_is_stated: bool


def assign(readings: Iterable[Reading]) -> Assigned:
    """The first clause that names a lead gives it, all others are partners; without 牵头 the first listed leads."""
    leads: list[Unit] = []
    partners: list[Unit] = []
    stated = False
    for reading in readings:
        if not leads and reading.leads:
            leads, stated = list(reading.leads), True
            partners += reading.order
        elif not leads and reading.responsible:
            leads = list(reading.responsible[:1])
            partners += [unit for unit in reading.order if unit not in leads]
        else:
            partners += [*reading.leads, *reading.order]
    return Assigned(_each_once(leads), _each_once(partners, leads), stated)


def _each_once(units: Iterable[Unit], already: Iterable[Unit] = ()) -> tuple[Unit, ...]:
    seen = {unit.name for unit in already}
    once: list[Unit] = []
    for unit in units:
        if unit.name not in seen:
            seen.add(unit.name)
            once.append(unit)
    return tuple(once)
