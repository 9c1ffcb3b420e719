"""Words for the rules of reminding: when a milestone is, and who is told."""

from __future__ import annotations

from taskboard.domain.plan_reminders import days_of
from taskboard.domain.reminders import Anchor, Recipient, Rule, Span

RECIPIENTS: dict[Recipient, str] = {
    Recipient.LIAISON: "联络员",
    Recipient.OFFICER: "承办人",
    Recipient.HEAD: "单位负责人",
    Recipient.LEAD_LIAISON: "牵头单位联络员",
    Recipient.SUPERVISOR: "督查员",
    Recipient.LEADER: "分管领导",
    Recipient.ADDRESSEE: "应回复的单位（督查员）",
    Recipient.AUTHOR: "作出批示的领导",
}

ANCHORS: dict[Anchor, str] = {
    Anchor.ISSUE: "催签收",
    Anchor.DEADLINE: "时限",
    Anchor.WAITING: "等待决定",
    Anchor.EXTENSION: "延期申请待审批",
    Anchor.HELP: "请求协调待答复",
    Anchor.REPORT: "报送进展",
    Anchor.REVIEW_DAY: "中止任务待复查",
    Anchor.REPLY: "批示待回复",
    Anchor.REPLY_GIVEN: "批示回复待认可",
}

FROM: dict[Anchor, str] = {
    Anchor.ISSUE: "交办",
    Anchor.DEADLINE: "时限",
    Anchor.WAITING: "报送",
    Anchor.EXTENSION: "申请",
    Anchor.HELP: "提出",
    Anchor.REPORT: "报送日",
    Anchor.REVIEW_DAY: "复查日",
    Anchor.REPLY: "回复期限",
    Anchor.REPLY_GIVEN: "回复",
}

KINDS: dict[str, str] = {
    "sign_off": "单位审签",
    "partner": "配合单位报送，牵头单位审核",
    "review": "申请办结，督查审核",
    "objection": "异议裁定",
}
"""what is waited for, by the first part of the rule's code"""


def rule_words(rule: Rule) -> str:
    """``时限前 10 个工作日``, ``时限当日``, ``交办后 2 个工作日``, ``异议裁定：报送后 1 个工作日``."""
    kind = next((words for code, words in KINDS.items() if rule.code.startswith(code)), "")
    number = days_of(rule)
    anchor = "提出异议" if rule.code.startswith("objection") else FROM[rule.anchor]
    if not number:
        return f"{anchor}当日" if rule.anchor is not Anchor.REPORT else "报送日当日"
    unit = "天" if rule.days else "个工作日"
    when = f"{anchor}{'前' if (rule.days or rule.working_days) < 0 else '后'} {number} {unit}"
    return f"{kind}：{when}" if kind else when


def span_words(rule: Rule) -> str:
    """For which tasks the milestone is: ``交办时距时限 180 天以上``; empty where it is for all."""
    if len(rule.spans) == len(Span):
        return ""
    return "交办时距时限 180 天以上的" if rule.spans == {Span.LONG} else "交办时距时限 30 天以上的"
