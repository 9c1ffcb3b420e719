"""What a page shows in several places, asked for at the first of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from flask import g

from taskboard.domain.calendar import WorkingCalendar
from taskboard.extensions import read_session
from taskboard.services.calendar import load_calendar

T = TypeVar("T")


def once(ask: Callable[[], T], *what: Hashable) -> T:
    """The answer to ``ask``, kept until the end of the request under what it is about."""
    kept: dict[tuple[Hashable, ...], Any] = g.setdefault("asked_once", {})
    if what not in kept:
        kept[what] = ask()
    return cast(T, kept[what])


def current_calendar() -> WorkingCalendar:
    """The calendar as this request found it."""
    return once(lambda: load_calendar(read_session()), "calendar")
