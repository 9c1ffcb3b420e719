"""Words about scheduled jobs, for administrators and in the supervisors' digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taskboard.domain.jobs import Daily, JobName, Schedule

JOBS: dict[JobName, str] = {
    JobName.MORNING_MAIL: "晨报和周报",
    JobName.DELIVER_MAIL: "发送邮件",
    JobName.ROBOT_DIGESTS: "群机器人播报",
    JobName.ROUNDUPS: "月度季度材料",
    JobName.READ_SCANS: "识别扫描件",
    JobName.CLEAN_UP: "清理过期数据",
    JobName.SEAL_TRAIL: "封存审计记录",
    JobName.CHECK_TRAIL: "核验审计记录",
}

PURPOSES: dict[JobName, str] = {
    JobName.MORNING_MAIL: "找出到期的提醒，给每人生成一封邮件；每周第一个工作日为周报。",
    JobName.DELIVER_MAIL: "把发件箱里的邮件逐封交给邮件服务器，失败的按间隔重试。",
    JobName.ROBOT_DIGESTS: "在每周第一个工作日（设为日报的，每个工作日）向登记的群发一条汇总，每条只发一次。",
    JobName.ROUNDUPS: "每月、每季首个工作日为各督查机构生成月调度表和季度评议材料的草稿，每期只生成一次。",
    JobName.READ_SCANS: "逐页识别上传的扫描件和图片，读出举措，供核对导入。",
    JobName.CLEAN_UP: "删除过期的登录失败记录、30 天未动的导入草稿、很久以前的邮件和站内消息以及旧的运行记录。",
    JobName.SEAL_TRAIL: "把新的审计记录逐条接入校验链，之后改动即可发现。",
    JobName.CHECK_TRAIL: "核验整条校验链，并把当天的链头记入实例目录的文件。",
}

FACTS: dict[str, str] = {
    "queued": "生成邮件 {} 封",
    "reminders": "提醒 {} 项",
    "without_address": "{} 人没有邮箱，只在站内消息中看到",
    "sent": "发出 {} 封",
    "retry": "待重试 {} 封",
    "dead": "失败 {} 封",
    "unknown": "结果不明 {} 封",
    "expired": "过期 {} 封",
    "robots_told": "播报 {} 条",
    "robots_refused": "被拒收 {} 条",
    "robots_unknown": "播报结果不明 {} 条",
    "robots_expired": "播报过期 {} 条",
    "roundups": "生成月度、季度材料 {} 份",
    "scans_read": "识别扫描件 {} 份",
    "scans_failed": "未能识别 {} 份",
    "entries": "核验记录 {} 条",
    "findings": "发现异常 {} 处",
    "files": "删除无主附件文件 {} 个",
    "drafts": "删除导入草稿 {} 份",
    "scans": "删除未能识别的扫描件 {} 份",
    "mails": "删除旧邮件和站内消息 {} 封",
    "failed_sign_ins": "删除登录失败记录 {} 条",
    "runs": "删除运行记录 {} 条",
    "events": "删除调度事件 {} 条",
}
SAID_EVEN_WHEN_ZERO = frozenset({"queued", "reminders", "entries", "findings"})
NOT_A_WORKING_DAY = "非工作日，不发邮件"
MAIL_IS_HELD = "邮件已暂停发送，等管理员放行"
MAIL_IS_OFF = "没有设置邮件服务器，邮件留在发件箱"
NOTHING = "没有要办的"


def schedule_words(schedule: Schedule) -> str:
    """``工作日 08:30``"""
    if isinstance(schedule, Daily):
        return f"{'工作日' if schedule.only_working_days else '每天'} {schedule.at:%H:%M}"
    return f"每 {schedule.seconds} 秒"


def facts_words(facts: Mapping[str, Any] | None) -> str:
    """What a run did, in a line: ``周报：生成邮件 3 封，提醒 5 项``."""
    if not facts:
        return NOTHING
    if facts.get("is_day_off"):
        return NOT_A_WORKING_DAY
    if facts.get("is_mail_off"):
        return MAIL_IS_OFF
    if facts.get("is_mail_held"):
        return MAIL_IS_HELD
    counts = "，".join(
        words.format(facts[name])
        for name, words in FACTS.items()
        if facts.get(name) or (name in SAID_EVEN_WHEN_ZERO & facts.keys())
    )
    return f"周报：{counts}" if facts.get("is_digest") else counts or NOTHING
