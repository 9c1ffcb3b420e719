"""Forms for requests for help and coordination meetings."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import SelectField

from taskboard.services.help_requests import Decision
from taskboard.services.meetings import MeetingRow
from taskboard.web.forms import (
    DayField,
    Form,
    LineField,
    MaxLength,
    Required,
    TextField,
    VersionedForm,
    choices,
    chosen_id,
)

LONGEST_TEXT = 2000
LONGEST_NAME = 200


class DecideForm(VersionedForm):
    decision = TextField("议定意见", [Required("请填写议定意见。"), MaxLength(LONGEST_TEXT)])
    owner = LineField("由哪个单位落实", [Required("请填写落实单位。"), MaxLength(LONGEST_NAME)])
    act_by = DayField("落实时限", [Required("请填写落实时限。")])
    meeting_id = SelectField("在哪次会议上议定", coerce=chosen_id, validate_choice=False)

    def offer(self, meetings: Iterable[MeetingRow]) -> None:
        """Put these meetings up for choice, and the answer without one."""
        pairs = [(str(one.id), one.title) for one in meetings]
        self.meeting_id.choices = choices([("", "不经会议，直接答复"), *pairs])

    def decided(self) -> Decision:
        return Decision(self.decision.data or "", self.owner.data or "", self.act_by.day, self.meeting_id.data)


class FinishForm(VersionedForm):
    outcome = TextField("落实情况", [Required("请填写落实情况。"), MaxLength(LONGEST_TEXT)])


class WithdrawForm(VersionedForm):
    reason = TextField("撤销原因", [Required("请填写撤销原因。"), MaxLength(LONGEST_TEXT)])


class MeetingForm(Form):
    title = LineField("会议名称", [Required("请填写会议名称。"), MaxLength(LONGEST_NAME)])
    held_on = DayField("会议日期", [Required("请填写会议日期。")])
    body_id = SelectField("召集单位", coerce=chosen_id, validate_choice=False)


class EndForm(Form):
    """A button."""
