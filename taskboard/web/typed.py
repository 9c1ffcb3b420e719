"""Days and numbers as people type them, read in one place: full width like half width, with blanks anywhere."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, time

DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
CLOCK = re.compile(
    r"(?P<half_day>上午|下午)?"
    r"(?:(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2})|[点时](?:整|(?P<half>半)|(?P<minutes>\d{1,2})分?)?)"
    r"|(?P<figures>\d{3,4}))"
)
EARLIEST_YEAR, LATEST_YEAR = 1949, 2100
LONGEST_NUMBER = 20
LARGEST_FIGURE = 1e15
"""a figure from here on means nothing"""

DAY_WORDS = "日期的写法不对，请写成 2026-11-21 这样。"
CLOCK_WORDS = "时间的写法不对，请写成 8:30 这样。"
YEAR_WORDS = f"请核对年份：应在 {EARLIEST_YEAR} 年至 {LATEST_YEAR} 年之间。"
NUMBER_WORDS = "请填整数。"
FIGURE_WORDS = "请填数字。"


def plain(text: str | None) -> str:
    """The characters that are meant: ``２０２６－１１－２１`` and ``５０ ％`` in half width, without blanks."""
    return "".join(unicodedata.normalize("NFKC", text or "").split())


def read_day(text: str | None) -> date | None:
    """The day that was typed, ``None`` for none; raises :class:`ValueError` with what is wrong in words."""
    typed = plain(text)
    if not typed:
        return None
    found = DAY.fullmatch(typed)
    try:
        if found is None:
            raise ValueError(typed)
        day = date(*(int(part) for part in found.groups()))
    except ValueError:
        raise ValueError(DAY_WORDS) from None
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise ValueError(YEAR_WORDS)
    return day


def read_clock(text: str | None) -> time | None:
    """The time of day that was typed as 8:30, 08：30, 0830 or 8点半, ``None`` for none; raises :class:`ValueError`."""
    typed = plain(text)
    if not typed:
        return None
    found = CLOCK.fullmatch(typed)
    if found is None:
        raise ValueError(CLOCK_WORDS)
    figures = found["figures"] or ""
    hour = int(found["hour"] or figures[:-2])
    minute = 30 if found["half"] else int(found["minute"] or found["minutes"] or figures[-2:] or 0)
    if found["half_day"] == "下午" and hour < 12:
        hour += 12
    try:
        return time(hour, minute)
    except ValueError:
        raise ValueError(CLOCK_WORDS) from None


def read_whole(text: str | None, *, is_percent: bool = False) -> int | None:
    """The whole number that was typed, ``None`` for none; a percent may carry its sign."""
    typed = plain(text)
    typed = typed.removesuffix("%") if is_percent else typed
    if not typed:
        return None
    if not re.fullmatch(rf"[+-]?[0-9]{{1,{LONGEST_NUMBER}}}", typed):
        raise ValueError(NUMBER_WORDS)
    return int(typed)


def read_figure(text: str | None, *, is_percent: bool = False) -> float | None:
    """The number that was typed, with or without thousands' commas, ``None`` for none."""
    typed = plain(text).replace(",", "")
    typed = typed.removesuffix("%") if is_percent else typed
    if not typed:
        return None
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", typed) or not abs(float(typed)) < LARGEST_FIGURE:
        raise ValueError(FIGURE_WORDS)
    return float(typed)
