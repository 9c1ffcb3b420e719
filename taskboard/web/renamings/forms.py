"""The form of a renaming."""

from __future__ import annotations

from wtforms import BooleanField

from taskboard.services.renamings import LONGEST_LIST, LONGEST_NOTE, RenamingValues
from taskboard.web.forms import DayField, LineField, MaxLength, Required, TextField, VersionedForm


class RenamingForm(VersionedForm):
    old_names = TextField("旧名称", [Required("请填写旧名称。"), MaxLength(LONGEST_LIST)], render_kw={"rows": 3})
    new_names = TextField("新名称", [Required("请填写新名称。"), MaxLength(LONGEST_LIST)], render_kw={"rows": 3})
    from_on = DayField("更名日期", [Required("请填写更名日期。")])
    note = LineField("备注", [MaxLength(LONGEST_NOTE)])
    is_active = BooleanField("在用", default=True)

    @property
    def values(self) -> RenamingValues:
        """What was filled in, once the form has passed."""
        return RenamingValues(
            old_names=self.old_names.data or "",
            new_names=self.new_names.data or "",
            from_on=self.from_on.day,
            note=self.note.data or "",
            is_active=self.is_active.data,
        )
