"""Named fields and their values: 牵头单位：A；责任单位：B、C；完成时限：6月底前."""

from __future__ import annotations

import re

from taskboard.domain.plan_parsing.brackets import split_outside
from taskboard.domain.plan_parsing.clause_readings import Reading
from taskboard.domain.plan_parsing.fields import FIELD_NAME, UNIT_FIELDS, Field, field_named
from taskboard.domain.plan_parsing.role_sentences import AFTERTHOUGHT, read_role_sentence, verb_at_end
from taskboard.domain.plan_parsing.statements import without_statements
from taskboard.domain.plan_parsing.text import Text, without_ranges
from taskboard.domain.plan_parsing.time_limits import is_time_limit
from taskboard.domain.plan_parsing.units import is_unit_list, looks_like_unit, read_units


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
    units_part, limits = without_time_limits(without_statements(value))
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
        if AFTERTHOUGHT.match(unit.said.plain):
            continue
        if looks_like_unit(unit.said.plain) or unit.restored or len(unit.name) <= 20:
            reading.add(role, [unit])
        else:
            reading.stray.append(unit.said)


def _read_first_without_verb(role: Field, value: Text, reading: Reading) -> bool:
    """牵头单位：市教育局，市财政局配合: what stands before the comma has the role of the field."""
    parts = split_outside(value.plain, ",;")
    if len(parts) < 2 or verb_at_end(value.plain[parts[0][0] : parts[0][1]].strip()):
        return False
    first = value[parts[0][0] : parts[0][1]].strip()
    rest = read_role_sentence(value[parts[1][0] :].strip())
    if rest is None or rest.leads or rest.responsible or not is_unit_list(first):
        return False
    reading.add(role, read_units(first))
    reading.merge(rest)
    return True


def without_time_limits(value: Text) -> tuple[Text, list[Text]]:
    """The value without the parts of it that are time limits, and these."""
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
