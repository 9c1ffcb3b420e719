"""The form of a step by which departments follow another."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField

from taskboard.domain.departments import SuccessionKind
from taskboard.services.successions import LONGEST_REASON
from taskboard.web.forms import DayField, EnumField, Form, LineField, MaxLength, Required, TextField

LONGEST_LIST = 2000


class SuccessionForm(Form):
    kind = EnumField("办理方式", SuccessionKind, default=SuccessionKind.MERGER)
    successors = LineField("接续单位", [Required("请填写接续单位。"), MaxLength(LONGEST_LIST)])
    from_on = DayField("生效日期", [Required("请填写生效日期。")])
    reason = TextField(
        "依据", [Required("请填写依据，如机构改革方案的文号。"), MaxLength(LONGEST_REASON)], render_kw={"rows": 2}
    )
    moves_posts = BooleanField("人员岗位一并转到（第一个）接续单位", default=True)
    mark = HiddenField()
