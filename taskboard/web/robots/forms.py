"""The form of a group robot."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField

from taskboard.domain.robots import LONGEST_ADDRESS
from taskboard.models import Robot
from taskboard.services.department_names import LONGEST_NAME
from taskboard.services.robots import RobotValues
from taskboard.web.forms import LineField, MaxLength, Required, VersionedForm

LONGEST_ROBOT_NAME = 100
NEVER_KEPT_BY_BROWSERS = {"autocomplete": "off", "spellcheck": "false"}


class RobotForm(VersionedForm):
    """The address and the secret are only ever filled in: what is kept does not come back to a page, and of what was
    refused the address alone."""

    name = LineField("名称", [Required("请填写名称。"), MaxLength(LONGEST_ROBOT_NAME)])
    address = LineField("机器人地址", [MaxLength(LONGEST_ADDRESS)], render_kw=NEVER_KEPT_BY_BROWSERS)
    secret = LineField("加签密钥", [MaxLength(128)], render_kw=NEVER_KEPT_BY_BROWSERS)
    department = LineField("播报哪个单位", [Required("请填写单位。"), MaxLength(LONGEST_NAME)])
    sends_weekly = BooleanField("每周第一个工作日发周报", default=True)
    sends_daily = BooleanField("每个工作日发日报")
    is_on = BooleanField("启用", default=True)

    def fill(self, robot: Robot, department: str) -> None:
        """Show what is kept, without address and secret."""
        self.version.data = robot.version
        self.name.data, self.department.data = robot.name, department
        self.sends_weekly.data, self.sends_daily.data = robot.sends_weekly, robot.sends_daily
        self.is_on.data = robot.is_on

    def forget_secret(self, *, is_refused: bool = False) -> None:
        """A page that comes back with an error, or that ``is_refused`` without one, keeps the address as it was typed,
        and never the secret."""
        if self.secret.data and (is_refused or self.errors) and not self.secret.errors:
            self.secret.errors = ["请重新填写加签密钥：页面不保留密钥。"]
        self.secret.data, self.secret.raw_data = "", None

    def values(self, department_id: int) -> RobotValues:
        filled: dict[str, Any] = {name: self[name].data for name in ("sends_weekly", "sends_daily", "is_on")}
        return RobotValues(
            name=self.name.data or "",
            department_id=department_id,
            address=self.address.data or "",
            secret=self.secret.data or "",
            **filled,
        )
