"""Text files and pasted text: encodings, lines, and what is no text."""

from __future__ import annotations

import codecs

import pytest

from taskboard.documents.document import DocumentError, DocumentKind, DocumentNote, DocumentProblem
from taskboard.documents.reader import read_document
from taskboard.documents.text import read_text
from taskboard.domain.plan_parsing.blocks import Paragraph, Place

PLAN = "一、推进数字乡村建设。\n（责任单位：市发展改革委、市财政局）\n"
PLAN_TRADITIONAL = "一、推進數字鄉村建設。\n（責任單位：市發展改革委、市財政局）\n"
LINES = ["一、推进数字乡村建设。", "（责任单位：市发展改革委、市财政局）"]


def texts(data: bytes) -> list[str]:
    return [block.text for block in read_document(data).blocks if isinstance(block, Paragraph)]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb2312", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_text_is_read_in_every_encoding_that_editors_write(encoding: str) -> None:
    assert texts(PLAN.encode(encoding)) == LINES


def test_big5_is_told_from_gb18030() -> None:
    document = read_document(PLAN_TRADITIONAL.encode("big5"))

    assert document.encoding == "big5hkscs"
    assert [block.text for block in document.blocks if isinstance(block, Paragraph)] == PLAN_TRADITIONAL.splitlines()


def test_traditional_text_in_gb18030_is_not_taken_for_big5() -> None:
    assert texts(PLAN_TRADITIONAL.encode("gb18030")) == PLAN_TRADITIONAL.splitlines()


def test_a_guessed_encoding_is_said() -> None:
    assert read_document(PLAN.encode("gbk")).notes == (DocumentNote.ENCODING_GUESSED,)
    assert read_document(PLAN.encode("utf-8")).notes == ()


def test_gb18030_that_happens_to_be_valid_utf8_is_still_read() -> None:
    assert texts("联通".encode("gb18030") + b"\r\n" + "联通".encode("gb18030")) == ["联通", "联通"]


def test_one_damaged_byte_does_not_cost_the_document() -> None:
    text = "".join(f"{number}．推进重点工作落实，完成年度任务。\n" for number in range(1, 30))
    data = bytearray(text.encode("gb18030"))
    data[40] = 0xFF

    document = read_document(bytes(data))

    assert document.notes == (DocumentNote.CHARACTERS_DAMAGED,)
    assert len(document.blocks) == 29


def test_a_utf8_file_cut_inside_a_character_is_still_utf8() -> None:
    data = (PLAN * 30).encode("utf-8")[:-2]

    document = read_document(data)

    assert document.encoding == "utf-8"
    assert document.notes == (DocumentNote.CHARACTERS_DAMAGED,)


def test_a_line_is_a_paragraph_that_knows_its_number() -> None:
    document = read_document("标题\r\n\r\n　　正文。 \r\n".encode())

    assert document.kind is DocumentKind.TEXT
    assert document.blocks == (
        Paragraph("标题", place=Place(paragraph=1)),
        Paragraph("　　正文。", place=Place(paragraph=3)),
    )


def test_form_feeds_and_unicode_line_ends_end_lines() -> None:
    assert [block.text for block in read_text("甲\f乙\u2028丙\v丁\r戊").blocks if isinstance(block, Paragraph)] == list(
        "甲乙丙丁戊"
    )


@pytest.mark.parametrize(
    ("radicals", "characters"),
    [
        ("⻔诊部⻓会同⻋管所、⺠政局", "门诊部长会同车管所、民政局"),
        ("⻄部⻚岩⻛电⻥塘⻩河⻢场⻰头⻬抓", "西部页岩风电鱼塘黄河马场龙头齐抓"),
        ("⻣科⻤节⻧味⻁年⺟婴⺒时", "骨科鬼节卤味虎年母婴巳时"),
        ("⼀⼆⼗⽉⽇⽔⼟⼯⼒⼈⼝⾦⾷⾼⿓", "一二十月日水土工力人口金食高龍"),
        ("局⻑與科長", "局長與科長"),
    ],
)
def test_radicals_become_the_characters_they_stand_for(radicals: str, characters: str) -> None:
    assert texts(radicals.encode()) == [characters]


def test_no_radical_is_left_that_stands_for_a_common_character() -> None:
    kangxi = "".join(map(chr, range(0x2F00, 0x2FD6)))
    supplement = "⺊⺒⺓⺕⺜⺝⺟⺠⺧⺩⺫⺬⺶⺻⺼⻁⻄⻅⻆⻉⻋⻑⻓⻔⻗⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻱⻳"

    (line,) = texts((kangxi + supplement).encode())

    assert len(line) == len(kangxi + supplement)
    assert all("\u3400" <= character <= "\u9fff" for character in line)


def test_invisible_characters_are_taken_out() -> None:
    assert read_text("责任\u200b单位\ufeff：\x02市财政局\u00ad").blocks == (
        Paragraph("责任单位：市财政局", place=Place(paragraph=1)),
    )


@pytest.mark.parametrize("data", [b"", b"  \r\n\t ", codecs.BOM_UTF8, "　\n".encode(), "\u200b".encode()])
def test_a_file_without_a_word_is_empty(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(data)

    assert caught.value.problem is DocumentProblem.EMPTY


def test_nothing_pasted_is_empty() -> None:
    with pytest.raises(DocumentError) as caught:
        read_text(" \n")

    assert caught.value.problem is DocumentProblem.EMPTY


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 20,
        b"text with a \x00 in it",
        "正文".encode() + b"\x01\x02\x03\x04\x05\x06" * 10,
    ],
)
def test_what_is_no_text_is_called_binary(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(data)

    assert caught.value.problem is DocumentProblem.BINARY


def test_text_in_an_encoding_that_gives_no_chinese_is_refused_rather_than_shown_garbled() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document("Ünïcödé tèxt ôf änöther wörld ".encode("latin-1") * 20)

    assert caught.value.problem is DocumentProblem.ENCODING


def test_a_text_beyond_the_limit_names_both_figures() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document("字".encode() * 2_000_001)

    assert caught.value.problem is DocumentProblem.TOO_LONG
    assert caught.value.facts == {"problem": "too_long", "characters": 2_000_001, "limit": 2_000_000}
