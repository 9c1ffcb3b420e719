"""Who hears of a matter while some of those whose it is are away."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import pytest

from taskboard.domain.absences import Absence, away_on, both_names, check_days, is_reached, with_deputies
from taskboard.domain.errors import Invalid

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)


class One(NamedTuple):
    person_id: int
    name: str
    is_away: bool = False
    hears_for: str | None = None

    def away(self) -> One:
        return self._replace(is_away=True)

    def hearing_for(self, absent: One) -> One:
        return self._replace(hears_for=both_names(self.hears_for, absent.name))


A, B, C = One(1, "甲"), One(2, "乙"), One(3, "丙")
EVERYBODY = {one.person_id: one for one in (A, B, C)}


def absent(who: One, deputy: One | None = None) -> Absence:
    return Absence(who.person_id, TODAY, TODAY, deputy.person_id if deputy else None)


def heard(holders: list[One], *absences: Absence, fit: tuple[One, ...] = (A, B, C)) -> list[One]:
    people = {one.person_id: one for one in fit}
    return with_deputies(holders, away_on(absences, TODAY), lambda _absent, deputy_id: people.get(deputy_id))


def test_nobody_is_replaced_who_is_there() -> None:
    assert heard([A, B]) == [A, B]


def test_a_deputy_hears_and_who_is_away_stays_for_the_inbox() -> None:
    assert heard([A], absent(A, B)) == [B.hearing_for(A), A.away()]


def test_a_deputy_who_holds_the_post_as_well_hears_once_and_is_told_for_whom() -> None:
    assert heard([A, B], absent(A, B)) == [B.hearing_for(A), A.away()]


def test_a_deputy_of_two_is_told_of_both() -> None:
    found = heard([A, B], absent(A, C), absent(B, C))

    assert found == [One(3, "丙", hears_for="甲、乙"), A.away(), B.away()]


def test_a_deputy_who_is_away_is_passed_over_and_theirs_is_not_asked() -> None:
    assert heard([A], absent(A, B), absent(B, C)) == [A.away()]


def test_two_who_named_each_other_end_in_no_circle() -> None:
    assert heard([A], absent(A, B), absent(B, A)) == [A.away()]
    assert not is_reached(heard([A, B], absent(A, B), absent(B, A)))


def test_a_deputy_who_may_not_hear_of_it_is_passed_over() -> None:
    assert heard([A, C], absent(A, B), fit=(A, C)) == [C, A.away()]


def test_both_days_are_days_of_absence() -> None:
    one = Absence(1, TODAY, TODAY + DAY)

    assert [one.covers(TODAY + DAY * days) for days in (-1, 0, 1, 2)] == [False, True, True, False]


@pytest.mark.parametrize(("shift", "expected"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_absences_overlap_where_they_share_a_day(shift: int, expected: bool) -> None:
    one = Absence(1, TODAY, TODAY + DAY)

    assert one.overlaps(Absence(1, one.from_on + DAY * shift, one.to_on + DAY * shift)) is expected


@pytest.mark.parametrize(
    ("from_on", "to_on", "problem"),
    [
        (TODAY, TODAY - DAY, "absence_ends_before_start"),
        (TODAY - DAY * 5, TODAY - DAY, "absence_is_over"),
        (TODAY, TODAY + DAY * 366, "absence_too_long"),
        (TODAY + DAY * 366, TODAY + DAY * 367, "absence_too_long"),
    ],
)
def test_days_that_cannot_be_are_refused(from_on: date, to_on: date, problem: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_days(from_on, to_on, today=TODAY)

    assert refused.value.problem == problem


def test_an_absence_may_have_begun_and_may_last_a_year() -> None:
    check_days(TODAY - DAY * 3, TODAY, today=TODAY)
    check_days(TODAY, TODAY + DAY * 365, today=TODAY)
