"""Words for the notices that people get, by template: the page on which they choose says which are duty."""

from __future__ import annotations

from taskboard.domain.notice_kinds import NOTICES, NoticeClass, NoticeWish, Stream

NOTICE_WORDS: dict[str, str] = {
    "issued": "新交办的任务",
    "handed_over": "任务改由本单位承担",
    "handed": "同事移交给您的任务",
    "taking_over": "请您接手的工作",
    "succession": "机构调整后由本单位接续的任务",
    "dispatched": "指定您承办的任务",
    "liaisons": "联络员更换",
    "returned": "报送被退回、需要修改",
    "changed": "任务中止、恢复、终止，时限或承办单位调整",
    "carried": "分解任务随上级任务变动",
    "help_decided": "协调议定、由本单位落实的事项",
    "instruction_given": "领导批示，需要回复",
    "instruction_decided": "批示回复的认可或退回",
    "reminded": "督查员的催办",
    "ordered": "督查单",
    "order_decided": "督查单的办结或退回",
    "roundup_sent": "督查员发来的月调度表、季度评议材料",
    "invitation": "账号开通",
    "reset": "重设密码",
    "trial": "测试邮件",
    "submitted": "有报送等您审签、采纳或审核",
    "accepted": "报送已被牵头单位采纳",
    "closed": "任务已销号",
    "objected": "有异议等您裁定",
    "objection_decided": "异议的裁定结果",
    "extension_asked": "有延期申请等您审批",
    "extension_decided": "延期申请的审批结果",
    "help_asked": "有协调请求等您答复",
    "help_ended": "协调事项已落实或撤销",
    "order_replied": "督查单已有回复",
    "instruction_replied": "批示已有回复",
    "instruction_withdrawn": "批示已撤回",
    "roundup_drafted": "月调度表、季度评议材料的草稿已生成（随晨报）",
}

WISHES: dict[NoticeWish, str] = {
    NoticeWish.AT_ONCE: "随时发邮件（只在工作日的办公时段发）",
    NoticeWish.MORNING: "并入下一封晨报，不单独发邮件",
    NoticeWish.NONE: "不发邮件，只在站内消息中看",
}

STREAMS: dict[Stream, str] = {Stream.NOTICES: "可选通知", Stream.DIGEST: "督办周报"}


def notice_words(notice_class: NoticeClass) -> list[str]:
    """The notices of one class, in the order of the table."""
    return [NOTICE_WORDS[template] for template, one in NOTICES.items() if one is notice_class]
