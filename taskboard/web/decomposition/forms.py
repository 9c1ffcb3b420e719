"""The form by which a part is split: one line for each sub-task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from wtforms import Form as PlainForm
from wtforms import HiddenField, SelectField
from wtforms.validators import NumberRange, Optional

from taskboard.domain.decomposition import LARGEST_WEIGHT, MOST_SUBTASKS_AT_ONCE
from taskboard.labels.errors import problem_words
from taskboard.services.decomposition import LONGEST_TITLE, Below, SubtaskOrder, SubtaskRefused
from taskboard.web.forms import DayField, Form, LineField, MaxLength, WholeNumberField, choices, chosen_id

ROWS_SHOWN = 5
MORE_ROWS = 5
WEIGHT_WORDS = f"权重请填 1 到 {LARGEST_WEIGHT} 的整数。"


class DecomposeForm(Form):
    """What the lines share: the token against forgery and the request key."""


class SubtaskRow(PlainForm):
    """One sub-task; a line without a department and without words is not meant."""

    department = SelectField("下级单位", coerce=chosen_id, validate_choice=False)
    title = LineField("任务内容", [MaxLength(LONGEST_TITLE)])
    due_on = DayField("时限")
    weight = WholeNumberField("权重", [Optional(), NumberRange(1, LARGEST_WEIGHT, WEIGHT_WORDS)])
    problem = HiddenField()

    @property
    def is_meant(self) -> bool:
        return bool(self.department.data is not None or self.title.data or self.due_on.data)

    def order(self) -> SubtaskOrder:
        return SubtaskOrder(
            department_id=self.department.data or 0,
            title=self.title.data or "",
            due_on=self.due_on.data,
            weight=1 if self.weight.data is None else self.weight.data,
        )


class SubtaskRows:
    """The lines of the form, as they were sent or as they are offered."""

    def __init__(self, below: Sequence[Below], count: int, formdata: Any = None) -> None:
        offered = [("", "请选择"), *((str(one.id), one.name) for one in below)]
        self.rows = []
        for number in range(min(count, MOST_SUBTASKS_AT_ONCE)):
            row = SubtaskRow(formdata, prefix=f"subtask-{number}-")
            row.department.choices = choices(offered)
            self.rows.append(row)

    def offer(self, departments: Iterable[Below]) -> None:
        """Put each of these departments on a line of its own."""
        for row, one in zip(self.rows, departments, strict=False):
            row.department.data = one.id

    @property
    def meant(self) -> list[SubtaskRow]:
        return [row for row in self.rows if row.is_meant]

    def validate(self) -> bool:
        """Whether every line that is meant is filled in as it must be; all are checked, so that all shows at once."""
        are_valid = [row.validate() for row in self.meant]
        return all(are_valid)

    def show_problem(self, refused: SubtaskRefused) -> None:
        """Say beside the line, or beside its field, why it cannot be so."""
        row = self.meant[refused.number]
        field = {"department": row.department, "title": row.title, "due_on": row.due_on, "weight": row.weight}.get(
            refused.field, row.problem
        )
        field.errors = [*field.errors, problem_words(refused)]
