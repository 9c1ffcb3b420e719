"""Sentences about the whole document: 列第一位的为牵头单位，下同; 以下…均需各市落实，不再列出."""

from __future__ import annotations

import re
from dataclasses import dataclass

from taskboard.domain.plan_parsing.brackets import outer_groups, split_outside
from taskboard.domain.plan_parsing.text import Text, without_ranges
from taskboard.domain.plan_parsing.units import looks_like_unit, read_units


@dataclass(frozen=True)
class Statements:
    """What a document says once for all its measures."""

    defaults: tuple[str, ...] = ()
    first_leads: bool = False
    """the first listed unit is the lead, said in so many words"""


ALL_ITEMS = (
    r"(?:以下|以上|上述|下列|各项|本(?:方案|意见|通知|计划|清单|措施|文件)|文中|所有|其他|其余|其它|下述|后续|全部)"
)
NOT_REPEATED = (
    r"(?:不再|不另|不一一|不逐|不单独|(?<![从就][高优新])不重复(?!享受|计算|奖|补|支持)|下同|以下同|以下均同|以下略)"
)
FULFIL = r"(?:负责|落实|配合|参与|贯彻|组织|推进|执行|承担|抓好|实施|按职责|按属地|作为|为责任|为配合|为参与)"

DEFAULTS_AFTER = re.compile(
    rf"{ALL_ITEMS}[^。;\n]{{0,24}}?(?:均需要?|均须|均由|均应由?|都需|都由|均涉及|需由|须由|均为|均包括|均含|均请|责任单位包括|还需|还须|还包括|由|需)"
    rf"(?P<units>[^。;\n]{{2,60}}?)(?:(?:具体|分别|共同|认真|抓好|做好)*{FULFIL}|,)[^。;\n]{{0,24}}?{NOT_REPEATED}"
)
DEFAULTS_BEFORE = re.compile(
    rf"(?P<units>各[^。;\n,:]{{2,40}}?)(?:均|都)?(?:为|作为|是|参与|负责落实|负责|落实|配合)[^。;\n]{{0,6}}(?:以下|以上|上述|各项|所有|每项|全部|各条|下列)[^。;\n]{{0,20}}?[,(][^。;\n]{{0,16}}?{NOT_REPEATED}"
)
DEFAULTS_PARTNERS = re.compile(
    rf"{ALL_ITEMS}[^。;\n]{{0,16}}?(?P<units>各[^。;\n,:]{{2,40}}?)(?:均|都)(?:为|是|作为|需|须|要)[^。;\n]{{0,20}}?[,(][^。;\n]{{0,16}}?{NOT_REPEATED}"
)
FIRST_LEADS = re.compile(
    r"(?:列|排名?|位列|居|列为|排列|处于)(?:在|于)?(?:第一位?|首位|第一|最前|前面?|第1位?)[^。;\n]{0,10}?(?:为|是|系)(?:该[^。;\n]{0,4})?(?:总?牵头|主办|汇总|负总责)"
    r"|(?:^|[,。;(:\s])(?:首位|第一位)(?:的|者)?[^。;\n]{0,4}?(?:为|是|系)(?:总?牵头|主办)"
    r"|(?:第一个|首个|第一)(?:单位|部门|责任单位)[^。;\n]{0,4}?(?:为|是)(?:总?牵头|主办)"
)
BUT_WHERE_NAMED = (
    r"(?:另有|另行|单独|另外|已|有)(?:注明|标明|标注|说明|列明|明确|指定|规定)"
    r"[^,。;()]{0,6}(?:除外|为准|从其[^,。;()]{2,4})"
)
"""牵头单位：A（另有注明的除外）: that an item may name somebody else"""
STATEMENT = re.compile(
    rf"{NOT_REPEATED}|{BUT_WHERE_NAMED}|为牵头(?:单位|部门)|(?:单位|部门)为牵头|^涉及[^。;]{{0,30}}?(?:负责|落实)$|^{ALL_ITEMS}[^。;]{{0,40}}?(?:均|都|需|由)"
    r"|^(?:除|列第|排名?第|排在|列首|列在|无牵头|未列|(?:未|没有?)(?:明确|标明|注明|标注|列出?)|其[他它余]均?[为系])|为汇总单位"
)


STATEMENT_HINT = re.compile(
    r"下同|不再|不另|不一一|不逐|不单独|不重复|以下|以上|牵头单位|牵头部门|涉及|列第|排名?第|排在|列首|列在|未列|汇总|除|为准|从其"
)


def read_statements(text: Text) -> Statements:
    """The document-wide statements, wherever in the text they stand."""
    plain = text.plain
    defaults: dict[str, None] = {}
    for pattern in (DEFAULTS_AFTER, DEFAULTS_BEFORE, DEFAULTS_PARTNERS):
        for found in pattern.finditer(plain):
            for name in _unit_names(text[found.start("units") : found.end("units")]):
                defaults.setdefault(name)
    return Statements(tuple(defaults), bool(FIRST_LEADS.search(plain)))


NO_BODY = re.compile(r"措施|任务|工作$|事项|项$|条$|内容|要求|^(?:相关)?(?:责任|配合|牵头|参与|落实)(?:单位|部门)$")


def _unit_names(words: Text) -> list[str]:
    units = read_units(words)
    return [u.name for u in units if looks_like_unit(u.said.plain) and not NO_BODY.search(u.said.plain)]


def without_statements(content: Text) -> Text:
    """A clause without the sentences in it that speak of the whole document."""
    if not STATEMENT_HINT.search(content.plain):
        return content.strip(" ,;。")
    content = _without_statement_brackets(content)
    dropped: list[tuple[int, int]] = []
    for start, end in split_outside(content.plain, "。;"):
        sentence = content.plain[start:end]
        says_all = STATEMENT.search(sentence.strip()) and not _names_units_first(sentence)
        goes_on = bool(dropped) and dropped[0][0] > 0 and ":" not in sentence
        if says_all or goes_on:
            dropped.append((start, min(end + 1, len(content))))
    shorter = without_ranges(content, dropped)
    parts = [
        (start, min(end + 1, len(shorter)))
        for start, end in split_outside(shorter.plain, ",")
        if STATEMENT.search(shorter.plain[start:end].strip())
    ]
    return without_ranges(shorter, parts).strip(" ,;。")


def _without_statement_brackets(content: Text) -> Text:
    """各区县（市）政府（列第一位的为牵头单位，下同）: the bracket goes, the name stays."""
    spoken = [
        (group.start, group.end)
        for group in outer_groups(content.plain)
        if group.start and STATEMENT.search(content.plain[group.start + 1 : group.end - 1])
    ]
    return without_ranges(content, spoken) if spoken else content


def _names_units_first(sentence: str) -> bool:
    """责任单位：A、B，列第一位的为牵头单位，下同: only its last parts are a statement."""
    first = re.split("[,。;]", sentence.strip(), maxsplit=1)[0]
    return not STATEMENT.search(first)
