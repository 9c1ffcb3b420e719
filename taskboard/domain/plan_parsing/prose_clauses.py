"""Clauses inside running text: 由A会同B、C等部门负责落实, 由A牵头…，B、C配合."""

from __future__ import annotations

import re

from msgspec import structs

from taskboard.domain.plan_parsing.brackets import split_outside
from taskboard.domain.plan_parsing.clause_readings import Clause, Form, Reading
from taskboard.domain.plan_parsing.fields import Field
from taskboard.domain.plan_parsing.role_sentences import GENERIC_OTHERS, add_group, read_role_sentence
from taskboard.domain.plan_parsing.text import Text
from taskboard.domain.plan_parsing.units import is_unit_list, read_units

BY_UNITS = re.compile(
    r"^(?:具体|主要)?(?:此项|该项|本项|这项|以上|上述)?(?:工作|任务|事项)?(?:交由|由|请|以(?![下上及])|责成)"
)

PROSE = re.compile(
    r"(?:^|(?<=[。;,:!\n ”]))(?:具体|主要)?(?:此项|该项|本项|这项|以上|上述)?(?:工作|任务|事项)?"
    r"(?:交由|由|请|以(?![下上及])|责成)(?P<part>[^。;!?\n:]{3,160}?)(?=[。;\n]|$)"
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
        reading = read_prose(part) or _read_together(part)
        if reading is not None:
            end = found.end() + text.plain.startswith("。", found.end())
            clauses.append(Clause(found.start(), end, Form.PROSE, part, reading))
    return clauses or _sentences_together(text)


TOGETHER_SENTENCE = re.compile(
    r"(?:^|(?<=[。;\n”]))(?:[^。;,!?\n:”]{2,40}?由)?(?P<part>[^。;,!?\n:”]{2,40}?会同[^。;!?\n:]{2,120})"
)


def _sentences_together(text: Text) -> list[Clause]:
    """省教育厅要会同省财政厅抓紧制定方案, without 由 or 请; 所需资金由市财政局会同市审计局核定."""
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
    r"(?:等(?:有关|相关)?(?:部门|单位)?)?(?:研究|制定|制订|提出|对|负责|抓紧|抓好|进行|组织|开展|编制|落实|出台|共同|联合|做好|推进|推动|加强|加快|建立|按照|完善|统筹|指导|督促|尽快|拟定|修订|起草|实施|办理|确定|采取|在|于|根据|结合|按|认真|积极|切实|协调|解决|牵头|承担|具体|依法|定期|\d)"
)


def _read_together(part: Text) -> Reading | None:
    """省编办会同省法制办、省监察厅等部门，对…进行清理: the first leads, the others take part."""
    found = LEADS_TOGETHER.match(part.plain)
    if not found:
        return None
    lead = part[found.start("lead") : found.end("lead")]
    if not is_unit_list(lead):
        return None
    others = part[found.start("others") : found.end("others")]
    for end in _ends_of_names(others.plain):
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


BODY_ENDS = re.compile(r"(?<=[厅局委办部院署会社处科])(?![门、,和及与等()（厅局委办部院署会社处科室]|$)")
"""where a name may end and a verb begin: 市城管局|测算核定"""


def _ends_of_names(plain: str) -> list[int]:
    """Where the names after 会同 may end, best first: before a verb, at the end, else behind the last body."""
    verbs = [cut.start() for cut in AFTER_OTHERS.finditer(plain) if cut.start()]
    bodies = [cut.start() for cut in BODY_ENDS.finditer(plain)]
    return [*verbs, len(plain), *reversed(bodies)]


HELPS_WITH = re.compile(r"(?P<units>[^,;。]{2,80}?)(?:配合|协助|协同|参与|支持)(?=[^,;。的]{2,20}$)")
"""由市住建局负责，市财政局协助做好居民工作: who helps with something named takes part"""


def read_prose(part: Text) -> Reading | None:
    """What follows 由 or 请: A牵头，B、C配合; nothing when it does not begin with units and their verb."""
    first = PROSE_VERB.match(part.plain)
    if not first:
        return None
    reading = Reading()
    if not add_group(
        reading, part[: first.end("units")], "lead" if first["verb"] in ("牵头", "为主", "主办") else "do"
    ):
        return None
    rest = part[first.end() :]
    for start, end in split_outside(rest.plain, ","):
        piece = rest[start:end].strip()
        sentence = read_role_sentence(piece)
        if sentence is not None:
            reading.add(
                Field.PARTNER, [structs.replace(unit, role_mark="") for unit in [*sentence.leads, *sentence.order]]
            )
        elif (helps := HELPS_WITH.match(piece.plain)) and is_unit_list(piece[: helps.end("units")]):
            reading.add(Field.PARTNER, read_units(piece[: helps.end("units")]))
    return reading if reading.leads or reading.responsible else None
