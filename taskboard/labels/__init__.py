"""The words that people see for the values of the domain. A wording that appears twice belongs here."""

from __future__ import annotations

from enum import StrEnum

from taskboard.domain.department_matching import MatchRule
from taskboard.domain.departments import DepartmentKind, DepartmentLevel, SuccessionKind, WorkOutcome
from taskboard.domain.jobs import JobState
from taskboard.domain.lights import Judgement, Light, LightReason
from taskboard.domain.outbox import MailKind, OutboxState
from taskboard.domain.plan_parsing.reading import Origin, Recurrence
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    Act,
    AssignmentRole,
    AssignmentState,
    Closure,
    DeadlineOrigin,
    PastDeadline,
    TaskState,
    Verification,
)

WORDS: tuple[tuple[StrEnum, str], ...] = (
    (Role.ADMINISTRATOR, "系统管理员"),
    (Role.SUPERVISOR, "督查员"),
    (Role.LEADER, "分管领导"),
    (Role.HEAD, "单位负责人"),
    (Role.LIAISON, "联络员"),
    (Role.OFFICER, "承办人"),
    (Role.AUDITOR, "审计员"),
    (DepartmentKind.UNIT, "单位"),
    (DepartmentKind.COLLECTIVE, "集合单位"),
    (DepartmentLevel.PROVINCE, "省级"),
    (DepartmentLevel.CITY, "市级"),
    (DepartmentLevel.COUNTY, "县级"),
    (DepartmentLevel.TOWN, "乡镇级"),
    (DepartmentLevel.GROUP, "集团"),
    (DepartmentLevel.COMPANY, "公司"),
    (DepartmentLevel.SECTION, "内设机构"),
    (SuccessionKind.MERGER, "并入"),
    (SuccessionKind.SPLIT, "分设"),
    (SuccessionKind.TRANSFER, "部分职责划转"),
    (WorkOutcome.MOVES, "转由接续单位继续办理"),
    (WorkOutcome.LEADS_NOW, "接续单位由配合改为牵头"),
    (WorkOutcome.JOINS, "并入接续单位已有的任务"),
    (MatchRule.EXACT, "名称相同"),
    (MatchRule.KEY, "名称的另一种写法"),
    (MatchRule.ALIAS, "别名"),
    (MatchRule.RENAMING, "更名"),
    (MatchRule.ELISION, "省略了地名"),
    (MatchRule.SECOND_NAME, "一个机构两个名称"),
    (MatchRule.SUBSEQUENCE, "简称"),
    (TaskState.DRAFT, "草稿"),
    (TaskState.ISSUED, "待签收"),
    (TaskState.IN_PROGRESS, "办理中"),
    (TaskState.SUBMITTED, "待审核"),
    (TaskState.CLOSED, "已办结"),
    (TaskState.SUSPENDED, "中止"),
    (TaskState.TERMINATED, "终止"),
    (AssignmentState.PENDING, "待签收"),
    (AssignmentState.IN_PROGRESS, "办理中"),
    (AssignmentState.HEAD_REVIEW, "单位审签"),
    (AssignmentState.SUBMITTED, "已报送"),
    (AssignmentState.ACCEPTED, "已采纳"),
    (AssignmentState.OBJECTED, "异议中"),
    (AssignmentState.WITHDRAWN, "已调整"),
    (AssignmentState.WAIVED, "免报"),
    (AssignmentState.NOT_SUBMITTED, "未报送"),
    (AssignmentRole.LEAD, "牵头"),
    (AssignmentRole.PARTNER, "配合"),
    (Act.ISSUE, "交办"),
    (Act.RETURN, "退回"),
    (Act.CLOSE, "销号"),
    (Act.SUSPEND, "中止"),
    (Act.RESUME, "恢复"),
    (Act.TERMINATE, "终止"),
    (Act.REOPEN, "复查重启"),
    (Act.CORRECT, "调整"),
    (Act.ACKNOWLEDGE, "签收"),
    (Act.DISPATCH, "指定承办人"),
    (Act.OBJECT, "退单"),
    (Act.REFUSE_OBJECTION, "驳回异议"),
    (Act.UPHOLD_OBJECTION, "采纳异议"),
    (Act.REPORT, "反馈进展"),
    (Act.SUBMIT, "申请办结"),
    (Act.SIGN_OFF, "审签报送"),
    (Act.RETURN_INSIDE, "单位退改"),
    (Act.WITHDRAW, "撤回"),
    (Act.RETURN_SUBMISSION, "退回配合单位"),
    (Act.ACCEPT_SUBMISSION, "采纳"),
    (Closure.DONE, "完成"),
    (Closure.PARTLY_DONE, "部分完成"),
    (Closure.LONG_TERM, "转长期坚持"),
    (Closure.ENDED_UNDONE, "未完成终结"),
    (Verification.VERIFIED, "已核查"),
    (Verification.SELF_REPORTED, "单位自报"),
    (DeadlineOrigin.STATED, "原文载明"),
    (DeadlineOrigin.INHERITED, "按计划期限"),
    (DeadlineOrigin.GOAL, "按关联目标"),
    (DeadlineOrigin.DECIDED, "人工确定"),
    (DeadlineOrigin.ONGOING, "长期坚持"),
    (DeadlineOrigin.MISSING, "未定"),
    (PastDeadline.KEEP_AS_LATE, "按逾期办理"),
    (PastDeadline.NEW_DATE, "另定时限"),
    (PastDeadline.RECORD, "作历史记录"),
    (Recurrence.MONTHLY, "每月"),
    (Recurrence.QUARTERLY, "每季度"),
    (Recurrence.YEARLY, "每年"),
    (Recurrence.ONGOING, "长期"),
    (Origin.STATED, "原文"),
    (Origin.INFERRED, "推断"),
    (Origin.MISSING, "缺"),
    (Light.IDLE, "未计时"),
    (Light.GREEN, "绿灯"),
    (Light.YELLOW, "黄灯"),
    (Light.RED, "红灯"),
    (Light.CLOSED, "已结束"),
    (JobState.REQUESTED, "待运行"),
    (JobState.RUNNING, "运行中"),
    (JobState.DONE, "成功"),
    (JobState.FAILED, "失败"),
    (JobState.SKIPPED, "已略过"),
    (OutboxState.QUEUED, "待发送"),
    (OutboxState.SENDING, "发送中"),
    (OutboxState.SENT, "已发送"),
    (OutboxState.RETRY, "待重试"),
    (OutboxState.DEAD, "发送失败"),
    (OutboxState.EXPIRED, "已过期"),
    (OutboxState.UNKNOWN, "结果不明"),
    (MailKind.MORNING, "晨报"),
    (MailKind.WEEKLY_DIGEST, "周报"),
    (MailKind.NOTICE, "通知"),
)

