"""What kinds of unit a plan can name, where they stand in the order of administration, and how one follows another."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class DepartmentKind(StrEnum):
    """A collective unit (各市人民政府, 领导小组各成员单位) has no posts: it stands on tasks for information only."""

    UNIT = "unit"
    COLLECTIVE = "collective"


class DepartmentLevel(StrEnum):
    """Where a department stands in the order of administration, or of an enterprise.

    A kind says what a department can do; a level only where it stands. One that has none of its own shares that of the
    nearest department above it.
    """

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWN = "town"
    GROUP = "group"
    COMPANY = "company"
    SECTION = "section"
    """a division inside a department (处室), of an office or of an enterprise"""


RANKS: Mapping[DepartmentLevel, int] = {
    DepartmentLevel.PROVINCE: 1,
    DepartmentLevel.CITY: 2,
    DepartmentLevel.COUNTY: 3,
    DepartmentLevel.TOWN: 4,
    DepartmentLevel.GROUP: 1,
    DepartmentLevel.COMPANY: 2,
    DepartmentLevel.SECTION: 9,
}


def may_stand_below(level: DepartmentLevel, above: DepartmentLevel) -> bool:
    """Whether a department of this level can belong to one of the other: a county never has a city below it.

    Companies stand below companies and below places of any level, for a government owns them.
    """
    if level in (DepartmentLevel.GROUP, DepartmentLevel.COMPANY) and above not in (
        DepartmentLevel.GROUP,
        DepartmentLevel.COMPANY,
        DepartmentLevel.SECTION,
    ):
        return True
    return RANKS[above] <= RANKS[level]


class SuccessionKind(StrEnum):
    """In which way the work of a department goes over to others."""

    MERGER = "merger"
    """all of it to one department; the old one ends"""
    SPLIT = "split"
    """all of it to several departments; the old one ends"""
    TRANSFER = "transfer"
    """some of it; the old one stays"""


class WorkOutcome(StrEnum):
    """What becomes of an open assignment whose department is succeeded."""

    MOVES = "moves"
    """the successor goes on with it as it stands"""
    LEADS_NOW = "leads_now"
    """the successor was partner and leads now, as far as the old lead had got; its branch as partner is merged in"""
    JOINS = "joins"
    """the successor has the task already, in the same role or as lead: the old branch ends"""
