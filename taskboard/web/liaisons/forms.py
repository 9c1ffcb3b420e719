"""The form by which liaisons are changed: a field for each department."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from wtforms import Field, HiddenField

from taskboard.services.liaisons import LiaisonRow, field_of
from taskboard.web.forms import Form, LineField, MaxLength

LONGEST_PERSON = 80


class LiaisonsForm(Form):
    """Base of the forms that :func:`liaisons_form` makes; an empty field leaves the department as it is."""

    rows: list[LiaisonRow]
    mark = HiddenField()

    def field_for(self, row: LiaisonRow) -> Field:
        return cast(Field, self[field_of(row.department_id)])

    @property
    def chosen(self) -> dict[int, str]:
        """Who was filled in for which department."""
        return {row.department_id: str(words) for row in self.rows if (words := self.field_for(row).data)}


def liaisons_form(rows: Iterable[LiaisonRow], **more: Any) -> LiaisonsForm:
    """A form with a field for each department."""
    rows = list(rows)
    fields: dict[str, Any] = {"rows": rows}
    for row in rows:
        listed = {"autocomplete": "off", "list": f"staff-{row.department_id}"}
        fields[field_of(row.department_id)] = LineField(
            f"{row.department}的新联络员", [MaxLength(LONGEST_PERSON)], render_kw=listed
        )
    return cast(LiaisonsForm, type("LiaisonsFormOfThese", (LiaisonsForm,), fields)(**more))
