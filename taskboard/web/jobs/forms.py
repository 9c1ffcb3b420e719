"""The form that asks for a run."""

from __future__ import annotations

from taskboard.web.forms import DayField, Form, Required


class RunForm(Form):
    day = DayField("日期", [Required("请填写日期。")])
