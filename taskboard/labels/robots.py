"""Words of group robots: what they say in their groups, and what is wrong with one."""

from __future__ import annotations

from taskboard.domain.digests import FigureCode
from taskboard.domain.robots import RobotDigest, RobotMessageState
from taskboard.labels import label

ROBOT_TROUBLE = {
    "unreachable": "连不上 {host}，消息没有发出",
    "no_answer": "消息已交给对方，但没有收到答复，可能已出现在群里",
    "throttled": "发送太频繁，对方暂不接收",
    "status": "对方拒绝接收（HTTP {status}）：请核对机器人地址是否仍然有效",
    "strange_answer": "对方的答复看不懂（HTTP {status}），消息可能已出现在群里",
    "refused": "对方拒绝接收（{code}）：{words}",
}

HEADS = {
    RobotDigest.WEEKLY: "【督办周报】{department}　{year} 年第 {week} 周",
    RobotDigest.DAILY: "【督办日报】{department}　{day}",
    RobotDigest.TRIAL: "【督办台账】{department}：这是一条试发消息，机器人可以正常使用。",
}
SINCE = "统计时间 {moment}，变化自 {since} 起"
FIGURES = {
    FigureCode.OPEN: "办理中 {now} 件",
    FigureCode.OVERDUE: "逾期 {now} 件（上期 {before} 件）",
    FigureCode.COMING: "10 个工作日内到期 {now} 件",
    FigureCode.WAITING: "待审核、待答复 {now} 件",
    FigureCode.DONE: "本期报送、办结 {now} 件",
}
NOTHING_OVERDUE = "目前没有逾期事项。"
OVERDUE_HEAD = "逾期较多的单位（件数，括号内为上期）："
OVERDUE_LINE = "{department}　{now}（{before}）"
LEFT_OUT = "……另有 {} 行，请到系统中查看"
LINK = "详情：{address}"
SOME_WAIT = "{} 条群消息没有发出，稍后再试"
NOT_DELIVERED = "没有送达"


def message_words(state: RobotMessageState, last_error: str | None) -> str:
    """How a message stands: one that was tried in vain until it was past its time failed, others nobody tried."""
    return NOT_DELIVERED if state is RobotMessageState.EXPIRED and last_error else label(state)