LABELS = {(type(value), value.value): words for value, words in WORDS}
"""by enum and value: members of two enums with the same value (both kinds of “submitted”) are equal to Python"""

LIGHT_SHAPES: dict[Light, str] = {
    Light.IDLE: "○",
    Light.GREEN: "●",
    Light.YELLOW: "▲",
    Light.RED: "■",
    Light.CLOSED: "✔",
}

LIGHT_REASONS: dict[LightReason, str] = {
    LightReason.NOT_ISSUED: "尚未交办",
    LightReason.SUSPENDED: "已中止",
    LightReason.OBJECTED: "异议处理中",
    LightReason.CLOSED: "已按时办结",
    LightReason.CLOSED_LATE: "已办结，逾期 {days} 天",
    LightReason.TERMINATED: "已终止",
    LightReason.NOT_SUBMITTED: "结束时未报送",
    LightReason.FOR_INFORMATION: "知悉",
    LightReason.OVERDUE: "逾期 {days} 天",
    LightReason.DUE_SOON: "距时限 {days} 个工作日",
    LightReason.NOT_ACKNOWLEDGED: "未按时签收",
    LightReason.IN_TIME: "正常",
}


def label(value: StrEnum) -> str:
    """The Chinese word for a value of the domain."""
    return LABELS[type(value), value.value]


def light_reason(judgement: Judgement) -> str:
    """Why the light burns, in words; on the due day itself it says so."""
    if judgement.reason is LightReason.DUE_SOON and judgement.days == 0:
        return "今日到期"
    return LIGHT_REASONS[judgement.reason].format(days=judgement.days)
