"""Who is away, and who hears in their place: what is said of reminders and notices, not of what anybody may do.

A deputy hears of nothing that their own posts do not let them see, so only certain posts can hear for another. A deputy
who is away too is passed over, and theirs is not asked: a matter travels one step, and never in a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol, Self, TypeVar

from taskboard.domain.errors import Invalid
from taskboard.domain.roles import Role

HEARS_FOR: Mapping[Role, frozenset[Role]] = {
    Role.HEAD: frozenset({Role.HEAD, Role.LIAISON}),
    Role.LIAISON: frozenset({Role.HEAD, Role.LIAISON}),
    Role.OFFICER: frozenset({Role.HEAD, Role.LIAISON}),
    Role.SUPERVISOR: frozenset({Role.SUPERVISOR}),
    Role.LEADER: frozenset({Role.SUPERVISOR, Role.LEADER}),
}
"""by the post of who is away: the posts at the same department that see what it sees

An officer sees what is dispatched to them alone, so nobody's matters come to an officer."""

LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Absence:
    """Days, both of them included, on which somebody is away; without a deputy the post's others hear."""

    person_id: int
    from_on: date
    to_on: date
    deputy_id: int | None = None

    def covers(self, day: date) -> bool:
        return self.from_on <= day <= self.to_on

    def overlaps(self, other: Absence) -> bool:
        return self.from_on <= other.to_on and other.from_on <= self.to_on


def check_days(from_on: date, to_on: date, *, today: date) -> None:
    """Raises :class:`Invalid` for days that are in the wrong order, over, or too many."""
    if to_on < from_on:
        raise Invalid("to_on", "absence_ends_before_start")
    if to_on < today:
        raise Invalid("to_on", "absence_is_over")
    if to_on - from_on >= LONGEST or from_on - today >= LONGEST:
        raise Invalid("to_on", "absence_too_long", most=LONGEST.days)


class Reachable(Protocol):
    """Somebody who holds a post, as any floor keeps them."""

    @property
    def person_id(self) -> int: ...

    @property
    def name(self) -> str: ...

    @property
    def is_away(self) -> bool: ...

    def away(self) -> Self:
        """The same person, who reads it in the product and gets no mail."""

    def hearing_for(self, absent: Self) -> Self:
        """The same person, with the post of somebody else for whom they hear."""


H = TypeVar("H", bound=Reachable)

Away = Mapping[int, int | None]
"""who is away on a day, with the deputy who is there; None where nobody is named or the one who is, is away too"""


def away_on(absences: Iterable[Absence], day: date) -> Away:
    """Everybody who is away on the day."""
    deputies = {one.person_id: one.deputy_id for one in absences if one.covers(day)}
    return {person: None if deputy in deputies else deputy for person, deputy in deputies.items()}


def with_deputies(holders: Sequence[H], away: Away, find_deputy: Callable[[H, int], H | None]) -> list[H]:
    """Who hears of a matter that is these people's: who is there, deputies in the place of the others.

    Those who are away stay in the list, last and marked: the matter stands in their inbox. ``find_deputy`` finds the
    deputy of this id among those who may hear for the holder's post.
    """
    there = {one.person_id: one for one in holders if one.person_id not in away}
    absent = [one for one in holders if one.person_id in away]
    for one in absent:
        deputy_id = away[one.person_id]
        # Who hears of it anyway is told all the same that it is somebody else's, too.
        deputy = there.get(deputy_id) or find_deputy(one, deputy_id) if deputy_id is not None else None
        if deputy is not None:
            there[deputy.person_id] = deputy.hearing_for(one)
    return [*there.values(), *(one.away() for one in absent)]


def deputy_facts(deputy_for: str | None) -> dict[str, str]:
    """What a mail keeps of it beside the post; nothing where somebody hears for themselves."""
    return {} if deputy_for is None else {"deputy_for": deputy_for}


def both_names(known: str | None, another: str) -> str:
    """For whom somebody hears who heard for another already."""
    return another if known is None else f"{known}、{another}"


def is_reached(holders: Iterable[Reachable]) -> bool:
    """Whether anybody of them is there."""
    return any(not one.is_away for one in holders)
