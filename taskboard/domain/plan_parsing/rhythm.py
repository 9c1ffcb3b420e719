"""When departments report on a document: 每月28日前报送进展, 每季度首月20日前, 月调度、季通报, days in a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from taskboard.domain.plan_parsing.mentions import MENTION, Anchor, read_mention
from taskboard.domain.plan_parsing.numbering import chinese_number
from taskboard.domain.plan_parsing.reading import ReportRhythm, RhythmKind
from taskboard.domain.plan_parsing.text import Source, Text, spans_of, squeezed

LAST_DAY = 31
"""of any month, shorter ones too"""


@dataclass(frozen=True)
class Beat:
    """A rhythm in words: characters ``start`` to ``end`` of a sentence."""

    kind: RhythmKind
    start: int
    end: int
    day: int | None = None
    weekday: int | None = None
    month: int | None = None
    dates: tuple[date, ...] = ()


def read_rhythm(sentences: Iterable[Text], anchor: Anchor, sources: list[Source]) -> ReportRhythm | None:
    """The rhythm in which these sentences want reports; what is said of reporting counts before 调度 and 通报."""
    checked: tuple[Text, Beat] | None = None
    for sentence in sentences:
        reports = asks_for_reports(sentence.plain)
        if not reports and (checked or not CHECKS.search(sentence.plain)):
            continue
        beat = report_beat(sentence.plain, anchor)
        if beat and reports:
            return _rhythm(sentence, beat, sources)
        if beat and checked is None:
            checked = (sentence, beat)
    return _rhythm(*checked, sources) if checked else None


def _rhythm(sentence: Text, beat: Beat, sources: list[Source]) -> ReportRhythm:
    words = sentence[beat.start : beat.end]
    return ReportRhythm(
        beat.kind,
        squeezed(words.clean),
        beat.day,
        beat.weekday,
        beat.month,
        beat.dates,
        spans_of(words, sources),
    )


# --- sentences about reports ---------------------------------------------------------------------

SENTENCE = re.compile(r"[^。;!?\n]+")
RHYTHM_HINT = re.compile(r"每|双周|双月|半月|月|季|周|半年|年中")
REPORTS = re.compile(
    r"报送|上报|汇报|书面报告|报告|填报|反馈|提交|报备"
    r"|报(?=[省市县区州][^,。]{0,12}(?:办|局|室|委|组|处|部)|[^,。]{0,14}办公室)"
)
ABOUT_PROGRESS = re.compile(r"进展|情况|进度|小结|总结|报表|月报|季报|台账|信息|推进|落实|成效|汇报|数据|自查")
PUBLISHES = re.compile(
    r"(?:发布|形成|编制|出具|信用|工作|研究|分析|评估|统计|审计|检测)报告(?!进展|工作|情况)|向[^,。]{0,14}人大"
)
CHECKS = re.compile(r"调度|通报|督查|督导|考核|点评|评估|例会|会商|排名|销号|检查")


def sentences_with_rhythm(lines: Iterable[Text]) -> list[Text]:
    """The sentences that say anything of a rhythm."""
    return [
        line[found.start() : found.end()]
        for line in lines
        if RHYTHM_HINT.search(line.plain)
        for found in SENTENCE.finditer(line.plain)
        if RHYTHM_HINT.search(found.group())
    ]


def asks_for_reports(plain: str) -> bool:
    """Whether a sentence asks for reports of progress: 各责任单位要于每月底前报送进展; not 每季度发布分析报告."""
    return bool(ABOUT_PROGRESS.search(plain) and REPORTS.search(PUBLISHES.sub("", plain)))


TO_ALL = re.compile(
    r"(?:各|请)(?:有关|相关|责任|牵头|承办|成员|主管|级|地|直属){0,3}(?:单位|部门|地区?|[市县区州](?:[(、市县区州)]|$)|专班|工作组|小组|乡镇|镇街|学院|公司|处室|科室|企业)"
)


def asks_all_for_reports(plain: str) -> bool:
    """Whether a sentence asks all units for reports (各责任单位每月25日前报送), wherever it stands."""
    return bool(TO_ALL.search(plain)) and asks_for_reports(plain)


# --- beats ---------------------------------------------------------------------------------------

NUMERAL = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
IN_MONTH = rf"(?:的)?(?:(?P<day>{NUMERAL})[日号]|(?P<end>月?[底末])|(?P<ten>[上中下])旬|初)?"
BEFORE = r"(?:之?前|以前|内)?"

PATTERNS: Mapping[RhythmKind, re.Pattern[str]] = {
    RhythmKind.WEEKLY: re.compile(
        rf"(?:每|逐|按)(?:一|个)?(?:周|星期)(?:[周星期]{{0,2}}(?P<weekday>[一二三四五六日天]))?{BEFORE}|一周一[^,。、]{{1,4}}|(?<![双半两])周(?:调度|通报|报告|报(?!告)|例会|会商)"
    ),
    RhythmKind.FORTNIGHTLY: re.compile(
        r"每(?:隔)?(?:两|2|二)(?:个)?(?:周|星期)|双周|每半个?月|半月一?(?=调度|通报|报|督|会|小结|汇报|例会|次)"
    ),
    RhythmKind.TWO_MONTHLY: re.compile(rf"(?:每隔?(?:两|2|二)个月|双月){IN_MONTH}{BEFORE}"),
    RhythmKind.MONTHLY: re.compile(
        rf"(?:每(?:个)?月(?:份)?|(?:按|逐)月|次月|下月){IN_MONTH}{BEFORE}|一月一[^,。、]{{1,4}}|(?<![双半个\d])月度?(?:调度|通报|报告|报(?!告)|例会|会商|汇报|督查|督导)"
    ),
    RhythmKind.QUARTERLY: re.compile(
        rf"(?:每(?:个|一)?|下(?:一)?(?:个)?|按|逐)季度?(?:的)?(?:(?:第(?P<month>[一二三123])个?月|(?P<first>首月)|(?P<last>(?:最后一个|末)月))(?:份)?)?{IN_MONTH}{BEFORE}"
        r"|一季度?一[^,。、]{1,4}|(?<![一二三四])季度?(?:调度|通报|报告|报(?!告)|考核|点评|评估|督查|汇报)"
    ),
    RhythmKind.HALF_YEARLY: re.compile(
        r"每半年(?P<end>[底末])?(?:之?前)?|半年度?(?:一(?=调度|通报|考核|评估|督查|总结|报)|报告|考核|总结|督查|通报|检阅)|年中(?:、|和|及|与)(?:年末|年底|年终)"
    ),
    RhythmKind.YEARLY: re.compile(
        rf"每(?:一)?年(?:度)?(?:(?P<ymonth>{NUMERAL})月(?:份)?{IN_MONTH}|(?P<yearend>年?[底末终]))?{BEFORE}|一年一[^,。、]{{1,4}}"
    ),
}
"""from the shortest to the longest; a sentence with several is read by the shortest"""


def beats(plain: str, anchor: Anchor) -> list[Beat]:
    """All rhythms in a sentence, the shortest kind first."""
    found = [READERS[kind](match) for kind, pattern in PATTERNS.items() for match in pattern.finditer(plain)]
    days = listed_days(plain, anchor)
    return [days, *found] if days else found


def report_beat(plain: str, anchor: Anchor) -> Beat | None:
    """The rhythm by which reports fall due: the one beside the word for it, else a list of days or the shortest."""
    found = beats(plain, anchor)
    beside = [beat for beat in found if REPORTS.search(plain[beat.end : _end_of_clause(plain, beat.end)])]
    return next(iter([*beside, *found]), None)


def _end_of_clause(plain: str, start: int) -> int:
    comma = plain.find(",", start)
    return len(plain) if comma < 0 else comma


def _number(words: str) -> int:
    return int(words) if words.isdigit() else chinese_number(words)


def _day(found: re.Match[str]) -> int | None:
    """28日 → 28, 月底 → 31, 中旬 → 20; none where no day is named or it cannot be one."""
    if found["day"]:
        day = _number(found["day"])
        return day if 1 <= day <= LAST_DAY else None
    if found["end"]:
        return LAST_DAY
    return {"上": 10, "中": 20, "下": LAST_DAY}.get(found["ten"] or "")


def _weekly(found: re.Match[str]) -> Beat:
    weekday = "一二三四五六日".find((found["weekday"] or "?").replace("天", "日")) + 1
    return Beat(RhythmKind.WEEKLY, *found.span(), weekday=weekday or None)


def _fortnightly(found: re.Match[str]) -> Beat:
    return Beat(RhythmKind.FORTNIGHTLY, *found.span())


def _two_monthly(found: re.Match[str]) -> Beat:
    return Beat(RhythmKind.TWO_MONTHLY, *found.span(), day=_day(found))


def _monthly(found: re.Match[str]) -> Beat:
    return Beat(RhythmKind.MONTHLY, *found.span(), day=_day(found))


def _quarterly(found: re.Match[str]) -> Beat:
    day = _day(found)
    month: int | None = None
    if found["month"]:
        month = _number(found["month"])
    elif found["first"]:
        month = 1
    elif found["last"] or found["end"]:
        month = 3
    return Beat(RhythmKind.QUARTERLY, *found.span(), day=day, month=month)


def _half_yearly(found: re.Match[str]) -> Beat:
    ends = bool(found["end"])
    return Beat(RhythmKind.HALF_YEARLY, *found.span(), day=LAST_DAY if ends else None, month=6 if ends else None)


def _yearly(found: re.Match[str]) -> Beat:
    if found["yearend"]:
        return Beat(RhythmKind.YEARLY, *found.span(), day=LAST_DAY, month=12)
    month = _number(found["ymonth"]) if found["ymonth"] else None
    if month is None or not 1 <= month <= 12:
        return Beat(RhythmKind.YEARLY, *found.span())
    return Beat(RhythmKind.YEARLY, *found.span(), day=_day(found), month=month)


READERS: Mapping[RhythmKind, Callable[[re.Match[str]], Beat]] = {
    RhythmKind.WEEKLY: _weekly,
    RhythmKind.FORTNIGHTLY: _fortnightly,
    RhythmKind.TWO_MONTHLY: _two_monthly,
    RhythmKind.MONTHLY: _monthly,
    RhythmKind.QUARTERLY: _quarterly,
    RhythmKind.HALF_YEARLY: _half_yearly,
    RhythmKind.YEARLY: _yearly,
}

BETWEEN_DAYS = re.compile(r"[、,]?(?:和|及|以及|与)?")
FEWEST_DAYS = 2


def listed_days(plain: str, anchor: Anchor) -> Beat | None:
    """4月15日、7月15日、10月15日及次年1月15日前: a row of days; without a year in the document they have no dates."""
    row: list[re.Match[str]] = []
    for found in MENTION.finditer(plain):
        if not (found["day"] or (found["month"] and (found["mend"] or found["mbefore"]))):
            continue
        if row and not BETWEEN_DAYS.fullmatch(plain[row[-1].end() : found.start()]):
            if len(row) >= FEWEST_DAYS:
                break
            row = []
        row.append(found)
    if len(row) < FEWEST_DAYS:
        return None
    return Beat(RhythmKind.DATED, row[0].start(), row[-1].end(), dates=_dates(row, anchor))


def _dates(row: Sequence[re.Match[str]], anchor: Anchor) -> tuple[date, ...]:
    days: list[date] = []
    for found in row:
        mention = read_mention(found, anchor, days[-1].year if days and "次年" not in found.group() else None)
        if mention is None or mention.date is None:
            return ()
        days.append(mention.date)
    return tuple(days)
