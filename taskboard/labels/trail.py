"""Words for the trail: entrances, fields, and what a verification found."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from taskboard.domain.account_links import LinkPurpose
from taskboard.domain.departments import DepartmentKind, DepartmentLevel, SuccessionKind, WorkOutcome
from taskboard.domain.help_requests import HelpState
from taskboard.domain.history import RecordedAct, Subject
from taskboard.domain.instructions import Addressee, DutyState
from taskboard.domain.orders import OrderState
from taskboard.domain.outbox import OutboxState
from taskboard.domain.robots import RobotKind
from taskboard.domain.roles import Role
from taskboard.domain.trail import Finding, FindingKind
from taskboard.domain.workflow import (
    AssignmentState,
    Closure,
    DeadlineOrigin,
    PastDeadline,
    TaskState,
    Verification,
)
from taskboard.labels import LABELS, yes_or_no
from taskboard.labels.times import day_words

ENTRANCES: dict[str, str] = {
    "web": "网页",
    "api": "接口",
    "cli": "命令行",
    "job": "定时作业",
}

FIELDS: dict[str, str] = {
    "name": "名称",
    "title": "标题",
    "username": "账号",
    "email": "邮箱",
    "password": "密码",
    "is_active": "启用",
    "state": "状态",
    "role": "角色",
    "department": "单位",
    "department_id": "单位编号",
    "parent_id": "上级单位编号",
    "kind": "类别",
    "level": "层级",
    "from_on": "起",
    "to_on": "止",
    "last_day": "最后一天",
    "person": "人员",
    "person_id": "人员编号",
    "officer_id": "承办人编号",
    "days_off": "放假日",
    "succession": "变动编号",
    "succession_kind": "变动方式",
    "successors": "接续单位",
    "children_moved": "随转的下级单位",
    "took_over_from": "接续自",
    "task_ids": "任务编号",
    "reminder_changes": "提醒规则",
    "make_up_days": "调休上班日",
    "due_on": "时限",
    "original_due_on": "原时限",
    "deadline_origin": "时限来源",
    "deadline_version": "时限版本",
    "past_deadline": "过期处理",
    "is_ongoing": "长期坚持",
    "is_confirmed": "已确认",
    "is_held": "暂缓计时",
    "closure": "办结结果",
    "verification": "核查方式",
    "closed_at": "办结时间",
    "archived_at": "归档时间",
    "submitted_at": "报送时间",
    "submitted_by_id": "报送人编号",
    "days_late": "逾期天数",
    "percent": "进度",
    "task": "任务",
    "act": "办理情况",
    "attachment": "附件编号",
    "size": "大小",
    "sha256": "文件摘要",
    "instruction": "批示编号",
    "duties": "应回复单位数",
    "addressees": "回复单位",
    "reply_due_on": "回复时限",
    "help_request": "协调事项编号",
    "owner_id": "落实单位编号",
    "act_by": "落实时限",
    "meeting_id": "会议编号",
    "held_on": "会议日期",
    "plan_id": "计划编号",
    "measure_id": "举措编号",
    "body_id": "督查机构编号",
    "source_name": "文件名",
    "measures": "举措数",
    "to_address": "收件地址",
    "template": "模板",
    "valid_until": "有效期至",
    "attempts": "尝试次数",
    "day": "日期",
    "days": "日期",
    "note": "说明",
    "deputy": "代收人",
    "mails_per_minute": "每分钟发信上限",
    "mails_per_hour": "每小时发信上限",
    "office_opens": "通知开始发送时间",
    "office_closes": "通知停止发送时间",
    "source": "来源",
    "horizon_on": "计划期限",
    "revision": "版次",
    "needs_sign_off": "须单位审签",
    "file": "文件",
    "files": "附件",
    "entries": "条数",
    "post": "岗位",
    "job": "作业",
    "form": "格式",
    "subject": "对象",
    "first_day": "起",
    "entrance": "入口",
    "aliases": "别名",
    "order": "督查单",
    "order_id": "督查单序号",
    "order_state": "督查单状态",
    "text": "内容",
    "departments": "单位",
    "stands_in": "代办",
    "assignments": "承办分支编号",
    "report_rhythm": "报送频次",
    "report_day": "报送日",
    "titles": "任务名称",
    "lead": "牵头单位",
    "partner": "配合单位",
    "departments_before": "原责任单位",
    "departments_after": "现责任单位",
    "expanded": "展开的集合单位",
    "into": "展开为",
    "overdue_days": "调整时已逾期天数",
    "review_on": "复核日期",
    "suspended_days": "中止天数",
    "asked_due_on": "申请延到",
    "proposed": "建议承担单位",
    "new_department": "改由承担",
    "from_department": "原承办单位",
    "to_department": "现承办单位",
    "outcome": "处理结果",
    "subtasks": "分解任务编号",
    "period": "反馈期",
    "is_unchanged": "无变化",
    "says_the_same": "与上次内容相同",
    "planned": "计划进度",
    "planned_before": "原计划进度",
    "ends_on": "自动解除日期",
    "would_have_ended_on": "原定自动解除日期",
    "until_on": "暂不提醒至",
    "in_a_row": "连续暂缓次数",
    "notice_wish": "通知方式",
    "wants_digest": "接收周报",
    "alias": "别名",
    "old_name": "曾用名",
    "old_names": "旧名称",
    "new_names": "新名称",
    "valid_from": "启用日期",
    "valid_to": "停用日期",
    "member": "成员单位",
    "purpose": "链接用途",
    "is_by_mail": "邮件发送",
    "expires_at": "有效期至",
    "administrator": "系统管理员",
    "body": "督查机构",
    "place": "地名",
    "is_mail_set": "已设置发信",
    "public_url": "访问地址",
    "smtp_url": "发信服务器",
    "mail_from": "发件人",
    "address": "地址",
    "secret": "密钥",
    "sends_weekly": "每周播报",
    "sends_daily": "每个工作日播报",
    "is_on": "启用",
    "off_since": "停发时间",
    "is_off": "停发该地址",
    "last_error": "退信原因",
    "held_at": "暂停发信时间",
    "dropped": "作废的邮件数",
}

FINDINGS: dict[FindingKind, str] = {
    FindingKind.CHANGED: "第 {position} 号（记录 {entry_id}）被改动",
    FindingKind.REMOVED: "第 {position} 号（记录 {entry_id}）被删除",
    FindingKind.INSERTED: "记录 {entry_id} 是事后插入的",
    FindingKind.SEAL_CHANGED: "第 {position} 号（记录 {entry_id}）的封存值被改动，记录本身完好",
    FindingKind.SEAL_REMOVED: "第 {position} 号的封存被删除",
    FindingKind.TAIL_CUT: "链尾被截断：{day}已到第 {position} 号",
    FindingKind.HEAD_DIFFERS: "第 {position} 号与{day}记下的链头不符，整条链可能被重做",
    FindingKind.HEAD_UNREADABLE: "链头文件第 {position} 行不可读",
    FindingKind.HEADS_MISSING: "链头文件不见了",
}


def finding_words(finding: Finding) -> str:
    """What was found, in a sentence without its full stop."""
    day = day_words(finding.day) if finding.day else ""
    return FINDINGS[finding.kind].format(position=finding.position, entry_id=finding.entry_id, day=day)


def entrance_words(entrance: str) -> str:
    return ENTRANCES.get(entrance, entrance)


def field_words(path: tuple[str, ...]) -> str:
    """``assignment:12``, ``due_on`` → ``承办分支 12 · 时限``; a field without a word keeps its name."""
    return " · ".join(_part_words(name) for name in path)


def _part_words(name: str) -> str:
    part, _, number = name.partition(":")
    if not number:
        return FIELDS.get(name, name)
    if part == "assignment":
        return f"承办分支 {number}"
    # What is planned of a period: in percent, or of a target.
    return f"{part} {'完成比例' if number == 'percent' else f'指标 {number}'}"


KINDS: dict[str, type[StrEnum]] = {
    "role": Role,
    "task.state": TaskState,
    "assignment.state": AssignmentState,
    "closure": Closure,
    "verification": Verification,
    "deadline_origin": DeadlineOrigin,
    "past_deadline": PastDeadline,
    "order_state": OrderState,
    "succession_kind": SuccessionKind,
    "purpose": LinkPurpose,
    "outcome": WorkOutcome,
    "addressees": Addressee,
    "level": DepartmentLevel,
}
"""fields whose values have words of their own"""

KINDS_BY_SUBJECT: dict[tuple[Subject, str], type[StrEnum]] = {
    (Subject.DEPARTMENT, "kind"): DepartmentKind,
    (Subject.MAIL, "state"): OutboxState,
    (Subject.ROBOT, "kind"): RobotKind,
}
"""those that mean something else with another subject"""

STATES_BY_ACT: dict[str, type[StrEnum]] = {"instruction": DutyState, "help": HelpState}
"""what of a task has its own state in entries of acts that begin so"""


def told(path: tuple[str, ...], value: Any, *, subject: Subject, act: RecordedAct) -> str:
    """The value of the field at this path in words, in an entry of this kind: ``role``, ``liaison`` → ``联络员``."""
    if isinstance(value, list):
        return "、".join(told(path, one, subject=subject, act=act) for one in value)
    kind = _kind_of(path, subject, act)
    return LABELS.get((kind, value), value_words(value)) if kind and isinstance(value, str) else value_words(value)


def _kind_of(path: tuple[str, ...], subject: Subject, act: RecordedAct) -> type[StrEnum] | None:
    *above, name = path
    part = above[-1].partition(":")[0] if above else ""
    if path == ("state",) and (state := STATES_BY_ACT.get(act.value.partition("_")[0])):
        return state
    return KINDS.get(f"{part}.{name}") or KINDS_BY_SUBJECT.get((subject, name)) or KINDS.get(name)


def value_words(value: Any) -> str:
    """A value of before or after, short enough for a line."""
    if value is None or value == "":
        return "（空）"
    if isinstance(value, bool):
        return yes_or_no(value)
    if isinstance(value, dict):
        return "，".join(f"{FIELDS.get(name, name)} {value_words(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "、".join(value_words(one) for one in value)
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
