"""Which passwords are good enough, and how often somebody may guess."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

from taskboard.domain.errors import Invalid

SHORTEST = 10
LONGEST = 128
"""longer ones would only make the hash slow"""
FEWEST_DIFFERENT = 5
COMMON = ("password", "qwertyuiop", "asdfghjkl", "iloveyou", "woaini", "admin123", "abc123", "abcdefgh", "letmein")
DIGITS_IN_A_ROW = ("01234567890123456789", "98765432109876543210")

FAILURES_PER_ACCOUNT = 5
FAILURES_PER_ADDRESS = 20
WINDOW = timedelta(minutes=15)
"""failures older than this no longer count"""


def check_password(password: str, *, username: str) -> None:
    """Raise :class:`Invalid` for a password that is short, or easy to guess."""
    if len(password) < SHORTEST:
        raise Invalid("password", "password_short", minimum=SHORTEST)
    if len(password) > LONGEST:
        raise Invalid("password", "password_long", maximum=LONGEST)
    plain = unicodedata.normalize("NFKC", password).casefold()
    if username.casefold() in plain:
        raise Invalid("password", "password_has_username")
    if len(set(plain)) < FEWEST_DIFFERENT or _is_common(plain):
        raise Invalid("password", "password_simple")


def _is_common(plain: str) -> bool:
    """Whether little is left of it without the words and rows of digits that everybody tries first."""
    left = plain
    for word in COMMON:
        left = left.replace(word, "")
    if left.isdecimal() and any(left[:8] in row for row in DIGITS_IN_A_ROW):
        return True
    return len(left) < SHORTEST // 2
