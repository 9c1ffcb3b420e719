"""OFD documents: lines joined to paragraphs again."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from taskboard.documents.document import DocumentError, DocumentKind, DocumentNote, DocumentProblem
from taskboard.documents.layout import Page, blocks_of
from taskboard.documents.pieces import Piece
from taskboard.documents.reader import read_document
from taskboard.domain.plan_parsing.blocks import Paragraph, Place
from tests.documents.files import make_zip

OFD = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def text_object(text: str, *, x: float, y: float, size: float = 5, delta: str = "", more: str = "") -> str:
    delta = delta or f"g {len(text) - 1} {size}"
    return (
        f'<ofd:TextObject Boundary="{x} {y} 160 {size}" Size="{size}" {more}>'
        f'<ofd:TextCode X="0" Y="{size}" DeltaX="{delta}">{text}</ofd:TextCode></ofd:TextObject>'
    )


def make_ofd(*pages: str, others: dict[str, str | bytes] | None = None) -> bytes:
    listed = "".join(f'<ofd:Page ID="{n}" BaseLoc="Pages/Page_{n}/Content.xml"/>' for n in range(len(pages)))
    root = "<ofd:DocRoot>/Doc_0/Document.xml</ofd:DocRoot>"
    entries: dict[str, str | bytes] = {
        "OFD.xml": f"<ofd:OFD {OFD}><ofd:DocBody>{root}</ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {OFD}><ofd:Pages>{listed}</ofd:Pages></ofd:Document>",
    }
    for number, content in enumerate(pages):
        layer = f"<ofd:Content><ofd:Layer>{content}</ofd:Layer></ofd:Content>"
        entries[f"Doc_0/Pages/Page_{number}/Content.xml"] = f"<ofd:Page {OFD}>{layer}</ofd:Page>"
    return make_zip({**entries, **(others or {})})


def lines(data: bytes) -> list[str]:
    return [block.text for block in read_document(data).blocks if isinstance(block, Paragraph)]


def column(*texts: str, page: int = 1, left: float = 20) -> Iterable[Piece]:
    """Lines below each other, 5 mm a character; leading ideographic spaces move a line in."""
    for number, text in enumerate(texts):
        bare = text.lstrip("　")
        begin = left + 5 * (len(text) - len(bare))
        yield Piece(bare, page=page, left=begin, right=begin + 5 * len(bare), base=20 + 8 * number, size=5)


def joined(pieces: Iterable[Piece]) -> list[str]:
    listed = list(pieces)
    numbers = sorted({piece.page for piece in listed})
    pages = [Page(number, 297, tuple(piece for piece in listed if piece.page == number)) for number in numbers]
    return [block.text for block in blocks_of(pages) if isinstance(block, Paragraph)]


def test_text_is_read_in_the_order_of_the_page_not_of_the_file() -> None:
    data = make_ofd(
        text_object("第二段", x=20, y=40) + text_object("第一段", x=20, y=20), text_object("第三段", x=20, y=20)
    )

    document = read_document(data)

    assert document.kind is DocumentKind.OFD
    assert document.blocks == (
        Paragraph("第一段", place=Place(paragraph=1, page=1)),
        Paragraph("第二段", place=Place(paragraph=2, page=1)),
        Paragraph("第三段", place=Place(paragraph=3, page=2)),
    )


def test_pieces_on_one_base_line_are_one_line() -> None:
    content = text_object("牵头", x=35, y=20) + text_object("市财政局", x=20, y=20, delta="g 3 3.75", size=5)

    assert lines(make_ofd(content)) == ["市财政局牵头"]


def test_wide_gaps_become_tabs() -> None:
    content = text_object("序号", x=20, y=20) + text_object("牵头单位", x=60, y=20)

    assert lines(make_ofd(content)) == ["序号\t牵头单位"]


def test_text_that_is_scaled_by_its_matrix_stands_where_it_is_shown() -> None:
    scaled = text_object("第一", x=20, y=20, size=2.5, more='CTM="2 0 0 2 0 0"')

    assert lines(make_ofd(scaled + text_object("第二", x=30, y=20))) == ["第一第二"]


def test_wrapped_lines_are_joined_and_indented_lines_begin_paragraphs() -> None:
    pieces = column("　　推进数字乡村建设完善", "农村基础设施提升公共服务", "水平。", "　　（责任单位：市财政局）")

    assert joined(pieces) == ["推进数字乡村建设完善农村基础设施提升公共服务水平。", "（责任单位：市财政局）"]


def test_a_paragraph_goes_on_over_the_page_without_the_page_number() -> None:
    first = column("　　推进数字乡村建设完善", "农村基础设施提升公共服务", "　　　　　— 1 —")
    second = column("水平和质量。", "　　下一段。", page=2)

    assert joined([*first, *second]) == ["推进数字乡村建设完善农村基础设施提升公共服务水平和质量。", "下一段。"]


def test_a_short_line_ends_its_paragraph() -> None:
    assert joined(column("一、总体要求", "推进数字乡村建设完善农村", "基础设施。")) == [
        "一、总体要求",
        "推进数字乡村建设完善农村基础设施。",
    ]


def test_latin_words_get_their_space_back_where_a_line_was_wrapped() -> None:
    first, second = column("推进数字乡村建设完善 Big", "data 平台建设。")

    assert joined([first, second]) == ["推进数字乡村建设完善 Big data 平台建设。"]


def test_pages_that_are_pictures_have_no_text() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(make_ofd('<ofd:ImageObject Boundary="0 0 210 297"/>'))

    assert caught.value.problem is DocumentProblem.NO_TEXT


def test_pictures_beside_text_are_said() -> None:
    data = make_ofd('<ofd:ImageObject Boundary="0 0 1 1"/>' + text_object("正文", x=20, y=20))

    assert read_document(data).notes == (DocumentNote.PICTURES,)


def test_an_encrypted_document_is_said_to_be_encrypted() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(make_ofd(text_object("正文", x=20, y=20), others={"Encryptions.xml": "<x/>"}))

    assert caught.value.problem is DocumentProblem.ENCRYPTED


def test_a_page_that_is_missing_is_a_broken_document() -> None:
    data = make_ofd(others={"Doc_0/Document.xml": "<Document><Pages><Page BaseLoc='nowhere.xml'/></Pages></Document>"})

    with pytest.raises(DocumentError) as caught:
        read_document(data)

    assert caught.value.problem is DocumentProblem.BROKEN


def test_absurd_measures_do_no_harm() -> None:
    content = text_object("正文", x=20, y=20, delta="g 999999999 5") + text_object("再", x=1e300, y=30, delta="g x y")

    assert lines(make_ofd(content)) == ["正文", "再"]
