"""Every setting of the product: read once from the environment, checked, and passed on as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

MINIMUM_SECRET_LENGTH = 32
DEFAULT_SECRET = "change-me"
MEBIBYTE = 1024 * 1024
MOST_PROXIES = 9
SHORTEST_TOKEN = 16


class ConfigurationError(Exception):
    """A setting is missing or unusable; the message is for the person who runs the command."""


class MailTransport(StrEnum):
    SMTP = "smtp"
    MAILBOX = "mailbox"
    """kept in the outbox and shown on the demo's mailbox page"""
    NONE = "none"
    """mails wait in the outbox until a server is set"""


@dataclass(frozen=True)
class Settings:
    """See docs/operations.md for what each means to an office."""

    secret_key: str
    instance_dir: Path
    database_url: str
    public_url: str = "http://127.0.0.1:8000"
    mail_transport: MailTransport = MailTransport.NONE
    smtp_url: str | None = None
    """``smtp://user:password@host:25``, ``smtp+starttls://…`` or ``smtps://…``"""
    mail_from: str = "taskboard@localhost"
    max_upload_bytes: int = 20 * MEBIBYTE
    max_attachment_bytes: int = 20 * MEBIBYTE
    max_plan_attachments_bytes: int = 2048 * MEBIBYTE
    """all attachments on the tasks of one plan together"""
    mails_per_minute: int = 300
    mails_per_hour: int = 6000
    """how many mails are handed to the mail server at most; 0 is no limit"""
    metrics_token: str = ""
    """who shows it may read the figures at ``/metrics``; without one there is no such page"""
    trusted_proxies: int = 0
    """how many proxies stand in front, each adding the address it was asked from to ``X-Forwarded-For``"""
    is_demo: bool = False
    is_testing: bool = False
    given: frozenset[str] = frozenset()
    """names of the settings that the environment sets: what an administrator keeps in the browser is under them"""

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")


def settings_from_environment(environ: Mapping[str, str]) -> Settings:
    """Settings for real use; raises :class:`ConfigurationError` where one is missing or unusable."""
    instance_dir = Path(environ.get("TASKBOARD_INSTANCE", "instance")).resolve()
    smtp_url = environ.get("TASKBOARD_SMTP_URL") or None
    if smtp_url is not None:
        checked_smtp_url(smtp_url, name="TASKBOARD_SMTP_URL")
    public_url = checked_public_url(
        environ.get("TASKBOARD_PUBLIC_URL", "http://127.0.0.1:8000"), name="TASKBOARD_PUBLIC_URL"
    )
    return Settings(
        secret_key=_secret_key(environ),
        instance_dir=instance_dir,
        database_url=database_url(environ, instance_dir),
        public_url=public_url,
        mail_transport=MailTransport.SMTP if smtp_url else MailTransport.NONE,
        smtp_url=smtp_url,
        mail_from=environ.get("TASKBOARD_MAIL_FROM", "taskboard@localhost"),
        max_upload_bytes=_positive(environ, "TASKBOARD_MAX_UPLOAD_MIB", 20) * MEBIBYTE,
        max_attachment_bytes=_positive(environ, "TASKBOARD_MAX_ATTACHMENT_MIB", 20) * MEBIBYTE,
        max_plan_attachments_bytes=_positive(environ, "TASKBOARD_MAX_PLAN_ATTACHMENTS_MIB", 2048) * MEBIBYTE,
        mails_per_minute=_count(environ, "TASKBOARD_MAILS_PER_MINUTE", 300),
        mails_per_hour=_count(environ, "TASKBOARD_MAILS_PER_HOUR", 6000),
        metrics_token=_metrics_token(environ),
        trusted_proxies=_trusted_proxies(environ),
        given=frozenset(field for name, field in IN_THE_BROWSER_TOO.items() if environ.get(name)),
    )


IN_THE_BROWSER_TOO = {
    "TASKBOARD_PUBLIC_URL": "public_url",
    "TASKBOARD_SMTP_URL": "smtp_url",
    "TASKBOARD_MAIL_FROM": "mail_from",
}
"""variables of the environment whose settings an administrator can also keep in the browser"""


def checked_public_url(value: str, *, name: str = "") -> str:
    """The address without a slash at its end; raises :class:`ConfigurationError`."""
    _check_url(name, value, {"http", "https"})
    return value.rstrip("/")


def checked_smtp_url(value: str, *, name: str = "") -> str:
    """The address of a mail server as it is; raises :class:`ConfigurationError`."""
    _check_url(name, value, {"smtp", "smtps", "smtp+starttls"})
    return value


def database_url(environ: Mapping[str, str], instance_dir: Path) -> str:
    """``TASKBOARD_DATABASE_URL``, or the SQLite file in the instance folder; PostgreSQL always through psycopg 3."""
    url = environ.get("TASKBOARD_DATABASE_URL") or f"sqlite:///{instance_dir / 'taskboard.db'}"
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ConfigurationError("TASKBOARD_DATABASE_URL 只支持 sqlite:///… 和 postgresql://… 两种写法。")
    return url


def _secret_key(environ: Mapping[str, str]) -> str:
    key = environ.get("TASKBOARD_SECRET_KEY", "")
    if not key or key == DEFAULT_SECRET:
        raise ConfigurationError(
            "请先设置 TASKBOARD_SECRET_KEY（会话签名密钥）。可用下面的命令生成一个：\n"
            '  python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    if len(key) < MINIMUM_SECRET_LENGTH:
        raise ConfigurationError(f"TASKBOARD_SECRET_KEY 太短：至少 {MINIMUM_SECRET_LENGTH} 个字符。")
    return key


def _check_url(name: str, value: str, schemes: set[str]) -> None:
    try:
        parts = urlsplit(value)
        is_usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and value.isprintable()
    except ValueError:
        # An address in brackets that is none, or a port that is no number.
        is_usable = False
    if not is_usable:
        raise ConfigurationError(
            f"{name} 的写法不对，应以 {'、'.join(f'{s}://' for s in sorted(schemes))} 开头并带主机名。"
        )


def _trusted_proxies(environ: Mapping[str, str]) -> int:
    value = environ.get("TASKBOARD_TRUSTED_PROXIES", "0")
    if not (value.isascii() and value.isdecimal() and int(value) <= MOST_PROXIES):
        raise ConfigurationError(
            f"TASKBOARD_TRUSTED_PROXIES 应是本站前面反向代理的层数（0 到 {MOST_PROXIES}），现在是“{value}”。"
        )
    return int(value)


def _metrics_token(environ: Mapping[str, str]) -> str:
    token = environ.get("TASKBOARD_METRICS_TOKEN", "")
    if token and len(token) < SHORTEST_TOKEN:
        raise ConfigurationError(f"TASKBOARD_METRICS_TOKEN 太短：至少 {SHORTEST_TOKEN} 个字符。")
    return token


def _count(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, str(default))
    if not (value.isascii() and value.isdecimal()):
        raise ConfigurationError(f"{name} 应是不小于 0 的整数（0 为不限），现在是“{value}”。")
    return int(value)


def _positive(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, str(default))
    if not value.isdecimal() or int(value) < 1:
        raise ConfigurationError(f"{name} 应是正整数，现在是“{value}”。")
    return int(value)
