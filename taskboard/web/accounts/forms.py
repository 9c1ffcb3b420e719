"""Forms to sign in and to change the own password."""

from __future__ import annotations

from wtforms import HiddenField, PasswordField
from wtforms.validators import InputRequired, ValidationError

from taskboard.domain.passwords import SHORTEST
from taskboard.web.forms import Form, LineField, MaxLength, Required


class SignInForm(Form):
    username = LineField(
        "账号",
        [Required("请填写账号。"), MaxLength(80)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True},
    )
    password = PasswordField("密码", [InputRequired("请填写密码。")], render_kw={"autocomplete": "current-password"})
    next = HiddenField()


class ForgottenForm(Form):
    username = LineField(
        "账号",
        [Required("请填写账号。"), MaxLength(80)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class NewPasswordForm(Form):
    password = PasswordField("新密码", [InputRequired("请填写新密码。")], render_kw={"autocomplete": "new-password"})
    repeated = PasswordField(
        "再填一次新密码", [InputRequired("请再填一次新密码。")], render_kw={"autocomplete": "new-password"}
    )

    password_hint = f"至少 {SHORTEST} 个字符，不含账号，不用常见或连续的字符。"

    def validate_repeated(self, field: PasswordField) -> None:
        if field.data != self.password.data:
            raise ValidationError("两次填写的新密码不一样。")


class LinkForm(NewPasswordForm):
    token = HiddenField()


class PasswordForm(NewPasswordForm):
    current_password = PasswordField(
        "现在的密码", [InputRequired("请填写现在的密码。")], render_kw={"autocomplete": "current-password"}
    )
