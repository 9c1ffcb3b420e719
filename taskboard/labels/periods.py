"""The words of report periods."""

from __future__ import annotations

HALVES = {"H1": "上半年", "H2": "下半年"}


def period_words(key: str) -> str:
    """``2026年11月``, ``2026年第47周``, ``2026年第4季度``, ``2026年下半年``"""
    year, part = key.split("-")
    if part.startswith("W"):
        return f"{year}年第{int(part[1:])}周"
    if part.startswith("Q"):
        return f"{year}年第{part[1:]}季度"
    return f"{year}年{HALVES[part]}" if part in HALVES else f"{year}年{int(part)}月"
