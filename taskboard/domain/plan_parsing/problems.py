"""The fixed list of problems that a document can have, with their wording."""

from __future__ import annotations

from enum import StrEnum

from taskboard.domain.plan_parsing.reading import Problem


class Code(StrEnum):
    """What a person must look at; docs/plan-documents.md explains each."""

    NOTHING_TO_READ = "nothing_to_read"
    NO_UNIT_CLAUSE = "no_unit_clause"
    NO_MEASURES = "no_measures"
    INTERLEAVED_COLUMNS = "interleaved_columns"
    COLUMNS_REORDERED = "columns_reordered"
    DEADLINE_YEAR_LOST = "deadline_year_lost"
    DEADLINE_WITHOUT_YEAR = "deadline_without_year"
    DEADLINE_WITHOUT_DOCUMENT_DATE = "deadline_without_document_date"
    DEADLINE_WITHOUT_CALENDAR = "deadline_without_calendar"
    DEADLINE_IMPOSSIBLE = "deadline_impossible"
    DEADLINE_UNREAD = "deadline_unread"
    UNIT_UNREAD = "unit_unread"
    CLAUSE_UNREAD = "clause_unread"
    CLAUSE_OF_PARENT_UNUSED = "clause_of_parent_unused"
    LEAD_MISSING = "lead_missing"
    NUMBERING_GAP = "numbering_gap"
    NUMBERING_REPEATED = "numbering_repeated"
    TABLE_WITHOUT_SEPARATORS = "table_without_separators"
    BODY_REPLACED_BY_TABLE = "body_replaced_by_table"


WORDING: dict[Code, str] = {
    Code.NOTHING_TO_READ: "文档中没有可读的文字",
    Code.NO_UNIT_CLAUSE: "全文未找到责任单位条款，所列条目均无责任单位，须由人工指定",
    Code.NO_MEASURES: "未找到可作为任务的条目",
    Code.INTERLEAVED_COLUMNS: "分栏文字次序错乱，个别条目编号不连续，请对照原文核对",
    Code.COLUMNS_REORDERED: "原文为左右两栏粘贴，已按先左后右重新排列，请对照原文核对",
    Code.DEADLINE_YEAR_LOST: "截止年份在原文中缺失（“{words}”）",
    Code.DEADLINE_WITHOUT_YEAR: "时限“{words}”没有年份，文件日期和标题中也找不到年份",
    Code.DEADLINE_WITHOUT_DOCUMENT_DATE: "时限“{words}”须从印发之日起算，但文件没有日期",
    Code.DEADLINE_WITHOUT_CALENDAR: "时限“{words}”须按工作日计算，但没有工作日历",
    Code.DEADLINE_IMPOSSIBLE: "时限“{words}”不是有效日期",
    Code.DEADLINE_UNREAD: "时限“{words}”未能读懂",
    Code.UNIT_UNREAD: "责任单位条款中的“{words}”未能读懂",
    Code.CLAUSE_UNREAD: "此处写有单位名称（“{words}”），但没有归入任何一项",
    Code.CLAUSE_OF_PARENT_UNUSED: "上级条目也写有责任单位（“{words}”），因下级条目各有责任单位而未采用",
    Code.LEAD_MISSING: "条款中没有可作为牵头单位的名称",
    Code.NUMBERING_GAP: "编号不连续：“{words}”之前缺号",
    Code.NUMBERING_REPEATED: "编号重复：“{words}”",
    Code.TABLE_WITHOUT_SEPARATORS: "表格各列之间没有分隔，已按单位名称试行切分，请逐行对照原文核对",
    Code.BODY_REPLACED_BY_TABLE: "正文条目与任务分工表内容相同，已以表中各行为准",
}

WHOLE_DOCUMENT = "全文"


def problem(code: Code, where: str = WHOLE_DOCUMENT, words: str = "") -> Problem:
    """The problem with its Chinese wording; ``words`` are the words of the document it is about."""
    return Problem(code.value, where, WORDING[code].format(words=words[:60]))
