"""Seasons whose days the document itself fixes: 我市主汛期为4月1日至9月30日."""

from __future__ import annotations

import re
from datetime import date, timedelta

from taskboard.domain.plan_parsing.mentions import BEFORE, NUMERAL, YEAR, Anchor, numeral, read_year

SEASON_DEFINED = re.compile(
    rf"(?P<name>主?汛期|供暖季|采暖季|供暖期|采暖期|防火期|枯水期|秋季学期|雨季)[”\"]?(?:前[”\"]?)?"
    rf"(?P<link>(?:均|都)?(?:系|是)?指|为|自|从|是|:)(?:每年|当年|自|从|(?P<year>{YEAR}))?"
    rf"(?P<month>{NUMERAL})月(?P<day>{NUMERAL})日(?P<before>{BEFORE})?"
)


def read_seasons(plain: str, year: int | None) -> dict[str, date]:
    """我市主汛期为4月1日至9月30日 or “汛期前”均指3月31日前 → the last day before the season."""
    seasons: dict[str, date] = {}
    for found in SEASON_DEFINED.finditer(plain):
        names_the_limit = "前" in plain[found.start("name") : found.start("link")]
        own_year = read_year(found["year"], Anchor(year=year)) if found["year"] else year
        if own_year is None:
            continue
        try:
            day = date(own_year, numeral(found["month"]), numeral(found["day"]))
        except ValueError:
            continue
        name = found["name"].removeprefix("主")
        seasons[name] = day if names_the_limit else day - timedelta(days=1)
        if name == "汛期":
            seasons["汛"] = seasons["入汛"] = seasons[name]
        if name[:2] in ("供暖", "采暖"):
            for other in ("供暖季", "采暖季", "供暖期", "采暖期", "供暖"):
                seasons.setdefault(other, seasons[name])
    return seasons
