"""Sentences of units and verbs: A牵头，B、C按职责分工负责."""

from __future__ import annotations

import re

from taskboard.domain.plan_parsing.brackets import split_outside
from taskboard.domain.plan_parsing.clause_readings import Reading
from taskboard.domain.plan_parsing.fields import Field
from taskboard.domain.plan_parsing.text import Text
from taskboard.domain.plan_parsing.time_limits import is_time_limit
from taskboard.domain.plan_parsing.units import is_unit_list, read_units

GENERIC_OTHERS = re.compile(r"^(?:各?有关|各?相关|其他)(?:部门|单位|方面)$")

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
AFTERTHOUGHT = re.compile(
    r"^(?:下同|以下同|长期|持续).{0,2}$|^(?:并|均|全部|一并|同时|结果|情况)*(?:纳入|列入|计入|记入|实行|接受|作为)[^、]{2,16}$"
    r"|^(?!.*(?:负责|承担))[^、]{2,12}(?:考核|督查|督办|通报|调度|评估|销号)(?:内容|事项|范围|管理|体系|清单|重点)?$"
)
"""what a clause says beside its units: 下同, 纳入年度考核"""


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
        verb = verb_at_end(part.plain)
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
        if add_group(reading, piece, kind, has_lead=has_lead):
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


def verb_at_end(plain: str) -> tuple[str, int] | None:
    """The role (lead, partner or do) of the verb that the words end with, and where it begins with its manner."""
    window_start = max(0, len(plain) - VERB_WINDOW)
    found = VERB_END.search(plain, window_start)
    if not found:
        return None
    kind = "lead" if found["lead"] else "partner" if found["partner"] else "do"
    return kind, found.start()


def add_group(reading: Reading, piece: Text, kind: str, *, has_lead: bool = False) -> bool:
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
