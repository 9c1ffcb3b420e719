"""Why a field of a reading should be looked at, in the words of the review page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from taskboard.domain.plan_parsing.doubts import Doubt

DOUBTS: Mapping[Doubt, str] = {
    Doubt.ITEMS_TOGETHER: "可能有几项连在了一起",
    Doubt.ROW_UNLIKE_OTHERS: "这一行的各列可能错了位",
    Doubt.TEXT_BROKEN: "原文有乱码",
    Doubt.LEAD_MISSING: "没有读出牵头单位",
    Doubt.SEVERAL_CLAUSES: "这一项写有几处责任单位",
    Doubt.CLAUSE_BELOW: "责任单位写在下级条目之后",
    Doubt.CLAUSE_IN_PROSE: "责任单位是从行文中读出的",
    Doubt.CLAUSE_DAMAGED: "责任单位一栏有误码、缺字或缺标点",
    Doubt.CLAUSE_UNREAD: "责任单位一栏有文字未读懂",
    Doubt.CLAUSE_WITH_STATEMENT: "责任单位一栏夹有对全文的说明",
    Doubt.CELL_FILLED_DOWN: "单元格是空的，沿用了上一行",
    Doubt.UNITS_ELSEWHERE: "正文或邻近处还有单位名称没有读入",
    Doubt.ROLE_REPEATED: "同一种责任写了两次",
    Doubt.ROLE_WITHOUT_UNIT: "写有牵头或配合，却没有读出相应单位",
    Doubt.SEVERAL_LEADS: "没有写明牵头，却读出几个牵头单位",
    Doubt.PARTNERS_MISSING: "其他各项大多有配合单位，这一项没有",
    Doubt.NAME_UNKNOWN: "单位名称不常见，全文只出现这一次",
    Doubt.NAME_UNUSUAL: "不像完整的单位名称",
    Doubt.NAME_LIKE_ANOTHER: "与文中另一名称只差几个字",
    Doubt.NAME_OF_PERSON: "与责任人的姓名相同",
    Doubt.NAMES_TOGETHER: "单位名称之间缺少顿号",
    Doubt.ENDING_RESTORED: "补全了省略的词尾",
    Doubt.DAY_UNKNOWN: "时限缺少年份或无法推算",
    Doubt.DAY_OUT_OF_RANGE: "时限早于文件日期或晚于计划期限",
    Doubt.SEVERAL_DATES: "正文中还有别的日期",
    Doubt.LIMIT_LOOSE: "时限写得宽泛，可有两种理解",
    Doubt.LIMIT_UNREAD: "时限的文字没有全部读懂",
    Doubt.TIME_UNREAD: "有表示时间的文字没有读成时限",
    Doubt.TIME_MISSING: "其他各项大多有时限，这一项没有",
    Doubt.TIME_DAMAGED: "表示时间的文字可能有误码或缺年份",
    Doubt.RHYTHM_UNREAD: "有表示周期的文字没有读成周期",
    Doubt.RHYTHM_UNCLEAR: "周期可有两种理解",
}


def doubts_in_words(doubts: Iterable[str]) -> list[str]:
    """The reasons in words; one of a later release, whose name nobody knows here, is passed over."""
    known = {doubt.value for doubt in Doubt}
    return [DOUBTS[Doubt(doubt)] for doubt in doubts if doubt in known]
