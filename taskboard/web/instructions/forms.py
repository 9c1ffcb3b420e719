"""Forms for instructions, replies and what becomes of them."""

from __future__ import annotations

from wtforms import BooleanField

from taskboard.domain.errors import Invalid
from taskboard.domain.instructions import Addressee
from taskboard.labels.errors import problem_words
from taskboard.services.instructions import Wish
from taskboard.web.forms import DayField, Form, MaxLength, Required, TextField, VersionedForm

LONGEST_TEXT = 2000
LONGEST_REASON = 1000


class InstructionForm(Form):
    """What a leader wants to hear, by when, and from whom."""

    text = TextField("批示内容", [Required("请填写批示内容。"), MaxLength(LONGEST_TEXT)])
    to_supervisors = BooleanField("督查单位")
    to_leads = BooleanField("牵头单位")
    reply_due_on = DayField("回复时限", [Required("请填写回复时限。")])

    def wish(self) -> Wish:
        chosen = {Addressee.SUPERVISORS: self.to_supervisors.data, Addressee.LEADS: self.to_leads.data}
        to = frozenset(kind for kind, is_chosen in chosen.items() if is_chosen)
        return Wish(self.text.data or "", self.reply_due_on.day, to)

    def show_problem(self, error: Invalid) -> None:
        if error.field == "to":
            self.to_leads.errors = [*self.to_leads.errors, problem_words(error)]
        else:
            super().show_problem(error)


class ReplyForm(Form):
    text = TextField("回复", [Required("请填写回复。"), MaxLength(LONGEST_TEXT)])


class AcceptForm(VersionedForm):
    reason = TextField("意见", [MaxLength(LONGEST_REASON)])


class ReturnForm(VersionedForm):
    reason = TextField("退回原因", [Required("请填写退回原因。"), MaxLength(LONGEST_REASON)])
    reply_due_on = DayField("重新回复的时限", [Required("请填写重新回复的时限。")])


class WithdrawForm(Form):
    reason = TextField("撤回原因", [Required("请填写撤回原因。"), MaxLength(LONGEST_REASON)])
