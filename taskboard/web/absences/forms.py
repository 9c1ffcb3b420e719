"""The form of an absence."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import SelectField

from taskboard.labels import label
from taskboard.services.absences import LONGEST_NOTE, AbsenceValues, Colleague
from taskboard.web.forms import DayField, Form, LineField, MaxLength, Required, choices, chosen_id


class AbsenceForm(Form):
    from_on = DayField("开始日", [Required("请填写开始日。")])
    to_on = DayField("结束日", [Required("请填写结束日。")])
    deputy = SelectField("代收人", coerce=str)
    note = LineField("说明", [MaxLength(LONGEST_NOTE)])

    def offer(self, colleagues: Iterable[Colleague]) -> None:
        """Offer these people; nobody is the first choice."""
        people = ((str(one.id), f"{one.name}（{one.department}{label(one.role)}）") for one in colleagues)
        self.deputy.choices = choices([("", "（不指定）"), *people])

    @property
    def values(self) -> AbsenceValues:
        return AbsenceValues(self.from_on.day, self.to_on.day, chosen_id(self.deputy.data), self.note.data or "")
