"""How days, moments and spans of days are written for people, in Asia/Shanghai."""

from __future__ import annotations

from datetime import date, datetime

from taskboard.domain.local_time import local_moment

WEEKDAYS = "一二三四五六日"


def day_words(day: date) -> str:
    """``2026年11月21日``"""
    return f"{day.year}年{day.month}月{day.day}日"


def weekday_words(day: date) -> str:
    """``星期六``"""
    return f"星期{WEEKDAYS[day.weekday()]}"


def moment_words(moment: datetime) -> str:
    """``2026-11-21 16:05``, the moment as a clock in Shanghai shows it."""
    return f"{local_moment(moment):%Y-%m-%d %H:%M}"


def short_moment_words(moment: datetime) -> str:
    """``11-21 16:05``, for lists where the year is plain."""
    return f"{local_moment(moment):%m-%d %H:%M}"


def clock_words(moment: datetime) -> str:
    """``16:05``"""
    return f"{local_moment(moment):%H:%M}"


def limit_words(working_days_left: int) -> str:
    """Working days up to the last day of a time limit in words; 0 on that day, negative after it."""
    if working_days_left > 0:
        return f"还剩 {working_days_left} 个工作日"
    return "今天截止" if working_days_left == 0 else f"已超 {-working_days_left} 个工作日"


def days_left_words(days: int) -> str:
    """Days from today to a deadline in words; negative once it is past."""
    if days > 0:
        return f"还有 {days} 天"
    return "今日到期" if days == 0 else f"逾期 {-days} 天"
