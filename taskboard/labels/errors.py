"""The words for what was refused: one place for every page, mail and list that tells a person why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from taskboard.domain.errors import DomainError, Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.labels import label
from taskboard.labels.documents import describe_document_problem
from taskboard.labels.times import day_words


@dataclass(frozen=True)
class Wording:
    """A title that says what happened, and a sentence that says what to do."""

    title: str
    advice: str


REFUSALS: dict[type[DomainError], Wording] = {
    NotFound: Wording("没有找到", "要看的内容不存在，或者不在您的岗位可见的范围内。请检查链接，或从上方导航重新进入。"),
    NotAllowed: Wording("没有权限", "您现在的岗位不能办理这件事。如果应由您办理，请联系系统管理员核对岗位。"),
    NotNow: Wording("现在不能这样办理", "可能刚刚有人办理过，请返回后刷新页面，查看最新状态。"),
    Stale: Wording("内容刚被他人修改", "您打开页面之后，有人保存了新的内容。请返回后刷新页面，对照最新内容再保存。"),
    Invalid: Wording("填写的内容有误", "请返回修改后重新提交。"),
}

MISSING: dict[str, Wording] = {
    "leave_link": Wording(
        "退订链接无效",
        "链接不完整，或者账号已停用，什么都没有改动。请从邮件里重新点开“退订”，或者登录后在“我的账号”的“通知设置”里修改。",
    ),
}
"""by what was looked for, where the usual words would speak of something else"""

PROBLEMS: dict[str, str] = {
    "required": "请填写此项。",
    "reason_required": "请填写原因。",
    "run_day_out_of_range": "只能按 {first} 到 {last} 之间的日期运行。",
    "run_day_not_come": "这一天还没有到，没有运行。月度、季度材料的数据生成后不再变，只能在当月、当季结束后生成。",
    "measure_unknown": "这一项已经不在原来的位置，请刷新页面后再试。",
    "no_sentence_begins": "只能在句子之间拆分。",
    "nothing_before": "前面没有可以合并的举措。",
    "not_split": "这一项没有拆分过。",
    "at_the_end": "已经到头，不能再移动。",
    "too_long": "内容太长，最多 {limit} 个字。",
    "unknown": "没有这一项，请重新选择。",
    "files_without_words": "附了文件，请填写办结情况。",
    "attachment_missing": "请先选择要上传的文件。",
    "attachment_empty": "文件“{name}”是空的，没有上传。",
    "attachment_is_program": "“{name}”是可执行程序，不能作为附件。",
    "attachment_too_large": "文件“{name}”超过 {mebibytes} MB 的上限，请压缩或拆分后再上传。",
    "attachments_too_many": "一次最多上传 {most} 个文件，请分几次上传。",
    "attachments_plan_full": "这个计划的附件总量将超过 {mebibytes} MB 的上限。请先移除不用的附件，或联系系统管理员。",
    "department_unknown": "单位目录里没有“{name}”。",
    "department_unknown_but_like": "单位目录里没有“{name}”。是不是：{likely}？",
    "department_name_taken": (
        "“{name}”已是“{department}”的名称或别名，同一名称只能属于一个单位；请改用别的名称，或先从该单位删去。"
    ),
    "department_name_empty": "名称里没有可以识别的文字。",
    "department_cycle": "上级单位不能是本单位或它的下级单位。",
    "department_parent_inactive": "上级单位已停用，请另选一个。",
    "department_has_children": "该单位还有 {count} 个在用的下级单位，请先调整或停用它们。",
    "department_too_deep": "单位层级太深，请另选上级单位。",
    "successor_is_itself": "接续单位不能是本单位。",
    "successor_inactive": "“{name}”已停用，不能接续；请先启用，或另选一个。",
    "successor_is_collective": "“{name}”是集合单位，不能办理任务；请填写具体单位。",
    "successor_is_below": "“{name}”是本单位的下级单位，请先在它的页面上调整上级单位。",
    "collective_has_no_successor": "集合单位没有自己的任务，停用即可，不用办理机构改革。",
    "department_inactive_already": "该单位已停用，没有需要接续的工作。",
    "reply_too_late": "回复时限最晚为 {latest}，请核对年份。",
    "succession_in_future": "生效日期不能晚于今天（{today}），请在生效当日或之后办理。",
    "merger_has_one_successor": "并入只能有一个接续单位；分给几个单位的请选“分设”。",
    "split_has_several_successors": "分设至少要有两个接续单位；只有一个的请选“并入”。",
    "directory_file_missing": "请选择单位目录文件（.xlsx 或 .csv）。",
    "directory_kind": "只能导入 .xlsx 或 .csv 文件；请另存为其中一种再上传。",
    "directory_too_many_rows": "一次最多导入 {most} 行，请分成几个文件，依次导入。",
    "directory_rows": "表里只有列名，没有单位，也没有人员；请填写后再上传。",
    "directory_columns": "表里没有“单位名称”一列，也没有“账号、姓名”两列；请用这里导出的目录或空白模板填写。",
    "directory_has_problems": "还有 {count} 处问题，没有导入；请在文件里改好后重新上传。",
    "template_place_missing": "请填写地名，如“槐阳市”。",
    "template_place_wrong": "“{name}”不像{level}的地名，请写完整，如“{example}”。",
    "level_below_parent": "级别不能高于上级单位“{name}”的级别。",
    "level_above_that_below": "下级单位“{name}”的级别比这里高，请先调整它。",
    "renamed_in_future": "更名日期不能晚于今天（{today}），请在更名当日或之后办理。",
    "renamed_before_last": "更名日期必须晚于现名称开始使用的日期（{since}）。",
    "old_name_in_future": "曾用名的最后一天不能晚于今天（{today}）。",
    "old_name_ends_before_start": "曾用名的最后一天不能早于第一天。",
    "old_name_is_official": "“{name}”就是现在的正式名称，不是曾用名。",
    "department_has_posts": "该单位已有 {count} 个岗位记录，不能改为集合单位。",
    "department_has_work": "该单位还有 {count} 项未办结的任务，请先调整责任单位。",
    "department_is_collective": "集合单位没有岗位，请选择具体单位。",
    "department_twice": "“{name}”不能既牵头又配合。",
    "department_inactive": "该单位已停用，请另选一个。",
    "renaming_name_unusable": "“{name}”不能用：名称至少两个字，“＊”最多一个。",
    "renaming_to_itself": "“{name}”既是旧名称又是新名称，请从其中一栏删去。",
    "member_is_collective": "“{name}”是集合单位，请填写它的成员单位。",
    "member_inactive": "“{name}”已停用，请另选一个。",
    "member_overlaps": "“{name}”在该时段已经是成员单位。",
    "member_ends_before_start": "结束日不能早于开始日。",
    "member_has_begun": "已经开始的成员关系不能删除，请填写结束日。",
    "collective_has_members": "该单位有 {count} 条成员单位记录，不能改为普通单位。",
    "department_is_member": "该单位是集合单位的成员，不能改为集合单位。",
    "not_collective": "“{name}”不是集合单位，没有成员单位。",
    "collective_without_members": "“{name}”还没有成员单位，请先由系统管理员在单位页面上填写。",
    "official_name_stays": "正式名称不能删除；要改名请修改单位名称。",
    "username_taken": "账号“{username}”已有人使用，请换一个。",
    "username_form": "账号只能用小写字母、数字和 . _ - @，以字母或数字开头，2 至 80 个字符。",
    "email_form": "邮箱地址的写法不对。",
    "portfolio_needs_one": "请填写单位，或者选择计划。",
    "portfolio_has_it": "分管范围里已经有了。",
    "post_work_hangs": (
        "{name}的{role}岗位不能这样止任：还有 {count} 项没有办完的工作只由此人负责。"
        "请先在人员页面办理交接，或在表里加上接任的人。"
    ),
    "work_hangs": "还有 {count} 项没有办完的工作只由此人负责，请先交接。",
    "handover_incomplete": "请选择交给谁。",
    "handover_to_oneself": "不能交给离任的人自己。",
    "handover_gap": "接任开始日最迟为{latest}，中间不能空缺。",
    "successor_unknown": "没有找到“{name}”，请填写在用的账号，或没有重名的姓名。",
    "smtp_password_again": "改动了邮件服务器的地址或账号，请把密码也重新填写（替换其中的 ***）。",
    "account_switched_off": "账号已停用，请先启用。",
    "account_without_address": "此人没有填写邮箱，请先填写，或改为当面转交链接。",
    "roundup_sent": "已于 {at} 发送，不能再改，也不能再次发送。",
    "roundup_to_nobody": "请选择收件人；只能选页面上列出的人。",
    "absence_ends_before_start": "结束日不能早于开始日。",
    "absence_is_over": "结束日已经过去，不需要登记。",
    "absence_too_long": "最长登记 {most} 天，也不能早于一年登记，请核对年份。",
    "absence_overlaps": "与已登记的外出（{from_on}至{to_on}）重叠，请先结束那一条，或改日期。",
    "deputy_unfit": "代收人须是同一单位、能看到这些事项的在岗人员，请重新选择。",
    "robot_address_form": "只接受企业微信、钉钉、飞书群机器人的地址：从群机器人的设置页完整复制，以 https:// 开头。",
    "robot_is_there": "这个机器人已经登记过，名称是“{name}”。",
    "robot_signs_nothing": "企业微信的机器人没有加签密钥，请留空。",
    "robot_secret_form": "加签密钥的格式不对，请从群机器人的设置页完整复制。",
    "robot_throttled": "一分钟内试发太多次，对方会停用机器人。请稍候再试。",
    "rate_bounds": "应在 0 到 {most} 之间，0 为不限。",
    "rate_order": "每小时的上限不能小于每分钟的上限（{per_minute}）。",
    "office_hours_bounds": "应在 {earliest} 到 {latest} 之间。",
    "office_hours_short": "结束时间至少比开始时间晚 {least} 小时。",
    "public_url_form": "访问地址应以 http:// 或 https:// 开头并带主机名，如 https://duban.example.gov.cn。",
    "smtp_url_form": "邮件服务器应以 smtp://、smtp+starttls:// 或 smtps:// 开头并带主机名。",
    "mail_from_form": "发件人应是邮箱地址，或“名称 <邮箱地址>”。",
    "mail_is_off": "本站还没有设置邮件服务器，请改为当面转交链接。",
    "post_overlaps": "这个岗位在该时段已经有了。",
    "post_has_begun": "任期已经开始的岗位不能删除，请填写任期结束日。",
    "post_ends_before_start": "任期结束日不能早于开始日。",
    "last_administrator": "这是最后一位系统管理员。请先在“人员”里给另一个人加上系统管理员岗位，再回到这里；"
    "也可以在服务器上运行 taskboard create-administrator 新建一位。",
    "wrong_password": "现在的密码不对。",
    "password_short": "密码至少 {minimum} 个字符。",
    "password_long": "密码最多 {maximum} 个字符。",
    "password_has_username": "密码里不能含有账号。",
    "password_simple": "密码太简单，请不要用重复、连续或常见的字符。",
    "document_missing": "请选择文件或粘贴正文。",
    "unresolved": "还有需要解决的地方，尚不能导入。",
    "ledger_file_missing": "请选择台账文件。",
    "ledger_not_workbook": "请上传从系统导出的台账（.xlsx）。",
    "ledger_columns": "表里找不到“任务号、牵头单位、配合单位、完成时限”这些列，请上传从系统导出的台账。",
    "ledger_nothing_chosen": "请先勾选要变更的任务。",
    "add_or_take": "“{title}”既采用新文件的内容，又另作新增，请二者选一。",
    "nothing_ticked": "没有勾选任何变更。请勾选要采用的变更；都不采用的，请返回核对导入，放弃这次导入。",
    "row_refused": "“{title}”不能这样变更，全部都没有变更。",
    "leads_unchecked": "请核对按列名推断的牵头单位，然后勾选确认。",
    "lead_missing": "没有牵头单位，不能交办。",
    "lead_collective": "牵头单位“{name}”是集合单位，没有人能签收；请先改为具体单位。",
    "lead_unconfirmed": "牵头单位“{name}”是推断的，请核对后勾选确认。",
    "deadline_missing": "请填写时限，或者选择长期坚持。",
    "deadline_past": "时限 {due_on} 已过，请选择如何处理。",
    "deadline_and_ongoing": "长期坚持的任务不设时限，请二者选一。",
    "before_today": "日期不能早于今天（{today}）。",
    "review_too_late": "最迟在 {latest} 复核（中止不超过三个月）。",
    "batch_refused": "有 {count} 项不能交办，全部都没有交办；请按红字提示处理后重新提交。",
    "nothing_chosen": "请先勾选要交办的任务。",
    "not_officer": "只能指定本单位在岗的承办人。",
    "partners_owe": "配合单位尚未报送：{departments}。请等其报送，或者填写不等的原因。",
    "later_than_parent": "分解任务不能晚于上级任务的时限{due_on}。请改早；确需更晚，请先由本单位为上级任务申请延期。",
    "subtasks_owe": "还有 {count} 项分解任务没有报送。请等其报送，或者填写不等的原因。",
    "subtasks_missing": "请至少填写一项分解任务。",
    "subtasks_too_many": "一次最多分解 {most} 项，请分几次办理。",
    "subtask_department_missing": "请填写由哪个下级单位承担。",
    "subtask_not_below": "“{name}”不是“{above}”的下级单位；分解任务只能交给本单位的下级单位。",
    "subtask_weight": "权重请填 1 到 {most} 的整数。",
    "percent_falls": "比上次反馈的 {percent}% 低，请在“比例比上次低的原因”里说明。",
    "percent_range": "请填 0 到 100 的整数。",
    "trajectory_falls": "计划进度不能低于前一期。",
    "report_day_unfit": "每周请填 1 至 7（周一为 1），其他频次请填 1 至 31；不定期的请留空。",
    "no_hand_light": "现在没有人工红灯，不用解除。",
    "used_before": "这个页面已经提交过，请刷新后再操作。",
    "objection_refused_before": "本单位对这项任务的异议已被驳回，不能再次提出。",
    "objection_too_late": "提出异议的期限已过（三个工作日，至{last_on}）。",
    "objection_proposes_itself": "不能是提出异议的单位自己，请另填一个。",
    "objection_leaves_no_lead": "没有其他牵头单位了，请填写改由哪个单位牵头。",
    "objection_of_partner_keeps_day": "配合单位的异议不影响任务时限，此处请留空。",
    "objection_day_past": "顺延后的时限{day}已过，请另定时限。",
    "department_on_task": "“{name}”已经承担这项任务，请另选一个。",
    "extension_without_deadline": "这项任务没有时限，不用申请延期。",
    "extension_asked_before": "已有一份延期申请在等待审批。",
    "extension_too_late": "时限{due_on}已过，不能再申请延期；请联系督查室调整时限。",
    "extension_not_later": "要晚于现在的时限{due_on}。",
    "extension_beyond_asked": "不能晚于申请的日期{asked}。",
    "instruction_to_nobody": "请选择由谁回复。",
    "instruction_without_leads": "还没有在办的牵头单位，请改由督查单位回复。",
    "meeting_not_yet": "会议定在{held_on}，当天起才能记录议定意见。",
    "meeting_over": "会议已经结束，请选另一次会议，或直接答复。",
    "meeting_of_others": "这次会议不议这项任务，请重新选择。",
    "owner_collective": "“{name}”是集合单位，没有人能落实；请填写具体单位。",
    "owner_inactive": "“{name}”已停用，请另填一个。",
    "partner_without_deadline": "这项任务没有时限，不能为配合单位另定。",
    "partner_day_later": "配合单位的时限不能晚于任务时限{due_on}。",
    "liaisons_unchanged": "填写的都是现任联络员，没有要变更的。",
    "liaisons_count": "一次请选择 1 至 {most} 个单位。",
    "bulk_nothing_chosen": "请先勾选任务，或选择“筛选出的全部任务”。",
    "bulk_too_many": "一次最多处理 {most} 项任务，请再缩小筛选范围。",
    "bulk_nothing_owed": "已报送或已结束，不用催办。",
    "bulk_not_of_department": "不是本单位承担的任务。",
    "bulk_officer_already": "已经由此人承办。",
    "rhythm_day_wrong": "没有这一天：每周报送填 1 至 7，其他填 1 至 31。",
    "order_for_nobody": "“{department}”现在的状态是“{state}”，不用发{kind}。",
    "order_limit_past": "回复时限不能早于今天（{today}）。",
    "rule_never_off": "交办和逾期的提醒不能关。",
    "rule_to_nobody": "至少选一种收件人。",
    "rule_order": "这一条应在上一条之后：先提醒，再升级。请调整天数。",
    "rule_days": "请填 1 到 {most} 的整数。",
    "notice_year_missing": "找不到年份：请从通知标题“国务院办公厅关于……年部分节假日安排的通知”开始粘贴。",
    "notice_festivals_missing": "没有读到{names}的安排，请粘贴通知全文。",
    "notice_day_wrong": "“{words}”不是一个日期。",
    "notice_stretch_wrong": "“{words}”的起止日期不对。",
    "notice_weekday_wrong": "“{words}”与日历不符：{day}是星期{weekday}。请核对年份和日期。",
    "notice_make_up_day_wrong": "“{words}”：{day}不是休息日，不用调休上班，请核对。",
    "notice_count_wrong": "“{words}”：按日期算是 {count} 天，与所写的天数不符，请核对。",
    "nothing_to_snooze": "这项任务已经报送、办结或中止，不会再提醒，不用暂缓。",
    "snoozed_too_often": "这项任务您已连续 {most} 个工作日暂不提醒，不能再暂缓；有困难请向督查员说明或申请延期。",
    "password_unchanged": "新密码不能与现在的密码相同。",
}


def wording(error: DomainError) -> Wording:
    """Title and advice for a refusal, filled in with what is known of it."""
    if isinstance(error, NotFound) and (words := MISSING.get(error.facts.get("subject", ""))):
        return words
    kind = next((one for one in type(error).__mro__ if one in REFUSALS), Invalid)
    return Wording(REFUSALS[kind].title, _advice(error, REFUSALS[kind].advice))


def why_not(error: DomainError) -> str:
    """The same for one of many in a list, without what to do on a page that was opened long ago: this one was not."""
    return _advice(error, "") or wording(error).advice


def problem_words(error: Invalid) -> str:
    """What is wrong with one value, in a sentence to stand beside its field."""
    facts = {name: _fact_words(value) for name, value in error.facts.items()}
    is_reason = (error.field, error.problem) == ("reason", "required")
    return PROBLEMS["reason_required" if is_reason else error.problem].format(**facts)


def _fact_words(value: object) -> object:
    match value:
        case date():
            return day_words(value)
        case time():
            return value.isoformat("minutes")
        case _:
            return value


def _advice(error: DomainError, usual: str) -> str:
    if isinstance(error, Invalid):
        return problem_words(error)
    if error.code == "document":
        return describe_document_problem(error.facts["problem"], error.facts)
    act, state = error.facts.get("act"), error.facts.get("state")
    match error, act, state:
        case NotNow(), StrEnum(), StrEnum():
            return _not_now(error, label(act), label(state), usual)
        case NotAllowed(), StrEnum(), _:
            return f"您现在的岗位不能“{label(act)}”。如果应由您办理，请联系系统管理员核对岗位。"
        case _:
            return usual


def _not_now(error: DomainError, act: str, state: str, usual: str) -> str:
    if error.facts.get("is_archived"):
        return f"这项任务已归档，不能“{act}”；请先取消归档。"
    if error.facts.get("waits_for_parent"):
        return f"上级任务不在办理中，分解任务不能“{act}”；请先办理上级任务。"
    return f"现在的状态是“{state}”，不能“{act}”。{usual}"
