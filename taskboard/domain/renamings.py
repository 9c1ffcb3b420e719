"""Renamings of kinds of departments: from a day on 经济和信息化委员会 are called 工业和信息化局, wherever they stand.

Reforms rename the same body in every province, city and county, so a renaming has no place: the place of the name in
the document goes over to the new name. ``*`` marks it where it does not stand in front (人民银行*中心支行).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from taskboard.domain.department_names import match_key
from taskboard.domain.department_places import Places, is_place, level_of, without_office

PLACE = "*"
NAMES = re.compile(r"[、，,；;\s]+")
LONGEST_CHAIN = 6
"""经委 → 经贸委 → 经信委 → 工信局: no body has been renamed more often than this"""


@dataclass(frozen=True)
class Renaming:
    """The bodies that were called any of ``old`` are since ``from_on`` called one of ``new``.

    Of ``new`` the first that a directory has is meant (工业和信息化局 in a city, 工业和信息化厅 in a province). A body
    whose work went to several has a renaming for each, from the same day.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    from_on: date

    @cached_property
    def old_keys(self) -> tuple[str, ...]:
        return tuple(without_office(match_key(name)) for name in self.old)

    @cached_property
    def new_keys(self) -> tuple[str, ...]:
        return tuple(without_office(match_key(name)) for name in self.new)


class Step(NamedTuple):
    """One renaming on the way from an old name: ``keys`` are the new names at the old one's place."""

    keys: tuple[str, ...]
    renaming: Renaming


def split_list(text: str) -> tuple[str, ...]:
    """The names of a list as a person types it; ``＊`` is ``*``."""
    names = (name.replace("＊", PLACE) for name in NAMES.split(text))
    return tuple(dict.fromkeys(name for name in names if name))


class Renamings:
    """Renamings by the old name, for asking many names."""

    def __init__(self, renamings: Iterable[Renaming]) -> None:
        self._whole: dict[str, list[Renaming]] = {}
        self._around: list[tuple[str, str, Renaming]] = []
        for one in renamings:
            for key in dict.fromkeys(one.old_keys):
                before, mark, after = key.partition(PLACE)
                if mark:
                    self._around.append((before, after, one))
                else:
                    self._whole.setdefault(key, []).append(one)

    def steps(self, key: str, places: Places, *, after: date | None) -> list[Step]:
        """What the body of this name is called since the first renaming after that day.

        A name that was renamed more than once (a reform and later another one) means by the day of the document: the
        next renaming after it, or the last one where the document is later and copies an old name. Without a day all
        count. Several steps of one day are the several bodies that took over.
        """
        found = list(self._find(without_office(key), places))
        if after is not None and found:
            later = [one.from_on for _, one in found if one.from_on > after]
            chosen = min(later) if later else max(one.from_on for _, one in found)
            found = [(place, one) for place, one in found if one.from_on == chosen]
        return [Step(tuple(_at(one.new_keys, place, places)), one) for place, one in found]

    def _find(self, key: str, places: Places) -> Iterator[tuple[str, Renaming]]:
        for start in range(len(key)):
            place = key[:start]
            if key[start:] in self._whole and (not place or is_place(place) or _is_short(place, places)):
                yield from ((place, one) for one in self._whole[key[start:]])
        for before, after, one in self._around:
            place = key[len(before) : len(key) - len(after)]
            if key == before + place + after and (not place or is_place(place) or _is_short(place, places)):
                yield place, one


def _is_short(place: str, places: Places) -> bool:
    """云泽 for 云泽市."""
    return any(place == name[: -len(level_of(name))] for name in places.names)


def _at(keys: Iterable[str], place: str, places: Places) -> Iterator[str]:
    """The new names at the old one's place; inside a name a place stands with or without its level."""
    name = places.at(place) or place or places.own or ""
    short = name.removesuffix(level_of(name))
    for key in keys:
        if PLACE in key:
            yield from dict.fromkeys((key.replace(PLACE, name), key.replace(PLACE, short)))
        else:
            yield place + key
