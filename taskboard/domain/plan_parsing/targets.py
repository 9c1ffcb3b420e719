"""Measurable targets: 网上办理率达到70%以上, 新增小微企业8000家, 比2015年下降10%, 实现全覆盖, 隐患清零.

A figure becomes a target with what is counted, its unit, how it is to be held against the value, and the year a change
is counted from. Figures that set no target (subsidies, sizes of projects, names with numerals, facts) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter
from typing import NamedTuple

from taskboard.domain.plan_parsing.reading import Comparison, Resolve, Target
from taskboard.domain.plan_parsing.text import Text, squeezed

MOST_TARGETS = 24
"""of one measure; a longer row of figures is a statistic"""


class FoundTarget(NamedTuple):
    """A target and its characters in the text of the measure."""

    target: Target
    start: int
    end: int


def read_targets(text: Text, year: int | None = None) -> list[FoundTarget]:
    """The targets of a measure in order; ``year`` is the document's, for 较上年."""
    figures = [*_figures(text.plain), *_words_for_figures(text.plain)]
    found: list[FoundTarget] = []
    for figure in sorted(figures, key=START) if len(figures) > 1 else figures:
        if len(found) == MOST_TARGETS:
            break
        place = _place_of(text.plain, figure)
        if any(sets_no_target(place) for sets_no_target in NO_TARGETS):
            continue
        found.append(_target(text, place, year, found[-1] if found else None))
    return found


# --- figures -------------------------------------------------------------------------------------

UNIT_WORDS = """
% ‰ 个百分点 百分点 个 家 项 处 户 名 人次 人日 人 件次 件 条 座 台套 台 套 辆 所 间 场次 场 次 期 部 只 株 头 亩次
亩 公顷 平方米 平米 平方公里 立方米 公里 千米 米 里 吨标准煤 吨标煤 吨 千克 公斤 斤 担 千瓦时 千瓦 兆瓦 度 个月 个工作日
工作日 个小时 小时 分钟 天 周 亿元 万元 元 倍 张床位 张 本 批次 批 类 支 对 起 宗 门 篇 艘 架 块 片 列 班 种 样 份 孔
眼 口 个车位 车位 床 位 例 栋 幢 方 标箱 标准箱 个基点 基点 微克/立方米 毫克/升 毫克/立方米 单 笔 羽 尾 盏 根 节
EFLOPS PFLOPS TEU MW GW kW 兆瓦时
"""
UNIT = "(?:" + "|".join(re.escape(unit) for unit in sorted(UNIT_WORDS.split(), key=len, reverse=True)) + ")"
MEASURES_OF_SIZE = re.compile(
    r"^[万亿千百]{0,2}(?:元|平方米|平米|平方公里|公里|米|吨|亩|千瓦|兆瓦|MW|kW|立方米|公顷|人|床|张床位)$"
)
DIGITS = r"\d[\dO]{0,8}(?:,\d{3}){0,3}(?:\.\d{1,4})?"
"""an O among digits is a misread nought"""
NUMERAL = r"[一二三四五六七八九十两][一二三四五六七八九十百千万零〇点]{0,8}"
SCALE = "[百千]?(?:万亿|[万亿])?"
DASH = r"(?:—{1,2}|-{1,2}|~|至)"
PER = r"(?:/(?:[\u4e00-\u9fff]{1,3}|t|h|d))?"
PAIR = r"(?:\([套间处座个次组辆件]\))?"
BOUND = r"(?:\s?(?:及以上|以上|以下|以内|之内|左右|上下))?"

FIGURE = re.compile(
    rf"""
      (?P<first>{DIGITS})\s?(?:(?P<first_unit>{SCALE}{UNIT})?{DASH}(?P<last>{DIGITS})\s?)?
      (?P<unit>{SCALE}{UNIT}{PAIR}{PER}|万亿|亿)(?P<bound>{BOUND})(?P<within>内(?!的?[\u4e00-\u9fff]))?
    | 百分之(?P<percent>{DIGITS}|百|{NUMERAL})(?P<percent_bound>{BOUND})
    | (?P<numeral>{NUMERAL})(?P<numeral_unit>{UNIT}{PER})(?P<numeral_bound>{BOUND})
    """,
    re.VERBOSE,
)
BARE_FIGURE = re.compile(
    rf"(?:不高于|不低于|不超过|不少于|控制在|稳定在|保持在|达到|达|降至|降到|升至|提高到|提升至|突破|超过)"
    rf"(?P<number>{DIGITS})(?P<bound>{BOUND})(?=[,。;、)\n]|$)"
)
"""不高于59, without any unit"""


