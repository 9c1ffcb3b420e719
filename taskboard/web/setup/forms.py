"""The forms of the first set-up, one a step."""

from __future__ import annotations

from wtforms import BooleanField, PasswordField, SelectField, ValidationError

from taskboard.domain.passwords import SHORTEST
from taskboard.services.department_names import LONGEST_NAME
from taskboard.services.directory_templates import list_templates
from taskboard.services.people import LONGEST_EMAIL
from taskboard.web.forms import Form, LineField, MaxLength, Required, choices


class CodeForm(Form):
    code = LineField(
        "设置码",
        [Required("请填写设置码。"), MaxLength(40)],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )


class AdministratorForm(Form):
    name = LineField("姓名", [Required("请填写姓名。"), MaxLength(80)], render_kw={"autocomplete": "name"})
    username = LineField(
        "账号",
        [Required("请填写账号。"), MaxLength(80)],
        render_kw={"autocomplete": "username", "autocapitalize": "none"},
    )
    email = LineField("邮箱", [MaxLength(LONGEST_EMAIL)], render_kw={"autocomplete": "email", "inputmode": "email"})
    password = PasswordField("密码", render_kw={"autocomplete": "new-password"})
    repeated = PasswordField("再填一次密码", render_kw={"autocomplete": "new-password"})

    password_hint = f"至少 {SHORTEST} 个字符，不含账号，不用常见或连续的字符。"

    def validate_repeated(self, field: PasswordField) -> None:
        if (field.data or "") != (self.password.data or ""):
            raise ValidationError("两次填写的密码不一样。")


class BodyForm(Form):
    body = LineField(
        "督查主体", [Required("请填写单位名称。"), MaxLength(LONGEST_NAME)], render_kw={"autocomplete": "organization"}
    )
    is_supervisor = BooleanField("我同时担任督查员，由我导入文件、交办和审核")


class DirectoryForm(Form):
    template = SelectField(
        "模板",
        choices=choices([("", "不用模板，以后自己添加或导入"), *((one.code, one.title) for one in list_templates())]),
        default="",
    )
    place = LineField("地名或企业名称", [MaxLength(80)], render_kw={"autocomplete": "off"})
