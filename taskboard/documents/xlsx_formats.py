"""How a workbook shows the numbers it holds: dates, percentages, counted things.

Number formats after ECMA-376 part 1, 18.8.30–31; the built-in ones as Excel shows them with Chinese settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001 - a wall clock without zone, as the sheet shows it
FIRST_DAY_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
LAST_SERIAL = 2_958_465
"""31 December 9999"""
MOST_DECIMALS = 10
LARGEST_EXACT = 1e15
"""beyond this a workbook's numbers have no unit digit any more"""
PHANTOM_DAY = 60
"""Excel believes in a 29 February 1900; the serials before it are one lower than the calendar says"""

YEAR_MONTH, MONTH_DAY = 'yyyy"年"m"月"', 'm"月"d"日"'
BUILT_IN: Mapping[int, str] = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%",
    14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss",
    22: "yyyy/m/d h:mm", 27: YEAR_MONTH, 28: MONTH_DAY, 29: MONTH_DAY, 30: "m-d-yy", 31: 'yyyy"年"m"月"d"日"',
    32: "h:mm", 33: "h:mm:ss", 34: "h:mm", 35: "h:mm:ss", 36: YEAR_MONTH, 37: "#,##0", 38: "#,##0", 39: "#,##0.00",
    40: "#,##0.00", 45: "h:mm:ss", 46: "h:mm:ss", 47: "h:mm:ss", 50: YEAR_MONTH, 51: MONTH_DAY, 52: YEAR_MONTH,
    53: MONTH_DAY, 54: MONTH_DAY, 55: "h:mm", 56: "h:mm:ss", 57: YEAR_MONTH, 58: MONTH_DAY,
}  # fmt: skip
"""number of a format that a workbook need not spell out → its code; the rest is "general" """

QUOTED = re.compile(r'"([^"]*)"|\\(.)|_.|\*.')
BRACKETED = re.compile(r"\[[^\]]*\]")
DATE_LETTERS = re.compile(r"[ymdhsYMDHS]")
DATE_TOKEN = re.compile(r"y+|m+|d+|a+|.", re.IGNORECASE | re.DOTALL)
TIME_PART = re.compile(r"\s*[hs].*$", re.IGNORECASE | re.DOTALL)
ABBREVIATED = re.compile(r"mmm|(?<!y)yy(?!y)", re.IGNORECASE)
WEEKDAYS = "一二三四五六日"
NUMBER = re.compile(r"(?P<before>[^#0?]*)(?P<digits>[#0?][#0?,.]*)(?P<percent>%?)(?P<after>[^#0?]*)$", re.DOTALL)


def show_number(value: float, code: str, *, since_1904: bool = False) -> str:
    """``value`` as a cell with this format code shows it; a date always with its year, also where the cell hides it."""
    section = code.split(";", maxsplit=1)[0]
    if is_date_format(section):
        return _show_moment(value, section, since_1904=since_1904)
    plain = BRACKETED.sub("", QUOTED.sub(_literal, section))
    match = NUMBER.match(plain)
    if match is None or abs(value) >= LARGEST_EXACT:
        return _general(value)
    figure = Decimal(repr(value)) * (100 if match["percent"] else 1)
    decimals = min(len(match["digits"].partition(".")[2].replace(",", "")), MOST_DECIMALS)
    # Half a unit is rounded up as Excel does, not to the even neighbour.
    rounded = figure.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    shown = f"{rounded:,f}" if "," in match["digits"] else f"{rounded:f}"
    return f"{match['before']}{shown}{match['percent']}{match['after']}".strip()


def is_date_format(code: str) -> bool:
    """Whether a format code shows its number as a day or a time."""
    letters = BRACKETED.sub("", QUOTED.sub("", code.split(";", maxsplit=1)[0]))
    return DATE_LETTERS.search(letters) is not None


def _literal(match: re.Match[str]) -> str:
    return match[1] or match[2] or ""


def _general(value: float) -> str:
    return str(int(value)) if abs(value) < LARGEST_EXACT and value == int(value) else f"{value:.11g}"


def _show_moment(value: float, code: str, *, since_1904: bool) -> str:
    if not 0 <= value <= LAST_SERIAL:
        return _general(value)
    moment = _moment(value, since_1904=since_1904)
    plain = BRACKETED.sub("", code)
    letters = set(QUOTED.sub("", plain).lower())
    time = f"{moment:%H:%M}" if letters & set("hs") and (moment.hour or moment.minute) else ""
    if letters.isdisjoint("yd") and letters & set("hs"):
        return f"{moment:%H:%M}"
    if "y" not in letters or ABBREVIATED.search(plain):
        day = f"{moment.day}日" if "d" in letters else ""
        shown = f"{moment.year}年{moment.month}月{day}"
    else:
        tokens = TIME_PART.sub("", QUOTED.sub(_literal, plain))
        shown = "".join(_token(token, moment) for token in DATE_TOKEN.findall(tokens)).strip()
    return f"{shown} {time}".strip()


def _moment(value: float, *, since_1904: bool) -> datetime:
    if since_1904:
        return FIRST_DAY_1904 + timedelta(days=value)
    return FIRST_DAY + timedelta(days=value + (1 if value < PHANTOM_DAY else 0))


def _token(token: str, moment: datetime) -> str:
    kind, length = token[0].lower(), len(token)
    if length > 2 and kind in "ad":
        return f"{'星期' if length > 3 else ''}{WEEKDAYS[moment.weekday()]}"
    figures = {"y": moment.year, "m": moment.month, "d": moment.day}
    return f"{figures[kind]:0{2 if length == 2 else 1}d}" if kind in figures else token
