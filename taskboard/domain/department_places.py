"""The place in a department's name: 云泽市 in 云泽市教育局, and 市 where a document leaves the rest to its reader.

All functions take names as :func:`taskboard.domain.department_names.match_key` folds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

LEVEL_ENDS = "自治区|自治州|自治县|街道|省|市|县|区|州|盟|旗|镇|乡"

BARE_LEVEL = re.compile(
    r"自治[区州县]|街道|省|州|盟|旗"
    r"|市(?!场|监[局所]|监分局|[中北南]区|政(?:公用|工程|园林|设施|管理))"
    r"|县(?!域)|区(?!域|块)"
    r"|镇(?!(?:江|远|海|平|康|雄|宁|原|巴|安|坪|赉|沅)[市县区])"
    r"|乡(?!村|(?:宁|城)县)"
)
"""a level without its place at the beginning of a name; 市场监管局 and 乡村振兴局 begin with none"""

PROPER_PLACE = re.compile(
    r"(?!国家|中国|全国|国网|民航|人民银行|各|有关|相关)"
    r"[^和与及的局委部厅]{1,11}?"
    r"(?:自治[区州县]|省|市(?!场)|县(?!域)"
    r"|(?<=..)区(?!域)|(?<=..)州(?![市县区])|(?<=..)盟|(?<=..)旗|(?<=..)镇(?!化|市)|(?<=..)乡(?!村)|街道)"
)
"""a place with its own name; 区, 州, 镇 … need two characters before them, which 城区 and 郑州 do not have"""

NATIONAL_OFFICE = re.compile(r"(?:国家.{2,8}?总局|国家统计局)(?=.{3,})")
CENTRAL = re.compile(
    r"^(?:人民银行|中国|国家|国网|南方电网|民航|海关|海事|邮政|通管|中铁)"
    r"|(?:海关|海事局|供电公司|分行|支行|监管局|监管分局|调查队|公司|集团|大学|学院|银行|医院|学校)$"
)
"""bodies that stand beside the local government and never go by its place alone"""


class NameParts(NamedTuple):
    """``place`` is the place with its own name or a bare level, empty where the name has neither."""

    place: str
    rest: str
    is_bare: bool


def without_office(key: str) -> str:
    """国家税务总局云泽市税务局 → 云泽市税务局, 中国人民银行 and 人行 → 人民银行; other names as they are."""
    key = re.sub(r"^(?:中国人民银行|人行)", "人民银行", key)
    found = NATIONAL_OFFICE.match(key)
    return key[found.end() :] if found else key


def split_place(key: str) -> NameParts:
    """The name cut behind its place; of 云泽市清河县教育局 the place is 云泽市, the rest begins with the next one."""
    for pattern, is_bare in ((BARE_LEVEL, True), (PROPER_PLACE, False)):
        found = pattern.match(key)
        if found:
            return NameParts(found.group(), key[found.end() :], is_bare)
    return NameParts("", key, is_bare=False)


def is_place(text: str) -> bool:
    """Whether the text is nothing but a place, a bare level, or places one inside the other."""
    parts = split_place(text)
    return bool(parts.place) and (not parts.rest or is_place(parts.rest))


class Places:
    """The places in which a department stands, the innermost first: 清河县, 云泽市, 江南省."""

    def __init__(self, keys: Iterable[str]) -> None:
        """``keys`` are the names of the department and of those above it, from below."""
        self.names: list[str] = []
        self._by_level: dict[str, str] = {}
        for key in keys:
            for place in reversed(_proper_places(without_office(key).removeprefix("中共"))):
                self._add(place)

    def _add(self, place: str) -> None:
        if place in self.names:
            return
        self.names.append(place)
        level = level_of(place)
        self._by_level.setdefault(level, place)
        self._by_level.setdefault(level[-1], place)

    @property
    def own(self) -> str | None:
        return self.names[0] if self.names else None

    def at(self, level: str) -> str | None:
        """The place that a bare level means here."""
        return self._by_level.get(level)


def _proper_places(key: str) -> list[str]:
    found: list[str] = []
    while True:
        parts = split_place(key)
        if not parts.place or parts.is_bare:
            return found
        found.append(parts.place)
        key = parts.rest


def level_of(place: str) -> str:
    """云泽市 → 市, 广西壮族自治区 → 自治区."""
    found = re.search(rf"(?:{LEVEL_ENDS})$", place)
    return found.group() if found else ""


def full_forms(key: str, places: Places) -> list[str]:
    """Every form in which the name is complete for somebody at these places, the plainest first.

    市教育局 and 教育局 in 云泽市 are 云泽市教育局; 云泽市清河县教育局 is 清河县教育局; 国网云泽市供电公司 is also
    国网云泽供电公司.
    """
    key = without_office(key)
    parts = split_place(key)
    forms = [key]
    if parts.is_bare:
        place = places.at(parts.place)
        forms += [place + parts.rest] if place else []
    elif parts.place:
        inner = split_place(parts.rest)
        if parts.place in places.names and inner.place and not inner.is_bare:
            forms.append(parts.rest)
    elif places.own and not CENTRAL.search(key):
        forms.append(places.own + key)
    if CENTRAL.search(key):
        forms += [form.replace(place, place[: -len(level_of(place))]) for form in forms for place in places.names]
    return list(dict.fromkeys(form for form in forms if form))


def belongs_elsewhere(key: str, here: Places, there: Places) -> bool:
    """Whether a name without its place means one department here and another one there.

    市教育局 in a plan of 江海市 is not the 市教育局 that stands below 云泽市 in the directory.
    """
    parts = split_place(key)
    if parts.is_bare:
        mine, other = here.at(parts.place), there.at(parts.place)
    elif not parts.place and not CENTRAL.search(key):
        mine, other = here.own, there.own
    else:
        return False
    return mine is not None and other is not None and mine != other
