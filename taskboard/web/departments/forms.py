"""Forms of the directory of departments."""

from __future__ import annotations

from wtforms import BooleanField

from taskboard.domain.departments import DepartmentKind
from taskboard.services.departments import LONGEST_NAME
from taskboard.web.forms import EnumField, Form, LineField, MaxLength, Required, VersionedForm


class DepartmentForm(VersionedForm):
    name = LineField("单位名称", [Required("请填写单位名称。"), MaxLength(LONGEST_NAME)])
    kind = EnumField("类型", DepartmentKind, default=DepartmentKind.UNIT)
    parent = LineField("上级单位", [MaxLength(LONGEST_NAME)])
    needs_sign_off = BooleanField("报送前须经单位负责人审签", default=True)
    is_active = BooleanField("在用", default=True)


class AliasForm(Form):
    alias = LineField("别名", [Required("请填写别名。"), MaxLength(LONGEST_NAME)])
