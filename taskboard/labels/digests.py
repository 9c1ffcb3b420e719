"""The words of scheduled mails: what a section is about, what to do about it, and where to do it."""

from __future__ import annotations

from dataclasses import dataclass

from taskboard.domain.digests import FigureCode, Hat, SectionCode
from taskboard.domain.reminders import Topic


@dataclass(frozen=True)
class SectionWords:
    """``path`` leads to the page that shows all of it."""

    title: str
    advice: str
    path: str


SECTIONS: dict[str, SectionWords] = {
    Topic.OVERDUE: SectionWords("逾期催办", "承办单位请尽快报送；确有困难的，请反馈原因并与督查室联系。", "/overdue"),
    Topic.DUE_TODAY: SectionWords("今日到期", "今日之内报送即为按时。", "/my-tasks"),
    Topic.DUE_SOON: SectionWords("即将到期", "请抓紧办理，并在时限当日或之前报送。", "/my-tasks"),
    Topic.ACKNOWLEDGE: SectionWords("待签收", "请在交办后 2 个工作日内签收。", "/my-tasks"),
    Topic.REPORT: SectionWords("待报进展", "请填报本期进展；没有进展的，点“无变化”即可。", "/my-tasks"),
    Topic.DECIDE: SectionWords(
        "待审核决定",
        "已报送审核、提出异议、申请延期、请求协调、批示已有回复，或中止的任务到了复查日，请尽快作出决定。",
        "/waiting",
    ),
    Topic.REPLY: SectionWords("批示待回复", "回复期限已过，请应回复的单位或督查员尽快回复。", "/waiting"),
    SectionCode.LASTING: SectionWords("持续逾期", "以下任务早已逾期，仍未报送。", "/overdue"),
    SectionCode.COMING: SectionWords("10 个工作日内到期", "请安排好进度，按时报送。", "/my-tasks"),
    SectionCode.TO_ACKNOWLEDGE: SectionWords("尚未签收", "请尽快签收。", "/my-tasks"),
    SectionCode.NEW_OVERDUE: SectionWords("新增逾期", "上期以来新出现的逾期。", "/overdue"),
    SectionCode.TO_REVIEW: SectionWords(
        "待督查审核", "已申请办结、提出异议、申请延期、请求协调，或中止的任务临近复查日。", "/waiting"
    ),
    SectionCode.TO_DECIDE: SectionWords("等待决定已满 2 个工作日", "请督促尽快审核。", "/tasks?state=submitted"),
    SectionCode.NOT_ACKNOWLEDGED: SectionWords(
        "逾期未签收", "交办已超过 2 个工作日，仍未签收。", "/tasks?state=issued"
    ),
    SectionCode.NOT_REPORTED: SectionWords("上期进展未报", "报送日已过，仍未填报。", "/plans"),
    SectionCode.REPLIES: SectionWords("批示回复", "尚未回复的批示，以及已回复、等待认可的批示。", "/instructions"),
    SectionCode.RESOLVED: SectionWords("上期以来已报送或办结", "", "/tasks?state=closed"),
}

FIGURES: dict[FigureCode, str] = {
    FigureCode.OPEN: "在办",
    FigureCode.OVERDUE: "逾期",
    FigureCode.COMING: "10 个工作日内到期",
    FigureCode.WAITING: "待审核",
    FigureCode.DONE: "已报送或办结",
}

HATS: dict[Hat, str] = {
    Hat.WORK: "本单位（本人）承办情况",
    Hat.SUPERVISOR: "督查总览",
    Hat.LEADER: "分管情况",
}


def days_words(days_left: int, working_days_left: int) -> str:
    """How a deadline stands to today; working days beside calendar days where they differ."""
    if days_left == 0:
        return "今日到期"
    if days_left < 0:
        late = f"已逾期 {-days_left} 天"
        return late if working_days_left == days_left else f"{late}（{-working_days_left} 个工作日）"
    if working_days_left == days_left:
        return f"还有 {days_left} 天"
    if working_days_left == 0:
        return f"还有 {days_left} 天，其间没有工作日"
    return f"还有 {days_left} 天（{working_days_left} 个工作日）"
