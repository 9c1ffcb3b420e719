"""What the document is: its title, who issued it, its date, number, year and horizon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from taskboard.domain.plan_parsing.numbering import chinese_number, read_label
from taskboard.domain.plan_parsing.text import Text, squeezed

Day = date


@dataclass(frozen=True)
class Identity:
    """``year`` is the one that a month without year belongs to."""

    title: str | None
    issuer: str | None
    date: Day | None
    year: int | None
    number: str | None
    horizon: Day | None


KINDS = (
    "方案|意见|通知|计划|要点|措施|清单|分工表|办法|规划|规定|细则|任务表|举措|安排|台账|分解表|责任表|一览表|任务书|分工|纲要|指南|指引"
    "|工作表|通报|决定|通告|公告|提要|建议|条例|部署|行动|汇总表|目录|若干条|条措施|实施意见|发布会|会议纪要|纪要|批复|函|倡议|报告|表"
)
TITLE_END = re.compile(rf"(?:{KINDS}|分解|(?:重点|工作|目标)任务)(?:[(\[][^()\[\]]{{1,20}}[)\]]){{0,2}}》?$")
TITLE_IN_INTRO = re.compile(
    rf"(?:提出|制定|制订|编制)(?:本|以下|如下|了)?[“《]?(?P<title>(?:(?:19|20)\d\d年)?[^。,;:“”《》]{{2,40}}?(?:{KINDS}))[”》]?(?:如下|[。:,]|$)"
)
YEARS_RANGE = re.compile(r"(?P<first>(?:19|20)\d\d)年?\s?[—\-~至到]{1,2}\s?(?P<last>(?:19|20)\d\d)年?")
YEAR = re.compile(r"(?P<year>(?:19|20)\d\d)(?=年)")
DAY = re.compile(
    r"(?P<year>(?:19|20)\d\d|[二一][〇零九一二三四五六七八]{3})\s?年\s?(?P<month>\d{1,2}|[一二三四五六七八九十]{1,2})\s?月\s?(?P<day>\d{1,2}|[一二三四五六七八九十]{1,3})\s?日"
)
NUMERIC_DAY = re.compile(r"(?P<year>(?:19|20)\d\d)[-./](?P<month>\d{1,2})[-./](?P<day>\d{1,2})")
DOCUMENT_NUMBER = re.compile(
    r"(?P<number>(?!文号|发文字号)[\u4e00-\u9fff]{2,14}[(\[](?P<year>(?:19|20)\d\d)[)\]]\s?(?:第)?\d{1,4}\s?号)"
)
DATED_FIELD = re.compile(r"(?:(?:成文|发文|印发|生成|填报|制表|填表|编制|签发|上报)(?:日期|时间)|文件日期)\s?[:|]?\s*")
PUBLISHED_FIELD = re.compile(r"(?:发布时间|发布日期|公开日期)\s?[:|]?\s*|(?:^|\s)日\s?期\s?[:|]\s*")
BODIES = (
    "政府|办公室|办公厅|委员会|局|厅|委|办|部|领导小组|公司|集团|大学|学院|学校|中学|小学|幼儿园"
    "|管委会|指挥部|党委|中心|院|会"
)
ISSUED_AT = re.compile(r"[(\[]?(?P<day>[^()\[\]]{8,14}日)(?:印发|发布|公布|通过)")
PRINTED_DAY = re.compile(rf"{DAY.pattern}(?:印发|制发)")
WRITTEN_DAY = r"\d{4}\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日"
PASSED_AT = re.compile(
    rf"^[(\[](?:{DOCUMENT_NUMBER.pattern.replace('?P<number>', '').replace('?P<year>', '')}[,、;\s])?"
    rf"{WRITTEN_DAY}[^()\[\]。;]{{0,30}}(?:通过|批准|印发|公布|发布|审议|审定|确定)[)\]]$"
)
"""（2019年1月8日市委常委会会议通过） on the line below the title, perhaps behind the document's number"""
ISSUER_FIELD = re.compile(
    rf"(?:发布机构|发文机关|发文单位|填报单位|制表单位|印发机关|编制单位|填表单位|(?:^|\s)单\s?位\s?:(?=\s?[\u4e00-\u9fff]{{2,28}}(?:{BODIES})(?:\s|$)))"
    r"\s?[:|]?\s*(?P<issuer>[^\s:|]{2,30})"
)
ISSUER_FIELD_AND_DAY = re.compile(rf"^{ISSUER_FIELD.pattern.replace('?P<issuer>', '')}\s{{1,40}}{WRITTEN_DAY}$")
ISSUER_AND_DAY = re.compile(
    rf"^[(\[]?(?P<issuer>[\u4e00-\u9fff]{{2,30}}(?:{BODIES})(?:\s[\u4e00-\u9fff]{{2,30}}(?:{BODIES})){{0,3}})"
    rf"[\s,]{{0,40}}{WRITTEN_DAY}(?:印发|发布)?(?:[)\]]|\s|$)"
)
"""an issuer and the day on one line of the head, perhaps with counters of a web page behind them"""
DAY_AND_ISSUER = re.compile(rf"^[(\[]{WRITTEN_DAY}\s?(?P<issuer>[\u4e00-\u9fff]{{4,30}})(?:印发|发布)[)\]]$")
LONGEST_HEAD = 80
"""characters of a line of the head that names issuer and day"""
BESIDE_ISSUER = (ISSUER_AND_DAY, ISSUER_FIELD_AND_DAY)
PASSED_BEFORE_DAY = re.compile(
    rf"^[(\[][^()\[\]。;]{{2,40}}(?:通过|批准|印发|公布|发布|审议|审定|确定)[\s,、]{{0,8}}{WRITTEN_DAY}[)\]]$"
)
"""（集团公司安委会审议通过 2024年4月18日）"""
MEETING_OPENS = re.compile(rf"^{WRITTEN_DAY}(?:[上下]午|晚上?)?,?[^。;]{{0,60}}?(?:主持|召开|听取|会议)")
"""2023年11月14日下午，…主持召开专题会议: the first words of minutes"""
LETTERHEAD = re.compile(r"^(?P<issuer>[\u4e00-\u9fff()]{4,30})文件$")
GAZETTE = re.compile(r"公报(?:(?:19|20)\d\d年)?第?\d{1,3}[期号]$")
BARE_NUMBER = re.compile(r"^[(\[](?P<year>(?:19|20)\d\d)[)\]]\s?第?\d{1,4}\s?号$")
"""〔2023〕47号 alone, as minutes and briefings are numbered"""
REMARK_IN_TITLE = re.compile(r"[(\[](?:[^()\[\]]|[(\[][^()\[\]]{2,12}[)\]]){4,50}(?:印发|通过|发布|公布)[)\]]$")
HELD_FIELD = re.compile(rf"^(?:会议|发布|举办|召开)?(?:时\s?间|日\s?期)\s?[:|]\s*(?={WRITTEN_DAY})")
MEETING = re.compile(r"发布会|吹风会|会议|座谈会|推进会|访谈|讲话")
"""what is held on a day; of other documents 时间： tells when a site put them on a page"""
YEAR_SAID = re.compile(
    r"(?:时限|时间|日期|期限|月份|未注明年份)[^。;]{0,24}(?:均|都|皆|一律)(?:为|指|系)(?P<year>(?:19|20)\d\d)年(?![^。,;)]*[底末至—\-])"
)
"""本表所列时限，除注明外均为2023年: the year that a month without one belongs to, said by the document itself"""
HEAD_LINES = 40


