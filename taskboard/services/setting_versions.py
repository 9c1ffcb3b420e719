"""The version of settings that are kept together: whether somebody saved them since a form showed them.

A setting is a row of a name and a value, and one form keeps several, of which some may have no row.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session

from taskboard.domain.errors import Stale

LENGTH = 6
"""bytes; a number of this size fits the scripts of a page, too"""


def version_of(values: Mapping[str, str], *, key: str = "") -> int:
    """A number that stands for these values, never 0. It is shown on a page: with a password among them a ``key`` is
    needed."""
    told = json.dumps(sorted(values.items()))
    return int.from_bytes(hmac.digest(key.encode(), told.encode(), hashlib.sha256)[:LENGTH]) or 1


def hold_settings(session: Session) -> None:
    """Keep others from changing any setting, and any group robot, until the transaction ends.

    On SQLite nobody else writes anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE setting IN SHARE ROW EXCLUSIVE MODE"))


def check_version(version: int, current: int) -> None:
    """Raises :class:`Stale` with the current version where the form was filled in from another one."""
    if version != current:
        raise Stale(version=current)
