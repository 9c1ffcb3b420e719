"""The forms of public address and mail, for the first set-up and for later, and of when and how fast mails leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from wtforms import Field
from wtforms.validators import Optional
from wtforms.widgets import TextInput

from taskboard import paths
from taskboard.config import IN_THE_BROWSER_TOO, Settings
from taskboard.domain.errors import Invalid
from taskboard.domain.outbox import Result
from taskboard.extensions import now
from taskboard.mail.message import UnusableAddress, parse_sender
from taskboard.mail.trial import send_trial
from taskboard.services.people import EMAIL, LONGEST_EMAIL
from taskboard.services.sending_rules import SendingRules
from taskboard.services.settings import (
    LONGEST,
    MAIL_FROM,
    PUBLIC_URL,
    SMTP_URL,
    SettingValues,
    with_kept_password,
    without_password,
)
from taskboard.web.forms import Form, LineField, MaxLength, VersionedForm, WholeNumberField
from taskboard.web.typed import read_clock

VARIABLES = {field: name for name, field in IN_THE_BROWSER_TOO.items()}


@dataclass(frozen=True)
class Trial:
    """How a test mail went, in words."""

    is_sent: bool
    words: str


class MailForm(Form):
    public_url = LineField("访问地址", [MaxLength(LONGEST)], render_kw={"inputmode": "url", "autocomplete": "off"})
    smtp_url = LineField("邮件服务器", [MaxLength(LONGEST)], render_kw={"autocomplete": "off", "spellcheck": "false"})
    mail_from = LineField("发件人", [MaxLength(LONGEST_EMAIL)], render_kw={"autocomplete": "off"})
    test_to = LineField("测试邮件发给", [MaxLength(LONGEST_EMAIL)], render_kw={"inputmode": "email"})

    def fill(self, kept: Mapping[str, str], settings: Settings) -> None:
        """Show what holds now: the environment's values where it has some, a password never."""
        for name, field in ((PUBLIC_URL, self.public_url), (SMTP_URL, self.smtp_url), (MAIL_FROM, self.mail_from)):
            given = str(getattr(settings, name) or "") if name in settings.given else kept.get(name, "")
            field.data = without_password(given) if name == SMTP_URL and given else given

    def hint(self, field: Field, settings: Settings, usual: str) -> str:
        """What stands below the field; where the environment sets it, that it cannot be changed here."""
        if field.name in settings.given:
            return f"由服务器的环境变量 {VARIABLES[field.name]} 设定，在这里修改不起作用。"
        return usual

    def values(self, kept: Mapping[str, str]) -> SettingValues:
        """What was filled in, with the kept password where its mask stands; raises :class:`Invalid`."""
        mail_from = self.mail_from.data or ""
        if mail_from:
            try:
                parse_sender(mail_from)
            except UnusableAddress:
                raise Invalid("mail_from", "mail_from_form") from None
        return SettingValues(
            public_url=self.public_url.data or "",
            mail_from=mail_from,
            smtp_url=with_kept_password(self.smtp_url.data or "", kept.get(SMTP_URL)),
        )

    def try_out(self, settings: Settings) -> Trial:
        """Send a test mail with these settings; raises :class:`Invalid` where something is missing for it."""
        if not settings.smtp_url:
            raise Invalid("smtp_url", "required")
        address = self.test_to.data or ""
        if not EMAIL.fullmatch(address):
            raise Invalid("test_to", "email_form")
        outcome = send_trial(
            smtp_url=settings.smtp_url,
            mail_from=settings.mail_from,
            to_address=address,
            public_url=settings.public_url,
            templates=paths.TEMPLATES,
            now=now(),
        )
        if outcome.result is Result.ACCEPTED:
            return Trial(True, f"邮件服务器已接收测试邮件，请到 {address} 查收；没有收到时请看垃圾邮件。")
        return Trial(False, f"测试邮件没有发出。邮件服务器的答复：{outcome.detail}")


class SettingsForm(MailForm, VersionedForm):
    """The same for later, when another administrator may have it open too."""


class ClockField(Field):
    """A time of day typed as 8:30 or 8点半; ``data`` is a time or None."""

    widget = TextInput()
    data: time | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat("minutes") if self.data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        self.data = read_clock(valuelist[0] if valuelist else None)


class SendingForm(VersionedForm):
    per_minute = WholeNumberField("每分钟最多发信（封）", [Optional()], render_kw={"inputmode": "numeric"})
    per_hour = WholeNumberField("每小时最多发信（封）", [Optional()], render_kw={"inputmode": "numeric"})
    opens = ClockField("通知从几点起发送")
    closes = ClockField("通知到几点为止")

    def fill(self, kept: SendingRules) -> None:
        self.per_minute.data, self.per_hour.data = kept.per_minute, kept.per_hour
        self.opens.data, self.closes.data = kept.opens, kept.closes

    @property
    def rules(self) -> SendingRules:
        return SendingRules(self.per_minute.data, self.per_hour.data, self.opens.data, self.closes.data)
