"""The words of an exported ledger: its columns, what it says of itself, and what may be wrong with one that comes back.

An exported file is read again by the titles of its columns, so they stand here once for both ways.
"""

from __future__ import annotations

from enum import StrEnum

from taskboard.domain.ledger_updates import RowProblem
from taskboard.domain.terms import Term


class Column(StrEnum):
    """A column of the ledger, by its title."""

    TASK = "任务号"
    POSITION = "序号"
    TITLE = "任务"
    TEXT = "原文"
    LEAD = "牵头单位"
    PARTNERS = "配合单位"
    DEADLINE = "完成时限"
    ORIGIN = "时限来源"
    STATE = "状态"
    LIGHT = "亮灯与原因"
    PERCENT = "完成比例"
    REPORT = "最近反馈"
    FINGERPRINT = "校验码"


ONGOING = "长期坚持"
NO_CHANGE = "无变化"
ARCHIVED = "（已归档）"
LEDGER_SHEET = "台账"
NOTES_SHEET = "说明"

TERM_WORDS: dict[Term, str] = {
    Term.DEADLINE: "完成时限",
    Term.LEAD: "牵头单位",
    Term.PARTNERS: "配合单位",
}

ON_TIME = (
    "按时的口径：以最终被采纳的报送日期（北京时间）对照当时应遵守的时限，时限当天报送算按时；"
    "过了时限仍未报送的为逾期，单位审签中仍算未报送。逾期天数按自然日计算，“距时限”按工作日计算。"
)
ROUND_TRIP = (
    "本表可以在“计划”页面重新上传：按任务号更新完成时限、牵头单位和配合单位，不会生成重复任务；"
    "上传后先列出将要变更的内容，逐项确认后才生效。任务号和末尾隐藏的校验码请勿改动，其他列的改动不会读取。"
)

ROW_PROBLEMS: dict[RowProblem, str] = {
    RowProblem.NUMBER_UNREADABLE: "任务号“{text}”不是数字。",
    RowProblem.TWICE: "任务号 {text} 在表中出现了不止一次，都没有读取。",
    RowProblem.UNKNOWN: "没有任务号 {text}。",
    RowProblem.OTHER_PLAN: "任务号 {text} 属于其他计划，请到那份计划的页面上传。",
    RowProblem.CHANGED_SINCE: "导出以后系统里已有人变更过这项任务，请重新导出后再填。",
    RowProblem.NO_FINGERPRINT: "缺少末尾隐藏的校验码，无法判断导出以后有没有变更，请重新导出后再填。",
    RowProblem.ENDED: "任务{text}，不能再调整。",
    RowProblem.DAY_UNREADABLE: "完成时限“{text}”认不出来，请写成 2026-11-21 这样，或者“长期坚持”。",
    RowProblem.DAY_EMPTY: "完成时限是空的；已有的时限不能取消，长期任务请写“长期坚持”。",
    RowProblem.DAY_PAST: "完成时限 {text} 早于今天。",
    RowProblem.LEAD_EMPTY: "牵头单位是空的。",
    RowProblem.DEPARTMENT_UNKNOWN: "单位目录里没有“{text}”。",
    RowProblem.DEPARTMENT_TWICE: "“{text}”不能既牵头又配合。",
}
