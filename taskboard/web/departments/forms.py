"""Forms of the directory of departments."""

from __future__ import annotations

from wtforms import BooleanField

from taskboard.domain.departments import DepartmentKind, DepartmentLevel
from taskboard.services.department_names import LONGEST_NAME
from taskboard.web.forms import DayField, EnumField, Form, LineField, MaxLength, Required, TextField, VersionedForm


class DepartmentForm(VersionedForm):
    name = LineField("单位名称", [Required("请填写单位名称。"), MaxLength(LONGEST_NAME)])
    renamed_on = DayField("更名日期")
    kind = EnumField("类型", DepartmentKind, default=DepartmentKind.UNIT)
    level = EnumField("级别", DepartmentLevel, blank="与上级单位相同")
    parent = LineField("上级单位", [MaxLength(LONGEST_NAME)])
    needs_sign_off = BooleanField("报送前须经单位负责人审签", default=True)
    is_active = BooleanField("在用", default=True)


LONGEST_LIST = 20_000
"""characters: the names of all towns of a province"""


class AliasForm(Form):
    alias = LineField("别名", [Required("请填写别名。"), MaxLength(LONGEST_NAME)])


class OldNameForm(Form):
    old_name = LineField("曾用名", [Required("请填写曾用名。"), MaxLength(LONGEST_NAME)])
    valid_from = DayField("开始使用")
    valid_to = DayField("最后一天", [Required("请填写停用前的最后一天。")])


class MembersForm(Form):
    members = TextField("成员单位", [Required("请填写成员单位。"), MaxLength(LONGEST_LIST)], render_kw={"rows": 3})
    from_on = DayField("开始日", [Required("请填写开始日。")])
    to_on = DayField("结束日")


class EndMemberForm(Form):
    last_day = DayField("结束日", [Required("请填写结束日。")])