def read_identity(lines: Sequence[Text], dropped: Sequence[Text], titles: Sequence[Text] = ()) -> Identity:
    """The identity from the head of the document, its signature and the frame around it."""
    title = _title(lines, titles)
    number, written = _own_number([*lines[:HEAD_LINES], *titles, *dropped[:HEAD_LINES]])
    day = _own_date(lines, dropped, titles)
    year = _year(day, title, number, lines)
    return Identity(title, _issuer(lines, dropped, titles, title), day, year, written, _horizon(title))


def _own_number(lines: Sequence[Text]) -> tuple[re.Match[str] | None, str | None]:
    """沅政〔2018〕6号 on a line of its own or after 文号, and how the document writes it, with its own brackets.

    One inside a sentence is another document's.
    """
    for line in lines:
        plain = squeezed(line.plain)
        found = DOCUMENT_NUMBER.search(plain)
        if found and (len(plain) <= len(found.group()) + 10 or re.search("文号|发文字号", plain)):
            clean = squeezed(line.clean)
            return found, clean[slice(*found.span("number"))] if len(clean) == len(plain) else found["number"]
    return None, None


# --- title ---------------------------------------------------------------------------------------


def _title(lines: Sequence[Text], titles: Sequence[Text]) -> str | None:
    for title in titles:
        bare = _without_remark(title)
        if TITLE_END.search(squeezed(bare.plain)) and len(bare) <= 80:
            return squeezed(bare.clean)
    candidates = _title_lines(lines[:HEAD_LINES])
    own = [title for title in candidates if not title.endswith("的通知")]
    notice = next((title for title in candidates if title.endswith("的通知")), None)
    if notice:
        named = re.search("《(.+?)》", notice)
        everywhere = [
            *own,
            *(squeezed(one.clean) + _tail(lines, n) for n, one in enumerate(lines) if len(one) <= LONGEST_TITLE_LINE),
        ]
        plan = next((title for title in everywhere if named and title.startswith(named[1][:8])), None)
        return plan or (own[0] if own and not named else notice)
    if own:
        return own[0]
    first = _first_line(lines)
    if first:
        return first
    intro = TITLE_IN_INTRO.search("\n".join(line.plain for line in lines[:HEAD_LINES])[:4000])
    return intro["title"] if intro else None


