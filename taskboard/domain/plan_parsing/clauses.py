"""Where unit clauses stand in an item: （责任单位：A、B）, 牵头单位：A, 〔A、B〕, and a closing A牵头，B配合。"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from taskboard.domain.plan_parsing.brackets import Group, outer_groups
from taskboard.domain.plan_parsing.clause_fields import read_fields, without_time_limits
from taskboard.domain.plan_parsing.clause_readings import Clause, Form, Reading
from taskboard.domain.plan_parsing.fields import (
    AMBIGUOUS_IN_TEXT,
    BARE_ROLES,
    FIELD_NAME,
    Field,
    field_named,
)
from taskboard.domain.plan_parsing.prose_clauses import BY_UNITS, NOT_THE_TASK, read_prose
from taskboard.domain.plan_parsing.role_sentences import read_role_sentence
from taskboard.domain.plan_parsing.statements import NOT_REPEATED, without_statements
from taskboard.domain.plan_parsing.text import Text, squeezed
from taskboard.domain.plan_parsing.time_limits import is_time_limit
from taskboard.domain.plan_parsing.units import is_unit_list, read_units
from taskboard.domain.plan_parsing.vocabulary import is_familiar


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


SECTION_ITSELF = (
    r"(?:[本该](?:章|节|类|部分|板块|领域|方面|专项|篇|组|标题下)"
    r"|(?:以下|下列|下述|所列|本\S{1,3}下)(?=各?项|任务|工作|事项|条目|均|都|由))"
)
ALL_BELOW = re.compile(
    rf"(?!(?!.*牵头).*{NOT_REPEATED}){SECTION_ITSELF}[^,。;:]{{0,10}}?(?:,?除[^,。;:]{{2,14}}外,?)?[均都]?(?:统一)?由"
)
"""本章除注明外均由A牵头: what a section says of all its items"""


def _read_bracket(inner: Text, plain: str, start: int, end: int) -> Reading | None:
    spoken = ALL_BELOW.match(inner.plain)
    content = without_statements(inner[spoken.end() :] if spoken else inner)
    if not len(content):
        return None
    named = list(FIELD_NAME.finditer(content.plain))
    if named and _are_fields(named) and _opens_bracket(content.plain[: named[0].start()]):
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
    names, limits = without_time_limits(content)
    ends_sentence = ends_sentence or (bool(limits) and ends_item)
    if ends_sentence and STEP_AFTER.match(plain, end) and is_unit_list(names) and _is_surely_a_body(names.plain):
        reading = Reading(time_limits=limits)
        reading.add(Field.RESPONSIBLE, read_units(names))
        return reading
    return None


OF_SECTION = re.compile(rf"{SECTION_ITSELF}[^,。;:]{{0,6}}")


def _opens_bracket(before: str) -> bool:
    """Whether nothing that matters stands before the first name of a field (本类牵头单位：A)."""
    return len(before) <= 2 or OF_SECTION.fullmatch(before) is not None


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
    by = ALL_BELOW.match(sentence.plain) or BY_UNITS.match(sentence.plain)
    if NOT_THE_TASK.search(sentence.plain):
        return []
    reading = read_prose(sentence[by.end() :]) if by else read_role_sentence(sentence)
    if reading is None or start == 0:
        return []
    return [Clause(start, len(plain), Form.PROSE if by else Form.SENTENCE, sentence, reading)]


def _start_of_last_sentence(plain: str) -> int:
    start = max(plain.rfind(mark) for mark in "。\n;!") + 1
    return start + (plain[start : start + 1] in CLOSING_QUOTES if start and start < len(plain) else 0)


CLOSING_QUOTES = ("”", "’", "」")
"""a quoted task ends with its full stop before them: “培育品牌。”由市商务局牵头"""
