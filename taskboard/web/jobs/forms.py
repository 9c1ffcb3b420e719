"""The form that asks for a run."""

from __future__ import annotations

from datetime import date

from wtforms import HiddenField

from taskboard.web.forms import DayField, Form, Required

AHEAD = "还没有运行。这一天还没有到：当天该发的提醒会现在发出，到时不再重发。确定要运行，请再点一次“运行”。"


class RunForm(Form):
    day = DayField("日期", [Required("请填写日期。")])
    warned_of = HiddenField()
    """the day ahead of which the person was told what running it now means"""

    def warns(self, today: date) -> bool:
        """Whether the day lies ahead and nobody was asked about it yet; then the form says so and asks."""
        if self.day.day <= today or self.warned_of.data == self.day.day.isoformat():
            return False
        self.day.errors = [*self.day.errors, AHEAD]
        self.warned_of.raw_data = None
        self.warned_of.data = self.day.day.isoformat()
        return True
