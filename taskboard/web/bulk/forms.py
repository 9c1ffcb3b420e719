"""The form of an act on many tasks, from the list to the preview to the act itself."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField, SelectField
from wtforms.validators import Optional

from taskboard.domain.bulk import BulkAct, BulkOrder
from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.labels.targets import PLAN_RHYTHMS
from taskboard.services.bulk import LONGEST_REMARK
from taskboard.services.task_search import MOST_AT_ONCE
from taskboard.web.forms import EnumField, Form, IdField, MaxLength, TextField, WholeNumberField, choices, read_id


class BulkForm(Form):
    """``task_ids`` are those that were shown: what is done is what was looked at, whatever fits the filter by then."""

    act = EnumField("操作", BulkAct, default=BulkAct.REMIND)
    task_ids = HiddenField()
    department_id = IdField(validators=[Optional()])
    officer = SelectField("承办人", choices=[], validate_choice=False)
    rhythm = SelectField("报送频次", choices=choices((kind.value, words) for kind, words in PLAN_RHYTHMS.items()))
    rhythm_day = WholeNumberField("报送日", validators=[Optional()])
    remark = TextField("催办要求", [MaxLength(LONGEST_REMARK)], render_kw={"rows": 2})

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        if self.rhythm.data is None:
            self.rhythm.data = PlanRhythm.MONTHLY.value

    def order(self) -> BulkOrder:
        """What is asked for; raises :class:`NotFound` for what no id can be, :class:`Invalid` for too many."""
        act = self.act.data
        if not isinstance(act, BulkAct):
            raise Invalid("act", "unknown")
        department_id, officer_id = self.department_id.data, None
        if act is BulkAct.SET_OFFICER and self.officer.data:
            # A person who is officer in two departments is chosen in one of them.
            department, _, officer = str(self.officer.data).partition("-")
            department_id, officer_id = _id(department), _id(officer)
        return BulkOrder(
            act=act,
            task_ids=read_ids(self.task_ids.data or ""),
            department_id=department_id,
            officer_id=officer_id,
            rhythm=PlanRhythm(self.rhythm.data) if self.rhythm.data in set(PlanRhythm) else PlanRhythm.NONE,
            rhythm_day=self.rhythm_day.data,
            remark=self.remark.data or "",
        )


def read_ids(text: str) -> tuple[int, ...]:
    """``12,13`` as ids, each once."""
    parts = [part for part in text.split(",") if part]
    if len(parts) > MOST_AT_ONCE:
        raise Invalid("task_ids", "bulk_too_many", most=MOST_AT_ONCE)
    return tuple(dict.fromkeys(_id(part) for part in parts))


def _id(text: str) -> int:
    found = read_id(text)
    if found is None:
        raise NotFound(subject="task")
    return found
