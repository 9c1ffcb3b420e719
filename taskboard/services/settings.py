"""Settings that an administrator keeps in the browser. What the environment sets stands above them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Unpack
from urllib.parse import quote, urlsplit, urlunsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.config import ConfigurationError, MailTransport, Settings, checked_public_url, checked_smtp_url
from taskboard.domain.errors import Invalid
from taskboard.domain.history import HIDDEN, Change, Subject
from taskboard.domain.roles import Role
from taskboard.models import Setting
from taskboard.services.actors import require_role
from taskboard.services.history import Writing, record_change
from taskboard.services.sending_rules import kept_rules
from taskboard.services.setting_versions import check_version, hold_settings, version_of

PUBLIC_URL = "public_url"
SMTP_URL = "smtp_url"
MAIL_FROM = "mail_from"
KEPT = (PUBLIC_URL, SMTP_URL, MAIL_FROM)
LONGEST = 500


@dataclass(frozen=True)
class SettingValues:
    """What a person fills in. An empty value takes the setting away."""

    public_url: str = ""
    mail_from: str = ""
    smtp_url: str = ""


def kept_settings(session: Session) -> dict[str, str]:
    """What is kept, by name; one query."""
    rows = session.execute(select(Setting.name, Setting.value).where(Setting.name.in_(KEPT)))
    return dict(rows.all())


def effective_settings(session: Session, settings: Settings) -> Settings:
    """The settings as they hold now: the environment's, then what is kept, then the defaults.

    For the rates of sending the environment gives no more than the default (``services/sending_rules.py``).
    """
    rules = kept_rules(session)
    settings = replace(
        settings,
        mails_per_minute=settings.mails_per_minute if rules.per_minute is None else rules.per_minute,
        mails_per_hour=settings.mails_per_hour if rules.per_hour is None else rules.per_hour,
    )
    kept = {name: value for name, value in kept_settings(session).items() if name not in settings.given}
    if not kept:
        return settings
    if SMTP_URL in kept and settings.mail_transport is MailTransport.NONE:
        kept_transport = MailTransport.SMTP
    else:
        kept_transport = settings.mail_transport
    return replace(settings, mail_transport=kept_transport, **kept)  # type: ignore[arg-type]


def version_of_settings(kept: Mapping[str, str], *, settings: Settings) -> int:
    """What the form carries that shows them; it tells nothing of the password."""
    return version_of(kept, key=settings.secret_key)


def change_settings(
    session: Session, values: SettingValues, *, version: int, settings: Settings, **by: Unpack[Writing]
) -> None:
    """Keep what an administrator filled in, except what the environment sets.

    Raises :class:`Invalid` for an address that is none, and :class:`Stale` where others were saved since ``version``.
    The trail never has the password of the mail server.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    hold_settings(session)
    before = kept_settings(session)
    wanted = {name: value for name, value in checked_values(values).items() if name not in settings.given}
    after = {name: value for name, value in {**before, **wanted}.items() if value}
    if before == after:
        return
    check_version(version, version_of_settings(before, settings=settings))
    store_settings(session, values, settings=settings)
    record_change(
        session,
        subject=Subject.SETTING,
        subject_id=None,
        act=Change.CHANGED,
        before=_told(before),
        after={**_told(after), **_password_note(before, after)},
        **by,
    )


def store_settings(session: Session, values: SettingValues, *, settings: Settings) -> None:
    """Keep the values without asking who; for the first set-up. Raises as :func:`change_settings`."""
    for name, value in checked_values(values).items():
        if name in settings.given:
            continue
        row = session.get(Setting, name)
        if not value:
            if row is not None:
                session.delete(row)
        elif row is None:
            session.add(Setting(name=name, value=value))
        else:
            row.value = value
    session.flush()


def checked_values(values: SettingValues) -> dict[str, str]:
    """The values by name, as they are kept; raises :class:`Invalid`."""
    return {
        PUBLIC_URL: _checked(PUBLIC_URL, values.public_url, checked_public_url),
        MAIL_FROM: values.mail_from.strip(),
        SMTP_URL: _checked(SMTP_URL, values.smtp_url, checked_smtp_url),
    }


def with_kept_password(typed: str, kept: str | None) -> str:
    """The address as it was meant: a mask in it stands for the password that is kept for this very server and user.

    Raises :class:`Invalid` where anything else changed: a password must not follow to another server by itself.
    """
    if HIDDEN not in typed:
        return typed
    if kept is None or typed.strip() != without_password(kept):
        raise Invalid("smtp_url", "smtp_password_again")
    return kept


def without_password(url: str) -> str:
    """The address of a mail server as pages and the trail show it."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    user = quote(parts.username or "", safe="%")
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{HIDDEN}@{place}"))


def _told(kept: Mapping[str, str]) -> dict[str, Any]:
    return {name: without_password(value) if name == SMTP_URL else value for name, value in kept.items()}


def _password_note(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Any]:
    """Where only the password differs nothing else would tell that something was changed."""
    return {"password": True} if _told(before) == _told(after) else {}


def _checked(field: str, value: str, check: Any) -> str:
    value = value.strip()
    if len(value) > LONGEST:
        raise Invalid(field, "too_long", limit=LONGEST)
    if not value:
        return ""
    try:
        return str(check(value))
    except ConfigurationError:
        raise Invalid(field, f"{field}_form") from None
