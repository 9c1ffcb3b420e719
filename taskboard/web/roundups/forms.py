"""The forms of a roundup: its words, and to whom it is sent."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from taskboard.labels import label
from taskboard.services.roundups import LONGEST_WORDS, Reader
from taskboard.web.forms import MaxLength, Required, TextField, VersionedForm, choices, read_id


class WordsForm(VersionedForm):
    words = TextField("正文", [Required("请填写正文。"), MaxLength(LONGEST_WORDS)], render_kw={"rows": 10})


class SendForm(VersionedForm):
    people = SelectMultipleField(
        "收件人", coerce=str, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )

    def offer(self, readers: Iterable[Reader]) -> None:
        """Offer these people, each with what they are, and whether a mail can reach them."""
        self.people.choices = choices(
            (
                str(one.id),
                f"{one.name}（{one.department}{label(one.role)}{'' if one.email else '，未填邮箱，只进站内消息'}）",
            )
            for one in readers
        )

    @property
    def person_ids(self) -> list[int]:
        return [found for one in self.people.data or () if (found := read_id(one)) is not None]
