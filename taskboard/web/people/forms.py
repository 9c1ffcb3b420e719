"""Forms for people, their posts and their passwords."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import BooleanField, PasswordField, SelectField
from wtforms.validators import InputRequired

from taskboard.domain.passwords import SHORTEST
from taskboard.domain.roles import Role
from taskboard.services.department_names import LONGEST_NAME
from taskboard.services.people import LONGEST_EMAIL
from taskboard.services.portfolios import PlanChoice
from taskboard.web.forms import DayField, EnumField, Form, LineField, MaxLength, Required, VersionedForm, choices

PASSWORD_HINT = f"至少 {SHORTEST} 个字符，不含账号，不用常见或连续的字符。"
NEW_PASSWORD = {"autocomplete": "new-password"}


class PersonForm(VersionedForm):
    name = LineField("姓名", [Required("请填写姓名。"), MaxLength(80)], render_kw={"autocomplete": "off"})
    username = LineField(
        "账号", [Required("请填写账号。"), MaxLength(80)], render_kw={"autocomplete": "off", "autocapitalize": "none"}
    )
    email = LineField("邮箱", [MaxLength(LONGEST_EMAIL)], render_kw={"autocomplete": "off", "inputmode": "email"})


class NewPersonForm(PersonForm):
    is_invited = BooleanField("发送邀请邮件，由本人设置密码", default=True)
    password = PasswordField("初始密码", render_kw=NEW_PASSWORD)


class PasswordForm(Form):
    password = PasswordField("新密码", [InputRequired("请填写新密码。")], render_kw=NEW_PASSWORD)


class PostForm(Form):
    department = LineField("单位", [Required("请填写单位。"), MaxLength(LONGEST_NAME)])
    role = EnumField("岗位", Role, default=Role.LIAISON)
    from_on = DayField("任期开始日", [Required("请填写任期开始日。")])
    to_on = DayField("任期结束日")


class PortfolioForm(Form):
    """A department or a plan; the service asks for one of the two."""

    department = LineField("单位", [MaxLength(LONGEST_NAME)])
    plan = SelectField("计划", coerce=str)

    def offer(self, plans: Iterable[PlanChoice]) -> None:
        """Offer these plans; none of them is the first choice."""
        self.plan.choices = choices([("", "（不选计划）"), *((str(one.id), one.title) for one in plans)])


class EndPostForm(Form):
    last_day = DayField("任期结束日", [Required("请填写任期结束日。")])
