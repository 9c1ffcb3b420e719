"""Links by which somebody sets a password without knowing one: how long they hold, and what stands behind them.

A token is made of the installation's secret key and the link's salt, so it can be made again when its mail is written
and is kept nowhere. The database has a fingerprint, which tells a right token from a wrong one and leads back to none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from enum import StrEnum


class LinkPurpose(StrEnum):
    INVITATION = "invitation"
    """the first password of somebody who has none"""
    RESET = "reset"


LIFETIMES = {LinkPurpose.INVITATION: timedelta(days=7), LinkPurpose.RESET: timedelta(minutes=30)}

RESETS_PER_ACCOUNT = 3
RESETS_PER_ADDRESS = 10
RESET_WINDOW = timedelta(hours=1)
"""requests older than this no longer count against the account or the address"""


def derive_token(secret_key: str, purpose: LinkPurpose, salt: str) -> str:
    """The token of the link with this salt: 256 bits, in characters that need no escape in an address."""
    made = hmac.digest(secret_key.encode(), f"account-link:{purpose}:{salt}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def fingerprint(token: str) -> str:
    """What the database keeps of a token. A random token of 256 bits needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def account_link_path(token: str) -> str:
    """Where the token is used. It stands in the query, which no log of the application repeats."""
    return f"/set-password?token={token}"
