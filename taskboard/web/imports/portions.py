"""Which measures of a review one page shows: a plan of thousands is reviewed in portions, and searched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from taskboard.domain.imports import RowKind
from taskboard.services.import_review import Review, ReviewRow

PER_PAGE = 50
LONGEST_SEARCH = 100


class Kind(StrEnum):
    """What kind of measures is shown."""

    ALL = ""
    DOUBTS = "doubts"
    WITHOUT_LEAD = "without-lead"
    UNDATED = "undated"
    LEFT_OUT = "left-out"
    CANDIDATES = "candidates"
    UNREAD = "unread"


OFFERED = frozenset({Kind.CANDIDATES, Kind.UNREAD})
"""kinds of what was not taken for a measure"""


KINDS: Mapping[Kind, tuple[str, Callable[[ReviewRow], bool]]] = {
    Kind.ALL: ("全部", lambda one: True),
    Kind.DOUBTS: ("待核对的", lambda one: one.needs_a_look),
    Kind.WITHOUT_LEAD: ("没有牵头单位的", lambda one: one.row.entry.is_included and not one.lead),
    Kind.UNDATED: ("时限未定的", lambda one: one.row.entry.is_included and one.is_undated),
    Kind.LEFT_OUT: ("不导入的", lambda one: not one.row.entry.is_included and not one.row.is_offered),
    Kind.CANDIDATES: ("没有读作举措的", lambda one: one.row.kind is RowKind.CANDIDATE),
    Kind.UNREAD: ("像是举措而没有读入的", lambda one: one.row.kind is RowKind.UNREAD),
}


@dataclass(frozen=True)
class Asked:
    """What the address of the page asks for: the page of a measure (``at``), or a page by number, of what was found."""

    at: str = ""
    page: int = 1
    find: str = ""
    kind: Kind = Kind.ALL

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Asked:
        """What can be understood of it; the rest is as if it were not there."""
        page, kind = query.get("page", ""), query.get("show", "")
        return cls(
            at=query.get("at", ""),
            page=int(page) if page.isdecimal() and len(page) < 6 else 1,
            find=" ".join(query.get("find", "").split())[:LONGEST_SEARCH],
            kind=Kind(kind) if kind in set(Kind) else Kind.ALL,
        )

    def query(self, *, page: int = 1, at: str = "") -> dict[str, Any]:
        """The query of another page of the same search."""
        asked = {"at": at, "find": self.find, "show": self.kind.value, "page": str(page) if page > 1 else ""}
        return {name: value for name, value in asked.items() if value}


@dataclass(frozen=True)
class Portion:
    """The measures of one page among those that were found."""

    rows: Sequence[ReviewRow]
    page: int
    pages: int
    found: Sequence[ReviewRow]
    asked: Asked

    @property
    def keys(self) -> set[str]:
        return {one.row.key for one in self.rows}

    @property
    def is_search(self) -> bool:
        return bool(self.asked.find or self.asked.kind)

    @property
    def query(self) -> dict[str, Any]:
        """The query that leads to this page again."""
        return self.asked.query(page=self.page)

    @property
    def before(self) -> dict[str, Any] | None:
        return self.asked.query(page=self.page - 1) if self.page > 1 else None

    @property
    def after(self) -> dict[str, Any] | None:
        if self.page >= self.pages:
            return None
        # By its first measure: what was settled on this page may not be found by the same search any more.
        return self.asked.query(at=self.found[self.page * PER_PAGE].row.key)


def portion_of(review: Review, asked: Asked, *, only: Collection[str] = ()) -> Portion:
    """The page that is asked for; ``only`` are the keys of measures that were sent and must be shown again."""
    if only:
        rows = [one for one in review.rows if one.row.key in only]
        return Portion(rows, asked.page, max(asked.page, 1), rows, asked)
    is_wanted = KINDS[asked.kind][1]
    found = [one for one in review.rows if is_wanted(one) and _has(one, asked.find)]
    pages = max(1, -(-len(found) // PER_PAGE))
    page = _page_of(found, asked.at) or min(max(asked.page, 1), pages)
    return Portion(found[(page - 1) * PER_PAGE : page * PER_PAGE], page, pages, found, asked)


def _page_of(found: Sequence[ReviewRow], key: str) -> int | None:
    place = next((place for place, one in enumerate(found) if one.row.key == key), None) if key else None
    return place // PER_PAGE + 1 if place is not None else None


def _has(one: ReviewRow, words: str) -> bool:
    """Whether all words stand in the measure: in its text, its number, its title, or the names of its units."""
    if not words:
        return True
    entry, parsed = one.row.entry, one.row.parsed
    text = "\n".join((parsed.text, parsed.heading or "", entry.title, *entry.names, *parsed.path))
    return all(word in text for word in words.split())


def next_doubt(review: Review, portion: Portion) -> str:
    """The key of the first measure with a doubt behind those of this page, else of the first before them."""
    keys = portion.keys
    doubts = [place for place, one in enumerate(review.rows) if one.needs_a_look and one.row.key not in keys]
    last = max((place for place, one in enumerate(review.rows) if one.row.key in keys), default=-1)
    behind = [place for place in doubts if place > last]
    return review.rows[(behind or doubts)[0]].row.key if doubts else ""