class Figure(NamedTuple):
    """A number with its unit at its place in a text; ``comparison`` where its words give one by themselves."""

    start: int
    end: int
    value: float
    unit: str
    upper: float | None = None
    bound: str = ""
    comparison: Comparison | None = None
    spelled: bool = False
    """whether the number is written in Chinese numerals"""


START = attrgetter("start")
DIGIT = re.compile(r"\d")
NUMERIC = re.compile(r"[\d一二三四五六七八九十两百]")
"""one of these stands in each figure"""


def _figures(plain: str) -> list[Figure]:
    if not NUMERIC.search(plain):
        return []
    figures = [_figure(found) for found in FIGURE.finditer(plain)]
    if not DIGIT.search(plain):
        return figures
    taken = {figure.start for figure in figures}
    for found in BARE_FIGURE.finditer(plain):
        if found.start("number") not in taken:
            number = read_number(found["number"])
            figures.append(Figure(found.start("number"), found.end(), number, "", bound=found["bound"].strip()))
    return figures


def _figure(found: re.Match[str]) -> Figure:
    start, end = found.span()
    first = found["first"]
    if first:
        upper = read_number(found["last"]) if found["last"] else None
        bound = found["bound"].strip() or ("以内" if found["within"] else "")
        return Figure(start, end, read_number(first), found["unit"], upper, bound)
    if found["percent"]:
        value = 100.0 if found["percent"] == "百" else read_number(found["percent"])
        return Figure(start, end, value, "%", bound=found["percent_bound"].strip())
    number, scale = _without_scale(found["numeral"])
    unit, bound = scale + found["numeral_unit"], found["numeral_bound"].strip()
    return Figure(start, end, number, unit, bound=bound, spelled=True)