def _without_remark(line: Text) -> Text:
    """A title without （永交发〔2023〕8号，2023年2月10日印发） behind it."""
    remark = REMARK_IN_TITLE.search(line.plain)
    return line[: remark.start()].strip() if remark else line


def _first_line(lines: Sequence[Text]) -> str | None:
    """A short first line without punctuation, when nothing else reads as a title."""
    for line in lines[:2]:
        plain = squeezed(line.plain)
        if 6 <= len(plain) <= LONGEST_TITLE_LINE and not NO_TITLE_LINE.search(plain) and not read_label(line.plain):
            return squeezed(line.clean)
    return None


NO_TITLE_LINE = re.compile(
    rf"{LETTERHEAD.pattern}|{GAZETTE.pattern}|[。;:!?,]|^附件|^\(?\d{{4}}年\d{{1,2}}月|^\d+$"
    r"|^第.{1,4}[条章]|[)\]]\d{1,4}号$"
)
FRAME_MARK = re.compile(r"[>|»丨]")
TITLE_TAIL = re.compile(r"^[(\[](?![^()\[\]]*(?:印发|通过|日|公布|发布))[^()\[\]]{2,24}[)\]]$")
LONGEST_TITLE_LINE = 60


def _title_lines(lines: Sequence[Text]) -> list[str]:
    """Lines of the head that read as titles; one that is broken over two or three lines is joined."""
    found: dict[str, None] = {}
    for number, written in enumerate(lines):
        line = _without_remark(written)
        plain = squeezed(line.plain)
        if read_label(line.plain) is not None and number > 0:
            if found or len(line) > LONGEST_TITLE_LINE:
                break
            continue
        if 5 <= len(plain) <= LONGEST_TITLE_LINE + 20 and TITLE_END.search(plain) and not NO_TITLE_LINE.search(plain):
            found.setdefault(_with_broken_start(lines, number) + squeezed(line.clean) + _tail(lines, number))
    return list(found)


def _with_broken_start(lines: Sequence[Text], number: int) -> str:
    """The lines above that the title begins on: short, without punctuation, and no title of their own."""
    start = ""
    for line in reversed(lines[max(0, number - 2) : number]):
        plain = squeezed(line.plain)
        if not 4 <= len(plain) <= LONGEST_TITLE_LINE or NO_TITLE_LINE.search(plain) or TITLE_END.search(plain):
            break
        if FRAME_MARK.search(plain) or ISSUER_AND_DAY.match(plain):
            break
        if read_label(line.plain) is not None or not (
            len(plain) >= 8 or squeezed(lines[number].plain).startswith("关于")
        ):
            break
        start = squeezed(line.clean) + start
    return start


def _tail(lines: Sequence[Text], number: int) -> str:
    """（征求意见稿） or （2023—2025年） on the line below."""
    below = squeezed(lines[number + 1].plain) if number + 1 < len(lines) else ""
    return squeezed(lines[number + 1].clean) if TITLE_TAIL.match(below) else ""


# --- dates ---------------------------------------------------------------------------------------


def read_day(words: str) -> date | None:
    """``"2023年2月20日"``, ``"二〇二三年二月二十日"`` or ``"2023-02-20"``."""
    found = DAY.search(words) or NUMERIC_DAY.search(words)
    if not found:
        return None
    numbers = [
        int(found[part]) if found[part].isdigit() else chinese_number(found[part]) for part in ("year", "month", "day")
    ]
    try:
        return date(*numbers)
    except ValueError:
        return None


def _own_date(lines: Sequence[Text], dropped: Sequence[Text], titles: Sequence[Text]) -> date | None:
    everything = [*titles, *lines, *dropped]
    for text in everything:
        plain = text.plain.strip()
        if len(plain) <= 24 and DAY.fullmatch(plain.strip("()[] ")):
            return read_day(plain)
    return (
        _day_in_field(DATED_FIELD, everything)
        or _issued_in_brackets([*titles, *lines[:HEAD_LINES]])
        or _beside_issuer([*titles, *lines[:HEAD_LINES], *dropped])
        or _printed_on(everything)
        or _day_in_field(PUBLISHED_FIELD, everything)
        or (_day_in_field(HELD_FIELD, everything) if any(MEETING.search(t.plain) for t in lines[:3]) else None)
        or _held_on(lines)
    )


