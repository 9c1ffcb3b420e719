"""Word 97–2003 files, written by LibreOffice from documents of our own: read like their .docx twins."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from taskboard.documents.doc_binary import Piece, read_properties, text_of
from taskboard.documents.doc_lists import read_lists
from taskboard.documents.document import DocumentError, DocumentKind, DocumentNote, DocumentProblem
from taskboard.documents.docx_numbering import Numbering
from taskboard.documents.reader import read_document
from taskboard.domain.plan_parsing.blocks import Paragraph, Place, Table

FILES = Path(__file__).parent.parent / "data/documents"
MERGED = (FILES / "merged_and_tracked.doc").read_bytes()
NUMBERED = (FILES / "numbered.doc").read_bytes()
HEADER = b"\xec\xa5"


def header_of(data: bytes) -> int:
    """Where the main stream of such a file begins."""
    return data.index(HEADER, 512)


def changed(data: bytes, offset: int, value: bytes) -> bytes:
    """The file with other bytes at this place of its main stream."""
    place = header_of(data) + offset
    return data[:place] + value + data[place + len(value) :]


def refusal_of(data: bytes) -> DocumentProblem:
    with pytest.raises(DocumentError) as caught:
        read_document(data)
    return caught.value.problem


def test_paragraphs_are_read_with_accepted_changes() -> None:
    document = read_document(MERGED)

    assert document.kind is DocumentKind.DOC
    assert document.notes == (DocumentNote.TRACKED_CHANGES,)
    assert document.blocks[0] == Paragraph("白石市推进消费升级行动方案", heading_level=1, place=Place(paragraph=1))
    assert [block.text for block in document.blocks if isinstance(block, Paragraph)][1:] == [
        "（2026年3月2日）",
        "一、总体要求",
        "（一）办好购物节，全年举办30场次Big Data展会。（市商务局牵头，市财政局配合）",
        "二、保障措施",
        "附注：按季报送。",
    ]


def test_tables_keep_merged_cells_and_the_lines_of_a_cell() -> None:
    (table,) = (block for block in read_document(MERGED).blocks if isinstance(block, Table))

    assert [cell.text for cell in table.rows[0]] == ["序号", "重点任务", "牵头单位", "完成时限"]
    assert len({id(cell) for cell in table.rows[1]}) == 1
    assert table.rows[2][1].text == "发放消费券1亿元\n带动消费5亿元"
    assert table.rows[3][2] is table.rows[2][2]
    assert table.rows[3][3].text == ""


def test_automatic_numbers_are_counted() -> None:
    labels = [(block.label, block.text[:4]) for block in read_document(NUMBERED).blocks if isinstance(block, Paragraph)]

    assert labels[2:7] == [
        ("一、", "总体要求"),
        ("二、", "扩大消费"),
        ("（一）", "办好购物"),
        ("（二）", "发放消费"),
        ("三、", "保障措施"),
    ]


def test_the_name_wps_changes_nothing_for_the_content_decides() -> None:
    assert read_document(NUMBERED).kind is DocumentKind.DOC


def test_western_pieces_have_one_byte_a_character_and_others_two() -> None:
    assert text_of(b"\x93Plan\x94", Piece(0, 6, 0, 1)) == "“Plan”"
    assert text_of("计划".encode("utf-16-le"), Piece(0, 2, 0, 2)) == "计划"


def test_half_of_a_surrogate_pair_does_not_move_what_follows() -> None:
    assert len(text_of(b"\x00\xd8" + "计划".encode("utf-16-le"), Piece(0, 3, 0, 2))) == 3


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x16\x24\x01", {0x2416: b"\x01"}),
        (b"\x0b\x46\x02\x00\x0a\x26\x01", {0x460B: b"\x02\x00", 0x260A: b"\x01"}),
        (b"\x08\xd6\x04\x00abc\x16\x24\x01", {0xD608: b"abc", 0x2416: b"\x01"}),
        (b"\x3e\xc6\x02ab\x16\x24\x01", {0xC63E: b"ab", 0x2416: b"\x01"}),
        (b"\x0b\x46", {}),
        (b"\x3e\xc6\xffab", {0xC63E: b"ab"}),
    ],
)
def test_properties_are_read_with_their_operands(data: bytes, expected: dict[int, bytes]) -> None:
    assert read_properties(data) == expected


def test_a_list_that_starts_anew_and_one_with_a_level_of_its_own() -> None:
    def level(start: int, code: int, text: str) -> bytes:
        return struct.pack("<iB23x", start, code) + struct.pack("<H", len(text)) + text.encode("utf-16-le")

    head = struct.pack("<i22xBx", 77, 1)
    lists = struct.pack("<H", 1) + head + level(1, 37, "\0、")
    overrides = struct.pack("<I", 3) + b"".join(struct.pack("<i8xB3x", 77, count) for count in (0, 1, 1))
    overrides += b"\xff" * 4
    overrides += b"\xff" * 4 + struct.pack("<iI", 5, 0x10)
    overrides += b"\xff" * 4 + struct.pack("<iI", 0, 0x20) + level(1, 0, "\0.")

    numbering = Numbering(read_lists(lists, overrides))

    assert [numbering.next_label(key, 0) for key in "112213"] == ["一、", "二、", "五、", "六、", "七、", "8."]


def test_lists_that_are_cut_off_number_nothing() -> None:
    assert read_lists(b"\x05\x00abc", b"\x01\x00\x00\x00") == {}


def test_an_encrypted_document_is_said_to_be_encrypted() -> None:
    assert refusal_of(changed(NUMBERED, 0x0A, b"\x00\x13")) is DocumentProblem.ENCRYPTED


def test_documents_of_word_95_are_not_read() -> None:
    assert refusal_of(changed(NUMBERED, 2, b"\x68\x00")) is DocumentProblem.UNSUPPORTED


def test_a_document_without_its_table_of_pieces_is_broken() -> None:
    assert refusal_of(changed(NUMBERED, 0x1A2, b"\xff\xff\xff\x7f")) is DocumentProblem.BROKEN


def test_pages_of_properties_that_lie_elsewhere_cost_only_the_properties() -> None:
    blocks = read_document(changed(NUMBERED, 0x102, b"\xff\xff\xff\x7f")).blocks

    assert Paragraph("保障措施", place=Place(paragraph=7)) in blocks


@pytest.mark.parametrize("data", [MERGED, NUMBERED])
def test_damaged_documents_are_read_or_refused_but_never_surprise(data: bytes) -> None:
    chance = random.Random(11)
    outcomes = set()
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(chance.choice([1, 5, 40])):
            damaged[chance.randrange(8, len(damaged))] = chance.randrange(256)
        try:
            read_document(bytes(damaged))
            outcomes.add("read")
        except DocumentError as error:
            outcomes.add(error.problem)

    assert outcomes <= {"read", DocumentProblem.BROKEN, DocumentProblem.UNSUPPORTED, DocumentProblem.ENCRYPTED,
                        DocumentProblem.TOO_COMPLEX, DocumentProblem.TOO_LONG, DocumentProblem.NO_TEXT}  # fmt: skip


def test_a_document_cut_short_is_broken_or_short() -> None:
    for length in range(512, len(NUMBERED), 777):
        try:
            read_document(NUMBERED[:length])
        except DocumentError as error:
            assert error.problem in {DocumentProblem.BROKEN, DocumentProblem.NO_TEXT, DocumentProblem.UNSUPPORTED}
