"""Words for roundups: their titles, what their columns are called, and the words they begin with."""

from __future__ import annotations

from datetime import date

from taskboard.domain.roundups import Figures, Group, RoundupKind, Stretch
from taskboard.labels.ledger import ON_TIME
from taskboard.labels.times import day_words

TITLES: dict[RoundupKind, str] = {
    RoundupKind.MONTHLY: "督办工作月调度表",
    RoundupKind.QUARTERLY: "督办工作季度评议材料",
}
SCOPE = "范围：本机构督办的全部已交办任务，不含草稿、逐级分解的子任务和仅供知悉的集合单位。"
COUNTED = (
    "“件”按承办单位计，“项”按任务计。应办结、按时件数只计时限在本期内的；"
    "已调整、免报、异议中、中止、终止和延期待审批的不计。"
)
DEFINITION = ON_TIME
GROUP_HEADS = ("在办（件）", "逾期（件）", "本期应办结（件）", "其中按时（件）", "按时率")
LINE_HEADS = ("任务", "计划", "承办单位", "完成时限", "逾期天数", "销号日期")


def period_words(stretch: Stretch) -> str:
    """``2026年11月``, ``2026年第四季度``."""
    first_on = stretch.first_on
    if stretch.kind is RoundupKind.MONTHLY:
        return f"{first_on.year}年{first_on.month}月"
    return f"{first_on.year}年第{'一二三四'[(first_on.month - 1) // 3]}季度"


def roundup_title(stretch: Stretch) -> str:
    return f"{period_words(stretch)}{TITLES[stretch.kind]}"


def share_words(group: Group) -> str:
    """Of what fell due, the part that was on time; a dash where nothing fell due."""
    return f"{group.on_time / group.due:.0%}" if group.due else "—"


def group_words(group: Group) -> str:
    """A plan's or department's counts in a sentence."""
    words = f"在办 {group.open} 件，逾期 {group.overdue} 件"
    return (
        f"{words}；本期应办结 {group.due} 件，按时 {group.on_time} 件（{share_words(group)}）" if group.due else words
    )


def opening_words(body: str, stretch: Stretch, figures: Figures, today: date) -> str:
    """The words that a draft begins with, for a supervisor to go on from."""
    late = [one for one in figures.departments if one.overdue][:3]
    named = "、".join(f"{one.name}（{one.overdue} 件）" for one in late)
    lines = [
        f"截至{day_words(today)}，{body}督办的任务在办 {figures.total.open} 件，其中逾期 {figures.total.overdue} 件。"
        f"{period_words(stretch)}新交办 {figures.tasks_issued} 项，销号 {figures.tasks_closed} 项；"
        f"应办结 {figures.total.due} 件，按时 {figures.total.on_time} 件，按时率 {share_words(figures.total)}。",
        f"逾期较多的单位：{named}。请逐项说明原因，提出赶上进度的措施。" if named else "没有逾期的任务。",
    ]
    # Nothing is said of none: of a draft made long afterwards the next one may be over, too.
    if figures.coming:
        lines.append(f"下期到期 {len(figures.coming)} 件，请有关单位提前安排。")
    return "\n".join(lines)