def _printed_on(texts: Sequence[Text]) -> date | None:
    """2024年2月26日印发, alone on the last line of a paper that is not signed."""
    short = (text.plain.strip() for text in texts if len(text) <= LONGEST_DAY + len("印发"))
    return next((read_day(plain) for plain in short if PRINTED_DAY.fullmatch(plain)), None)


def _held_on(lines: Sequence[Text]) -> date | None:
    """The day that minutes begin with."""
    if not any("纪要" in line.plain for line in lines[:4]):
        return None
    return next((read_day(line.plain[:24]) for line in lines[:10] if MEETING_OPENS.match(line.plain.strip())), None)


LONGEST_FIELDS = 300
LONGEST_DAY = 16


def _day_in_field(name: re.Pattern[str], texts: Sequence[Text]) -> date | None:
    """The day behind such a name, or on the line below it."""
    for number, text in enumerate(texts):
        found = name.search(text.plain) if len(text) <= LONGEST_FIELDS else None
        if not found:
            continue
        words = text.plain[found.end() : found.end() + LONGEST_DAY]
        if found.start() == 0 and not words.strip() and number + 1 < len(texts):
            words = texts[number + 1].plain.strip()[:LONGEST_DAY]
        if day := read_day(words):
            return day
    return None


def _beside_issuer(lines: Sequence[Text]) -> date | None:
    """白石镇人民政府  2022年3月9日, before anything that a web page says about itself."""
    short = (line.plain.strip() for line in lines if len(line) <= LONGEST_HEAD)
    return next((read_day(plain) for plain in short if any(form.match(plain) for form in BESIDE_ISSUER)), None)


def _issued_in_brackets(lines: Sequence[Text]) -> date | None:
    for line in lines:
        if len(line) > 120:
            continue
        plain = squeezed(line.plain)
        found = ISSUED_AT.search(plain)
        passed = PASSED_AT.match(plain) or PASSED_BEFORE_DAY.match(plain)
        words = found["day"] if found else plain if passed else ""
        if day := read_day(words):
            return day
    return None


def _year(day: date | None, title: str | None, number: re.Match[str] | None, lines: Sequence[Text]) -> int | None:
    if (said := next((found for line in lines if (found := YEAR_SAID.search(line.plain))), None)) is not None:
        return int(said["year"])
    in_title = _single_year(title)
    if day is not None:
        # a plan for next year is often signed in December
        return in_title if in_title is not None and in_title == day.year + 1 and day.month >= 10 else day.year
    if in_title is not None:
        return in_title
    numbered = number or next((found for line in lines[:6] if (found := BARE_NUMBER.match(line.plain.strip()))), None)
    if numbered is not None:
        return int(numbered["year"])
    head = "".join(line.plain for line in lines[:6])[:1500]
    intro = re.search(rf"(?:提出|制定|做好|推进|编制)(?P<year>(?:19|20)\d\d)年[^。]{{0,40}}?(?:{KINDS})", head)
    return int(intro["year"]) if intro else None


def _single_year(title: str | None) -> int | None:
    if not title:
        return None
    if YEARS_RANGE.search(title):
        return None
    years = {int(found["year"]) for found in YEAR.finditer(title)} | {
        int(y) for y in re.findall(r"[（(]((?:19|20)\d\d)[)）]", title)
    }
    return years.pop() if len(years) == 1 else None


def _horizon(title: str | None) -> date | None:
    found = YEARS_RANGE.search(title or "")
    return date(int(found["last"]), 12, 31) if found else None


# --- issuer --------------------------------------------------------------------------------------

BODY_LINE = re.compile(rf"^[\u4e00-\u9fff()]{{4,30}}(?:{BODIES})$")


def _issuer(lines: Sequence[Text], dropped: Sequence[Text], titles: Sequence[Text], title: str | None) -> str | None:
    for number, line in enumerate(lines):
        plain = line.plain.strip("() ")
        if number and len(plain) <= 24 and DAY.fullmatch(plain):
            above = squeezed(lines[number - 1].clean)
            if BODY_LINE.match(squeezed(lines[number - 1].plain)):
                return above
    for text in [*titles, *lines[:HEAD_LINES], *dropped]:
        found = ISSUER_FIELD.search(text.plain) if len(text) <= 300 else None
        if found:
            return found["issuer"]
    in_title = re.match(
        r"(?P<issuer>[\u4e00-\u9fff]{2,24}?(?:政府|办公室|办公厅|委员会|局|厅|委|管委会))(?:办公室|办公厅)?关于",
        title or "",
    )
    if in_title:
        return in_title["issuer"]
    for text in [*titles, *lines[:HEAD_LINES]]:
        plain = text.plain.strip()
        beside = (ISSUER_AND_DAY.match(plain) or DAY_AND_ISSUER.match(plain)) if len(plain) <= LONGEST_HEAD else None
        if found := LETTERHEAD.match(squeezed(plain)) or beside:
            return found["issuer"]
    return None
