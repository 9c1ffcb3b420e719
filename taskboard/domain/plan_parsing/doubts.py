"""A second look at a finished reading, with other eyes: what in the document speaks against it.

The first look knows how plans are written and takes what fits. This one knows nothing of clauses and outlines; it
counts. Every word of a clause must be a name, a word of roles or of time; every name must be one that the document
or the language of departments has; every word of time must be the one that was read, or be none that counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from taskboard.domain.plan_parsing.reading import ParsedMeasure, Recurrence
from taskboard.domain.plan_parsing.text import read_text
from taskboard.domain.plan_parsing.vocabulary import is_familiar

UNITS = ("lead", "partners")
ALL = ("lead", "partners", "deadline", "recurrence")
Found = dict[str, set[str]]


@dataclass
class Document:
    names: Counter
    stems: dict
    day: date | None
    horizon: date | None
    years: Counter
    timed: float
    partnered: float
    leads_stated: float
    several: float
    count: int
    length: float
    roles: Counter = None


def plain(text):
    return read_text(text).plain if text else ""


def second_look(measures, day, horizon):
    names = Counter(n for m in measures for n in {*m.lead, *m.partners})
    withu = [m for m in measures if m.lead or m.partners]
    stems = {}
    for n in names:
        for cut in cuts(plain(n)):
            stems.setdefault(cut, set()).add(n)
    k = max(1, len(withu))
    lengths = sorted(len(m.text) for m in measures) or [1]
    years = Counter(m.deadline.year for m in measures if m.deadline)
    doc = Document(
        names, stems, day, horizon, years,
        sum(bool(m.deadline_text or m.recurrence) for m in withu) / k,
        sum(bool(m.partners) for m in withu) / k,
        sum("lead" not in m.inferred for m in withu) / k,
        sum(" | " in (m.units_as_written or "") for m in withu) / k,
        len(withu),
        lengths[len(lengths) // 2],
        Counter(frozenset(roles_in(plain(m.units_as_written))) for m in withu),
    )
    return [look(m, doc) for m in measures]


def cuts(name):
    """The name and what it becomes without one of its characters."""
    return {name, *(name[:n] + name[n + 1 :] for n in range(len(name)))}


ROLES = re.compile(r"牵头|主办|主责|责任单位|责任部门|负责|配合|协办|参与|协助|落实|承办|会同|为主")


def roles_in(w):
    return set(ROLES.findall(w))


WORDS = re.compile(
    r"总?牵头|主办|主责|主要|第一|责任|负责|配合|协办|参与|参加|协助|支持|协作|协同|落实|承办|会同|为主|组织|实施|督导|推进|按照?|依据|根据|各自|职责|职能|分工|任务|具体|分别|共同|抓好|抓|承担|执行"
    r"|单位|部门|主体|科室|处室|股室|机构|学院|等|由|请|以|及其他|及|和|与|以及|并|有关|相关|各|其他|责任|领导|分管|校领导|县领导|市领导|区领导|联系人|责任人|包抓|负责人"
    r"|完成|时限|时间|期限|要求|整改|办结|截止|前|底|末|内|全年|长期|坚持|持续|推进|常态化|年度|工作|牵头单位|研究|提出|意见|制定|出台|印发|统筹|协调|汇总|商|省|市|县|区|为"
)
TIME = re.compile(r"(?:19|20)\d\d\s*[年.\-/](?:\d{1,2}[月.\-/]?(?:\d{1,2}日?)?)?|\d{1,2}月(?:\d{1,2}日|份|底|末|上旬|中旬|下旬)?|第?[一二三四]季度|[上下]半年|年[底内]|每[年月季]度?")
SEPARATOR = re.compile(r"[\s、,;:。|()\[\]/\t.—\-“”\"]+")


def residue(written, names, persons):
    w = re.sub(r"\s", "", written)
    for p in sorted(persons, key=len, reverse=True):
        w = w.replace(p, "|")
    lost = []
    for n in sorted(names, key=len, reverse=True):
        n = re.sub(r"\s", "", n)
        for form in forms(n):
            if form and form in w:
                w = w.replace(form, "|", 1)
                if form != n and form not in forms(n)[:6]:
                    lost.append(n)
                break
        else:
            lost.append(n)
    w = TIME.sub("|", w)
    w = WORDS.sub("|", w)
    return SEPARATOR.sub("", w), lost


def forms(n):
    out = [n]
    for cut in (1, 2, 3):
        out.append(n[cut:])
    for cut in (4, 5):
        out.append(n[cut:] if len(n) > cut + 2 else "")
    for cut in range(1, 8):
        if len(n) - cut >= 2:
            out.append(n[:-cut])
    return out


ODD_IN_NAME = re.compile(r"[?*·#&~A-Za-z0-9=_^!:;。,、|“”\s]|(.)\1(?<!市市)(?<!区区)(?<!委委)")
ROLE_IN_NAME = re.compile(r"牵头|负责|配合|协办|主办|按职|[承担]担|责任(?!单位|股室|科室|部门)|领衔|办理|以下|均|下列|上述|其中|不再")
END = re.compile(
    r"(?:厅|局|委|办|部|院|会|署|社|校|所|站|台|馆|处|科|股|室|组|队|司|行|团|集团|公司|中心|政府|单位|部门|机构|企业|海关|机关|联|武警|军分区|专班|指挥部|小组|中支|大学|学院|园|园区|开发区|新区|功能区|管理区|县|市|区|州|镇|乡|街道|村|社区|县区|镇街|盟|旗|场|地|林场|农场|协会|人大|政协|法院|检察院|电网|移动|电信|联通|铁塔|邮政|石化|石油|烟草|供电|盟|省|街办|高校|基地|关|银行|学校|医院|兵团|港)(?:\([^()]*\))?$"
)
STATEMENT = re.compile(r"下同|不再|不另|以下|以上|下列|上述|均|除|无牵头|即为|列第|为牵头单位|汇总")
TIMEISH = re.compile(
    r"20\d\d|(?<![\d.])\d{1,2}\s?月|[一二三四五六七八九十]月|月底|月[前末]|季度|年[底内末]|半年|期末|全年|今年|明年|次年|年前|日前|日内|天内|工作日|周内|月内|之前|前(?=完成|建成|出台|实现|全面|基本|投|制|上|达|形)|岁末|年尾|年终|汛期|供暖|开学|暑假|寒假|节前|五[”\"]?(?:期|末|规划)|到年|立即|立行|[底末]前"
)
LOST_YEAR = re.compile(r"(?:^|[^\d一二三四五六七八九十〇零今本当明次翌来每全成周逐多近历去上往半几两数整学青少老百千万财])年(?:\d|底前|[，,])")
RHYTHM = re.compile(r"每|逐[年月季]|定期|常态|长期|常年|持续推进|坚持不懈|按[月季年周]|一[月季年]一|月月|年年|季季|经常|不定期|日常|[月季]度?(?:调度|通报|报告|督查)|一次$|永久|各季|各月")
CLAUSEISH = re.compile(
    r"(?:责任|牵头|配合|主办|协办|协同|主责|承办|参与|经管|担责|领办|辅助)(?:单位?|部门?|处室|科室|主体)|(?:牵头|配合|负责)[:;]|[局委厅办部](?:牵头|负责|配合|参与|协助|承担|领衔|帮办)|牵头"
)


def dates_in(text, doc):
    """Last days, roughly: (year or None, month or 12) of what looks like a limit."""
    got = set()
    for m in re.finditer(r"((?:19|20)\d\d)年(?:(\d{1,2})月)?|(?<!\d)(\d{1,2})月|年([底内末])|([一二三四])季度|([上下])半年|全年|(?:19|20)\d\d(?=[—\-~至])", text):
        y, mo, mo2, e, q, h = m.groups()
        if y and mo: got.add((int(y), int(mo)))
        elif y: got.add((int(y), 12))
        elif mo2: got.add((None, int(mo2)))
        elif q: got.add((None, "一二三四".index(q) * 3 + 3))
        elif h: got.add((None, 6 if h == "上" else 12))
        else: got.add((None, 12))
    return got


def look(m, doc):
    d: Found = {f: set() for f in ALL}
    def mark(reason, *fields):
        for f in fields: d[f].add(reason)
    written = plain(m.units_as_written)
    text = plain(m.text)
    fromlimit = bool(m.deadline_text) and re.sub(r"\s", "", plain(m.deadline_text)) not in re.sub(r"\s", "", text)
    # names
    for f, units in (("lead", m.lead), ("partners", m.partners)):
        for u in units:
            p = plain(u)
            if doc.names[u] < 2 and not is_familiar(p): mark("unknown_name", f)
            if p.count("(") != p.count(")"): mark("cut_bracket", f)
            if ODD_IN_NAME.search(p): mark("odd_character", f)
            if ROLE_IN_NAME.search(p): mark("role_in_name", f, "lead", "partners")
            if len(p) > 22: mark("long_name", f)
            if len(p) < 3: mark("short_name", f)
            if not END.search(p): mark("no_ending", f)
            if re.search(r"[和与及]", re.sub(r"\(.*?\)", "", p)) and not is_familiar(p): mark("joined_name", f)
            near = set()
            for c in cuts(p): near |= doc.stems.get(c, set())
            near.discard(u)
            if any(doc.names[o] > doc.names[u] and doc.names[u] <= 2 for o in near): mark("near_twin", f)
            if any(o != u and doc.names[u] == 1 and (plain(o).endswith(p) or p.endswith(plain(o))) for o in doc.names): mark("end_twin", f)
            if plain(u) in {plain(x) for x in m.persons}: mark("person", f)
    # clause
    if written:
        rest, lost = residue(written, [plain(u) for u in (*m.lead, *m.partners)], [plain(x) for x in m.persons])
        if rest: mark("left_over", *UNITS)
        if len(rest)>=2: mark("left_over2", *UNITS)
        if lost: mark("not_written_so", *UNITS)
        if " | " in (m.units_as_written or ""): mark("several_clauses", *UNITS)
        if STATEMENT.search(written): mark("statement", *UNITS)
        if len(m.lead) > 1 and not re.search("牵头|主办|主责|分别|\t|为主", written): mark("several_leads", *UNITS)
        if len(m.lead) > 1: mark("several_leads_any", *UNITS)
        if re.search("配合|协办|参与|协助", written) and not m.partners: mark("role_without_unit", *UNITS)
        if "lead" in m.inferred and "牵头" in written: mark("unused_lead_word", *UNITS)
        if written.count("牵头") > 1: mark("twice_lead", *UNITS)
        if "lead" in m.inferred and doc.leads_stated > .7 and doc.count>=4: mark("unlike_others", *UNITS)
        if doc.roles[frozenset(roles_in(written))] < max(2, .1*doc.count) and doc.count >= 5: mark("rare_form", *UNITS)
        pieces = [x for x in re.split(r"[、,;:。|\t\n]|(?<=[)])", written) if len(x) > 1]
        if len(re.findall("[、,;]", written)) + 1 < len(m.lead) + len(m.partners): mark("more_names_than_marks", *UNITS)
        if re.search(r"[?*·#&~A-Za-z]", written): mark("noise_in_clause", *UNITS)
        if (written.count("(")!=written.count(")")) or (written.count("[")!=written.count("]")): mark("open_bracket", *UNITS)
        if len(written)>15 and not re.search("[、,;\t]", written): mark("no_marks",*UNITS)
    if not m.lead: mark("no_lead", *UNITS)
    if written and not m.lead: mark("no_lead_written", *ALL)
    if not m.partners and doc.partnered >= .75 and doc.count >= 4: mark("no_partners", "partners")
    if CLAUSEISH.search(text) and written: mark("clause_words", *UNITS)
    if CLAUSEISH.search(text) and written and CLAUSEISH.search(text[-60:]): mark("clause_words_end", *UNITS)
    known = [n for n in doc.names if len(n) >= 3 and plain(n) in text]
    if known: mark("name_in_text", *UNITS)
    if known and any(plain(n) in text[-50:] for n in known): mark("name_in_end", *UNITS)
    # items
    if len(text) > 3 * doc.length + 60 and doc.count >= 4: mark("long_item", *ALL)
    if re.search(r"[。;\n]\s*(?:\d{1,2}[.、]|[(][一二三四五六七八九十\d]{1,2}[)]|[一二三四五六七八九十]{1,2}、)[\u4e00-\u9fff]{2}", text): mark("label_inside", *ALL)
    if len(text) < 8 and doc.length > 20: mark("short_item", *ALL)
    # time
    both = text if fromlimit else text + " " + written
    if not m.deadline:
        if TIMEISH.search(both): mark("time_words", "deadline")
        if TIMEISH.search(both) and not m.recurrence: mark("time_words_norec", "deadline")
        if not (m.deadline_text or m.recurrence) and doc.timed > .85 and doc.count >= 4: mark("no_time", "deadline")
        if m.deadline_text and not m.recurrence: mark("words_without_day", "deadline")
    else:
        ds = dates_in(both, doc)
        good = {(m.deadline.year, m.deadline.month), (None, m.deadline.month)}
        if fromlimit:
            if ds - good: mark("limit_and_text", "deadline")
        else:
            if len(ds - good) : mark("several_dates", "deadline")
            if any((y is None and mo > m.deadline.month) or (y or 0, mo) > (m.deadline.year, m.deadline.month) for y, mo in ds - good): mark("later_date", "deadline")
            if not ds & good: mark("not_seen", "deadline")
        if doc.day and m.deadline < doc.day: mark("before_document", "deadline")
        if doc.years[m.deadline.year] < 2 and len(doc.years) > 1 and sum(doc.years.values())>=4: mark("only_year", "deadline")
        if doc.day and m.deadline.year > doc.day.year + 5: mark("far", "deadline")
        if doc.horizon and m.deadline > doc.horizon: mark("beyond_horizon", "deadline")
        if "deadline" in m.inferred: mark("year_inferred", "deadline")
        if not doc.day and "deadline" in m.inferred: mark("year_inferred_noday", "deadline")
        t = plain(m.deadline_text or "")
        if re.fullmatch(r"(?:\D{0,2}20\d\d年)", t): mark("bare_year", "deadline")
        if re.search(r"[?*·#&~A-Za-z]", t): mark("noise_in_limit", "deadline")
        if (m.deadline.day not in (28,29,30,31,10,15,20,25,5,1)): mark("odd_day", "deadline")
    if LOST_YEAR.search(both + plain(m.deadline_text or "")): mark("year_lost", "deadline")
    if re.search(r"[?*·#&~A-Za-z](?=[年月日底末前])|[年月](?=[?*·#&~A-Za-z])|\d{3,}月|\d{3,}日|\d{5,}年|(?<!\d)\d{3}年|[12][oOlI0-9]{3}年(?<!\d{4}年)", both + plain(m.deadline_text or "")): mark("noise_in_time", "deadline")
    if re.search(r"前|底|末|内", re.sub(r"前列|前期|前沿|提前|当前|目前|事前|前置|前瞻|内容|国内|境内|市内|省内|区内|室内|县内|内部|内外|内涵|内控|内生|末端|底线|底数|彻底|到底|海底|兜底|前往|底层|以内|院内|摸底|垃圾|域内|校内|年内新|前端|内陆|内河", "", both)) and not m.deadline and not m.recurrence: mark("before_words", "deadline")
    # rhythm
    rl = plain(m.deadline_text or "") if fromlimit else ""
    if m.recurrence is None:
        if RHYTHM.search(text): mark("rhythm_words", "recurrence")
        if RHYTHM.search(text) and not fromlimit: mark("rhythm_words_nolimit", "recurrence")
        if RHYTHM.search(rl): mark("rhythm_in_limit", "recurrence")
    else:
        kinds = {x[:2] for x in RHYTHM.findall(text)}
        if m.recurrence is Recurrence.ONGOING and not fromlimit: mark("ongoing", "recurrence")
        if len(kinds) > 1: mark("several_rhythms", "recurrence")
        if m.deadline: mark("rhythm_and_day", "recurrence", "deadline")
    if re.search(r"\ufffd|\?{2,}", text): mark("broken_text", *ALL)
    return d
