"""The form that takes the yearly notice."""

from __future__ import annotations

from taskboard.web.forms import Form, MaxLength, Required, TextField

LONGEST_NOTICE = 20_000


class NoticeForm(Form):
    text = TextField("通知正文", [Required("请粘贴通知正文。"), MaxLength(LONGEST_NOTICE)], render_kw={"rows": 14})
