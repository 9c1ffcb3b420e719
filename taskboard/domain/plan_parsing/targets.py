"""Measurable targets: 网上办理率达到70%以上, 新增小微企业8000家, 比2015年下降10%, 实现全覆盖, 隐患清零.

A figure becomes a target with what is counted, its unit, how it is to be held against the value, and the year a change
is counted from. Figures that set no target (``no_targets``) are left out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import msgspec

from taskboard.domain.plan_parsing.figures import Figure, figures_in
from taskboard.domain.plan_parsing.no_targets import LONGEST_CLAUSE, NO_TARGETS, PlacedFigure, place_of
from taskboard.domain.plan_parsing.reading import Comparison, Resolve, Target
from taskboard.domain.plan_parsing.text import Text, squeezed

MOST_TARGETS = 24
"""of one measure; a longer row of figures is a statistic"""


class FoundTarget(msgspec.Struct, frozen=True, gc=False):
    """A target and its characters in the text of the measure."""

    target: Target
    start: int
    end: int


def read_targets(text: Text, year: int | None = None) -> list[FoundTarget]:
    """The targets of a measure in order; ``year`` is the document's, for 较上年."""
    plain = text.plain
    found: list[FoundTarget] = []
    for figure in figures_in(plain):
        if len(found) == MOST_TARGETS:
            break
        before = plain[max(0, figure.start - LONGEST_CLAUSE) : figure.start]
        after = plain[figure.end : figure.end + LONGEST_CLAUSE]
        setting = _setting_of(figure.anywhere(), before, after, year)
        if setting is not None:
            found.append(_target(text, figure, setting, found[-1] if found else None))
    return found


class Setting(NamedTuple):
    """What the words around a figure say of it, whatever its value."""

    quantity: str
    comparison: Comparison
    base_year: int | None
    resolve: Resolve | None
    begins_before: int
    """characters before the figure that belong to its words (达到, 不少于)"""


@lru_cache(maxsize=4096)
def _setting_of(figure: Figure, before: str, after: str, year: int | None) -> Setting | None:
    """How a figure is meant between these words, nothing where it sets no target; read once, for rows of a ledger
    differ in their values alone.
    """
    place = place_of(figure, before, after)
    if any(sets_no_target(place) for sets_no_target in NO_TARGETS):
        return None
    clause = place.before
    return Setting(
        quantity_of(place),
        comparison_of(clause, figure),
        base_year_of(clause, year),
        resolve_of(clause),
        _comparing_words(clause),
    )


OPEN_CLAUSE_MARK = re.compile(r"[,。;:、!?\n(\[“”》]")

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
    r"^(?:(?:到|至|在|截至)?(?:(?:19|20)\d\d年?|今年|明年|年|全年|当年|本年|每年|每月|每季度|每|十[一二三四五]五)?(?:\d{1,2}月(?:\d{1,2}[日号])?)?(?:上半年|下半年|[一二三四]季度)?(?:底|末|内|期间)?(?:之?前|以前)?)"
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


def _target(text: Text, figure: Figure, setting: Setting, before: FoundTarget | None) -> FoundTarget:
    start = figure.start - setting.begins_before
    quantity = setting.quantity
    if not quantity and before is not None and _is_second_limit(text.plain[before.end : start]):
        quantity = before.target.quantity
    target = Target(
        squeezed(text.clean[start : figure.end]),
        quantity,
        figure.unit,
        setting.comparison,
        figure.value,
        figure.upper,
        setting.base_year,
        setting.resolve,
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
