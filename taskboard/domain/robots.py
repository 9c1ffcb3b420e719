"""Group robots of WeCom, DingTalk and Feishu: which addresses are one, what may be said there, and how it is said.

The list of addresses is closed: what is kept is the vendor and the key, and the address is made of the vendor's own
host and path again. Nothing that somebody types can lead a message to another place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from taskboard.domain.errors import Invalid
from taskboard.domain.history import HIDDEN
from taskboard.domain.outbox import RateLimits, Result


class RobotKind(StrEnum):
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


class RobotDigest(StrEnum):
    """What a robot says, and what it says to be tried out."""

    WEEKLY = "weekly"
    DAILY = "daily"
    TRIAL = "trial"


class RobotMessageState(StrEnum):
    WAITING = "waiting"
    """not sent yet, or its vendor could not be reached: it is tried again until it is past its time"""
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    """the vendor did not take it, and will not"""
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """it may stand in the group: it is not sent again"""


@dataclass(frozen=True)
class Vendor:
    """Where a kind of robot listens. ``parameter`` carries the key in the query; without one it ends the path."""

    host: str
    path: str
    parameter: str | None
    most_bytes: int
    """of a text, UTF-8"""
    signs: bool
    """whether a robot may have a secret that its messages are signed with"""

    @property
    def path_before_key(self) -> str:
        return f"{self.path}?{self.parameter}=" if self.parameter else self.path

    @property
    def address_before_key(self) -> str:
        return f"https://{self.host}{self.path_before_key}"


VENDORS: Mapping[RobotKind, Vendor] = {
    RobotKind.WECOM: Vendor("qyapi.weixin.qq.com", "/cgi-bin/webhook/send", "key", 2048, signs=False),
    RobotKind.DINGTALK: Vendor("oapi.dingtalk.com", "/robot/send", "access_token", 15_000, signs=True),
    RobotKind.FEISHU: Vendor("open.feishu.cn", "/open-apis/bot/v2/hook/", None, 15_000, signs=True),
}
"""WeCom takes 2,048 bytes of text; DingTalk and Feishu 20 KB of the whole request, in which JSON writes marks longer"""

LIMITS = RateLimits(per_minute=20)
"""of one robot: more within a minute, and a vendor mutes it for ten"""
KEY = re.compile(r"[A-Za-z0-9_-]{16,128}")
SECRET = re.compile(r"[A-Za-z0-9_-]{8,128}")
SHOWN_OF_A_KEY = 4
LEASE = timedelta(minutes=5)
"""how long handing one message over may take before its fate is not known"""
LONGEST_ADDRESS = 400


@dataclass(frozen=True)
class Webhook:
    """The address of one robot: its vendor and its key, which is a secret."""

    kind: RobotKind
    key: str

    @property
    def host(self) -> str:
        return VENDORS[self.kind].host

    @property
    def path(self) -> str:
        """The path with the key; query parameters of a signature come after it."""
        return f"{VENDORS[self.kind].path_before_key}{self.key}"

    @property
    def shown(self) -> str:
        """The address as pages and the trail show it: the end of the key tells robots apart and opens nothing."""
        return f"{self.host} {HIDDEN}{self.key[-SHOWN_OF_A_KEY:]}"


def parse_webhook(address: str) -> Webhook:
    """The robot that an address from the vendor's page leads to, letter by letter.

    What was typed in full width is meant in half. Raises :class:`Invalid` for any other: plain http, another host or
    port, a name before the host, another path, anything beside the key.
    """
    address = unicodedata.normalize("NFKC", address)
    for kind, vendor in VENDORS.items():
        key = address.removeprefix(vendor.address_before_key)
        if key != address and KEY.fullmatch(key):
            return Webhook(kind, key)
    raise Invalid("address", "robot_address_form")


def checked_secret(kind: RobotKind, secret: str) -> str | None:
    """The secret for signatures, None where there is none; raises :class:`Invalid`."""
    if not secret:
        return None
    if not VENDORS[kind].signs:
        raise Invalid("secret", "robot_signs_nothing")
    if not SECRET.fullmatch(secret):
        raise Invalid("secret", "robot_secret_form")
    return secret


def fit(lines: Sequence[str], last: str, most_bytes: int, *, cut: str) -> str:
    """The lines and the last one, as many whole lines as fit; ``cut`` says how many are left out (``{}``).

    The first line and the last stand in any case.
    """
    for kept in range(len(lines), 0, -1):
        missing = len(lines) - kept
        text = "\n".join([*lines[:kept], *([cut.format(missing)] if missing else []), last])
        if len(text.encode()) <= most_bytes:
            break
    return text


def digest_of_day(*, is_digest_day: bool, sends_weekly: bool, sends_daily: bool) -> RobotDigest | None:
    """The one digest that a robot sends on a working day; the weekly one takes the place of the day's."""
    if is_digest_day and sends_weekly:
        return RobotDigest.WEEKLY
    return RobotDigest.DAILY if sends_daily else None


def message_key(digest: RobotDigest, robot_id: int, day: date) -> str:
    """What makes a digest exist once: the week by ISO, or the day."""
    year, week, _ = day.isocalendar()
    when = f"{year}-W{week:02d}" if digest is RobotDigest.WEEKLY else day.isoformat()
    return f"{digest.value}:{robot_id}:{when}"


def state_after(result: Result, digest: RobotDigest) -> RobotMessageState:
    """Where an attempt leads; only what certainly did not arrive is tried again, and a trial by nobody but a person."""
    match result:
        case Result.ACCEPTED:
            return RobotMessageState.SENT
        case Result.LATER:
            return RobotMessageState.EXPIRED if digest is RobotDigest.TRIAL else RobotMessageState.WAITING
        case Result.NEVER:
            return RobotMessageState.REFUSED
        case Result.UNCERTAIN:
            return RobotMessageState.UNKNOWN