NUMERALS = {digit: n for n, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
TENS = {"十": 10, "百": 100, "千": 1000}


def read_number(words: str) -> float:
    """``"1,200"`` → 1200, ``"1O0"`` → 100, ``"九十五"`` → 95, ``"一万八千"`` → 18000, ``"三点五"`` → 3.5."""
    if words[0].isdigit():
        return float(words.replace(",", "").replace("O", "0"))
    whole, _, fraction = words.partition("点")
    value = float(sum(_section(part) * scale for part, scale in _sections(whole)))
    digits = "".join(str(NUMERALS[c]) for c in fraction if c in NUMERALS)
    return value + (float(f"0.{digits}") if digits else 0.0)


def _sections(numeral: str) -> list[tuple[str, int]]:
    high, mark, low = numeral.rpartition("万")
    return [(high, 10_000), (low, 1)] if mark else [(low, 1)]


def _section(numeral: str) -> int:
    """A Chinese number below ten thousand."""
    total = digit = 0
    for c in numeral:
        if c in TENS:
            total += (digit or 1) * TENS[c]
            digit = 0
        else:
            digit = NUMERALS.get(c, 0)
    return total + digit


def _without_scale(numeral: str) -> tuple[float, str]:
    """十万 → ten with the scale 万; 一万八千 stays one number."""
    if len(numeral) > 1 and numeral.endswith("万"):
        return read_number(numeral[:-1]), "万"
    return read_number(numeral), ""


WORD_FIGURES: tuple[tuple[re.Pattern[str], float, str, Comparison], ...] = (
    (re.compile(r"(?:百分之百|全)覆盖"), 100.0, "%", Comparison.REACH),
    (re.compile(r"(?:动态|全部|全面)?清零"), 0.0, "", Comparison.EXACTLY),
    (re.compile(r"零的突破"), 0.0, "", Comparison.MORE_THAN),
    (re.compile(r"零(?:增长|新增|事故|死亡|投诉)"), 0.0, "", Comparison.EXACTLY),
    (re.compile(r"翻(?:一番|番)"), 100.0, "%", Comparison.INCREASE_BY),
    (re.compile(r"翻两番"), 300.0, "%", Comparison.INCREASE_BY),
    (re.compile(r"减半"), 50.0, "%", Comparison.DECREASE_BY),
)


IN_WORD_FIGURES = re.compile("[覆零翻减]")
"""one of these stands in each of the words"""


def _words_for_figures(plain: str) -> list[Figure]:
    """全覆盖, 清零, 零的突破: targets whose figure lies in the word."""
    if not IN_WORD_FIGURES.search(plain):
        return []
    return [
        Figure(found.start(), found.end(), value, unit, comparison=comparison)
        for pattern, value, unit, comparison in WORD_FIGURES
        for found in pattern.finditer(plain)
    ]


# --- figures that set no target ------------------------------------------------------------------

LONGEST_CLAUSE = 40
CLAUSE_MARK = re.compile(r"[,。;:!?\n]")
OPEN_CLAUSE_MARK = re.compile(r"[,。;:、!?\n(\[“”》]")


class PlacedFigure(NamedTuple):
    """A figure in a text, with what stands before and after it in its clause."""

    plain: str
    figure: Figure
    before: str
    after: str


def _place_of(plain: str, figure: Figure) -> PlacedFigure:
    before = plain[max(0, figure.start - LONGEST_CLAUSE) : figure.start]
    after = CLAUSE_MARK.split(plain[figure.end : figure.end + LONGEST_CLAUSE], maxsplit=1)[0]
    return PlacedFigure(plain, figure, CLAUSE_MARK.split(before)[-1], after)


NAMED_BEFORE = re.compile(r"(?:[A-Za-z.+\-—/\d]|第\s?|[\[(](?:19|20)\d\d[\])]\s?)$")
NAMED_AFTER = re.compile(
    r"(?:[+×]|工程|行动|计划|战略|模式|体系|强(?:企业|县|市|区|镇)?|国道|省道|县道|号|级|[Aa]级|以上医院|新政|举措|"
    r"百货|(?:重点)?任务清单|维护|意识|自信|确保|[次届]会议)"
)


def is_in_a_name(place: PlacedFigure) -> bool:
    """“145工程”, “7+1”, “五个100”, PM2.5, G104, 〔2023〕11号, 第3次: digits of a name or a number of a document."""
    plain, figure = place.plain, place.figure
    if NAMED_BEFORE.search(plain, max(0, figure.start - 8), figure.start) or NAMED_AFTER.match(
        plain, figure.end, figure.end + 8
    ):
        return True
    quote = plain.rfind("“", max(0, figure.start - 16), figure.start)
    return quote >= 0 and "”" not in plain[quote : figure.start] and "”" in plain[figure.end : figure.end + 16]


MONEY = re.compile(r"元|^[万亿]")
SUBSIDY = re.compile(
    r"补助|补贴|奖励|奖补|资助|贴息|奖金|扶持资金|救助金|津贴|一次性|罚款|赔付|保额|缴费|收费|票价|租金|标准为|(?:给予|发放|按)[^,。;]{0,12}$"
)
SUBSIDY_RATE = re.compile(r"(?:给予|补助|补贴|奖励|贴息|减免|返还|资助|减按|优惠)")


def is_subsidy(place: PlacedFigure) -> bool:
    """给予最高500万元补助, 按投资额的10%奖励: policy content, and nothing the ledger is held against."""
    is_money = MONEY.search(place.figure.unit) is not None
    if not is_money and place.figure.unit != "%":
        return False
    before, after = place.before, place.after
    if is_money:
        return bool(SUBSIDY.search(before) or SUBSIDY.search(after[:14]) or re.search(r"每[^,。;]{0,8}$", before))
    if not SUBSIDY_RATE.search(before + after[:14]):
        return False
    return bool(re.search(r"按|给予|费用|投资额|投入|^的?(?:补|奖|资助|优惠)", before[-16:] + after[:6]))


SIZED = re.compile(
    r"^的?(?=[\u4e00-\u9fff])(?!的|并|且|和|及|与|或|、|达|在|为|由|到|的目标|左右|内|完成|力争|确保|实现)"
)


def is_size_of_something(place: PlacedFigure) -> bool:
    """10亿元以上项目, 65岁以上, 2000平方米以下公共建筑: which ones are meant, not how many."""
    figure = place.figure
    if figure.bound not in ("以上", "及以上", "以下") or not MEASURES_OF_SIZE.match(figure.unit):
        return False
    return bool(SIZED.match(place.plain[figure.end : figure.end + 4]))


PAST = re.compile(
    r"(?:已(?:经)?(?!有关)|目前|现有|截至[^,]{0,12}|(?<![较比])(?:上年(?!度?[末底])|去年)|累计已|原有|原来|此前)"
    r"[^,。;]{0,14}$"
)
MAY_BE_PAST = re.compile(r"[已目现截上去原此]")
"""one of these stands in each of the words"""
OLD_VALUE = re.compile(r"^的?(?:提高|提升|扩大|增加|增长|压缩|压减|减少|缩短|上升|下降|降低|降|精简|调整)(?:到|至|为)")
FROM_VALUE = re.compile(r"(?:由|从)[^,。;]{0,14}$")
REMARK_OF_RISE = re.compile(r"^(?:起步|起算)")


def is_fact(place: PlacedFigure) -> bool:
    """已建成30个, 由12项扩大到20项: what there is already."""
    before = place.before
    if MAY_BE_PAST.search(before) and PAST.search(before) and not re.search("达到|不少于|新增|再", before[-4:]):
        return True
    return bool(OLD_VALUE.match(place.after) and (place.figure.bound == "" or FROM_VALUE.search(before)))


SINCE = re.compile(r"(?:之日|收到|受理|公示|接[到报])[^,。;]{0,10}起?(?:的)?$|(?:起|后|前|每)$")
DAYS = re.compile(r"(?:日|天|周|月|小时|分钟)$")


def is_part_of_a_deadline(place: PlacedFigure) -> bool:
    """印发之日起15个工作日内, 会前3天: when, not how much."""
    return bool(DAYS.search(place.figure.unit) and SINCE.search(place.before))


TARGET_VERBS = (
    "达到|达|完成|新增|新建|改建|改扩建|扩建|建成|建设|建立|打造|创建|培育|培养|引进|引育|招引|举办|组织|开展|培训|实施|推进|推出|发展|扶持|支持|选派|选聘"
    "|突破|超过|增长|提高|提升|下降|降低|减少|压减|压缩|缩短|不少于|不低于|不超过|不高于|至少|力争|确保|落实|争取|整治|改造|治理|修复|修建|修缮|安置|解决|办理|种植|造林|投放|设立|配备|消除|查处"
    "|形成|帮助|检查|抽查|转移|招聘|招录|争创|新开|开工|竣工|投资|覆盖|绿化|硬化|疏浚|植树|清理"
)
WITH_TARGET_VERB = re.compile(rf"(?:{TARGET_VERBS})[^,。;]{{0,12}}$")
FEWEST_SPELLED = 10


def is_idle_numeral(place: PlacedFigure) -> bool:
    """一个, 两批, 三条主线: numerals of ordinary language; 不少于一次 and 新建三十个 are figures."""
    figure, before = place.figure, place.before
    if not figure.spelled:
        return False
    if figure.bound or re.search(r"(?:不少于|不低于|至少|不超过|每[年月季周]|提高|下降|增长|新增|新建)$", before):
        return figure.value == 1 and figure.unit in ("批", "个", "项") and not before.endswith(("于", "少", "过"))
    return figure.value < FEWEST_SPELLED or not WITH_TARGET_VERB.search(before)


CLEARED_NAMES = re.compile(r"^(?:行动|机制|工作|政策|方案)")


def is_idle_word(place: PlacedFigure) -> bool:
    """清零行动, 全覆盖的监管: names and attributes that state no end of their own."""
    return place.figure.comparison is not None and bool(CLEARED_NAMES.match(place.after))


NO_TARGETS: tuple[Callable[[PlacedFigure], bool], ...] = (
    is_in_a_name,
    is_subsidy,
    is_size_of_something,
    is_fact,
    is_part_of_a_deadline,
    is_idle_numeral,
    is_idle_word,
)


# --- what a figure says --------------------------------------------------------------------------

BOUNDS = {
    "及以上": Comparison.AT_LEAST,
    "以上": Comparison.AT_LEAST,
    "以下": Comparison.AT_MOST,
    "以内": Comparison.AT_MOST,
    "之内": Comparison.AT_MOST,
    "左右": Comparison.ABOUT,
    "上下": Comparison.ABOUT,
}
COMPARISONS: tuple[tuple[re.Pattern[str], Comparison], ...] = (
    (re.compile(r"(?:不低于|不少于|不小于|不短于|至少|最少|不下于|力保)$"), Comparison.AT_LEAST),
    (
        re.compile(
            r"(?:不高于|不超过|不多于|不大于|不长于|最多|至多|控制在|控制到|压缩[到至]|压减[到至]|缩短[到至为]|降[到至]|降低[到至]|下降[到至]|减少[到至])$"
        ),
        Comparison.AT_MOST,
    ),
    (re.compile(r"(?:突破|超过|超|高于|优于|多于)$"), Comparison.MORE_THAN),
    (re.compile(r"(?:低于|少于|小于)$"), Comparison.LESS_THAN),
    (re.compile(r"(?:约|大约|近|大概)$"), Comparison.ABOUT),
    (re.compile(r"(?:稳定在|保持在|维持在|稳定到)$"), Comparison.EXACTLY),
    (re.compile(r"(?:增长|递增|提高|提升|增加|上升|增幅|涨幅)(?:达到|达|不低于|为|了)?$"), Comparison.INCREASE_BY),
    (
        re.compile(r"(?:下降|降低|减少|压减|压缩|缩短|削减|降幅|回落|精简)(?:达到|达|不低于|为|了)?$"),
        Comparison.DECREASE_BY,
    ),
)
ENDS_OF_COMPARISONS = frozenset("于少短保过多到在至为破超约近概长增高升加幅达了低降减缩落简")
"""what these words end with"""
CHANGE_BY_AT_LEAST = re.compile(r"(?P<up>增长|增速|增幅|提高|提升)|(?P<down>下降|降低|减少|压减|压缩|降幅)")
OF_A_SHARE = re.compile(r"(?:率|比重|比例|占比)$")
SHARES = ("%", "‰", "个百分点", "百分点", "倍", "个基点", "基点")


def comparison_of(before: str, figure: Figure) -> Comparison:
    """How the value is meant, from the verb before it and the bound behind it."""
    if figure.comparison is not None:
        return figure.comparison
    by_verb = None
    if before[-1:] in ENDS_OF_COMPARISONS:
        by_verb = next((comparison for words, comparison in COMPARISONS if words.search(before)), None)
    change = _change(before, figure, by_verb)
    if change is not None:
        return change
    if figure.upper is not None:
        return Comparison.BETWEEN
    if figure.bound:
        return BOUNDS[figure.bound]
    return by_verb or Comparison.REACH


def _change(before: str, figure: Figure, by_verb: Comparison | None) -> Comparison | None:
    """增长6.5%左右, 财政收入增速不低于8%, 材料压减20%以上, 压减40%; a share that reaches a height is none."""
    if by_verb in (Comparison.INCREASE_BY, Comparison.DECREASE_BY):
        return by_verb
    if figure.unit not in SHARES or re.search("[到至在]$", before):
        return None
    last = None
    for found in CHANGE_BY_AT_LEAST.finditer(before[-14:]):
        last = found
    if last is None or re.search("率|比[重例]|[到至在]", before[-14:][last.end() :]):
        return None
    return Comparison.INCREASE_BY if last["up"] else Comparison.DECREASE_BY


BASE_YEAR = re.compile(r"(?:较|比|以|与|相比|同)(?P<year>(?:19|20)\d\d)年?|(?:较|比|同比)(?P<last>上年|去年|上一年)?")


MAY_BE_BASE = re.compile("[比以与同]")
"""one of these or 较 stands before each base"""


def base_year_of(before: str, year: int | None) -> int | None:
    """比2015年下降10% → 2015; 较上年 and 同比 → the year before the document's."""
    if "较" not in before and not MAY_BE_BASE.search(before):
        return None
    found = None
    for found in BASE_YEAR.finditer(before):
        if found["year"]:
            return int(found["year"])
    if found is None or year is None or not (found["last"] or "同比" in before):
        return None
    return year - 1


RESOLVES = ((re.compile("力争|争取"), Resolve.STRIVE), (re.compile("确保"), Resolve.ENSURE))


def resolve_of(before: str) -> Resolve | None:
    """How firmly the words before a figure set it; the nearest word counts."""
    if "争" not in before and "确保" not in before:
        return None
    said = [(found.start(), resolve) for words, resolve in RESOLVES for found in words.finditer(before)]
    return max(said)[1] if said else None


TIME_AT_START = re.compile(
    r"^(?:(?:到|至|在|截至)?(?:(?:19|20)\d\d年?|今年|明年|年|全年|当年|本年|每年|每月|每季度|每|十[一二三四五]五)?(?:\d{1,2}月)?(?:上半年|下半年|[一二三四]季度)?(?:底|末|内|期间)?(?:之?前|以前)?)"
)
VERB_AT_START = re.compile(
    r"^(?:将|使|把|对|其中|实现|力争|争取|确保|努力|计划|预计|全年|累计|共|总计|再|并|年|平均|约|"
    r"新增|新建|改建|改扩建|扩建|建成|建设|完成|打造|创建|培育|培养|引进|引育|招引|举办|组织|开展|培训|实施|推进|推出|发展|扶持|支持|选派|选聘|压减|压缩|减少|降低|提高|提升|增加|扩大"
    r"|缩短|整治|改造|治理|修复|修建|修缮|安置|解决|办理(?!时间|时限|环节|事项)|投放|设立|配备|消除|形成|帮助|检查|抽查|转移|招聘|争创|新开|开工|竣工|覆盖|选树|认定|建立|规划|安排|落实|储备|启动|推动|购置|更新|铺设|种植"
    r"|较|比(?!例|重))+(?![率量数面])"
)
OLD_VALUE_BEFORE = re.compile(r"(?:由|从)[^,。;]{0,12}$")
VERB_AT_END = re.compile(
    r"(?:力争|争取|确保|努力|不低于|不少于|不小于|至少|最少|不高于|不超过|不多于|最多|控制|稳定|保持|维持|突破|超过|低于|高于|超|约|近|达到|达|完成|新增|新建|增长|递增|提高|提升|增加|上升|下降|降低|减少|压减"
    r"|压缩|缩短|削减|扩大|增速|增至|降至|降|升|到|至|在|为|实现|基本|全部|全面|累计|分别|年均|每年|不|再|共|总计|以|内|了|平均|各|均|要|应)+$"
)
BASE_AT_START = re.compile(r"(?:较|比)(?:(?:19|20)\d\d年?|上年|去年|上一年)(?:同期)?|同比|环比")
QUANTITY_AFTER = re.compile(r"^(?:的|以?上)?(?P<noun>[\u4e00-\u9fffA-Za-z\d“”]{2,16})")
NOUN_END = re.compile(
    r"的?(?:建设|改造|任务|工作|目标|全部|达到|实现|完成|投入|并|且|和|及|与|进行|提供|开展|覆盖|落地|以上|左右|建成|,)"
)
LONGEST_QUANTITY = 20


def quantity_of(place: PlacedFigure) -> str:
    """What is counted: the noun before the figure without its verbs, else the one after it."""
    before = OPEN_CLAUSE_MARK.split(place.before)[-1]
    if "比" in before or "较" in before:
        before = BASE_AT_START.sub("", before)
    before = TIME_AT_START.sub("", before, count=1)
    if "由" in before or "从" in before:
        before = OLD_VALUE_BEFORE.sub("", before)
    noun = VERB_AT_START.sub("", VERB_AT_END.sub("", before)).strip(" 的")
    if 2 <= len(noun) <= LONGEST_QUANTITY:
        return squeezed(noun)
    found = QUANTITY_AFTER.match(place.after.split("、", 1)[0])
    if not found:
        return ""
    end = NOUN_END.search(found["noun"], 1)
    return found["noun"][: end.start()] if end else found["noun"]


def _target(text: Text, place: PlacedFigure, year: int | None, before: FoundTarget | None) -> FoundTarget:
    figure, clause = place.figure, place.before
    start = figure.start - _comparing_words(clause)
    quantity = quantity_of(place)
    if not quantity and before is not None and _is_second_limit(text.plain[before.end : start]):
        quantity = before.target.quantity
    target = Target(
        words=squeezed(text.clean[start : figure.end]),
        quantity=quantity,
        unit=figure.unit,
        comparison=comparison_of(clause, figure),
        value=figure.value,
        upper=figure.upper,
        base_year=base_year_of(clause, year),
        resolve=resolve_of(clause),
    )
    return FoundTarget(target, start, figure.end)


WORDS_OF_COMPARISON = re.compile(
    r"(?:不低于|不少于|不小于|至少|最少|不高于|不超过|不多于|最多|控制在|稳定在|保持在|维持在|突破|超过|达到|达|增长|递增|提高到?|提升[到至]?|增加到?|下降|降低|降[到至]|减少|压减"
    r"|压缩[到至]?|缩短[到至]?|扩大到|覆盖)$"
)


ENDS_OF_COMPARING_WORDS = frozenset("于少过多在破到达长增高至升加降低减缩短盖")


def _comparing_words(clause: str) -> int:
    """How many characters before the figure belong to its words (达到, 不少于)."""
    if clause[-1:] not in ENDS_OF_COMPARING_WORDS:
        return 0
    found = WORDS_OF_COMPARISON.search(clause)
    return len(found.group()) if found else 0


def _is_second_limit(between: str) -> bool:
    """不高于59，力争不高于57: nothing but a comma and 力争 stands between the two."""
    return bool(re.fullmatch(r"[,、;]?(?:力争|争取|确保|并|努力|最终){0,2}", between))
