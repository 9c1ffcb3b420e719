"""A second look at a finished reading: what in its own words and in the other measures speaks against it.

The first look knows how plans are written and takes what fits. This one knows nothing of clauses and outlines, it
counts: names must be like the names of departments or stand in the document more than once, words of roles must have
led to units, and words of time and rhythm to a deadline or a recurrence.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import msgspec
from msgspec import structs

from taskboard.domain.plan_parsing.doubts import FIELDS, TIMES, UNITS, Doubt, Found, add, in_order, noted
from taskboard.domain.plan_parsing.numbering import has_stray_label
from taskboard.domain.plan_parsing.reading import ParsedMeasure, Recurrence
from taskboard.domain.plan_parsing.text import read_text, squeezed
from taskboard.domain.plan_parsing.vocabulary import is_familiar

FEWEST_TO_COMPARE = 4
PARTNERS_USUAL = 0.9
TIMES_USUAL = 0.9


@dataclass(frozen=True)
class Surroundings:
    """What the other measures of a document and its dates say about one of them."""

    names: Counter[str]
    bare_names: dict[str, set[str]]
    """names without brackets and 人民政府 → the names that are left equal by it"""
    without_level: frozenset[str]
    """the names without their first character or two"""
    usual_length: int
    partners_usual: bool
    times_usual: bool
    has_units: bool
    day: date | None
    horizon: date | None
    judged: dict[str, tuple[Doubt, ...]] = field(default_factory=dict)
    """doubts about names that were looked at already"""


def surroundings_of(measures: Sequence[ParsedMeasure], day: date | None, horizon: date | None) -> Surroundings:
    """What all measures together make usual; ``day`` is the document's date, ``horizon`` the end of its period."""
    names = Counter(name for one in measures for name in {*one.lead, *one.partners})
    bare_names: dict[str, set[str]] = defaultdict(set)
    for name in names:
        bare_names[_bare(_plain_name(name))].add(name)
    with_units = [one for one in measures if one.lead or one.partners]
    count = len(with_units)
    comparable = count >= FEWEST_TO_COMPARE
    lengths = sorted(len(one.text) for one in measures) or [0]
    timed = sum(bool(one.deadline_text or one.recurrence) for one in with_units)
    return Surroundings(
        names,
        bare_names,
        frozenset(shorter for name in names for shorter in _without_level(name)),
        lengths[len(lengths) // 2],
        comparable and sum(bool(one.partners) for one in with_units) >= PARTNERS_USUAL * count,
        comparable and timed >= TIMES_USUAL * count,
        bool(with_units),
        day,
        horizon,
    )


class Words(msgspec.Struct, frozen=True, gc=False):
    """The words of one measure, ready for matching; the doubts about it may change, its words do not."""

    measure: ParsedMeasure
    clause: str
    text: str
    text_alone: str
    """the text without a clause that stands in its sentences"""
    text_squeezed: str
    limit: str
    has_own_limit: bool
    """whether the words of the deadline stand apart from the text, in a field or a column"""
    where_time_may_stand: str


def words_of(measures: Sequence[ParsedMeasure], plain_texts: Mapping[str, str]) -> list[Words]:
    """The words of each of these measures, in half width and simplified script, as those of its text stand in
    ``plain_texts``.
    """
    return [_words(measure, plain_texts[measure.text]) for measure in measures]


def _words(measure: ParsedMeasure, text: str) -> Words:
    written = measure.units_as_written
    clause = _plain_name(written) if written else ""
    limit = squeezed(_plain_name(measure.deadline_text)) if measure.deadline_text else ""
    text_alone = text
    for part in written.split(" | ") if written else ():
        text_alone = text_alone.replace(_plain_name(part), "") if part else text_alone
    text_squeezed = squeezed(text)
    has_own_limit = bool(limit) and limit not in text_squeezed
    where = text_squeezed if has_own_limit else text_squeezed + squeezed(clause)
    if "《" in where:
        where = TITLES.sub("", where)
    return Words(measure, clause, text, text_alone, text_squeezed, limit, has_own_limit, where)


TITLES = re.compile(r"《[^《》]{1,60}》")


def _plain(text: str) -> str:
    return read_text(text).plain


_plain_name = lru_cache(maxsize=4096)(_plain)
"""for names, clauses and limits, which a document repeats"""


def looked_at_again(words: Words, around: Surroundings) -> ParsedMeasure:
    """The measure of these words with what the second look adds to the doubts of the first."""
    measure = words.measure
    found = noted(measure.doubts)
    _judge_item(found, words, around)
    _judge_names(found, measure, around)
    if measure.units_as_written:
        _judge_clause(found, words)
        if MAY_BE_CLAUSE.search(words.text_alone) and CLAUSE_WORDS.search(words.text_alone):
            add(found, Doubt.UNITS_ELSEWHERE, UNITS)
    if _assigns_work(words.text_alone):
        add(found, Doubt.UNITS_ELSEWHERE, UNITS)
    if around.partners_usual and not measure.partners:
        add(found, Doubt.PARTNERS_MISSING, ["partners"])
    _judge_time(found, words, around)
    _judge_rhythm(found, words)
    return with_doubts(measure, found)


def with_doubts(measure: ParsedMeasure, found: Found) -> ParsedMeasure:
    """The measure with these doubts instead of its own."""
    if not found and not measure.doubts:
        return measure
    doubts = in_order(found)
    return measure if doubts == measure.doubts else structs.replace(measure, doubts=doubts, review=tuple(doubts))


# --- the item ------------------------------------------------------------------------------------

LABEL_IN_CLAUSE = re.compile(r"[\u4e00-\u9fff)]\d{1,2}[、.]|;\s?\d{1,2}[、.]|\([一二三四五六七八九十]\)")
UNUSUALLY_LONG = 3
LONG_ANYWAY = 60


def _judge_item(found: Found, words: Words, around: Surroundings) -> None:
    """Two items in one, an item without units among others that have some, broken characters."""
    comparable = len(around.names) >= FEWEST_TO_COMPARE
    too_long = comparable and len(words.text) > UNUSUALLY_LONG * around.usual_length + LONG_ANYWAY
    if too_long or has_stray_label(words.text) or _holds_label(words.clause):
        add(found, Doubt.ITEMS_TOGETHER, FIELDS)
    if around.has_units and not words.measure.lead:
        add(found, Doubt.LEAD_MISSING, FIELDS)
    if "\t" in words.text:
        add(found, Doubt.ROW_UNLIKE_OTHERS, FIELDS)  # cells that ran together
    if "\ufffd" in words.text or "??" in words.text:
        add(found, Doubt.TEXT_BROKEN, FIELDS)


@lru_cache(maxsize=4096)
def _holds_label(clause: str) -> bool:
    return LABEL_IN_CLAUSE.search(clause) is not None


# --- names ---------------------------------------------------------------------------------------

ODD_IN_NAME = re.compile(
    r"[?*·#&~A-Za-z=_^!:;。|“”]|(?<![\d“])\d(?![\d”])|^(?!各)[^()]*[,、]|(?!市市场)(?!各各)([\u4e00-\u9fff])\1"
)
ROLE_IN_NAME = re.compile(
    r"(?<!^各)牵头|负责|配合|协办|主办|按职|承担|(?<!社会)责任(?!单位|股室|科室|部门|公司)|办理|以下|均|下列|上述|其中|不再|^(?:交(?![警通投运管])|此)"
)
NAME_ENDS = re.compile(
    r"(?:[厅局委办部院会署社校所站台馆处科股室组队司行团联关园县市区州镇乡村盟旗场地省港段城]|支部|总支|集团|公司|中心|政府|单位|部门|机构|企业|机关|武警"
    r"|专班|指挥部|中支|大学|街道|人大|政协|电网|移动|电信|联通|铁塔|邮政|石化|石油|烟草|供电|基地|兵团)(?:\([^()]*\))?$"
)
JOINED = re.compile(r"[和与及]")
IN_BRACKETS = re.compile(r"\([^()]*\)")
LEVELS = "省市县区州"
LEVEL_AGAIN = re.compile(r"\([^()]*\)|依法治[省市县区]|市场|城市|县区|区县|市县|县市|市区")
SHORTEST_NAME, LONGEST_NAME = 3, 22


def _judge_names(found: Found, measure: ParsedMeasure, around: Surroundings) -> None:
    persons = {_plain(person) for person in measure.persons} if measure.persons else ()
    for name, units in (("lead", measure.lead), ("partners", measure.partners)):
        for unit in units:
            if unit not in around.judged:
                around.judged[unit] = tuple(_doubts_about_name(unit, around))
            for doubt in around.judged[unit]:
                add(found, doubt, [name])
            if persons and _plain_name(unit) in persons:
                add(found, Doubt.NAME_OF_PERSON, [name])
            if Doubt.NAME_UNUSUAL in around.judged[unit] and ROLE_IN_NAME.search(_plain_name(unit)):
                add(found, Doubt.NAME_UNUSUAL, UNITS)


def _doubts_about_name(unit: str, around: Surroundings) -> Iterator[Doubt]:
    plain = _plain_name(unit)
    if around.names[unit] < 2 and not is_familiar(plain):
        yield Doubt.NAME_UNKNOWN
    if _is_unusual(plain) or ROLE_IN_NAME.search(plain):
        yield Doubt.NAME_UNUSUAL
    if _is_like_another(unit, plain, around):
        yield Doubt.NAME_LIKE_ANOTHER


@lru_cache(maxsize=4096)
def _is_unusual(plain: str) -> bool:
    """Cut brackets, odd or doubled characters, no ending of a body, two names in one."""
    outer = IN_BRACKETS.sub("", plain)
    return (
        len(plain) > LONGEST_NAME
        or (len(plain) < SHORTEST_NAME and not is_familiar(plain))
        or plain.count("(") != plain.count(")")
        or ODD_IN_NAME.search(plain) is not None
        or NAME_ENDS.search(plain) is None
        or (JOINED.search(outer) is not None and not is_familiar(plain))
        or (plain[0] in LEVELS and plain[0] in LEVEL_AGAIN.sub("", plain[2:]))
    )


NEEDS_NO_LEVEL = frozenset("省市县区州各国中人")


def _is_like_another(unit: str, plain: str, around: Surroundings) -> bool:
    """建委 beside 市建委, 各区县政府 beside 各区县(市)政府: one of the two may be damaged."""
    twins = around.bare_names[_bare(plain)] - {unit}
    if any(around.names[twin] >= around.names[unit] for twin in twins):
        return True
    if around.names[unit] > 1 and plain[0] in NEEDS_NO_LEVEL:
        return False
    return unit in around.without_level or any(shorter in around.names for shorter in _without_level(unit))


LONGEST_LEVEL = 2


def _without_level(name: str) -> list[str]:
    return [name[cut:] for cut in range(1, LONGEST_LEVEL + 1) if len(name) > cut + 1]


@lru_cache(maxsize=4096)
def _bare(plain: str) -> str:
    return re.sub(r"[()\[\]、/]|人民|政府", "", plain)


# --- the clause ----------------------------------------------------------------------------------

CLAUSE_WORDS = re.compile(
    r"(?:责任|牵头|配合|主办|协办|协同|主责|承办|参与)(?:单位?|部门?|处室|科室)|(?:牵头|配合)[:;]|[局委厅办部](?:牵头|负责|配合|参与|协助)"
    r"|[(\[][^()\[\]]{0,60}[局委厅](?:[、,][^()\[\]]{2,60})?(?:$|\n)|[局委厅][、,][省市县区][^,。、;]{1,10}[局委厅](?:[、,)\]。\n]|$)"
)
"""words of a clause in a text from which all clauses were taken"""
MAY_BE_CLAUSE = re.compile(r"[责牵配主协承参局委厅办部]")
"""one of these stands in all such words"""
ASSIGNS = re.compile(
    r"(?:由|请|责成)[^。;,:!?\n]{2,80}?(?:[厅局委办院会部社队司心府位门联团组班处科站所]|公司|集团)(?:等(?:有关)?(?:部门|单位)?)?"
    r"(?:按(?:照)?职责分工|分别|共同|具体)?(?:会同|牵头|负责)"
    r"|责成[^。;,:!?\n]{2,80}?(?:[厅局委办部]|中心|公司|政府)"
)
"""a sentence that gives work to a body, in a text from which all clauses were taken"""
MAY_ASSIGN = re.compile("[由请责]")
"""one of these begins each such sentence"""
NOT_ASSIGNED = re.compile(r"负责(?:解释|日常)|解释权")


def _assigns_work(text: str) -> bool:
    return bool(MAY_ASSIGN.search(text) and ASSIGNS.search(text) and not NOT_ASSIGNED.search(text))


NAMES_LEAD = re.compile(r"牵头|主办|主责|分别|为主|\t")
NAMES_PARTNERS = re.compile(r"配合|协办|参与|协助")
NOISE = re.compile(r"[?*·#&~A-Za-z]")
QUARTER = re.compile(r"Q[1-4]")
STATEMENT = re.compile(r"下同|不再|不另|以下|以上|下列|上述|均|无牵头|即为|列第|为牵头单位|汇总")
SPACE_BETWEEN = re.compile(r"[厅局委办会院府门心](?:\([^()]*\))? +[省市县区各国]")
NO_ROLE_AFTER = re.compile(
    r";(?![^;:]{0,40}(?:单位|部门|主体|室|处|院|科|领导|责任人|时限|时间|牵头|配合|负责|参与|协办|协同|协助|主责|主办|责任|联系人|落实)|各|$)"
)
TIME_IN_CLAUSE = re.compile(
    r"(?:19|20)\d\d\s*[年.\-/]|\d{1,2}月(?:\d{1,2}日|份|底|末|[上中]旬)?|第?[一二三四]季度|[上下]半年|年[底内末]"
)
RHYTHM_OF_CLAUSE = re.compile(r"每[年月季]度?")
TOGETHER_ALONE = re.compile(r"(?:分别|按职责分工)(?!牵头|负责|落实|组织|实施|承担|做好|抓好|推进|配合|协助|参与|会同)")
ROLES_ONCE = ("责任单位", "牵头单位", "配合单位")
LONGEST_CLAUSE = 90


def _judge_clause(found: Found, words: Words) -> None:
    measure, clause = words.measure, words.clause
    signs = _signs_of(clause)
    for doubt in signs.doubts:
        add(found, doubt, UNITS)
    if len(measure.lead) > 1 and not signs.names_lead:
        add(found, Doubt.SEVERAL_LEADS, UNITS)
    if (signs.names_partners and not measure.partners) or ("lead" in measure.inferred and "牵头" in clause):
        add(found, Doubt.ROLE_WITHOUT_UNIT, UNITS)
    if " | " in (measure.units_as_written or ""):
        add(found, Doubt.SEVERAL_CLAUSES, UNITS)
    if signs.repeats_role:
        add(found, Doubt.ROLE_REPEATED, FIELDS)
    if signs.has_time and "\t" in clause:
        add(found, Doubt.ROW_UNLIKE_OTHERS, FIELDS)
    if signs.has_time and (not words.limit or words.limit[:4] not in squeezed(clause)):
        add(found, Doubt.TIME_UNREAD, TIMES)


def _are_all_familiar(clause: str) -> bool:
    """区政务服务中心 区税务局: white space alone divides names that are well known."""
    return all(is_familiar(name) for name in SEPARATORS.split(clause) if name)


SEPARATORS = re.compile(r"[\s、,;]+")


class Signs(NamedTuple):
    """What the words of a clause show, whatever its measure holds."""

    doubts: tuple[Doubt, ...]
    names_lead: bool
    names_partners: bool
    repeats_role: bool
    has_time: bool


@lru_cache(maxsize=4096)
def _signs_of(clause: str) -> Signs:
    damaged = NOISE.search(QUARTER.sub("", clause)) or TOGETHER_ALONE.search(clause) or len(clause) > LONGEST_CLAUSE
    signs = (
        (STATEMENT.search(clause), Doubt.CLAUSE_WITH_STATEMENT),
        (damaged, Doubt.CLAUSE_DAMAGED),
        (
            (SPACE_BETWEEN.search(clause) and not _are_all_familiar(clause)) or NO_ROLE_AFTER.search(clause),
            Doubt.NAMES_TOGETHER,
        ),
        (clause.count("牵头") > 1, Doubt.SEVERAL_CLAUSES),
    )
    return Signs(
        tuple(doubt for holds, doubt in signs if holds),
        names_lead=NAMES_LEAD.search(clause) is not None,
        names_partners=NAMES_PARTNERS.search(clause) is not None,
        repeats_role=any(clause.count(role) > 1 for role in ROLES_ONCE),
        has_time=TIME_IN_CLAUSE.search(RHYTHM_OF_CLAUSE.sub("", clause)) is not None,
    )


# --- time ----------------------------------------------------------------------------------------

TIME_WORDS = re.compile(
    r"Q[1-4]|20\d\d(?:年(?!版)|[\-/.]\d)|(?<![\d.])\d{1,2}月|[一二三四五六七八九十]月|月底|月[前末]|季度|年[底内末]|半年|期末|全年|今年|明年|次年|年前|日前|日内|天内|工作日|周内"
    r"|月内|之前|前(?=完成|建成|出台|实现|全面|基本|投|制|上|达|形)|岁末|年尾|年终|汛期|供暖|开学|暑假|寒假|节前|五[”\"]?(?:期|末|规划)|到年|立即|立行"
    r"|[底末]前"
)
RHYTHMS_OF_TIME = re.compile(r"每个?[年月季]度?末?|[一按逐][年月季]度?|月月|季末")
NEAR_TIME = re.compile(
    r"前列|前期|前沿|提前|当前|目前|事前|前[置瞻往端提]|内容|[国境市省区室县院域校以垃]内|内[部外涵控生陆河]|末端|底[线数层]|彻底|到底|海底|兜底|摸底|年内新"
)
AT_ONCE = re.compile(r"立行立改|立即|即知即改")
BEFORE_OR_WITHIN = re.compile(r"[前底末内]")
DATE_LIKE = re.compile(
    r"(?P<year>(?:19|20)\d\d)年(?!第?[一二三四]季|[上下]半年|[春秋][季学]|[暑寒]假)(?:(?P<month>\d{1,2})月)?|(?<!\d)(?P<only_month>\d{1,2})月|年[底内末]|(?P<quarter>[一二三四])季度|(?P<half>[上下])半年|全年"
    r"|(?P<from_year>(?:19|20)\d\d)(?=[—\-~至])"
)
LOST_YEAR = re.compile(r"(?:^|[^\d一二三四五六七八九十〇零今本当明次翌来])年\d{1,2}月")
DAMAGED_TIME = re.compile(
    r"(?=[?*·#&~A-Za-z年月\d])(?:[?*·#&~A-Za-z](?=[年月日底末前])|[年月](?=[?*·#&~A-Za-z])|\d{3,}月|\d{3,}日|\d{5,}年|(?<!\d)\d{3}年|[oOlI]\d?月|\d[oOlI]月)"
)
MAY_BE_DAMAGED = re.compile(r"[?*·#&~A-Za-z年月日](?:(?<![年月日])|(?<=\d{3}.))")
"""one of these stands in each damaged time: a stray mark, or the 年 of 20226年; one set of characters begins them all,
which is quicker to look for than one thing or the other
"""
LETTER_IN_DATE = re.compile(r"[OolI](?=\d?[年月日])|\d[OolI]")
"""what the text was read from where recognition took figures for letters (4月2O日)"""
BARE_MONTH = re.compile(r"(?:20\d\d年)?[\d一二三四五六七八九十]{1,3}月")
BARE_YEAR = re.compile(r"\D{0,2}20\d\d年")


def _judge_time(found: Found, words: Words, around: Surroundings) -> None:
    measure = words.measure
    if measure.deadline is None:
        _judge_missing_deadline(found, words, around)
    else:
        _judge_deadline(found, words, around, measure.deadline)
    if words.has_own_limit and not _says_time(words.limit):
        add(found, Doubt.ROW_UNLIKE_OTHERS, FIELDS)
    where, limit = words.where_time_may_stand, words.limit
    year_lost = "deadline" in measure.inferred and LOST_YEAR.search(where + limit)
    if year_lost or _is_damaged(where) or _is_limit_damaged(limit, measure.deadline_text or ""):
        add(found, Doubt.TIME_DAMAGED, ["deadline"])


def _is_damaged(text: str) -> bool:
    return MAY_BE_DAMAGED.search(text) is not None and DAMAGED_TIME.search(text) is not None


@lru_cache(maxsize=4096)
def _is_limit_damaged(limit: str, written: str) -> bool:
    """The same of a limit, which a ledger repeats; ``written`` are its words as they stand in the source."""
    return LETTER_IN_DATE.search(written) is not None or _is_damaged(limit)


@lru_cache(maxsize=4096)
def _says_time(limit: str) -> bool:
    return bool(TIME_WORDS.search(limit) or _names_rhythm(limit) or "持续" in limit)


def _judge_missing_deadline(found: Found, words: Words, around: Surroundings) -> None:
    measure, stretch = words.measure, words.where_time_may_stand
    if measure.deadline_text and measure.recurrence is None and not AT_ONCE.match(words.limit):
        add(found, Doubt.LIMIT_UNREAD, ["deadline"] if TIME_WORDS.search(words.limit) else TIMES)
    without_rhythms = RHYTHMS_OF_TIME.sub("", stretch)
    unexplained = measure.recurrence is None and BEFORE_OR_WITHIN.search(NEAR_TIME.sub("", stretch))
    if measure.deadline_text:
        return
    if TIME_WORDS.search(without_rhythms if measure.recurrence else stretch) or unexplained:
        add(found, Doubt.TIME_UNREAD, ["deadline"])
    if around.times_usual and measure.recurrence is None:
        add(found, Doubt.TIME_MISSING, ["deadline"])


def _judge_deadline(found: Found, words: Words, around: Surroundings, day: date) -> None:
    before = around.day is not None and day < around.day
    if before or (around.horizon is not None and day > around.horizon):
        add(found, Doubt.DAY_OUT_OF_RANGE, ["deadline"])
    if words.has_own_limit:
        return
    bare = BARE_MONTH.fullmatch(words.limit) or BARE_YEAR.fullmatch(words.limit)
    if bare and not any(to + words.limit in words.text_squeezed for to in "到至"):
        add(found, Doubt.LIMIT_LOOSE, ["deadline"])
    if any(_is_other(one, day) for one in DATE_LIKE.finditer(words.where_time_may_stand)):
        add(found, Doubt.SEVERAL_DATES, ["deadline"])


def _is_other(found: re.Match[str], day: date) -> bool:
    """Whether what looks like a date names another month than ``day``; a bare year counts to its end."""
    year = found["year"] or found["from_year"]
    month = int(found["month"] or found["only_month"] or 12)
    if found["quarter"]:
        month = 3 * (1 + "一二三四".index(found["quarter"]))
    elif found["half"]:
        month = 6 if found["half"] == "上" else 12
    return month != day.month or (year is not None and int(year) != day.year)


# --- rhythm --------------------------------------------------------------------------------------

RHYTHM = re.compile(
    r"每|逐[年月季]|定期|常态|态化|(?<!中)长期|常年|持续推进|坚持不懈|按[月季年周]|一[月季年]一|月月|年年(?![底末内])|季季|经常|不定期|日常|[月季]度?(?:调度|通报|报告|督查)|一次$|永久"
    r"|各季|各月"
)
MAY_BE_RHYTHM = re.compile("[每逐期态常续懈按月季年次久]")
"""one of these stands in each"""
RATE = re.compile(
    r"每(?:日|天|小时|人|户|万|百|千|名|家|平方米|立方米|公里|亩|吨|辆|座|床|一?个(?!月|季)|一家|[\u4e00-\u9fff]{1,4}[至不])"
)


MONEY_EACH = re.compile(
    r"每(?:年|个?月|个?季度?)(?![^,。;]{0,6}(?:安排|列支|投入|新增|统筹))[^,。;\d]{0,6}\d[\d.]{0,8}[万亿]{0,2}元"
)
"""每年配套100万元: perhaps a rate, and what is done comes back only as long as it is paid"""


def _judge_rhythm(found: Found, words: Words) -> None:
    measure = words.measure
    own_limit = words.limit if words.has_own_limit else ""
    if measure.recurrence is None:
        if _limit_names_rhythm(own_limit) if own_limit else _names_rhythm(_without_rates(words.text_squeezed)):
            add(found, Doubt.RHYTHM_UNREAD, ["recurrence"])
        return
    text = _without_rates(words.text_squeezed)
    not_of_limit = own_limit and not _limit_names_rhythm(own_limit) and "持续" not in own_limit
    if not_of_limit and measure.recurrence is Recurrence.ONGOING:
        add(found, Doubt.RHYTHM_UNCLEAR, ["recurrence"])
    is_unclear = measure.deadline is not None or MONEY_EACH.search(words.text_squeezed) is not None
    if is_unclear or len({one[:2] for one in RHYTHM.findall(text)}) > 1:
        add(found, Doubt.RHYTHM_UNCLEAR, ["recurrence"])


def _names_rhythm(text: str) -> bool:
    return MAY_BE_RHYTHM.search(text) is not None and RHYTHM.search(text) is not None


_limit_names_rhythm = lru_cache(maxsize=4096)(_names_rhythm)
"""for limits, which a ledger repeats"""


def _without_rates(text: str) -> str:
    return RATE.sub("", text) if "每" in text else text


def with_second_look(words: Sequence[Words], *, day: date | None, horizon: date | None) -> list[ParsedMeasure]:
    """All measures of a document, by their words, each seen again beside the others."""
    around = surroundings_of([one.measure for one in words], day, horizon)
    return [looked_at_again(one, around) for one in words]
