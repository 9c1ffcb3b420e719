"""Cells of a ledger that comes back, and who changed what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskboard.domain.ledger_updates import Day, Verdict, judge_row, read_day, read_number
from taskboard.domain.terms import Term, Terms, fingerprint

TERMS = Terms(date(2026, 12, 31), False, frozenset({1}), frozenset({2, 3}))
LATER = replace(TERMS, due_on=date(2027, 3, 31))
OTHER = replace(TERMS, leads=frozenset({4}))
ONGOING = "长期坚持"

days = st.none() | st.dates()
ids = st.frozensets(st.integers(1, 50), max_size=4)
terms = st.builds(Terms, days, st.booleans(), ids, ids)


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), (" １２ ", 12), ("12.0", 12), ("", None), ("0", None), ("-1", None), ("12a", None), ("9" * 11, None)],
)
def test_a_task_number(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize(
    "text", ["2027-03-31", "2027/3/31", "2027.3.31", "2027年3月31日", "２０２７－３－３１", "2027-03-31 00:00:00"]
)
def test_a_day_in_the_ways_people_and_programs_write_it(text):
    assert read_day(text, ongoing=ONGOING) == Day(date(2027, 3, 31), is_ongoing=False)


def test_an_ongoing_and_an_empty_deadline():
    assert read_day(" 长期坚持 ", ongoing=ONGOING) == Day(None, is_ongoing=True)
    assert read_day("", ongoing=ONGOING) == Day(None, is_ongoing=False)


@pytest.mark.parametrize("text", ["2027-02-30", "尽快", "46112", "2027-3", "2027-03-31起"])
def test_a_deadline_that_cannot_be_read_is_none(text):
    assert read_day(text, ongoing=ONGOING) is None


@pytest.mark.parametrize(
    ("asked", "current", "verdict"),
    [
        (TERMS, TERMS, Verdict.NOTHING),
        (LATER, TERMS, Verdict.CHANGE),
        (TERMS, LATER, Verdict.NOTHING),
        (LATER, LATER, Verdict.NOTHING),
        (OTHER, LATER, Verdict.CHANGED_SINCE),
    ],
)
def test_who_changed_what_since_the_export(asked, current, verdict):
    assert judge_row(7, exported=fingerprint(7, TERMS), asked=asked, current=current) is verdict


def test_without_the_fingerprint_a_change_cannot_be_judged():
    assert judge_row(7, exported="", asked=LATER, current=TERMS) is Verdict.NO_FINGERPRINT
    assert judge_row(7, exported="", asked=TERMS, current=TERMS) is Verdict.NOTHING


def test_the_fingerprint_of_another_row_is_no_permission():
    assert judge_row(7, exported=fingerprint(8, TERMS), asked=LATER, current=TERMS) is Verdict.CHANGED_SINCE


@given(one=terms, other=terms)
def test_terms_differ_exactly_where_their_fingerprints_do(one, other):
    assert bool(one.differences(other)) == (fingerprint(1, one) != fingerprint(1, other))
    assert set(one.differences(other)) == set(other.differences(one)) <= set(Term)
