"""How far a review is, and what stands in the way of confirming it, with the ways there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from taskboard.domain.imports import Obstacle, RowKind
from taskboard.labels.imports import OBSTACLES
from taskboard.services.import_review import Hindrance, Review, ReviewRow
from taskboard.web.imports.rows import Link, place_words, row_link


@dataclass(frozen=True)
class Way:
    """Something that stands in the way of confirming, with all places on the page where it can be settled."""

    words: str
    places: list[Link]


@dataclass(frozen=True)
class Summary:
    """How far the review is."""

    included: int
    left_out: int
    candidates: int
    undecided: list[Link]
    ways: list[Way]
    inferred: list[Link]
    to_confirm: list[Link]
    collective: list[Link]
    undated: list[Link]
    doubts: list[Link]
    without_lead: int
    new_departments: int

    @property
    def open(self) -> int:
        """At how many places something is to be settled."""
        return sum(len(way.places) for way in self.ways)


def summary_of(review: Review, refused: Iterable[Hindrance] = ()) -> Summary:
    """Where the review stands; ``refused`` adds what only the attempt to confirm brought up."""
    own = set(review.hindrances)
    offered = [one for one in review.rows if one.row.is_offered]
    included = review.included
    return Summary(
        included=len(included),
        left_out=len(review.rows) - len(offered) - sum(not one.row.is_offered for one in included),
        candidates=sum(one.row.kind is RowKind.CANDIDATE for one in offered),
        undecided=_places_of(review.undecided),
        ways=ways_of((*review.hindrances, *(one for one in refused if one not in own)), review),
        without_lead=sum(not one.lead for one in included),
        inferred=_places_of(review.with_inferred_lead),
        to_confirm=_places_of(review.with_units_to_look_at),
        collective=_places_of(review.with_collective_lead),
        doubts=_places_of(review.with_doubts),
        undated=_places_of(one for one in included if one.is_undated),
        new_departments=len({unit.new_key for one in included for unit in (*one.lead, *one.partners) if unit.new_key}),
    )


def _places_of(rows: Iterable[ReviewRow]) -> list[Link]:
    return [(row_link(one.row), place_words(one.row)) for one in rows]


def ways_of(hindrances: Iterable[Hindrance], review: Review) -> list[Way]:
    """One line for each kind of obstacle, however many places have it."""
    places: dict[Obstacle, list[Link]] = {}
    for one in hindrances:
        places.setdefault(one.obstacle, []).append(_place_of(one, review))
    return [Way(OBSTACLES[obstacle], links) for obstacle, links in places.items()]


def _place_of(hindrance: Hindrance, review: Review) -> Link:
    if hindrance.row_key is not None:
        row = next(one.row for one in review.rows if one.row.key == hindrance.row_key)
        return row_link(row), place_words(row)
    if hindrance.name_key is not None:
        name = next(one.name for one in review.unknown if one.key == hindrance.name_key)
        return f"#name-{hindrance.name_key}", f"“{name}”"
    if hindrance.obstacle is Obstacle.LEADS_UNCHECKED:
        return "#confirm", "推断的牵头单位"
    if hindrance.obstacle is Obstacle.UNITS_UNCHECKED:
        return "#confirm", "待确认的单位"
    return "#facts", "计划"
