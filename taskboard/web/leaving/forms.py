"""The form of a handover: its fields follow what the person holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, cast

from sqlalchemy.orm import Session
from wtforms import Field, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than the stubs

from taskboard.domain.errors import Invalid
from taskboard.services.holdings import DispatchedWork, SolePost
from taskboard.services.leaving import Handover, Leaving, Succession, find_successor
from taskboard.web.forms import DayField, Form, LineField, MaxLength, Required, choices

TO_LIAISON = "liaison"
TO_SUCCESSOR = "successor"
LEFT_VACANT = "vacant"
ONE_DAY = timedelta(days=1)


class LastDayForm(Form):
    """The last day of a post, which decides who else holds it then."""

    last_day = DayField("任期结束日", [Required("请填写任期结束日。")])


class HandoverForm(Form):
    """Base of the forms that :func:`handover_form` makes."""

    leaving: Leaving

    def officer_field(self, department_id: int) -> Field:
        return cast(Field, self[f"officer_{department_id}"])

    def assignment_field(self, work: DispatchedWork) -> Field:
        return cast(Field, self[f"assignment_{work.assignment_id}"])

    def post_fields(self, post: SolePost) -> list[Field]:
        return [self[f"{name}_{post.post_id}"] for name in ("post", "successor", "from", "to")]

    def order(self, session: Session) -> Handover:
        """What was chosen; what was not is left out. Raises :class:`Invalid` for a successor nobody is."""
        holdings = self.leaving.holdings
        departments = {work.department_id for work in holdings.work}
        officers = {one: self.officer_field(one).data for one in departments}
        single = {work.assignment_id: self.assignment_field(work).data for work in holdings.work}
        return Handover(
            officers={key: _officer(value) for key, value in officers.items() if value},
            assignments={key: _officer(value) for key, value in single.items() if value},
            posts={one.post_id: found for one in holdings.posts if (found := self._succession(session, one))},
        )

    def _succession(self, session: Session, post: SolePost) -> Succession | None:
        way, successor, from_on, to_on = (field.data for field in self.post_fields(post))
        if way == LEFT_VACANT:
            return Succession(None)
        if way != TO_SUCCESSOR:
            return None
        name = f"successor_{post.post_id}"
        if not successor:
            raise Invalid(name, "handover_incomplete")
        return Succession(find_successor(session, successor, field=name).id, from_on, to_on)


def handover_form(leaving: Leaving, *, gone_on: date) -> HandoverForm:
    """A form with a field for each thing that needs a new holder."""
    fields: dict[str, Any] = {"leaving": leaving}
    for department_id, officers in leaving.officers.items():
        fields[f"officer_{department_id}"] = _select("全部交给", "（请选择）", officers)
    for work in leaving.holdings.work:
        officers = leaving.officers[work.department_id]
        fields[f"assignment_{work.assignment_id}"] = _select(work.title, "按上面的选择", officers)
    for post in leaving.holdings.posts:
        fields |= {f"{name}_{post.post_id}": field for name, field in _post_fields(post, gone_on).items()}
    return cast(HandoverForm, type("HandoverFormOfOne", (HandoverForm,), fields)())


def _select(words: str, blank: str, officers: Iterable[tuple[int, str]]) -> Any:
    offered = [(str(officer_id), name) for officer_id, name in officers]
    return SelectField(words, choices=choices([("", blank), (TO_LIAISON, "交还联络员"), *offered]), default="")


def _post_fields(post: SolePost, gone_on: date) -> dict[str, Any]:
    stand_ins = "、".join(post.stand_ins)
    ways: list[SelectChoice] = choices([("", "（请选择）"), (TO_SUCCESSOR, "由下面的人接任")])
    if stand_ins:
        ways += choices([(LEFT_VACANT, f"暂不接任，由{stand_ins}代办")])
    return {
        "post": SelectField("交接方式", choices=ways, default=""),
        "successor": LineField("接任人", [MaxLength(80)], render_kw={"autocomplete": "off"}),
        "from": DayField("接任开始日", default=gone_on),
        "to": DayField("接任结束日", default=post.to_on if post.to_on and post.to_on >= gone_on else None),
    }


def _officer(value: str) -> int | None:
    return None if value == TO_LIAISON else int(value)
