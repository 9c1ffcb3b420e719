"""Tables without anything between their cells, told apart by how names of columns and units end."""

from __future__ import annotations

import re
from collections.abc import Sequence

from taskboard.domain.plan_parsing.clause_fields import read_unit_value
from taskboard.domain.plan_parsing.clause_readings import Reading, who_by
from taskboard.domain.plan_parsing.fields import KNOWN_NAMES, UNIT_FIELDS, Field, field_named
from taskboard.domain.plan_parsing.lines import Line
from taskboard.domain.plan_parsing.table_headers import FEWEST_ROWS
from taskboard.domain.plan_parsing.tables import Row, WorkList
from taskboard.domain.plan_parsing.text import EMPTY, Text, squeezed
from taskboard.domain.plan_parsing.time_limits import is_time_limit

UNSEPARATED_LEVEL = "[省市县区镇州旗]"
UNSEPARATED_UNIT = (
    r"(?:各(?:[\u4e00-\u9fff]|\([^()]{1,12}\)){1,14}?|(?:国网|人民银行)[\u4e00-\u9fff]{2,12}?|团(?=[省市县区州]委)"
    rf"|(?:[\u4e00-\u9fff]{{2,3}})?{UNSEPARATED_LEVEL}[\u4e00-\u9fff]{{0,14}}?)"
    r"(?:办公室|委员会|办事处|公司|集团|中心|政府|管委会|单位|部门|街道|乡镇|法院|检察院|总工会|妇联|残联|联合会|支队|大队|供销社|[省市县区州]委|局|委|办|厅|院|部)"
)
UNSEPARATED_FIRST = (
    rf"(?:{UNSEPARATED_LEVEL}(?:妇联|残联|文联|科协|总工会|法院|检察院|供销社)|团[省市县区州]委"
    rf"|(?:(?:国网|人民银行)[\u4e00-\u9fff]{{2,12}}?|各[\u4e00-\u9fff]{{1,14}}?|{UNSEPARATED_LEVEL}[\u4e00-\u9fff]{{1,14}}?)"
    r"(?:办公室|委员会|办事处|公司|集团|中心|政府|管委会|单位|部门|街道|乡镇|法院|检察院|总工会|妇联|残联|联合会|支队|大队|供销社|局|委|办|厅|院|部))"
)
"""a name right after the content, which must begin with its level for its beginning to be seen"""
FURTHER_UNITS = rf"(?:[、,]{UNSEPARATED_UNIT})*"
UNSEPARATED_TAIL = re.compile(
    rf"(?P<first>{UNSEPARATED_FIRST}{FURTHER_UNITS})(?P<second>{UNSEPARATED_FIRST}{FURTHER_UNITS})?"
    r"(?P<time>(?:(?:19|20)\d\d年)?[^。、,]{0,12})$"
)
UNSEPARATED_TAIL_AFTER_PERSON = re.compile(rf"(?P<person>[\u4e00-\u9fff]{{2,3}}){UNSEPARATED_TAIL.pattern}")
LONGEST_TAIL = 160
LONGEST_UNKNOWN_NAME = 10


def unseparated_columns(plain: str) -> list[Field]:
    """The columns of a header whose names run together (序号项目名称牵头单位); none when it is no such header.

    A name that is not known is taken for content when known ones stand around it.
    """
    line = squeezed(plain)
    columns: list[Field] = []
    if not line.startswith(("序号", "编号")) or re.search(r"[\t|]|  ", plain.strip()):
        return columns
    while line and len(columns) < 12:
        end = _known_name_at(line)
        if not end:
            end = next((n for n in range(2, min(LONGEST_UNKNOWN_NAME, len(line)) + 1) if _known_name_at(line[n:])), 0)
            if not end:
                return []
        columns.append(field_named(line[:end]) or Field.ACTION)
        line = line[end:]
    enough = len(columns) >= 3 and columns[0] is Field.NUMBER and UNIT_FIELDS & set(columns)
    return columns if enough and not line else []


def _known_name_at(line: str) -> int:
    """How long the known name of a column is that the line begins with; 0 for none."""
    return next((n for n in range(min(14, len(line)), 1, -1) if line[:n] in KNOWN_NAMES), 0)


def unseparated_list(lines: Sequence[Line], columns: Sequence[Field]) -> tuple[WorkList | None, int]:
    """Rows below such a header: number, content and units told apart by how units end; and how many lines were used."""
    rows: list[Row] = []
    used = 0
    for line in lines:
        awaited = len(rows) + 1
        found = re.match(rf"\s*{awaited}[、.]?(?=[^\d、.])", line.text.plain)
        if not found:
            break
        rows.append(_unseparated_row(line.text[found.end() :], str(awaited), columns))
        used += 1
    if len(rows) < FEWEST_ROWS:
        return None, 0
    return WorkList(rows, has_units=True, has_deadline=Field.DEADLINE in columns, unseparated=True), used


def _unseparated_row(text: Text, number: str, columns: Sequence[Field]) -> Row:
    text = text.strip()
    reading = Reading(damaged=True)
    stop = text.plain.rstrip("。").rfind("。") + 1
    begin = max(stop, len(text) - LONGEST_TAIL)
    has_person = Field.PERSON in columns
    tail = UNSEPARATED_TAIL_AFTER_PERSON if has_person else UNSEPARATED_TAIL
    found = tail.match(text.plain, begin) if stop else tail.search(text.plain, begin)
    if found is None:
        return Row(number, EMPTY, text, who_by([reading], ""), EMPTY, unseparated=True)
    unit_columns = [column for column in columns if column in UNIT_FIELDS]
    parts = [(name, text[found.start(name) : found.end(name)]) for name in ("first", "second") if found[name]]
    if len(parts) == 1 and len(unit_columns) > 1:
        unit_columns = unit_columns[:1]
    for (_, part), column in zip(parts, unit_columns, strict=False):
        read_unit_value(column, part, reading)
    if len(parts) > len(unit_columns):
        read_unit_value(Field.PARTNER, parts[1][1], reading)
    if has_person:
        reading.persons.append(found["person"])
    written = "\t".join(part.clean for _, part in parts)
    limit = text[found.start("time") : found.end("time")].strip("。 ")
    return Row(
        number,
        EMPTY,
        text[: found.start()].strip(),
        who_by([reading], written),
        limit if is_time_limit(limit.plain) else EMPTY,
        unseparated=True,
    )
