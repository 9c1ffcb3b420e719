"""Figures that set no target: digits of names, subsidies, sizes, facts, parts of deadlines, idle words."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from taskboard.domain.plan_parsing.figures import Figure

MEASURES_OF_SIZE = re.compile(
    r"^[万亿千百]{0,2}(?:元|平方米|平米|平方公里|公里|米|吨|亩|千瓦|兆瓦|MW|kW|立方米|公顷|人|床|张床位)$"
)

LONGEST_CLAUSE = 40
CLAUSE_MARK = re.compile(r"[,。;:!?\n]")


class PlacedFigure(msgspec.Struct, frozen=True, gc=False):
    """A figure, wherever it stands, with what stands before and after it in its clause and around it."""

    figure: Figure
    before: str
    after: str
    near_before: str
    """at most ``LONGEST_CLAUSE`` characters, also of the clause before"""
    near_after: str


def place_of(figure: Figure, near_before: str, near_after: str) -> PlacedFigure:
    """The figure between these characters."""
    before, after = CLAUSE_MARK.split(near_before)[-1], CLAUSE_MARK.split(near_after, maxsplit=1)[0]
    return PlacedFigure(figure, before, after, near_before, near_after)


NAMED_BEFORE = re.compile(r"(?:[A-Za-z.+\-—/\d]|第\s?|[\[(](?:19|20)\d\d[\])]\s?)$")
NAMED_AFTER = re.compile(
    r"(?:[+×]|工程|行动|计划|战略|模式|体系|强(?:企业|县|市|区|镇)?|国道|省道|县道|号|级|[Aa]级|以上医院|新政|举措|"
    r"百货|(?:重点)?任务清单|维护|意识|自信|确保|[次届]会议)"
)


def is_in_a_name(place: PlacedFigure) -> bool:
    """“145工程”, “7+1”, “五个100”, PM2.5, G104, 〔2023〕11号, 第3次: digits of a name or a number of a document."""
    if NAMED_BEFORE.search(place.near_before[-8:]) or NAMED_AFTER.match(place.near_after[:8]):
        return True
    _, quote, quoted = place.near_before[-16:].rpartition("“")
    return bool(quote) and "”" not in quoted and "”" in place.near_after[:16]


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
    return bool(SIZED.match(place.near_after[:4]))


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
