"""Days and numbers in every width in which people type them, and what is said of those that are none."""

from __future__ import annotations

from datetime import date, time

import pytest

from taskboard.web.typed import CLOCK_WORDS, DAY_WORDS, YEAR_WORDS, read_clock, read_day, read_figure, read_whole


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21",
        "２０２６－１１－２１",
        "2026年11月21日",
        "２０２６．１１．２１",
        " 2026 / 11 / 21 ",
        "2026年 11 月 21 日",
    ],
)
def test_a_day_is_read_in_any_width(text: str) -> None:
    assert read_day(text) == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "words"),
    [("9999-12-31", YEAR_WORDS), ("1026-11-21", YEAR_WORDS), ("2026-02-30", DAY_WORDS), ("明天", DAY_WORDS)],
)
def test_a_day_that_cannot_be_meant_says_why(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_day(text)


@pytest.mark.parametrize(
    "text", ["8:30", "08:30", "8：30", "０８：３０", "0830", "830", "8.30", "8点半", "8时半", "8 点 30 分", "上午8点半"]
)
def test_a_time_of_day_is_read_as_people_write_it(text: str) -> None:
    assert read_clock(text) == time(8, 30)


def test_a_full_hour_is_read_with_its_word_or_with_nothing_behind_it() -> None:
    assert [read_clock(one) for one in ("18:00", "18点", "18时", "18点整", "下午6点")] == [time(18)] * 5
    assert [read_clock(one) for one in ("", " ", None)] == [None] * 3


@pytest.mark.parametrize("text", ["25:00", "8:60", "8点60", "08300", "早上", "8:3", "下午25点", "-8:30"])
def test_a_time_of_day_that_cannot_be_meant_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=CLOCK_WORDS):
        read_clock(text)


def test_a_whole_number_is_read_in_any_width_and_a_percent_with_its_sign() -> None:
    assert [read_whole(one) for one in ("50", "５０", " 5 0 ", "", None)] == [50, 50, 50, None, None]
    assert [read_whole(one, is_percent=True) for one in ("50%", "５０％", "50")] == [50, 50, 50]
    for wrong in ("50%", "5.5", "五十", "٣x", "9" * 21):
        with pytest.raises(ValueError, match="请填整数"):
            read_whole(wrong)


def test_a_figure_is_read_in_any_width_with_commas() -> None:
    assert [read_figure(one) for one in ("1,200.5", "１，２００．５", "-3", "")] == [1200.5, 1200.5, -3.0, None]
    assert read_figure("９５％", is_percent=True) == 95.0
    for wrong in ("nan", "inf", "1e5", "1e400", "9" * 17, "95%"):
        with pytest.raises(ValueError, match="请填数字"):
            read_figure(wrong)
