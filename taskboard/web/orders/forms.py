"""Forms of formal orders: making one, the reply, and the supervisors' decisions."""

from __future__ import annotations

from taskboard.domain.orders import OrderKind
from taskboard.web.forms import DayField, EnumField, Form, MaxLength, Required, TextField, VersionedForm

LONGEST_TEXT = 3000
LONGEST_REASON = 1000


class OrderForm(Form):
    kind = EnumField("类别", OrderKind, default=OrderKind.REMINDER_NOTE)
    text = TextField("正文", [Required("请填写正文。"), MaxLength(LONGEST_TEXT)], render_kw={"rows": 5})
    due_on = DayField("回复时限", [Required("请填写回复时限。")])


class ReplyForm(VersionedForm):
    text = TextField("回复内容", [Required("请填写回复内容。"), MaxLength(LONGEST_TEXT)], render_kw={"rows": 4})


class SettleForm(VersionedForm):
    reason = TextField("意见", [MaxLength(LONGEST_REASON)], render_kw={"rows": 2})


class ReturnReplyForm(VersionedForm):
    reason = TextField("退回原因", [Required("请填写退回原因。"), MaxLength(LONGEST_REASON)], render_kw={"rows": 2})


class WithdrawForm(VersionedForm):
    reason = TextField("撤回原因", [Required("请填写撤回原因。"), MaxLength(LONGEST_REASON)], render_kw={"rows": 2})
